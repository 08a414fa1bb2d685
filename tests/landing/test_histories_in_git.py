"""The same random histories through real commits: undone in HEAD, index and work tree, and rebased onto a tip."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.edits import AddNote, SetKey, SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.git.repository import discover
from mdtodo.git.session import GitSession
from mdtodo.landing.land import RefusedError, land
from mdtodo.landing.push.rebase import read_commit, rebase
from mdtodo.landing.undo.undo import undo
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.project.project import read_config, read_project
from tests.examples import TIMES
from tests.landing.histories import History, history, replayed, text_of, undone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.core.edits import Edit
    from tests.conftest import Checkout


def receipts(one: History, before: bytes) -> Iterator[Receipt]:
    """What the run hands in: of each of its tasks the edits that the model has made."""
    tasks = read_tasks({"TODO.md": parse(before)})
    rows = [row for row in one.after if not row.heading]
    for task, row in zip(tasks, rows, strict=True):
        if row.who in one.ran:
            edits: list[Edit] = [SetStatus(task.anchor, Status.DONE)] if row.char == "x" else []
            edits += [SetKey(task.anchor, "failed", "1")] if row.failed else []
            edits += [AddNote(task.anchor, note) for note in row.notes]
            outcome = "failed" if row.failed else "done"
            yield Receipt(task.id, task.title, outcome, "ok", 0, 1.0, 1, tuple(edits))


def outcomes(repo: Checkout, seed: int) -> tuple[str, str]:
    """What an undo of the history, and its rebase, came to: `clean`, `refused`, `ambiguous`, `none`, or what is wrong."""
    one = history(Random(seed))
    before, after = (one.form(text_of(rows)) for rows in (one.before, one.after))
    repo.git("switch", "-q", "--orphan", f"h{seed}")
    base = repo.commit("Base", **{"TODO.md": before})
    found = discover(str(repo.root))
    made = land(found, list(receipts(one, before)), run_id=f"run-{seed}")
    if not made.commits or repo.head("TODO.md") != after:
        return "none", "none"
    return _undo(repo, one, seed), _rebase(repo, one, base, made.commits[0])


def _undo(repo: Checkout, one: History, seed: int) -> str:
    rows = one.person(one.after)
    now, wanted = one.form(text_of(rows)), one.form(text_of(undone(one, rows)))
    head = one.form(text_of(one.before))
    repo.write("TODO.md", now)
    if seed % 3 and repo.status():
        repo.git("add", "TODO.md")
    if seed % 3 == 1 and repo.status():
        repo.git("commit", "-qm", "Person")
    expected = {0: (head, head, wanted), 1: (wanted, wanted, wanted), 2: (head, wanted, wanted)}[seed % 3]
    places = repo.head, repo.index, repo.read
    standing = [read("TODO.md") for read in places]
    found = discover(str(repo.root))
    try:
        undo(read_project(found, read_config(found)), f"run-{seed}")
    except RefusedError:
        return "refused" if [read("TODO.md") for read in places] == standing else "refused, and changed"
    got = tuple(read("TODO.md") for read in places)
    return "clean" if got == expected else "ambiguous" if one.is_any_repeated(rows) else f"{got} {expected}"


def _rebase(repo: Checkout, one: History, base: str, receipt: str) -> str:
    rows = one.person(one.before)
    tip, wanted = one.form(text_of(rows)), one.form(text_of(replayed(one, rows)))
    blob = repo.git("hash-object", "-w", "--stdin", stdin=tip)
    tree = repo.git("mktree", stdin=f"100644 blob {blob}\tTODO.md\n")
    onto = repo.git("commit-tree", "-p", base, "-m", "Person", tree)
    with GitSession(discover(str(repo.root))) as git:
        commits = [read_commit(git, receipt)]
        result = rebase(git, commits, onto, {}, STATUS_CHARS, where="main", wait=lambda *_: True)
    data = repo.head("TODO.md", result.tip)
    left = len(read_commit_tasks(repo, result.tip)) if result.tip != onto else 0
    if sorted(data.splitlines()) == sorted(wanted.splitlines()):
        return "clean"
    if left < len(one.ran):
        return "part"
    return "ambiguous" if one.is_any_repeated(rows) else f"{data!r} {wanted!r}"


def read_commit_tasks(repo: Checkout, oid: str) -> list[str]:
    return [line for line in repo.git("log", "-1", "--format=%B", oid).split("\n") if "Mdtodo-Task" in line]


@pytest.mark.parametrize("seed", range(12 * TIMES))
@pytest.mark.sample(4)
def test_a_run_is_undone_and_rebased_as_the_model_says(repo: Checkout, seed: int) -> None:
    for said in outcomes(repo, seed):
        assert said in ("clean", "refused", "part", "ambiguous", "none"), said
