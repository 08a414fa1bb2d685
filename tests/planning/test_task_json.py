"""A task as other programs read it."""

from __future__ import annotations

import json

from mdtodo.config.load import load
from mdtodo.planning.plan import plan
from mdtodo.planning.task_json import task_record
from tests.planning.outlines import outline

CONFIG = load(None, b'[processors.p]\nrun = "true"\n')


def test_a_record_is_plain_and_complete() -> None:
    made = plan(
        outline("- ~x\n- [/] ~y #backend/api !high est:90 due:2026-01-01 after:z\n  - z run:p"), CONFIG
    )
    record = task_record(made, "~y")
    assert json.loads(json.dumps(record)) == record
    assert record == {
        "id": "~y",
        "explicit_id": None,
        "file": "TODO.md",
        "line": 2,
        "title": "~y",
        "status": "doing",
        "state": "doing",
        "priority": "high",
        "lane": "high",
        "category": "backend",
        "kind": "api",
        "tags": ["backend/api"],
        "needs": [],
        "worker": None,
        "after": ["z"],
        "blocked_by": ["z"],
        "blocks": [],
        "estimate_hours": 1.5,
        "complexity": "simple",
        "due": "2026-01-01",
        "from": None,
        "every": None,
        "processor": None,
        "failures": 0,
        "parent": None,
        "children": ["z"],
        "section": [],
        "depth": 0,
    }
    assert task_record(made, "z")["processor"] == "p"
    assert task_record(made, "z")["blocks"] == ["~y", "z"]
    assert task_record(made, "~x")["estimate_hours"] is None
    assert task_record(made, "~x")["complexity"] is None
