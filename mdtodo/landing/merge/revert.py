"""All edits of receipts in one version of a file: what became of tasks taken back, then what else is to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import Revert, RevertFile
from mdtodo.errors import GitError, InputError
from mdtodo.git.session import GitSession
from mdtodo.landing.apply import EditResult, apply_receipts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository
    from mdtodo.landing.apply import Wanted

    #: By step, and by the two versions between which it changed the file: the task of each edit.
    Steps = dict[tuple[int, str, str], list[tuple[str, Revert]]]


def make_edits(
    repo: Repository, data: bytes, wanted: Wanted, statuses: Mapping[str, Status], *, file: str, once: bool
) -> EditResult:
    """As `apply_receipts`, also for receipts that take a run back."""
    if any(isinstance(edit, RevertFile) for edits in wanted.values() for edit in edits):
        return _revert_file(repo, data, wanted, statuses)
    back = {task: edits for task, edits in wanted.items() if isinstance(edits[0], Revert)}
    if not back:
        return apply_receipts(data, wanted, statuses, file=file, once=once)
    result = _revert(repo, data, back, statuses, file)
    left = {task: edits for task, edits in wanted.items() if task not in back}
    result.add(apply_receipts(result.data, left, statuses, file=file, once=once))
    return result


def _revert(
    repo: Repository, data: bytes, wanted: Wanted, statuses: Mapping[str, Status], file: str
) -> EditResult:
    """Each step in what the one before it has made."""
    steps: Steps = {}
    for task, edits in wanted.items():
        for edit in edits:
            if isinstance(edit, Revert):
                steps.setdefault((edit.step, edit.after, edit.before), []).append((task, edit))
    result = EditResult(data)
    try:
        with GitSession(repo) as git:
            for _, step in sorted(steps.items(), key=lambda one: one[0]):
                _revert_step(git, result, step, statuses, file)
    except (InputError, GitError) as error:
        return EditResult(data, missed=dict.fromkeys(wanted, error.sentence))
    result.made -= result.missed.keys()
    result.closed = set(wanted) - result.made - result.missed.keys()
    return result


def _revert_file(repo: Repository, data: bytes, wanted: Wanted, statuses: Mapping[str, Status]) -> EditResult:
    """All of these tasks ask for the same."""
    from mdtodo.landing.merge.merge_file import merge_file

    (edit,) = {edit for edits in wanted.values() for edit in edits if isinstance(edit, RevertFile)}
    with GitSession(repo) as git:
        after, before = git.content(edit.after), git.content(edit.before) if edit.before else b""
        # of what came back before a kill there is nothing left to take back
        made = data if data == before else merge_file(git, after, data, before, statuses, by_task=True)
    if made is None:
        return EditResult(
            data, missed=dict.fromkeys(wanted, "its file was changed since, and that disagrees")
        )
    result = EditResult(made)
    result.made, result.closed = (set(wanted), set()) if made != data else (set(), set(wanted))
    return result


def _revert_step(
    git: GitSession,
    result: EditResult,
    step: Sequence[tuple[str, Revert]],
    statuses: Mapping[str, Status],
    file: str,
) -> None:
    # Imported here: few landings take something back, and the merge engine is large.
    from mdtodo.landing.merge.merge_tasks import changes_between, merge_tasks

    after, before = (git.content(oid) for oid in step[0][1][1:3])
    changes = changes_between(after, before, statuses, file)
    assert changes is not None, "it was not None when the edits were made"
    anchors = {edit.number: edit.anchor for _, edit in step}
    merged = merge_tasks(git, changes, anchors, result.data, statuses, file, strict=True)
    result.data = merged.data
    for task, edit in step:
        if edit.number in merged.missed:
            result.missed[task] = merged.missed[edit.number]
        elif edit.number in merged.made:
            result.made.add(task)
