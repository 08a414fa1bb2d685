"""What the job with the token refuses: each commit that is more than a receipt, and each bundle that is none of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.action.settings import BOT
from tests.action.conftest import TOKEN, World
from tests.action.runner import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Checkout

TODO = "# Plan\n\n- [ ] Good run:good id:good\n- [ ] Other run:other id:other\n"
CONFIG = """\
[tool.mdtodo.processors.good]
run = "true"
outputs = ["out.txt", "site/", "version.toml", ".github/x", "pyproject.toml"]

[tool.mdtodo.processors.other]
run = "true"
outputs = ["other.txt"]
"""
DONE = TODO.replace("[ ] Good", "[x] Good")
MESSAGE = "todo: Good\n\nMdtodo-Run: r1\nMdtodo-Task: good done good exit=0 time=1.0 attempt=1\n"


class Pushing:
    """A clone in which somebody makes commits, and the job that is to push them."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        world.push("Rules", **{"TODO.md": TODO, "pyproject.toml": CONFIG, ".mdtodo.toml": "", "a.txt": "a\n"})
        self.clone: Checkout = world.person
        self.start = self.clone.git("rev-parse", "HEAD")

    def commit(self, message: str = MESSAGE, *, who: tuple[str, str] = BOT, **files: str) -> None:
        for path, text in files.items():
            self.clone.write(path, text)
        self.clone.git("add", "-A")
        self.seal(message, who)

    def seal(self, message: str = MESSAGE, who: tuple[str, str] = BOT) -> None:
        """Commit what is staged."""
        env = {
            f"GIT_{one}_{what}": value
            for one in ("AUTHOR", "COMMITTER")
            for what, value in zip(("NAME", "EMAIL"), who, strict=True)
        }
        self.clone.git("commit", "-q", "--allow-empty", "-m", message, **env)

    def bundle(self, *revisions: str) -> None:
        handed = self.folder / "handed"
        handed.mkdir(exist_ok=True)
        wanted = revisions or ("main", f"^{self.start}")
        self.clone.git("bundle", "create", "-q", str(handed / "receipts.bundle"), *wanted)

    def deliver(self, **given: str) -> str:
        """What the job says where it refuses, and nothing where it has pushed."""
        handed = self.folder / "handed"
        if not (handed / "receipts.bundle").exists():
            self.bundle()
        (handed / "results.json").write_text(json.dumps({"code": 0, "report": None, "findings": None}))
        env = {
            "MDTODO_TOKEN": TOKEN,
            "MDTODO_GIT": shutil.which("git") or "",
            "MDTODO_INPUT_COMMAND": "deliver",
            "MDTODO_INPUT_BUNDLE": str(handed),
            "MDTODO_SERVER": f"file://{self.world.folder}",
            "MDTODO_REPOSITORY": "octo/shop",
            "MDTODO_REF": "refs/heads/main",
            "MDTODO_EVENT": "push",
            "RUNNER_TEMP": str(self.folder),
        }
        before = self.world.bare.git("for-each-ref")
        words = [sys.executable, "-m", "mdtodo.action", "deliver"]
        done = subprocess.run(words, env=env | given, cwd=ROOT, text=True, capture_output=True, check=False)
        assert "Traceback" not in done.stdout, done.stdout
        moved = self.world.bare.git("for-each-ref") != before
        assert moved is (done.returncode == 0), done.stdout
        assert done.returncode in (0, 2, 3)
        return "" if moved else done.stdout


@pytest.fixture
def pushing(world: World, tmp_path: Path) -> Pushing:
    return Pushing(world, tmp_path)


def link(pushing: Pushing) -> None:
    (pushing.clone.root / "out.txt").symlink_to("/etc/passwd")
    pushing.commit(**{"TODO.md": DONE})


def submodule(pushing: Pushing) -> None:
    pushing.clone.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},out.txt")
    pushing.seal()


def todo_as_a_link(pushing: Pushing) -> None:
    (pushing.clone.root / "TODO.md").unlink()
    (pushing.clone.root / "TODO.md").symlink_to("a.txt")
    pushing.commit()


def mode(pushing: Pushing) -> None:
    (pushing.clone.root / "TODO.md").chmod(0o755)
    pushing.commit(**{"TODO.md": DONE})


