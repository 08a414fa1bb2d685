"""Which ticks something proves: the history walked back in `walk`, lines followed from version to version in
`line_map`, what a receipt proves in `evidence`, the rule that judges in `verdict`. Never ticks and never commits.
"""
