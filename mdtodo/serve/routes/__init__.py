"""What each route answers: documents as the commands print them, and changes as the commands make them."""
