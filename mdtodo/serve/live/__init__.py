"""What goes on, told as it happens: events, and output that grows. Changes nothing."""
