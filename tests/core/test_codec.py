"""Named tuples survive their JSON, and nothing else is taken for one."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core import codec
from mdtodo.core.results import Failure, Outcome, Result, RunReport, TaskRun
from mdtodo.core.task import Anchor, Finding, Priority, Severity, Status, Task
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Mapping


class Point(NamedTuple):
    """With a default, so that a longer one can be read by who knows it."""

    x: int
    y: float = 0.5


class Name(NamedTuple):
    text: str


class All(NamedTuple):
    """Each form that an annotation may have."""

    points: tuple[Point, ...]
    pair: tuple[int, Point]
    chosen: Point | None
    kinds: frozenset[Status]
    numbers: Mapping[str, float] = MappingProxyType({})
    places: dict[str, Point] = {}  # noqa: RUF012  # nobody changes it
    lists: list[tuple[str, ...]] = []  # noqa: RUF012
    status: Status | None = None
    either: Point | Name = Point(1)
    scalar: int | str | None = None
    anything: Any = None


TEXTS = st.text(st.characters(codec=None))
POINTS = st.builds(Point, st.integers(), st.floats(allow_nan=False))
ALL = st.builds(
    All,
    st.lists(POINTS).map(tuple),
    st.tuples(st.integers(), POINTS),
    st.none() | POINTS,
    st.frozensets(st.sampled_from(Status)),
    st.dictionaries(TEXTS, st.floats(allow_nan=False)),
    st.dictionaries(TEXTS, POINTS, max_size=3),
    st.lists(st.lists(TEXTS, max_size=3).map(tuple), max_size=3),
    st.none() | st.sampled_from(Status),
    either=POINTS | st.builds(Name, TEXTS),
    scalar=st.none() | st.integers() | TEXTS,
    anything=st.none() | st.lists(st.booleans()),
)


@examples(200)
@given(ALL)
def test_a_tuple_survives_its_json_by_place_and_by_name(original: All) -> None:
    plain = original._replace(either=codec.named(original.either))  # type: ignore[arg-type]
    assert codec.loads(All, codec.dumps(plain)) == original
    assert codec.loads(All, codec.dumps(codec.named(plain))) == original
    assert "\n" not in codec.dumps(original)


@pytest.mark.parametrize(
    "value",
    [
        Finding("TODO.md", 3, Severity.ERROR, "unknown-id", "no task has the id 'a\x1f\udcff'"),
        Result(None, failed_by=Failure.LOST, outputs={"held": []}, metrics={"a": 1}),
        RunReport("r", "s", "f", (TaskRun("a", "A", "TODO.md", 1, Outcome.DONE, None),), unopened=("b",)),
        Task(
            *("a", None, "TODO.md", 1, "A", Status.DONE, Priority.HIGH), tags=("x",), anchor=Anchor(*"abc", 0)
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_kept_or_handed_on_survives(value: Any) -> None:
    assert codec.loads(type(value), codec.dumps(value)) == value


def test_what_a_newer_version_adds_is_passed_over_and_what_an_older_one_lacks_has_its_default() -> None:
    assert codec.decode(Point, [1, 2, "more"]) == codec.decode(Point, {"x": 1, "y": 2, "z": 3}) == Point(1, 2)
    assert codec.decode(Point, [1]) == codec.decode(Point, {"x": 1}) == Point(1)


def test_by_their_names_fields_with_their_default_are_left_out() -> None:
    assert codec.named(Point(1)) == {"x": 1}
    assert codec.named(Point(1, 2)) == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        *((Point, data) for data in ([], {}, {"y": 1}, ["1"], [1, None], 1, "x", None, [[1]])),
        *((tuple[int, ...], data) for data in ("12", {}, [1, "2"], None)),
        *((tuple[int, str], data) for data in ([1], [1, "a", 2], ["a", 1])),
        *((Status, data) for data in ("Done", 1, None, ["done"])),
        *((dict[str, Point], data) for data in ([], {"a": 1}, {"a": {}})),
        *((Point | Name, data) for data in ({}, [1], {"z": 1}, {"text": 1})),
        (tuple[Point | Name, ...], [{"x": 1}, {}]),
        *((Status | None, data) for data in ("", 0)),
    ],
)
def test_anything_else_is_refused(kind: Any, data: object) -> None:
    with pytest.raises(ValueError, match="this is no"):
        codec.decode(kind, data)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        codec.dumps(Point(object()))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Expecting"):
        codec.loads(Point, "[1,")


def test_the_json_is_what_pythons_own_encoder_makes_of_a_tuple() -> None:
    value = Point(1), Status.DONE, [Name("a")]
    assert json.loads(codec.dumps(value)) == json.loads(json.dumps(value))
