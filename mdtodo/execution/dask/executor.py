"""An Executor whose attempts run on a Dask cluster, but for those that are to run here."""

from __future__ import annotations

import hashlib
import os
import uuid
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from mdtodo.core import codec
from mdtodo.core.receipt import Output
from mdtodo.core.results import Failure, Proven, Result
from mdtodo.errors import MdtodoError
from mdtodo.execution.dask.content import pack, show_files, unpack
from mdtodo.execution.dask.messages import Chunk
from mdtodo.execution.dask.pool_thread import PoolThread
from mdtodo.execution.executor import PREFETCH, AttemptEvent, ExecutorGoneError
from mdtodo.execution.processors.attempt_log import create
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.marks import fingerprint, mark
from mdtodo.outputs.survey import survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Json
    from mdtodo.execution.dask.address import Address
    from mdtodo.execution.dask.connection import Connection
    from mdtodo.execution.dask.local_cluster import LocalCluster
    from mdtodo.git.repository import Repository

#: Seconds for which a lost scheduler is waited for.
RECONNECT = 60.0
#: Attempts that take fewer seconds on average go together.
_SHORT = 0.05
#: While each place has so many of them, others gather for up to so many seconds.
_BACKLOG, _GATHER = 8, 0.1


class DaskExecutor:
    """An `Executor` on the cluster at `address`. A spec that says `local` runs here, with `jobs` processes (0: one for
    each core); each other one needs `commit`, the content that it begins with, and may have `needs`."""

    elsewhere = True

    def __init__(
        self, address: Address, repo: Repository, *, jobs: int = 0, reconnect: float = RECONNECT
    ) -> None:
        self._address, self._repo, self._reconnect = address, repo, reconnect
        self._local = PoolThread(jobs, self._put)
        self._local_started = False
        self._cluster: LocalCluster | None = None
        self._connection: Connection | None = None
        self._ready: SimpleQueue[AttemptEvent | ExecutorGoneError | None] = SimpleQueue()
        self._known: set[str] = set()
        self._here: set[str] = set()
        self._waiting: list[dict[str, Any]] = []
        self._waits_since = 0.0
        self._under_way: dict[str, Json] = {}
        self._mean: float | None = None
        self._topic = f"mdtodo/{uuid.uuid4().hex}"

    @property
    def capacity(self) -> int:
        """The threads of the workers that are there; at least 1, as more may come."""
        return max(1, 0 if self._connection is None else self._connection.workers.threads)

    def unmet(self, needs: frozenset[str]) -> str | None:
        """See `Executor.unmet`."""
        workers = None if self._connection is None else self._connection.workers
        if not needs or workers is None or not workers.count:
            return None  # they may come
        return self.awaited(needs)

    def awaited(self, needs: frozenset[str]) -> str | None:
        """See `Executor.awaited`."""
        workers = None if self._connection is None else self._connection.workers
        if workers is None or not workers.count:
            return "the cluster has no workers"
        if any(needs <= one for one in workers.resources):
            return None
        words = " and ".join(sorted(needs))
        return f"no worker of the cluster declares {words} (`dask worker --resources`)"

    def open(self) -> None:
        """Connect, which is waited for. Raises MdtodoError where there is no scheduler. A second call does nothing."""
        if self._connection is not None:
            return
        try:
            from mdtodo.execution.dask.connection import Connection
        except ModuleNotFoundError as missing:
            hint = "pip install 'git-mdtodo[dask]'"
            raise MdtodoError(
                "a cluster needs dask.distributed, which is not installed", hint=hint
            ) from missing
        where = self._address.dask or self._start_cluster()
        calls: dict[str, Any] = {"deliver": self._arrived, "content": self._content, "gone": self._gone}
        connection = Connection(where, self._topic, self._reconnect, **calls)
        try:
            connection.open()
        except BaseException:
            self.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """See `Executor.close`."""
        if self._connection is not None:
            self._connection.close()
        if self._local_started:
            self._local.close()
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def submit(self, spec: Json) -> None:
        """See `Executor.submit`."""
        attempt = cast("str", spec["attempt"])
        if attempt in self._known:
            return
        self._known.add(attempt)
        self._under_way[attempt] = spec
        if spec.get("local"):
            self._submit_here(spec)
        else:
            self._waits_since = self._waits_since if self._waiting else monotonic()
            self._waiting.append(dict(spec))

    def events(self, timeout: float | None = None) -> list[AttemptEvent]:
        """See `Executor.events`. Raises ExecutorGoneError where the scheduler did not come back."""
        found: list[AttemptEvent] = []
        if timeout is None and not self._under_way and self._ready.empty():
            return found
        deadline = None if timeout is None else monotonic() + timeout
        with_patience = timeout is None or timeout > 0
        while True:
            gathers = self._flush()
            try:
                left = None if deadline is None else max(0.0, deadline - monotonic())
                event = self._ready.get(
                    with_patience, left if gathers is None else min(gathers, left or gathers)
                )
            except Empty:
                if not with_patience or (deadline is not None and monotonic() >= deadline):
                    return found
                continue
            with_patience = False
            if isinstance(event, ExecutorGoneError):
                raise event
            if event is not None:
                found.append(self._taken(event))

    def cancel(self, attempt: str) -> None:
        """See `Executor.cancel`."""
        for spec in self._waiting:
            if spec["attempt"] == attempt:
                self._waiting.remove(spec)
                self._put(AttemptEvent("finished", attempt, Result(None, interrupted=True)))
                return
        if attempt in self._here:
            self._local.cancel(attempt)
        elif attempt in self._under_way and self._connection is not None:
            self._connection.cancel(attempt)

    def wake(self) -> None:
        """See `Executor.wake`."""
        self._ready.put(None)

    def _start_cluster(self) -> str:
        from mdtodo.execution.dask.local_cluster import LocalCluster

        self._cluster = LocalCluster(self._address.workers)
        try:
            return self._cluster.address()
        except BaseException:
            self.close()
            raise

    def _submit_here(self, spec: Json) -> None:
        if not self._local_started:
            self._local_started = True
            self._local.start()
        self._here.add(cast("str", spec["attempt"]))
        self._local.submit(spec)

    def _put(self, event: AttemptEvent) -> None:
        self._ready.put(event)

    def _taken(self, event: AttemptEvent) -> AttemptEvent:
        if event.ends:
            self._under_way.pop(event.attempt, None)
            if event.result is not None and event.attempt not in self._here:
                seconds = event.result.duration
                self._mean = seconds if self._mean is None else self._mean + (seconds - self._mean) / 8
            self._here.discard(event.attempt)
        return event

    def _gone(self) -> None:
        url, patience = self._address.url, self._reconnect
        self._ready.put(ExecutorGoneError(f"the scheduler at {url} did not come back within {patience:g} s"))

    # What is sent

    def _flush(self) -> float | None:
        """Send what waits: alike attempts together, while they are short. Seconds for which these may gather still."""
        if self._connection is None or not self._waiting:
            return None
        if (left := self._gathers()) > 0:
            return left
        waiting, self._waiting = self._waiting, []
        groups: dict[frozenset[str], list[dict[str, Any]]] = {}
        for spec in waiting:
            groups.setdefault(frozenset(spec.get("needs") or ()), []).append(spec)
        size = self._chunk_size(len(waiting))
        for needs, specs in groups.items():
            for start in range(0, len(specs), size):
                some = specs[start : start + size]
                names = tuple(spec["attempt"] for spec in some)
                key = f"mdtodo/{names[0]}/{len(names)}"
                chunk = Chunk(key, self._topic, self._cache, names, codec.dumps(some))
                self._connection.send(chunk, needs)
        return None

    def _gathers(self) -> float:
        """Seconds for which short attempts may wait for others, as all workers have enough to do."""
        if self._chunk_size(PREFETCH * self.capacity) == 1 or len(self._waiting) >= PREFETCH * self.capacity:
            return 0.0
        if len(self._under_way) - len(self._waiting) < _BACKLOG * self.capacity:
            return 0.0
        return self._waits_since + _GATHER - monotonic()

    def _chunk_size(self, count: int) -> int:
        if self._mean is None or self._mean >= _SHORT:
            return 1
        return max(1, min(PREFETCH, -(-count // self.capacity)))

    @property
    def _cache(self) -> str:
        """What the repository's cache is called on workers."""
        where = f"{uuid.getnode():x} {self._repo.common_dir}"
        return hashlib.sha256(where.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def _content(self, commit: str, known: list[str]) -> bytes:
        return pack(self._repo.common_dir, [commit], known)

    # What comes back, in the connection's thread

    def _arrived(self, event: AttemptEvent, files: Mapping[str, bytes]) -> None:
        spec = self._under_way.get(event.attempt)
        if event.ends and spec is not None and event.result is not None:
            event = event._replace(result=self._kept(spec, event.result, files))
        self._put(event)

    def _kept(self, spec: Json, result: Result, files: Mapping[str, bytes]) -> Result:
        """The result, once what came with it is kept here."""
        if log := files.get("log"):
            result = _keep_log(cast("str", spec["log"]), log, result)
        try:
            if data := files.get("pack"):
                unpack(self._repo.common_dir, data)
            if spec.get("clone") is None and result.outputs is not None:
                return self._with_outputs(spec, result)
        except (MdtodoError, OSError) as error:
            reason = f"what it changed cannot be kept: {error}"
            return result._replace(error=reason, failed_by=Failure.CONFLICT, changes=None)
        return result

    def _with_outputs(self, spec: Json, result: Result) -> Result:
        """Make the declared outputs here what they are there, but for those that are a person's."""
        outputs, changes = dict(result.outputs or {}), result.changes
        result = result._replace(changes=None)
        held = [Output(*one) for one in cast("Sequence[Sequence[Any]]", outputs.get("held") or ())]
        if not held or changes is None:
            return result._replace(outputs=outputs)
        commit = codec.decode(Proven, dict(changes)).commit
        there = survey(self._repo, DeclaredOutputs.of([f"/{one.path}" for one in held]))
        refused = {path: "it has changes that are not committed" for path, one in there.items() if one.theirs}
        mine = [one for one in held if one.path not in refused]
        index = os.path.join(self._repo.git_dir, f"mdtodo-{uuid.uuid4().hex}.index")
        show_files(self._repo.root, commit, [(one.path, one.digest) for one in mine], index)
        task = str(cast("Mapping[str, Any]", spec["task"])["id"])
        kept = [one._replace(digest=fingerprint(self._repo.root, one.path)) for one in mine]
        for one in kept:
            mark(self._repo, one.path, one.digest, task)
        theirs = {**cast("Mapping[str, str]", outputs.get("theirs") or {}), **refused}
        return result._replace(outputs={**outputs, "held": [[*one] for one in kept], "theirs": theirs})


def _keep_log(path: str, log: bytes, result: Result) -> Result:
    try:
        descriptor = create(path)
        with open(descriptor, "wb") as file:
            file.write(log)
    except OSError as error:
        return result._replace(log_error=f"the log could not be written: {error.strerror}")
    return result
