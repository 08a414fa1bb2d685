"""A cluster on this machine, to try it: `python -m mdtodo.execution.dask.local_cluster N`.

In a process and a session of its own, so that Ctrl-C is for the runner alone. It says where its scheduler is on
standard output, and ends with its standard input, as when the runner dies.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO, Any

from mdtodo.errors import MdtodoError

_PATIENCE = 10.0


class LocalCluster:
    """The near end of it."""

    def __init__(self, workers: int) -> None:
        command = [sys.executable, "-m", __name__, str(workers)]
        quiet = {"stderr": subprocess.DEVNULL, "start_new_session": True}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process: subprocess.Popen[bytes] = subprocess.Popen(command, **pipes, **quiet)  # type: ignore[call-overload]

    def address(self) -> str:
        """Where its scheduler is, after waiting for that."""
        out: IO[bytes] | None = self._process.stdout
        line = out.readline().decode().strip() if out is not None else ""
        if not line:
            raise MdtodoError("the local cluster could not be started")
        return line

    def close(self) -> None:
        """End it."""
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                end.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()


def main(workers: int) -> None:
    """The cluster, until standard input ends."""
    from distributed import LocalCluster as Cluster

    made: Any = Cluster
    each = {"n_workers": workers, "threads_per_worker": 1}
    with made(**each, host="127.0.0.1", dashboard_address=None, silence_logs=50) as cluster:
        sys.stdout.write(f"{cluster.scheduler_address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
