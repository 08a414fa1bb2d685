"""What `check` says of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from mdtodo.config.load import load
from mdtodo.planning.findings import findings
from mdtodo.planning.plan import plan
from tests.planning.outlines import Oracle, forests, moderately, outline
from tests.timing import cpu_seconds, grows_linearly

if TYPE_CHECKING:
    from mdtodo.core.task import Finding, Task

CONFIG = load(None, b'[processors.tests]\nrun = "true"\n[processors.lint]\nrun = "true"\n')

FINDINGS = [
    pytest.param("- a\n- b id:a", ['2 error duplicate-id: the id "a" is taken by TODO.md:1'], id="duplicate"),
    pytest.param(
        "- a id:x\n- b id:x\n- c id:x",
        [
            '2 error duplicate-id: the id "x" is taken by TODO.md:1',
            '3 error duplicate-id: the id "x" is taken by TODO.md:1',
        ],
        id="by the first",
    ),
    pytest.param(
        "- setup\n- b after:setpu",
        ['2 error unknown-id: after: names the unknown id "setpu" (did you mean "setup"?)'],
        id="unknown id",
    ),
    pytest.param(
        "- setup\n- b after:qqqq",
        ['2 error unknown-id: after: names the unknown id "qqqq" (known: b, setup)'],
        id="nothing is like it",
    ),
    pytest.param(
        "- ~a1b2c3d\n- b after:~a1b2c3d",
        ['2 error unknown-id: after: names the unknown id "~a1b2c3d" (give TODO.md:1 an id: of its own)'],
        id="a derived id",
    ),
    pytest.param(
        "- a after:b\n- b after:a",
        ["1 error cycle: these tasks wait for each other: a -> b -> a"],
        id="cycle",
    ),
    pytest.param(
        "- a run:tets",
        ['1 error unknown-processor: unknown processor "tets" (did you mean "tests"?)'],
        id="processor",
    ),
    pytest.param(
        "- a run:csss\n- b run:css\n- c run:testnig",
        [
            '1 error unknown-processor: unknown processor "csss" (did you mean "css"?)',
            '3 error unknown-processor: unknown processor "testnig" (did you mean "tests"?)',
        ],
        id="recipe",
    ),
    pytest.param(
        "- a lane:hgih", ['1 error unknown-lane: unknown lane "hgih" (did you mean "high"?)'], id="lane"
    ),
    pytest.param(
        "- [x] p\n  - a\n  - [/] b\n  - [x] c",
        ["1 warning ticked-parent: ticked, but has 2 open subtasks"],
        id="ticked",
    ),
    pytest.param(
        "- [x] p\n  - a", ["1 warning ticked-parent: ticked, but has 1 open subtask"], id="ticked, one"
    ),
    pytest.param(
        "- a est:1440",
        ["1 warning epic-without-subtasks: an epic (24 h or more) without subtasks: break it down"],
        id="epic",
    ),
    pytest.param("- a est:1439", [], id="no epic"),
    pytest.param("- a est:1440\n  - b", [], id="an epic with a subtask"),
    pytest.param("- [x] a est:1440", [], id="an epic that is done"),
    pytest.param("- [-] p\n  - a", [], id="a cancelled parent is not ticked"),
    pytest.param("- [x] p\n  - [-] a", [], id="all closed"),
    pytest.param("- a run:lint lane:general\n- b after:a !low", [], id="nothing"),
]


def told(tasks: tuple[Task, ...]) -> list[str]:
    return [
        f"{one.line} {one.severity} {one.code}: {one.message}"
        for one in findings(plan(tasks, CONFIG), CONFIG)
    ]


@pytest.mark.parametrize(("text", "expected"), FINDINGS)
def test_each_finding_stands_at_its_task(text: str, expected: list[str]) -> None:
    assert told(outline(text)) == expected


def test_what_is_inherited_is_told_where_it_is_written() -> None:
    tasks = [
        task._replace(own_lane="nowhere", after=("nobody",)) if task.id != "c" else task
        for task in outline("- p\n  - a\n    - b\n- c")
    ]
    assert [line.split(":")[0] for line in told(tuple(tasks))] == [
        "1 error unknown-id",
        "1 error unknown-lane",
    ]


def test_sorted_by_file_line_and_code() -> None:
    tasks = outline("- b run:x lane:y", "b.md") + outline("- [x] p\n  - a after:a", "a.md")
    found = findings(plan(tasks, CONFIG), CONFIG)
    assert [(one.file, one.line, one.code) for one in found] == [
        ("a.md", 1, "ticked-parent"),
        ("a.md", 2, "cycle"),
        ("b.md", 1, "unknown-lane"),
        ("b.md", 1, "unknown-processor"),
    ]


def test_many_unknown_names_among_many_known_are_told_soon() -> None:
    def told(count: int) -> list[Finding]:
        tasks = outline("\n".join(f"- task-{number} after:tusk-{number}" for number in range(count)))
        return list(findings(plan(tasks, CONFIG), CONFIG))

    assert grows_linearly(lambda count: cpu_seconds(lambda: told(count)), 150, 1500)
    found = told(1500)
    assert len(found) == 1500
    assert found[0].message.endswith("""names the unknown id "tusk-0" (did you mean "task-0"?)""")


@moderately
@given(forests())
def test_every_finding_stands_at_a_task_and_is_told_once(tasks: tuple[Task, ...]) -> None:
    found: list[Finding] = findings(plan(tasks, CONFIG), CONFIG)
    oracle = Oracle(tasks)
    lines = {task.line: task for task in tasks}
    assert len(set(found)) == len(found)
    assert found == sorted(found, key=lambda one: (one.file, one.line, one.code, one.message))
    unknown = {lines[one.line].id for one in found if one.code == "unknown-id"}
    names = {
        task.id
        for task in tasks
        if not task.status.closed
        and "nobody" in task.after
        and not (task.parent and "nobody" in oracle.tasks[task.parent].after)
    }
    assert unknown == names
