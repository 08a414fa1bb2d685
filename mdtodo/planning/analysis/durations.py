"""How long something takes, as people write it: estimates as on a task's line, what was measured to the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.markdown.keys.estimates_and_dates import format_estimate

if TYPE_CHECKING:
    from mdtodo.planning.plan import Plan


def format_seconds(value: float) -> str:
    """A duration that was measured: `0.4s`, `12s`, `3m05s`, `2h10m`."""
    # From there on `.1f` would give `10.0s`.
    if value < 9.95:
        return f"{value:.1f}s"
    whole = round(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def format_minutes(minutes: float) -> str:
    """Work that was estimated, measured, or both added up. A day has 8 hours, as in an estimate.

    >>> length(90), length(720), length(0.2), length(2.5), length(90.2), length(1e-6), length(0)
    ('1h30m', '1d4h', '12s', '2m30s', '1h30m', '<0.1s', '0m')
    """
    # What would be rounded to `0.0s`.
    if 0 < minutes < 0.05 / 60:
        return "<0.1s"
    if minutes == round(minutes) or minutes >= 60:
        return format_estimate(round(minutes))
    return format_seconds(minutes * 60)


def format_factor(value: float) -> str:
    """What an estimate is multiplied by, in two digits: `0.4`, `1.3`, `12`, `0.00028`."""
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def format_task_duration(plan: Plan, task_id: str) -> str:
    """Of one open task, as the plan reckons with it; "" where it has none."""
    minutes = plan.minutes.get(task_id, 0)
    if not minutes:
        return ""
    # What was measured is time on the clock: 12 hours of it are no day and a half.
    measured = plan.tasks[task_id].estimate is None or task_id in plan.corrected
    return format_seconds(minutes * 60) if measured and minutes >= 60 else format_minutes(minutes)
