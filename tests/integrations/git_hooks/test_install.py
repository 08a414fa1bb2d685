"""`mdtodo install` and `uninstall`: real commits with real hooks, which were there before or not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from mdtodo.errors import EditError, GitError, InputError
from mdtodo.git.repository import discover
from mdtodo.integrations.git_hooks import scripts
from mdtodo.integrations.git_hooks.install import install_hooks, uninstall_hooks
from mdtodo.system import files
from tests.integrations.git_hooks.conftest import BIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

PROGRAM = str(Path(sys.executable).parent / "mdtodo")
CHECK = ("check", "--staged")
BAD = "- [ ] a after:nowhere\n"
GOOD = "- [ ] a\n"
TRACKED = "git tracks this file, so the change affects everybody"


@pytest.fixture
def hooks(repo: Checkout) -> Path:
    folder = repo.root / ".git" / "hooks"
    folder.mkdir(exist_ok=True)
    return folder


def commit(repo: Checkout, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`git commit`, which may be refused."""
    return subprocess.run(
        ["git", "commit", "-q", "-m", "x", *args],
        cwd=repo.root,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def executable(path: Path, content: str | bytes, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def state_of(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Names, modes and bytes of everything in a folder; of a link its target."""
    return {
        entry.name: (
            entry.lstat().st_mode,
            os.readlink(entry) if entry.is_symlink() else b"" if entry.is_dir() else entry.read_bytes(),
        )
        for entry in folder.iterdir()
    }


def test_a_commit_of_a_mistake_is_refused(repo: Checkout, hooks: Path) -> None:
    repo.git("commit", "-q", "--allow-empty", "-m", "Base")
    before = state_of(hooks)
    assert scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK).outcome == "added"
    repo.write("TODO.md", BAD)
    repo.git("add", "-A")
    refused = commit(repo)
    assert refused.returncode == 1
    assert "TODO.md:1: error: unknown-id" in refused.stdout + refused.stderr
    repo.write("TODO.md", GOOD)
    assert commit(repo).returncode == 1, "what is staged counts"
    assert commit(repo, "-a").returncode == 0, "`commit -a` has an index of its own"
    repo.write("TODO.md", BAD)
    repo.write("other.txt", "x")
    repo.git("add", "other.txt")
    assert commit(repo, "TODO.md").returncode == 1, "`commit PATH` too"
    assert commit(repo).returncode == 0
    assert commit(repo, "--amend", "-a").returncode == 1
    assert scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK).outcome == "kept"
    assert scripts.uninstall(str(hooks), "pre-commit").outcome == "removed"
    assert state_of(hooks) == before
    assert commit(repo, "-a").returncode == 0


#: Hooks as people have them; each writes its arguments and its standard input to a file, where it can.
SEEN = 'printf "%s\\n" "$#" "$@" >> "$SEEN"; cat >> "$SEEN"\n'
THERE = {
    "plain": "#!/bin/sh\n" + SEEN,
    "exits": "#!/bin/sh\n" + SEEN + "exit 0\n",
    "strict": "#!/bin/sh -eu\n" + SEEN,
    "env bash": "#!/usr/bin/env bash\nset -euo pipefail\n" + SEEN,
    "exec": "#!/usr/bin/env sh\n" + SEEN + 'exec true "$@"\n',
    "no last line end": "#!/bin/bash\n" + SEEN + "true",
    "latin-1": b"#!/bin/sh\n# caf\xe9\n" + SEEN.encode(),
    "husky": '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n',
    "python": "#!/usr/bin/env python3\nimport os, sys\nopen(os.environ['SEEN'], 'a').write("
    "'\\n'.join([str(len(sys.argv) - 1), *sys.argv[1:], sys.stdin.read()]))\n",
    "no shebang": SEEN,
}


@pytest.mark.parametrize("name", THERE)
def test_an_existing_hook_runs_first_with_arguments_and_input(
    repo: Checkout, hooks: Path, tmp_path: Path, name: str
) -> None:
    seen = tmp_path / "seen"
    executable(hooks / "pre-push", THERE[name], 0o775)
    executable(hooks / "h", SEEN + "exit 0\n", 0o644)
    before = state_of(hooks)
    program = executable(
        tmp_path / "mdtodo", '#!/bin/sh\necho "after: $*" >> "$SEEN"; cat >> "$SEEN"; exit $CODE\n'
    )
    assert scripts.install(str(hooks), "pre-push", str(program), ("x y", "$z")).outcome == "added"
    for code in (0, 7):
        seen.write_text("")
        done = subprocess.run(
            [".git/hooks/pre-push", "origin", "a b"],
            cwd=repo.root,
            input=b"refs\n",
            env=os.environ | {"SEEN": str(seen), "CODE": str(code), "MDTODO_HOOK": "1"},
            check=False,
        )
        assert done.returncode == code
        assert seen.read_text().split() == ["2", "origin", "a", "b", "refs", "after:", "x", "y", "$z"]
    assert scripts.uninstall(str(hooks), "pre-push").outcome == "removed"
    assert state_of(hooks) == before


def test_the_input_of_git_is_for_the_existing_hook(hooks: Path, tmp_path: Path) -> None:
    executable(hooks / "pre-push", "#!/bin/sh\ntrue\n")
    program = executable(tmp_path / "mdtodo", f"#!/bin/sh\ncat > {tmp_path}/heard\n")
    scripts.install(str(hooks), "pre-push", str(program), ())
    subprocess.run([str(hooks / "pre-push")], input=b"refs", check=True)
    assert (tmp_path / "heard").read_bytes() == b""


@pytest.mark.parametrize("content", ["#!/bin/sh\nexit 9\n", "#!/usr/bin/env python3\nraise SystemExit(9)\n"])
def test_a_refusal_of_the_existing_hook_counts_and_ours_is_not_run(
    hooks: Path, tmp_path: Path, content: str
) -> None:
    executable(hooks / "pre-commit", content)
    program = executable(tmp_path / "mdtodo", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    scripts.install(str(hooks), "pre-commit", str(program), CHECK)
    assert subprocess.run([str(hooks / "pre-commit")], check=False).returncode == 9
    assert not (tmp_path / "ran").exists()


def test_a_commit_that_a_hook_makes_in_another_repository_is_checked(
    make_repo: Callable[..., Checkout], tmp_path: Path
) -> None:
    inner, outer = make_repo("inner"), make_repo("outer")
    for one in (inner, outer):
        folder = one.root / ".git" / "hooks"
        nested = (
            f"cd {inner.root} && env -u GIT_INDEX_FILE git commit -qam inner\n" if one is outer else "true\n"
        )
        executable(folder / "pre-commit", "#!/bin/sh\n" + nested)
        scripts.install(str(folder), "pre-commit", PROGRAM, CHECK)
    inner.write("TODO.md", BAD)
    inner.git("add", "-A")
    for number in ("", "1", str(os.getpid())):
        done = commit(outer, "--allow-empty", MDTODO_HOOK=number)
        assert done.returncode == 1, "the inner hook is no second run of the outer one"
    assert inner.git("rev-list", "--all") == ""


def test_a_hook_that_git_did_not_run_is_not_run_by_ours(repo: Checkout, hooks: Path) -> None:
    executable(hooks / "pre-commit", "#!/bin/sh\nexit 9\n", 0o644)
    before = state_of(hooks)
    change = scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
    assert "did not run" in change.notes[0]
    assert commit(repo, "--allow-empty").returncode == 0
    scripts.uninstall(str(hooks), "pre-commit")
    assert state_of(hooks) == before


def test_a_link_is_not_written_through(repo: Checkout, hooks: Path) -> None:
    target = executable(repo.root / "tools" / "hook.sh", "#!/bin/sh\necho from the link >&2\n")
    (hooks / "pre-commit").symlink_to("../../tools/hook.sh")
    before, content = state_of(hooks), target.read_bytes()
    scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
    assert target.read_bytes() == content
    assert "from the link" in commit(repo, "--allow-empty").stderr
    scripts.uninstall(str(hooks), "pre-commit")
    assert state_of(hooks) == before


#: What an earlier mdtodo put after the first line of a shell script.
GROWN = """\
[ "${MDTODO_HOOK:-}" = "$PPID" ] || MDTODO_HOOK=$$ "$0" "$@" || exit  # (mdtodo install)
[ "${MDTODO_HOOK:-}" = "$PPID" ] || { mdtodo=/gone; "$mdtodo" check; exit; }  # (mdtodo install)
unset MDTODO_HOOK  # (mdtodo install)
"""


@pytest.mark.parametrize("again", [False, True])
def test_lines_of_an_earlier_mdtodo_in_a_hook_are_taken_out(hooks: Path, tmp_path: Path, again: bool) -> None:
    path = executable(hooks / "pre-commit", f"#!/bin/sh\necho between\n{GROWN}echo one\n", 0o775)
    if again:
        change = scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
        assert (change.outcome, len(change.notes)) == ("updated", 1)
        assert "MDTODO_HOOK" not in path.read_text()
        assert subprocess.run([str(path)], capture_output=True, check=False).stdout.startswith(
            b"between\none\n"
        )
        assert scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK).outcome == "kept"
    scripts.uninstall(str(hooks), "pre-commit")
    assert state_of(hooks) == {"pre-commit": (stat.S_IFREG | 0o775, b"#!/bin/sh\necho between\necho one\n")}


def test_a_binary_is_called_as_it_is(hooks: Path) -> None:
    executable(hooks / "pre-commit", Path("/bin/false").read_bytes())
    before = state_of(hooks)
    scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
    assert subprocess.run([str(hooks / "pre-commit")], check=False).returncode == 1
    scripts.uninstall(str(hooks), "pre-commit")
    assert state_of(hooks) == before


def test_where_ours_cannot_be_written_the_hook_stays(hooks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise InputError("cannot be created: No space left on device")

    executable(hooks / "pre-commit", "#!/bin/sh\n")
    before = state_of(hooks)
    monkeypatch.setattr(files, "create", full)
    with pytest.raises(InputError, match="No space"):
        scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
    assert state_of(hooks) == before


#: As husky 9 makes them, in a folder that `core.hooksPath` names: the name of the hook says which script is meant.
HUSKY = {
    "_/pre-commit": '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n',
    "_/h": 'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\n'
    "c=$?\nexit $c\n",
    "pre-commit": "echo checks >&2\nexit $CODE\n",
}


@pytest.mark.parametrize("tracked", [False, True])
def test_husky_goes_on_and_a_hook_that_is_tracked_is_told(repo: Checkout, tracked: bool) -> None:
    for name, text in HUSKY.items():
        executable(repo.root / ".husky" / name, text)
    repo.git("config", "core.hooksPath", ".husky/_")
    repo.write("TODO.md", BAD)
    repo.git("add", "TODO.md", *([".husky"] if tracked else []))
    before = state_of(repo.root / ".husky/_")
    changes = {os.path.basename(one.path): one for one in install_hooks(discover(str(repo.root)))}
    assert changes["pre-commit"].notes[1:] == (TRACKED,) * tracked
    assert [commit(repo, CODE=code).returncode for code in "10"] == [1, 1]
    said = commit(repo, CODE="0").stderr
    assert said.index("checks") < said.index("unknown-id")
    # it generates its folder anew, when packages are installed
    executable(repo.root / ".husky/_/pre-commit", HUSKY["_/pre-commit"])
    assert install_hooks(discover(str(repo.root)))[0].outcome == "added"
    assert "unknown-id" in commit(repo, CODE="0").stderr
    assert {one.outcome for one in uninstall_hooks(discover(str(repo.root)))} == {"removed", "absent"}
    assert state_of(repo.root / ".husky/_") == before


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
@pytest.mark.parametrize("order", ["fm", "mf", "fmf", "mfm", "fmfm", "mffm"])
@pytest.mark.sample(4)
def test_beside_a_framework_each_hook_runs_once_in_whatever_order_they_came(
    repo: Checkout, hooks: Path, framework: str, order: str
) -> None:
    repo.write(".pre-commit-config.yaml", yaml.dump({"repos": [{"repo": "local", "hooks": [OF_FRAMEWORK]}]}))
    executable(hooks / "pre-commit", "#!/bin/sh\necho before >&2\nexit $CODE\n")
    before = state_of(hooks)
    for one in order:
        if one == "m":
            scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
        else:
            subprocess.run([BIN / framework, "install"], cwd=repo.root, capture_output=True, check=True)
    repo.write("TODO.md", BAD)
    repo.git("add", "-A")
    said = commit(repo, CODE="0")
    words = said.stdout + said.stderr
    assert [words.count(one) for one in ("before", "unknown-id", "of the framework")] == [1, 1, 1], words
    assert said.returncode == 1
    assert commit(repo, CODE="3").returncode
    repo.write("TODO.md", GOOD)
    repo.git("add", "-A")
    assert commit(repo, CODE="0").returncode == 0
    for one in order[::-1]:
        if one == "m":
            scripts.uninstall(str(hooks), "pre-commit")
        else:
            subprocess.run([BIN / framework, "uninstall"], cwd=repo.root, capture_output=True, check=True)
    assert state_of(hooks) == before


OF_FRAMEWORK = {
    "id": "one",
    "name": "of the framework",
    "entry": "true",
    "language": "system",
    "always_run": True,
    "verbose": True,
    "pass_filenames": False,
}


def test_lines_of_a_person_in_our_hook_stay_and_the_kept_hook_too(hooks: Path) -> None:
    path = executable(hooks / "pre-commit", "#!/usr/bin/env python3\nprint('python')\n")
    scripts.install(str(hooks), "pre-commit", "/gone", ())
    with path.open("a") as file:
        file.write("echo mine\n")
    scripts.uninstall(str(hooks), "pre-commit")
    said = subprocess.run([str(path)], capture_output=True, text=True, check=True)
    assert said.stdout == "python\nmine\n"
    assert "mdtodo=" not in path.read_text()


def test_a_tool_that_is_gone_stops_nobody(repo: Checkout, hooks: Path, tmp_path: Path) -> None:
    broken = executable(tmp_path / "bin" / "mdtodo", "#!/no/such/python\n")
    for program in ("/gone/mdtodo", str(broken), str(tmp_path)):
        scripts.install(str(hooks), "pre-commit", program, CHECK)
        done = commit(repo, "--allow-empty", PATH="/usr/bin:/bin")
        assert done.returncode == 0
        assert (
            "mdtodo: cannot be started here, so nothing was checked; `mdtodo install` sets it up again\n"
            in done.stderr
        )
    found = executable(tmp_path / "path" / "mdtodo", "#!/bin/sh\nexit 5\n").parent
    scripts.install(str(hooks), "pre-commit", "/gone/mdtodo", CHECK)
    assert commit(repo, "--allow-empty", PATH=f"{found}:/usr/bin:/bin").returncode == 1, "the one on PATH"


@pytest.mark.parametrize("name", ["a b", "it's", "$(touch x)", "a; esac #", "line\nend", "caf\udce9"])
def test_a_strange_path_of_the_program_is_a_path(
    repo: Checkout, hooks: Path, tmp_path: Path, name: str
) -> None:
    program = executable(tmp_path / name / "mdtodo", "#!/bin/sh\necho ran >&2\n")
    other = executable(tmp_path / "b" / "mdtodo", "#!/bin/sh\necho ran >&2\n")
    executable(hooks / "pre-commit", "#!/bin/sh\ntrue\n")
    before = state_of(hooks)
    scripts.install(str(hooks), "pre-commit", str(program), CHECK)
    path = f"{program.parent}:{os.environ['PATH']}" if "\n" in name else os.environ["PATH"]
    assert "ran" in commit(repo, "--allow-empty", PATH=path).stderr
    assert not (repo.root / "x").exists()
    scripts.install(str(hooks), "pre-commit", str(other), CHECK)
    assert "ran" in commit(repo, "--allow-empty", PATH="/usr/bin:/bin").stderr
    scripts.uninstall(str(hooks), "pre-commit")
    assert state_of(hooks) == before


def test_the_folder_is_the_one_that_git_uses(repo: Checkout, tmp_path: Path, isolated_home: Path) -> None:
    assert scripts.folder(discover(str(repo.root))) == str(repo.root / ".git" / "hooks")
    repo.git("commit", "-q", "--allow-empty", "-m", "x")
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    assert scripts.folder(discover(str(tmp_path / "linked"))) == str(repo.root / ".git" / "hooks")
    repo.git("config", "core.hooksPath", "tools/hooks")
    assert scripts.folder(discover(str(tmp_path / "linked"))) == str(tmp_path / "linked" / "tools/hooks")
    repo.git("config", "core.hooksPath", "~/hooks")
    assert scripts.folder(discover(str(repo.root))) == str(isolated_home / "hooks")
    repo.git("config", "core.hooksPath", "/dev/null")
    with pytest.raises(GitError, match="not a folder"):
        scripts.folder(discover(str(repo.root)))


def test_hooks_of_every_repository_are_left_alone(
    repo: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[core]\nhooksPath = /somewhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(GitError, match="every repository"):
        scripts.folder(discover(str(repo.root)))
    repo.git("config", "core.hooksPath", "hooks")
    assert scripts.folder(discover(str(repo.root))) == str(repo.root / "hooks")


def test_a_second_hook_beside_a_kept_one_is_refused(hooks: Path) -> None:
    executable(hooks / "pre-commit", "no shebang")
    executable(hooks / ("pre-commit" + scripts.BACKUP_SUFFIX), "of long ago")
    before = state_of(hooks)
    with pytest.raises(EditError, match="earlier install"):
        scripts.install(str(hooks), "pre-commit", PROGRAM, CHECK)
    assert state_of(hooks) == before


#: What stands in the way of the fourth hook, and what the others found.
OBSTACLES: dict[str, Callable[[Path], object]] = {
    "a folder": lambda hooks: (hooks / "commit-msg").mkdir(),
    "two hooks": lambda hooks: [
        executable(hooks / name, name) for name in ("commit-msg", "commit-msg" + scripts.BACKUP_SUFFIX)
    ],
    "a full disk": lambda hooks: None,
}


@pytest.mark.parametrize("there", ["nothing", "a hook", "a link", "ours", "a framework's"])
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_where_one_hook_cannot_be_installed_none_is(
    repo: Checkout, hooks: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str, there: str
) -> None:
    if there == "ours":
        scripts.install(str(hooks), "pre-commit", "/of/before", CHECK)
    elif there == "a link":
        executable(hooks.parent / "linked", "#!/bin/sh\n")
        (hooks / "pre-commit").symlink_to("../linked")
    elif there != "nothing":
        text = "# File generated by pre-commit: x\n" if there == "a framework's" else "#!/bin/sh\n"
        executable(hooks / "pre-commit", text, 0o750)
    OBSTACLES[obstacle](hooks)
    before = state_of(hooks)
    if obstacle == "a full disk":
        create = files.create

        def fail(root: str, path: str, content: bytes) -> None:
            if path == "commit-msg":
                raise InputError("cannot be created: No space left on device", file=path)
            create(root, path, content)

        monkeypatch.setattr(files, "create", fail)
    with pytest.raises((EditError, InputError)):
        install_hooks(discover(str(repo.root)))
    assert state_of(hooks) == before


def test_install_and_uninstall_say_what_became_of_each_hook(repo: Checkout, hooks: Path) -> None:
    executable(hooks / "pre-push", "#!/bin/sh\ntrue\n")

    executable(hooks / "pre-merge-commit", "#!/usr/bin/env python3\n")

    def mdtodo(*args: str) -> list[str]:
        done = subprocess.run([PROGRAM, *args], cwd=repo.root, capture_output=True, text=True, check=True)
        return [line.removeprefix(".git/hooks/") for line in done.stdout.splitlines()]

    before = state_of(hooks)
    kept = "the previous hook is now pre-merge-commit.before-mdtodo; it runs first"
    executable(hooks / "commit-msg", "#!/bin/sh\ntrue\n")
    before = state_of(hooks)
    executable(hooks / "commit-msg", f"#!/bin/sh\n{GROWN}true\n")
    added = "created; the previous hook is now {}.before-mdtodo; it runs first"
    assert mdtodo("install") == [
        "pre-commit: created",
        f"pre-merge-commit: created; {kept}",
        "prepare-commit-msg: created",
        f"commit-msg: {added.format('commit-msg').replace('created', 'created anew')}",
    ]
    names = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg")
    already = [f"{name}: already installed" for name in names]
    assert mdtodo("install", "--verify") == [*already, f"pre-push: {added.format('pre-push')}"]
    assert mdtodo("install", "--verify") == [*already, "pre-push: already installed"]
    assert stat.S_IMODE((hooks / "pre-commit").stat().st_mode) & 0o111
    assert mdtodo("uninstall") == [
        "pre-commit: removed",
        "pre-merge-commit: removed; the hook that existed before was put back",
        "prepare-commit-msg: removed",
        "commit-msg: removed; the hook that existed before was put back",
        "pre-push: removed; the hook that existed before was put back",
    ]
    assert state_of(hooks) == before
    assert mdtodo("uninstall") == ["nothing to uninstall: no hook calls mdtodo"]
    assert "pre-commit: created" in mdtodo("init", "--hooks")


def test_a_merge_that_git_commits_by_itself_is_checked(repo: Checkout, hooks: Path) -> None:
    repo.commit("Base", **{"TODO.md": GOOD})
    repo.git("switch", "-qc", "side")
    repo.commit("Side", **{"todo/one.md": "- [ ] one id:same\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Main", **{"todo/two.md": "- [ ] two id:same\n"})
    scripts.install(str(hooks), "pre-merge-commit", PROGRAM, CHECK)
    done = subprocess.run(
        ["git", "merge", "side"], cwd=repo.root, capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "duplicate-id" in done.stdout + done.stderr


def test_a_hook_that_another_call_creates_during_install_is_read_again(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, create = str(repo.root / ".git" / "hooks"), files.create

    def after_another(root: str, path: str, content: bytes) -> None:
        monkeypatch.setattr(files, "create", create)
        scripts.install(place, "pre-commit", "/bin/true", ())
        create(root, path, content)

    monkeypatch.setattr(files, "create", after_another)
    assert scripts.install(place, "pre-commit", "/bin/true", ()).outcome == "kept"


def test_lines_of_ones_own_outlive_uninstall_and_another_install_with_the_hook_before(
    repo: Checkout, hooks: Path
) -> None:
    before, git = (
        executable(hooks / "commit-msg", "#!/bin/sh\necho before >>called\n"),
        discover(str(repo.root)),
    )
    install_hooks(git)
    made = before.read_text() + "echo own >>called\n"
    before.write_text(made)
    list(uninstall_hooks(git))
    left = before.read_text()
    assert [change.outcome for change in uninstall_hooks(git)] == ["absent"] * 5
    assert before.read_text() == left
    assert [change.outcome for change in install_hooks(git)] == ["added"] * 4
    assert before.read_text() == made
    assert commit(repo, "--allow-empty").returncode == 0
    assert (repo.root / "called").read_text() == "before\nown\n"
