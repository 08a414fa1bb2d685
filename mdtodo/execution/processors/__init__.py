"""One attempt inside a worker: start it, watch it, end it, read what it said. Plain JSON in, plain JSON out."""
