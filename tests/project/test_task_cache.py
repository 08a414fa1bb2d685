"""Tasks that were parsed before are the same tasks, and nothing that has changed is taken for what it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.errors import InputError
from mdtodo.git.repository import discover
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.project import project, task_cache
from mdtodo.project.project import NO_STATE, read_project

if TYPE_CHECKING:
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
    monkeypatch.setattr(project, "CACHE_FROM_FILES", 3)
    repo.commit("Base", **{f"d{n}/TODO.md": TODO.format(n=n) for n in range(5)})
    return repo


def read(repo: Checkout, config: Config = DEFAULT, *, tolerant: bool = False) -> project.Project:
    return read_project(discover(str(repo.root)), config, summary=NO_STATE, tolerant=tolerant)


def fresh(repo: Checkout, config: Config = DEFAULT) -> dict[str, object]:
    names = sorted(str(path.relative_to(repo.root)) for path in repo.root.glob("**/TODO.md"))
    documents = {name: parse(repo.read(name), config.status, file=name) for name in names}
    return {task.id: task for task in read_tasks(documents)}


def test_a_warm_cache_reads_the_tasks_that_a_cold_one_does(
    many: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fresh(many)
    assert len(expected) == 25
    assert dict(read(many).tasks) == expected
    monkeypatch.setattr(task_cache, "tasks_of_file", None)  # nothing is parsed again
    warm = read(many)
    assert dict(warm.tasks) == expected
    assert list(warm.documents) == [f"d{n}/TODO.md" for n in range(5)]
    assert warm.documents["d1/TODO.md"] == parse(many.read("d1/TODO.md"), file="d1/TODO.md")


def test_the_cache_sees_changes_moves_and_new_files(many: Checkout) -> None:
    read(many)
    many.write("d1/TODO.md", TODO.format(n=1).replace("[-] same", "[x] same"))
    os.rename(many.root / "d2" / "TODO.md", many.root / "d2" / "gone.txt")
    many.write("e/TODO.md", TODO.format(n=2))
    many.write("f/TODO.md", TODO.format(n=2))
    found = read(many)
    assert dict(found.tasks) == fresh(many)
    assert dict(read(many).tasks) == fresh(many)


def test_a_changed_configuration_is_another_entry_of_the_cache(many: Checkout) -> None:
    many.write("d0/TODO.md", "- [>] a\n")
    read(many)
    config = load(None, b'[status]\n">" = "doing"\n')
    assert dict(read(many, config).tasks) == fresh(many, config)
    assert len(fresh(many, config)) == len(fresh(many)) + 1


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"mdtodo findings 1 0\nx\ty"])
def test_a_cache_that_is_damaged_or_cannot_be_written_costs_time_alone(many: Checkout, damage: bytes) -> None:
    read(many)
    folder = many.root / ".git/mdtodo/check"
    (kept,) = folder.iterdir()
    kept.write_bytes(damage)
    assert dict(read(many).tasks) == fresh(many)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("a file in the way")
    assert dict(read(many).tasks) == fresh(many)


def test_a_file_that_cannot_be_read_is_told_each_time(many: Checkout) -> None:
    many.write("d3/TODO.md", b"- [ ] \xff\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"d3/TODO\.md"):
            read(many)
        found = read(many, tolerant=True)
        assert [error.file for error in found.unreadable] == ["d3/TODO.md"]
        assert len(found.tasks) == 20
        assert "d3/TODO.md" not in found.documents
