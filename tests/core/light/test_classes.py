"""Settings behave as frozen dataclasses of the standard library do."""

from __future__ import annotations

import dataclasses
import pickle
import typing
from copy import deepcopy
from dataclasses import FrozenInstanceError, field
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
