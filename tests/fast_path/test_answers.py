"""The fast path and the whole program give the same answer, in real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.fast_path import memory
from mdtodo.fast_path.answer import answer
from mdtodo.git.repository import discover
from mdtodo.operations.check.check import Checked, check_changed, check_staged, write_baseline
from mdtodo.project.project import read_config
from tests.examples import TIMES
from tests.fast_path.texts import Edits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

SETTINGS = """\
[processors.test]
run = "true"
[processors.lint]
run = "true"
match = { tags = ["lint"] }
[processors.build]
run = ["make", "build"]
"""
TODO = "# Release\n\n- [ ] Test id:test run:test\n- [ ] Build after:test\n  - [ ] Wheel est:1h\n- [x] Write #docs\n"
STAGED, CHANGED = ("check", "--staged"), ("check", "--changed", "TODO.md")


@pytest.fixture
def known(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A repository in which the last check has found nothing, and the current folder."""
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": SETTINGS})
    monkeypatch.chdir(repo.root)
    monkeypatch.delenv("MDTODO_LONG", raising=False)
    assert is_clean(repo, STAGED)
    return repo


def is_clean(repo: Checkout, args: tuple[str, ...]) -> bool:
    """What the whole program says."""
    place = discover(str(repo.root))
    if args == STAGED:
        return check_staged(place) == Checked([])
    return check_changed(place, read_config(place), args[2:], cwd=str(repo.root)) == Checked([])


def test_a_commit_without_a_todo_file_is_answered(known: Checkout) -> None:
    known.write("code.py", "1\n")
    known.git("add", "-A")
    assert answer([*STAGED]) == answer(["check", "--changed", "code.py"]) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "- [ ] More\n",
        lambda text: text.replace("- [x]", "- [ ] Before\n- [x]"),
        lambda text: text.replace("# Release", "# Release\n\nSome words.").replace(
            "Wheel est:1h", "Wheel est:1h\n  - note"
        ),
        lambda text: text + "\n## Later\n\n1. [ ] Rest after:test,test\n2. [ ] and sleep\n",
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_usual_changes_are_answered(known: Checkout, change: Callable[[str], str]) -> None:
    known.write("TODO.md", change(TODO))
    known.git("add", "-A")
    assert answer([*STAGED]) == 0
    assert is_clean(known, STAGED)
    assert answer([*CHANGED]) == 0
    assert is_clean(known, CHANGED)


def test_the_next_commit_is_answered_as_well(known: Checkout) -> None:
    for number in range(3):
        known.write("TODO.md", known.read("TODO.md") + b"- [ ] More %d\n" % number)
        known.git("add", "-A")
        assert answer([*STAGED]) == answer([*CHANGED]) == 0
        known.git("commit", "-qm", "More")
        assert answer([*STAGED]) == answer([*CHANGED]) == 0


def _ticked(repo: Checkout) -> None:
    repo.write("TODO.md", TODO.replace("[ ] Test", "[x] Test"))


def _removed(repo: Checkout) -> None:
    repo.write("TODO.md", TODO.replace("- [ ] Build after:test\n", "- [ ] Other\n"))


def _configured(repo: Checkout) -> None:
    repo.write(".mdtodo.toml", SETTINGS.replace("true", "false"))


def _renamed(repo: Checkout) -> None:
    repo.git("mv", "TODO.md", "a.md")


def _new_file(repo: Checkout) -> None:
    repo.write("a/TODO.md", "- [ ] a\n")


def _new_archive(repo: Checkout) -> None:
    repo.write("TODO.archive.md", "- [ ] a\n")


def _link(repo: Checkout) -> None:
    (repo.root / "TODO.md").unlink()
    (repo.root / "b.md").write_text(TODO)
    os.symlink("b.md", repo.root / "TODO.md")


def _odd_bytes(repo: Checkout) -> None:
    repo.write("TODO.md", TODO.encode() + b"- [ ] \xff\n")


def _odd_name(repo: Checkout) -> None:
    os.makedirs(os.fsencode(repo.root) + b"/todo/\xff\n")
    with open(os.fsencode(repo.root) + b"/todo/\xff\n/\xfe.md", "w") as file:
        file.write("- [~] a\n")


