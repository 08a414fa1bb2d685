"""What the steps of `action.yml` run: `python -m mdtodo.action work`, then `deliver`.

`work` has no token, since processors run in it. `deliver` has one, runs nothing of the repository, and believes nothing
that was written where processors ran: on the same machine, or in another job. What they say to the runner goes through
`reporting.github_commands`, so that text of strangers stays text.
"""
