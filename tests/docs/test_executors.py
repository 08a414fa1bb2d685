"""The executor of the documentation carries out a run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdtodo.git.repository import discover
from mdtodo.project.project import read_config
from mdtodo.reporting.progress import PlainProgress
from mdtodo.run.run import run
from mdtodo.run.run_options import Options
from tests.processes import eventually, pid_in, runs

if TYPE_CHECKING:
    from tests.conftest import Checkout

PAGE = Path(__file__).parent.parent.parent / "docs/executors.md"
CONFIG = """\
[processors.good]
run = "cat file"
[processors.bad]
run = "exit 3"
[processors.slow]
run = "sleep 1000"
timeout = "0.2s"
"""


def executor(capacity: int) -> Any:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert code.count("\n") <= 150
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["ProgramExecutor"](capacity)


def test_a_run_on_it(repo: Checkout) -> None:
    todo = "".join(f"- [ ] {name} run:{name}\n" for name in ("good", "bad", "slow"))
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG, "file": "hello\n"})
    found = discover(str(repo.root))
    report = run(found, read_config(found), Options(jobs=2), PlainProgress(quiet=True), executor=executor(2))
    assert {one.title: (one.outcome.value, one.failure) for one in report.tasks} == {
        "good": ("done", None),
        "bad": ("failed", "exit"),
        "slow": ("failed", "timeout"),
    }
    assert next(one.tail for one in report.tasks if one.title == "good") == "hello\n"
    assert repo.head("TODO.md").startswith(b"- [x] good")


def test_what_is_cancelled_leaves_nothing_behind(repo: Checkout, tmp_path: Path) -> None:
    one = executor(1)
    spec = {
        "attempt": "run/a/1",
        "kind": "command",
        "run": f"echo $$ > {tmp_path}/pid; exec sleep 1000",
        "python": None,
        "cwd": str(repo.root),
        "env": {},
        "task": {"id": "a"},
        "log": str(tmp_path / "log"),
    }
    one.submit(spec)
    one.submit(spec)
    pid = pid_in(tmp_path / "pid")
    one.submit(spec | {"attempt": "run/b/1"})
    one.close()
    ended: list[Any] = []
    eventually(lambda: ended.extend(event for event in one.events(0.1) if event.ends) or len(ended) == 2)
    assert all(event.result.interrupted for event in ended)
    eventually(lambda: not runs(pid))
