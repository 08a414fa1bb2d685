"""Whatever becomes of a work tree, files are known by the bytes that they have now; `check` and `list` share it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.errors import InputError
from mdtodo.git.files.tree_files import from_work_tree
from mdtodo.git.files.work_tree_stats import WorkTreeStats
from mdtodo.git.files.worktree_files import CONFIGURATION, find
from mdtodo.git.repository import discover
from mdtodo.operations.check import check as check_module
from mdtodo.operations.check import gate
from mdtodo.operations.check.check import check
from mdtodo.project import project
from mdtodo.project.cache import work_tree_ids
from mdtodo.project.cache.work_tree_ids import todo_files
from mdtodo.project.project import NO_STATE, read_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout, MakeRepo

FILES = [f"d{number}/TODO.md" for number in range(6)]


@pytest.fixture
def many(make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Six files and an archive, which count as many, and were not written just now."""
    for module in (project, work_tree_ids):
        monkeypatch.setattr(module, "CACHE_FROM_FILES", 3)
    for module in (check_module, gate):
        monkeypatch.setattr(module, "MANY", 3)
    monkeypatch.setattr(work_tree_ids, "_FRESH", 0)
    texts = {path: f"- [ ] Task of {path}\n" for path in FILES}
    return make_repo(**texts, **{"TODO.archive.md": "- [-] gone\n"})


def known(repo: Checkout) -> tuple[dict[str, str], dict[str, bytes], list[str]]:
    """Ids, bytes and unreadable files, as `check` asks for them."""
    here = discover(str(repo.root))
    stats = WorkTreeStats(here.root)
    content = todo_files(here, find(here, DEFAULT.files_and_archives, stats=stats), stats)
    return dict(content.ids), dict(content.bytes_of(content.ids)), [str(one) for one in content.unreadable]


def on_disk(repo: Checkout) -> tuple[dict[str, str], dict[str, bytes], list[str]]:
    """The same without a memory."""
    here = discover(str(repo.root))
    content = from_work_tree(here, find(here, DEFAULT.files_and_archives))
    return dict(content.ids), dict(content.data), [str(one) for one in content.unreadable]


def same_size_and_time(repo: Checkout) -> None:
    path = repo.root / FILES[1]
    was = path.stat()
    path.write_text(path.read_text().replace("[ ]", "[x]"))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def same_time_as_the_index(repo: Checkout) -> None:
    """Git's own racy case: what was written after it was added, at the time that the index has."""
    repo.write(FILES[1], "- [ ] aaaa\n")
    repo.git("add", FILES[1])
    repo.write(FILES[1], "- [ ] bbbb\n")
    was = (repo.root / ".git/index").stat()
    os.utime(repo.root / FILES[1], ns=(was.st_atime_ns, was.st_mtime_ns))


def link_in_place_of_a_file(repo: Checkout) -> None:
    (repo.root / FILES[1]).unlink()
    (repo.root / FILES[1]).symlink_to("../d2/TODO.md")


def link_in_place_of_a_folder(repo: Checkout) -> None:
    (repo.root / "d1").rename(repo.root / "elsewhere")
    (repo.root / "d1").symlink_to("elsewhere")


def exchanged(repo: Checkout) -> None:
    (repo.root / FILES[1]).rename(repo.root / "other")
    (repo.root / FILES[2]).rename(repo.root / FILES[1])
    (repo.root / "other").rename(repo.root / FILES[2])


def hidden_from_git(repo: Checkout) -> None:
    repo.git("update-index", "--assume-unchanged", FILES[1])
    repo.git("update-index", "--skip-worktree", FILES[2])
    repo.write(FILES[1], "- [x] not told to git\n")
    repo.write(FILES[2], "- [x] nor this\n")


def ignored(repo: Checkout) -> None:
    repo.write("new/TODO.md", "- [ ] untracked\n")
    repo.write("off/TODO.md", "- [ ] ignored\n")
    repo.write(".gitignore", "off/\n")


def sparse(repo: Checkout) -> None:
    repo.git("sparse-checkout", "set", "--cone", "d1", "d2", "d3")


def nested_repository(repo: Checkout) -> None:
    repo.git("init", "-q", "nested")
    repo.write("nested/TODO.md", "- [ ] other\n")


