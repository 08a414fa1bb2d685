"""`kill -9` at every step between two writes of a run: the next calls finish the bookkeeping, and lose nothing.

A run is told to write down every point that it passes (`mdtodo.system.failpoints`); then it is killed at each of
them in turn, in a fresh copy of the same repository, and a command that reads and `mdtodo run` follow. What they
make of it must be what a run makes that nobody kills, to the byte; the processors count their calls in a file
outside of the repository.
"""

from __future__ import annotations

import random
import shutil
import signal
import threading
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.git.repository import discover
from mdtodo.receipts.trailers import parse as parse_message
from mdtodo.storage.state import StateStore
from tests.conftest import Checkout
from tests.examples import TIMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.calls import Calls

TODO = """\
# Plan

- [ ] Parent
  - [ ] one run:ok
  - [ ] two run:makes
- [ ] bad run:bad
- [ ] a person's
"""
CONFIG = """\
max_failures = 1
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> "$CALLS"'
[processors.makes]
run = ["sh", "makes.sh"]
outputs = ["made/old.txt", "made/new*"]
[processors.bad]
run = 'echo "$MDTODO_TASK_TITLE" >> "$CALLS"; echo "{\\"note\\": \\"see there\\"}" > "$MDTODO_OUTPUT"; exit 1'
"""
MAKES = """\
echo "$MDTODO_TASK_TITLE" >> "$CALLS"
echo '{"output": "made/new.txt"}' >> "$MDTODO_OUTPUT"
date +%N > made/new.txt
echo more > made/old.txt
"""
RUN = ("run", "-j1")
#: Commands before which the results of killed runs land.
READERS = (("list",), ("next",), ("show", "not staged"), ("plan", "--format", "json"))
#: Points that stand between the writes of any run; a test that does not see them sees nothing.
KNOWN = {"result.kept", "sync.kept", "moved", "installed", "file.filled", "file.swapped", "landed.kept"}


