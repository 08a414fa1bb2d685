"""What other programs call: git's hooks, git's merge driver. Never what a person types."""
