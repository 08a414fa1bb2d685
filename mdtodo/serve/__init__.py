"""What is seen and done over HTTP: the API, its tokens, its events, and the files of its page, on the functions that
the command line calls. Starlette and uvicorn are imported here alone."""
