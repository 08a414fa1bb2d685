"""A graph that Graphviz reads, whatever the titles are."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Call = Callable[..., Said]


WAITS = "- [ ] a id:a est:2h run:ok\n- [ ] b after:a est:1h\n- [ ] c lane:general\n- [x] closed\n"
HOSTILE = r"""
- [ ] "]; click t0 href "javascript:x" <script>&quot;</script> \" \N {a|b} id:a
- [ ] end %% graph `x` $y$ # ; \ id:b after:a
- [ ] \
"""


@pytest.mark.tools
@pytest.mark.parametrize(
    "text", [WAITS, HOSTILE, "- [x] done\n", "- [ ] a id:a after:b\n- [ ] b id:b after:a\n"]
)
def test_dot_is_read_by_graphviz(repo: Checkout, inside: Call, text: str) -> None:
    dot = require("dot", "graphviz", version="-V")
    repo.commit("Base", **{"TODO.md": text})
    said = inside("plan", "--format", "dot", code=None)
    drawn = subprocess.run([dot, "-Tjson0"], input=said.out.encode(), capture_output=True, check=False)
    assert (drawn.returncode, drawn.stderr) == (0, b"")


def test_dot_keeps_titles_as_text(repo: Checkout, inside: Call) -> None:
    repo.commit("Base", **{"TODO.md": HOSTILE})
    lines = inside("plan", "--format", "dot").out.splitlines()
    assert len([line for line in lines if " [label=" in line]) == 3
    for line in lines:
        assert len(re.sub(r"\\.", "", line.replace('"dashed"', "")).split('"')) in (1, 3)
