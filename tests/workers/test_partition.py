"""A worker that the network has cut off ends its task before another one may take it over."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.processes import eventually
from tests.workers.clones import claimed
from tests.workers.servers import daemon
from tests.workers.test_remote_run import RUN, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.calls import Calls
    from tests.conftest import Checkout
    from tests.workers.test_remote_run import Started

#: Writes down when it begins, and when it is over or ended. The lease is as short as the test can bear.
TASK = "- [ ] slow run:long id:slow\n"
CONFIG = """\
remote_lease = "8s"
[processors.long]
run = '''echo begins >> "$CALLS"
trap 'echo ended >> "$CALLS"; exit 1' TERM
for i in $(seq 600); do test -e "$CALLS.go" && exit; sleep 0.1; done'''
"""


def cut_off(scene: Scene, a: Checkout, b: Checkout, prefix: tuple[str, ...] = ()) -> Iterator[None]:
    """`a` has the task when it is cut off, at the first `yield`; `b` takes it over, and lands it after the second."""
    lost = scene.start(a, *RUN, "--push", prefix=prefix)
    eventually(lambda: scene.lines == ["begins"])
    yield
    other = eventually(lambda: takes_over(scene, b))
    assert scene.lines == ["begins", "ended", "begins"]
    yield
    lost.end()
    assert "another worker may have it by now, so the result was dropped" in lost.said
    scene.go()
    assert other.end() == 0, other.said
    assert scene.remote.receipts() == ["slow"]
    assert claimed(scene.remote) == {}


def takes_over(scene: Scene, clone: Checkout) -> Started | None:
    """A run that has the task, None where another worker has it still."""
    started = scene.start(clone, *RUN, "--push")
    eventually(lambda: scene.lines.count("begins") == 2 or started.waited(0.1) is not None)
    return started if scene.lines.count("begins") == 2 else None


@pytest.mark.slow
def test_a_remote_that_is_gone_for_one_of_two(tmp_path: Path, calls: Calls) -> None:
    scene = Scene(tmp_path, calls)
    scene.todo(TASK, CONFIG)
    a, b = scene.remote.clone("a"), scene.remote.clone("b")
    way = tmp_path / "way-of-a.git"
    way.symlink_to(scene.remote.path)
    a.git("remote", "set-url", "origin", str(way))
    steps = cut_off(scene, a, b)
    next(steps)
    way.unlink()
    next(steps)
    way.symlink_to(scene.remote.path)
    assert next(steps, None) is None


def _why_not() -> str:
    """Why no network namespaces can be made here, "" if they can."""
    if shutil.which("ip") is None:
        return "there is no `ip` here"
    name = f"mdtodo-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"`ip netns add` is refused here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return ""


@pytest.fixture
def namespace() -> Iterator[tuple[str, str, str]]:
    """A network namespace, the interface that leads to it, and the address on this side of it."""
    if why := _why_not():
        pytest.skip(why)
    number = os.getpid() % 60000
    name, ours, theirs = f"mdtodo-{number}", f"mda{number}", f"mdb{number}"
    net = f"10.{200 + number % 50}.{number // 256 % 256}"
    commands = [
        f"ip netns add {name}",
        f"ip link add {ours} type veth peer name {theirs} netns {name}",
        f"ip address add {net}.1/30 dev {ours}",
        f"ip link set {ours} up",
        f"ip -n {name} address add {net}.2/30 dev {theirs}",
        f"ip -n {name} link set {theirs} up",
        f"ip -n {name} link set lo up",
    ]
    try:
        for command in commands:
            made = subprocess.run(command.split(), capture_output=True, text=True, check=False)
            if made.returncode:
                pytest.skip(f"`{command}` is refused here: {made.stderr.strip()}")
        yield name, ours, f"{net}.1"
    finally:
        for command in (f"ip netns delete {name}", f"ip link delete {ours}"):
            subprocess.run(command.split(), check=False, capture_output=True)


@pytest.mark.slow
def test_a_line_that_swallows_every_packet(
    tmp_path: Path, calls: Calls, namespace: tuple[str, str, str]
) -> None:
    """The push of the renewal hangs, and no error comes."""
    name, interface, address = namespace
    scene = Scene(tmp_path, calls)
    scene.todo(TASK, CONFIG)
    a, b = scene.remote.clone("a"), scene.remote.clone("b")
    with daemon(scene.remote.path, address) as url:
        a.git("remote", "set-url", "origin", url)
        steps = cut_off(scene, a, b, prefix=("ip", "netns", "exec", name))
        next(steps)
        subprocess.run(["ip", "link", "set", interface, "down"], check=True)
        next(steps)
        subprocess.run(["ip", "link", "set", interface, "up"], check=True)
        assert next(steps, None) is None
