"""Throw-away clones: where a processor works without the person's checkout, refs and configuration.

`slots` keeps them warm, `source` is what they are made of, `shadow` brings one to a commit and sees what became of it.
Knows no task.
"""
