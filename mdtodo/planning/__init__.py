"""Which task is next, and why: graph, states, routing, order. Pure: tasks and configuration in, a plan out."""