def merge(pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    tree, head = pushing.clone.git("rev-parse", "HEAD^{tree}"), pushing.clone.git("rev-parse", "HEAD")
    made = pushing.clone.git("commit-tree", "-p", head, "-p", pushing.start, "-m", MESSAGE, tree)
    pushing.clone.git("reset", "-q", "--hard", made)


def strange_path(pushing: Pushing) -> None:
    """git itself refuses to stage it."""
    blob = pushing.clone.git("hash-object", "-w", "--stdin", stdin="evil")
    inner = pushing.clone.git("mktree", stdin=f"100644 blob {blob}\thooks\n")
    listed = pushing.clone.git("ls-tree", "HEAD") + f"\n040000 tree {inner}\t.GIT\n"
    tree = pushing.clone.git("mktree", stdin=listed)
    made = pushing.clone.git("commit-tree", "-p", pushing.start, "-m", MESSAGE, tree)
    pushing.clone.git("reset", "-q", "--soft", made)


def files(**given: str) -> Callable[[Pushing], None]:
    return lambda pushing: pushing.commit(**given)


REFUSED = {
    "a person's commit": (lambda p: p.commit("Work", **{"TODO.md": DONE}), "is no receipt"),
    "a receipt with more below": (
        lambda p: p.commit(MESSAGE + "\nMore.", **{"TODO.md": DONE}),
        "is no receipt",
    ),
    "somebody else's": (
        lambda p: p.commit(who=("Ada", "ada@example.com"), **{"TODO.md": DONE}),
        "was made by somebody else",
    ),
    "a merge": (merge, "is a merge"),
    "a file": (files(**{"a.txt": "evil"}), "is no TODO file and no declared output"),
    "a new file": (files(**{"evil.txt": "evil"}), "is no TODO file and no declared output"),
    "an output of another processor": (files(**{"other.txt": "x"}), "is no TODO file and no declared output"),
    "a workflow": (files(**{".github/workflows/x.yml": "on: push"}), "which no processor may"),
    "a declared output in .github": (files(**{".github/x": "x"}), "which no processor may"),
    "attributes": (files(**{"site/.gitattributes": "* merge=x"}), "which no processor may"),
    "the configuration": (
        files(**{"pyproject.toml": CONFIG.replace('run = "true"', 'run = "evil"', 1)}),
        "changes the configuration",
    ),
    "the other configuration": (files(**{".mdtodo.toml": "jobs = 1\n"}), "is no TODO file"),
    "a link": (link, "is a link or a submodule"),
    "a submodule": (submodule, "is a link or a submodule"),
    "a TODO file as a link": (todo_as_a_link, "is a link or a submodule"),
    "a mode": (mode, "makes, removes or changes the mode"),
    "a path into .git": (strange_path, "nothing was pushed"),
    "another title": (files(**{"TODO.md": DONE.replace("Other", "Evil")}), "changes more of 'TODO.md'"),
    "another processor": (
        files(**{"TODO.md": DONE.replace("run:other", "run:good")}),
        "changes more of 'TODO.md'",
    ),
    "a task gone": (files(**{"TODO.md": "\n".join(DONE.split("\n")[:-2])}), "changes more of 'TODO.md'"),
    "a subtask with a processor": (
        files(**{"TODO.md": DONE.replace("id:good\n", "id:good\n  - [ ] New run:other\n")}),
        "adds a subtask",
    ),
    "a new TODO file": (files(**{"docs/TODO.md": "- [ ] New\n"}), "is no TODO file"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.sample(8)
def test_what_is_more_than_a_receipt_is_refused(name: str, pushing: Pushing) -> None:
    make, sentence = REFUSED[name]
    make(pushing)
    assert sentence in pushing.deliver()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"out.txt": "made"},
        {"site/index.html": "made"},
        {"pyproject.toml": f'[project]\nversion = "2"\n{CONFIG}'},
        {"TODO.md": DONE.replace("id:good\n", "id:good\n  - [ ] New !high\n")},
        {"TODO.md": TODO.replace("id:good", "id:good failed:1")},
    ],
)
@pytest.mark.sample(2)
def test_receipts_are_pushed_with_what_processors_may_write(
    changes: dict[str, str], pushing: Pushing
) -> None:
    pushing.commit(**{"TODO.md": DONE} | changes)
    assert not pushing.deliver()
    assert pushing.world.bare.git("rev-parse", "main") == pushing.clone.git("rev-parse", "HEAD")


