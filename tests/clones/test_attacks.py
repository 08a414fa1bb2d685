"""A stranger's clone: whatever became of it, git of ours does not obey it, and the next one is as it should be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.clones.changes import Protected, RefusedChangesError, changes_between, give_back, refuse, take
from mdtodo.errors import GitError

if TYPE_CHECKING:
    from tests.clones.conftest import Bench


def agent(bench: Bench, script: str) -> None:
    """What somebody does in the clone, with git of theirs."""
    names = {"VICTIM": str(bench.victim), "PWN": f"touch {bench.victim}/pwned", "SLOT": bench.slot.folder}
    subprocess.run(
        ["sh", "-ec", script], cwd=bench.tree, env=os.environ | names, check=True, capture_output=True
    )


def changed(bench: Bench, *protected: str) -> dict[str, tuple[str | None, str | None]]:
    """The paths that were changed, with their modes before and after."""
    shadow, head = bench.slot.shadow, bench.repo.git("rev-parse", "HEAD")
    changes = changes_between(shadow, head, take(shadow))
    refuse(shadow, changes, Protected(protected))
    # `after` is what it is taken to be before the change, as for a file that goes back
    return {one.path: (one.after and one.after[:6], one.before and one.before[:6]) for one in changes}


def assert_fresh(bench: Bench) -> None:
    """The clone is at HEAD, with nothing else in it, and with a `.git` that works."""
    wanted = {
        name: bench.repo.head(name) for name in bench.repo.git("ls-tree", "-r", "--name-only", "HEAD").split()
    }
    here = {path for path in bench.tree.rglob("*") if path.relative_to(bench.tree).parts[0] != ".git"}
    found = {
        str(path.relative_to(bench.tree)): path for path in here if not path.is_dir() or path.is_symlink()
    }
    assert {name: path.is_file() and path.read_bytes() for name, path in found.items()} == wanted
    folders = {str(path.relative_to(bench.tree)) for path in here - set(found.values())}
    assert folders == {str(Path(name).parent) for name in wanted if "/" in name}

    def git(*args: str) -> str:
        return subprocess.run(
            ["git", *args], cwd=bench.tree, capture_output=True, text=True, check=True
        ).stdout

    assert (git("status", "--porcelain", "--ignored"), git("rev-parse", "HEAD").strip()) == (
        "",
        bench.repo.git("rev-parse", "HEAD"),
    )
    assert git("for-each-ref") == git("stash", "list") == git("remote") == ""
    assert changed(bench) == {}


#: Deeper than a path can be long, and than Python nests calls.
DEEP = "python3 -c \"import os; [(os.mkdir(n), os.chdir(n)) for n in ['d'] * 2200]; os.chmod('../../d', 0)\""

ATTACKS = {
    "another work tree": "git config core.worktree $VICTIM",
    "a bare repository": "git config core.bare true",
    "a file system monitor": 'git config core.fsmonitor "$PWN; false"',
    "a filter": 'git config filter.x.clean "$PWN"; git config filter.x.smudge "$PWN"; echo "* filter=x" > .gitattributes',
    "a process filter": 'git config filter.x.process "$PWN"; echo "* filter=x" > .git/info/attributes',
    "an external diff": 'git config diff.external "$PWN"; echo x > a.txt',
    "hooks": 'mkdir .git/hooks; for h in post-checkout post-index-change reference-transaction; do echo "#!/bin/sh\n$PWN" > .git/hooks/$h;'
    " chmod +x .git/hooks/$h; done",
    "a folder of hooks": "mkdir h; echo '#!/bin/sh\n$PWN' > h/post-index-change; chmod +x h/*; git config core.hooksPath $PWD/h",
    "an include": "git config include.path $VICTIM/a.txt",
    "skip-worktree": "git update-index --skip-worktree a.txt; echo evil > a.txt",
    "assume-unchanged": "git update-index --assume-unchanged a.txt; echo evil > a.txt",
    "the same size and time": "touch -r a.txt ../t; printf 'b\\n' > a.txt; touch -r ../t a.txt; git config core.checkStat minimal",
    "a sparse checkout": "git sparse-checkout set --no-cone /src",
    "a lock of the index": "touch .git/index.lock",
    "a lock of HEAD": "touch .git/HEAD.lock",
    "a rebase": "echo c > c; git add c; git commit -qm c; mkdir .git/rebase-merge",
    "a commit and a branch": "echo c > c; git add c; git commit -qm c; git branch x; git stash list; git tag t",
    "a stash": "echo c > a.txt; git stash -q",
    "an index that is broken": "echo broken > .git/index",
    "no .git": "rm -rf .git",
    ".git a file": "rm -rf .git; echo gitdir: $VICTIM > .git",
    ".git a link": "rm -rf .git; ln -s $VICTIM .git",
    "a repository in it": "git init -q nested; echo x > nested/x",
    "a repository in it, with a commit": "git init -q nested; cd nested; echo x > x; git add x; git commit -qm x",
    "its own folder a repository": "cd src; git init -q; git add -A; git commit -qm x",
    ".GIT": "mkdir -p sub/.GIT; echo x > sub/.GIT/config",
    "a named pipe": "mkfifo pipe; rm a.txt; mkfifo a.txt",
    "odd names": "touch -- 'new\nline' \"$(printf 'latin\\351')\" '-rf' ' ' '\"' ':(top)x' '#' '!a'",
    "pipes that git would read": "mkfifo .gitattributes src/.gitignore .gitmodules; rm .gitignore; mkfifo .gitignore",
    "a link to a file of the system": "ln -sf /etc/passwd a.txt; ln -s /etc etc",
    "a folder that became a link": "rm -r src; ln -s $VICTIM src",
    "a folder that became a file": "rm -r src; echo x > src",
    "a file that became a folder": "rm a.txt; mkdir a.txt; echo x > a.txt/x",
    "a program of root": "chmod 4755 a.txt; chmod 1777 src",
    "folders that nobody may read": "mkdir -p deep/er; touch deep/er/x; chmod 000 deep/er deep src a.txt",
    "files that are ignored": "echo x > x.log; mkdir -p build; echo '*' > build/.gitignore; touch build/y",
    "a deep folder": "d=.; for i in $(seq 200); do d=$d/0123456789; done; mkdir -p $d; touch $d/x",
    "a bottomless folder": DEEP,
    "a bottomless home": 'cd "$SLOT/home"; ' + DEEP,
    "a change of rules": "echo '*' > .git/info/exclude; echo new > new; echo '* -text' > .git/info/attributes",
    "a repository in a folder of ours": "mkdir -p src/.git; echo evil > src/.git/HEAD; touch src/.Git",
    "a git file in a folder of ours": "echo gitdir: $VICTIM > src/.git",
    "a socket": "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('src/s')\"",
    "alternates": "echo $VICTIM > .git/objects/info/alternates",
    "a replaced object": "git replace HEAD:a.txt HEAD:src/b.txt",
    "a graft": "git rev-parse HEAD > .git/info/grafts; git rev-parse HEAD > .git/shallow",
    "the whole folder a link": 'd=$PWD; cd ..; rm -rf "$d"; ln -s $VICTIM "$d"',
    "the whole folder gone": 'd=$PWD; cd ..; rm -rf "$d"',
    "the folder for temporary files a link": 'cd "$SLOT"; rm -rf tmp home; ln -s $VICTIM tmp; ln -s $VICTIM home',
    "our git directory led elsewhere": 'echo $VICTIM > "$SLOT/git/commondir"; git config -f "$SLOT/git/config" core.worktree $VICTIM',
    "our git directory with rules": 'mkdir -p "$SLOT/git/info"; echo "*.txt" > "$SLOT/git/info/sparse-checkout";'
    ' git config -f "$SLOT/git/config.worktree" core.sparseCheckout true; echo "* filter=x" > "$SLOT/git/info/attributes"',
    "our git directory locked": 'touch "$SLOT/git/index.lock" "$SLOT/git/HEAD.lock" "$SLOT/git/refs/heads/none.lock"',
    "our index broken": 'echo broken > "$SLOT/git/index"',
    "our git directory gone": 'rm -rf "$SLOT/git"',
    "our git directory a link": 'rm -rf "$SLOT/git"; ln -s $VICTIM "$SLOT/git"',
}  # fmt: skip


@pytest.mark.parametrize("script", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.sample(20)
def test_a_clone_is_as_it_should_be_again(bench: Bench, script: str) -> None:
    for _ in range(2):  # the second time it is known what it was like
        agent(bench, script)
        bench.show()
        assert_fresh(bench)


@pytest.mark.parametrize(
    "script", [one for one in ATTACKS.values() if "SLOT" not in one and '"$d"' not in one]
)
@pytest.mark.sample(15)
def test_to_look_at_what_was_changed_runs_nothing_of_it(bench: Bench, script: str) -> None:
    agent(bench, script)
    with suppress(RefusedChangesError):
        changed(bench)
    assert not (bench.victim / "pwned").exists()


@pytest.mark.parametrize(
    ("script", "changes"),
    [
        (ATTACKS["skip-worktree"], {"a.txt": ("100644", "100644")}),
        (ATTACKS["assume-unchanged"], {"a.txt": ("100644", "100644")}),
        (ATTACKS["the same size and time"], {"a.txt": ("100644", "100644")}),
        (ATTACKS["a commit and a branch"], {"c": (None, "100644")}),
        (ATTACKS["a named pipe"], {"a.txt": ("100644", None)}),
        (ATTACKS["pipes that git would read"], {".gitignore": ("100644", None)}),
        (ATTACKS["its own folder a repository"], {}),
        (ATTACKS["a link to a file of the system"], {"a.txt": ("100644", "120000"), "etc": (None, "120000")}),
        (ATTACKS["a folder that became a link"], {"src/b.txt": ("100644", None), "src": (None, "120000")}),
        (ATTACKS["a folder that became a file"], {"src/b.txt": ("100644", None), "src": (None, "100644")}),
        (ATTACKS["a program of root"], {"a.txt": ("100644", "100755")}),
        (ATTACKS["files that are ignored"], {}),
        (ATTACKS["a change of rules"], {"new": (None, "100644")}),
        (ATTACKS["no .git"], {}),
        ("rm -rf .git; echo new > new; rm a.txt", {"new": (None, "100644"), "a.txt": ("100644", None)}),
        (
            ATTACKS["odd names"],
            dict.fromkeys(
                ("new\nline", os.fsdecode(b"latin\xe9"), "-rf", " ", '"', ":(top)x", "#", "!a"),
                (None, "100644"),
            ),
        ),
    ],
)
@pytest.mark.sample(6)
def test_what_was_changed_is_seen(bench: Bench, script: str, changes: dict[str, object]) -> None:
    agent(bench, script)
    assert changed(bench) == changes


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (ATTACKS["a repository in it"], "cannot be taken: git: 'nested/' does not have a commit"),
        (ATTACKS["a repository in it, with a commit"], "nested is a repository of its own"),
        (ATTACKS[".GIT"], r"cannot be taken: git: invalid path 'sub/\.GIT/config'"),
        ("echo x > a.txt", "it changed a.txt, which is protected"),
        ("head -c 110000000 /dev/zero > big", "it changed 110 MB, more than the 105 MB"),
    ],
)
def test_what_cannot_land_is_refused(bench: Bench, script: str, words: str) -> None:
    bench.repo.git("config", "core.protectHFS", "true")
    agent(bench, script)
    with pytest.raises(RefusedChangesError, match=words):
        changed(bench, "a.txt")


def test_what_was_changed_is_brought_into_the_repository(bench: Bench) -> None:
    agent(bench, "echo new > 'new\nline'; rm src/b.txt; git commit -qam evil")
    head = bench.repo.git("rev-parse", "HEAD")
    tree = take(bench.slot.shadow)
    commit = give_back(bench.slot.shadow, bench.source, head, tree)
    assert bench.repo.git("rev-parse", f"{commit}^", f"{commit}^{{tree}}").split() == [head, tree]
    assert bench.repo.git("fsck", "--strict", "--no-dangling", commit) == ""
    assert (bench.repo.git("for-each-ref", "--format=%(refname)"), bench.repo.status()) == (
        "refs/heads/main",
        [],
    )
    assert not (bench.repo.root / ".git/FETCH_HEAD").exists()


@pytest.mark.parametrize("kind", ["blob", "tree"])
def test_a_forged_object_is_refused(bench: Bench, kind: str) -> None:
    agent(bench, "mkdir new; echo good > new/file")
    shadow = bench.slot.shadow
    tree = take(shadow)
    oid = shadow.git("rev-parse", f"{tree}:new" + ("/file" if kind == "blob" else "")).decode().strip()
    path = Path(shadow.git_dir, "objects", oid[:2], oid[2:])
    path.chmod(0o644)
    other = bytes.fromhex(bench.repo.git("rev-parse", "HEAD:a.txt"))
    data = b"evil\n" if kind == "blob" else b"100644 evil\0" + other
    path.write_bytes(zlib.compress(f"{kind} {len(data)}\0".encode() + data))
    with pytest.raises(GitError):
        give_back(shadow, bench.source, bench.repo.git("rev-parse", "HEAD"), tree)
    assert bench.repo.git("cat-file", "-t", oid, check=False) == ""


def test_an_object_that_says_it_is_there_is_not_believed(bench: Bench) -> None:
    """A tree whose blob is nowhere cannot be brought back."""
    shadow = bench.slot.shadow
    tree = shadow.git("mktree", "--missing", stdin=b"100644 blob " + b"1" * 40 + b"\tx\n").decode().strip()
    with pytest.raises(GitError):
        give_back(shadow, bench.source, bench.repo.git("rev-parse", "HEAD"), tree)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="takes a right of root away")
def test_folders_that_their_owner_may_not_read_are_removed(bench: Bench) -> None:
    """Root may read everything, so here root is not allowed to."""
    agent(bench, ATTACKS["folders that nobody may read"])
    code = (
        "import sys; from mdtodo.clones.slots import Slot; from mdtodo.clones.source import CloneSource as S\n"
        "Slot(sys.argv[1]).show(S(sys.argv[2], sys.argv[3]), sys.argv[4])"
    )
    head = bench.repo.git("rev-parse", "HEAD")
    drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]
    args = [bench.slot.folder, bench.source.common_dir, bench.source.root, head]
    subprocess.run([*drop, sys.executable, "-c", code, *args], check=True)
    assert_fresh(bench)
