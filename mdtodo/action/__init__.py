"""What the steps of `action.yml` run: `python -m mdtodo.action work`, then `deliver`.

`work` has no token, since processors run in it; `deliver` has one, and runs nothing of the repository. What they
say to the runner goes through `reporting.github_commands`, so that text of strangers stays text.
"""
