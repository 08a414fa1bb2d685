"""What of a repository is not in its commits: submodules, and the content of LFS files, which a worker fetches itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Checkout
    from tests.execution.dask.conftest import Bench


@pytest.fixture
def with_module(bench: Bench, make_repo: Callable[..., Checkout]) -> Bench:
    """Its repository has a submodule in `lib/x`."""
    inner = make_repo("inner", **{"i.txt": "inner\n"})
    bench.repo.git("submodule", "--quiet", "add", "--name", "the/name", str(inner.root), "lib/x")
    bench.repo.commit("Module")
    return bench


def test_a_worker_fetches_the_submodules_that_it_reaches(with_module: Bench) -> None:
    for _ in range(2):
        assert with_module.result("cat lib/x/i.txt && git -C lib/x log --format=%s").exit_code == 0
        assert with_module.log() == b"inner\nBase\n"


def test_a_submodule_that_it_does_not_reach_is_named(with_module: Bench) -> None:
    with_module.repo.git("config", "submodule.the/name.url", "/nowhere")
    result = with_module.result("true")
    assert result.exit_code is None
    assert "its worker has no content: the submodule lib/x cannot be fetched from /nowhere: " in result.error
    assert "`needs:` names workers that reach it" in result.error


def test_a_submodule_that_the_person_has_not_is_an_empty_folder_as_there(with_module: Bench) -> None:
    with_module.repo.git("config", "--unset", "submodule.the/name.url")
    assert with_module.result("ls -A lib/x | wc -l").exit_code == 0
    assert with_module.log().strip() == b"0"


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_a_worker_fetches_the_content_of_lfs_files(bench: Bench, tmp_path: Path) -> None:
    repo = bench.repo
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("lfs", "install", "--local")
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repo.commit("Large", **{"a.bin": b"\0large\1" * 1000})
    result = bench.result("cat a.bin")
    assert "no clone could be made" in (result.error or "")
    assert "a.bin" in (result.error or "")
    repo.git("lfs", "push", "--all", "origin")
    result = bench.result("cat a.bin")
    assert result.exit_code == 0, result.error
    assert bench.log() == b"\0large\1" * 1000
