"""The program: one argument, the step."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the step, with both streams as one: what the runner is told must come in the order it is said."""
    from mdtodo.action.console import one_stream

    one_stream()
    step = sys.argv[1] if len(sys.argv) == 2 else ""
    if step == "work":
        from mdtodo.action.leftovers import without_leftovers
        from mdtodo.action.work import work

        return without_leftovers(lambda: work(os.environ))
    if step == "deliver":
        from mdtodo.action.deliver import deliver

        return deliver(os.environ)
    sys.stderr.write("usage: python -m mdtodo.action work|deliver; action.yml calls it\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
