"""Settings behave as frozen dataclasses of the standard library do."""

from __future__ import annotations

import dataclasses
import pickle
import typing
from copy import deepcopy
from dataclasses import FrozenInstanceError, InitVar, field
from typing import Any

import pytest

from mdtodo.config.settings import DEFAULT, Config
from mdtodo.core.light import dataclasses as light_dataclasses
from mdtodo.core.light import named_tuples as light_named_tuples
from mdtodo.core.task import Anchor


class _Fields:
    """Of both classes."""

    first: int
    second: tuple[str, ...] = ()
    third: dict[str, int] = field(default_factory=dict, metadata={"doc": "words"})
    aside: int = 0


def made(decorate: Any) -> Any:
    names: dict[str, Any] = {
        "__annotations__": _Fields.__annotations__,
        "__module__": __name__,
        "__doc__": "A.",
    }
    names |= {"second": (), "third": field(default_factory=dict, metadata={"doc": "words"})}
    names["aside"] = field(default=0, compare=False, repr=False)
    return decorate(frozen=True, slots=True)(type("Made", (), names))


OURS, THEIRS = made(light_dataclasses.dataclass), made(dataclasses.dataclass)


@pytest.mark.parametrize(
    ("values", "named"),
    [((1,), {}), ((1, ("a",), {"b": 2}), {}), ((), {"first": 1, "third": {}}), ((2,), {"second": ("x",)})],
)
def test_an_instance_is_what_that_of_the_standard_library_is(values: Any, named: Any) -> None:
    one, other = OURS(*values, **named), THEIRS(*values, **named)
    assert repr(one) == repr(other)
    assert dataclasses.asdict(one) == dataclasses.asdict(other)
    assert one == OURS(*values, **named)
    assert one != dataclasses.replace(one, first=9)
    assert one == dataclasses.replace(one, aside=9)
    assert one != other
    assert deepcopy(one) == one
    assert [(each.name, each.metadata) for each in dataclasses.fields(one)] == [
        (each.name, each.metadata) for each in dataclasses.fields(other)
    ]


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"first": 1}), ((1,), {"fourth": 1})]
)
def test_wrong_arguments_are_refused_as_there(values: Any, named: Any) -> None:
    for cls in (OURS, THEIRS):
        with pytest.raises(TypeError):
            cls(*values, **named)


def test_nothing_of_it_changes() -> None:
    for cls in (OURS, THEIRS):
        one = cls(1)
        with pytest.raises(FrozenInstanceError):
            one.first = 2
        with pytest.raises(FrozenInstanceError):
            del one.first
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            one.other = 2
    assert hash(OURS(1, (), 2)) == hash(OURS(1, (), 2)) == hash(THEIRS(1, (), 2))


def _made_once(decorate: Any) -> tuple[Any, Any]:
    """A class of what a command makes once, and one that inherits from it."""
    unlike = {"slots": True, "eq": False, "repr": False}

    @decorate(**unlike)
    class Base:
        given: InitVar[int]
        first: int
        second: list[int] = field(default_factory=list)
        total: int = field(init=False)
        count: int = field(init=False, default=7)

        def __post_init__(self, given: int) -> None:
            self.total = given + self.first

    @decorate(kw_only=True, **unlike)
    class Derived(Base):
        third: str
        fourth: str = "d"

        def __post_init__(self, given: int) -> None:
            Base.__post_init__(self, given + 100)

    return Base, Derived


def test_what_is_made_once_is_made_as_by_the_standard_library() -> None:
    seen = []
    for decorate in (light_dataclasses.dataclass, dataclasses.dataclass):
        base, derived = _made_once(decorate)
        one, other = base(1, 2), base(given=1, first=2, second=[3])
        third = derived(1, 2, third="t")
        one.first = 5
        with pytest.raises(AttributeError):
            one.unknown = 1
        assert one != base(1, 2)
        assert hash(one) != hash(other)
        seen.append([dataclasses.asdict(each) for each in (one, other, third)])
        for values, named in [
            ((1,), {}),
            ((1, 2), {"third": 3}),
            ((1, 2, [], 4), {}),
            ((1, 2), {"total": 3}),
        ]:
            with pytest.raises(TypeError):
                base(*values, **named)
        with pytest.raises(TypeError):
            derived(1, 2, [], "t")
        with pytest.raises(TypeError):
            derived(1, 2)
        with pytest.raises(TypeError):
            base(1, 2, given=1)
    assert seen[0] == seen[1]
    assert seen[0][2] == {"first": 2, "second": [], "total": 103, "count": 7, "third": "t", "fourth": "d"}


def test_a_configuration_goes_to_another_process_and_back() -> None:
    again = pickle.loads(pickle.dumps(DEFAULT))
    assert again == DEFAULT == Config()
    assert repr(again) == repr(DEFAULT)


def test_a_named_tuple_is_what_that_of_the_standard_library_is() -> None:
    made = []
    for base in (typing.NamedTuple, light_named_tuples.NamedTuple):

        class Place(base):  # type: ignore[misc, valid-type]
            """Where it is."""

            file: str
            line: int = 1
            names: tuple[str, ...] = ()

            @property
            def shown(self) -> str:
                return f"{self.file}:{self.line}"

            @classmethod
            def start(cls) -> Place:
                return cls("a")

        made.append(Place)
    theirs, ours = made
    assert ours.__annotations__ == {"file": "str", "line": "int", "names": "tuple[str, ...]"}
    assert (ours.__doc__, ours.__name__, ours.__module__) == (theirs.__doc__, "Place", __name__)
    assert ours.__mro__ == (ours, tuple, object)
    assert (ours._fields, ours._field_defaults) == (theirs._fields, theirs._field_defaults)
    assert typing.get_type_hints(ours) == typing.get_type_hints(theirs)
    one, other = ours("f", 2), theirs("f", 2)
    assert one == other == ("f", 2, ())
    assert (repr(one), one.shown, ours.start()) == (repr(other), other.shown, theirs.start())
    assert isinstance(one._replace(line=3), ours)
    for cls in made:
        with pytest.raises(TypeError):
            cls()


def test_a_named_tuple_goes_to_another_process_and_back() -> None:
    place = Anchor("f", None, "d", 0)
    again = pickle.loads(pickle.dumps(place))
    assert (again, type(again)) == (place, Anchor)
