"""Documents to tasks: what is handed down, ids, order, and what ids survive."""

from __future__ import annotations

from hashlib import sha1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import SetKey, SetStatus
from mdtodo.core.task import Anchor, Priority, Status, Task
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.tasks import read_tasks
from tests.examples import examples
from tests.timing import cpu_seconds, grows_linearly


def read(*files: str) -> dict[str, Task]:
    """The tasks by title; titles are unique in these tests, where it matters."""
    documents = {f"{number}.md": parse(text.encode()) for number, text in enumerate(files)}
    return {task.title: task for task in read_tasks(documents)}


def derived(*titles: str) -> str:
    """The whole hash behind a derived id."""
    return sha1("\n".join(titles).encode()).hexdigest()


def test_a_task_says_all_that_its_line_says() -> None:
    text = (
        "# Plan #x\n\n## Now\n\n"
        "- [/] Do *it* !high #a/b id:t1 after:t2 est:1d4h due:2026-12-01 needs:gpu lane:general worker:w "
        "run:tests expand:api failed:2 done:2026-11-21\n\n  More words.\n\n      code\n\n  - [ ] sub\n"
    )
    task = read(text)["Do *it*"]
    assert task._replace(anchor=Anchor("", None, "", 0)) == Task(
        id="t1",
        explicit_id="t1",
        file="0.md",
        line=5,
        title="Do *it*",
        status=Status.DOING,
        priority=Priority.HIGH,
        own_lane="general",
        tags=("a/b", "x"),
        needs=("gpu",),
        worker="w",
        after=("t2",),
        estimate=720,
        due="2026-12-01",
        own_run="tests",
        expand="api",
        failures=2,
        done_on="2026-11-21",
        parent=None,
        children=(derived("Do *it*", "sub")[:7],),
        previous=None,
        section=("Plan", "Now"),
        depth=0,
        body="More words.\n\n    code",
    )
    assert (task.anchor.file, task.anchor.explicit, task.anchor.digest) == ("0.md", "t1", derived("Do *it*"))


def test_a_task_without_keys_has_the_defaults() -> None:
    task = read("- [ ] a\n")["a"]
    assert (task.priority, task.lane, task.complexity) == (Priority.MEDIUM, "medium", None)
    assert (task.tags, task.section, task.children, task.body) == ((), (), (), "")


def test_the_text_of_a_task_has_the_notes_among_its_subtasks() -> None:
    """They are no part of what a processor may stand in, nor of a digest that older receipts have."""
    task = read("- [ ] p\n\n  above\n\n  - [x] sub\n    - its own\n  - a note\n  - [ ] more\n\n  below\n")[
        "p"
    ]
    assert (task.body, task.above) == ("above\n- a note\n\nbelow", "above")
    task = read("- [ ] p\n  - [x] sub\n  - a note\n")["p"]
    assert (task.body, task.above) == ("- a note", "")


# --- What is handed down -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "above", ["# h {}\n\n- [ ] x\n", "- [ ] p {}\n  - [ ] x\n", "# g\n\n## h {}\n\n- [ ] x\n"]
)
@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("!high", "priority", Priority.HIGH),
        ("⏬", "priority", Priority.LOW),
        ("#tag", "tags", ("tag",)),
        ("after:a,b", "after", ("a", "b")),
        ("due:2026-12-01", "due", "2026-12-01"),
        ("needs:gpu", "needs", ("gpu",)),
        ("lane:general", "own_lane", "general"),
        ("worker:w", "worker", "w"),
    ],
)
def test_keys_of_headings_and_parents_are_handed_down(
    above: str, key: str, field: str, value: object
) -> None:
    assert getattr(read(above.format(key))["x"], field) == value


@pytest.mark.parametrize("above", ["# h {}\n\n- [ ] x\n", "- [ ] p {}\n  - [ ] x\n"])
@pytest.mark.parametrize("key", ["id:i", "est:8h", "expand:api", "failed:2", "done:2026-11-21"])
def test_keys_of_one_task_alone_are_never_handed_down(above: str, key: str) -> None:
    task = read(above.format(key))["x"]
    found = task.explicit_id, task.estimate, task.expand, task.failures, task.done_on
    assert found == (None, None, None, 0, None)


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("# h run:a\n\n- [ ] x\n", "a"),
        ("# h run:a\n\n- [ ] x run:b\n", "b"),
        ("# h run:a\n\n## i run:b\n\n- [ ] x\n", "b"),
        ("# h run:a\n\n# i\n\n- [ ] x\n", None),
        ("- [ ] p run:b\n  - [ ] x\n", None),
        ("# h run:a\n\n- [ ] p run:b\n  - [ ] x\n", "a"),
        ("# h run:a\n\n- [ ] p run:b\n  - [ ] q\n    - [ ] x\n", "a"),
        ("- [ ] p run:b\n  # h run:c\n  - [ ] x\n", "c"),
        ("# h run:a\n\n- [ ] p\n  # h run:c\n  - [ ] q run:d\n    - [ ] x\n", "c"),
    ],
)
def test_a_processor_comes_from_the_line_or_its_headings(text: str, run: str | None) -> None:
    assert read(text)["x"].own_run == run


