"""An attempt in a clone of its own: the work, and then the look at it in a second clone that has just the changes.

What the work left behind in its clone, but for the files, is nothing: the check sees a fresh checkout of what would
land, and git of ours sees the clone's files through a git directory that the processor was not told of.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.clones.changes import (
    Protected,
    RefusedChangesError,
    changes_between,
    give_back,
    refuse,
    take,
)
from mdtodo.clones.environment import clone_environment
from mdtodo.clones.lfs import keep_lfs_objects
from mdtodo.clones.links import excludes, link
from mdtodo.clones.sandbox import sandbox
from mdtodo.clones.slots import Slot, slot
from mdtodo.clones.source import CloneSource  # noqa: TC001  # the codec looks it up
from mdtodo.clones.submodules import submodules
from mdtodo.core import codec
from mdtodo.core.results import Failure, Outcome, Proven, Result
from mdtodo.errors import GitError, MdtodoError
from mdtodo.execution.processors.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdtodo.core.receipt import Restore
    from mdtodo.core.task import Json
    from mdtodo.execution.processors.attempt_log import AttemptLog
    from mdtodo.execution.processors.spec import AttemptJob
    from mdtodo.execution.processors.supervise import Steps


#: What stands in the output before that of a check.
CHECK_MARK = "\nmdtodo: check\n"


class CloneTerms(NamedTuple):
    """Of an attempt in a clone: it begins at the commit `base`, and `check` proves what it did, a program with
    its arguments, or a line for the shell; empty where nothing does. `keeps`: what it
    changed is given back, if nothing in it is `protected`; else it is thrown away."""

    source: CloneSource
    base: str
    cwd: str = "."
    check: tuple[str, ...] = ()
    in_shell: bool = False
    keeps: bool = False
    protected: Protected = Protected()
    link: tuple[str, ...] = ()
    pass_env: tuple[str, ...] = ()
    sandbox: bool = False
    home: tuple[str, ...] = ()
    network: bool = True


def carry_out_in_clone(job: AttemptJob, log: AttemptLog, carry_out: Callable[[AttemptJob], Steps]) -> Steps:
    """The result of the job in a clone. `carry_out` does one in the folder that it names, which is all that differs."""
    terms = _read(job.clone or {})
    with ExitStack() as stack:
        try:
            work = stack.enter_context(slot(terms.source))
            moved = _moved(job, terms, work, _prepare(work, terms, terms.base))
            result = yield from carry_out(moved)
        except (MdtodoError, OSError) as error:
            return no_clone(error, log)
        if result.outcome is not Outcome.DONE or not (terms.keeps or terms.check):
            unchanged = Proven(terms.base, terms.base)._asdict()
            return result._replace(changes=unchanged if result.outcome is Outcome.DONE else None)
        try:
            return (yield from _judge(job, terms, work, result, log, carry_out))
        except RefusedChangesError as error:
            log.note(str(error))
            return result._replace(error=str(error), failed_by=Failure.OUTPUT)
        except (MdtodoError, OSError) as error:
            return no_clone(error, log)._replace(exit_code=result.exit_code, duration=result.duration)


def _judge(
    job: AttemptJob,
    terms: CloneTerms,
    work: Slot,
    result: Result,
    log: AttemptLog,
    carry_out: Callable[[AttemptJob], Steps],
) -> Steps:
    """The result of the work, with its changes, if they may be made and pass the check."""
    tree, changes = _changes(terms, work)
    if changes:
        refuse(work.shadow, changes, terms.protected)
        keep_lfs_objects(work.shadow, terms.source, changes)
    commit = give_back(work.shadow, terms.source, terms.base, tree) if changes else terms.base
    if terms.check:
        result = yield from _check(job, terms, commit, result, log, carry_out)
    passed = result.outcome is Outcome.DONE
    return result._replace(changes=Proven(terms.base, commit)._asdict() if passed and terms.keeps else None)


def _check(
    job: AttemptJob,
    terms: CloneTerms,
    commit: str,
    worked: Result,
    log: AttemptLog,
    carry_out: Callable[[AttemptJob], Steps],
) -> Steps:
    """What the check says of the commit; the notes, subtasks and metrics are those of the work as well."""
    worked = worked._replace(work_tail=log.tail())
    log.write(CHECK_MARK.encode())
    with slot(terms.source) as fresh:
        linked = _prepare(fresh, terms, commit)
        run = terms.check[0] if terms.in_shell else list(terms.check)
        limits = job.limits.after(worked.duration)
        moved = _moved(job._replace(run=run, python=None, limits=limits), terms, fresh, linked)
        checked = yield from carry_out(moved)
    checked = checked._replace(
        duration=worked.duration + checked.duration,
        work_tail=worked.work_tail,
        notes=tuple(dict.fromkeys((*worked.notes, *checked.notes))),
        subtasks=tuple(dict.fromkeys((*worked.subtasks, *checked.subtasks))),
        metrics={**worked.metrics, **checked.metrics},
    )
    if checked.outcome is Outcome.DONE or checked.interrupted:
        return checked
    return _failed_check(checked)


def _failed_check(checked: Result) -> Result:
    """Whatever the check exited with, the work is not proven: it is neither to be tried later nor beside the point."""
    failure = checked.failure or Failure.EXIT
    how = "timed out" if checked.timed_out else checked.error or f"exit {checked.exit_code}"
    return checked._replace(error=f"check: {how}", failed_by=failure)


def _changes(terms: CloneTerms, work: Slot) -> tuple[str, list[Restore]]:
    if work.is_untouched():
        return "", []
    try:
        work.shadow.take_back(terms.source, excludes=excludes(terms.link))
    except (GitError, OSError) as error:
        raise RefusedChangesError(f"what it changed cannot be taken: {error}") from error
    for one in submodules(work, terms.source, terms.base):
        one.settle()
    tree = take(work.shadow)
    return tree, changes_between(work.shadow, terms.base, tree)


def _prepare(place: Slot, terms: CloneTerms, commit: str) -> list[str]:
    """Bring the clone to the commit; the folders of the checkout that it links to."""
    place.show(terms.source, commit, excludes=excludes(terms.link))
    for one in submodules(place, terms.source, commit):
        one.show()
    return link(terms.source.root, place.tree, terms.link)


def _moved(job: AttemptJob, terms: CloneTerms, place: Slot, linked: Sequence[str]) -> AttemptJob:
    """The job, in this clone."""
    real_home = os.environ.get("HOME", "")
    home = place.home if terms.sandbox else None
    inherits = clone_environment(os.environb, terms.pass_env, home=home, temporary=place.temporary)
    around = None
    if terms.sandbox:
        around = sandbox(
            *(place, terms.source),
            real_home=real_home,
            readable=linked,
            shown=terms.home,
            network=terms.network,
        )
    cwd = os.path.join(place.tree, terms.cwd)
    return job._replace(root=place.tree, cwd=cwd, inherits=inherits, sandbox=around)


def no_clone(error: Exception, log: AttemptLog) -> Result:
    """Nobody is to blame for a clone that cannot be made, as on a full disk."""
    words = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    sentence = f"no clone could be made: {words}"
    log.note(sentence)
    return Result(None, error=sentence, failed_by=Failure.CONFLICT)


def _read(data: Json) -> CloneTerms:
    try:
        return codec.decode(CloneTerms, dict(data))
    except ValueError as error:
        raise SpecError("`clone` does not describe a clone") from error