@dataclass
class Scene:
    """A repository in which a person is at work, and the file in which the processors count."""

    repo: Checkout
    folder: Path

    @property
    def called(self) -> list[str]:
        """Titles of the tasks, one for each time that a processor was called."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def env(self) -> dict[str, str]:
        return {"CALLS": str(self.folder / "calls"), "MDTODO_FAULT_LOG": str(self.folder / "points")}

    def points(self) -> list[str]:
        path = self.folder / "points"
        return path.read_text().splitlines() if path.exists() else []

    def look(self) -> dict[str, object]:
        """All that a person could see of it: HEAD, index, work tree, status. The stamp in made/new.txt is
        another one in each run."""
        files = [path for path in self.repo.root.rglob("*") if path.is_file() and ".git" not in path.parts]
        stamped = {"made/new.txt"}
        return {
            "tree": [line for line in self.listed("ls-tree", "-r", "HEAD") if line[1] not in stamped],
            "index": [line for line in self.listed("ls-files", "-s") if line[1] not in stamped],
            "files": {
                name: path.read_bytes()
                for path in files
                if (name := str(path.relative_to(self.repo.root))) not in stamped
            },
            "status": self.repo.status(),
        }

    def listed(self, *command: str) -> list[tuple[str, str]]:
        lines = (line.split("\t") for line in self.repo.git(*command).splitlines())
        return [(words, name) for words, name in lines]

    def receipts(self) -> Counter[str]:
        messages = self.repo.git("log", "--format=%B%x00").split("\0")
        return Counter(one.task_id for text in messages for one in parse_message(text.strip("\n"))[1])

    def broken(self) -> list[str]:
        """What is not whole, or was left behind."""
        git = self.repo.root / ".git"
        found = self.repo.git("fsck", "--strict", "--no-dangling", "--no-progress").splitlines()
        found += [f"left: {path.name}" for path in git.rglob("*.lock") if path.name != "state.db.lock"]
        found += [f"left: {path.name}" for path in git.iterdir() if "mdtodo-" in path.name]
        found += [f"left: {path.name}" for path in self.repo.root.rglob(".*.mdtodo-*")]
        found += [f"left: {path.name}" for path in git.glob("objects/??/tmp_obj_*")]
        with StateStore.open(discover(str(self.repo.root)), create=False) as state:
            found += [f"leased: {lease.task_id}" for lease in state.live_leases()]
            found += [f"not landed: {entry.receipt.task_id}" for entry in state.unlanded()]
            found += [f"goes on: {run}" for run, _, _ in state.active_runs()]
        return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Scene]:
    """A factory: copies of one scene, by name."""
    tmp_path = tmp_path_factory.mktemp("scenes")
    repo = Checkout(tmp_path / "template" / "repo")
    repo.root.mkdir(parents=True)
    repo.git("init", "-q")
    repo.commit(
        **{
            "TODO.md": TODO,
            "docs/TODO.md": "- [ ] three run:ok\r\n",
            ".mdtodo.toml": CONFIG,
            "makes.sh": MAKES,
            "made/old.txt": "old\n",
            "mine.txt": "0\n",
        }
    )
    repo.write("mine.txt", "staged\n")
    repo.write("TODO.md", TODO.replace("# Plan", "# My plan"))
    repo.git("add", "mine.txt", "TODO.md")
    repo.write("mine.txt", "staged, then changed\n")
    repo.write("TODO.md", TODO.replace("# Plan", "# My plan") + "- [ ] not staged\n")
    repo.write("untracked", "mine\n")

    numbers = count()

    def make(name: str) -> Scene:
        folder = tmp_path / f"{name}-{next(numbers)}"
        shutil.copytree(tmp_path / "template", folder, symlinks=True)
        return Scene(Checkout(folder / "repo"), folder)

    return make


def wrong_after(
    scene: Scene,
    calls: Calls,
    finished: list[str],
    expected: dict[str, object],
    *,
    without: str = "",
    reader: tuple[str, ...] = ("list",),
) -> list[str]:
    """What is not as it would be without the kill, after the next two calls of mdtodo."""
    wrong: list[str] = []
    for args in (reader, RUN):
        said = calls(scene.repo.root, *args, without=without, CALLS=scene.env["CALLS"])
        if said.code not in (0, 1):
            wrong.append(f"{args[0]}: {said}")
        with StateStore.open(discover(str(scene.repo.root)), create=False) as state:
            wrong += [f"{args[0]} left {entry.receipt.task_id}" for entry in state.unlanded()]
    counts = Counter(scene.called)
    wrong += [f"{title}: {counts[title]} calls" for title in set(finished) if counts[title] != 1]
    wrong += [f"{title}: {count} calls" for title, count in counts.items() if count > 2]
    wrong += [f"{task}: {count} receipts" for task, count in scene.receipts().items() if count != 1]
    found = scene.look()
    wrong += [
        f"{name}: {found[name]!r} is not {expected[name]!r}"
        for name in expected
        if found[name] != expected[name]
    ]
    wrong += [] if committed_together(scene.repo) else ["two was ticked without its outputs"]
    return wrong + scene.broken()


def committed_together(repo: Checkout) -> bool:
    """Whether the commit with the receipt of two has its outputs, as they are in the work tree."""
    commit = repo.git("log", "-1", "--format=%H", "-S[x] two", "--", "TODO.md")
    changed = repo.git("show", "--format=", "--name-only", commit).split()
    same = all(repo.head(path, commit) == repo.read(path) for path in ("made/old.txt", "made/new.txt"))
    return same and {"made/old.txt", "made/new.txt"} <= {*changed}


def finished_before(scene: Scene) -> list[str]:
    """The tasks whose results were written down before the kill: each write holds at least one, in order."""
    return scene.called[: scene.points().count("result.kept")]


@pytest.fixture(scope="module")
def unharmed(scene: Callable[..., Scene], calls: Calls) -> tuple[dict[str, object], list[str]]:
    """How it looks when nobody kills, and the points that were passed, each at its last passing."""
    whole = scene("whole")
    said = calls(whole.repo.root, *RUN, **whole.env)
    assert said.code == 1, said
    assert wrong_after(whole, calls, whole.called, whole.look()) == []
    assert sorted(whole.called) == ["bad", "one", "three", "two"]
    assert sum(whole.receipts().values()) == 5
    assert whole.repo.status() == ["MM TODO.md", "MM mine.txt", "?? untracked"]
    points = whole.points()
    assert set(points) >= KNOWN
    return whole.look(), [f"{name}:{count}" for name, count in Counter(points).items()]


SHARES = 4


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.sample(2)
def test_a_kill_at_every_point(
    scene: Callable[..., Scene],
    calls: Calls,
    unharmed: tuple[dict[str, object], list[str]],
    share: int,
) -> None:
    expected, points = unharmed
    wrong = {}
    for at, point in list(enumerate(points))[share::SHARES]:
        who = "all" if at // SHARES % 2 else ""
        killed = killed_at(scene, calls, point, who)
        reader = READERS[at // SHARES % len(READERS)]
        if found := wrong_after(killed, calls, finished_before(killed), expected, reader=reader):
            wrong[point, who] = found
        shutil.rmtree(killed.folder)
    assert not wrong, "\n".join(f"{point}: {line}" for point, lines in wrong.items() for line in lines)


def killed_at(scene: Callable[..., Scene], calls: Calls, point: str, who: str) -> Scene:
    """A run that was killed there; how often a run comes by depends on how fast its processes are."""
    name, _, number = point.partition(":")
    for passing in (number, "1"):
        killed = scene("killed")
        said = calls(killed.repo.root, *RUN, **killed.env, MDTODO_FAULT=f"{name}:{passing}:{who}")
        if said.code == -signal.SIGKILL:
            return killed
    raise AssertionError(f"never at {point}: {said}")


def test_without_the_journal_the_same_kills_do_harm(
    scene: Callable[..., Scene], calls: Calls, unharmed: tuple[dict[str, object], list[str]]
) -> None:
    """The control: these tests do see what they look for."""
    for point in ("sync.kept", "moved"):
        killed = scene(f"killed-{point}")
        said = calls(killed.repo.root, *RUN, without="journal", **killed.env, MDTODO_FAULT=point)
        assert said.code == -signal.SIGKILL, said
        wrong = wrong_after(killed, calls, finished_before(killed), unharmed[0], without="journal")
        assert any(line.endswith(" 2 calls") for line in wrong), wrong


@pytest.mark.parametrize("point", ["index.marked", "index.held", "moved", "installed"])
@pytest.mark.sample(2)
def test_a_kill_where_there_are_no_hard_links(
    scene: Callable[..., Scene], calls: Calls, unharmed: tuple[dict[str, object], list[str]], point: str
) -> None:
    killed = scene("killed")
    said = calls(killed.repo.root, *RUN, without="links", **killed.env, MDTODO_FAULT=point)
    assert said.code == -signal.SIGKILL
    wrong = wrong_after(killed, calls, finished_before(killed), unharmed[0], without="links")
    assert not wrong


@pytest.mark.parametrize("names", [("HEAD.lock",), ("refs/heads/main.lock", "HEAD.lock"), ("index.lock",)])
def test_locks_that_a_killed_git_of_ours_left(
    scene: Callable[..., Scene],
    calls: Calls,
    unharmed: tuple[dict[str, object], list[str]],
    names: tuple[str, ...],
) -> None:
    """`git update-ref`, killed with us, leaves them; and we, where there are no hard links, before the lock says whose
    it is."""
    killed = scene("killed")
    point, without = ("index.marked", "links") if "index.lock" in names else ("locked", "")
    said = calls(killed.repo.root, *RUN, without=without, **killed.env, MDTODO_FAULT=point)
    assert said.code == -signal.SIGKILL
    for name in names:
        (killed.repo.root / ".git" / name).touch()
    wrong = wrong_after(killed, calls, finished_before(killed), unharmed[0], without=without)
    assert not wrong


@pytest.mark.chance
@pytest.mark.parametrize("seed", range(4 * TIMES))
def test_a_kill_at_a_random_time(
    scene: Callable[..., Scene], calls: Calls, unharmed: tuple[dict[str, object], list[str]], seed: int
) -> None:
    """The parent alone, or everything that it has started; the moment is one that no point stands at."""
    after = random.Random(seed).uniform(0.02, 0.2)
    killed = scene("killed")
    pid = calls.start(killed.repo.root, *RUN, **killed.env)
    timer = threading.Timer(after, kill, (pid, seed % 2 == 1))
    timer.start()
    said = calls.wait()
    timer.join()
    assert said.code in (-signal.SIGKILL, 1)
    reader = READERS[seed % len(READERS)]
    wrong = wrong_after(killed, calls, finished_before(killed), unharmed[0], reader=reader)
    assert not wrong, f"after {after:.3f} s: {wrong}"


def kill(pid: int, everything: bool) -> None:
    try:
        children = psutil.Process(pid).children(recursive=True) if everything else []
        for process in (psutil.Process(pid), *children):
            process.kill()
    except psutil.NoSuchProcess:
        return


# A task that has two results in one run


SPLITS = """\
subtask_keys = ["run", "id"]
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> "$CALLS"'
[processors.splits]
run = ["sh", "splits.sh"]
"""
SPLITS_SH = """\
echo "$MDTODO_TASK_TITLE" >> "$CALLS"
if grep -q '"children": \\[\\]'; then
    echo '{"subtask": "- [ ] piece run:ok id:piece"}' >> "$MDTODO_OUTPUT"
    echo '{"note": "see there"}' >> "$MDTODO_OUTPUT"
