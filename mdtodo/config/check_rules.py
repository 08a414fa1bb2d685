"""The settings of `[tool.mdtodo.check]`: what `check` says of each kind of finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.config.shapes import (
    InvalidError,
    Table,
    ValueType,
    any_name,
    check_name,
    choice,
    key,
    list_of,
    must_be,
    shown,
    table,
)
from mdtodo.core.codes import CODES
from mdtodo.core.names import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from dataclasses import dataclass
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Keys that a task can be asked to have.
REQUIRED_KEYS = (
    "after",
    "assignee",
    "due",
    "est",
    "every",
    "from",
    "id",
    "lane",
    "needs",
    "priority",
    "run",
    "worker",
)


def _code(value: object) -> Any:
    if not isinstance(value, str):
        raise must_be("the code of a finding", value)
    if value not in CODES:
        raise InvalidError(f"unknown code {shown(value)}{suggestion(value, CODES)}")
    return value


_CODES = list_of("a list of codes of findings", ValueType("the code of a finding", _code))


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What `check` makes of each kind of finding, and what it asks of tasks."""

    error: tuple[str, ...] = key(_CODES, "Findings of `check` that are errors.", ())
    warning: tuple[str, ...] = key(_CODES, "Findings that are warnings.", ())
    ignore: tuple[str, ...] = key(_CODES, "Findings that are not reported.", ())
    per_file_ignores: Mapping[str, tuple[str, ...]] = table(
        Table(_CODES, any_name), "Findings that are not reported in files that match this pattern."
    )
    require: Mapping[str, tuple[str, ...]] = table(
        Table(list_of("a list of keys", choice(*REQUIRED_KEYS)), check_name("tag")),
        "Keys that open tasks with this tag must have.",
    )

    def __bool__(self) -> bool:
        """Whether any of them changes what is reported."""
        return bool(self.error or self.warning or self.ignore or self.per_file_ignores)

    def without(self, codes: Collection[str]) -> CheckRules:
        """The same, but that nothing is made of findings with these codes."""

        def rest(given: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(code for code in given if code not in codes)

        return CheckRules(
            rest(self.error),
            rest(self.warning),
            rest(self.ignore),
            {pattern: rest(given) for pattern, given in self.per_file_ignores.items()},
            self.require,
        )


def contradictions(given: Mapping[str, Any]) -> Iterator[InvalidError]:
    """Codes that stand in two lists, of which only one can hold."""
    seen: dict[str, str] = {}
    for name in ("error", "warning", "ignore"):
        for code in given.get(name, ()):
            if seen.setdefault(code, name) != name:
                yield InvalidError(f"{code} stands in `{seen[code]}` too", ("check", name))
