"""Requests and answers: queries, bodies, JSON, entity tags, problem details. Knows no task."""
