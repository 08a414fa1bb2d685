"""The table in docs/ says what the tests declare."""

from __future__ import annotations

import subprocess
import sys


def test_the_page_of_states_is_up_to_date() -> None:
    """In a process of its own: here the modules are known under other names."""
    code = "from tests.landing.states.table import PAGE, page; assert PAGE.read_text(encoding='utf-8') == page(), PAGE"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"python -m tests.landing.states.table writes it: {done.stderr[-300:]}"
