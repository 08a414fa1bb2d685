"""What git and the disk keep: files, commits, and the state in the git common directory."""
