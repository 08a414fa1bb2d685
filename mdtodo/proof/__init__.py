"""Which ticks something proves: the history walked back in `walk`, lines followed from version to version in
`line_map`, what a receipt says in `evidence`, what counts as a proof in `rules`, which ticks have none in `judge`.
Never ticks and never commits.
"""