fi
"""
SPLIT = b"""\
- [x] splits run:splits
  - [x] piece run:ok id:piece
  - see there
- [x] other run:ok
"""


@pytest.fixture(params=["run", "task", "none"])
def split(request: pytest.FixtureRequest, make_repo: Callable[..., Checkout]) -> Callable[[], Scene]:
    """A factory of repositories in which a processor adds a subtask, and then runs once more."""
    numbers = count()

    def make() -> Scene:
        repo = make_repo(f"split-{next(numbers)}/repo")
        config = f'commit = "{request.param}"\n{SPLITS}'
        todo = "- [ ] splits run:splits\n- [ ] other run:ok\n"
        repo.commit(**{"TODO.md": todo, ".mdtodo.toml": config, "splits.sh": SPLITS_SH})
        return Scene(repo, repo.root.parent)

    return make


def test_a_kill_between_the_two_results_of_a_task(split: Callable[[], Scene], calls: Calls) -> None:
    whole = split()
    assert calls(whole.repo.root, *RUN, **whole.env).code == 0
    assert sorted(whole.called) == ["other", "piece", "splits", "splits"]
    assert whole.repo.read("TODO.md") == SPLIT
    last = Counter(whole.points())
    passings = {name: range(1, last[name] + 1) if "result" in name else {1, last[name]} for name in last}
    points = [f"{name}:{number}" for name, numbers in passings.items() for number in numbers]
    wrong: dict[tuple[str, str], list[str]] = {}
    for at, point in enumerate(points[:: 1 if TIMES > 1 else 3]):
        who = "all" if at % 2 else ""
        killed = split()
        if calls(killed.repo.root, *RUN, **killed.env, MDTODO_FAULT=f"{point}:{who}").code != -signal.SIGKILL:
            continue
        if found := wrong_after_split(killed, calls, finished_before(killed)):
            wrong[point, who] = found
    assert not wrong, "\n".join(f"{point}: {line}" for point, lines in wrong.items() for line in lines)


def wrong_after_split(killed: Scene, calls: Calls, finished: list[str]) -> list[str]:
    """What is not as it would be without the kill, after the next two calls."""
    for args in (("list",), RUN):
        said = calls(killed.repo.root, *args, CALLS=killed.env["CALLS"])
        if said.code != 0:
            return [f"{args[0]}: {said}"]
    expected = Counter(["splits", "piece", "splits", "other"])
    again = Counter(killed.called) - expected
    wrong = [f"{title} was called again" for title in again if finished.count(title) == expected[title]]
    wrong += [f"called again: {again}"] if again.total() > 1 else []
    if killed.repo.read("TODO.md") != SPLIT:
        wrong.append(f"TODO.md is {killed.repo.read('TODO.md')!r}")
    committed = killed.repo.git("log", "--format=%B%x00").split("\0")
    told = [one for text in committed for one in parse_message(text.strip("\n"))[1]]
    counts = Counter((one.task_id, one.outcome) for one in told)
    wrong += [f"{what}: {number} receipts" for what, number in counts.items() if number != 1]
    if told:
        done = sum(one.outcome == "done" for one in told)
        wrong += [f"{done} tasks have a receipt"] if done != 3 else []
        wrong += ["HEAD is not the work tree"] if killed.repo.status() else []
    return wrong + killed.broken()
