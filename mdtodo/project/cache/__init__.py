"""What was made of the files before: plans by the ids of all that they were made of, ids by what stat(2) says."""
