"""Where few of many files have changed, the plan made of the one before is the one that all files give."""

from __future__ import annotations

import os
from datetime import date
from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.project import project
from mdtodo.project.cache import changed_plan, plan_cache, work_tree_ids
from mdtodo.project.project import NO_STATE, StateSummary
from tests.project.cache.test_plan_cache import cold, read, said

if TYPE_CHECKING:
    from pathlib import Path

    from mdtodo.config.settings import Config
    from tests.conftest import Checkout

FILES = 24
TODO = """\
# Part {n} #backend
- [ ] Parent {n} id:p{n} est:3h
  1. [x] First of {n} failed:2
  2. [/] Second of {n} after:p{before}
- [ ] Read {n} from:2999-01-01
- [ ] Alike
"""
CONFIG = load(
    None,
    b'recipes = "auto"\nclassify = "words"\n[processors.other]\nrun = ["true"]\nmatch = {tags = ["backend"]}\n',
)


@pytest.fixture
def many(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Files that wait for each other, three of which have a task that is called alike."""
    monkeypatch.setattr(project, "CACHE_FROM_FILES", 3)
    monkeypatch.setattr(work_tree_ids, "_FRESH", 0)
    texts = {f"d{n:02}/TODO.md": TODO.format(n=n, before=n - 1) for n in range(FILES)}
    for n in range(3, FILES):
        texts[f"d{n:02}/TODO.md"] = texts[f"d{n:02}/TODO.md"].replace("Alike", f"Alone {n} after:gone{n}")
    repo.commit("Base", **texts)
    return repo


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each plan that had to be made, whether the one before was enough."""
    found: list[bool] = []
    made = changed_plan.changed_plan

    def noted(*given: object) -> object:
        after = made(*given)  # type: ignore[arg-type]
        found.append(after is not None)
        return after

    monkeypatch.setattr(changed_plan, "changed_plan", noted)
    return found


def change(repo: Checkout, file: str, old: str, new: str) -> None:
    text = (repo.root / file).read_text()
    assert old in text
    repo.write(file, text.replace(old, new))


LAST = f"d{FILES - 1:02}/TODO.md"


@pytest.mark.parametrize(
    ("file", "old", "new", "enough"),
    [
        pytest.param(LAST, "Read", "Write", True, id="a title"),
        pytest.param(LAST, "[ ] Alone", "[x] Alone", True, id="a tick"),
        pytest.param(LAST, "- [ ] Alone", "- [ ] More after:p2,p3,none\n- [ ] Alone", True, id="waits"),
        pytest.param(LAST, "- [ ] Read", "- [ ] More id:more\n- [ ] Read after:more", True, id="an id"),
        pytest.param(LAST, "- [ ] Read", "- [?] Odd\n- [ ] Read", True, id="an unknown box"),
        pytest.param(LAST, "# Part", "<<<<<<< a\n# Part", True, id="a conflict"),
        pytest.param(LAST, "from:2999-01-01", "from:2998-01-01", True, id="another day"),
        pytest.param(LAST, "#backend", "#lint", True, id="another processor"),
        pytest.param("d04/TODO.md", "# Part 4", "# Part 4 after:p9 from:2999-01-01", True, id="a circle"),
        pytest.param(LAST, f"Alone {FILES - 1}", "Alike", False, id="called as another one"),
        pytest.param(LAST, "id:p", "id:gone3 after:p", True, id="an id that another one waits for"),
        pytest.param("d04/TODO.md", "id:p4", "", True, id="an id less that another one waits for"),
        pytest.param("d04/TODO.md", "[ ] Parent", "[x] Parent", True, id="one ends that another waits for"),
        pytest.param("d00/TODO.md", "Alike", "Other", False, id="no longer called as another one"),
        pytest.param(LAST, "id:p", "id:p2 after:p", False, id="an id twice"),
    ],
)
def test_a_changed_file_gives_the_plan_that_all_files_give(
    many: Checkout, taken: list[bool], file: str, old: str, new: str, enough: bool
) -> None:
    read(many, CONFIG)
    change(many, file, old, new)
    expected = cold(many, CONFIG)
    for _ in range(2):
        assert said(read(many, CONFIG)) == expected
    assert taken == [enough]


def test_files_that_come_and_go_give_the_plan_that_all_files_give(many: Checkout, taken: list[bool]) -> None:
    read(many)
    many.write("d12/extra/TODO.md", "- [ ] New after:p3\n")
    (many.root / LAST).unlink()
    assert said(read(many)) == cold(many)
    many.write("z/TODO.md", "")
    assert said(read(many)) == cold(many)
    (many.root / "d12/extra/TODO.md").unlink()
    assert said(read(many)) == cold(many)
    assert taken == [True, True, True]


def test_only_what_has_changed_is_read(many: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    read(many)
    change(many, LAST, "Read", "Write")
    seen: list[str] = []
    bytes_of = work_tree_ids.Content.bytes_of
    monkeypatch.setattr(
        work_tree_ids.Content, "bytes_of", lambda self, path: seen.append(path) or bytes_of(self, path)
    )
    read(many)
    assert set(seen) == {LAST}


def test_where_many_files_have_changed_all_is_made_anew(many: Checkout, taken: list[bool]) -> None:
    read(many)
    for n in range(10, 10 + FILES // 8):
        change(many, f"d{n}/TODO.md", "Read", "Write")
    assert said(read(many)) == cold(many)
    assert taken == []


def test_what_the_plan_before_went_by_counts_for_the_one_after(
    many: Checkout, taken: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks of conflicts, ids that no task has, and recipes that could not be carried out."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pytest").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "pytest").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    many.write("d10/TODO.md", "- [ ] Lint the code #lint\n- [ ] Tests #test\n")
    many.write("d11/TODO.md", "<<<<<<< a\n- [ ] Ours\n=======\n- [ ] Theirs\n>>>>>>> b\n")
    read(many, CONFIG)
    change(many, LAST, "Read", "Write")
    assert said(read(many, CONFIG)) == cold(many, CONFIG)
    assert taken == [True]
    many.write("TODO.archive.md", "- [x] Was there id:gone5\n")
    assert said(read(many, CONFIG)) == cold(many, CONFIG)
    change(many, LAST, "Write", "Read")
    read(many, CONFIG)
    before = read(many, CONFIG).plan.routes
    many.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n[tool.pytest.ini_options]\n")
    many.write("tests/test_a.py", "def test_a(): pass\n")
    assert dict(before) != dict(read(many, CONFIG).plan.routes)
    assert said(read(many, CONFIG)) == cold(many, CONFIG)


def test_a_day_in_a_changed_file_is_waited_for(many: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(FILES):
        change(many, f"d{n:02}/TODO.md", " from:2999-01-01", "")
    read(many)
    change(many, LAST, "Read", "Later id:later from:2026-03-02")
    for day in (date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 1)):
        monkeypatch.setattr("mdtodo.planning.dates.local_today", lambda day=day: day)
        assert read(many).plan.blocked_by["later"] == (() if day.day == 2 else ("from:2026-03-02",))


def _texts(count: int) -> str:
    """One file of parts that wait for each other."""
    more = "1. [ ] Alone {n}\n2. [ ] Next {n}\n   - [ ] Deep {n}\n     - [ ] Deeper {n} after:p{behind}\n"
    parts = [TODO.format(n=n, before=n - 1).replace("# Part", "\n## Part") for n in range(count)]
    return "".join(
        [
            part.replace("- [ ] Alike\n", more.format(n=n, behind=(n + 9) % count))
            for n, part in enumerate(parts)
        ]
    )


@pytest.fixture
def large(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Two files that count as large, and a small one."""
    monkeypatch.setattr(project, "CACHE_FROM_BYTES", 100)
    monkeypatch.setattr(work_tree_ids, "_FRESH", 0)
    monkeypatch.setattr(plan_cache, "LARGE", 1_000)
    other = _texts(12).replace("id:p", "id:q").replace(" of ", " with ").replace("Parent", "Mother")
    other = (
        other.replace("Read", "See").replace("Alone", "Single").replace("Next", "Then").replace("Deep", "Low")
    )
    repo.commit(
        "Base", **{"TODO.md": _texts(FILES), "a/TODO.md": other, "b/TODO.md": "- [ ] Small after:p3\n"}
    )
    return repo


@pytest.mark.parametrize(
    ("old", "new", "enough"),
    [
        pytest.param("[ ] Parent 7", "[x] Parent 7", True, id="one ends that others wait for"),
        pytest.param("- [ ] Read 0", "- [ ] More\n- [ ] Read 0", True, id="a line at the start"),
        pytest.param("2. [ ] Next 23", "2. [ ] Next 23\n   - [ ] Below\n", True, id="the end"),
        pytest.param("1. [ ] Alone 5", "1. [x] Alone 5", True, id="the one before"),
        pytest.param("Parent 9 id:p9", "Parent 9", True, id="an id less of a part"),
        pytest.param("  2. [/] Second of 9", "  2. [x] Second of 9", True, id="a subtask"),
        pytest.param("## Part 9", "## Part 9 after:p20", False, id="a heading that says something else"),
        pytest.param("Alone 5", "Alone 6", False, id="called as another one"),
        pytest.param("- [ ] Read 9", "```\n- [ ] Read 9", False, id="a fence"),
        pytest.param("- [ ] Read 9", "<<<<<<< a\n- [ ] Read 9", False, id="a conflict in a part"),
    ],
)
def test_a_changed_part_gives_the_plan_that_the_whole_gives(
    large: Checkout, taken: list[bool], old: str, new: str, enough: bool
) -> None:
    read(large, CONFIG)
    for _ in range(2):
        change(large, "TODO.md", old, new)
        expected = cold(large, CONFIG)
        for _ in range(2):
            assert said(read(large, CONFIG)) == expected
        if not enough:
            break
        old, new = new, old
    assert set(taken) == {enough}


def test_whatever_is_edited_in_a_large_file_the_plan_is_that_of_all(
    large: Checkout, taken: list[bool]
) -> None:
    random = Random(11)
    for count in range(60):
        path = large.root / random.choice(("TODO.md", "TODO.md", "a/TODO.md", "b/TODO.md"))
        there = path.read_text().splitlines(keepends=True)
        path.write_text("".join(_edit(random, there, count)))
        summary = random.choice((NO_STATE, StateSummary(leased=frozenset({"p5", "w3"}))))
        expected = cold(large, CONFIG, summary)
        assert said(read(large, CONFIG, summary=summary)) == expected
        assert said(read(large, CONFIG, summary=summary)) == expected
    assert taken.count(True) > 10
    assert taken.count(False) > 5


def _edit(random: Random, there: list[str], count: int) -> list[str]:
    """With a line more, less, or another one."""
    lines = [
        f"- [ ] New {count}\n",
        f"  - [{random.choice('x -/?')}] Below {count} est:{random.randrange(1, 9)}h\n",
        f"- [ ] Waits {count} after:p{random.randrange(FILES)},gone{random.randrange(FILES)},w{count - 1}\n",
        f"1. [ ] Named {count} id:w{count}\n",
        f"# Heading {count} after:p{random.randrange(FILES)} #test\n",
        random.choice(("- [ ] Alike\n", "```\n", "- [ ] Parent 3\n", "- [ ] New id:p2\n", "<<<<<<< a\n")),
        f"- [ ] Day {count} from:2999-0{random.randrange(1, 9)}-01\n",
    ]
    at = random.randint(0, len(there))
    return there[:at] + random.choices(lines, [4, 3, 3, 2, 1, 1, 1])[:1] + there[at + random.randrange(2) :]


@pytest.mark.parametrize("config", [pytest.param(DEFAULT, id="plain"), pytest.param(CONFIG, id="recipes")])
def test_whatever_few_files_are_edited_the_plan_is_that_of_all(
    many: Checkout, taken: list[bool], config: Config
) -> None:
    random = Random(7)
    for count in range(40):
        for _ in range(random.choice((1, 1, 2))):
            path = many.root / f"d{random.randrange(FILES + 2):02}" / "TODO.md"
            if path.exists() and random.randrange(8) == 0:
                path.unlink()
                continue
            there = path.read_text().splitlines(keepends=True) if path.exists() else []
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(_edit(random, there, count)))
        summary = random.choice((NO_STATE, StateSummary(leased=frozenset({"p5", "w3"}))))
        expected = cold(many, config, summary)
        assert said(read(many, config, summary=summary)) == expected
        assert said(read(many, config, summary=summary)) == expected
    assert taken.count(True) > 5
    assert taken.count(False) > 5
