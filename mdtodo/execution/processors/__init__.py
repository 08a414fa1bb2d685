"""One attempt inside a worker: start it, watch it, end it, read what it said. Plain JSON in, plain JSON out.
One module a kind: `command`, `python`; `attempt` chooses; `spec` says how a job names its kind; their keys are in
`config/settings`.
"""
