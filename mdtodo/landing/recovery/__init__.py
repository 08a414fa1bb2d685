"""What killed runs and pushes have left: landed, kept for its checkout, or let go. Never starts a task."""
