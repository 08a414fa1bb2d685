"""Options that several commands share, and completion of what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from mdtodo.core.task import OLD_STATES, Complexity, Priority, State, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.planning.selection import Selection
    from mdtodo.project.project import Project

    Function = TypeVar("Function", bound=Callable[..., Any])
    _Choice = click.Choice[str]  # type: ignore[type-arg, unused-ignore]  # generic since click 8.2
else:
    _Choice = click.Choice


def _is_open(task: Task) -> bool:
    return not task.status.closed


def _is_done(task: Task) -> bool:
    return task.status is Status.DONE


def _reopens(task: Task) -> bool:
    return task.status is not Status.TODO or task.failures > 0


#: The tasks whose ids a command completes; others complete all.
_COMPLETED: Mapping[str, Callable[[Task], bool]] = {
    "run": _is_open,
    "claim": _is_open,
    "release": _is_open,
    "worker": _is_open,
    "watch": _is_open,
    "done": _is_open,
    "cancel": _is_open,
    "next": _is_open,
    "expand": _is_open,
    "verify": _is_done,
    "prove": _is_done,
    "reopen": _reopens,
}


def complete_id(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
    """Ids that begin so, each with its title, of tasks that the command is for; nothing where there is no
    repository."""
    from click.shell_completion import CompletionItem

    from mdtodo.errors import MdtodoError

    try:
        tasks = _session(ctx).project(tolerant=True).tasks.values()
    except (MdtodoError, OSError):
        return []
    wanted = _COMPLETED.get(ctx.info_name or "")
    return [
        CompletionItem(task.id, help=task.title[:60])
        for task in tasks
        if task.id.startswith(incomplete) and (wanted is None or wanted(task))
    ]


def complete_section(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Headings that begin so, whatever the case of their letters; nothing where there is no repository."""
    from mdtodo.errors import MdtodoError
    from mdtodo.markdown.keys.read import read_keys

    try:
        documents = _session(ctx).project(tolerant=True).documents.values()
    except (MdtodoError, OSError):
        return []
    titles = dict.fromkeys(read_keys(one.text).title for document in documents for one in document.headings)
    return [title for title in titles if title.casefold().startswith(incomplete.casefold())]


