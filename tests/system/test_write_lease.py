"""Files that somebody else is writing at this moment."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import EditError
from mdtodo.system import atomic_file, files, write_lease
from mdtodo.system.write_lease import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHOLE = b"- [ ] one\n- [ ] two\n" + b"text\n" * 40

leases = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")


@pytest.fixture
def todo(tmp_path: Path) -> Path:
    path = tmp_path / "TODO.md"
    path.write_bytes(WHOLE)
    return path


@contextmanager
def saving(path: Path, steps: list[bytes], pause: float) -> Iterator[None]:
    """A program that truncates the file and writes it anew, step by step."""
    opened = threading.Event()

    def save() -> None:
        with open(path, "wb", buffering=0) as file:
            opened.set()
            for step in steps:
                time.sleep(pause)
                file.write(step)

    thread = threading.Thread(target=save)
    thread.start()
    opened.wait()
    yield
    thread.join()


STEPS = [WHOLE[:7], WHOLE[7:90], WHOLE[90:], b"- [ ] three\n"]


def test_a_save_in_several_steps_is_read_whole(todo: Path) -> None:
    with saving(todo, STEPS, 0.05):
        assert files.read_settled(str(todo.parent), "TODO.md") == b"".join(STEPS)


@pytest.mark.parametrize("new", [WHOLE.replace(b"[ ] two", b"[x] two"), WHOLE + b"more\n"])
def test_nothing_is_written_into_a_save(todo: Path, new: bytes) -> None:
    with saving(todo, STEPS, 0.05), pytest.raises(EditError, match="changed on disk"):
        files.replace(str(todo.parent), "TODO.md", WHOLE, new)
    assert todo.read_bytes() == b"".join(STEPS)
    assert os.listdir(todo.parent) == ["TODO.md"]


@leases
def test_a_file_that_is_held_open_for_append_is_left(todo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_lease, "PATIENCE", 0.2)
    with todo.open("ab") as held:
        for new in (WHOLE.replace(b"[ ] two", b"[x] two"), WHOLE + b"more\n"):
            with pytest.raises(BusyError, match=r"^TODO\.md: another program has it open for writing$"):
                files.replace(str(todo.parent), "TODO.md", WHOLE, new)
        began = time.monotonic()
        with pytest.raises(BusyError):
            files.read_settled(str(todo.parent), "TODO.md")
        assert time.monotonic() - began < 0.19, "it had waited in vain just before"
        held.write(b"appended\n")
    assert todo.read_bytes() == WHOLE + b"appended\n"
    assert files.read_settled(str(todo.parent), "TODO.md") == WHOLE + b"appended\n"


@leases
@pytest.mark.parametrize(
    ("new", "same"),
    [
        pytest.param(WHOLE.replace(b"[ ] two", b"[x] two"), True, id="a tick"),
        pytest.param(WHOLE.replace(b"[ ]", b"[x]"), True, id="two ticks"),
        pytest.param(WHOLE.replace(b"two", b"twos"), False, id="another length"),
        pytest.param(WHOLE * 30, False, id="longer"),
    ],
)
def test_a_tick_is_written_in_its_place(todo: Path, new: bytes, same: bool) -> None:
    before = todo.stat().st_ino
    files.replace(str(todo.parent), "TODO.md", WHOLE, new)
    assert todo.read_bytes() == new
    assert (todo.stat().st_ino == before) is same


def test_ticks_far_apart_are_written_to_a_new_file_that_takes_the_name(tmp_path: Path) -> None:
    path = tmp_path / "TODO.md"
    old = b"- [ ] one\n" + b"text\n" * 2000 + b"- [ ] two\n"
    path.write_bytes(old)
    before = path.stat().st_ino
    files.replace(str(tmp_path), "TODO.md", old, old.replace(b"[ ]", b"[x]"))
    assert path.read_bytes() == old.replace(b"[ ]", b"[x]")
    assert path.stat().st_ino != before


def test_a_file_that_somebody_reads_is_replaced_by_name(todo: Path) -> None:
    new = WHOLE.replace(b"[ ] two", b"[x] two")
    with todo.open("rb") as reader:
        files.replace(str(todo.parent), "TODO.md", WHOLE, new)
        assert reader.read() == WHOLE
    assert todo.read_bytes() == new


@leases
def test_an_append_to_a_file_whose_name_is_being_taken_is_not_lost(
    todo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell has found the old file already when the new one takes its name."""
    shells: list[subprocess.Popen[bytes]] = []
    exchange = atomic_file.exchange

    def exchange_after_an_open(one: str, other: str) -> bool:
        if not shells:
            shells.append(subprocess.Popen(["sh", "-c", f"echo saved > '{todo}'"]))
            descriptor = os.open(todo, os.O_RDONLY)
            os.close(descriptor)
            time.sleep(0.3)
        return exchange(one, other)

    monkeypatch.setattr(atomic_file, "exchange", exchange_after_an_open)
    with pytest.raises(EditError, match="changed on disk"):
        files.replace(str(todo.parent), "TODO.md", WHOLE, WHOLE + b"more\n")
    assert shells[0].wait(10) == 0
    assert todo.read_bytes() == b"saved\n"
    assert os.listdir(todo.parent) == ["TODO.md"]


class TestWithoutLeases:
    """A file system without them, or somebody else's file: size and time have to stay."""

    @pytest.fixture(autouse=True)
    def without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(write_lease, "_lease", lambda descriptor, kind: None)

    def test_without_leases_a_save_in_several_steps_is_read_whole(self, todo: Path) -> None:
        with saving(todo, STEPS, 0.1):
            assert files.read_settled(str(todo.parent), "TODO.md") == b"".join(STEPS)

    def test_without_leases_a_tick_takes_the_name(self, todo: Path) -> None:
        before = todo.stat().st_ino
        new = WHOLE.replace(b"[ ] two", b"[x] two")
        files.replace(str(todo.parent), "TODO.md", WHOLE, new)
        assert todo.read_bytes() == new
        assert todo.stat().st_ino != before

    def test_without_leases_an_old_file_is_not_waited_for(self, todo: Path) -> None:
        os.utime(todo, (1, 1))
        began = time.monotonic()
        files.read_settled(str(todo.parent), "TODO.md")
        assert time.monotonic() - began < 0.2

    def test_without_leases_a_file_that_never_rests_is_left(
        self, todo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(write_lease, "PATIENCE", 0.2)
        stop = threading.Event()

        def go_on() -> None:
            with todo.open("ab", buffering=0) as file:
                while not stop.wait(0.01):
                    file.write(b"more\n")

        thread = threading.Thread(target=go_on)
        thread.start()
        with pytest.raises(BusyError):
            files.read_settled(str(todo.parent), "TODO.md")
        stop.set()
        thread.join()


@leases
def test_a_file_is_written_where_its_file_system_always_calls_it_open(
    todo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NFS does where it holds no delegation: there is nobody to wait for."""
    import fcntl

    def never(descriptor: int, command: int, argument: int = 0) -> int:
        if command == fcntl.F_SETLEASE:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return 0

    monkeypatch.setattr(fcntl, "fcntl", never)
    began = time.monotonic()
    files.replace(str(todo.parent), "TODO.md", WHOLE, WHOLE.replace(b"[ ] two", b"[x] two"))
    assert time.monotonic() - began < 2
    assert b"[x] two" in todo.read_bytes()
