"""Receipts for tasks of real repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.core.edits import SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Status
from mdtodo.git.repository import discover
from mdtodo.git.session import GitSession
from mdtodo.landing.land import land
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdtodo.landing.land import Landing


def receipt_for(checkout: Any, title: str, file: str = "TODO.md", **words: Any) -> Receipt:
    """The receipt that a successful run of the task would hand in, as the work tree names it now."""
    document = parse(checkout.read(file), file=file)
    titles = [read_keys(item.text).title for item in document.items]
    anchor = anchors(document, file)[titles.index(title)]
    edits = (SetStatus(anchor, Status.DONE), *words.pop("more", lambda anchor: ())(anchor))
    given = {"outcome": "done", "processor": "tests", "exit_code": 0, "seconds": 1.5, "attempt": 1} | words
    return Receipt(task_id=f"id-{title.replace(' ', '-')}", title=title, edits=edits, **given)


@pytest.fixture(scope="session")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitSession]:
    """git, for versions that are in no repository."""
    checkout = Checkout(tmp_path_factory.mktemp("git"))
    checkout.git("init", "-q")
    with GitSession(discover(str(checkout.root))) as session:
        yield session


@pytest.fixture
def receipt() -> Callable[..., Receipt]:
    return receipt_for


@pytest.fixture
def land_tasks() -> Callable[..., Landing]:
    """`land_tasks(repo, "title", …, file=, **options)` lands a receipt for each title."""

    def landing(checkout: Any, *titles: str, file: str = "TODO.md", **options: Any) -> Landing:
        receipts = [receipt_for(checkout, title, file) for title in titles]
        return land(discover(str(checkout.root)), receipts, run_id="run-1", **options)

    return landing


@pytest.fixture
def sound() -> Callable[[Any], None]:
    """Nothing is broken, nothing of ours is left behind, and no file looks changed that is not."""

    def check(checkout: Any) -> None:
        problems = checkout.git("fsck", "--strict", "--no-dangling", "--no-progress")
        assert problems == "", problems
        git_dir = checkout.root / checkout.git("rev-parse", "--git-dir")
        assert not [
            path.name for path in git_dir.iterdir() if "mdtodo-" in path.name or path.suffix == ".lock"
        ]
        assert not list(checkout.root.rglob(".*.mdtodo-*"))
        changed = checkout.git("diff-files", "--name-only")
        assert changed == checkout.git("diff", "--name-only")

    return check
