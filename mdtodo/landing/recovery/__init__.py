"""What killed runs, commands and pushes have left: landed, kept for its checkout, or let go; their locks and half
written files are for `landing/leftovers`. Never starts a task.
"""
