"""What was read before is read the same again, and nothing that has changed is taken for what it was."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.errors import ChangedError, InputError
from mdtodo.git.files import work_tree_stats
from mdtodo.git.repository import discover
from mdtodo.project import project
from mdtodo.project.cache import work_tree_ids
from mdtodo.project.project import NO_STATE, StateSummary, read_project
from mdtodo.storage.caches import value_cache
from mdtodo.storage.caches.value_cache import read_parts, write_parts

if TYPE_CHECKING:
    from pathlib import Path

    from mdtodo.config.settings import Config
    from tests.conftest import Checkout

TODO = """\
# Section #backend !high after:build run:ok lane:general worker:w needs:gpu due:2026-01-01
- [ ] Parent id:p{n} est:3h \t tab and \u2028 odd 漢字
  1. [x] one failed:2 done:2026-01-01
     with a second line

     and a body
       ```
       code
       ```
  2. [/] two ^w{n}
- [-] same
- [ ] same expand:api
"""


@pytest.fixture
def many(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Five files, which count as many, and were not written just now."""
    monkeypatch.setattr(project, "CACHE_FROM_FILES", 3)
    monkeypatch.setattr(work_tree_ids, "_FRESH", 0)
    repo.commit("Base", **{f"d{n}/TODO.md": TODO.format(n=n) for n in range(5)})
    return repo


def read(
    repo: Checkout, config: Config = DEFAULT, *, tolerant: bool = False, summary: StateSummary = NO_STATE
) -> project.Project:
    return read_project(discover(str(repo.root)), config, summary=summary, tolerant=tolerant)


def said(found: project.Project) -> tuple[object, ...]:
    """All that commands ask of a plan."""
    plan = found.plan
    mappings = (plan.tasks, plan.routes, plan.states, plan.blocked_by, plan.minutes)
    return (*map(dict, mappings), plan.order, plan.critical_path, plan.cycles, found.conflicts())


def cold(repo: Checkout, config: Config = DEFAULT, summary: StateSummary = NO_STATE) -> tuple[object, ...]:
    """The same of files that are parsed now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "CACHE_FROM_FILES", 10**9)
        patch.setattr(project, "CACHE_FROM_BYTES", 10**9)
        return said(read(repo, config, summary=summary))


def test_a_warm_cache_gives_the_plan_that_a_cold_one_does(
    many: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = cold(many)
    assert said(read(many)) == expected
    with monkeypatch.context() as patch:
        patch.setattr("mdtodo.markdown.document.parse", None)  # nothing is parsed again
        patch.setattr("mdtodo.planning.plan.plan", None)  # nor planned
        patch.setattr(work_tree_ids, "blob_id", None)  # nor read
        warm = read(many)
    assert said(warm) == expected
    assert list(warm.documents) == [f"d{n}/TODO.md" for n in range(5)]
    assert warm.documents["d1/TODO.md"].data == many.read("d1/TODO.md")


def test_a_large_file_is_remembered_too(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "CACHE_FROM_BYTES", 100)
    repo.commit("Base", **{"TODO.md": TODO.format(n=1) + "<<<<<<< ours\n- [ ] a\n=======\n>>>>>>> theirs\n"})
    expected = cold(repo)
    assert said(read(repo)) == expected
    monkeypatch.setattr("mdtodo.planning.plan.plan", None)
    assert said(read(repo)) == expected
    assert read(repo).conflicts()


def test_whatever_is_edited_the_warm_answer_is_the_cold_one(many: Checkout) -> None:
    random = Random(25)
    lines = [
        *TODO.format(n=1).splitlines(keepends=True),
        *(
            "- [ ] same id:p2\n",
            "# Other\n",
            "- [ ] x after:gone,p3\n",
            "<<<<<<< a\n",
            "- [ ] z from:2999-01-01\n",
        ),
        *(
            "  - [ ] two after:p1\n",
            "1. [ ] one\n",
            "2. [ ] next\n",
            "- [ ] Parent id:p4 after:p1\n",
            "```\n",
        ),
    ]
    for _ in range(30):
        path = many.root / f"d{random.randrange(7)}" / "TODO.md"
        there = path.read_text().splitlines(keepends=True) if path.exists() else []
        match random.randrange(5):
            case 0 if there:
                path.unlink()
            case 1 if there:
                there[random.randrange(len(there))] = random.choice(lines)
            case 2 if there:
                del there[random.randrange(len(there))]
            case 3:
                there = lines[: random.randrange(len(lines))]
            case _:
                there.insert(random.randint(0, len(there)), random.choice(lines))
        if path.exists() or there:
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(there))
        assert said(read(many)) == cold(many)
        assert said(read(many)) == cold(many)


def test_what_a_plan_is_made_of_beside_files_counts_as_it_is_now(many: Checkout) -> None:
    config = load(
        None,
        b"[processors.ok]\nrun = ['true']\n[processors.other]\nrun = ['true']\nmatch = {tags = ['backend']}\n",
    )
    for summary in (
        NO_STATE,
        StateSummary(leased=frozenset({"p1", "w2", "gone"})),
        StateSummary(seconds={"p1": 600.0, "p2": 60.0, "p3": 1.0}),
        NO_STATE,
    ):
        assert said(read(many, config, summary=summary)) == cold(many, config, summary)
        assert said(read(many, config, summary=summary)) == cold(many, config, summary)
        read_project(discover(str(many.root)), config, summary=summary, past=True)
    assert said(read(many)) == cold(many)


def test_a_recipe_that_can_be_carried_out_now_counts(many: Checkout) -> None:
    config = load(None, b'recipes = "auto"\nclassify = "words"\n')
    many.write("d0/TODO.md", "- [ ] Lint the code #lint\n- [ ] Tests #test\n- [ ] Format #format\n")
    before = said(read(many, config))
    assert before == cold(many, config)
    many.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n[tool.pytest.ini_options]\n")
    many.write("tests/test_a.py", "def test_a(): pass\n")
    assert said(read(many, config)) == cold(many, config)


def test_a_day_that_has_come_counts(many: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    many.write("d0/TODO.md", "- [ ] later from:2026-03-02 id:later\n")
    for day in (date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 1)):
        monkeypatch.setattr("mdtodo.planning.dates.local_today", lambda day=day: day)
        assert read(many).plan.blocked_by["later"] == (() if day.day == 2 else ("from:2026-03-02",))


def test_an_edit_of_the_same_size_and_time_is_seen(many: Checkout) -> None:
    path = many.root / "d1" / "TODO.md"
    read(many)
    read(many)
    was = path.stat()
    path.write_text(path.read_text().replace("[-] same", "[x] same"))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert path.stat().st_size == was.st_size
    assert said(read(many)) == cold(many)


def test_of_a_file_that_was_written_just_now_nothing_is_kept(
    many: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what is written next may look the same to stat(2)."""
    monkeypatch.setattr(work_tree_ids, "_FRESH", 3_000_000_000)
    written = max(path.stat().st_ctime_ns for path in many.root.glob("*/TODO.md"))
    for later, kept in ((1_000_000_000, 0), (4_000_000_000, 1)):
        monkeypatch.setattr(work_tree_stats.time, "time_ns", lambda later=later: written + later)
        read(many)
        assert len(list((many.root / ".git/mdtodo/plans").glob("files-*"))) == kept


