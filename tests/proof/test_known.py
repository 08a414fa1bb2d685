"""What was found of ticks before is what the whole history says of them, whatever was checked out, merged or set
meanwhile."""

from __future__ import annotations

import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.files import worktree_files
from mdtodo.git.repository import discover
from mdtodo.project.cache.work_tree_ids import todo_files
from mdtodo.project.project import read_config, read_project
from mdtodo.proof.judge import judge, proven_at
from tests.conftest import Checkout
from tests.examples import TIMES
from tests.proof.histories import make

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import Mdtodo

CONFIG = '[processors.a]\nrun = "true"\n[processors.b]\nrun = "true"\n'
TODO = "# One\n\n- [ ] first of all the tasks run:a\n- [ ] second of all the tasks run:a\n"


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


@pytest.fixture
def parted(repo: Checkout, mdtodo: Mdtodo) -> Checkout:
    """The branch `side` has proven both tasks; on `main` the first was ticked by hand, which was checked."""
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    repo.git("checkout", "-q", "-b", "side")
    mdtodo("run")
    repo.git("checkout", "-q", "main")
    repo.commit("By hand", **{"TODO.md": TODO.replace("[ ] first", "[x] first")})
    shutil.rmtree(repo.root / ".git/mdtodo")
    return repo


def unproven(mdtodo: Mdtodo) -> list[int]:
    findings = mdtodo("check", "--json").json["findings"]
    return [one["line"] for one in findings if one["code"] == "unproven"]


def test_what_the_other_side_of_a_merge_has_left_proven_is_proven(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    mdtodo("run")
    done = repo.read("TODO.md").decode()
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Another file", other="")
    repo.git("checkout", "-q", "main")
    repo.commit("Open", **{"TODO.md": done.replace("[x] first", "[ ] first")})
    repo.commit("By hand", **{"TODO.md": done})
    shutil.rmtree(repo.root / ".git/mdtodo")
    assert unproven(mdtodo) == [3]
    repo.git("merge", "-q", "-m", "Merge", "side")
    assert unproven(mdtodo) == []


def test_a_merge_that_is_given_up_proves_nothing(parted: Checkout, mdtodo: Mdtodo) -> None:
    parted.git("merge", "-q", "--no-commit", "-X", "theirs", "side")
    assert unproven(mdtodo) == []
    parted.git("merge", "--abort")
    assert unproven(mdtodo) == [3]


def test_a_proof_that_did_not_count_may_do_so_by_another_configuration(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    def config(name: str) -> str:
        return CONFIG.replace(f"[processors.{name}]\n", f'[processors.{name}]\nmatch = {{title = "tasks"}}\n')

    repo.commit(**{"TODO.md": TODO.replace(" run:a", ""), ".mdtodo.toml": config("a")})
    mdtodo("run")
    shutil.rmtree(repo.root / ".git/mdtodo")
    for name, lines in (("b", [3, 4]), ("a", []), ("b", [3, 4])):
        repo.commit(**{".mdtodo.toml": config(name)})
        assert unproven(mdtodo) == lines


@pytest.mark.chance
@pytest.mark.parametrize("seed", range(3 * TIMES))
def test_what_is_known_of_a_history_is_what_all_of_it_says(tmp_path: Path, seed: int) -> None:
    random, history = Random(seed), make(tmp_path / "repo", seed, 25)
    repo = Checkout(history.root)
    commits = repo.git("rev-list", "--all", "--reverse").split()
    for step in range(8):
        if random.random() < 0.6:
            repo.git("checkout", "-q", "-f", "--detach", random.choice(commits))
        else:
            repo.git("reset", "-q", "--hard")
            date = f"{1_700_000_000 + random.randrange(3000)} +0000"
            how = random.choice(("ours", "theirs"))
            rest = random.choice((["--no-commit"], ["-m", f"Merge {step}"]))
            repo.git(
                *("merge", "-q", "--no-ff", "-X", how, *rest, random.choice(commits)),
                check=False,
                GIT_COMMITTER_DATE=date,
            )
            if repo.git("ls-files", "-u"):
                repo.git("reset", "-q", "--hard")
            commits.append(repo.git("rev-parse", "HEAD"))
        known = _said(repo)
        kept = repo.root / ".git/mdtodo"
        kept.rename(tmp_path / "kept")
        assert known == _said(repo)
        shutil.rmtree(kept)
        (tmp_path / "kept").rename(kept)


def _said(checkout: Checkout) -> object:
    repo = discover(str(checkout.root))
    config = read_config(repo)
    content = todo_files(repo, worktree_files.find(repo, config.files_and_archives))
    done = {
        (task.file, task.line) for task in read_project(repo, config).tasks.values() if task.status.closed
    }
    judged = judge(repo, content)
    return judged.unproven, judged.unknown, proven_at(repo, content, done)
