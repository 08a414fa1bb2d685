"""The options that `run` and `worker` have in common, given to the command as one value."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mdtodo.cli.options import (
    can_option,
    filters,
    fresh_option,
    ids_argument,
    jobs_option,
    json_option,
    limit_option,
    no_commit_option,
    push_option,
    remote_option,
    selection,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdtodo.cli.context import Session
    from mdtodo.planning.selection import Selection

    Function = TypeVar("Function", bound=Callable[..., Any])


class Given(NamedTuple):
    """What was asked for, as click gives it; `filters` are the options that choose tasks."""

    ids: tuple[str, ...]
    jobs: int | None
    can: str | None
    no_commit: bool
    push: bool
    remote: str | None
    limit: int | None
    fresh: bool
    as_json: bool
    filters: Mapping[str, Any]

    def selection(self, session: Session) -> Selection:
        """The tasks that the filters choose."""
        return selection(session, self.filters)

    def commit(self, session: Session) -> str:
        """What is committed: as the configuration has it, unless nothing is to be."""
        return "none" if self.no_commit else session.config.commit


_OPTIONS = (
    *(ids_argument(required=False), jobs_option, can_option, no_commit_option, push_option),
    *(remote_option, limit_option, fresh_option, filters, json_option),
)


def run_options(function: Function) -> Function:
    """Add these options to a command `(session, given, **own)`."""
    own = inspect.signature(function).parameters

    @wraps(function)
    def command(session: Session, /, **values: Any) -> Any:
        mine = {name: values.pop(name) for name in own if name in values}
        shared = {name: values.pop(name) for name in Given._fields if name in values}
        return function(session, Given(**shared, filters=values), **mine)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command  # type: ignore[return-value]  # click keeps the function that it is given
