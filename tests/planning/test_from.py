"""`from:DATE`: not before that day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.core.task import State
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.keys.write import write_key
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.dates import local_today
from mdtodo.planning.plan import plan
from mdtodo.planning.schedule import order

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.planning.plan import Plan
    from tests.command_line import Said
    from tests.conftest import Checkout

DAY = "2026-12-01"


def planned(text: str, today: str | None) -> Plan:
    return plan(read_tasks({"TODO.md": parse(text.encode())}), DEFAULT, today=today)


def states(text: str, today: str | None) -> dict[str, str]:
    made = planned(text, today)
    return {task.title: made.states[task.id].value for task in made.tasks.values()}


@pytest.mark.parametrize(
    ("text", "title", "day"),
    [
        (f"a from:{DAY}", "a", DAY),
        (f"a 🛫 {DAY}", "a", DAY),
        (f"a ⏳ {DAY} 🔽", "a", DAY),
        (f"a [start:: {DAY}]", "a", DAY),
        (f"a (scheduled:: {DAY})", "a", DAY),
        (f"a 🛫 {DAY} ⏳ 2026-12-05", "a", "2026-12-05"),
        ("a from:main", "a from:main", None),
        ("a [start:: here]", "a [start:: here]", None),
        ("🛫 to Paris", "🛫 to Paris", None),
        ("a ⏳ soon", "a ⏳ soon", None),
    ],
)
def test_read(text: str, title: str, day: str | None) -> None:
    keys = read_keys(text)
    assert (keys.title, keys.not_before, keys.problems) == (title, day, ())


def test_a_day_that_is_none_is_told() -> None:
    keys = read_keys("a from:2026-13-01")
    assert [problem.code for problem in keys.problems] == ["bad-date"]
    assert keys.title == "a from:2026-13-01"


@pytest.mark.parametrize(
    "word", ["tomorrow", "Friday", "fri", "+2w", "in-2-weeks", "next-week", "next_monday", "today"]
)
def test_a_word_for_a_day_stays_a_word_of_the_title_and_is_told(word: str) -> None:
    for text in (f"a from:{word}", f"a [start:: {word}]"):
        keys = read_keys(text)
        assert (keys.title, keys.not_before) == (text, None)
        (problem,) = keys.problems
        assert (problem.code, problem.severity) == ("bad-date", "warning")
        assert problem.message == f"{word!r} is not a valid date; write it like 2026-12-01"


@pytest.mark.parametrize(
    "word", ["main", "sundial", "mondays", "tomorrowland", "+2", "next", "month:1", "in-house", "may"]
)
def test_other_words_are_words(word: str) -> None:
    assert read_keys(f"a from:{word}").problems == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [("a", f"a from:{DAY}"), (f"a 🛫 2026-11-01 📅 {DAY}", f"a 🛫 {DAY} 📅 {DAY}"), (f"a [due:: {DAY}]", f"a [due:: {DAY}] [start:: {DAY}]")],
)  # fmt: skip
def test_written_in_the_form_of_the_line(before: str, after: str) -> None:
    assert write_key(before, "from", DAY) == after


@pytest.mark.parametrize(
    ("today", "expected"),
    [("2026-11-30", "blocked"), (DAY, "manual"), ("2026-12-02", "manual"), (None, "manual")],
)
def test_blocked_until_that_day(today: str | None, expected: str) -> None:
    text = f"- [ ] a from:{DAY}\n- [ ] b\n"
    assert states(text, today) == {"a": expected, "b": "manual"}


def test_a_day_holds_for_a_section_for_subtasks_and_for_what_waits() -> None:
    text = (
        f"# Later from:{DAY}\n- [ ] a\n- [ ] b from:2026-01-01\n# Now\n"
        f"- [ ] c from:{DAY}\n  - [ ] d from:2026-01-01\n- [ ] e after:x\n- [ ] f id:x from:{DAY}\n"
    )
    assert states(text, "2026-11-30") == {
        "a": "blocked", "b": "manual", "c": "blocked", "d": "blocked", "e": "blocked", "f": "blocked",
    }  # fmt: skip
    made = planned(text, "2026-11-30")
    blocked = {task.title: made.blocked_by[task.id] for task in made.tasks.values()}
    assert blocked["a"] == blocked["d"] == blocked["f"] == (f"from:{DAY}",)
    assert blocked["e"] == ("x",)


def test_a_closed_task_holds_nobody_up() -> None:
    text = f"- [x] c from:{DAY}\n  - [ ] d from:2026-01-01\n- [-] x id:x from:{DAY}\n- [ ] e after:x\n"
    assert states(text, "2026-11-30")["e"] == "manual"


def test_the_order_has_it_at_the_end() -> None:
    made = planned(f"- [ ] a !critical from:{DAY}\n- [ ] b !low\n", "2026-11-30")
    assert [made.tasks[name].title for name in order(made.graph, made.ranks)] == ["b", "a"]
    assert made.states[made.order[-1]] is State.BLOCKED


def test_run_leaves_it_until_that_day(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    tomorrow = local_today() + timedelta(days=2)
    yesterday = local_today() - timedelta(days=2)
    text = f"- [ ] later run:ok id:later from:{tomorrow}\n- [ ] now run:ok from:{yesterday}\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": '[processors.ok]\nrun = "true"\n'})
    assert f"waits for {tomorrow}" in mdtodo("run", "later", code=1).err
    mdtodo("run")
    assert repo.head("TODO.md").decode() == text.replace("[ ] now", "[x] now")
    listed = mdtodo("list", "--json", "--state", "blocked").json["tasks"]
    assert [(one["from"], one["blocked_by"]) for one in listed] == [(str(tomorrow), [f"from:{tomorrow}"])]
    assert str(tomorrow) in mdtodo("list").out
    assert f"not to start before {tomorrow}" in mdtodo("plan", "--explain", "later").out
    assert str(tomorrow) in mdtodo("show", "later").out
    assert f"waits for {tomorrow}" in mdtodo("done", "later", code=1).err
    mdtodo("check")


def test_a_word_for_a_day_is_written_as_a_date_by_add_and_told_by_check(
    repo: Checkout, inside: Callable[..., Said]
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a from:tomorrow\n"})
    assert "TODO.md:1: warning: bad-date: 'tomorrow' is not a valid date" in inside("check").out
    inside("add", "b from:tomorrow")
    assert f"- [ ] b from:{local_today() + timedelta(days=1)}\n" in repo.read("TODO.md").decode()
