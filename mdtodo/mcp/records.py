"""Tasks and lists as an agent gets them: small, a page at a time, what strangers wrote kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.errors import UsageError
from mdtodo.planning.task_json import task_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

#: So many tasks or findings are a page, and so many ids of a list are named.
PAGE, NAMED = 20, 20
#: So many characters of a title and of a text are shown at once.
TITLE, TEXT = 200, 4000

#: What a list of tasks says of each, besides its id and its title.
_BRIEF = ("state", "priority", "file", "line", "processor", "worker", "due", "tags", "parent", "blocked_by")


def brief(plan: Plan, task: Task) -> dict[str, Any]:
    """A task in a list. Its own words stand under `words`."""
    record = task_record(plan, task.id)
    return {
        "id": task.id,
        **_filled({key: record[key] for key in _BRIEF}),
        "words": {"title": _cut(task.title)},
    }


def full(plan: Plan, task: Task, start: int = 0) -> dict[str, Any]:
    """All of a task, as `show --json` has it, and its text from that character on."""
    record = task_record(plan, task.id)
    for key in ("title", "section", "explicit_id", "kind", "depth"):
        record.pop(key)
    body = task.body[start : start + TEXT]
    words = _filled({"title": task.title[:TEXT], "section": list(task.section), "body": body})
    more = start + TEXT < len(task.body)
    return {**_filled(record), "words": words} | ({"next_cursor": str(start + TEXT)} if more else {})


def page_after(plan: Plan, matching: Sequence[Task], cursor: str | None) -> dict[str, Any]:
    """The tasks that come after the one that the cursor names, its id: so nothing is left out or told twice where
    tasks come and go meanwhile."""
    rest = matching
    if cursor is not None:
        places = {name: place for place, name in enumerate(plan.tasks)}
        if cursor not in places:
            raise UsageError(_STALE)
        rest = [task for task in matching if places[task.id] > places[cursor]]
    page = rest[:PAGE]
    more = {"next_cursor": page[-1].id} if len(rest) > PAGE else {}
    return {"tasks": [brief(plan, task) for task in page], "total": len(matching), **more}


def offset(cursor: str | None) -> int:
    """The place that a cursor names."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < _DIGITS):
        raise UsageError(_STALE)
    return int(cursor)


def plain(value: Any) -> Any:
    """The same without what no JSON can hold: halves of characters, as in names of files that are not UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def _filled(record: Mapping[str, object]) -> dict[str, object]:
    """Without what says nothing; of a long list the first ones, and how many more there are."""
    made: dict[str, object] = {}
    for key, value in record.items():
        if isinstance(value, list) and len(value) > NAMED:
            made |= {key: value[:NAMED], f"{key}_more": len(value) - NAMED}
        elif value not in (None, [], "") and (key, value) != ("failures", 0):
            made[key] = value
    return made


def _cut(title: str) -> str:
    return title if len(title) <= TITLE else title[: TITLE - 1] + "…"


_STALE = "the cursor names nothing here: the list has changed; call again without it"
_DIGITS = 12
