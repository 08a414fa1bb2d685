"""`mdtodo serve` under load, beside `python -m http.server` with the same bytes.

python benchmarks/serve.py [--tasks N] [--rate N] [--seconds N] [--streams N] [--minutes N] [--backlog COMMAND]

Requests begin at their times, whether the ones before have been answered or not (an open loop), so that a server that
stands still is not asked less. Told are the median, the 99th percentile and the longest, in milliseconds, from the time
at which a request was to begin. Then so many event streams at once: the time until all are told of a change, and the
resident memory of the server before, meanwhile and afterwards. With --minutes the load goes on for so long, while the
list changes every second, and the memory of each minute is told. With --backlog (`backlog`, of the npm package
backlog.md) as many tasks are asked of that one's server, too.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Connections that requests go over.
CONNECTIONS = 16


def repository(root: Path, tasks: int) -> None:
    lines = ["# TODO", ""]
    for number in range(tasks):
        box = "x" if number % 3 == 0 else " "
        lines.append(
            f"- [{box}] Task number {number} of the list #backend/api est:{number % 9 + 1}h id:t{number}"
        )
    (root / "TODO.md").write_text("\n".join(lines) + "\n")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Base"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)


class Served:
    """A server in a process of its own."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, program: Sequence[str] = (sys.executable, "-u")
    ) -> None:
        self.process = subprocess.Popen(
            [*program, *arguments],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        found = None
        while found is None:
            line = self.process.stdout.readline()
            assert line, "it did not start"
            found = re.search(r"(?:port |:)(\d+)", line)
        self.port = int(found[1])

    @property
    def processes(self) -> list[psutil.Process]:
        whole = psutil.Process(self.process.pid)
        return [whole, *whole.children(recursive=True)]

    @property
    def megabytes(self) -> float:
        return sum(one.memory_info().rss for one in self.processes) / 1e6

    @property
    def cpu(self) -> float:
        return sum(used.user + used.system for used in (one.cpu_times() for one in self.processes))

    def end(self) -> None:
        for one in self.processes:
            one.terminate()
        self.process.wait()


async def ask(port: int, path: str, more: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    await send(writer, path, more)
    return reader, writer


async def send(writer: asyncio.StreamWriter, path: str, more: str = "") -> None:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode())
    await writer.drain()


async def answer(reader: asyncio.StreamReader) -> tuple[str, int]:
    """The head, and how long the body was."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    found = re.search(r"(?i)content-length: (\d+)", head)
    size = int(found[1]) if found else 0
    left = size
    while left:
        part = await reader.read(min(left, 1 << 20))
        assert part, "it was cut off"
        left -= len(part)
    return head, size


async def load(port: int, path: str, rate: float, seconds: float, more: str = "") -> list[float]:
    """Milliseconds of each request."""
    times: asyncio.Queue[float | None] = asyncio.Queue()
    taken: list[float] = []

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        while (when := await times.get()) is not None:
            await send(writer, path, more)
            head, _ = await answer(reader)
            assert " 200 " in head or " 304 " in head, head
            taken.append((time.perf_counter() - when) * 1000)
            if "HTTP/1.0" in head:  # it closes after each
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        writer.close()

    workers = [asyncio.ensure_future(work()) for _ in range(CONNECTIONS)]
    begin = time.perf_counter() + 0.1
    for number in range(int(rate * seconds)):
        when = begin + number / rate
        await asyncio.sleep(max(0.0, when - time.perf_counter()))
        times.put_nowait(when)
    for _ in workers:
        times.put_nowait(None)
    await asyncio.gather(*workers)
    return sorted(taken)


def told(name: str, taken: list[float], cpu: float) -> None:
    middle, high = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    print(
        f"{name:<32} {len(taken):>6} requests, median {middle:7.1f} ms, p99 {high:7.1f} ms, longest {taken[-1]:7.1f} ms"
        f", {cpu:5.1f} s of CPU"
    )


async def measured(name: str, server: Served, path: str, rate: float, seconds: float, more: str = "") -> None:
    before = server.cpu
    taken = await load(server.port, path, rate, seconds, more)
    told(name, taken, server.cpu - before)


async def streams(server: Served, number: int, file: Path) -> None:
    before = server.megabytes
    opened = [await ask(server.port, "/api/v1/events") for _ in range(number)]
    for reader, _ in opened:
        await reader.readuntil(b"event: hello")
    during = server.megabytes
    begin = time.perf_counter()
    file.write_text(file.read_text() + "- [ ] One more\n")
    await asyncio.gather(*(reader.readuntil(b"event: change") for reader, _ in opened))
    changed = (time.perf_counter() - begin) * 1000
    await asyncio.gather(*(reader.readuntil(b"event: tasks") for reader, _ in opened))
    read = (time.perf_counter() - begin) * 1000
    for _, writer in opened:
        writer.close()
    print(
        f"{number} event streams: all told that something changed after {changed:.0f} ms, what after {read:.0f} ms; "
        f"memory {before:.0f} MB before, {during:.0f} MB with them, {server.megabytes:.0f} MB then"
    )


async def soak(server: Served, minutes: int, rate: float, file: Path) -> None:
    async def change() -> None:
        text, turn = file.read_text(), 0
        while True:
            turn += 1
            file.write_text(text + f"- [ ] Turn {turn}\n")
            await asyncio.sleep(1)

    changing = asyncio.ensure_future(change())
    opened = [await ask(server.port, "/api/v1/events") for _ in range(100)]
    for minute in range(1, minutes + 1):
        taken = await load(server.port, "/api/v1/tasks", rate, 60)
        high = taken[int(len(taken) * 0.99)]
        print(f"minute {minute}: p99 {high:.1f} ms, memory {server.megabytes:.1f} MB", flush=True)
    changing.cancel()
    for _, writer in opened:  # which nobody has read
        writer.close()


def backlog(command: str, root: Path, tasks: int) -> Served:
    """Backlog.md's server, with so many tasks."""
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run([command, "init", "bench", "--defaults"], cwd=root, check=True, capture_output=True)
    for number in range(tasks):
        status = "Done" if number % 3 == 0 else "To Do"
        head = f"id: TASK-{number}\ntitle: Task number {number} of the list\nstatus: {status}\nassignee: []\n"
        text = f"---\n{head}created_date: '2026-01-01 00:00'\nlabels: [backend]\ndependencies: []\n---\n"
        (root / "backlog" / "tasks" / f"task-{number} - Task.md").write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Served(["browser", "--no-open", "--port", str(port)], root, [command])


async def run(options: argparse.Namespace, root: Path, files: Path) -> None:
    server = Served(["-m", "mdtodo", "-C", str(root), "serve", "--port", "0"], root)
    try:
        reader, writer = await ask(server.port, "/api/v1/tasks")
        head, size = await answer(reader)
        writer.close()
        tag = re.search(r"(?i)etag: (\S+)", head)
        assert tag is not None
        rate, seconds = options.rate, options.seconds
        print(f"{options.tasks} tasks, {size / 1000:.0f} kB, {rate} requests a second for {seconds} s")
        await measured("mdtodo serve, GET /tasks", server, "/api/v1/tasks", rate, seconds)
        known = f"If-None-Match: {tag[1]}\r\n"
        await measured("mdtodo serve, GET /tasks, known", server, "/api/v1/tasks", rate, seconds, known)
        await measured("mdtodo serve, GET /tasks/t1", server, "/api/v1/tasks/t1", rate, seconds)
        (files / "tasks").write_bytes(b"x" * size)
        plain = Served(["-m", "http.server", "0", "--bind", "127.0.0.1"], files)
        try:
            await measured("python -m http.server", plain, "/tasks", rate, seconds)
        finally:
            plain.end()
        if options.backlog:
            (root / "peer").mkdir()
            peer = backlog(options.backlog, root / "peer", options.tasks)
            try:
                await measured("backlog browser", peer, "/api/tasks", rate, seconds)
                print(f"{'':<32} {peer.megabytes:.0f} MB; mdtodo serve {server.megabytes:.0f} MB")
            finally:
                peer.end()
        await streams(server, options.streams, root / "TODO.md")
        if options.minutes:
            await soak(server, options.minutes, rate, root / "TODO.md")
    finally:
        server.end()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=0)
    parser.add_argument("--backlog", metavar="COMMAND")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, files = Path(folder) / "repo", Path(folder) / "files"
        root.mkdir()
        files.mkdir()
        repository(root, options.tasks)
        asyncio.run(run(options, root, files))


if __name__ == "__main__":
    main()
