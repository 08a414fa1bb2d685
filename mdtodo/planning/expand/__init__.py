"""Big tasks into subtasks, by a pattern or by what a program answers. Returns edits, and never makes them."""
