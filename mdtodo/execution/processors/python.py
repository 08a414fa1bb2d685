"""The inside of a Python processor: a process of its own, forked from a pool process, that calls one
function.

So nothing that the function does outlives it: modules are imported afresh for each attempt, and neither
`os._exit` nor a crash, a changed folder or a thread that never ends reaches the pool. What it prints, at
any level, goes down the pipe that is its standard output. The report on how it went is written to a
file without a name.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import reduce
from typing import TYPE_CHECKING, NoReturn, cast

from mdtodo.core import codec
from mdtodo.core.results import Result
from mdtodo.core.task import Task
from mdtodo.execution.processors import process_tree
from mdtodo.execution.processors.spec import exit_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from mdtodo.core.task import Json

_FILES = 1 << 16


def fork(
    target: str,
    task: Json,
    environment: Mapping[bytes, bytes],
    folders: tuple[str, str],
    files: tuple[int, int, int],
) -> int:
    """Fork a process that calls `target` with the task; its id.

    `folders` are the root of the repository and the folder that it runs in: modules are looked for in that one first.
    `files` are the descriptors of its standard input, of its output, and of the file for its report.
    """
    # asked for before the fork: after it, the parent may be init already
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    own = os.getpid()
    try:
        _become(environment, folders, files, parent)
        report = _call(target, task)
        if os.getpid() == own:  # and not a fork that the function forgot
            _leave(report)
    except BaseException as error:
        _print_traceback(error)
    finally:
        # never back into the pool process's own code (70: EX_SOFTWARE, sysexits.h)
        os._exit(70)


def task_of(data: Json) -> Task:
    """The task that a Python processor is called with, from its JSON.

    `own_lane` and `own_run` hold what applies to it; category, kind and attempt are in the environment.
    """
    hours = cast("float | None", data.get("estimate_hours"))
    minutes = None if hours is None else round(hours * 60)
    own = {"own_lane": data.get("lane"), "own_run": data.get("processor"), "estimate": minutes}
    own["not_before"] = data.get("from")
    given = {name: value for name, value in data.items() if value is not None}
    return codec.decode(Task, {**_NO_TASK, **given, **own})


#: What stands for that of a task which is not said.
_NO_TASK = {"id": "", "explicit_id": None, "file": "", "line": 0, "title": "", "status": "todo"}


def _become(
    environment: Mapping[bytes, bytes], folders: tuple[str, str], files: tuple[int, int, int], parent: int
) -> None:
    """Turn the fork of a pool process into one of its own."""
    os.setsid()
    # `kill_by_environment` cannot find it: /proc shows the environment of the last exec, and there was none
    process_tree.die_with_parent(parent)
    # no exec resets the handlers of the pool process
    for request in process_tree.REQUESTS_TO_END:
        signal.signal(request, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # copies first: one of them may have a number that is overwritten here
    source, output, report = (os.dup(descriptor) for descriptor in files)
    for descriptor, number in ((source, 0), (output, 1), (output, 2), (report, 3)):
        os.dup2(descriptor, number, inheritable=number < 3)
    # no exec closes the pool process's channel and logs
    os.closerange(4, _FILES)
    os.chdir(folders[1])
    # in place: what was imported from os before, and C code, see it too
    os.environb.clear()
    os.environb.update(environment)
    _prepare(folders)


def call_here(target: str, task: Json, folders: tuple[str, str]) -> NoReturn:
    """As `fork`, in this process, which is one of its own already, with its environment and its folder; its report
    goes to descriptor 3."""
    _prepare(folders)
    _leave(_call(target, task))


def _prepare(folders: tuple[str, str]) -> None:
    """What a function finds of Python: streams, arguments, where modules are looked for."""
    root, cwd = folders
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape")
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1) for number in (1, 2)
    )
    sys.argv = ["mdtodo"]
    sys.path[:0] = dict.fromkeys((cwd, root))
    # a .pyc counts as current by the second and the size of its source: quick changes would be missed
    sys.dont_write_bytecode = True


def _call(target: str, task: Json) -> dict[str, object]:
    """Import, call, judge what came back. The report: `exit_code`, `error`, and what a `Result` brings."""
    try:
        return _report_of(target, _function(target)(task_of(task)))
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            # the system keeps eight bits
            return {"exit_code": (stop.code or 0) & 0xFF}
        print(stop.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
        return {"exit_code": 1}
    except NoFunctionError as error:
        print(f"mdtodo: {error}", file=sys.stderr)  # noqa: T201
        return {"exit_code": 127, "error": str(error)}
    except BaseException as error:  # a processor may raise anything, KeyboardInterrupt too
        _print_traceback(error)
        words = str(error).strip().partition("\n")[0][:500]
        return {"exit_code": 1, "error": f"{type(error).__name__}: {words}".removesuffix(": ")}


class NoFunctionError(Exception):
    """The name leads to nothing that can be called; the sentence says why."""


def _function(target: str) -> Callable[[Task], object]:
    if ":" not in target:
        return _entry_point(target)
    import importlib

    name, _, path = target.partition(":")
    module = importlib.import_module(name)
    try:
        found = reduce(getattr, path.split("."), module)
    except AttributeError:
        raise NoFunctionError(f"the module {name} has no {path!r}") from None
    if not callable(found):
        raise NoFunctionError(f"{target} is not a function")
    return cast("Callable[[Task], object]", found)


def _entry_point(name: str) -> Callable[[Task], object]:
    from importlib.metadata import entry_points

    known = entry_points(group="mdtodo.processors")
    for point in known.select(name=name):
        return cast("Callable[[Task], object]", point.load())
    names = ", ".join(sorted(known.names)) or "none"
    raise NoFunctionError(f"no entry point {name!r} in the group mdtodo.processors (installed: {names})")


def _report_of(target: str, returned: object) -> dict[str, object]:
    if returned is None:
        return {"exit_code": 0}
    if not isinstance(returned, Result):
        raise TypeError(f"{target} returned {type(returned).__name__}: a processor returns None or a Result")
    report = returned._asdict()
    for name in ("notes", "subtasks"):
        texts = report[name]
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"the {name} of the Result of {target} are not all strings")
    code = report["exit_code"]
    # `True` is an int to Python, and as an exit code the failure 1
    if code is not None and (isinstance(code, bool) or not isinstance(code, int)):
        raise TypeError(f"the exit_code of the Result of {target} is not a number")
    return report


def _print_traceback(error: BaseException) -> None:
    """As the interpreter prints it, without the frames of this module."""
    import traceback

    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames)


def _leave(report: dict[str, object]) -> NoReturn:
    """Write the report and end at once: threads that are left end with the process."""
    import atexit
    import ctypes

    # before anything else ends the process: `_ended_as` then sees that it did not end as it said
    with open(3, "wb", closefd=False) as file:
        file.write(json.dumps(report, default=str).encode())
    # not sys.exit(), which waits for threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    # C code has buffers of its own, which _exit(2) drops
    ctypes.CDLL(None).fflush(None)
    os._exit(exit_status(cast("int | None", report["exit_code"])))
