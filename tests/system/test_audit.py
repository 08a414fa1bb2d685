"""`--log-format` and `--log-file`: what happened, line by line."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from mdtodo.system import audit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.command_line import Said
    from tests.conftest import Checkout

CONFIG = """
[processors.good]
run = "true"
[processors.bad]
run = "exit 3"
retries = 1
retry_delay = "10ms"
"""
TODO = "- [ ] first run:good id:first\n- [ ] second run:bad id:second\n"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_attempt_can_be_followed_from_lease_to_commit(
    repo: Checkout, mdtodo: Callable[..., Said], tmp_path: Path
) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    log = tmp_path / "log"
    mdtodo("--log-format", "json", "--log-file", str(log), "run", code=1)
    lines = read(log)
    run = lines[0]["run"]
    assert {one["run"] for one in lines} == {run}
    assert [one["event"] for one in lines if one.get("task") == "first"] == [
        "leased", "attempt", "result", "landed", "released",
    ]  # fmt: skip
    of_first = [one for one in lines if one.get("attempt") == f"{run}/first/1"]
    assert [one["event"] for one in of_first] == ["attempt", "result", "landed"]
    assert of_first[-1]["commit"] == repo.git("rev-parse", "HEAD")
    assert [one["attempt"] for one in lines if one["event"] == "attempt" and one["task"] == "second"] == [
        f"{run}/second/1",
        f"{run}/second/2",
    ]
    leased, released = (
        next(one for one in lines if (one["event"], one.get("task")) == (event, "first"))
        for event in ("leased", "released")
    )
    assert leased["token"] == released["token"]
    assert [lines[0]["event"], lines[-1]["event"]] == ["run_started", "run_ended"]


def test_claims_are_logged(repo: Checkout, mdtodo: Callable[..., Said], tmp_path: Path) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    options = ("--log-format", "json", "--log-file", str(tmp_path / "log"))
    token = mdtodo(*options, "claim", "first", "--name", "alice", "--json").json["token"]
    mdtodo(*options, "claim", "first", "--token", str(token))
    mdtodo(*options, "release", "first", "--token", str(token))
    lines = read(tmp_path / "log")
    assert [one["event"] for one in lines] == ["claimed", "claim_renewed", "claim_released"]
    assert {(one["worker"], one["token"]) for one in lines} == {("alice", token)}


def test_text_goes_to_standard_error(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    said = mdtodo("--log-format", "text", "run", "first")
    assert any(" leased " in line and " task=first " in line for line in said.err.splitlines())
    assert " leased " not in said.out


def test_a_log_is_added_to_no_markdown_file(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": TODO})
    assert "is a Markdown file" in mdtodo("--log-file", "TODO.md", "list", code=2).err
    assert repo.status() == []


def test_a_log_that_cannot_be_opened_is_told(mdtodo: Callable[..., Said], repo: Checkout) -> None:
    assert "No such file" in mdtodo("--log-file", "/nowhere/log", "list", code=3).err


def test_a_full_disk_stops_nothing(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    said = mdtodo("--log-file", "/dev/full", "run", "first")
    assert said.err.count("the log cannot be written") == 1
    assert repo.head("TODO.md").startswith(b"- [x]")


def test_a_full_file_is_renamed_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SIZE", 1000)
    monkeypatch.setattr(audit, "_write", None)
    audit.open_log(str(tmp_path / "log"), as_json=True)
    for number in range(200):
        audit.record("event", number=number, text="\udcff\n")
    logging.shutdown()
    assert len(list(tmp_path.iterdir())) == audit.KEPT + 1
    assert read(tmp_path / "log")[-1]["number"] == 199
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
