"""`--before`: a moment in the past, as people type it."""

from __future__ import annotations

import time
from datetime import datetime

from mdtodo.config.value_types import parse_duration
from mdtodo.errors import UsageError
from mdtodo.markdown.keys.estimates_and_dates import is_date


def read_moment(text: str) -> float:
    """The moment in Unix time: so long ago (`90d`, `12h`), or the beginning of a local day (YYYY-MM-DD).

    Raises UsageError for anything else.
    """
    if is_date(text):
        return datetime.fromisoformat(text).astimezone().timestamp()
    try:
        return time.time() - parse_duration(text)
    except ValueError:
        raise UsageError(f"--before {text}: give a time such as 90d or 12h, or a date (YYYY-MM-DD)") from None
