"""One run of `mdtodo` in a repository where a person is at work, and what must be as it was."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import Checkout
from tests.landing.states.declared import Outcome

if TYPE_CHECKING:
    from tests.calls import Calls, Said
    from tests.landing.states.declared import Declared

TODO = "# Plan\n\n- [ ] one\n- [ ] two run:ok\n- [ ] three\n"
OPEN, DONE = b"- [ ] two run:ok", b"- [x] two run:ok"
CONFIG = '[processors.ok]\nrun = "true"\n'


@dataclass(frozen=True)
class Look:
    """All that a person could see of a repository. Paths are bytes; `files` has mode and content."""

    head: str
    tree: dict[bytes, tuple[str, bytes]]
    index: dict[tuple[bytes, str], tuple[str, str, bytes]]
    files: dict[bytes, tuple[int, bytes]]
    status: bytes
    refs: dict[str, str]
    config: bytes


@dataclass
class Bench:
    """`folder` is empty; `declared` says what the run must come to. `env` is git's and mdtodo's."""

    folder: Path
    calls: Calls
    declared: Declared
    env: dict[str, str] = field(default_factory=dict)
    file: str = "TODO.md"
    fsck: bool = True
    blobs: dict[str, bytes] = field(default_factory=dict)

    def repo(
        self, *options: str, name: str = "repo", todo: str | bytes = TODO, **files: str | bytes
    ) -> Checkout:
        """A repository with one commit, in which one task can be run."""
        repo = Checkout(self.folder / name)
        repo.root.mkdir()
        repo.git("init", "-q", *options)
        repo.commit(
            **{self.file: todo, ".mdtodo.toml": CONFIG, "mine.txt": "0\n", "sub/x.txt": "x\n"}, **files
        )
        return repo

    def person(self, repo: Checkout) -> None:
        """A person is at work: something staged, something else changed, also in the TODO file itself."""
        data = repo.read(self.file)
        repo.write("mine.txt", "staged\n")
        repo.write(self.file, data.replace(b"# Plan", b"# My plan"))
        repo.git("--literal-pathspecs", "add", "--", "mine.txt", self.file, **self.env)
        repo.write("mine.txt", "staged, then changed\n")
        end = b"\r\n" if b"\r\n" in data else b"\n"
        repo.write(self.file, data.replace(b"# Plan", b"# My plan") + b"- [ ] four" + end)
        repo.write("sub/x.txt", "changed\n")
        repo.write("untracked", "mine\n")

    def expect_outcome(
        self, repo: Checkout, *, cwd: Path | None = None, person: bool = True, says: str = ""
    ) -> Said:
        """Run the task, and check that everything is as declared. `says`: words of the refusal."""
        if person:
            self.person(repo)
        before = self.look(repo)
        said = self.calls(cwd or repo.root, "run", "-j1", **self.env)
        after = self.look(repo)
        self.assert_as_declared(repo, before, after, said, says)
        return said

    def assert_as_declared(self, repo: Checkout, before: Look, after: Look, said: Said, says: str) -> None:
        outcome = self.declared.outcome
        if outcome is Outcome.REFUSES:
            assert said.code == 3, said
            assert says, "a refusal has words"
            assert says in said.err, said
            assert after == before
        else:
            assert said.code == 0, said
            assert after.config == before.config
            assert after.files == self.ticked(before.files, 1)
            assert after.files != before.files
            assert after.index == self.ticked(before.index, 2)
            assert after.tree == self.ticked(before.tree, 1)
            self.assert_commit(repo, before, after, lands=outcome is Outcome.LANDS)
        self.assert_sound(repo)

    def ticked(self, before: dict, at: int) -> dict:
        """The same, with the one line ticked in the TODO file and nowhere else."""
        mine = os.fsencode(self.file)
        return {
            key: (*value[:at], value[at].replace(OPEN, DONE))
            if (key[0] if isinstance(key, tuple) else key) == mine
            else value
            for key, value in before.items()
        }

    def assert_commit(self, repo: Checkout, before: Look, after: Look, *, lands: bool) -> None:
        moved = {
            name
            for name in before.refs.keys() | after.refs.keys()
            if before.refs.get(name) != after.refs.get(name)
        }
        if not lands:
            assert after.head == before.head
            assert not moved
            return
        assert repo.git("log", "-1", "--format=%P", **self.env) == before.head
        assert after.tree != before.tree
        assert after.status == before.status
        assert {after.refs[name] for name in moved} <= {after.head}
        assert "Mdtodo-Task: " in repo.git("log", "-1", "--format=%B", **self.env)

    def assert_sound(self, repo: Checkout) -> None:
        if self.fsck:
            told = repo.git("fsck", "--strict", "--no-dangling", "--no-progress", **self.env)
            assert told == "", told
        git_dir = Path(repo.root, repo.git("rev-parse", "--git-dir", **self.env))
        left = [path.name for path in git_dir.iterdir() if "mdtodo-" in path.name]
        assert not left
        assert not list(repo.root.rglob(".*.mdtodo-*"))

    def look(self, repo: Checkout) -> Look:
        git = repo.git_bytes
        asked = ("rev-parse", "--path-format=absolute", "--git-common-dir", "-q", "--verify", "HEAD")
        common, *found = repo.git(*asked, check=False, **self.env).splitlines()
        tree = _lines(git("ls-tree", "-r", "-z", "HEAD", **self.env)) if found else []
        index = _lines(git("ls-files", "-s", "-v", "-z", "--sparse", check=False, **self.env))
        refs = repo.git("for-each-ref", "--format=%(refname) %(objectname)", **self.env)
        mine = os.fsencode(self.file)
        return Look(
            found[0] if found else "",
            {
                path: (mode, self._blob(repo, oid) if path == mine else oid.encode())
                for (mode, _, oid), path in ((words.split(), path) for words, path in tree)
            },
            {
                (path, number): (flag, mode, self._blob(repo, oid) if path == mine else oid.encode())
                for (flag, mode, oid, number), path in ((words.split(), path) for words, path in index)
            },
            _files(os.fsencode(repo.root)),
            git("status", "--porcelain", "-z", "-uall", check=False, **self.env),
            dict(line.split(" ") for line in refs.splitlines()),
            Path(common, "config").read_bytes(),
        )

    def _blob(self, repo: Checkout, oid: str) -> bytes:
        if oid not in self.blobs:
            self.blobs[oid] = repo.git_bytes("cat-file", "blob", oid, **self.env)
        return self.blobs[oid]


def _lines(listed: bytes) -> list[tuple[str, bytes]]:
    pairs = (line.partition(b"\t") for line in listed.split(b"\0")[:-1])
    return [(words.decode(), path) for words, _, path in pairs]


def _files(root: bytes) -> dict[bytes, tuple[int, bytes]]:
    """Every file and link of the work tree, those of nested repositories too."""
    found: dict[bytes, tuple[int, bytes]] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != b".git"]
        for name in [*names, *(name for name in folders if os.path.islink(os.path.join(folder, name)))]:
            full = os.path.join(folder, name)
            mode = os.lstat(full).st_mode
            if stat.S_ISLNK(mode):
                content = os.readlink(full)
            else:
                with open(full, "rb") as file:
                    content = file.read()
            found[os.path.relpath(full, root)] = (mode, content)
    return found
