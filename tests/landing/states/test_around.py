"""What stands around a run: the environment of a calling git, locks, rights, room on the disk."""

from __future__ import annotations

import getpass
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.landing.states.bench import CONFIG, DONE, OPEN, TODO
from tests.landing.states.declared import Group
from tests.tools import lacking, ssh_key

if TYPE_CHECKING:
    from tests.landing.states.bench import Bench

around = Group("Around it")


@around.lands("`GIT_DIR` set by a calling hook")
def test_lands_with_git_dir_set_by_a_calling_hook(bench: Bench) -> None:
    bench.env = {"GIT_DIR": ".git"}
    repo = bench.repo()
    bench.expect_outcome(repo)


@around.lands("`GIT_DIR` and `GIT_WORK_TREE`")
def test_lands_with_git_dir_and_git_work_tree_set(bench: Bench) -> None:
    repo = bench.repo()
    (repo.root / ".git").rename(bench.folder / "elsewhere.git")
    bench.env = {"GIT_DIR": str(bench.folder / "elsewhere.git"), "GIT_WORK_TREE": str(repo.root)}
    bench.expect_outcome(repo)


@around.refuses(
    "`GIT_INDEX_FILE`, as inside a `git commit`",
    "git would find its HEAD moved; `--no-commit` ticks in the work tree alone",
)
def test_refuses_inside_a_git_commit_that_sets_the_index_file(bench: Bench) -> None:
    repo = bench.repo()
    bench.env = {"GIT_INDEX_FILE": str(repo.root / ".git/index")}
    bench.expect_outcome(repo, says="inside a `git commit`")


@around.lands(
    "other variables of git", "namespaces, pathspec settings and foreign object folders are cleared"
)
def test_lands_whatever_other_variables_of_git_are_set(bench: Bench) -> None:
    repo = bench.repo()
    bench.person(repo)
    before = bench.look(repo)
    wild = {
        "GIT_OBJECT_DIRECTORY": str(bench.folder / "objects"),
        "GIT_NAMESPACE": "other",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_REFLOG_ACTION": "theirs",
        "GIT_PREFIX": "sub/",
        "GIT_CEILING_DIRECTORIES": str(bench.folder),
        "GIT_PAGER": "false",
        "GIT_EDITOR": "false",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    said = bench.calls(repo.root, "run", **wild)
    bench.assert_as_declared(repo, before, bench.look(repo), said, "")
    assert not (bench.folder / "objects").exists()


@around.lands("aliases, pagers, `log.showSignature`, colours in the configuration")
def test_lands_with_aliases_pagers_and_colours_in_the_configuration(bench: Bench) -> None:
    repo = bench.repo()
    for name, value in (
        ("alias.commit-tree", "!false"),
        ("core.pager", "false"),
        ("color.ui", "always"),
        ("log.showSignature", "true"),
        ("status.short", "true"),
        ("status.showUntrackedFiles", "no"),
        ("core.quotePath", "true"),
        ("advice.statusHints", "false"),
        ("push.default", "nothing"),
    ):
        repo.git("config", name, value)
    bench.expect_outcome(repo)


@around.lands("hooks of the repository", "none is run")
def test_lands_beside_hooks_of_the_repository(bench: Bench) -> None:
    repo = bench.repo()
    hooks = bench.folder / "hooks"
    hooks.mkdir()
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "reference-transaction",
        "post-index-change",
        "post-rewrite",
    ):
        (hooks / name).write_text("#!/bin/sh\ntouch ../ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    bench.person(repo)
    repo.git("config", "core.hooksPath", str(hooks))
    said = bench.calls(repo.root, "run")
    assert said.code == 0
    assert not (bench.folder / "ran").exists()
    assert repo.head("TODO.md") == TODO.encode().replace(OPEN, DONE)


@around.refuses("no identity (`user.useConfigOnly`)", "git's message, before anything is started")
def test_refuses_without_an_identity(bench: Bench) -> None:
    repo = bench.repo()
    (bench.folder / "config").write_text("[user]\nuseConfigOnly = true\n")
    bench.env = {"GIT_CONFIG_GLOBAL": str(bench.folder / "config")}
    bench.expect_outcome(repo, person=False, says="git config user.email")
    bench.env = {}
    assert bench.calls(repo.root, "run").code == 0
    assert repo.head("TODO.md") == TODO.encode().replace(OPEN, DONE)


@around.lands("author and committer from the environment", "as in `git commit`")
def test_lands_with_author_and_committer_from_the_environment(bench: Bench) -> None:
    repo = bench.repo()
    bench.env = {
        "GIT_AUTHOR_NAME": "Aü Thor",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_AUTHOR_DATE": "2005-04-07T22:13:13+0200",
        "GIT_COMMITTER_NAME": "Com Mitter",
        "GIT_COMMITTER_EMAIL": "c@example.com",
    }
    bench.expect_outcome(repo)
    shown = repo.git("log", "-1", "--format=%an <%ae> %aI, %cn <%ce>")
    assert shown == "Aü Thor <a@example.com> 2005-04-07T22:13:13+02:00, Com Mitter <c@example.com>"
    assert (
        repo.git("reflog", "-1", "--format=%gn <%ge> %gs") == "Com Mitter <c@example.com> commit: todo: two"
    )


def gpg(bench: Bench) -> dict[str, str]:
    home = bench.folder / "gpg"
    home.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(home)}
    made = (
        "gpg",
        "--batch",
        "--passphrase",
        "",
        "--quick-gen-key",
        "Ada <ada@example.com>",
        "ed25519",
        "sign",
        "never",
    )
    try:
        subprocess.run(made, env=os.environ | env, check=True, capture_output=True, timeout=240)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        lacking(f"no gpg that can make a key: {error}")
    return env


