"""`mdtodo stats`: figures as a table, with bars and sparklines on a terminal, and as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.json_documents import iso, print_json
from mdtodo.reporting.table import console, print_grid
from mdtodo.reporting.text import one_line, paragraph

if TYPE_CHECKING:
    from rich.text import Text

    from mdtodo.planning.analysis.statistics import Estimate, Flaky, RunStatistics, Statistics

_BLOCKS = "▁▂▃▄▅▆▇█"
_STYLES = {"done": "green", "failed": "red", "deferred": "yellow", "skipped": "dim"}

#: Characters of a bar, and rows of the lists below the table.
_WIDTH, _ROWS = 10, 20
#: Columns that a terminal needs for sparklines, for all figures, and for more than success and median.
_WIDE, _ALL, _SOME = 110, 78, 56


def print_stats(found: Statistics, *, colored: bool) -> None:
    """In up to three parts: processors, flaky tasks, estimated and actual."""
    pictures = (colored or sys.stdout.isatty()) and draws()
    _print_processors(found, colored=colored, pictures=pictures)
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


def print_stats_json(found: Statistics, since: float | None) -> None:
    """`{"version": 1, "runs": ..., "processors": [...], "tasks": [...], "flaky": [...], "estimates": [...]}`."""
    times = [one.finished for one in found.runs if one.finished is not None]
    print_json(
        {
            "version": 1,
            "since": iso(since),
            "runs": len(found.runs),
            "first_finished": iso(min(times, default=None)),
            "last_finished": iso(max(times, default=None)),
            "processors": [{"processor": name, **_record(one)} for name, one in found.processors.items()],
            "tasks": [
                {**_task(found, task), "processor": name, **_record(one)}
                for (task, name), one in found.tasks.items()
            ],
            "flaky": [{**_task(found, one.task_id), **_flaky_record(one)} for one in found.flaky],
            "estimates": [{**_task(found, one.task_id), **_estimate_record(one)} for one in found.estimates],
        }
    )


def bar(share: float, width: int = _WIDTH) -> str:
    """A share from 0 to 1 as a bar of so many characters; only 0 is empty, only 1 is full."""
    filled = round(share * width)
    filled = max(filled, 1) if share > 0 else 0
    filled = min(filled, width - 1) if share < 1 else width
    return "█" * filled + "░" * (width - filled)


def sparkline(values: list[float]) -> str:
    """A block for each value, as high as it is beside the largest."""
    top = max(values, default=0.0)
    return "".join(_BLOCKS[round(value / top * 7) if top > 0 else 0] for value in values)


def draws() -> bool:
    """Whether standard output can show blocks."""
    try:
        _BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_processors(found: Statistics, *, colored: bool, pictures: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    width = console(colored).width
    names = _columns(width, pictures=pictures)
    table = Table.grid(padding=(0, 2))
    for name in names:
        left = name in ("processor", "latest", "recent")
        table.add_column(justify="left" if left else "right", no_wrap=True)
    table.add_row(*(Text(name, "dim") for name in names))
    drawn = (_WIDTH if width >= _WIDE else _WIDTH // 2) if pictures and width >= _ALL else 0
    for processor, one in found.processors.items():
        cells = {
            "processor": Text(one_line(processor), "cyan"),
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
        return ["processor", "success", "median", "latest"]
    if width < _ALL:
        return ["processor", "runs", "failed", "success", "median", "latest"]
    names = ["processor", "runs", "done", "failed", "other", "success", "median", "p95", "latest"]
    return names + ["recent"] * (pictures and width >= _WIDE)


def _counts(one: RunStatistics) -> dict[str, int]:
    return {"runs": one.runs, "done": one.done, "failed": one.failed, "other": one.deferred + one.skipped}


def _success(one: RunStatistics, width: int) -> Text:
    """The success rate, after a bar of this width if that is not 0."""
    from rich.text import Text

    if one.success_rate is None:
        return Text("-")
    # rounded so that only all is 100 %, and only none 0 %
    percent = min(max(round(one.success_rate * 100), one.done > 0), 100 - (one.failed > 0))
    style = "green" if not one.failed else "red" if one.success_rate < 0.5 else "yellow"
    return Text(f"{bar(one.success_rate, width)} {percent:3d} %" if width else f"{percent} %", style)


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


def _flaky_record(one: Flaky) -> dict[str, object]:
    return {
        "processor": one.processor,
        "evidence": one.evidence,
        "done": one.done,
        "failed": one.failed,
    }


def _estimate_record(one: Estimate) -> dict[str, object]:
    return {
        "estimate_hours": one.planned,
        "measured_hours": one.measured,
        "ratio": one.ratio,
        "runs": one.runs,
    }


def _record(one: RunStatistics) -> dict[str, object]:
    return {
        "runs": one.runs,
        "attempts": one.attempts,
        "done": one.done,
        "failed": one.failed,
        "deferred": one.deferred,
        "skipped": one.skipped,
        "success_rate": one.success_rate,
        "median_duration": one.median,
        "p95_duration": one.p95,
        "total_duration": round(one.total, 3),
        "last_outcome": one.last_outcome,
        "last_finished": iso(one.last_finished),
        "recent": [{"outcome": outcome, "duration": took} for outcome, took in one.recent],
    }
