"""Three versions of a file merged task by task. Starts no git: `integrations/merge_driver` is what git calls."""