@pytest.mark.tools
@pytest.mark.parametrize("state", ["`commit.gpgsign`, with gpg", "`commit.gpgsign`, with ssh"])
@around.lands("`commit.gpgsign`, with ssh")
@around.lands("`commit.gpgsign`, with gpg", "signed; `git verify-commit` agrees")
def test_lands_with_signed_commits(bench: Bench, state: str) -> None:
    repo = bench.repo()
    if "gpg" in state.rpartition(" ")[2]:
        bench.env = gpg(bench)
        repo.git("config", "user.signingKey", "ada@example.com")
    else:
        key = ssh_key(bench.folder / "key")
        (bench.folder / "allowed").write_text("ada@example.com " + key.with_suffix(".pub").read_text())
        for name, value in (
            ("gpg.format", "ssh"),
            ("user.signingKey", f"{key}.pub"),
            ("gpg.ssh.allowedSignersFile", str(bench.folder / "allowed")),
        ):
            repo.git("config", name, value)
    repo.git("config", "commit.gpgsign", "true")
    try:
        bench.expect_outcome(repo)
        repo.git("verify-commit", "HEAD", **bench.env)
    finally:
        if bench.env:
            subprocess.run(["gpgconf", "--kill", "all"], env=os.environ | bench.env, check=False)


@around.refuses("a signature that fails", "git's message; the next run lands the result")
def test_refuses_where_a_signature_fails(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("config", "commit.gpgsign", "true")
    repo.git("config", "gpg.program", "false")
    bench.expect_outcome(repo, says="gpg failed to sign the data")
    repo.git("config", "commit.gpgsign", "false")
    assert bench.calls(repo.root, "run").code == 0
    assert repo.head("TODO.md") == TODO.encode().replace(OPEN, DONE)


@around.refuses("the branch locked by another git", "git's message; the next run lands the result")
def test_refuses_while_the_branch_is_locked_by_another_git(bench: Bench) -> None:
    repo = bench.repo()
    lock = repo.root / ".git/refs/heads/main.lock"
    lock.write_text("")
    bench.expect_outcome(repo, says="main.lock': File exists")
    lock.unlink()
    assert bench.calls(repo.root, "run").code == 0
    assert repo.head("TODO.md") == TODO.encode().replace(OPEN, DONE)


def as_nobody(bench: Bench, repo, *args: str) -> subprocess.CompletedProcess[str]:
    """Rights mean nothing to root."""
    import sys

    command = [sys.executable, "-m", "mdtodo"]
    env = os.environ | {"HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        try:
            subprocess.run([*command, "--version"], cwd="/", env=env, capture_output=True, check=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            pytest.skip(f"nobody else can run this mdtodo, as where it is in /root: {error}")
    return subprocess.run(
        [*command, *args], cwd=repo.root, env=env, capture_output=True, text=True, check=False
    )


@around.refuses("a git directory that cannot be written", "the message says which file and why")
def test_refuses_where_the_git_directory_cannot_be_written(bench: Bench) -> None:
    repo = bench.repo()
    before = bench.look(repo)
    listed = [repo.root, *repo.root.rglob("*")]
    try:
        for path in (path for path in listed if os.geteuid() == 0):
            os.chown(path, 65534, 65534)
        for path in (repo.root / ".git", *(repo.root / ".git").rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        for folder in bench.folder.parents:
            if folder.owner() == getpass.getuser() and folder.stat().st_mode & 0o5 != 0o5:
                folder.chmod(0o755)
        bench.folder.chmod(0o755)
        said = as_nobody(bench, repo, "run")
    finally:
        for path in (path for path in listed if os.geteuid() == 0):
            os.chown(path, 0, 0)
        for path in (
            repo.root / ".git",
            *(path for path in (repo.root / ".git").rglob("*") if path.is_dir()),
        ):
            path.chmod(0o755)
        (repo.root / ".git/config").chmod(0o644)
    assert said.returncode == 3, said
    assert "state" in said.stderr
    assert ".git/mdtodo" in said.stderr
    assert "Traceback" not in said.stderr
    assert bench.look(repo) == before


@around.refuses(
    "a full disk", "the message says which file and why; results that could not be recorded are run again"
)
def test_refuses_on_a_full_disk(bench: Bench) -> None:
    disk = bench.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        repo = bench.repo(name="disk/repo")
        filler = '[ -e "$ONCE" ] || cat /dev/zero > ../filler 2>/dev/null; touch "$ONCE"'
        repo.commit("Configure", **{".mdtodo.toml": CONFIG.replace('"true"', f"'{filler}'")})
        bench.env = {"ONCE": str(bench.folder / "once")}
        before = bench.look(repo)
        said = bench.calls(repo.root, "run", **bench.env)
        assert said.code == 3, said
        assert "No space left" in said.err or "full" in said.err
        assert bench.look(repo) == before
        (disk / "filler").unlink()
        bench.assert_sound(repo)
        assert bench.calls(repo.root, "run", **bench.env).code == 0
        assert bench.look(repo).tree == bench.ticked(before.tree, 1)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
