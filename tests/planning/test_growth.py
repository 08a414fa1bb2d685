"""Twice as much takes about twice as long, whatever a file holds."""

from __future__ import annotations

import gc
from time import process_time
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.core.names import Names
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.operations.check.findings_cache import FileSummary
from mdtodo.planning.findings import findings
from mdtodo.planning.plan import plan

if TYPE_CHECKING:
    from collections.abc import Callable


def names(word: str, count: int) -> list[str]:
    return [f"{word}{number}" for number in range(count)]


FILES: dict[str, Callable[[int], str]] = {
    "a long wait for nobody": lambda n: f"- [ ] a after:{','.join(names('n', 10 * n))}\n",
    "a long wait for others": lambda n: (
        "".join(f"- [ ] t id:{name}\n" for name in names("n", n))
        + f"- [ ] a after:{','.join(names('n', n))}\n"
    ),
    "a key for each": lambda n: (
        "- [ ] a" + "".join(f" [dependsOn:: {name}]" for name in names("n", 4 * n)) + "\n"
    ),
    "a wait that many inherit": lambda n: f"- [ ] a after:{','.join(names('n', n))}\n" + "  - [ ] sub\n" * n,
    "near misses": lambda n: "".join(f"- [ ] t id:part-{i} after:patr-{i}\n" for i in range(n)),
    "near misses of processors": lambda n: "".join(f"- [ ] t run:tests{i}\n" for i in range(n)),
}


def seconds(text: str) -> float:
    """CPU seconds of what `check` and `list` do with it, the least of three."""
    found = []
    for _ in range(3):
        gc.collect()
        gc.disable()
        began = process_time()
        document = parse(text.encode(), DEFAULT.status, file="TODO.md")
        findings(plan(read_tasks({"TODO.md": document}), DEFAULT), DEFAULT)
        found.append(process_time() - began)
        gc.enable()
    return min(found)


@pytest.mark.slow
@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
@pytest.mark.sample(4)
def test_time_grows_as_the_file_does(make: Callable[[int], str]) -> None:
    assert seconds(make(8000)) < 3 * seconds(make(4000)) + 0.05


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_what_is_remembered_of_a_file_grows_as_it_does(make: Callable[[int], str]) -> None:
    for size in (1000, 2000):
        text = make(size)
        read = read_tasks({"TODO.md": parse(text.encode(), DEFAULT.status, file="TODO.md")})
        assert len(FileSummary.of(plan(read, DEFAULT), ()).edges) <= max(text.count(","), 2 * size) + 1


def test_a_file_in_which_all_wait_for_all_is_not_remembered() -> None:
    text = "".join(f"- [ ] t id:c{i} after:c{i - 1},y{i}\n" for i in range(3000))
    read = read_tasks({"TODO.md": parse(text.encode(), DEFAULT.status, file="TODO.md")})
    made = FileSummary.of(plan(read, DEFAULT), ())
    assert (made.edges, made.text()) == ((), None)


def test_suggestions_do_not_look_at_all_names_each_time() -> None:
    known = Names([f"the-name-of-task-{number}" for number in range(20_000)])
    assert known.nearest("the-nmae-of-task-17") == "the-name-of-task-17"
    began = process_time()
    for number in range(10):
        assert known.nearest(f"the-nmae-of-tsak-{number}-x") is not None
    later = process_time() - began
    began = process_time()
    for _ in range(3):
        Names(known.names).nearest("the-nmae-of-task-17")
    assert later / 10 < (process_time() - began) / 3, "what costs time is done once"


@pytest.mark.parametrize("size", [30, 3_000])
def test_the_nearest_name_is_found_among_few_and_many(size: int) -> None:
    known = Names([*names("other-thing-", size), "Deploy", "deploy-docs", "x" * 1000])
    for wrong, right in {
        "deplyo": "Deploy",
        "deploy-dosc": "deploy-docs",
        "x" * 500: "x" * 1000,
        "other-thign-7": "other-thing-7",
        "": None,
        "zzzz": None,
    }.items():
        assert known.nearest(wrong, 0.6) == right, wrong
