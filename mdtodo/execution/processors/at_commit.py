"""An attempt on a machine without the checkout: in a clone that shows the commit, as the checkout would.

What it wrote of its declared outputs is given back as a commit on top of that; all else is nothing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mdtodo.clones.changes import give_back
from mdtodo.clones.slots import slot
from mdtodo.clones.source import CloneSource  # noqa: TC001  # the codec looks it up
from mdtodo.clones.submodules import submodules
from mdtodo.core import codec
from mdtodo.core.results import Proven, Result
from mdtodo.errors import MdtodoError
from mdtodo.execution.processors.in_clone import no_clone
from mdtodo.execution.processors.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdtodo.clones.slots import Slot
    from mdtodo.execution.processors.attempt_log import AttemptLog
    from mdtodo.execution.processors.spec import AttemptJob
    from mdtodo.execution.processors.supervise import Steps


class CommitTerms(NamedTuple):
    """Which `commit` of `source` is shown; it runs in its folder `cwd`."""

    source: CloneSource
    commit: str
    cwd: str = "."


def carry_out_at_commit(job: AttemptJob, log: AttemptLog, carry_out: Callable[[AttemptJob], Steps]) -> Steps:
    """The result of the job at its commit; `changes` of it are the outputs that it holds."""
    try:
        terms = codec.decode(CommitTerms, dict(job.commit or {}))
    except ValueError as error:
        raise SpecError("`commit` does not describe a commit") from error
    with ExitStack() as stack:
        try:
            work = stack.enter_context(slot(terms.source))
            work.show(terms.source, terms.commit)
            for one in submodules(work, terms.source, terms.commit):
                one.show()
        except (MdtodoError, OSError) as error:
            return no_clone(error, log)
        moved = job._replace(root=work.tree, cwd=os.path.join(work.tree, terms.cwd), commit=None)
        result = yield from carry_out(moved)
        try:
            return result._replace(changes=_held(work, terms, result))
        except (MdtodoError, OSError) as error:
            return result._replace(error=f"its outputs cannot be given back: {error}")


def _held(work: Slot, terms: CommitTerms, result: Result) -> Mapping[str, object] | None:
    held = cast("tuple[Any, ...]", (result.outputs or {}).get("held") or ())
    if not held:
        return None
    work.shadow.take_back(terms.source)
    names = b"".join(os.fsencode(output[0]) + b"\0" for output in held)
    listed = ("--pathspec-from-file=-", "--pathspec-file-nul")
    with work.shadow.spare_index() as index:
        work.shadow.git("--literal-pathspecs", "add", "--all", *listed, stdin=names, index=index)
        tree = work.shadow.git("write-tree", index=index).decode().strip()
    return Proven(terms.commit, give_back(work.shadow, terms.source, terms.commit, tree))._asdict()
