"""The far end: on each worker of the cluster a station, with one local pool of ours.

So timeouts, process trees, outputs and exit codes are those of a run on that machine. A station knows nothing of tasks,
and begins no attempt twice.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, cast

from distributed import WorkerPlugin, get_worker

import mdtodo
from mdtodo.clones.source import CloneSource
from mdtodo.core import codec
from mdtodo.core.results import Failure, Proven, Result
from mdtodo.errors import MdtodoError
from mdtodo.execution.dask.content import ContentCache, pack
from mdtodo.execution.dask.messages import INLINE, Chunk, Outbox, message_of, piece_of, size_of
from mdtodo.execution.dask.pool_thread import PoolThread
from mdtodo.execution.executor import AttemptEvent

if TYPE_CHECKING:
    from distributed import Worker

    from mdtodo.core.task import Json

#: What the plugin is called on a worker.
NAME = "mdtodo"
#: Seconds that commands have to end when nobody is left who would hear of them.
_GRACE = 1.0
#: Seconds for which events of attempts that came together, as they are short, may gather.
_GATHER = 0.05
#: So many cancellations of attempts that are not here are remembered, for those that are on their way; and so many that
#: were begun, none of which begins again.
_TOMBSTONES, _BEGUN = 10_000, 100_000


class Station(WorkerPlugin):
    """One for each worker, whoever sent it first; it outlives the runs."""

    name = NAME
    idempotent = True

    def setup(self, worker: Worker) -> None:
        """Called by Dask on the worker."""
        self.version = mdtodo.__version__
        self._worker = worker
        self._folder = tempfile.mkdtemp(prefix="mdtodo-", dir=worker.local_directory)
        self._open: dict[str, _Batch] = {}
        self._batches: dict[str, _Batch] = {}
        self._begun: dict[str, None] = {}
        self._tombstones: dict[str, None] = {}
        self._caches: dict[str, ContentCache] = {}
        self._lock = threading.Lock()
        self._pool = PoolThread(worker.state.nthreads, self._deliver)
        self._pool.start()

    def teardown(self, worker: Worker) -> None:
        """Called by Dask when the worker ends, as when it has lost its scheduler."""
        self._pool.close()
        for batch in list(self._batches.values()):
            batch.abandon()
        shutil.rmtree(self._folder, ignore_errors=True)

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Called by Dask. What nobody waits for any more is ended: the runner is gone, or has cancelled it."""
        batch = self._batches.get(key)
        if batch is not None and finish not in ("executing", "memory", "error", "ready"):
            self._abandon(batch)

    # What the runner asks for, on the worker's event loop

    def hello(self) -> dict[str, Any]:
        """What is here: the version of mdtodo, and what the worker can do."""
        state = self._worker.state
        can = sorted(state.total_resources)
        return {"version": self.version, "threads": state.nthreads, "resources": can}

    def cancel(self, attempt: str) -> None:
        """End an attempt, or let it end as soon as it comes."""
        with self._lock:
            if attempt not in self._open:
                self._tombstones[attempt] = None
                _keep_last(self._tombstones, _TOMBSTONES)
                return
        self._pool.cancel(attempt)

    def read(self, name: str, offset: int, size: int) -> bytes:
        """A piece of what an attempt has left here."""
        return piece_of(os.path.join(self._folder, os.path.basename(name)), offset, size)

    def forget(self, *names: str) -> None:
        """All of it was read."""
        for name in names:
            with suppress(OSError):
                os.unlink(os.path.join(self._folder, os.path.basename(name)))

    def receive(self, key: str, commit: str, data: bytes | None) -> None:
        """A piece of the content that a chunk waits for; None: that was all; where none came, nobody has it."""
        if (batch := self._batches.get(key)) is not None:
            batch.inbox.put((commit, data))

    # What carries out a chunk, in a thread of Dask's

    def carry_out(self, chunk: Chunk) -> list[str]:
        """Carry out the attempts; the names of those that were begun here now, all of which have ended."""
        batch = _Batch(self._pool)
        with self._lock:
            specs = [spec for spec in chunk.specs if spec["attempt"] not in self._begun]
            self._begun |= dict.fromkeys(spec["attempt"] for spec in specs)
            _keep_last(self._begun, _BEGUN)
            self._batches[chunk.key] = batch
        try:
            self._carry_out(chunk, specs, batch)
        finally:
            with self._lock:
                del self._batches[chunk.key]
                for name in batch.left:
                    self._open.pop(name, None)
        return [spec["attempt"] for spec in specs]

    def _carry_out(self, chunk: Chunk, specs: list[dict[str, Any]], batch: _Batch) -> None:
        outbox = Outbox(partial(self._worker.log_event, chunk.topic), _GATHER if len(specs) > 1 else 0.0)
        ready = []
        for spec in specs:
            try:
                ready.append((spec, self._moved(chunk, spec, batch)))
            except (MdtodoError, OSError, ValueError) as error:
                sentence = f"its worker has no content: {error}"
                result = Result(None, error=sentence, failed_by=Failure.CONFLICT)
                outbox.put(*self._told(chunk, spec, AttemptEvent("finished", spec["attempt"], result)))
        for _, moved in ready:
            self._submit(moved, batch)
        self._follow(chunk, {spec["attempt"]: spec for spec, _ in ready}, batch, outbox)
        outbox.flush()

    def _follow(self, chunk: Chunk, specs: dict[str, Any], batch: _Batch, outbox: Outbox) -> None:
        """Tell the runner of attempts until all have ended, or nobody waits for them."""
        while batch.left:
            try:
                event = batch.inbox.get(timeout=outbox.patience)
            except Empty:
                outbox.flush()
                continue
            if event is None:
                return
            if isinstance(event, AttemptEvent):
                outbox.put(*self._told(chunk, specs[event.attempt], event))
                if event.ends:
                    batch.left.discard(event.attempt)
                    self._open.pop(event.attempt, None)

    def _submit(self, spec: dict[str, Any], batch: _Batch) -> None:
        attempt = spec["attempt"]
        with self._lock:
            batch.left.add(attempt)
            self._open[attempt] = batch
            dead = self._tombstones.pop(attempt, False) is None or batch.abandoned
        if dead:
            batch.inbox.put(AttemptEvent("finished", attempt, Result(None, interrupted=True)))
        else:
            self._pool.submit(spec)

    def _moved(self, chunk: Chunk, spec: dict[str, Any], batch: _Batch) -> dict[str, Any]:
        """The spec, as it is on this machine."""
        terms = dict(spec["clone"] or spec["commit"])
        there = codec.decode(CloneSource, terms["source"])
        cache = self._cache(chunk.cache)
        commit = terms["base"] if spec["clone"] else terms["commit"]
        if cache.lacks(commit, there.algorithm):
            self._fetch(chunk, cache, commit, batch)
        cache.fetch_submodules(there, commit)
        terms["source"] = cache.source(there)
        place: dict[str, Any] = {
            "root": cache.folder,
            "cwd": cache.folder,
            "log": self._path(spec, "log"),
            "spool": None,
        }
        if isinstance(spec["run"], list) and spec["run"][0] == spec.get("interpreter"):
            place["run"] = [sys.executable, *spec["run"][1:]]
        return {**spec, "clone" if spec["clone"] else "commit": terms, **place}

    def _fetch(self, chunk: Chunk, cache: ContentCache, commit: str, batch: _Batch) -> None:
        """Ask the runner for a commit; a second time for all of it, where what it is based on is missing."""
        for known in (cache.tips(), []):
            wanted = {"wants": commit, "key": chunk.key, "tips": known, "station": self._worker.address}
            self._worker.log_event(chunk.topic, wanted)
            data = batch.content(commit)
            try:
                return cache.take(commit, data)
            except MdtodoError:
                if not known:
                    raise
        return None

    def _cache(self, name: str) -> ContentCache:
        with self._lock:
            return self._caches.setdefault(name, ContentCache(os.path.basename(name)))

    def _path(self, spec: Json, what: str) -> str:
        # the name of an attempt has slashes
        return os.path.join(self._folder, f"{cast('str', spec['attempt']).replace('/', '~')}.{what}")

    def _told(self, chunk: Chunk, spec: dict[str, Any], event: AttemptEvent) -> tuple[dict[str, Any], int]:
        """What the runner is told, with what the attempt has left where that is little; and its bytes."""
        message = message_of(event)
        if event.ends:
            files = {"log": self._path(spec, "log"), "pack": self._path(spec, "pack")}
            if (error := self._pack(chunk, event, files["pack"])) is not None:
                message = message_of(event._replace(result=error))
            sizes = {what: size_of(path) for what, path in files.items()}
            message |= {"station": self._worker.address, "sizes": sizes, "files": {}}
            names = {what: os.path.basename(path) for what, path in files.items()}
            if sum(sizes.values()) <= INLINE:
                message["files"] = {what: piece_of(path, 0, INLINE) for what, path in files.items()}
                self.forget(*names.values())
            message["names"] = names
        return message, sum(map(len, message.get("files", {}).values()))

    def _pack(self, chunk: Chunk, event: AttemptEvent, path: str) -> Result | None:
        """Pack the commit of what it changed; the result where that cannot be done."""
        changes = None if event.result is None else event.result.changes
        if event.result is None or changes is None:
            return None
        proven = codec.decode(Proven, dict(changes))
        if proven.commit == proven.base:
            return None
        try:
            data = pack(self._cache(chunk.cache).folder, [proven.commit], [proven.base])
            with open(path, "wb") as file:
                file.write(data)
        except (MdtodoError, OSError) as error:
            return event.result._replace(changes=None, error=f"what it changed cannot be sent: {error}")
        return None

    # What the pool says, in its thread

    def _deliver(self, event: AttemptEvent) -> None:
        batch = self._open.get(event.attempt)
        if batch is not None:
            batch.inbox.put(event)

    def _abandon(self, batch: _Batch) -> None:
        """End a chunk's attempts, as a pool does whose runner is gone: gently, and a second later at once."""
        batch.abandon()
        for name in list(batch.left):
            self._pool.cancel(name)
            timer = threading.Timer(_GRACE, self._pool.cancel, (name,))
            timer.daemon = True
            timer.start()


