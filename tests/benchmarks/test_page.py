"""docs/benchmarks.md says what was measured, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.bench import FIGURES
from benchmarks.groups import GROUPS
from benchmarks.page import page, picture
from benchmarks.peers import NOWHERE, PEERS

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_page_and_its_picture_are_those_of_the_figures() -> None:
    """Whoever edits them by hand edits what the next `make bench` writes over."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert (DOCS / "benchmarks.md").read_text(encoding="utf-8") == page(figures)
    assert (DOCS / "benchmarks.svg").read_text(encoding="utf-8") == picture(figures)


def test_every_group_and_every_peer_is_on_the_page() -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert [group["title"] for group in figures["groups"]] == [group.title for group in GROUPS]
    named = figures["versions"].keys() | figures["missing"].keys()
    assert named == {peer.name for peer in PEERS} | NOWHERE.keys()


def test_every_peer_of_a_row_is_one_that_is_installed() -> None:
    asked = {row.peer for group in GROUPS for row in group.rows if row.peer}
    assert asked <= {peer.name for peer in PEERS}


def _figures(*rows: dict[str, Any]) -> dict[str, Any]:
    machine = {
        "date": "d",
        "processors": 2,
        "model": "",
        "python": "3",
        "system": "s",
        "load": 0,
        "commit": "c",
    }
    group = {"title": "Group", "about": "", "rows": rows}
    return {"machine": machine, "rounds": 3, "versions": {}, "missing": {"beads": "gone"}, "groups": [group]}


def _row(name: str, clock: float, why: str = "", *, ours: bool = False) -> dict[str, Any]:
    times = [clock, clock / 2, clock * 2]
    return {"name": name, "command": name, "why": why, "ours": ours, "clock": times, "cpu": times}


def test_a_peer_that_is_faster_is_shown_as_faster_with_the_reason_and_a_missing_one_with_its_own() -> None:
    missing = {"name": "doit", "command": "doit", "why": "", "ours": False, "missing": "it exits 3"}
    text = page(
        _figures(
            _row("mdtodo x", 0.1, ours=True),
            _row("quick", 0.05, "it is in C"),
            _row("slow", 0.3, "no"),
            missing,
        )
    )
    assert "| `quick` | 50 | 25 to 100 | 50 | **0.50** |" in text
    assert "- `quick`, faster: it is in C." in text
    assert "| `slow` | 300 | 150 to 600 | 300 | 3.00 |" in text
    assert "`slow`, faster" not in text
    assert "| `doit` | not measured here | | | |" in text
    assert "- `doit`, not measured here: it exits 3." in text
    assert "- beads: gone." in text
