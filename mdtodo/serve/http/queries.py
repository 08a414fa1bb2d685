"""What a query asks for: filters as `list` has them, a page, a number. An unknown name is refused, with the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.names import suggestion
from mdtodo.core.task import OLD_STATES, Complexity, Priority, State, Status
from mdtodo.planning.selection import Selection
from mdtodo.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from starlette.datastructures import QueryParams

#: By the name in a query: the field of a Selection, and the values that it takes, where these are known.
FILTERS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "state": ("states", (*(one.value for one in State), Status.TODO.value, *OLD_STATES)),
    "status": ("statuses", (*(one.value for one in State), Status.TODO.value, *OLD_STATES)),
    "priority": ("priorities", tuple(one.value for one in Priority)),
    "category": ("categories", None),
    "tag": ("tags", None),
    "file": ("files", None),
    "text": ("texts", None),
    "section": ("sections", None),
    "assignee": ("assignees", None),
    "worker": ("workers", None),
    "lane": ("lanes", None),
    "complexity": ("complexities", tuple(one.value for one in Complexity)),
}
#: What may have a comma in it.
_WHOLE = ("text", "section", "file")
#: Filters of one value.
MORE_FILTERS = ("overdue", "due_before", "can")
#: Entries of a page: at most, and of those lists that grow for ever where nothing is said.
MOST, FEW = 1000, 100


class Query:
    """The query of a request. `known`: what this route takes, besides `project`."""

    def __init__(self, given: QueryParams, *known: str, filters: bool = False) -> None:
        self._given = given
        names = ("project", *known, *((*FILTERS, *MORE_FILTERS) if filters else ()))
        for name in given:
            if name not in names:
                raise Problem(422, f"no parameter {name[:40]!r} here{suggestion(name, names)}")

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """What makes another query another one."""
        return tuple(sorted(self._given.multi_items()))

    @property
    def project(self) -> str | None:
        """The repository that is meant."""
        return self.text("project")

    def text(self, name: str) -> str | None:
        """One value, None where it was left out or is empty."""
        return self._value(name) or None

    def _value(self, name: str) -> str | None:
        """As it is written, None where it was left out."""
        values = self._given.getlist(name)
        if len(values) > 1:
            raise Problem(422, f"{name} can be given once")
        if values and "\0" in values[0]:
            raise Problem(422, f"{name} has a character that no text has")
        return values[0] if values else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Several values: of several parameters, or, where these are names, parted by commas."""
        values = self._given.getlist(name)
        if name not in _WHOLE:
            values = [one.strip() for value in values for one in value.split(",")]
        if any("\0" in one for one in values):
            raise Problem(422, f"{name} has a character that no text has")
        return tuple(filter(None, values))

    def number(
        self, name: str, default: int | None = None, *, least: int = 1, most: int = MOST
    ) -> int | None:
        """A whole number in these bounds."""
        text = self._value(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise Problem(422, f"{name} is a number from {least} to {most}")
        return int(text)

    def choice(self, name: str, among: Collection[str]) -> str | None:
        """One of these words."""
        value = self._value(name)
        if value is not None and value not in among:
            raise Problem(422, f"{name} {value[:40]!r} is none: {', '.join(among)}{suggestion(value, among)}")
        return value

    def flag(self, name: str) -> bool:
        """Whether it is true; `?name` alone is."""
        if name not in self._given:
            return False
        return not self._value(name) or self.choice(name, ("true", "false", "1", "0")) in ("true", "1")

    def selection(self) -> Selection:
        """The tasks that the filters mean."""
        from mdtodo.planning.dates import local_today

        given = {field: self._filter(name, known) for name, (field, known) in FILTERS.items()}
        return Selection(
            **given,
            due_before=self._date("due_before"),
            overdue=local_today().isoformat() if self.flag("overdue") else None,
            can=frozenset(self.texts("can")) if "can" in self._given else None,
        )

    def _filter(self, name: str, known: Sequence[str] | None) -> tuple[str, ...]:
        values = self.texts(name)
        if known is not None and not values and name in self._given:
            raise Problem(422, f"{name} is empty: it is one of {', '.join(known)}")
        for one in values:
            if known is not None and one not in known:
                raise Problem(422, f"{name} {one[:40]!r} is none: {', '.join(known)}")
        return tuple(OLD_STATES.get(one, one) for one in values) if name in ("state", "status") else values

    def _date(self, name: str) -> str | None:
        from mdtodo.planning.dates import local_today, read_date

        value = self.text(name)
        return None if value is None else read_date(value, local_today())


def page_of(
    entries: Iterable[dict[str, object]], cursor: str | None, limit: int | None, name_of: Callable[..., str]
) -> tuple[list[dict[str, object]], str | None]:
    """The entries behind the one that the cursor names, no more than `limit`; and the next cursor. Raises Problem where
    the cursor names nothing any more."""
    rest = list(entries)
    if cursor is not None:
        places = [place for place, one in enumerate(rest) if name_of(one) == cursor]
        if not places:
            raise Problem(422, "the cursor names nothing here: the list has changed; ask again without it")
        rest = rest[places[0] + 1 :]
    if limit is None or len(rest) <= limit:
        return rest, None
    return rest[:limit], name_of(rest[limit - 1])
