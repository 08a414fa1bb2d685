"""The near end's one door to Dask: a client in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

from distributed import Client

import mdtodo
from mdtodo.errors import MdtodoError
from mdtodo.execution.dask.messages import PIECE, Chunk, event_of, lost
from mdtodo.execution.dask.station import Station, ask, carry_out
from mdtodo.execution.dask.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from mdtodo.execution.executor import AttemptEvent

#: Seconds in which a scheduler has to answer.
CONNECT = 10.0
#: Seconds between two looks at whether it is still there.
_LOOK = 0.2
#: Seconds between two looks at which workers are there.
_NEWS = 3.0
#: Seconds that the last events of a chunk may be later than its end.
_LATE = 5.0
_CLOSE = 5.0
#: The share of a resource that an attempt takes: they say what a worker has, and the threads how many it may run.
_SHARE = 1e-6


class Workers:
    """What is known of the workers that are there, by what their stations say."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        known = [one for one in found.values() if isinstance(one, dict)]
        self.count = len(known)
        self.threads = sum(int(one["threads"]) for one in known)
        self.resources = [frozenset(one["resources"]) for one in known]
        self.versions = {str(one["version"]) for one in known}


class Connection:
    """`address` is Dask's; `deliver` gets each event, and `content` gives the pack of a commit for who has these
    others. An attempt ends with one event, whatever Dask does with it. `gone` is called where the scheduler was lost
    for more than `patience` seconds. All methods are for any thread."""

    def __init__(
        self,
        address: str,
        topic: str,
        patience: float,
        *,
        deliver: Callable[[AttemptEvent, Mapping[str, bytes]], None],
        content: Callable[[str, list[str]], bytes],
        gone: Callable[[], None],
    ) -> None:
        self.workers = Workers({})
        self._address, self._topic, self._patience = address, topic, patience
        self._deliver, self._content, self._gone = deliver, content, gone
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="mdtodo cluster", daemon=True)
        self._open: dict[str, Chunk] = {}
        self._resources: dict[str, frozenset[str]] = {}
        self._held: list[tuple[Chunk, frozenset[str]]] = []
        self._connected = True
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Connect. Raises MdtodoError where no scheduler answers."""
        self._thread.start()
        if (error := self._opened.get()) is not None:
            self._thread.join()
            raise error

    def close(self) -> None:
        """Let go of the scheduler, by which all attempts that still run are ended."""
        self._call(self._closing.set)
        if self._thread.ident is not None:
            self._thread.join()

    def send(self, chunk: Chunk, needs: frozenset[str]) -> None:
        """Carry out a chunk, on a worker that declares all of this."""
        self._call(self._send, chunk, needs)

    def cancel(self, attempt: str) -> None:
        """Cancel an attempt, wherever it is."""
        self._call(self._go, self._cancel, attempt)

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(function, *args)

    # In the thread

    def _work(self) -> None:
        for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            asyncio.run(self._main())
        except Exception as error:
            self._opened.put(self._refusal(error))

    def _refusal(self, error: Exception) -> MdtodoError:
        if isinstance(error, MdtodoError):
            return error
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        return MdtodoError(f"no scheduler can be used at {self._address}: {why}")

    async def _main(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        self._client = await self._connect(CONNECT)
        self._opened.put(None)
        self._go(self._keep_looking)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _LOOK)
            if self._closing.is_set() or self._client.status == "running":
                continue
            if not await self._reconnect():
                self._gone()
                break
        await self._end(self._client)

    async def _connect(self, timeout: float) -> Client:
        await self._knock(timeout)
        options: dict[str, Any] = {"asynchronous": True, "set_as_default": False, "timeout": timeout}
        made: Any = Client
        client: Client = await made(self._address, name="mdtodo", **options)
        try:
            await client.register_plugin(Watcher())
            await client.register_plugin(Station())
            await self._look_at_workers(client)
            self._refuse_other_versions()
        except BaseException:
            await self._end(client)
            raise
        subscribe: Any = client.subscribe_topic
        subscribe(self._topic, self._heard)
        return client

    async def _knock(self, timeout: float) -> None:
        """Raise OSError at once where nobody listens, for which Dask would try again and again."""
        host, _, port = self._address.partition("://")[2].rpartition(":")
        opened = asyncio.open_connection(host.strip("[]"), int(port))
        _, writer = await asyncio.wait_for(opened, timeout)
        writer.close()

    def _refuse_other_versions(self) -> None:
        if other := sorted(self.workers.versions - {mdtodo.__version__}):
            raise MdtodoError(
                f"its workers have mdtodo {', '.join(other)}, and this is {mdtodo.__version__}: both must be the same"
            )

    async def _look_at_workers(self, client: Client) -> None:
        # a worker that was stopped never answers
        with suppress(TimeoutError):
            found = await asyncio.wait_for(client.run(ask, "hello", on_error="ignore"), CONNECT)
            self.workers = Workers(found)

    async def _keep_looking(self) -> None:
        while not self._closing.is_set():
            await asyncio.sleep(_NEWS)
            with suppress(Exception):  # the scheduler is lost, which `_main` sees
                await self._look_at_workers(self._client)

    async def _end(self, client: Client) -> None:
        with suppress(Exception):
            await asyncio.wait_for(client._close(fast=True), _CLOSE)

    async def _reconnect(self) -> bool:
        """Whether the scheduler is there again; what it had is lost."""
        self._connected = False
        for chunk in list(self._open.values()):
            self._lose(chunk.key, "the scheduler of the cluster was lost")
        await self._end(self._client)
        self.workers = Workers({})
        deadline = monotonic() + self._patience
        while not self._closing.is_set() and (left := deadline - monotonic()) > 0:
            try:
                self._client = await self._connect(min(CONNECT, left))
            except Exception:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), _LOOK)
            else:
                self._connected = True
                held, self._held = self._held, []
                for chunk, needs in held:
                    self._go(self._watch, chunk, needs)
                return True
        return self._closing.is_set()

    def _go(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        task = asyncio.ensure_future(function(*args))
        self._tasks.add(task)  # the loop itself keeps none
        task.add_done_callback(self._tasks.discard)

    def _send(self, chunk: Chunk, needs: frozenset[str]) -> None:
        self._open |= dict.fromkeys(chunk.attempts, chunk)
        if self._connected:
            self._go(self._watch, chunk, needs)
        else:
            self._held.append((chunk, needs))

    async def _watch(self, chunk: Chunk, needs: frozenset[str]) -> None:
        """Submit the chunk; what has not ended when Dask is done with it is lost."""
        reason, begun = "its worker was lost", set[str]()
        try:
            shares = dict.fromkeys(needs, _SHARE)
            submit: Any = self._client.submit  # older ones have no types
            future = submit(carry_out, chunk, key=chunk.key, retries=0, pure=False, resources=shares or None)
            begun = set(await future)
        except asyncio.CancelledError:
            reason = "the scheduler of the cluster was lost"
        except Exception as error:  # whatever Dask says: that of a killed worker, or of its own connection
            reason = f"its worker was lost ({type(error).__name__})"
        deadline = monotonic() + _LATE
        while begun & self._open.keys() and monotonic() < deadline:
            await asyncio.sleep(_LOOK / 10)
        self._lose(chunk.key, reason)

    def _lose(self, key: str, reason: str) -> None:
        for attempt in [name for name, chunk in self._open.items() if chunk.key == key]:
            self._finish(lost(attempt, reason), {})

    def _finish(self, event: AttemptEvent, files: Mapping[str, bytes]) -> None:
        # what is late, or comes twice, is of no attempt that is open
        if self._open.pop(event.attempt, None) is not None:
            self._deliver(event, files)

    async def _cancel(self, attempt: str) -> None:
        with suppress(Exception):  # who is not there ends it anyhow
            await self._client.run(ask, "cancel", attempt, on_error="ignore")

    # What stations say

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        if "wants" in message:
            self._go(self._give, message)
        for told in message.get("told", ()):
            self._told(told)

    def _told(self, message: dict[str, Any]) -> None:
        if message.get("station") is None:
            told = event_of(message)
            if told.attempt in self._open:
                self._deliver(told, {})
        elif message["files"] or not any(message["sizes"].values()):
            self._finish(event_of(message), message["files"])
        else:
            self._go(self._fetch, message)

    async def _give(self, message: dict[str, Any]) -> None:
        """Send a station the content that it lacks."""
        station, key, commit = message["station"], message["key"], message["wants"]
        with suppress(Exception):  # a station that is gone
            try:
                data = await asyncio.to_thread(self._content, commit, message["tips"])
            except Exception:
                data = b""
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                await self._client.run(ask, "receive", key, commit, piece, workers=[station])
            await self._client.run(ask, "receive", key, commit, None, workers=[station])

    async def _fetch(self, message: dict[str, Any]) -> None:
        """Get what an attempt has left, which is too much for an event."""
        files = {}
        try:
            for what, size in message["sizes"].items():
                files[what] = await self._read(message["station"], message["names"][what], size)
            names = message["names"].values()
            await self._client.run(ask, "forget", *names, workers=[message["station"]])
        except Exception:
            told = event_of(message)
            self._finish(lost(told.attempt, "its worker was lost before its output had come"), {})
        else:
            self._finish(event_of(message), files)

    async def _read(self, station: str, name: str, size: int) -> bytes:
        pieces = []
        for start in range(0, size, PIECE):
            found = await self._client.run(ask, "read", name, start, PIECE, workers=[station])
            pieces.append(found[station])
        return b"".join(pieces)
