"""Which task is next, and why: the order in `schedule`, processors in `routing`, states in `graph` and
`plan`, what tasks alone tell `check` in `findings`. Pure: tasks and configuration in, a plan out.
"""
