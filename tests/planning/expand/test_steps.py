"""Steps of a task: what they say, how the estimate is shared, and that nothing else of a file changes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.core.edits import AddSubtasks
from mdtodo.errors import EditError, InputError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.expand.patterns import Pattern, Step, patterns
from mdtodo.planning.expand.steps import large_tasks, share, steps, subject, tasks_to_expand
from mdtodo.planning.plan import Plan, plan
from tests.examples import examples
from tests.markdown.documents import document

if TYPE_CHECKING:
    from mdtodo.core.task import Task

KNOWN = patterns(DEFAULT)
FOUR = Pattern(
    "four", (), (Step("One", 1), Step("Two of {task} run:b !high", 1), Step("{task}", 2), Step("4", 3))
)


def tasks(text: str | bytes) -> tuple[Task, ...]:
    return read_tasks({"TODO.md": parse(text if isinstance(text, bytes) else text.encode())})


def planned(text: str, config: str = "") -> Plan:
    return plan(tasks(text), load(None, config.encode()))


def broken_down(data: bytes, task: Task, pattern: Pattern = FOUR, delimiter: str = ".") -> bytes:
    edit = AddSubtasks(task.anchor, steps(task, pattern, delimiter=delimiter), first=True)
    return apply(data, [edit]).data


PLACES = {
    "a bullet, and what comes after its body": (
        "- [ ] Do it est:7m\n  more words\n\n  a body\n- [ ] next\n",
        (
            "- [ ] Do it est:7m\n  more words\n\n  a body\n"
            "  1. [ ] One est:1m\n  2. [ ] Two of Do it more words run:b !high est:1m\n"
            "  3. [ ] Do it more words est:2m\n  4. [ ] 4 est:3m\n- [ ] next\n"
        ),
    ),
    "a wide bullet": ("*   [ ] Do it\n", "*   [ ] Do it\n{4}\n"),
    "a numbered one": ("10. [ ] Do it\n11. [ ] x\n", "10. [ ] Do it\n{4}\n11. [ ] x\n"),
    "in a quote": ("> - [ ] Do it\n>\n> text\n", "> - [ ] Do it\n{> .2}\n>\n> text\n"),
    "a subtask behind tabs": ("- [ ] p\n\t- [ ] Do it\n", "- [ ] p\n\t- [ ] Do it\n{t2}\n"),
    "without a last line end": ("text\n\n- [ ] Do it", "text\n\n- [ ] Do it\n{2}"),
}


def listed(prefix: str) -> str:
    lines = ("One", "Two of Do it run:b !high", "Do it", "4")
    return "\n".join(f"{prefix}{number}. [ ] {line}" for number, line in enumerate(lines, 1))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", PLACES)
def test_steps_are_written_below_the_task_in_its_style(name: str, newline: str) -> None:
    before, after = PLACES[name]
    for mark, prefix in (("{4}", " " * 4), ("{2}", "  "), ("{> .2}", ">   "), ("{t2}", "\t  ")):
        after = after.replace(mark, listed(prefix))
    data = before.replace("\n", newline).encode()
    task = next(one for one in tasks(data) if one.title.startswith("Do it"))
    assert broken_down(data, task) == after.replace("\n", newline).encode()


def test_a_task_with_subtasks_is_not_broken_down_again() -> None:
    data = b"- [ ] Do it\n"
    (task,) = tasks(data)
    edit = AddSubtasks(task.anchor, steps(task, FOUR), first=True)
    once = apply(data, [edit])
    assert once.done == (edit,)
    again = apply(once.data, [edit])
    assert (again.data, again.already) == (once.data, (edit,))
    other = apply(b"- [ ] Do it\n  - [x] by hand\n", [edit])
    assert other.data == b"- [ ] Do it\n  - [x] by hand\n"
    assert other.missing == ((edit, "it already has subtasks"),)


@given(
    st.integers(0, 10**9),
    st.lists(st.one_of(st.integers(0, 10**6), st.floats(0, 10**6)), min_size=1, max_size=30).filter(any),
)
def test_shares_add_up_and_none_is_a_minute_off(minutes: int, weights: list[float]) -> None:
    shares = share(minutes, weights)
    total = sum(weights)
    assert sum(shares) == minutes
    assert all(part >= 0 for part in shares)
    for part, weight in zip(shares, weights, strict=True):
        assert abs(part - minutes * weight / total) < 1 + 1e-6 * minutes


def test_the_largest_remainders_get_a_minute_more_and_of_equal_ones_the_first() -> None:
    assert share(10, [1.5, 1, 1]) == [4, 3, 3]
    assert share(10, [1, 1, 1]) == [4, 3, 3]
    assert share(2, [1, 1, 1, 0]) == [1, 1, 0, 0]


HOSTILE = [
    "`x", "<div>", "a | b", "[l]: /u", "- [ ] q", "x ^name", "**b", "![i](u", "back\\", "(A) z", "`run:x` y", "```",
    "1. x", "# h", "<!-- c", "---", "> q", "[x] y", "a\x7fb", "===", "`` ` ``", "!high!", "word:value", "<script>",
    "&lt;", "see [docs](u) run:x", "#tag first", "\u202edne", "a `b", "a\u00a0b", "{task}", "{task", "%s",
]  # fmt: skip


@given(
    seed=st.integers(0, 2**32),
    title=st.sampled_from(HOSTILE),
    minutes=st.one_of(st.none(), st.integers(1, 480_000)),
    pattern=st.sampled_from([*KNOWN.values(), FOUR]),
)
@examples(150)
def test_a_breakdown_of_any_task_in_any_document_is_read_as_its_subtasks(
    seed: int, title: str, minutes: int | None, pattern: Pattern
) -> None:
    random = Random(seed)
    estimate = "" if minutes is None else f" est:{minutes}m"
    data = document(random).replace(b"[ ] a", f"[ ] {title}{estimate}".encode())
    try:
        before = tasks(data)
    except InputError:
        return
    names = [task.explicit_id for task in before]
    leaves = [task for task in before if not task.children and not task.status.closed]
    leaves = [task for task in leaves if task.explicit_id is None or names.count(task.explicit_id) == 1]
    if not leaves:
        return
    task = random.choice(leaves)
    after_bytes = broken_down(data, task, pattern)
    start = next((n for n, (a, b) in enumerate(zip(data, after_bytes, strict=False)) if a != b), len(data))
    assert after_bytes.endswith(data[start:])
    after = tasks(after_bytes)
    below = [one for one in after if one.parent == task.id]
    assert [one.id for one in after if one not in below] == [one.id for one in before]
    assert len(below) == len(pattern.steps)
    assert sum(one.estimate or 0 for one in below) == (task.estimate or 0)
    assert [one.previous for one in below] == [None, *(one.id for one in below[:-1])]
    assert all(one.explicit_id is None and not one.expand for one in below)
    assert [one.own_run for one in below] == [read_keys(step.text).run or one.own_run
                                             for step, one in zip(pattern.steps, below, strict=True)]  # fmt: skip


SUBJECTS = {
    "Implement the orders API": "the orders API",
    "Set up CI": "CI",
    "Migrate to Postgres": '"Migrate to Postgres"',
    "Fix": "Fix",
    "Orders API.": "Orders API",
    "Read [the docs](https://example.com/a) and ![it](b.png)": "Read the docs and it",
    "": "this task",
    "word " * 60: "word " * 14 + "word…",
    "x" * 900: "x" * 79 + "…",
}


@pytest.mark.parametrize("title", SUBJECTS)
def test_the_subject_of_a_title_is_without_its_verb(title: str) -> None:
    assert subject(title) == SUBJECTS[title]


def test_a_subject_never_becomes_a_key() -> None:
    (task,) = tasks("- [ ] Fix ^name est:1h done\n")
    last = Pattern("p", (), (Step("All of {task}", 1),))
    (line,) = steps(task._replace(title="Fix x ^name", estimate=None), last)
    assert line == "1. [ ] All of `x ^name`"


REFUSED = {
    "- [ ] a est:0m": "an estimate of 0 cannot be split up",
    "- [ ] a est:3650d": "an estimate of more than 1000d is too long",
    "- [ ] " + "x" * 10_000: "a title of 10000 characters is too long",
    "- [ ] fixed est:3h": "the steps of fixed add up to 4h, but the task is estimated at 3h",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_task_that_cannot_be_broken_down_is_refused_with_its_place(line: str) -> None:
    (task,) = tasks(line + "\n")
    fixed = Pattern("fixed", (), (Step("one est:4h", 1), Step("two", 1)))
    with pytest.raises(EditError) as refused:
        steps(task, fixed if "fixed" in line else FOUR)
    assert str(refused.value).startswith(f"TODO.md:1: {REFUSED[line]}")


def test_steps_with_estimates_of_their_own_keep_them() -> None:
    (task,) = tasks("- [ ] a est:8h\n")
    fixed = Pattern("fixed", (), (Step("one est:4h", 9), Step("two", 1), Step("three", 3)))
    assert steps(task, fixed) == ("1. [ ] one est:4h", "2. [ ] two est:1h", "3. [ ] three est:3h")


def test_keys_are_written_as_the_task_writes_them() -> None:
    (task,) = tasks("- [ ] a [est:: 1h]\n")
    assert steps(task, FOUR, dialect="dataview")[0] == "1. [ ] One [est:: 9m]"


LARGE = """\
- [ ] complex est:12h
- [ ] epic est:3d run:ok
- [ ] simple est:11h
- [x] done est:40h
- [-] cancelled est:40h
- [/] begun est:40h
- [ ] has some est:40h
  - [ ] inside est:20h
- [ ] says est:1h expand:api
"""


def test_large_tasks_and_those_that_a_run_breaks_down_are_told_from_others() -> None:
    made = planned(LARGE, 'processors.ok.run = "true"')
    assert [task.title for task in large_tasks(made, KNOWN)] == ["complex", "epic", "inside"]
    assert [task.title for task in tasks_to_expand(made, KNOWN, None)] == ["complex", "inside", "says"]
    says = next(task.id for task in made.tasks.values() if task.title == "says")
    assert [task.title for task in tasks_to_expand(made, KNOWN, {says})] == ["says"]


def test_a_breakdown_comes_to_an_end() -> None:
    data = b"- [ ] Build the API est:900d\n"
    (task,) = tasks(data)
    after = broken_down(data, task, KNOWN["api"]).decode()
    assert all(one.complexity == "epic" for one in planned(after).tasks.values())
    assert large_tasks(planned(after), KNOWN) == []
