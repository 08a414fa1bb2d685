"""How the Action comes to have mdtodo: an environment of its own, made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.action.runner import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.action.conftest import World
    from tests.action.runner import Job


@pytest.mark.slow
def test_mdtodo_is_installed_and_cached_and_nothing_else_is_touched(world: World, tmp_path: Path) -> None:
    """With pip, from the Action's own files; the second job has it from the cache."""
    kept: dict[str, Path] = {}

    def restore(job: Job, given: Mapping[str, str]) -> dict[str, str]:
        if given["key"] not in kept:
            return {}
        shutil.copytree(kept[given["key"]], given["path"], symlinks=True)
        return {"cache-hit": "true"}

    def save(job: Job, given: Mapping[str, str]) -> dict[str, str]:
        kept[given["key"]] = tmp_path / "cache"
        shutil.copytree(given["path"], tmp_path / "cache", symlinks=True)
        return {}

    source = tmp_path / "source"
    source.mkdir()
    for name in ("mdtodo", "action"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("action.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    before = sorted(source.rglob("*"))
    world.temp = tmp_path / "temp"
    jobs: list[Any] = []
    for _ in range(2):
        shutil.rmtree(world.temp, ignore_errors=True)
        world.temp.mkdir()
        job = world.job("pull_request", PIP_COMPILE="0")
        job.players = {**world.players(), "actions/cache/restore": restore, "actions/cache/save": save}
        world.checkout(job)
        environ = dict(job.env)
        job.action({"command": "check"}, source)
        assert job.ended.code == 0, job.ended.log
        assert job.env == environ
        jobs.append(job)
    made = ["Save mdtodo", "Restore mdtodo"]
    assert [[name for name in made if name in job.ended.skipped] for job in jobs] == [[], made[:1]]
    assert sorted(source.rglob("*")) == before
    assert ready(source, world.temp)
    # What the cache has brought only in part is made again: nothing that does not start is used.
    (folder,) = world.temp.glob("mdtodo-*/bin")
    (folder / "python").unlink()
    assert not ready(source, world.temp)


def ready(source: Path, temp: Path) -> bool:
    """What `find` says."""
    output = temp / "output"
    env = os.environ | {"RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(output)}
    subprocess.run([sys.executable, "-I", str(source / "action/tool.py"), "find"], env=env, check=True)
    found = dict(line.split("=", 1) for line in output.read_text().splitlines())
    output.unlink()
    return found["ready"] == "true"


def test_python_is_set_up_only_where_it_is_missing(world: World, tmp_path: Path) -> None:
    """A Python that is too old is as good as none; the one that is set up runs mdtodo alone."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "git", "sh", "env"):
        (tools / name).symlink_to(shutil.which(name) or name)
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    job = world.job("push", world.payload("0" * 40), PATH=str(tools))
    world.checkout(job)
    asked: list[Mapping[str, str]] = []

    def set_up(job: Job, given: Mapping[str, str]) -> dict[str, str]:
        asked.append(given)
        return {"python-path": sys.executable}

    job.players = {**job.players, "actions/setup-python": set_up}
    job.action({"python-version": "3.12"})
    assert job.ended.code == 1, job.ended.log
    assert asked == [{"python-version": "3.12", "update-environment": "false"}]
    assert "- [x] Good" in world.main()
    assert job.env["PATH"] == str(tools)
