"""Any title is text in a graph of mermaid."""

from __future__ import annotations

import re

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.core.task import Status, Task
from mdtodo.planning.plan import plan
from mdtodo.reporting.mermaid import flowchart
from mdtodo.reporting.text import one_line
from tests.strangers import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_a_node_of_the_graph_is_its_title(text: str) -> None:
    made = plan([Task("a1", None, "TODO.md", 1, text, Status.TODO)], DEFAULT)
    _, node, *rest = flowchart(made).split("\n")
    found = re.fullmatch(r'  t0\["○ ([^"\[\]{}()<>`%|;&#]|#\d+;)*"\]', node)
    assert found, node
    said = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), node)[8:-2]
    assert said == one_line(text) or said.endswith("…")
    assert not [line for line in rest if not re.fullmatch(r"  (class|classDef) [\w,]+ [\w:,-]+", line)]
