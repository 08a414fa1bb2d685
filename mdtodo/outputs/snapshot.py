"""What an attempt writes of its processor's declared outputs: looked at right before it and right after it, in the pool
process that carries it out.

What it leaves is marked there and then (`outputs.survey`), whatever became of it, so that no kill comes in between.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from mdtodo.errors import GitError
from mdtodo.git.repository import Repository, discover
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.marks import mark
from mdtodo.outputs.survey import Survey, blocking, judge, survey, unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.task import Json

#: Seconds by which a file may be younger than the last sign of the attempt that wrote it.
SLACK = 1.0


class OutputSnapshot:
    """The outputs as an attempt finds them; `outputs_spec` is `outputs` of its spec.

    Raises GitError where git refuses.
    """

    def __init__(self, outputs_spec: Json, root: str, task_id: str) -> None:
        self._repo = discover(root)
        self._spec = outputs_spec
        self._task_id = task_id
        self._outputs = from_outputs_spec(outputs_spec)
        self._survey: Survey = survey(self._repo, self._outputs)

    @property
    def refused(self) -> dict[str, str]:
        """Why the attempt must not begin, by path."""
        return blocking(self._survey, self._outputs) if self._spec["ticks"] else {}

    def note(self, output_file: str) -> dict[str, object]:
        """What another process needs to know whose the files are, where this one is killed; see `adopt`."""
        theirs = [path for path, change in self._survey.items() if change.theirs]
        return {**self._spec, "theirs": theirs, "outbox": output_file}

    def end(self, reported: Iterable[str]) -> tuple[dict[str, object], list[str]]:
        """To be called when the attempt is over, with the names that it told: its `Verdict` as JSON, empty where no
        box is ticked for it; and sentences on names that are none of its outputs."""
        named, sentences = _named(self._repo, self._outputs, reported)
        try:
            after = survey(self._repo, self._outputs)
            hidden = unseen(self._repo, self._outputs.names, after)
        except GitError as error:
            return {"theirs": {"its outputs": str(error)}}, sentences
        verdict = judge(self._survey, after, self._outputs, named, self._task_id)
        for output in verdict.held:
            mark(self._repo, output.path, output.digest, self._task_id)
        for path in verdict.unnamed:
            mark(self._repo, path, after[path].digest, self._task_id, unnamed=True)
        if not self._spec["ticks"]:
            return {}, sentences
        return verdict._replace(theirs={**verdict.theirs, **hidden})._asdict(), sentences


def outputs_spec(outputs: Sequence[str], without: Iterable[str], *, ticks: bool) -> dict[str, object] | None:
    """`outputs` of a spec. `without`: TODO files. `ticks`: a box is ticked, and committed, if the attempt succeeds."""
    if not outputs:
        return None
    every = DeclaredOutputs.of(outputs)
    return {
        "declared": [*outputs],
        "without": [path for path in without if every.matches(path)],
        "ticks": ticks,
    }


def from_outputs_spec(outputs_spec: Json) -> DeclaredOutputs:
    """Its other way."""
    return DeclaredOutputs.of(
        cast("list[str]", outputs_spec["declared"]), cast("list[str]", outputs_spec["without"])
    )


def adopt(repo: Repository, note: Json, task_id: str, reported: Iterable[str], last_sign: float) -> None:
    """Mark what an attempt left that was killed with its pool process: of what was no person's before, what it told or
    what is declared by name, if nobody has changed it after the attempt's last sign of life (in Unix time)."""
    every = from_outputs_spec(note)
    named, _ = _named(repo, every, reported)
    theirs = frozenset(cast("list[str]", note["theirs"]))
    for path, change in survey(repo, every).items():
        mine = path in every.names or path in named
        if (
            path not in theirs
            and not change.staged
            and change.left_by is None
            and _changed(repo.root, path) <= last_sign + SLACK
        ):
            mark(repo, path, change.digest, task_id, unnamed=not mine)


def _changed(root: str, path: str) -> float:
    """When the file was changed last, or its folder where it is gone; no tool can set that back."""
    full = os.path.join(root, path)
    while True:
        try:
            return os.lstat(full).st_ctime
        except OSError:
            full = os.path.dirname(full)


def _named(
    repo: Repository, every: DeclaredOutputs, reported: Iterable[str]
) -> tuple[frozenset[str], list[str]]:
    """As git writes paths; and what is to be said of those that are no declared outputs."""
    named: set[str] = set()
    sentences: list[str] = []
    for text in reported:
        full = os.path.normpath(os.path.join(repo.root, text))
        path = os.path.relpath(full, repo.root)
        if not path.startswith("../") and every.matches(path):
            named.add(path)
        else:
            sentences.append(f"{text} is none of the outputs that its processor declares")
    return frozenset(named), sentences
