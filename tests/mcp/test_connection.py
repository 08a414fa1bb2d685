"""What becomes of proofs and claims when a client cancels, leaves, or is killed; and what clients get that send nonsense."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.mcp.agent import CONFIG, Agent, anyio, connected, run, talk
from tests.processes import eventually, pid_in, runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

QUIET = '[processors.quiet]\nrun = "sleep 6"\n'
TODO = "- [ ] Slow id:slow run:slow\n- [ ] Told id:told run:told\n- [ ] Good id:good run:good\n"


@pytest.fixture(autouse=True)
def start(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})


class Wire:
    """A server, and its pipes without a client's manners."""

    def __init__(self, repo: Checkout) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mdtodo", "mcp"],
            cwd=repo.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def say(self, line: bytes | dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def greet(self, version: str = "2025-06-18") -> Any:
        hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        self.say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
        answer = self.hear()
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def prove(self, name: str) -> None:
        call = {"name": "prove_task", "arguments": {"id": name}}
        self.say({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> bytes:
        """Close its input; what it says on standard error until it ends."""
        return self.process.communicate(timeout=60)[1]


@pytest.fixture
def wire(repo: Checkout) -> Any:
    made = Wire(repo)
    yield made
    made.process.kill()
    made.process.communicate()


def state(mdtodo: Mdtodo, name: str) -> str:
    return next(task["state"] for task in mdtodo("list", "--json").json["tasks"] if task["id"] == name)


def nothing_runs(repo: Checkout, *others: int) -> None:
    """Of a slow proof, as of its processor's own child, and of these."""
    pids = [pid_in(repo.root / ".git" / name) for name in ("pid", "child")]
    eventually(lambda: not any(map(runs, [*pids, *others])))


def test_a_proof_tells_how_far_it_is(repo: Checkout) -> None:
    async def scene(agent: Agent) -> None:
        signs: list[tuple[float, float | None, str | None]] = []

        async def told(progress: float, total: float | None, message: str | None) -> None:
            signs.append((progress, total, message))

        await agent.client.call_tool("prove_task", {"id": "told"}, progress_callback=told)
        assert [one for one, _, _ in signs] == sorted({one for one, _, _ in signs}), "it has to grow"
        assert signs[0][2] == "attempt 1"
        shares = [round(100 * progress / total) for progress, total, _ in signs if total]
        assert shares
        assert {*shares} <= {10, 50, 90}

    talk(repo.root, scene)


def test_a_proof_that_says_nothing_shows_that_it_goes_on(repo: Checkout) -> None:
    """Clients give up a call of which they hear nothing."""
    repo.commit("Quiet", **{"TODO.md": "- [ ] x id:x run:quiet\n", ".mdtodo.toml": QUIET})

    async def scene(agent: Agent) -> None:
        seconds: list[float] = []

        async def told(progress: float, _: float | None, __: str | None) -> None:
            seconds.append(progress)

        await agent.client.call_tool("prove_task", {"id": "x"}, progress_callback=told)
        assert max(seconds) >= 5

    talk(repo.root, scene)


def test_a_cancelled_proof_ends_with_its_processes_and_the_server_goes_on(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    async def scene(agent: Agent) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(agent.client.call_tool, "prove_task", {"id": "slow"})
            await anyio.to_thread.run_sync(pid_in, repo.root / ".git" / "child")
            assert (await agent("show_task", id="slow"))["state"] == "running"
            group.cancel_scope.cancel()
        await anyio.to_thread.run_sync(nothing_runs, repo)
        assert (await agent("prove_task", id="good"))["proven"]
        assert (await agent("show_task", id="slow"))["state"] == "ready"

    talk(repo.root, scene)
    assert state(mdtodo, "slow") == "ready"
    assert b"failed:" not in repo.read("TODO.md"), "who cancels does not fail"


def test_a_client_that_leaves_in_the_middle_of_a_proof_leaves_nothing_behind(
    repo: Checkout, mdtodo: Mdtodo, wire: Wire
) -> None:
    wire.greet()
    wire.prove("slow")
    pid_in(repo.root / ".git" / "child")
    servers = [one.pid for one in wire.children()]
    said = wire.end()
    assert b"Traceback" not in said
    assert wire.process.returncode == 0
    nothing_runs(repo, *servers)
    assert state(mdtodo, "slow") == "ready"
    assert mdtodo("claim", "slow", "--name", "ann", "--json").json["token"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_killed_leaves_nothing_behind(
    repo: Checkout, mdtodo: Mdtodo, wire: Wire, number: int
) -> None:
    wire.greet()
    wire.prove("slow")
    pid_in(repo.root / ".git" / "child")
    servers = [one.pid for one in wire.children()]
    os.kill(wire.process.pid, number)
    wire.process.wait(30)
    nothing_runs(repo, *servers)
    assert state(mdtodo, "slow") == "ready"


def test_a_claim_holds_until_its_lease_ends_and_no_longer(repo: Checkout) -> None:
    repo.commit("Short", **{".mdtodo.toml": f'lease = "2s"\n{CONFIG}'})

    async def scene(agent: Agent) -> None:
        tokens.append((await agent("claim_task", id="good", name="ann"))["token"])

    async def later(agent: Agent) -> None:
        (task,) = (await agent("next_task"))["tasks"]
        assert (task["id"], task["state"], task["claim"]) == ("good", "doing", "ended")
        assert (await agent("claim_task", id="good", name="bob"))["token"] > tokens[0]
        assert "bob has it" in (await agent.refused("claim_task", id="good", token=tokens[0]))["error"]

    tokens: list[int] = []
    talk(repo.root, scene)
    time.sleep(2.5)
    talk(repo.root, later)


def test_garbage_is_answered_and_the_server_goes_on(wire: Wire) -> None:
    for line in (b"what?", b"{}", b"[1, 2", b"\xff\xfe", b'{"jsonrpc": "1.0", "id": 1}', b"[" * 10000):
        wire.say(line)
        answer = wire.hear()
        assert (answer["id"], answer["error"]["code"]) == (None, -32700), line
    assert wire.greet()["result"]["serverInfo"]["name"] == "mdtodo"
    wire.say({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": 5}})
    assert wire.hear()["error"]["code"] == -32602
    wire.say({"jsonrpc": "2.0", "id": 4, "method": "tick/all"})
    assert wire.hear()["error"]["code"] == -32601
    assert b"Traceback" not in wire.end()


@pytest.mark.parametrize("version", ["2024-11-05", "1999-01-01", "2999-01-01", ""])
@pytest.mark.sample(2)
def test_a_client_of_another_version_is_told_one_that_is_spoken(wire: Wire, version: str) -> None:
    assert wire.greet(version)["result"]["protocolVersion"].startswith("202")


def test_a_call_before_the_greeting_is_an_error(wire: Wire) -> None:
    wire.prove("good")
    assert "error" in wire.hear()
    assert wire.greet()["result"]


def test_outside_a_repository_it_is_exit_3(mdtodo: Mdtodo, repo: Checkout) -> None:
    said = mdtodo("mcp", cwd=repo.root.parent, code=3)
    assert "not a git repository" in said.err
    assert said.out == ""


def test_without_the_package_it_says_what_to_install(repo: Checkout) -> None:
    code = "import sys; sys.modules['mcp'] = None\nfrom mdtodo.cli import main\nmain(['mcp'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo.root, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 3
    assert "needs the package mcp" in done.stderr
    assert "pip install 'git-mdtodo[mcp]'" in done.stderr


COUNT = 10


def test_two_agents_at_once_prove_each_task_once(repo: Checkout, mdtodo: Mdtodo) -> None:
    lines = "".join(f"- [ ] Task {number} id:t{number} run:good\n" for number in range(COUNT))
    repo.commit("Many", **{"TODO.md": lines})

    async def play() -> None:
        async with (
            connected(repo.root) as ann,
            connected(repo.root) as bob,
            anyio.create_task_group() as group,
        ):
            for number in range(COUNT):
                for agent in (ann, bob):
                    group.start_soon(prove, agent, f"t{number}")

    async def prove(agent: Agent, name: str) -> None:
        told, refused = await agent.asked("prove_task", id=name)
        answers.append((name, refused, told))

    answers: list[tuple[str, bool, dict[str, Any]]] = []
    run(play)
    assert len(answers) == 2 * COUNT
    proven = {name for name, refused, _ in answers if not refused}
    assert proven == {f"t{number}" for number in range(COUNT)}, answers
    assert sorted(repo.read(".git/ran").decode().split()) == sorted(proven), "each ran once"
    assert repo.head("TODO.md") == lines.replace("[ ]", "[x]").encode()
    receipts = repo.git("log", "--format=%B").splitlines()
    assert sorted(one.split()[1] for one in receipts if one.startswith("Mdtodo-Task:")) == sorted(proven)
    assert repo.status() == []
    mdtodo("check", "--strict")


def test_two_agents_at_once_claim_each_task_once(repo: Checkout) -> None:
    lines = "".join(f"- [ ] Task {number} id:t{number} run:good\n" for number in range(COUNT))
    repo.commit("Many", **{"TODO.md": lines})

    async def play() -> None:
        async with (
            connected(repo.root) as ann,
            connected(repo.root) as bob,
            anyio.create_task_group() as group,
        ):
            for number in range(COUNT):
                group.start_soon(claim, ann, f"t{number}", "ann")
                group.start_soon(claim, bob, f"t{number}", "bob")

    async def claim(agent: Agent, name: str, who: str) -> None:
        told, refused = await agent.asked("claim_task", id=name, name=who)
        if refused:
            assert " has it" in told["error"]
        else:
            held[name].append(who)

    held: dict[str, list[str]] = {f"t{number}": [] for number in range(COUNT)}
    run(play)
    assert {len(names) for names in held.values()} == {1}, held
    shown = "".join(
        f"- [/] Task {number} id:t{number} run:good worker:{held[f't{number}'][0]}\n"
        for number in range(COUNT)
    )
    assert (repo.head("TODO.md").decode(), repo.status()) == (shown, [])
