"""What all tests stand on: none reads the machine's git configuration, and repositories are quick to make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.calls import Calls
from tests.command_line import inside, mdtodo, tasks
from tests.examples import TIMES
from tests.rewritten import rewrite_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["inside", "mdtodo", "tasks"]  # fixtures of all folders

#: A machine may be busy: neither an example nor the choice of one has to be quick. And a fixture of a function may
#: serve all of its examples, which then do not depend on what the last one left. A run tries the same examples as the
#: run before, so that what fails is what was changed; `.ci/long` tries others.
settings.register_profile(
    "mdtodo",
    max_examples=100 * TIMES,
    deadline=None,
    derandomize=TIMES == 1,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("mdtodo")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: half of the time a test waits for processes."""
    return 2 * (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Before the processes start."""
    rewrite_all(Path(__file__).parent, config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test with `sample(n)`, n of its cases, evenly apart; with MDTODO_LONG, all of them."""
    if TIMES > 1:
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sample"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out: set[pytest.Item] = set()
    for found in cases.values():
        marker = found[0].get_closest_marker("sample")
        assert marker is not None
        count = marker.args[0]
        left_out |= set(found) - {found[at * len(found) // count] for at in range(count)}
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


_CONFIG = """\
[user]
\tname = Ada Tester
\temail = ada@example.com
[init]
\tdefaultBranch = main
[core]
\tfsync = none
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol "file"]
\tallow = always
"""


@pytest.fixture(scope="session", autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A HOME of the test run's own; git reads no other configuration, and nothing of a calling hook."""
    home = tmp_path_factory.mktemp("home")
    config = home / ".gitconfig"
    config.write_text(_CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("GIT_", "XDG_", "MDTODO_")):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TEMPLATE_DIR", "")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("TZ", "UTC")
        patch.setenv("MDTODO_MAX_CPU", "100")  # the tests beside this one are no reason to wait
        yield home


class Checkout:
    """A real repository with a work tree; paths are relative to its root, contents str (UTF-8) or bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *args: str, stdin: bytes | str = b"", check: bool = True, **env: str) -> str:
        """git's standard output, without the last line end."""
        return (
            self.git_bytes(*args, stdin=stdin, check=check, **env).decode(errors="replace").removesuffix("\n")
        )

    def git_bytes(self, *args: str, stdin: bytes | str = b"", check: bool = True, **env: str) -> bytes:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            ["git", *args], cwd=self.root, input=data, capture_output=True, env=os.environ | env, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def read(self, path: str) -> bytes:
        """The work tree's bytes."""
        return (self.root / path).read_bytes()

    def head(self, path: str, revision: str = "HEAD") -> bytes:
        """The committed bytes."""
        return self.git_bytes("cat-file", "blob", f"{revision}:{path}")

    def index(self, path: str) -> bytes:
        """The staged bytes."""
        return self.git_bytes("cat-file", "blob", f":0:{path}")

    def commit(self, message: str = "Base", **files: str | bytes) -> str:
        """Write `files`, commit everything, return the commit's id."""
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self._tip() or self.git("rev-parse", "HEAD")

    def _tip(self) -> str:
        """The commit of the branch that is checked out, where that is a file in `.git`; else nothing."""
        branch = self.root / ".git/HEAD"
        for _ in range(2):
            if not branch.is_file():
                return ""
            said = branch.read_text().strip()
            if not said.startswith("ref: "):
                return said
            branch = self.root / ".git" / said.removeprefix("ref: ")
        return ""

    def status(self) -> list[str]:
        """`git status --porcelain`, untracked files one by one."""
        return self.git("status", "--porcelain", "-uall").splitlines()

    def commits(self, revision: str = "HEAD") -> int:
        return int(self.git("rev-list", "--count", revision))


@pytest.fixture(scope="session")
def empty_repository(isolated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git init` makes, to be copied: that takes a tenth of the time."""
    root = tmp_path_factory.mktemp("empty")
    Checkout(root).git("init", "-q")
    return root / ".git"


@pytest.fixture
def make_repo(tmp_path: Path, empty_repository: Path) -> Callable[..., Checkout]:
    """A factory: `make_repo(name="repo", *init_options, **files)`; with files, they are committed."""

    def make(name: str = "repo", *options: str, **files: str | bytes) -> Checkout:
        root = tmp_path / name
        root.mkdir(parents=True)
        checkout = Checkout(root)
        if options:
            checkout.git("init", "-q", *options)
        else:
            shutil.copytree(empty_repository, root / ".git")
        if files:
            checkout.commit("Base", **files)
        return checkout

    return make


@pytest.fixture
def repo(make_repo: Callable[..., Checkout]) -> Checkout:
    """An empty repository on an unborn branch `main`."""
    return make_repo()


@pytest.fixture(scope="session")
def calls(isolated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """`calls(cwd, "run", …, NAME="value")`: one call of the command line, in a process of its own."""
    server = Calls(tmp_path_factory.mktemp("calls"))
    yield server
    server.close()
