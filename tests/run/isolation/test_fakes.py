"""Processors that cheat in their clone, and those that work: a box is ticked for the latter alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

GOOD = "echo good > result.txt\n"

FAKES = {
    "lazy": ("true", "check: exit 1"),
    "weakens the check": ("echo true > check.sh", "it changed check.sh, which is protected"),
    "deletes the check": (f"{GOOD}git rm -q check.sh", "it changed check.sh, which is protected"),
    "makes the check a link": (f"{GOOD}ln -sf /bin/true check.sh", "it changed check.sh, which is protected"),
    "edits the configuration": (
        f"{GOOD}echo 'jobs = 7' >> .mdtodo.toml",
        "it changed .mdtodo.toml, which says how tasks are proven",
    ),
    "adds a configuration": (
        f"{GOOD}printf '[tool.mdtodo]\\nproof = \"off\"\\n' > pyproject.toml",
        "it changed [tool.mdtodo] of pyproject.toml",
    ),
    "ticks its own box": (
        f"{GOOD}sed -i 's/\\[ \\]/[x]/' TODO.md",
        "it changed TODO.md, where boxes are ticked by mdtodo alone",
    ),
    "adds a list of its own": (f"{GOOD}mkdir a; echo '- [x] Mine' > a/TODO.md", "it changed a/TODO.md"),
    "writes a receipt": (
        (
            "git -c user.name=M -c user.email=m@x commit -q --allow-empty -m 'todo: Build it\n\n"
            "Mdtodo-Run: r\nMdtodo-Task: build done feature exit=0 time=1 attempt=1'"
        ),
        "check: exit 1",
    ),
    "moves refs": ("git update-ref refs/heads/main HEAD; git branch -f evil; git stash -q", "check: exit 1"),
    "adds a repository": (
        f"{GOOD}git init -q inner; cd inner; echo x > f; git add f; git -c user.name=M -c user.email=m@x commit -qm x",
        "inner is a repository of its own",
    ),
    "hides its change": (
        "git update-index --skip-worktree check.sh; echo true > check.sh",
        "it changed check.sh, which is protected",
    ),
    "never ends": ("sleep 60", "timed out after 2s"),
    "passes and says no": (f"{GOOD}exit 3", "exit 3"),
}


@pytest.mark.parametrize(("work", "sentence"), FAKES.values(), ids=FAKES)
@pytest.mark.sample(6)
def test_a_fake_fails_and_changes_nothing(
    work: str,
    sentence: str,
    feature: Callable[..., Checkout],
    inside: Callable[..., Said],
) -> None:
    repo = feature(work, 'timeout = "2s"')
    said = inside("run", "--json", code=1)
    (task,) = said.json["tasks"]
    assert sentence in task["error"]
    assert task["outcome"] == "failed"
    assert repo.read("TODO.md").startswith(b"# List\n\n- [ ] Build it run:feature failed:1 id:build\n") or (
        b"- [ ] Build it run:feature id:build failed:1" in repo.read("TODO.md")
    )
    assert repo.git("diff", "--stat", "HEAD~", "HEAD", "--name-only") == "TODO.md"
    assert repo.status() == []
    assert repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert repo.git("stash", "list") == ""


def test_a_list_that_a_symlink_leads_to_is_a_list(
    feature: Callable[..., Checkout], inside: Callable[..., Said]
) -> None:
    text = "- [ ] Build it run:feature id:build\n- [ ] Later\n"
    repo = feature(f"{GOOD}sed -i 's/\\[ \\] Later/[x] Later/' plans/all.txt", **{"plans/all.txt": text})
    (repo.root / "TODO.md").unlink()
    (repo.root / "TODO.md").symlink_to("plans/all.txt")
    repo.git("commit", "-qam", "A link")
    (task,) = inside("run", "--json", code=1).json["tasks"]
    assert "it changed plans/all.txt, where boxes are ticked by mdtodo alone" in task["error"]
    (repo.root.parent / "work").write_text(GOOD)
    inside("run", "build")
    assert repo.read("plans/all.txt").startswith(b"- [x] Build it")
    assert repo.status() == []


WORKERS = {
    "honest": GOOD,
    "commits by itself": f"{GOOD}git add -A; git -c user.name=M -c user.email=m@x commit -qm mine; git tag mine",
    "deletes .git": f"{GOOD}rm -rf .git",
    "leaves a daemon": f"{GOOD}setsid sh -c 'sleep 30' > /dev/null 2>&1 &",
    "prints much": f"{GOOD}head -c 30000000 /dev/zero | tr '\\0' x",
    "second attempt": "grep -q '\"previous\": null' ../input.json && exit 4\n" + GOOD,
    "leaves locks": f"{GOOD}touch .git/index.lock .git/HEAD.lock",
    "breaks its index": f"{GOOD}echo x > .git/index; git config core.worktree /; git config core.bare true",
    "leaves what is ignored": f"{GOOD}echo secret > ignored",
}


@pytest.mark.parametrize("work", WORKERS.values(), ids=WORKERS)
@pytest.mark.sample(4)
def test_work_lands_with_its_tick(
    work: str, feature: Callable[..., Checkout], inside: Callable[..., Said]
) -> None:
    repo = feature(work, 'retries = 1\nretry_delay = "0s"')
    inside("run")
    assert repo.read("TODO.md") == repo.head("TODO.md")
    assert b"- [x] Build it" in repo.head("TODO.md")
    assert repo.git("diff", "--name-only", "HEAD~", "HEAD").splitlines() == ["TODO.md", "result.txt"]
    assert repo.read("result.txt") == b"good\n"
    assert repo.status() == []
    assert repo.commits() == 2
    assert repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert (repo.root.parent / "checks").read_text() == "checked build\n"
    assert "Mdtodo-Task: build done feature exit=0" in repo.git("log", "-1", "--format=%B")
