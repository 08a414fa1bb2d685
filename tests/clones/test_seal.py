"""Clones that are shown again: what was left alone costs no git, and what was not is seen."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.clones import seal, slots
from mdtodo.clones.seal import Seal
from mdtodo.clones.slots import slot
from mdtodo.errors import GitError
from tests.clones.test_attacks import assert_fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.clones.conftest import Bench

#: Shows a clone, the first one that is free, at a commit, and changes a file in it.
_CHANGE = """
import sys
from mdtodo.clones.slots import slot
from mdtodo.clones.source import CloneSource
source = CloneSource(*sys.argv[1:3])
with slot(source) as mine:
    mine.show(source, sys.argv[3])
    open(mine.tree + "/a.txt", "w").write("b\\n")
    print(mine.folder)
"""


@pytest.fixture
def show_without_git(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Show the clone once more, where no git can be started; it has been shown twice, so it is known."""

    def show() -> None:
        with monkeypatch.context() as patch:
            patch.setenv("PATH", "/nowhere")
            bench.slot.show(bench.source, head)

    head = bench.repo.git("rev-parse", "HEAD")
    bench.show()
    return show


def in_clone(bench: Bench, script: str) -> None:
    subprocess.run(["sh", "-ec", script], cwd=bench.tree, check=True)


@pytest.mark.parametrize(
    "script",
    [
        "true",
        "touch new; mkdir -p build/deep; touch build/deep/x.log src/y; mkfifo src/pipe; ln -s / root",
        "echo x > ../tmp/x; mkdir ../home/folder; chmod 755 ../home",
        "git commit -q --allow-empty -m New; git update-index --skip-worktree a.txt; git config core.worktree /",
        "rm -r .git ../git/refs; echo x > ../git/config; echo '*' > ../git/info/exclude",
    ],
)
def test_where_the_files_were_left_alone_no_git_is_needed(
    bench: Bench, show_without_git: Callable[[], None], script: str
) -> None:
    for _ in range(2):
        in_clone(bench, script)
        show_without_git()
        assert (os.listdir(bench.slot.temporary), os.listdir(bench.slot.home)) == ([], [])
    assert_fresh(bench)


@pytest.mark.parametrize(
    "script",
    ["echo x > a.txt", "rm src/b.txt", "chmod +x a.txt", "ln a.txt new", "rm -r src", "mv src/b.txt ."],
)
def test_what_became_of_a_file_is_for_git_to_undo(
    bench: Bench, show_without_git: Callable[[], None], script: str
) -> None:
    in_clone(bench, script)
    with pytest.raises((GitError, OSError), match="No such file"):
        show_without_git()
    bench.show()
    assert_fresh(bench)


def test_no_change_is_too_quick_or_too_careful_to_be_seen(bench: Bench, tmp_path: Path) -> None:
    folder, clock = tmp_path / "folder", tmp_path / "clock"
    folder.mkdir()
    clock.touch()
    file = folder / "file"
    for number in range(300):
        file.write_text(f"{number:9}")
        known = Seal.of([str(folder)], str(clock))
        before = file.stat()
        file.write_text(f"{-number - 1:9}")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert known is not None
        assert not known.is_same(str(folder))


def test_where_the_clock_of_the_file_system_stands_still_nothing_is_known(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "_moment", lambda _: 0)
    assert Seal.of([str(bench.tree)], f"{bench.slot.folder}/lock") is None


def test_git_looks_at_many_files(
    bench: Bench, show_without_git: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_MOST_SEALED", 2)
    in_clone(bench, "echo x > a.txt")
    bench.show()
    with pytest.raises((GitError, OSError), match="No such file"):
        show_without_git()


@pytest.mark.parametrize("name", ["info/exclude", "info/attributes"])
def test_other_rules_of_the_repository_are_those_of_the_next_attempt(bench: Bench, name: str) -> None:
    bench.show()
    rule = bench.repo.root / ".git" / name
    rule.parent.mkdir(exist_ok=True)
    rule.write_text("*.txt -text\n")
    bench.show()
    assert (bench.tree / ".git" / name).read_text().startswith("*.txt -text\n")


def test_another_commit_is_shown_and_then_the_first_one(bench: Bench) -> None:
    bench.show()
    bench.repo.commit("Next", **{"a.txt": "next\n", "src/c.txt": "c\n"})
    in_clone(bench, "touch src/c.txt src/new; echo x > src/b.txt")
    bench.show()
    assert_fresh(bench)
    bench.repo.git("rm", "-rq", "src")
    bench.repo.git("commit", "-qm", "Gone")
    bench.show()
    assert_fresh(bench)


def test_what_another_process_did_in_a_clone_is_seen(bench: Bench, cache: Path) -> None:
    with slot(bench.source) as mine:
        for _ in range(2):
            mine.show(bench.source, bench.repo.git("rev-parse", "HEAD"))
    args = [bench.source.common_dir, bench.source.root, bench.repo.git("rev-parse", "HEAD")]
    said = subprocess.run([sys.executable, "-c", _CHANGE, *args], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == mine.folder
    with slot(bench.source) as again:
        assert again.folder == mine.folder
        again.show(bench.source, args[2])
        assert_fresh(bench._replace(slot=again))


def test_a_process_prefers_the_clones_that_it_knows(bench: Bench) -> None:
    head = bench.repo.git("rev-parse", "HEAD")
    with slot(bench.source) as second, slot(bench.source) as third:
        third.show(bench.source, head)
    with slot(bench.source) as mine, slot(bench.source) as other:
        assert (mine.folder, other.folder) == (third.folder, second.folder)
