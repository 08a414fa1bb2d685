"""Random histories of a TODO file: what a run did is taken back, or made on a new tip, as the model says, or not at all."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS
from mdtodo.landing.merge.merge_tasks import changes_between, merge_tasks
from mdtodo.landing.push.replay import NewBase, ReplayedFile
from tests.examples import examples
from tests.landing.histories import history, replayed, text_of, undone

if TYPE_CHECKING:
    from mdtodo.git.session import GitSession


def undo(git: GitSession, seed: int) -> str:
    """Whether what a run did is taken back as it should be: `clean`, `refused`, or what is wrong."""
    one = history(Random(seed))
    before, after = (one.form(text_of(rows)) for rows in (one.before, one.after))
    rows = one.person(one.after)
    now, wanted = one.form(text_of(rows)), one.form(text_of(undone(one, rows)))
    changes = changes_between(after, before, STATUS_CHARS, "TODO.md")
    if changes is None:
        return "refused"
    anchors = {task: changes.old_places[task]._replace(title=None) for task in changes.tasks}
    made = merge_tasks(git, changes, anchors, now, STATUS_CHARS, "TODO.md", strict=True)
    if made.missed:
        return "refused"
    if made.data != wanted and one.is_any_repeated(rows):
        return "ambiguous"
    if made.data != wanted:
        return f"{after.decode()}\n{now.decode()}\n{made.data.decode()}\n{wanted.decode()}"
    again = merge_tasks(git, changes, anchors, made.data, STATUS_CHARS, "TODO.md", strict=True)
    # what is not there any more may be refused then, but nothing is changed
    return "clean" if again.data == made.data else f"again: {again}"


def replay(git: GitSession, seed: int) -> str:
    """The same for what a run did, made on a version that a person has made of what was there before it; `part` where
    some of it was not made."""
    one = history(Random(seed))
    before, after = (one.form(text_of(rows)) for rows in (one.before, one.after))
    rows = one.person(one.before)
    tip, wanted = one.form(text_of(rows)), one.form(text_of(replayed(one, rows)))
    changes = changes_between(before, after, STATUS_CHARS, "TODO.md")
    if changes is None:
        return "refused"
    tasks = {str(task): {task: changes.old_places[task]} for task in changes.tasks}
    onto = NewBase(git, "", tuple, STATUS_CHARS)
    made = ReplayedFile(onto, changes, "TODO.md", tip, tasks)
    made.run(set())
    # where notes stand among subtasks is nobody's concern
    if sorted(made.data.splitlines()) == sorted(wanted.splitlines()):
        return "clean"
    if len(made.made) < len(tasks):
        return "part"
    return "ambiguous" if one.is_any_repeated(rows) else f"{after!r}\n{tip!r}\n{made.data!r}\n{wanted!r}"


@examples(150)
@given(st.integers(0, 10**9))
def test_a_replay_makes_what_the_run_did_and_nothing_else(git: GitSession, seed: int) -> None:
    said = replay(git, seed)
    assert said in ("clean", "part", "refused", "ambiguous"), said


@examples(150)
@given(st.integers(0, 10**9))
def test_an_undo_takes_back_what_the_run_did_and_nothing_else(git: GitSession, seed: int) -> None:
    said = undo(git, seed)
    assert said in ("clean", "refused", "ambiguous"), said


def test_most_histories_can_be_undone_and_replayed(git: GitSession) -> None:
    assert sum(undo(git, seed) == "clean" for seed in range(100)) > 60
    assert sum(replay(git, seed) == "clean" for seed in range(100)) > 50