def test_documents_are_those_of_the_plan_or_none(many: Checkout) -> None:
    read(many)
    warm = read(many)
    many.write("d1/TODO.md", "- [ ] something else\n")
    with pytest.raises(ChangedError, match=r"d1/TODO\.md"):
        warm.documents["d1/TODO.md"]
    assert warm.documents["d2/TODO.md"].items


def test_a_changed_configuration_is_another_entry_of_the_cache(many: Checkout) -> None:
    many.write("d0/TODO.md", "- [>] a\n")
    without = said(read(many))
    config = load(None, b'[status]\n">" = "doing"\n')
    assert said(read(many, config)) == cold(many, config)
    assert said(read(many)) == without == cold(many)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"nonsense",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data.replace(b"values 2", b"values 1"),
    ],
)
def test_a_cache_that_is_damaged_or_cannot_be_written_costs_time_alone(
    many: Checkout, damage: object
) -> None:
    expected = cold(many)
    read_project(discover(str(many.root)), DEFAULT, summary=NO_STATE, past=True)
    folder = many.root / ".git/mdtodo/plans"
    kept = list(folder.iterdir())
    assert len(kept) == 3
    for path in kept:
        path.write_bytes(damage(path.read_bytes()))
    assert said(read(many)) == expected
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("a file in the way")
    assert said(read(many)) == expected


def test_two_at_once_read_the_same(many: Checkout) -> None:
    expected = cold(many)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: said(read(many)), range(12)))
    assert found == [expected] * 12
    assert not [path for path in (many.root / ".git/mdtodo/plans").iterdir() if "." in path.name]


def test_another_form_of_what_is_kept_is_read_as_nothing(many: Checkout) -> None:
    """As an older version has written it, or another Python."""
    expected, repo = cold(many), discover(str(many.root))
    read(many)
    (path,) = [one for one in (many.root / ".git/mdtodo/plans").iterdir() if not one.name.startswith("files")]
    about, *rest = map(value_cache.load, read_parts(repo, "plans", path.name))
    for other in (7, (), ("rules", ()), (("other rules", about[0][1]), *about[1:])):
        write_parts(repo, "plans", path.name, (other, *rest))
        assert said(read(many)) == expected
        write_parts(repo, "plans", path.name, (other,))
        assert said(read(many)) == expected


def test_a_file_that_cannot_be_read_is_told_each_time(many: Checkout) -> None:
    many.write("d3/TODO.md", b"- [ ] \xff\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"d3/TODO\.md"):
            read(many)
        found = read(many, tolerant=True)
        assert [error.file for error in found.unreadable] == ["d3/TODO.md"]
        assert len(found.tasks) == 20
        assert "d3/TODO.md" not in found.documents


def test_work_trees_do_not_share_what_stat_says(many: Checkout, tmp_path: Path) -> None:
    many.git("worktree", "add", "-q", str(tmp_path / "other"))
    (tmp_path / "other/d1/TODO.md").write_text("- [ ] only here\n")
    other = discover(str(tmp_path / "other"))
    for _ in range(2):
        assert "only here" in {
            one.title for one in read_project(other, DEFAULT, summary=NO_STATE).tasks.values()
        }
        assert said(read(many)) == cold(many)
