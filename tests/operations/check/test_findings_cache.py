"""What `check` remembers of many files never makes it say anything else than reading all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.load import load
from mdtodo.errors import GitError
from mdtodo.git.files.tree_files import from_work_tree
from mdtodo.git.repository import discover
from mdtodo.operations.check import check as check_module
from mdtodo.storage.caches import blob_cache
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mdtodo.config.settings import Config
    from tests.conftest import Checkout

CONFIG = load(None, b'[processors.t]\nrun = "true"\n[status]\n"~" = "done"\n')
NAMES = ("a", "b", "c", "d", "e", "86f7e43")

#: A line of a file: nesting, box and keys that have to do with other files, and some that do not.
line = st.builds(
    lambda depth, marker, box, title, keys: f"{'   ' * depth}{marker} [{box}] {title}{keys}\n",
    st.integers(0, 2),
    st.sampled_from(["-", "1."]),
    st.sampled_from("  x-/~"),
    st.sampled_from(["a", "b", "same", "!hgih"]),
    st.sampled_from(
        [
            "",
            " run:t",
            " run:nothing",
            " lane:none",
            " est:30h",
            " after:b,\x01",
            " due:never",
            *(f" id:{name}" for name in NAMES[:5]),
            *(f" after:{name}" for name in NAMES),
            *(f" id:{name} after:{other}" for name in NAMES[:5] for other in NAMES[:5]),
        ]
    ),
)
content = st.one_of(
    st.lists(line, max_size=6).map(lambda lines: "".join(lines).encode()),
    st.just(b"## Part after:a run:t\n- [ ] x\n"),
    st.just(b"\xff\n"),
)


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first file on."""
    monkeypatch.setattr(check_module, "MANY", 0)


def judged(repo: Checkout, files: dict[str, bytes], config: Config) -> check_module.Checked:
    for name, data in files.items():
        repo.write(name, data)
    return check_module._findings_in(
        discover(str(repo.root)), from_work_tree(discover(str(repo.root)), files), config
    )


def afresh(repo: Checkout, files: dict[str, bytes], config: Config) -> check_module.Checked:
    there = from_work_tree(discover(str(repo.root)), files)
    return check_module._merged(there, *check_module._read_all(there, config))


def text(checked: check_module.Checked) -> tuple[list[object], list[str]]:
    return list(checked.findings), sorted(map(str, checked.unreadable))


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["1.md", "2.md", "3.md", "4.md"]), content, max_size=3),
        min_size=1,
        max_size=5,
    )
)
@examples(40)
def test_the_cache_finds_just_what_a_fresh_check_finds(
    repo: Checkout, remembering: None, changes: list[dict[str, bytes]]
) -> None:
    files: dict[str, bytes] = {}
    for change in changes:
        files |= change
        for _ in range(2):
            assert text(judged(repo, files, CONFIG)) == text(afresh(repo, files, CONFIG))


def test_what_git_does_not_have_is_not_remembered_as_empty(repo: Checkout, remembering: None) -> None:
    repo.commit(**{"TODO.md": "- [ ] a prio:high\n"})
    oid = repo.git("rev-parse", "HEAD:TODO.md")
    blob = repo.root / ".git/objects" / oid[:2] / oid[2:]
    blob.rename(repo.root / "away")
    place = discover(str(repo.root))
    with pytest.raises(GitError, match=f"object {oid} is missing"):
        check_module.check_staged(place)
    (repo.root / "away").rename(blob)
    [finding] = check_module.check_staged(place).findings
    assert finding.code == "suspected-key"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["- [ ] a id:a after:b\n", "- [ ] b id:b after:c\n", "- [ ] c id:c after:a\n"], "cycle"),
        (["- [ ] p id:p\n  - [ ] s after:b\n", "- [ ] b id:b after:p\n", ""], "cycle"),
        (["- [x] p id:q after:b\n  - [ ] s id:p\n", "- [ ] b id:b after:p\n", ""], "cycle"),
        (["1. [ ] a after:b\n2. [ ] z id:z\n", "- [ ] b id:b after:z\n", ""], "cycle"),
        (["- [ ] a id:a\n", "- [ ] b after:aa\n", "- [ ] b id:a\n"], "duplicate-id"),
        (["- [ ] x id:x after:y\n", "- [ ] y id:y after:x\n- [ ] z id:x\n", ""], "cycle"),
        (["- [ ] a id:a\n", "- [ ] b after:aa\n", ""], "unknown-id"),
        (["- [ ] a\n", "- [ ] b after:86f7e43\n", ""], "unknown-id"),
        (["- [ ] a id:a after:b\n", "- [ ] b id:b\n", "- [ ] c after:a,b\n"], ""),
    ],
)
def test_findings_between_files_are_found_from_the_cache(
    repo: Checkout, remembering: None, files: list[str], code: str
) -> None:
    """Each file is known alone first, so that nothing is read when they come together."""
    named = {f"{number}.md": data.encode() for number, data in enumerate(files)}
    for name, data in named.items():
        judged(repo, {name: data}, CONFIG)
    found = judged(repo, named, CONFIG)
    assert text(found) == text(afresh(repo, named, CONFIG))
    assert code in {"", *(finding.code for finding in found.findings)}
    assert bool(code) == bool(found.findings)