def test_receipts_are_made_anew_where_the_branch_has_moved(pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    pushing.bundle()
    pushing.clone.git("reset", "-q", "--hard", pushing.start)
    moved = pushing.world.push("Meanwhile", **{"TODO.md": f"# New\n\n{TODO}"})
    assert not pushing.deliver()
    assert pushing.world.main() == f"# New\n\n{DONE}"
    assert pushing.world.bare.git("rev-parse", "main~1") == moved["head_commit"]["id"]


def test_the_rules_are_those_of_the_server_and_not_of_an_older_commit(pushing: Pushing) -> None:
    """A bundle may be on top of any commit that the branch has had."""
    pushing.world.push("Stricter", **{"pyproject.toml": CONFIG.replace('"out.txt", ', "")})
    pushing.clone.git("reset", "-q", "--hard", pushing.start)
    pushing.commit(**{"TODO.md": DONE, "out.txt": "made"})
    assert "'out.txt', which is no TODO file and no declared output" in pushing.deliver()


def test_what_does_not_descend_from_the_branch_is_refused(pushing: Pushing) -> None:
    old = pushing.clone.git("rev-parse", "HEAD~1")
    pushing.commit(**{"TODO.md": DONE})
    pushing.bundle()
    pushing.world.bare.git("update-ref", "refs/heads/main", old)
    assert "does not have" in pushing.deliver()


def test_a_bundle_on_top_of_what_the_server_has_not_is_refused(pushing: Pushing) -> None:
    pushing.commit("Work", **{"a.txt": "b"})
    pushing.start = pushing.clone.git("rev-parse", "HEAD")
    pushing.commit(**{"TODO.md": DONE})
    assert "does not have" in pushing.deliver()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"MDTODO_REF": "refs/heads/next"}, "main is checked out, and receipts are pushed to next"),
        ({"MDTODO_REF": "refs/tags/v1"}, "the event is of no branch"),
        ({"MDTODO_EVENT": "pull_request_target"}, "on pull_request_target nothing is pushed"),
        ({"MDTODO_EVENT": ""}, "nothing is pushed"),
        ({"MDTODO_SERVER": "ext::sh -c evil"}, "cannot push to"),
        ({"MDTODO_REPOSITORY": "../evil"}, "there is no repository"),
        ({"MDTODO_GIT": "git"}, "there is no git at"),
        ({"MDTODO_INPUT_BUNDLE": ""}, "the input bundle is empty"),
        ({"MDTODO_INPUT_BUNDLE": "/"}, "left no results"),
    ],
)
@pytest.mark.sample(3)
def test_only_the_event_says_where_to_push(given: dict[str, str], sentence: str, pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    assert sentence in pushing.deliver(**given)


def test_a_bundle_of_two_branches_is_refused(pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    pushing.clone.git("branch", "evil")
    pushing.bundle("main", "evil", f"^{pushing.start}")
    assert "must have one branch" in pushing.deliver()


@pytest.mark.parametrize("content", [b"", b"# v2 git bundle\n", b"# v2 git bundle\n\n\nPACK", b"\0" * 999])
@pytest.mark.sample(2)
def test_what_is_no_bundle_is_refused(content: bytes, pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    pushing.bundle()
    (pushing.folder / "handed" / "receipts.bundle").write_bytes(content)
    assert "the bundle of receipts" in pushing.deliver()


def test_a_bundle_that_is_a_link_is_not_read(pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    pushing.bundle()
    path = pushing.folder / "handed" / "receipts.bundle"
    path.rename(pushing.folder / "elsewhere")
    path.symlink_to(pushing.folder / "elsewhere")
    assert "cannot read receipts.bundle" in pushing.deliver()


def test_a_pack_of_which_something_is_missing_is_refused(pushing: Pushing) -> None:
    pushing.commit(**{"TODO.md": DONE})
    pushing.bundle()
    path = pushing.folder / "handed" / "receipts.bundle"
    path.write_bytes(path.read_bytes()[:-30])
    assert "the bundle of receipts cannot be read" in pushing.deliver()