def complete_recipe(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of recipes that begin so."""
    from mdtodo.recipes import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


def complete_pattern(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of patterns that begin so; the built-in ones where the configuration cannot be read."""
    from mdtodo.config.settings import DEFAULT
    from mdtodo.errors import MdtodoError
    from mdtodo.planning.expand.patterns import patterns

    try:
        config = _session(ctx).config
    except (MdtodoError, OSError):
        config = DEFAULT
    return [name for name in patterns(config) if name.startswith(incomplete)]


def _session(ctx: click.Context) -> Session:
    from mdtodo.cli.context import Session

    return Session.start(ctx.find_root().params.get("directory") or (), "never", False)


def ids_argument(*, required: bool) -> Callable[[Function], Function]:
    """`ID…`: ids, or beginnings of ids that fit one task."""
    return _several("ids", "ID", required=required)


def tasks_argument(*, required: bool) -> Callable[[Function], Function]:
    """`TASK…`: ids as in `ids_argument`, or words of titles."""
    return _several("names", "TASK", required=required)


def _several(field: str, noun: str, *, required: bool) -> Callable[[Function], Function]:
    metavar = f"{noun}..." if required else f"[{noun}]..."
    return click.argument(field, nargs=-1, required=required, metavar=metavar, shell_complete=complete_id)


def named_tasks(project: Project, names: Sequence[str]) -> list[Task]:
    """The tasks that these ids, or words of titles, mean, each once; UsageError where one means none or several."""
    from mdtodo.errors import UsageError

    try:
        return list({task.id: task for task in map(project.find_titled, names)}.values())
    except UsageError as error:
        if len(names) > 1 and " " not in "".join(names):
            whole = " ".join(names)
            hint = f"{error.hint}; put the words of one title in quotes: {whole!r}"
            raise UsageError(error.sentence, hint=hint) from error
        raise


token_option = click.option(
    "--token", type=int, metavar="T", help="Of a task that was claimed: the token that `claim` printed."
)


def claimed_with(token: int | None, asked: Collection[object]) -> int | None:
    """The token, if one task was named with it; UsageError where there are more."""
    from mdtodo.errors import UsageError

    if token is not None and len(asked) != 1:
        raise UsageError("--token is that of one task: name its id")
    return token


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
jobs_option = click.option(
    "-j", "--jobs", type=click.IntRange(min=0), help="How many tasks run at once; 0: one per core."
)


def duration_option(name: str, help: str, default: str | None = None) -> Callable[[Function], Function]:  # noqa: A002
    """A time such as `90s` or `10m`; a number alone is one of seconds."""
    shown = default is not None
    return click.option(
        name, metavar="TIME", default=default, show_default=shown, callback=_duration, help=help
    )


def _duration(_ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    from mdtodo.config.value_types import parse_duration

    try:
        seconds = None if value is None else parse_duration(f"{value}s" if value.isdigit() else value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time such as 90s, 5m or 1h30m", param=param) from error
    if seconds is not None and seconds <= 0:
        raise click.BadParameter("must be more than 0", param=param)
    return seconds


limit_option = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Start at most N tasks.")
push_option = click.option(
    "--push", is_flag=True, help="Push the branch, updated from its upstream; never force."
)
no_commit_option = click.option(
    "--no-commit", is_flag=True, help="Tick only in the work tree; commit nothing."
)
#: The filter of commands that only show tasks; for those that run them `can_option` says the same.
can_filter = click.option(
    "--can", metavar="A,B", help="Needs nothing but these capabilities; '' for nothing at all."
)
can_option = click.option(
    "--can",
    metavar="A,B",
    help="What this machine can: run only tasks that need nothing beyond it.  [default: $MDTODO_CAN, or git config"
    " mdtodo.can]",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would run, in order; start nothing.")
remote_option = click.option(
    "--remote",
    metavar="R",
    help="Claim each task on the remote R before it starts, so that no other clone that does so runs it too.",
)
fresh_option = click.option("--fresh", is_flag=True, help="Also run tasks whose inputs are unchanged.")


class _States(_Choice):
    """States, and `todo` for every box that is open and not begun. Two older names are read as what they are called
    now, and shown nowhere."""

    name = "state"

    def __init__(self) -> None:
        super().__init__([*(state.value for state in State), Status.TODO.value])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(super().convert(OLD_STATES.get(value, value), param, ctx))


def filters(function: Function) -> Function:
    """`--state --priority --category --tag --file --section --assignee --text` and so on; most may be given several
    times."""
    for option in reversed(_filter_options()):
        function = option(function)
    return function


def _filter_options() -> list[Callable[[Function], Function]]:
    """In the order of the help."""
    return [
        _filter(
            "--state",
            "states",
            type=_States(),
            metavar="STATE",
            help="ready, manual, blocked, failed, running, doing, done or cancelled; todo: every [ ].",
        ),
        _filter("--status", "statuses", type=_States(), hidden=True),
        _filter(
            "--priority",
            "priorities",
            type=click.Choice([p.value for p in Priority]),
            metavar="PRIORITY",
            help="critical, high, medium or low.",
        ),
        _filter("--category", "categories", metavar="NAME", help="A category, or category/kind."),
        _filter("--tag", "tags", metavar="TAG", help="A tag, or the tags below it."),
        _filter(
            "--file",
            "files",
            metavar="PATH",
            # not type=: click would look for what may be a glob, and not where -C says
            shell_complete=click.Path().shell_complete,
            help="A file, a folder or a glob.",
        ),
        _filter(
            "--section", "sections", metavar="HEADING", help="Part of a heading above it; case is ignored."
        ),
        _filter("--assignee", "assignees", metavar="NAME", help="@NAME in the title."),
        _filter("--text", "texts", metavar="TEXT", help="Text in the title or body."),
        _filter("--worker", "workers", metavar="NAME", help="Reserved for this worker (worker:NAME)."),
        _filter("--lane", "lanes", metavar="LANE", help="The lane that the task runs in."),
        _filter(
            "--complexity",
            "complexities",
            type=click.Choice([c.value for c in Complexity]),
            metavar="SIZE",
            help="By estimate: simple, medium, complex or epic.",
        ),
        click.option("--overdue", is_flag=True, help="Open, and due before today."),
        click.option(
            "--due-before",
            metavar="DATE",
            callback=_date,
            help="Due before this day: 2026-12-01, tomorrow, friday or +2w.",
        ),
    ]


def _filter(name: str, field: str, **attributes: Any) -> Callable[[Function], Function]:
    return click.option(name, field, multiple=True, **attributes)


def _date(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    from mdtodo.planning.dates import local_today, read_date

    return None if value is None else read_date(value, local_today())


def selection(session: Session, given: Mapping[str, Any]) -> Selection:
    """The Selection of the filter options as click gives them. Raises UsageError where no --file is there."""
    from mdtodo.planning.selection import Selection

    files, can = session.patterns(given.get("files", ())), given.get("can")
    if can is not None:
        from mdtodo.project.capabilities import told

        can = told(can)  # of a filter only what was typed counts, not what this machine can
    overdue = _today() if given.get("overdue") else None
    return Selection(**{**given, "files": files, "overdue": overdue, "can": can})


def _today() -> str:
    from mdtodo.planning.dates import local_today

    return local_today().isoformat()
