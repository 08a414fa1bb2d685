"""`mdtodo stats`: figures as a table, with bars and sparklines on a terminal, and as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mdtodo.core.names import counted
from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.json_documents import iso, print_json, renamed
from mdtodo.reporting.table import console, print_grid
from mdtodo.reporting.text import one_line, paragraph, shows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.text import Text

    from mdtodo.planning.analysis.metric_series import MetricSeries
    from mdtodo.planning.analysis.statistics import Estimate, Flaky, RunStatistics, Statistics

_BLOCKS = "▁▂▃▄▅▆▇█"
_STYLES = {"done": "green", "failed": "red", "deferred": "yellow", "skipped": "dim"}

_PLURALS = {"lane": "lanes", "category": "categories", "worker": "workers"}

#: Characters of a bar, and rows of the lists below the table.
_WIDTH, _ROWS = 10, 20
#: Columns that a terminal needs for sparklines, for all figures, and for more than success and median.
_WIDE, _ALL, _SOME = 110, 78, 56


def print_stats(found: Statistics, *, by: str = "processor", colored: bool) -> None:
    """The whole, then in up to four parts: processors or other groups, metrics, flaky tasks, estimated and actual."""
    click.echo(paragraph(_whole(found)) + "\n")
    groups = found.processors if by == "processor" else found.groups
    _print_groups(groups, by, colored=colored, pictures=pictured(colored))
    if found.metrics:
        click.echo("\n" + paragraph("Metrics: the last value, the lowest and the highest"))
        _print_rows([_metric_row(one) for one in found.metrics[:_ROWS]], colored=colored)
        _more(len(found.metrics))
    if found.flaky:
        click.echo("\n" + paragraph("Flaky: both passed and failed, with nothing changed in between"))
        _print_rows([_flaky_row(found, one) for one in found.flaky[:_ROWS]], colored=colored)
        _more(len(found.flaky))
    measured = [one for one in found.estimates if one.measured is not None]
    if measured:
        click.echo("\n" + paragraph("Estimated and actual (the median of successful runs)"))
        _print_rows([_estimate_row(found, one) for one in measured[:_ROWS]], colored=colored)
        _more(len(measured))
    if measured and (left := len(found.estimates) - len(measured)):
        click.echo(paragraph(f"{left} more with an estimate, but no successful run yet"))


def print_stats_json(found: Statistics, since: float | None, *, by: str = "processor") -> None:
    """`{"version": 1, "runs": ..., "processors": [...], "tasks": [...], "flaky": [...], ...}`, and with `by` the groups
    under its plural."""
    print_json(stats_document(found, since, by=by))


def stats_document(found: Statistics, since: float | None, *, by: str = "processor") -> dict[str, object]:
    """The same object."""
    groups = (
        {}
        if by == "processor"
        else {_PLURALS[by]: [{by: name, **_record(one)} for name, one in found.groups.items()]}
    )
    times = [one.finished for one in found.runs if one.finished is not None]
    return {
        "version": 1,
        "since": iso(since),
        "runs": len(found.runs),
        "success_rate": found.whole.success_rate,
        "tasks_per_hour": found.per_hour,
        "first_finished": iso(min(times, default=None)),
        "last_finished": iso(max(times, default=None)),
        "processors": [{"processor": name, **_record(one)} for name, one in found.processors.items()],
        **groups,
        "tasks": [
            {**_task(found, task), "processor": name, **_record(one)}
            for (task, name), one in found.tasks.items()
        ],
        "metrics": [one._asdict() for one in found.metrics],
        "flaky": [_task(found, one.task_id) | renamed(one, task_id="task") for one in found.flaky],
        "estimates": [
            _task(found, one.task_id)
            | {"estimate_hours": one.planned, "measured_hours": one.measured, "ratio": one.ratio}
            | {"runs": one.runs}
            for one in found.estimates
        ],
    }


def bar(share: float, width: int = _WIDTH) -> str:
    """A share from 0 to 1 as a bar of so many characters; only 0 is empty, only 1 is full."""
    filled = round(share * width)
    filled = max(filled, 1) if share > 0 else 0
    filled = min(filled, width - 1) if share < 1 else width
    return "█" * filled + "░" * (width - filled)


def sparkline(values: Sequence[float], bottom: float = 0.0) -> str:
    """A block for each value, as high as it is between `bottom` and the largest."""
    # of halves: the difference of two floats may be more than the largest float
    height = max(values, default=0.0) / 2 - bottom / 2
    return "".join(
        _BLOCKS[round((value / 2 - bottom / 2) / height * 7) if height > 0 else 0] for value in values
    )


def format_value(value: float) -> str:
    """A number that was measured, in six digits: `0.875`, `1200`, `1.5e-07`."""
    return f"{value:.6g}"


def draws() -> bool:
    """Whether standard output can show blocks."""
    return shows(_BLOCKS)


def pictured(colored: bool) -> bool:
    """Whether it shows them to a person, and not to a program that reads columns."""
    return (colored or sys.stdout.isatty()) and draws()


def _whole(found: Statistics) -> str:
    """`8 runs, success 50 %, 120 tasks an hour`."""
    parts = [counted(found.whole.runs, "run")]
    parts += [f"success {_percent(found.whole)} %"] if found.whole.success_rate is not None else []
    parts += [f"{_rate(found.per_hour)} tasks an hour"] if found.per_hour is not None else []
    return ", ".join(parts)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.05 or not value else "<0.1"


def _print_groups(
    groups: Mapping[str, RunStatistics] | Mapping[str | None, RunStatistics],
    by: str,
    *,
    colored: bool,
    pictures: bool,
) -> None:
    from rich.table import Table
    from rich.text import Text

    width = console(colored).width
    names = [by, *_columns(width, pictures=pictures)]
    table = Table.grid(padding=(0, 2))
    for name in names:
        left = name in (by, "latest", "recent")
        table.add_column(justify="left" if left else "right", no_wrap=True)
    table.add_row(*(Text(name, "dim") for name in names))
    drawn = (_WIDTH if width >= _WIDE else _WIDTH // 2) if pictures and width >= _ALL else 0
    for group, one in groups.items():
        cells = {
            by: Text("-") if group is None else Text(one_line(group), "cyan"),
            **{name: Text(str(count)) for name, count in _counts(one).items()},
            "success": _success(one, drawn),
            "median": Text(_seconds(one.median)),
            "p95": Text(_seconds(one.p95)),
            "latest": Text(one.last_outcome or "-", _STYLES.get(one.last_outcome or "", "")),
        }
        if "recent" in names:
            cells["recent"] = _recent(one)
        table.add_row(*(cells[name] for name in names))
    print_grid(table, colored=colored)


def _columns(width: int, *, pictures: bool) -> list[str]:
    """Those that fit."""
    if width < _SOME:
        return ["success", "median", "latest"]
    if width < _ALL:
        return ["runs", "failed", "success", "median", "latest"]
    names = ["runs", "done", "failed", "other", "success", "median", "p95", "latest"]
    return names + ["recent"] * (pictures and width >= _WIDE)


def _counts(one: RunStatistics) -> dict[str, int]:
    return {"runs": one.runs, "done": one.done, "failed": one.failed, "other": one.deferred + one.skipped}


def _success(one: RunStatistics, width: int) -> Text:
    """The success rate, after a bar of this width if that is not 0."""
    from rich.text import Text

    if one.success_rate is None:
        return Text("-")
    percent = _percent(one)
    style = "green" if not one.failed else "red" if one.success_rate < 0.5 else "yellow"
    return Text(f"{bar(one.success_rate, width)} {percent:3d} %" if width else f"{percent} %", style)


def _percent(one: RunStatistics) -> int:
    """The success rate, rounded so that only all is 100 %, and only none 0 %."""
    return min(max(round((one.success_rate or 0.0) * 100), one.done > 0), 100 - (one.failed > 0))


def _recent(one: RunStatistics) -> Text:
    """Durations of the newest runs, oldest first; those that failed in red."""
    from rich.text import Text

    heights = sparkline([took for _, took in one.recent])
    shown = Text()
    for block, (outcome, _) in zip(heights, one.recent, strict=True):
        shown.append(block, _STYLES.get(outcome, ""))
    return shown


def _print_rows(rows: list[tuple[str, ...]], *, colored: bool) -> None:
    """Id, title and figures; the figures below them where a terminal has no room beside."""
    from rich.table import Table
    from rich.text import Text

    if console(colored).width < _ALL:
        for task_id, title, *figures in rows:
            click.echo(paragraph(title, first=f"{task_id}  ", rest="  "))
            click.echo(paragraph(", ".join(filter(None, figures)), first="    ", rest="    "))
        return
    table = Table.grid(padding=(0, 2))
    for number in range(len(rows[0])):
        table.add_column(no_wrap=number != 1, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, "cyan" if number == 0 else "") for number, cell in enumerate(row)))
    print_grid(table, colored=colored)


def _metric_row(one: MetricSeries) -> tuple[str, ...]:
    course = sparkline(one.recent, min(one.recent)) if draws() and len(one.recent) > 1 else ""
    bounds = f"{format_value(one.lowest)} to {format_value(one.highest)}" if one.runs > 1 else ""
    times = counted(one.runs, "run")
    return one_line(one.processor), one_line(one.name), format_value(one.last), bounds, times, course


def _flaky_row(found: Statistics, one: Flaky) -> tuple[str, ...]:
    if one.evidence == "inputs":
        why = f"{one.done} done and {one.failed} failed with the same inputs"
    else:
        why = f"passed on retry {_times(one.done)}"
    return (*_named(found, one.task_id), one_line(one.processor), why)


def _estimate_row(found: Statistics, one: Estimate) -> tuple[str, ...]:
    took = "-" if one.measured is None else _seconds(one.measured * 3600)
    percent = 0.0 if one.ratio is None else one.ratio * 100
    ratio = "" if one.ratio is None else "<0.1 %" if percent < 0.1 else f"{percent:.3g} %"
    planned = format_estimate(round(one.planned * 60))
    return (*_named(found, one.task_id), f"estimated {planned}", f"actual {took}", ratio)


def _named(found: Statistics, task_id: str) -> tuple[str, str]:
    return one_line(task_id), one_line(found.titles.get(task_id) or "(title unknown)")


def _more(count: int) -> None:
    if count > _ROWS:
        click.echo(f"... and {count - _ROWS} more; --json has all")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value * 1000:.0f}ms" if value < 0.0995 else format_seconds(value)


def _task(found: Statistics, task_id: str) -> dict[str, object]:
    return {"task": task_id, "title": found.titles.get(task_id)}


def _record(one: RunStatistics) -> dict[str, object]:
    found = renamed(one, median="median_duration", p95="p95_duration", total="total_duration")
    recent = [{"outcome": outcome, "duration": took} for outcome, took in one.recent]
    return found | {
        "total_duration": round(one.total, 3),
        "last_finished": iso(one.last_finished),
        "recent": recent,
    }
