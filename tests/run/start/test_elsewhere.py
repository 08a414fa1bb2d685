"""Runs on a cluster, as a person calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.config.processor_settings import Processor
from mdtodo.execution.dask.address import read_address
from mdtodo.execution.dask.executor import DaskExecutor
from mdtodo.git.repository import discover
from mdtodo.run.start.elsewhere import Elsewhere
from tests.processes import DEADLINE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cluster import Cluster
    from tests.command_line import Said
    from tests.conftest import Checkout

CONFIG = """\
[processors.cat]
run = "cat file; exit $(cat code 2>/dev/null || echo 0)"
[processors.make]
run = "echo made > made.txt"
outputs = ["made.txt"]
[processors.here]
run = "pwd"
executor = "local"
[processors.clone]
run = "echo changed > file"
check = "grep changed file"
isolation = "clone"
[processors.gpu]
run = "true"
needs = ["gpu"]
[processors.tpu]
run = "true"
needs = ["tpu"]
[processors.bad]
run = "exit 4"
retries = 1
retry_delay = "0s"
[processors.parse]
python = "parser:check"
"""


@pytest.fixture
def on(repo: Checkout, mdtodo: Callable[..., Said]) -> Callable[..., Said]:
    """`on(url, todo, ...)`: commit such a list, and run it there."""

    def call(url: str, todo: str, *args: str, **options: object) -> Said:
        repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG, "file": "hello\n"})
        return mdtodo("run", "--json", "--executor", url, *args, **options)

    return call


def outcomes(said: Said) -> dict[str, str]:
    return {one["title"]: one["outcome"] for one in said.json["tasks"]}


def test_a_run_on_a_cluster_is_the_run_of_here(
    cluster: Cluster, repo: Checkout, on: Callable[..., Said]
) -> None:
    todo = "".join(
        f"- [ ] {name} run:{name}\n" for name in ("cat", "make", "here", "clone", "gpu", "tpu", "bad")
    )
    said = on(cluster.url, todo, code=1)
    done = dict.fromkeys(("cat", "make", "here", "clone", "gpu"), "done")
    assert outcomes(said) == done | {"bad": "failed"}
    assert [one["attempts"] for one in said.json["tasks"] if one["title"] == "bad"] == [2]
    assert '"tpu"' in said.err
    assert "was not started: no worker of the cluster declares tpu" in said.err
    marks = [line[3] for line in repo.head("TODO.md").decode().splitlines()]
    assert "".join(marks) == "xxxxx  "
    assert (repo.head("made.txt"), repo.head("file")) == (b"made\n", b"changed\n")
    assert repo.status() == []
    assert [repo.git("log", "--format=%B").count(f" done {name} ") for name in done] == [1] * 5
    log = next(one["log"] for one in said.json["tasks"] if one["title"] == "cat")
    assert repo.read(log) == b"hello\n"


def test_a_cluster_of_its_own_ends_with_the_run(repo: Checkout, on: Callable[..., Said]) -> None:
    assert outcomes(on("local-cluster:1", "- [ ] cat run:cat\n")) == {"cat": "done"}


def test_the_configuration_names_it_and_the_command_line_wins(
    cluster: Cluster, repo: Checkout, mdtodo: Callable[..., Said]
) -> None:
    files = {"TODO.md": "- [ ] pwd run:p\n", ".mdtodo.toml": '[processors.p]\nrun = "pwd"\n'}
    files[".mdtodo.toml"] += f'[executor]\nurl = "{cluster.url}"\n'
    repo.commit("Base", **files)

    def place(*args: str) -> str:
        said = mdtodo("run", "--json", *args).json
        return repo.read(said["tasks"][0]["log"]).decode().strip()

    assert place() != str(repo.root)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    assert place("--executor", "local") == str(repo.root)


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("dask://127.0.0.1:1", 3, "no scheduler can be used at"),
        ("dask://192.0.2.1:8786", 3, "is on another host, and has no TLS"),
        ("dask://localhost.example:8786", 3, "is on another host, and has no TLS"),
        ("tls://127.0.0.1:1", 3, "no scheduler can be used at"),
        ("ssh://somewhere", 2, "an executor is dask://HOST:PORT, tls://HOST:PORT or local-cluster:N"),
        ("local-cluster:0", 2, "an executor is"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(url: str, code: int, words: str, on: Callable[..., Said]) -> None:
    said = on(url, "- [ ] cat run:cat\n", code=code)
    assert words in said.err
    assert "Traceback" not in said.err


def test_changes_that_no_commit_has_are_named(
    cluster: Cluster, repo: Checkout, mdtodo: Callable[..., Said]
) -> None:
    files = {"TODO.md": "- [ ] a run:cat\n- [ ] b run:clone\n", ".mdtodo.toml": CONFIG, "file": "hello\n"}
    repo.commit("Base", **files)
    repo.write("file", "other\n")
    repo.write("TODO.md", files["TODO.md"] + "- [ ] mine\n")
    said = mdtodo("run", "--executor", cluster.url, code=3)
    assert "workers of a cluster have what is committed, and this is not: file" in said.err
    repo.write("file", "hello\n")
    mdtodo("run", "--executor", cluster.url)
    assert repo.read("TODO.md") == b"- [x] a run:cat\n- [x] b run:clone\n- [ ] mine\n"


@pytest.mark.slow
def test_who_is_waited_for_is_named_until_somebody_comes(
    own_cluster: Cluster, repo: Checkout, tmp_path: Path
) -> None:
    config = '[processors.p]\nrun = "true"\nneeds = ["gpu"]\n'
    repo.commit("Base", **{"TODO.md": "- [ ] a run:p\n", ".mdtodo.toml": config})
    for worker in own_cluster.workers:
        worker.kill()
        worker.wait()
    command = [sys.executable, "-m", "mdtodo", "run", "--executor", own_cluster.url]
    with (tmp_path / "err").open("wb") as err:
        runner = subprocess.Popen(command, cwd=repo.root, stderr=err)
    said = tmp_path / "err"
    eventually(lambda: b'"a"' in said.read_bytes() and b"the cluster has no workers" in said.read_bytes())
    own_cluster.workers.append(own_cluster.start_worker())
    eventually(lambda: b"no worker of the cluster declares gpu" in said.read_bytes())
    own_cluster.workers.append(own_cluster.start_worker("--resources", "gpu=1"))
    assert runner.wait(2 * DEADLINE) == 0
    assert repo.head("TODO.md") == b"- [x] a run:p\n"


def test_who_is_waited_for_is_named_at_once_and_every_half_a_minute(repo: Checkout) -> None:
    repo.commit()
    found = discover(str(repo.root))
    pool = DaskExecutor(read_address("dask://127.0.0.1:1"), found)
    task, processor = SimpleNamespace(id="t", title="a", needs=()), Processor("p", run="true")
    queue: Any = SimpleNamespace(running={"t"}, landing=set(), plan=SimpleNamespace(tasks={"t": task}))
    queue.processor = lambda _: processor
    said: list[str] = []
    place = Elsewhere(pool, found, lambda: None, said.append)  # type: ignore[arg-type]
    for now, count in ((100.0, 1), (129.0, 1), (130.0, 2), (131.0, 2), (160.0, 3)):
        place._tell_awaited(queue, now)
        assert said == ['"a" (t): the cluster has no workers; waiting for one that comes'] * count
    queue.running = set()
    place._tell_awaited(queue, 161.0)
    queue.running = {"t"}
    place._tell_awaited(queue, 162.0)
    assert len(said) == 4


def test_what_is_lost_three_times_is_left_and_has_not_failed(
    own_cluster: Cluster, repo: Checkout, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    config = f'[processors.p]\nrun = "echo x >> {begun}; exec sleep 1000"\nneeds = ["gpu"]\nretries = 5\n'
    repo.commit("Base", **{"TODO.md": "- [ ] a run:p\n", ".mdtodo.toml": config})
    command = [sys.executable, "-m", "mdtodo", "run", "--executor", own_cluster.url]
    runner = subprocess.Popen(command, cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    own_cluster.workers[0].kill()
    for times in (1, 2, 3):
        eventually(lambda n=times: begun.exists() and len(begun.read_text()) == 2 * n)
        own_cluster.workers.append(own_cluster.start_worker("--resources", "gpu=1"))
        own_cluster.workers[times].kill()
    _, err = runner.communicate(timeout=2 * DEADLINE)
    assert runner.returncode == 1
    assert b"it was lost 3 times" in err
    assert repo.read("TODO.md") == b"- [ ] a run:p\n"


def test_what_is_lost_is_tried_elsewhere_and_is_no_failure(
    own_cluster: Cluster, repo: Checkout, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    run = f"echo x >> {begun}; test $(wc -l < {begun}) -gt 1 || exec sleep 1000"
    config = f'[processors.p]\nrun = "{run}"\nneeds = ["gpu"]\n'
    repo.commit("Base", **{"TODO.md": "- [ ] a run:p\n", ".mdtodo.toml": config})
    command = [sys.executable, "-m", "mdtodo", "run", "--json", "--executor", own_cluster.url]
    runner = subprocess.Popen(command, cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    eventually(begun.exists)
    own_cluster.workers.append(own_cluster.start_worker("--resources", "gpu=1"))
    os.kill(own_cluster.workers[1].pid, signal.SIGKILL)
    out, err = runner.communicate(timeout=2 * DEADLINE)
    assert runner.returncode == 0, err
    assert b"its worker was lost" in err
    assert b"it is tried elsewhere" in err
    assert [one["outcome"] for one in json.loads(out)["tasks"]] == ["done"]
    assert begun.read_text() == "x\nx\n"
    assert repo.head("TODO.md") == b"- [x] a run:p\n"
    assert repo.git("log", "--format=%B").count("Mdtodo-Task:") == 1


def test_tls_needs_a_certificate_of_the_authority(
    tls_cluster: tuple[Cluster, dict[str, str]], repo: Checkout, mdtodo: Callable[..., Said]
) -> None:
    cluster, env = tls_cluster
    repo.commit("Base", **{"TODO.md": "- [ ] a run:p\n", ".mdtodo.toml": '[processors.p]\nrun = "true"\n'})
    run = ("run", "--executor", cluster.address)
    assert "no scheduler can be used at tls://127.0.0.1" in mdtodo(*run, code=3).err
    other = {name: value for name, value in env.items() if "CA_FILE" not in name}
    assert "no scheduler can be used at tls://127.0.0.1" in mdtodo(*run, code=3, **other).err
    mdtodo(*run, **env)
    assert repo.head("TODO.md") == b"- [x] a run:p\n"