def test_the_nearest_inherited_value_wins_and_lists_add_up() -> None:
    tasks = read(
        "# h !low #h needs:a after:one due:2026-01-01\n\n## i !high #i\n\n"
        "- [ ] p #p needs:b after:two\n  - [ ] x !critical #x #h after:one,three due:2026-02-02\n- [ ] y\n"
    )
    assert tasks["x"].priority is Priority.CRITICAL
    assert tasks["x"].tags == ("x", "h", "p", "i")
    assert tasks["x"].needs == ("b", "a")
    assert tasks["x"].after == ("one", "three", "two")
    assert tasks["x"].due == "2026-02-02"
    assert (tasks["p"].priority, tasks["p"].due) == (Priority.HIGH, "2026-01-01")
    assert tasks["y"].tags == ("i", "h")


def test_a_heading_holds_for_its_section_alone() -> None:
    tasks = read(
        "- [ ] before\n\n## h !high\n\n- [ ] a\n  # in !low\n  - [ ] b\n- [ ] c\n\n"
        "> # quoted !critical\n> - [ ] d\n\n- [ ] e\n\n# next\n\n- [ ] f\n"
    )
    found = {title: task.priority.value for title, task in tasks.items()}
    assert found == {
        "before": "medium", "a": "high", "b": "low", "c": "high", "d": "critical", "e": "high", "f": "medium",
    }  # fmt: skip
    assert tasks["b"].section == ("h", "in")
    assert tasks["d"].section == ("h", "quoted")
    assert tasks["f"].section == ("next",)


def test_a_heading_s_wait_is_not_for_the_very_task_that_it_names() -> None:
    tasks = read(
        "# h after:first\n\n- [ ] a id:first\n  - [ ] b\n- [ ] c\n  - [ ] d id:deep\n\n## i after:deep\n\n- [ ] e\n"
    )
    assert tasks["a"].after == ()
    assert tasks["b"].after == ()
    assert tasks["c"].after == ("first",)
    assert tasks["e"].after == ("deep", "first")


def test_what_a_task_itself_waits_for_stays_also_where_it_is_a_cycle() -> None:
    assert read("- [ ] a id:a after:a\n")["a"].after == ("a",)


# --- Structure ---------------------------------------------------------------------------------


def test_parents_children_and_depth() -> None:
    tasks = read(
        "- [ ] a id:a\n  - plain\n    - [ ] b id:b\n      1. [x] c id:c\n  - [ ] d id:d\n- [ ] e id:e\n"
    )
    assert {title: (task.parent, task.children, task.depth) for title, task in tasks.items()} == {
        "a": (None, ("b", "d"), 0),
        "b": ("a", ("c",), 1),
        "c": ("b", (), 2),
        "d": ("a", (), 1),
        "e": (None, (), 0),
    }


def test_items_of_an_ordered_list_follow_on_each_other() -> None:
    tasks = read(
        "1. [ ] a id:a\n2. [x] b id:b\n   1. [ ] b1 id:b1\n   2. [ ] b2 id:b2\n3. no task\n4. [ ] c id:c\n\n"
        "text\n\n1. [ ] d id:d\n1) [ ] e id:e\n\n- [ ] f id:f\n- [ ] g id:g\n"
    )
    assert {task.id: task.previous for task in tasks.values() if task.previous} == {
        "b": "a",
        "b2": "b1",
        "c": "b",
    }


def test_tasks_come_in_the_order_of_files_and_lines() -> None:
    documents = {name: parse(b"- [ ] x\n  - [ ] y\n- [ ] z\n") for name in ("b.md", "a.md")}
    assert [(task.file, task.line) for task in read_tasks(documents)] == [
        ("b.md", 1), ("b.md", 2), ("b.md", 3), ("a.md", 1), ("a.md", 2), ("a.md", 3),
    ]  # fmt: skip


# --- Ids ---------------------------------------------------------------------------------------


def test_a_derived_id_is_the_hash_of_the_titles() -> None:
    tasks = read("- [ ] one #x\n  - [x] two  words !high\n")
    assert tasks["one"].id == derived("one")[:7]
    assert tasks["two words"].id == derived("one", "two words")[:7]


