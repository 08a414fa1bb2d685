"""The Model Context Protocol: tools and resources for coding agents, on the operations that the command line calls. The
SDK is imported in `server` alone.
"""
