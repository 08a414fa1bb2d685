"""A receipt says of which content it is: of HEAD's tree, or of a work tree that differed from it."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.files import tracked_files
from mdtodo.landing import work_tree
from mdtodo.landing.work_tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.calls import Calls
    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


CONFIG = """\
[processors.ok]
run = "true"
[processors.bad]
run = "false"
[processors.writes]
run = "echo 2 > src/a"
[processors.restores]
run = "git checkout -q src/a"
[processors.commits]
run = "git commit -qam theirs"
[processors.changes]
run = "echo 3 > src/a; git commit -qam theirs"
[processors.named]
run = "echo 2 > made.txt"
outputs = ["made.txt"]
[processors.formats]
run = '''echo 2 > src/b; echo '{"output": "src/b"}' > $MDTODO_OUTPUT'''
outputs = ["src/**"]
"""
SAYS = "receipts say so (tree=dirty)"


def start(repo: Checkout, todo: str, config: str = CONFIG, **files: str) -> str:
    """Commit it; the beginning of HEAD's tree."""
    base = {"TODO.md": todo, ".mdtodo.toml": config, "src/a": "1\n", "src/b": "1\n", "made.txt": "1\n"}
    repo.commit("Base", **{**base, **files})
    return tree(repo)


def tree(repo: Checkout, revision: str = "HEAD") -> str:
    return repo.git("rev-parse", f"{revision}^{{tree}}")[:12]


def trees(mdtodo: Mdtodo) -> dict[str, str | None]:
    """What the newest receipt of each task says, by title."""
    found = mdtodo("log", "--json").json["receipts"]
    return {one["title"]: one["tree"] for one in reversed(found)}


def test_a_receipt_names_the_tree_that_head_had(repo: Checkout, mdtodo: Mdtodo) -> None:
    began = start(repo, "- [ ] p\n  - [ ] a run:ok\n- [ ] b run:bad\n")
    said = mdtodo("run", code=1)
    assert SAYS not in said.err
    assert trees(mdtodo) == {"a": began, "p": None, "b": began}


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (lambda repo: repo.write("src/a", "2\n"), "src/a differs"),
        (lambda repo: (repo.root / "src/a").unlink(), "src/a differs"),
        (lambda repo: (repo.root / "src/a").chmod(0o755), "src/a differs"),
        (lambda repo: repo.git("mv", "src/a", "src/c"), "src/a, src/c differ"),
        (lambda repo: repo.write(".mdtodo.toml", CONFIG + "\n"), ".mdtodo.toml differs"),
        (lambda repo: repo.write("TODO.md", repo.read("TODO.md") + b"- [ ] more\n"), None),
        (lambda repo: (repo.root / "docs/TODO.md").unlink(), None),
        (lambda repo: repo.git("rm", "-q", "docs/TODO.md"), None),
        (lambda repo: repo.write("src/a", "1\n"), None),
        (lambda repo: repo.write("new", "1\n"), None),
        (lambda repo: repo.write("made.txt", "a person's\n"), None),
        (lambda repo: repo.write("src/b", "a person's\n"), "src/b differs"),
    ],
)
@pytest.mark.sample(4)
def test_what_makes_the_tree_dirty_is_said_once(
    repo: Checkout, mdtodo: Mdtodo, change: Callable[[Checkout], object], file: str | None
) -> None:
    began = start(repo, "- [ ] a run:ok\n- [ ] b run:bad\n", **{"docs/TODO.md": "- [ ] c\n"})
    change(repo)
    said = mdtodo("run", code=1)
    assert said.err.count(SAYS) == (0 if file is None else 1)
    assert file is None or f"{file} from HEAD" in said.err
    assert set(trees(mdtodo).values()) == {began if file is None else "dirty"}


@pytest.mark.parametrize("commit", ["run", "task"])
def test_what_a_processor_writes_makes_it_dirty_but_for_its_outputs(
    repo: Checkout, mdtodo: Mdtodo, commit: str
) -> None:
    began = start(
        repo, "1. [ ] a run:named\n2. [ ] b run:formats\n3. [ ] c run:ok\n", f'commit = "{commit}"\n{CONFIG}'
    )
    mdtodo("run")
    assert "dirty" not in trees(mdtodo).values()
    assert trees(mdtodo)["a"] == began
    assert trees(mdtodo)["c"] == (began if commit == "run" else tree(repo, "HEAD~"))
    repo.write("TODO.md", repo.read("TODO.md") + b"4. [ ] d run:writes\n")
    repo.git("commit", "-qam", "More")
    assert "src/a differs" in mdtodo("run").err
    assert trees(mdtodo)["d"] == "dirty"