def _merging(repo: Checkout) -> None:
    repo.write(".git/MERGE_HEAD", repo.git("rev-parse", "HEAD") + "\n")


def _submodule(repo: Checkout) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},todo/a.md")


def _replaced(repo: Checkout) -> None:
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"- [~] a\n")
    repo.git("replace", repo.git("rev-parse", "HEAD:TODO.md"), blob)
    repo.write("TODO.md", TODO.replace("[ ] Test", "[x] Test"))


def _intent_to_add(repo: Checkout) -> None:
    repo.write("a/TODO.md", "- [~] a\n")
    repo.git("add", "-N", "a/TODO.md")


def _bare(repo: Checkout) -> None:
    repo.git("config", "core.worktree", str(repo.root))


STATES = [
    _ticked, _removed, _configured, _renamed, _new_file, _new_archive, _link, _odd_bytes, _odd_name, _merging, _submodule,
    _replaced, _bare,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_is_not_usual_is_for_the_whole_program(
    known: Checkout, state: Callable[[Checkout], None]
) -> None:
    state(known)
    if state is not _submodule:
        known.git("add", "-A")
    assert answer([*STAGED]) is None
    assert answer([*CHANGED]) is None or state is _submodule


def test_what_only_a_baseline_hides_is_not_remembered(known: Checkout) -> None:
    known.write("TODO.md", "- [ ] a prio:high\n")
    known.git("add", "-A")
    write_baseline(discover(str(known.root)), read_config(discover(str(known.root))))
    known.commit("Known")
    assert is_clean(known, STAGED)
    assert is_clean(known, CHANGED)
    assert answer([*STAGED]) is answer([*CHANGED]) is None


def test_what_only_the_history_knows_is_not_remembered(known: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("run")
    known.commit("Without", **{"TODO.md": "- [ ] Build after:test\n"})
    assert is_clean(known, STAGED)
    assert is_clean(known, CHANGED)
    assert answer([*STAGED]) is answer([*CHANGED]) is None


def test_what_a_killed_check_has_left_goes_with_the_next(known: Checkout) -> None:
    left = known.write(".git/mdtodo/fast/clean.123", "half")
    known.commit("More", **{"TODO.md": TODO + "- [ ] More\n"})
    assert is_clean(known, STAGED)
    assert not left.exists()


WORDS = [
    ["check"], ["check", "--staged", "TODO.md"], ["check", "--staged", "--json"], ["check", "--staged", "-v"],
    ["-C", ".", "check", "--staged"], ["check", "--staged", "--changed"], ["check", "--changed", "../TODO.md"],
    ["check", "--changed", "--format", "text", "TODO.md"], ["check", "--changed", "-TODO.md"], ["list"], [],
    ["check", "--stag"], ["check", "--changed", "."], ["check", "--proof", "HEAD"], ["check", "--staged", "--help"],
    ["check", "--changed", "untracked/TODO.md"],
]  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_other_words_are_for_the_whole_program(known: Checkout, words: list[str]) -> None:
    known.write("untracked/TODO.md", "- [~] a\n")
    assert answer(words) is None


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--staged", "--strict", "--errors-only", "-q"],
        ["check", "--errors-only", "--changed", "docs/guide.md", "--", "TODO.md"],
        ["check", "--changed", "--strict"],
    ],
)
def test_words_that_change_nothing_do_not_matter(known: Checkout, words: list[str]) -> None:
    known.write("docs/guide.md", "- [~] a\n")
    assert answer(words) == 0


