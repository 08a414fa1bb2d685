"""Random histories of a TODO file: an undo gives what the model says, or nothing."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS
from mdtodo.landing.merge.merge_tasks import changes_between, merge_tasks
from tests.examples import examples
from tests.landing.histories import history, text_of, undone

if TYPE_CHECKING:
    from mdtodo.git.session import GitSession


def outcome(git: GitSession, seed: int) -> str:
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
    return "clean" if (again.data, again.missed) == (made.data, {}) else f"again: {again}"


@examples(150)
@given(st.integers(0, 10**9))
def test_an_undo_takes_back_what_the_run_did_and_nothing_else(git: GitSession, seed: int) -> None:
    said = outcome(git, seed)
    assert said in ("clean", "refused", "ambiguous"), said


def test_most_histories_can_be_undone(git: GitSession) -> None:
    assert sum(outcome(git, seed) == "clean" for seed in range(100)) > 60
