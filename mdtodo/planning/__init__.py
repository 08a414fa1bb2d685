"""Which task next. Pure functions of tasks, results so far and history."""