def cached(repo: Checkout) -> list[Path]:
    folder = repo.root / ".git" / "mdtodo" / "check"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_findings_are_read_from_the_cache_and_not_worked_out_again(
    repo: Checkout, remembering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number}.md": b"- [ ] a due:never\n" + b"\n" * number for number in range(5)}
    first = judged(repo, files, CONFIG)
    monkeypatch.setattr(check_module, "parse", None)
    assert judged(repo, files, CONFIG) == first
    with pytest.raises(TypeError):
        judged(repo, files | {"5.md": b"- [ ] new\n"}, CONFIG)
    with pytest.raises(TypeError):
        judged(repo, files, load(None, b"max_failures = 7"))


def test_a_cache_of_other_rules_is_not_read(
    repo: Checkout, remembering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mdtodo.project import rules_key

    files = {"1.md": b"- [ ] a due:never\n"}
    judged(repo, files, CONFIG)
    monkeypatch.setattr(rules_key, "RULES", ("markdown",))
    monkeypatch.setattr(check_module, "parse", None)
    with pytest.raises(TypeError):
        judged(repo, files, CONFIG)


def test_a_rule_in_a_folder_of_a_room_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mdtodo.project import rules_key

    monkeypatch.setattr(rules_key, "RULES", (str(tmp_path),))
    rule = tmp_path / "room" / "folder" / "rule.py"
    rule.parent.mkdir(parents=True)
    keys = []
    for content in ("1", None, "2"):
        if content:
            rule.write_text(content)
            os.utime(rule, (1_700_000_000, 1_700_000_000))  # also one that looks as if it were not written
        keys.append(rules_key.rules_key(CONFIG))
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


@pytest.mark.parametrize("damage", [b"", b"mdtodo findings 1 0000\nx", None, b"\xff\x00", "cut", "changed"])
def test_a_damaged_cache_is_seen(repo: Checkout, remembering: None, damage: bytes | str | None) -> None:
    files = {f"{number}.md": b"- [ ] a due:never\n" + b"\n" * number for number in range(5)}
    first = judged(repo, files, CONFIG)
    (path,) = cached(repo)
    whole = path.read_bytes()
    if damage is None:
        path.unlink()
        path.mkdir()
    else:
        forms = {"cut": whole[:-9], "changed": whole.replace(b"calendar", b"Calendar")}
        path.write_bytes(forms[damage] if isinstance(damage, str) else damage)
    assert judged(repo, files, CONFIG) == first


def test_where_no_cache_can_be_written_all_is_found(
    repo: Checkout, remembering: None, tmp_path: Path
) -> None:
    (repo.root / ".git" / "mdtodo").write_text("in the way")
    assert [finding.code for finding in judged(repo, {"1.md": b"- [ ] a due:never\n"}, CONFIG).findings] == [
        "bad-date"
    ]


def test_the_cache_does_not_grow_without_bounds(
    repo: Checkout, remembering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        judged(repo, {"1.md": b"- [ ] a\n"}, load(None, f"max_failures = {number + 1}".encode()))
    assert len(cached(repo)) == blob_cache.FILES
    for number in range(40):
        judged(repo, {"1.md": b"- [ ] a\n" + b"\n" * number}, CONFIG)
    assert max(path.read_bytes().count(b"\n") for path in cached(repo)) < 10


def test_few_files_are_not_cached(repo: Checkout) -> None:
    judged(repo, {"1.md": b"- [ ] a\n"}, CONFIG)
    assert cached(repo) == []


def test_many_files_are_checked_from_the_command_line(make_repo: Callable[..., Checkout]) -> None:
    """Over the limit for real, in processes of their own."""
    files = {
        f"todo/{number}.md": f"- [ ] {number} id:t{number} after:t{number + 1}\n" for number in range(40)
    }
    repo = make_repo("many", **files)

    def said(*args: str) -> str:
        command = [sys.executable, "-m", "mdtodo", "check", *args]
        return subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False).stdout

    assert said("--changed", "todo/3.md") == ""
    assert said().startswith("todo/39.md:1: error: unknown-id")
    assert len(cached(repo)) == 1
    repo.write("todo/40.md", "- [ ] last id:t40 after:t0\n")
    repo.git("add", "-A")
    for option in ("--staged", "--changed"):
        assert "cycle: these tasks wait for each other: t0 -> t1" in said(option)