def test_of_equal_tasks_each_hashes_its_file_and_headings_and_then_its_number() -> None:
    documents = {
        "a.md": parse(b"- [ ] x\n- [x] x #y\n"),
        "b.md": parse(b"# h !high\n## i\n\n- [ ] x\n- [ ] y\n"),
    }
    whole = derived("x")
    assert [task.id for task in read_tasks(documents)] == [
        sha1(f"{whole}\na.md\n".encode()).hexdigest()[:7],
        sha1(f"{whole}\na.md\n\n2".encode()).hexdigest()[:7],
        sha1(f"{whole}\nb.md\nh\ni".encode()).hexdigest()[:7],
        derived("y")[:7],
    ]


def test_an_equal_task_elsewhere_takes_the_id_of_none() -> None:
    """Neither the one that is left, nor the one that was there before the other came."""
    both = {"a.md": parse(b"# P\n- [ ] x\n"), "b.md": parse(b"# P\n- [ ] x\n")}
    alone = {"b.md": both["b.md"]}
    assert not {task.id for task in read_tasks(both)} & {task.id for task in read_tasks(alone)}


def test_ids_are_lengthened_until_no_other_starts_so() -> None:
    by_prefix: dict[str, int] = {}
    pair = next(
        (by_prefix[prefix], number)
        for number in range(100_000)
        if (prefix := derived(f"t{number}")[:7]) in by_prefix or by_prefix.setdefault(prefix, number) is None
    )
    first, second = (f"t{number}" for number in pair)
    assert read(f"- [ ] {first}\n")[first].id == derived(first)[:7]
    tasks = read(f"- [ ] {first}\n", f"- [ ] {second}\n")
    size = len(tasks[first].id)
    assert size > 7
    assert derived(first)[: size - 1] == derived(second)[: size - 1]
    assert {tasks[first].id, tasks[second].id} == {derived(first)[:size], derived(second)[:size]}


def test_a_derived_id_gives_way_to_an_explicit_one() -> None:
    name = derived("a")[:7]
    tasks = read(f"- [ ] a\n- [ ] b id:{name}\n")
    assert tasks["b"].id == name
    assert tasks["a"].id == derived("a")[:8]


def test_the_first_of_equal_explicit_ids_holds() -> None:
    tasks = read("- [ ] a id:x\n- [ ] b id:x\n")
    assert (tasks["a"].id, tasks["b"].id) == ("x", derived("b")[:7])
    assert tasks["b"].explicit_id == "x"


TITLES = st.sampled_from(["a", "b", "c c", "d"])
OUTLINES = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["-", "*", "1."]), TITLES, st.sampled_from(["", " id:i", " #t"])
    ),
    min_size=1,
    max_size=10,
)


def _outline(lines: list[tuple[int, str, str, str]]) -> str:
    written = []
    depth = -1
    for wanted, marker, title, key in lines:
        depth = min(wanted, depth + 1)
        written.append(f"{'    ' * depth}{marker} [ ] {title}{key}\n")
    return "".join(written)


@examples(150)
@given(OUTLINES, st.data())
def test_ids_are_unique_and_survive_ticks_keys_and_moves(
    lines: list[tuple[int, str, str, str]], draw: st.DataObject
) -> None:
    before = parse(_outline(lines).encode())
    tasks = read_tasks({"f.md": before})
    ids = [task.id for task in tasks]
    assert len(set(ids)) == len(ids)
    assert not any(other.startswith(name) for name in ids for other in ids if other != name and len(name) > 6)
    edits = [SetStatus(task.anchor, Status.DONE) for task in tasks if draw.draw(st.booleans())]
    keys = [SetKey(task.anchor, "failed", "1") for task in tasks if draw.draw(st.booleans())]
    after = apply(before.data, [*edits, *keys], file="f.md").data
    assert [task.id for task in read_tasks({"f.md": parse(b"Some text.\n\n" + after)})] == ids
    moved = read_tasks({"f.md": parse(b"# New place !high\n\nSome text.\n\n" + after)})
    unique = [number for number, task in enumerate(tasks) if task.anchor.alone]
    assert [moved[number].id for number in unique] == [ids[number] for number in unique]


def test_time_is_linear() -> None:
    def seconds(count: int) -> float:
        text = "# h after:x !high\n\n" + "".join(
            f"- [ ] parent {n} #tag id:p{n}\n  1. [ ] child\n  2. [ ] child after:p{n}\n"
            for n in range(count)
        )
        document = parse(text.encode())
        return cpu_seconds(lambda: read_tasks({"f": document}))

    assert grows_linearly(seconds, 200, 2000)
