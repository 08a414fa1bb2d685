"""The shape of an attempt's result, as plain JSON. It imports nothing, as a pool process has to start
quickly."""

from __future__ import annotations


def empty_result(error: str | None = None, *, interrupted: bool = False) -> dict[str, object]:
    """The result of an attempt whose processor did not run to an end; every result has these keys.

    `exit_code` is 0 to 255, -N for a signal N, None where no process ran to an end; `duration` in seconds;
    `error` a sentence, which means failed; `notes` and `subtasks` are texts, `metrics` numbers by name;
    `outputs` what it wrote of its declared outputs (see `outputs.snapshot`), None where it declares none;
    `tail` the last 4 KiB of output; `log_error` says why the log is incomplete.
    """
    return {
        "exit_code": None,
        "timed_out": False,
        "interrupted": interrupted,
        "duration": 0.0,
        "error": error,
        "notes": [],
        "subtasks": [],
        "metrics": {},
        "outputs": None,
        "tail": "",
        "log_error": None,
    }


def exit_status(code: int | None) -> int:
    """What the process of a Python processor exits with that reports `code`."""
    return code & 0xFF if isinstance(code, int) else 1