def test_each_landing_is_looked_at_for_itself(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "1. [ ] a run:ok\n2. [ ] b run:writes\n3. [ ] c run:restores\n4. [ ] d run:ok\n"
    start(repo, todo, f'commit = "task"\n{CONFIG}')
    said = mdtodo("run", "-j1")
    assert said.err.count(SAYS) == 1
    assert trees(mdtodo) == {"a": tree(repo, "HEAD~4"), "b": "dirty", "c": "dirty", "d": tree(repo, "HEAD~")}


def test_what_is_committed_in_between_was_dirty_when_it_began(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:commits\n")
    repo.write("src/a", "2\n")
    mdtodo("run")
    assert trees(mdtodo) == {"a": "dirty"}


@pytest.mark.parametrize("commit", ["run", "task"])
def test_a_task_that_begins_after_a_persons_commit_has_its_tree(
    repo: Checkout, mdtodo: Mdtodo, commit: str
) -> None:
    began = start(repo, "1. [ ] a run:changes\n2. [ ] b run:ok\n", f'commit = "{commit}"\n{CONFIG}')
    mdtodo("run", "-j1")
    assert trees(mdtodo)["a"] == began
    assert trees(mdtodo)["b"] == tree(repo, "HEAD~")


def test_a_task_that_runs_while_another_changes_a_file_is_dirty_too(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = """\
commit = "task"
[processors.long]
run = "echo 2 > src/a; until git log -1 | grep -q 'todo: short'; do sleep 0.02; done; echo 1 > src/a"
[processors.short]
run = "until grep -q 2 src/a; do sleep 0.02; done"
"""
    start(repo, "- [ ] long run:long\n- [ ] short run:short\n", config)
    mdtodo("run", "-j2")
    assert trees(mdtodo) == {"long": "dirty", "short": "dirty"}


def test_untracked_files_count_where_inputs_name_them(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = """\
[processors.reads]
run = "true"
inputs = ["src/**", "made/**"]
[processors.other]
run = "true"
inputs = ["made.txt"]
[processors.makes]
run = "mkdir -p made; echo 1 > made/x"
outputs = ["made/x"]
"""
    began = start(
        repo, "1. [ ] m run:makes\n2. [ ] a run:reads\n- [ ] b run:other\n", config, **{".gitignore": "*.o\n"}
    )
    repo.write("src/a.o", "1\n")
    mdtodo("run", "-j1")
    assert trees(mdtodo) == {"m": began, "a": began, "b": began}
    repo.write("src/new", "1\n")
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[x]", b"[ ]"))
    repo.git("commit", "-qam", "Open")
    began = tree(repo)
    said = mdtodo("run", "-j1")
    assert "src/new differs from HEAD" in said.err
    assert trees(mdtodo) == {"m": began, "a": "dirty", "b": began}


def test_a_result_that_stands_is_of_the_content_that_is_there_now(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.t]\nrun = "true"\ninputs = ["src/a"]\n'
    start(repo, "- [ ] a run:t\n", config)
    repo.write("src/a", "2\n")
    mdtodo("run")
    assert trees(mdtodo) == {"a": "dirty"}
    repo.write("TODO.md", "- [ ] a run:t\n")
    repo.git("commit", "-qam", "What was proven")
    assert [task["outcome"] for task in mdtodo("run", "--json").json["tasks"]] == ["cached"]
    assert trees(mdtodo) == {"a": tree(repo, "HEAD~")}


@pytest.mark.parametrize("call", [("run", "--no-commit"), ("hook", "run"), ("run",)])
def test_where_nothing_is_committed_nobody_looks(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...]
) -> None:
    start(repo, "- [ ] a run:ok\n", 'commit = "none"\n' + CONFIG if call == ("run",) else CONFIG)
    repo.write("src/a", "2\n")
    monkeypatch.setattr(tracked_files, "begin_status", None)
    said = mdtodo(*call, code=1 if "hook" in call else 0, GIT_INDEX_FILE=".git/index")
    assert SAYS not in said.err
    assert repo.read("TODO.md") == b"- [x] a run:ok\n"


def test_where_git_cannot_say_nothing_is_vouched_for(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok\n", **{".gitattributes": "src/a filter=f\n"})
    repo.git("config", "filter.f.clean", "false")
    repo.git("config", "filter.f.required", "true")
    os.utime(repo.root / "src/a", (1, 1))
    said = mdtodo("run")
    assert (
        said.err.count(
            "nobody knows whether tracked files differ from HEAD (git: src/a: clean filter 'f' failed)"
        )
        == 1
    )
    assert trees(mdtodo) == {"a": "dirty"}


def test_an_unborn_branch_has_no_tree(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a run:ok\n")
    repo.write(".mdtodo.toml", CONFIG)
    repo.git("add", "-A")
    assert SAYS not in mdtodo("run").err
    assert repo.read("TODO.md") == b"- [x] a run:ok\n"


class TestKilled:
    """What was known when the run was killed is not forgotten, and the next call looks again before it lands."""

    def killed(self, repo: Checkout, calls: Calls, point: str) -> None:
        assert calls(repo.root, "run", MDTODO_FAULT=point).code == -signal.SIGKILL

    @pytest.mark.parametrize(
        ("before", "point", "then", "dirty"),
        [
            ("true", "sync.kept", "true", False),
            ("true", "sync.kept", "echo 2 > src/a", True),
            ("true", "result.kept", "echo 2 > TODO.txt", False),
            ("echo 2 > src/a", "sync.kept", "git commit -qam theirs", True),
            ("echo 2 > src/a", "result.kept", "git checkout -q src/a", True),
            ("true", "landed.kept", "echo 2 > src/a", False),
        ],
    )
    @pytest.mark.sample(2)
    def test_a_killed_runs_receipt_is_of_its_content(
        self, repo: Checkout, mdtodo: Mdtodo, calls: Calls, before: str, point: str, then: str, dirty: bool
    ) -> None:
        began = start(repo, "- [ ] a run:ok\n")
        self.shell(repo, before)
        self.killed(repo, calls, point)
        self.shell(repo, then)
        said = mdtodo("run")
        assert trees(mdtodo) == {"a": "dirty" if dirty else began}
        assert (SAYS in said.err) == (then == "echo 2 > src/a" and dirty)

    def test_what_a_landing_has_seen_is_written_down_before_it(
        self, repo: Checkout, mdtodo: Mdtodo, calls: Calls
    ) -> None:
        start(repo, "- [ ] a run:writes\n")
        self.killed(repo, calls, "replaced.kept")
        repo.git("checkout", "-q", "src/a")
        mdtodo("run")
        assert trees(mdtodo) == {"a": "dirty"}

    def shell(self, repo: Checkout, command: str) -> None:
        subprocess.run(command, shell=True, cwd=repo.root, check=True)


@pytest.mark.parametrize("commit", ["run", "task"])
def test_what_differed_when_a_later_processor_began_or_ended_is_seen_though_it_is_gone(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch, commit: str
) -> None:
    """As with processors that take longer than the moment in which a look is shared."""
    monkeypatch.setattr(work_tree, "_REST", 0)
    todo = "1. [ ] a run:ok\n2. [ ] b run:writes\n3. [ ] c run:restores\n4. [ ] d run:ok\n"
    start(repo, todo, f'commit = "{commit}"\n{CONFIG}')
    said = mdtodo("run", "-j1")
    dirty = {title for title, tree in trees(mdtodo).items() if tree == "dirty"}
    assert dirty == {"b", "c"}
    assert said.err.count(SAYS) == 1
    assert "src/a differs from HEAD" in said.err


def test_the_end_of_a_processor_is_looked_at_though_none_begins(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once: one ends with a file changed, which the other restores before anything lands."""
    monkeypatch.setattr(work_tree, "_REST", 0)
    config = """\
[processors.short]
run = "until [ -e .git/begun ]; do sleep 0.02; done; echo 2 > src/a"
[processors.long]
run = "touch .git/begun; until grep -q 2 src/a; do sleep 0.02; done; sleep 3; git checkout -q src/a"
"""
    start(repo, "- [ ] short run:short\n- [ ] long run:long\n", config)
    mdtodo("run", "-j2")
    assert trees(mdtodo)["short"] == "dirty"


def test_what_has_ended_since_the_look_before_is_no_surer_than_what_ends_with_it(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(repo, "1. [ ] a run:ok\n2. [ ] b run:writes\n3. [ ] c run:restores\n")
    _, second, _ = (task["id"] for task in mdtodo("list", "--json").json["tasks"])
    monkeypatch.setattr(work_tree, "_REST", 10**6)
    end = WorkTree.end

    def end_later(self: WorkTree, task_id: str, *args: object) -> str | None:
        self._due = 0.0 if task_id == second else self._due
        return end(self, task_id, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkTree, "end", end_later)
    mdtodo("run", "-j1")
    assert repo.git("status", "--porcelain") == ""
    assert trees(mdtodo) == dict.fromkeys("abc", "dirty")


def test_tasks_that_begin_and_end_within_a_moment_share_a_look(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[WorkTree] = []
    look = WorkTree.look
    monkeypatch.setattr(WorkTree, "look", lambda self, git=None: (looks.append(self), look(self, git))[1])
    monkeypatch.setattr(work_tree, "_REST", 10**6)
    start(repo, "".join(f"- [ ] {number} run:ok\n" for number in range(20)))
    mdtodo("run")
    assert len(looks) == 2, "one when the first begins, one before the landing"