def intent_to_add(repo: Checkout) -> None:
    repo.write("new/TODO.md", "- [ ] to be added\n")
    repo.git("add", "--intent-to-add", "new/TODO.md")


def gone_and_back(repo: Checkout) -> None:
    (repo.root / FILES[1]).unlink()
    assert known(repo) == on_disk(repo)
    repo.write(FILES[1], "- [ ] Task of d1/TODO.md\n")


def link_to_outside(repo: Checkout) -> None:
    (repo.root / FILES[1]).unlink()
    (repo.root / FILES[1]).symlink_to("../../outside.md")
    (repo.root.parent / "outside.md").write_text("- [ ] not ours\n")


def repository_in_a_folder(repo: Checkout) -> None:
    """What was tracked there is another repository's now."""
    repo.git("init", "-q", "d1")


CHANGES: list[Callable[[Checkout], object]] = [
    lambda _: None,
    lambda repo: repo.write(FILES[1], "- [ ] Changed\n"),
    lambda repo: repo.git("mv", FILES[1], "d0/later.md"),
    lambda repo: repo.git("rm", "-q", "--cached", FILES[1]),
    lambda repo: shutil.rmtree(repo.root / "d1"),
    lambda repo: (repo.root / FILES[1]).touch(),
    same_size_and_time,
    same_time_as_the_index,
    link_in_place_of_a_file,
    link_in_place_of_a_folder,
    exchanged,
    hidden_from_git,
    ignored,
    sparse,
    nested_repository,
    intent_to_add,
    gone_and_back,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_what_changed_is_seen_and_the_rest_is_not_read(
    many: Checkout, change: Callable[[Checkout], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known(many) == on_disk(many)
    change(many)
    assert known(many) == on_disk(many)
    ids = on_disk(many)[0]
    links = [path for path in ids if path.startswith("elsewhere/")]
    with monkeypatch.context() as patch:
        patch.setattr(work_tree_ids, "blob_id", None)
        here = discover(str(many.root))
        again = todo_files(here, [path for path in find(here, DEFAULT.task_files) if path not in links])
    assert again.ids.items() <= ids.items()


@pytest.mark.parametrize(
    ("change", "words"), [(link_to_outside, "outside the work tree"), (repository_in_a_folder, "another rep")]
)
def test_what_is_refused_is_refused_with_a_memory_too(
    many: Checkout, change: Callable[[Checkout], object], words: str
) -> None:
    known(many)
    change(many)
    for read in (on_disk, known):
        with pytest.raises(InputError, match=words):
            read(many)


def test_check_and_list_read_once_what_both_need(many: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever comes first, and as often as they take turns."""
    here = discover(str(many.root))
    check(here, DEFAULT)
    memory = next((many.root / ".git/mdtodo/plans").glob("files-*"))
    written = memory.stat().st_ino, memory.stat().st_mtime_ns
    read_project(here, DEFAULT, summary=NO_STATE)
    before, read = work_tree_ids.files.read, list[str]()
    monkeypatch.setattr(
        work_tree_ids.files, "read", lambda root, path: read.append(path) or before(root, path)
    )
    for _ in range(2):
        check(here, DEFAULT)
        read_project(here, DEFAULT, summary=NO_STATE)
    assert {*read} <= {"TODO.archive.md", *CONFIGURATION}
    assert (memory.stat().st_ino, memory.stat().st_mtime_ns) == written


def test_files_that_are_gone_are_forgotten(many: Checkout) -> None:
    known(many)
    memory = next((many.root / ".git/mdtodo/plans").glob("files-*"))
    size = memory.stat().st_size
    for number in range(3, 40):
        many.git("mv", f"d{number % 6}", f"d{number % 6}-{number}")
        assert known(many) == on_disk(many)
        many.git("mv", f"d{number % 6}-{number}", f"d{number % 6}")
    assert memory.stat().st_size < 3 * size


def test_a_file_that_changes_between_the_look_and_the_reading_is_seen_the_next_time(many: Checkout) -> None:
    here = discover(str(many.root))
    stats = WorkTreeStats(here.root)
    paths = find(here, DEFAULT.task_files, stats=stats)
    many.write(FILES[2], "- [ ] Written in between\n")
    assert dict(todo_files(here, paths, stats).ids) == from_work_tree(here, paths).ids
    assert known(many) == on_disk(many)
