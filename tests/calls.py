"""`mdtodo` called many times: each call is a process of its own, forked from one that has imported everything.

Run as a program it is that process: requests come as JSON lines on standard input, exit codes go out.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_MODULES = (
    *("git", "mistune", "pathspec", "psutil", "rich.console", "rich.live", "sqlite3", "statistics"),
    *("mdtodo.cli.commands.run", "mdtodo.cli.commands.list", "mdtodo.cli.context", "mdtodo.cli._set_status"),
    *(
        "mdtodo.storage.database",
        "mdtodo.storage.state",
        "mdtodo.run.run",
        "mdtodo.execution.local.pool",
    ),
    *("mdtodo.reporting.summary", "mdtodo.reporting.progress", "mdtodo.reporting.json_documents"),
    "mdtodo.reporting.table",
)


@dataclass(frozen=True)
class Said:
    """What a call came to; a negative code is the signal that ended it."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Calls:
    """`calls(cwd, "run", "--json", NAME="value")` is one call of `mdtodo`, waited for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, cwd: Path | str, *args: str, without: str = "", **env: str) -> Said:
        """`without="journal"`: what the call records is forgotten at once; `without="links"`: as where the
        file system has no hard links; `without="leases"`: nobody looks whether a file is being written;
        `without="patience"`: one that is being written is not waited for.
        """
        self.start(cwd, *args, without=without, **env)
        return self.wait()

    def start(self, cwd: Path | str, *args: str, without: str = "", **env: str) -> int:
        """Start the call, which leads a process group; its process id."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        given = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"} | env
        request = {"cwd": str(cwd), "args": args, "env": given, "without": without}
        self._server.stdin.write(json.dumps(request | {"out": str(self._folder)}) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def wait(self) -> Said:
        """What became of the call."""
        assert self._server.stdout is not None
        code = int(self._server.stdout.readline())
        out, err = ((self._folder / name).read_text(errors="replace") for name in ("out", "err"))
        assert "Traceback" not in err, err
        assert "bug in mdtodo" not in err, err
        return Said(code, out, err)

    def close(self) -> None:
        self._server.communicate(timeout=120)


def _serve() -> None:
    from importlib import import_module

    for name in _MODULES:
        import_module(name)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(request)
        _answer(pid)
        _answer(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _answer(number: int) -> None:
    os.write(1, b"%d\n" % number)


def _child(request: dict[str, Any]) -> None:
    code = 99
    try:
        os.setpgid(0, 0)
        for fd, name in ((1, "out"), (2, "err")):
            path = f"{request['out']}/{name}"
            with suppress(FileNotFoundError):
                os.unlink(path)  # what an earlier call has left running may still write to it
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), fd)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        time.tzset()
        _do_without(request["without"])
        code = _call(request["args"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        os._exit(code)


def _do_without(what: str) -> None:
    from mdtodo.storage.state import StateStore

    def refuse(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if what == "journal":
        record = StateStore.record
        StateStore.record = lambda self, records: record(self, [one._replace(lands=False) for one in records])  # type: ignore[method-assign]
    elif what == "leases":
        from contextlib import nullcontext

        from mdtodo.system import write_lease

        write_lease.write_in_place = lambda target, expected, new, *, durable=True: False
        write_lease.read_lease = lambda *_: nullcontext(write_lease.ReadLease(None))  # type: ignore[assignment]
    elif what == "patience":
        from mdtodo.system import write_lease

        write_lease.PATIENCE = 0.2
    elif what == "links":
        os.link = refuse  # type: ignore[assignment]


def _call(args: list[str]) -> int:
    from mdtodo.cli import main
    from mdtodo.system import failpoints

    failpoints.arm(os.environ)
    sys.stdin = os.fdopen(0)
    try:
        main(args)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    return 0


if __name__ == "__main__":
    _serve()
