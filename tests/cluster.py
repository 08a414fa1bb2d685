"""A real cluster on loopback: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.processes import DEADLINE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SCHEDULER = ("--host", "127.0.0.1", "--no-dashboard")
_WORKER = ("--host", "127.0.0.1", "--no-nanny", "--nthreads", "2", "--no-dashboard")


_FORGET = """
import asyncio
import sys
from distributed import Client

async def forget(dask_scheduler, worker):
    answer = dask_scheduler.handlers["heartbeat_worker"]

    async def answer_late(**known):
        found = answer(**known)
        if asyncio.iscoroutine(found):  # a worker was forgotten before
            found = await found
        if found["status"] == "missing":
            await asyncio.sleep(60)
        return found

    dask_scheduler.handlers["heartbeat_worker"] = answer_late
    await dask_scheduler.remove_worker(worker, stimulus_id="test", close=False)

with Client(sys.argv[1]) as client:
    client.run_on_scheduler(forget, worker=sys.argv[2])
"""


class Cluster:
    """A scheduler and two workers; the second one declares `gpu`."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._env = dict(env or {})
        self.scheduler = self.start_scheduler(0)
        self.workers = [self.start_worker(), self.start_worker("--resources", "gpu=1")]
        for number in range(len(self.workers)):
            eventually(lambda n=number: b"Registered to" in (folder / f"worker{n}.log").read_bytes())

    def start_scheduler(self, port: int = 0) -> subprocess.Popen[bytes]:
        (self.folder / "scheduler.json").unlink(missing_ok=True)
        where = (
            "--protocol",
            "tls" if self._env else "tcp",
            "--port",
            str(port),
            "--scheduler-file",
            str(self.folder / "scheduler.json"),
        )
        return self._start("scheduler", *_SCHEDULER, *where)

    def start_worker(self, *options: str) -> subprocess.Popen[bytes]:
        eventually(lambda: self.address)
        self._count = getattr(self, "_count", -1) + 1
        local = ("--local-directory", str(self.folder / f"local{self._count}"))
        return self._start("worker", self.address, *_WORKER, *local, *options, name=f"worker{self._count}")

    def forget_worker(self, number: int) -> None:
        """Let the scheduler take a worker for dead, as it does when it has not heard of it for `worker-ttl`; the worker
        comes to know of that later than it can say what it has done."""
        log = (self.folder / f"worker{number}.log").read_text()
        where = re.search(r"Start worker at: *(\S+)", log)
        assert where is not None
        command = [sys.executable, "-c", _FORGET, self.address, where[1]]
        subprocess.run(command, check=True, timeout=DEADLINE)

    @property
    def address(self) -> str:
        with suppress(OSError, ValueError):
            return str(json.loads((self.folder / "scheduler.json").read_text())["address"])
        return ""

    @property
    def url(self) -> str:
        return self.address.replace("tcp:", "dask:")

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, kind: str, *options: str, name: str = "") -> subprocess.Popen[bytes]:
        with (self.folder / f"{name or kind}.log").open("wb") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
            null = subprocess.DEVNULL
            return subprocess.Popen(
                command,
                stdin=null,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | self._env,
            )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, isolated_home: Path) -> Iterator[Cluster]:
    """One that nobody harms."""
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    yield found
    found.close()


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """One whose processes may be killed and stopped."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    yield found
    found.close()


@pytest.fixture
def tls_cluster(tmp_path: Path) -> Iterator[tuple[Cluster, dict[str, str]]]:
    """One with TLS, and the environment of whoever may use it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    key = authority.issue_cert("localhost", "127.0.0.1")
    key.private_key_and_cert_chain_pem.write_to_path(tmp_path / "key.pem")
    name = "DASK_DISTRIBUTED__COMM__TLS__"
    env = {f"{name}CA_FILE": str(tmp_path / "ca.pem")}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        env |= {
            f"{name}{who}__CERT": str(tmp_path / "key.pem"),
            f"{name}{who}__KEY": str(tmp_path / "key.pem"),
        }
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder, env)
    yield found, env
    found.close()
