"""The options that `run` and `worker` have in common, given to the command as one value."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mdtodo.cli._run import report_left_out
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
    from mdtodo.run.run import SelectedTasks
    from mdtodo.run.run_options import Options

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

    def wanted(self, session: Session) -> SelectedTasks:
        """The tasks that are asked for; says which of those that are named do not match the filters."""
        from mdtodo.run.run import select_tasks

        found = select_tasks(session.repo, session.config, self.ids, self.selection(session))
        report_left_out(found.left_out)
        return found

    def options(self, session: Session, wanted: SelectedTasks, **more: Any) -> Options:
        """What a run of these tasks is asked for. Raises UsageError where a push is, and nothing is committed."""
        from mdtodo.run.run_options import Options

        commit = "none" if self.no_commit else session.config.commit
        if self.push:
            from mdtodo.landing.push.after_run import refuse_push_without_commit

            refuse_push_without_commit(commit, asked=self.no_commit)
        what = wanted.chosen, wanted.asked, self.jobs or 0, commit
        return Options(*what, limit=self.limit, fresh=self.fresh, **more)


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
