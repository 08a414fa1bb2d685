"""The description of the API in OpenAPI 3.1, written by hand beside the routes: tests hold the one to the other."""