@pytest.mark.parametrize(
    "name",
    [
        "MDTODO_FAULT",
        "PRE_COMMIT_FROM_REF",
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_LITERAL_PATHSPECS",
    ],
)
def test_an_environment_that_may_change_the_answer(
    known: Checkout, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert answer([*STAGED]) == 0
    monkeypatch.setenv(name, "1")
    assert answer([*STAGED]) is None


def test_the_index_of_the_calling_git_counts(known: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    other = known.root / ".git" / "other"
    shutil.copy(known.root / ".git" / "index", other)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    assert answer([*STAGED]) == 0
    known.write("TODO.md", "- [~] a\n")
    known.git("add", "TODO.md")
    assert answer([*STAGED]) is None
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert answer([*STAGED]) == 0


def test_what_is_staged_and_on_the_disk_are_told_apart(known: Checkout) -> None:
    known.write("TODO.md", "- [~] a\n")
    assert answer([*STAGED]) == 0
    assert answer([*CHANGED]) is None
    known.git("add", "TODO.md")
    known.write("TODO.md", TODO + "- [ ] More\n")
    assert answer([*STAGED]) is None
    assert answer([*CHANGED]) == 0


def test_what_git_was_told_not_to_look_at(known: Checkout) -> None:
    known.git("update-index", "--assume-unchanged", "TODO.md")
    known.write("TODO.md", "- [~] a\n")
    assert answer([*CHANGED]) is None


@pytest.mark.parametrize("folder", ["a", "."])
def test_a_folder_or_a_link_in_the_way(known: Checkout, folder: str) -> None:
    (known.root / folder / "TODO.md").unlink(missing_ok=True)
    (known.root / folder / "TODO.md").mkdir(parents=True)
    assert answer(["check", "--changed", folder]) is None


DAMAGE = [
    lambda data: b"", lambda data: data[:-5], lambda data: data.replace(b"TODO.md", b"TODO.MD"), lambda data: data[:50],
    lambda data: data.replace(b"path 1 ", b"path 2 "), lambda data: b"\xff" * 99, lambda data: data + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_memory_is_none_and_is_made_again(
    known: Checkout, damage: Callable[[bytes], bytes]
) -> None:
    path = known.root / os.fsdecode(memory.PATH)
    path.write_bytes(damage(path.read_bytes()))
    assert answer([*STAGED]) is None
    assert is_clean(known, STAGED)
    assert answer([*STAGED]) == 0


def test_another_mdtodo_has_a_memory_of_its_own(known: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer([*STAGED]) == 0
    monkeypatch.setattr(memory, "__version__", "0.0.0")
    assert answer([*STAGED]) is None


def test_a_module_that_has_changed_makes_another_one(known: Checkout) -> None:
    kept = memory.read()
    assert kept is not None
    data = kept.dump()
    assert data is not None
    assert b" /markdown/tasks.py\t" in data
    head, _, rows = data.replace(b" /markdown/tasks.py\t", b"0 /markdown/tasks.py\t").partition(b"\n")
    path = known.root / os.fsdecode(memory.PATH)
    path.write_bytes(head.rpartition(b" ")[0] + b" " + memory._digest(rows) + b"\n" + rows)
    assert answer([*STAGED]) is None


@pytest.mark.parametrize("kind", ["file", "link", "read-only"])
def test_a_memory_that_cannot_be_written_is_done_without(known: Checkout, kind: str) -> None:
    folder = known.root / ".git" / "mdtodo"
    shutil.rmtree(folder)
    if kind == "file":
        folder.write_text("")
    elif kind == "link":
        folder.symlink_to("/nowhere/at/all")
    else:
        folder.mkdir(mode=0o500)
    assert is_clean(known, STAGED)
    assert answer([*STAGED]) in (None, 0)
    if kind != "read-only" or os.geteuid():
        assert memory.read() is None


def test_what_cannot_be_told_apart_from_its_ids_is_not_remembered(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for settings in ('[status]\n"~" = "done"\n', '[check.require]\nfoo = ["due"]\n', 'files = ["*.txt"]\n'):
        repo.commit("Base", **{"TODO.md": "- [ ] a\n", ".mdtodo.toml": settings})
        assert is_clean(repo, STAGED), settings
        assert memory.read(os.fsencode(repo.root)) is None, settings


def test_a_linked_worktree_and_another_kind_of_ids(
    make_repo: Callable[..., Checkout], tmp_path: Path
) -> None:
    repo = make_repo("sha256", "--object-format=sha256")
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": SETTINGS})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    for folder in (repo.root, tmp_path / "linked"):
        for _ in range(2):
            assert started(folder, *STAGED) == (0, "", "")


@pytest.mark.chance
@pytest.mark.parametrize("seed", range(TIMES))
def test_both_ways_say_the_same_of_random_changes(known: Checkout, seed: int) -> None:
    random = Random(seed)
    edits, answered = Edits(random, random.choice([7, 60])), 0
    for _ in range(25):
        paths = ["TODO.md", "a/TODO.md"][: random.choice([1, 1, 2])]
        shutil.rmtree(known.root / "a", ignore_errors=True)
        files = {path: edits.file() for path in paths}
        known.commit("Next", **{path: "\n".join(lines) + "\n" for path, lines in files.items()})
        is_clean(known, STAGED)
        for path, lines in files.items():
            known.write(path, "\n".join(edits.edited(lines)) + "\n")
        known.git("add", "-A")
        for args in (STAGED, CHANGED):
            if answer([*args]) == 0:
                answered += 1
                assert is_clean(known, args), (files, {path: known.read(path) for path in files})
    assert answered > 2


def test_a_commit_that_changes_no_todo_file_has_no_receipts(known: Checkout, mdtodo: Mdtodo) -> None:
    message = known.write(".git/COMMIT_EDITMSG", "Message\n")
    calls = [["hook", "receipt", str(message)], ["hook", "receipt", ".git/COMMIT_EDITMSG", "message", ""]]
    known.write("TODO.md", TODO + "- [ ] More\n")
    known.git("add", "-A")
    assert [answer(call) for call in calls] == [0, 0]  # nothing has run yet
    mdtodo("run", "--no-commit")
    known.git("add", "-A")
    assert [answer(call) for call in calls] == [None, None]
    assert mdtodo(*calls[0]).err == ""
    assert b"\nMdtodo-Task: test done" in message.read_bytes()
    known.git("commit", "-qF", str(message))
    known.write("code.py", "1\n")
    known.git("add", "-A")
    before = message.write_bytes(b"Other\n") and message.read_bytes()
    assert [answer(call) for call in calls] == [0, 0]
    assert [mdtodo(*call).code for call in calls] == [0, 0]
    assert message.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["no file"],
        [".git/HEAD", "commit", "HEAD"],
        [".git/HEAD", "merge"],
        [".git/HEAD", "message", "HEAD"],
        ["--help"],
    ],
)
def test_receipts_of_other_messages_are_for_the_whole_program(known: Checkout, words: list[str]) -> None:
    assert answer(["hook", "receipt", ".git/HEAD"]) == 0
    assert answer(["hook", "receipt", *words]) is None


def started(cwd: Path, *args: str, **env: str) -> tuple[int, str, str]:
    """The call as a hook makes it, from the beginning."""
    done = subprocess.run(
        [sys.executable, "-m", "mdtodo", *args],
        cwd=cwd,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def loaded(cwd: Path, *args: str) -> list[str]:
    """The modules that a call imports, but those that Python starts with."""
    names: list[list[str]] = []
    main = f"import sys; sys.argv[1:] = {list(args)!r}; from mdtodo.__main__ import main; main()"
    for code in ("pass", main):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", code],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=True,
        )
        names.append([line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line])
    return [name for name in names[1] if name not in names[0]]


WITHOUT_A_NEW_FILE = [
    *("mdtodo", "mdtodo.fast_path", "mdtodo.fast_path.words", "mdtodo.fast_path.answer", "_sha1"),
    *("mdtodo.fast_path.memory", "mdtodo.fast_path.repository", "mdtodo.fast_path.check"),
]
WITH_ONE = [
    *WITHOUT_A_NEW_FILE,
    *("mdtodo.fast_path.blocks", "mdtodo.fast_path.keys", "mdtodo.fast_path.verdict"),
]


def test_what_the_fast_path_imports(known: Checkout) -> None:
    # a module is remembered with its time, and another process may have imported others
    assert started(known.root, *STAGED) == (0, "", "")
    assert sorted(loaded(known.root, *STAGED)) == sorted(["mdtodo.__main__", *WITHOUT_A_NEW_FILE])
    known.write("TODO.md", TODO + "- [ ] More\n")
    known.git("add", "-A")
    for args in (STAGED, CHANGED):
        assert sorted(loaded(known.root, *args)) == sorted(["mdtodo.__main__", *WITH_ONE])
    assert sorted(loaded(known.root, "--version")) == ["mdtodo", "mdtodo.__main__"]


def test_the_version_is_told_as_click_tells_it(mdtodo: Mdtodo, repo: Checkout) -> None:
    assert started(repo.root, "--version") == (0, mdtodo("--version").out, "")
