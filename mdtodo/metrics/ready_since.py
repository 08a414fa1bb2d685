"""Since when tasks have been ready, as far as anybody has seen: kept in `mdtodo/ready.json`, which may be deleted."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.git.repository import Repository
    from mdtodo.planning.plan import Plan


def ready_since(
    plan: Plan, ready: Iterable[str], finished: Mapping[str, float], seen: Mapping[str, float], now: float
) -> dict[str, float]:
    """For each task that is `ready`, since when, in Unix time: the last result that freed it, or that it had itself,
    where the journal has one (`finished`, by task); else when it was `seen` to be so first, which may be `now`."""
    found: dict[str, float] = {}
    for name in ready:
        task = plan.tasks[name]
        results = [finished[one] for one in (name, *task.after, *task.children) if one in finished]
        if (day := _begin_of(task.not_before)) is not None:
            results.append(day)
        first = seen.get(name, max(results, default=now))
        # one that has run since, and failed, is ready anew
        found[name] = min(now, max(first, finished.get(name, 0.0)))
    return found


def _begin_of(day: str | None) -> float | None:
    """The moment from which a task with `from:` may be done."""
    try:
        return None if day is None else datetime.fromisoformat(day).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def seen_before(repo: Repository) -> dict[str, float]:
    """What was kept; nothing where it cannot be read."""
    try:
        with open(_path(repo), "rb") as file:
            return {str(name): float(since) for name, since in json.loads(file.read()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keep_seen(repo: Repository, since: Mapping[str, float]) -> None:
    """Keep it, as far as that is possible; nothing is made where there is no state yet."""
    path = _path(repo)
    if not os.path.isdir(os.path.dirname(path)):
        return
    part = f"{path}.{os.getpid()}"
    with suppress(OSError):
        try:
            with open(part, "w", encoding="utf-8") as file:
                json.dump(since, file)
            os.replace(part, path)
        finally:
            with suppress(OSError):
                os.unlink(part)


def _path(repo: Repository) -> str:
    return os.path.join(folder(repo), "ready.json")