class _Batch:
    """A chunk at work. `inbox` has events of its attempts, content that came for it, and None when it is abandoned;
    `left` are the attempts that have not ended."""

    def __init__(self, pool: PoolThread) -> None:
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.left: set[str] = set()
        self.abandoned = False

    def abandon(self) -> None:
        """Nobody waits for it."""
        self.abandoned = True
        self.inbox.put(None)

    def content(self, commit: str) -> bytes:
        """Wait for the pack of a commit. Raises MdtodoError where nobody sends one."""
        pieces: list[bytes] = []
        while (found := self.inbox.get()) is not None:
            name, data = found
            if name == commit and data is not None:
                pieces.append(data)
            elif name == commit:
                if not pieces:
                    raise MdtodoError(f"the runner has no commit {commit}")
                return b"".join(pieces)
        raise MdtodoError("the runner is gone")


def _keep_last(names: dict[str, None], count: int) -> None:
    while len(names) > count:
        del names[next(iter(names))]


def carry_out(chunk: Chunk) -> list[str]:
    """The task that Dask runs for a chunk."""
    return cast("Station", get_worker().plugins[NAME]).carry_out(chunk)


def ask(method: str, *args: Any, dask_worker: Worker) -> Any:
    """What the runner calls on a worker (`Client.run`): a method of its station; None where there is none."""
    station = dask_worker.plugins.get(NAME)
    return None if station is None else getattr(station, method)(*args)
