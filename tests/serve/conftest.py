"""A repository and a server that all tests of a module share: each test takes tasks of its own."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Checkout
from tests.serve.server import Server, serving
from tests.tools import ALL_TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Without the packages of the extra `serve` there is nothing to test.
collect_ignore_glob = [] if all(map(find_spec, ("starlette", "uvicorn"))) else ["test_*.py"]
#: It makes up its first requests while tests are collected, in each of their processes.
collect_ignore = [] if ALL_TOOLS or find_spec("schemathesis") else ["test_every_answer.py"]

CONFIG = """\
[processors.good]
run = "echo it is good"
[processors.bad]
run = "echo it is broken; exit 3"
[processors.slow]
run = "echo begun; touch .git/begun; sleep 300"
[processors.told]
run = "echo one; touch .git/one; while [ ! -e .git/go ]; do sleep 0.05; done; echo two"
"""

TODO = """\
# Release

- [ ] Tests pass id:tests run:good !high #backend/api
- [ ] Links work id:links run:bad
- [ ] Tell the users id:tell after:tests

  What is new in it, and
  what is not.
- [x] Begin id:begin
- [ ] Epic id:epic est:20h due:2020-01-01 @ann

## Later

- [ ] One id:one
- [ ] Two id:two
- [ ] Three id:three
- [ ] Four id:four
- [ ] Five id:five
- [ ] Six id:six
- [ ] Seven id:seven
- [ ] Eight id:eight
- [ ] Nine id:nine
- [ ] Ten id:ten
- [ ] Slow id:slow run:slow
- [ ] Told id:told run:told
"""


def made_repository(root: Path, **files: str) -> Checkout:
    """A repository with these files committed."""
    root.mkdir(parents=True, exist_ok=True)
    made = Checkout(root)
    made.git("init", "-q")
    made.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG, **files})
    return made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return made_repository(tmp_path_factory.mktemp("served") / "shop")


@pytest.fixture(scope="module")
def server(shared: Checkout) -> Iterator[Server]:
    with serving(shared.root, "--allow-runs") as begun:
        yield begun


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two repositories, one of them with receipts, of a server that starts no runs."""
    folder = tmp_path_factory.mktemp("described")
    config = '[processors.good]\nrun = "true"\n'
    shop = made_repository(
        folder / "shop", **{".mdtodo.toml": config, "TODO.md": TODO.replace("run:bad", "")}
    )
    other = made_repository(folder / "other", **{"TODO.md": "- [ ] Alone\n", ".mdtodo.toml": ""})
    with serving(shop.root, "--repo", ".", "--repo", str(other.root)) as begun:
        begun.word("one", "done")
        begun.ask("POST", "tasks/two/claim", {"name": "bot"}, token=True)
        yield begun
