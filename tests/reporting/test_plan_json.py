"""The plan as JSON, which of a large repository is never held as a whole."""

from __future__ import annotations

import json
import sys
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING

from mdtodo.config.settings import DEFAULT
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.plan import plan
from mdtodo.reporting import plan_json

if TYPE_CHECKING:
    import pytest

TASKS = 3_000


class _Written(BytesIO):
    """What is written, and how many tasks were made into JSON by each time."""

    def __init__(self, made: list[str]) -> None:
        super().__init__()
        self.made, self.counts = made, list[int]()

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.counts.append(len(self.made))
        return super().write(data)


def test_a_plan_is_printed_while_its_tasks_are_made_into_json(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"- [ ] Write {number} id:t{number} after:t{number - 1}\n" for number in range(TASKS))
    made: list[str] = []
    written = _Written(made)
    record = plan_json.task_record
    monkeypatch.setattr(plan_json, "task_record", lambda *one: made.append(one[1]) or record(*one))
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written))
    of_all = plan(read_tasks({"TODO.md": parse(text.encode())}), DEFAULT)
    plan_json.print_as("json", of_all, of_all.order, DEFAULT.lanes)
    assert 0 < written.counts[0] < TASKS / 2
    found = json.loads(written.getvalue())
    assert [one["id"] for one in found["tasks"]] == [*of_all.order]
    assert found["edges"] == [[f"t{number}", f"t{number - 1}"] for number in range(1, TASKS)]
