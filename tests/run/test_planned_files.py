"""What a plan knows of its files serves the landing, and is the same that the files say."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.settings import DEFAULT
from mdtodo.landing import parse_cache
from mdtodo.markdown import task_index
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.project.cache.task_cache import anchors_alone
from mdtodo.run.record import planned_files
from tests.examples import examples
from tests.markdown.documents import document, outline

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@examples(60)
@given(seed=st.integers(0, 2**32), alike=st.booleans())
def test_anchors_of_a_plan_are_those_of_each_file_alone(seed: int, alike: bool) -> None:
    random = Random(seed)
    make = random.choice([document, outline])
    first = make(random)
    documents = {
        name: parse(data, DEFAULT.status, file=name)
        for name, data in (("TODO.md", first), ("b/TODO.md", first if alike else make(random)))
    }
    tasks = read_tasks(documents)
    for file, read in documents.items():
        of_file = [task for task in tasks if task.file == file]
        assert anchors_alone(file, of_file) == list(anchors(read, file))


CONFIG = '[processors.ok]\nrun = "true"\n[lanes]\nmedium = 100\n'


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose tasks were all read again, to find some of them."""
    found: list[str] = []
    whole = task_index.anchors

    def counted(document: object, file: str) -> object:
        found.append(file)
        return whole(document, file)  # type: ignore[arg-type]

    monkeypatch.setattr(task_index, "anchors", counted)
    monkeypatch.setattr(parse_cache, "_parsed", type(parse_cache._parsed)())
    monkeypatch.setattr(parse_cache, "_versions", {})
    monkeypatch.setattr(parse_cache, "_size", 0)
    monkeypatch.setattr(planned_files, "_MANY", 3)
    monkeypatch.setattr(task_index, "_FEW", 0)
    return found


def test_a_file_that_is_as_it_was_is_not_read_again_for_its_landing(
    repo: Checkout, inside: Mdtodo, read: list[str]
) -> None:
    todo = "".join(f"- [ ] task {number} run:ok\n" for number in range(4))
    repo.commit("Base", **{"TODO.md": todo, "b/TODO.md": todo, ".mdtodo.toml": CONFIG})
    inside("run", "-j", "2")
    assert read == []
    assert repo.head("TODO.md").decode() == repo.head("b/TODO.md").decode() == todo.replace("[ ]", "[x]")
    assert repo.status() == []


def test_a_file_that_is_another_by_now_is_read_as_it_is(
    repo: Checkout, inside: Mdtodo, read: list[str]
) -> None:
    todo = "".join(f"- [ ] task {number} run:ok\n" for number in range(4))
    writes = 'printf "%s\\n" "- [ ] new" "$(cat TODO.md)" > TODO.new && mv TODO.new TODO.md'
    config = f"{CONFIG}[processors.writes]\nrun = '''{writes}'''\n"
    repo.commit("Base", **{"TODO.md": todo + "- [ ] last run:writes\n", ".mdtodo.toml": config})
    inside("run", "-j", "2")
    assert read, "a new version was read"
    now = repo.read("TODO.md").decode()
    assert now == "- [ ] new\n" + (todo + "- [ ] last run:writes\n").replace("[ ]", "[x]")
    head = repo.head("TODO.md").decode()
    assert head == (todo + "- [ ] last run:writes\n").replace("[ ]", "[x]")
