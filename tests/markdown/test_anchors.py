"""Where is this task in that version? Versions before and after, and what is found there."""

from __future__ import annotations

import pytest

from mdtodo.markdown.anchors import anchors, place_digest
from mdtodo.markdown.document import parse
from mdtodo.markdown.task_index import TaskIndex, Unclear
from mdtodo.markdown.tasks import read_tasks

FILE = "TODO.md"


def found(before: str, line: int, after: str, *, file: str = FILE, **more: str) -> int | str:
    """The line on which the task of that line of `before` is found in `after`; `more` are other files, then."""
    documents = {name: parse(text.encode()) for name, text in {FILE: before, **more}.items()}
    task = next(one for one in read_tasks(documents) if (one.file, one.line) == (FILE, line))
    document = parse(after.encode())
    index = TaskIndex(document, file).find(task.anchor)
    return document.items[index].line if isinstance(index, int) else index


SECTIONS = "# A\n- [ ] t\n# B\n- [ ] t\n"
RUNS = "- [ ] t run:a\n- [ ] t run:b\n- [ ] t run:c\n"
LIST = "- [ ] t\n" * 3


@pytest.mark.parametrize(
    ("before", "line", "after", "there"),
    [
        pytest.param("- [ ] t\n", 1, "# New\n- [ ] u\n- [x] t !high failed:2\n", 3, id="unique"),
        pytest.param("- [ ] t\n", 1, "- [ ] t run:a\n", 1, id="unique, with a processor by now"),
        pytest.param(SECTIONS, 2, SECTIONS, 2, id="equal, the first"),
        pytest.param(SECTIONS, 4, SECTIONS, 4, id="equal, the second"),
        pytest.param(SECTIONS, 4, "# N\n- [ ] t\n" + SECTIONS, 6, id="equal, one more elsewhere"),
        pytest.param("# B\n- [ ] t\n", 2, SECTIONS, 4, id="unique, one more elsewhere"),
        pytest.param(RUNS, 2, "- [ ] other\n\ntext\n\n" + RUNS.replace("[ ]", "[x]"), 6, id="moved down"),
        pytest.param(RUNS, 1, "- [ ] other\n" + RUNS, None, id="a neighbour came"),
        pytest.param(RUNS, 3, "- [ ] other\n" + RUNS, 4, id="neighbours are what they were"),
        pytest.param(RUNS, 2, RUNS.replace("run:b", "run:b failed:1 done:2026-01-01 worker:w"), 2, id="our keys"),
        pytest.param(RUNS, 2, RUNS.replace("run:b", "run:b !high"), None, id="other keys"),
        pytest.param(LIST, 2, LIST, 2, id="all equal"),
        pytest.param(LIST, 2, "- [ ] u\n\n# H\n" + LIST, None, id="all equal, under another heading"),
        pytest.param(LIST, 1, "- [ ] t\n" * 2, None, id="all equal, one less"),
        pytest.param(LIST, 1, "- [ ] t\n" * 4, None, id="all equal, one more"),
        pytest.param(SECTIONS, 2, "# A\n- [ ] t\n# C\n- [ ] t\n", None, id="the other's heading was renamed"),
        pytest.param(SECTIONS, 2, "# A\n- [ ] t\n", None, id="the other went"),
        pytest.param(SECTIONS, 2, "# B\n- [ ] t\n", None, id="it went"),
        pytest.param("- [ ] t id:x\n", 1, "# H\n1. [ ] t id:x\n- [ ] t\n", 2, id="by its id"),
        pytest.param("- [ ] t id:x\n- [ ] t id:y\n", 2, "- [ ] t id:y\n", 1, id="by its id, of equal ones"),
        pytest.param("- [ ] t id:x\n", 1, "- [ ] t id:x\n" * 2, None, id="two with its id"),
        pytest.param("- [ ] t id:x\n- [ ] u id:x\n", 1, "- [ ] t id:x\n", None, id="there were two with its id"),
    ],
)  # fmt: skip
def test_a_task_is_here_or_cannot_be_told(before: str, line: int, after: str, there: int | None) -> None:
    place = found(before, line, after)
    assert isinstance(place, Unclear) if there is None else place == there


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("- [ ] t\n", "- [ ] u\n", "no task has that title"),
        ("- [ ] t run:a\n", "- [ ] t run:b\n", "it has run:b now, and what was run is a"),
        ("- [ ] t id:x\n", "- [ ] u id:x\n", "the task with the id 'x' says something else now: 'u'"),
        ("- [ ] t id:x\n", "- [ ] t id:y\n", "has the id 'y'"),
    ],
)
def test_a_task_that_is_nowhere_is_no_unclear_one(before: str, after: str, reason: str) -> None:
    place = found(before, 1, after)
    assert reason in str(place)
    assert not isinstance(place, Unclear)


def test_an_equal_task_of_another_file_counts_too() -> None:
    task, other = "# P\n- [ ] t run:a\n", {"b.md": "# P\n- [ ] t run:a\n"}
    assert found(task, 2, "# P\n- [ ] new\n- [ ] t run:a\n", **other) == 3
    assert isinstance(found(task, 2, "# Q\n- [ ] t run:a\n", **other), Unclear)
    assert found(task, 2, "# Q\n- [ ] t run:a\n") == 2
    assert isinstance(found(task, 2, task, file="b.md", **other), Unclear)
    assert found(task, 2, task, file="b.md") == 2
    assert isinstance(found("- [ ] t id:x\n", 1, "- [ ] t id:x\n", **{"b.md": "- [ ] u id:x\n"}), Unclear)


def test_the_digest_of_a_place_tells_equal_tasks_apart() -> None:
    text = "# A\n- [ ] t\n- [ ] t\n- [ ] t !high\n# B\n- [ ] t\n"
    ticked = text.replace("t !high", "t failed:2 !high").replace("[ ]", "[x]")
    first, later = (anchors(parse(one.encode()), FILE) for one in (text, ticked))
    digests = [place_digest(one) for one in first]
    assert digests == [place_digest(one) for one in later]
    assert len({*digests, *(place_digest(one) for one in anchors(parse(text.encode()), "b.md"))}) == 8
