"""What a terminal shows while a run goes on, and what stands there when it is over."""

from __future__ import annotations

import itertools
import re
import sys
import time
from shutil import which
from typing import TYPE_CHECKING

import pytest

from tests.terminal import TITLES, Terminal, Tmux, in_order, visible

if TYPE_CHECKING:
    from tests.conftest import Checkout

CONFIG = """
[processors.bad]
run = ["python3", "tools/bad.py"]
[processors.sleep]
run = "until test -e gate; do sleep 0.02; done"
[processors.last]
run = "touch gate"
"""
#: Lines wider than most terminals, with tabs, wide characters, and colours and returns, which a program may send.
BAD = """
import os, sys, time
name = os.environ["MDTODO_TASK_ID"]
for line in range(9):
    print(f"{name}<{line}>" + "·日本\\tx" * (line * 4) + "\\x1b[31m<end>\\x1b[0m\\r", flush=True)
    time.sleep(0.02)
sys.exit(3)
"""
SIZES = [(80, 24), (40, 10), (20, 5), (132, 50), (80, 3), (100, 2), (7, 4)]
#: What stands on live lines alone.
LIVE = re.compile("[\u2800-\u28ff\u2501\u2500]|running|starting")


def tasks() -> str:
    bad = "".join(f"- [ ] {title} run:bad id:t{number} !high\n" for number, title in enumerate(TITLES))
    return f"- [ ] This one sleeps run:sleep id:sleep !critical\n{bad}- [ ] Last run:last id:last !low\n"


def expected(number: int) -> list[str]:
    """What a failed task prints, as it is shown."""
    lines = [f"t{number}<{line}>{'·日本 x' * (line * 4)}<end>" for line in range(9)]
    return [TITLES[number], *lines, f"mdtodo output t{number}"]


@pytest.fixture
def failing(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"TODO.md": tasks(), ".mdtodo.toml": CONFIG, "tools/bad.py": BAD})
    return repo


@pytest.mark.parametrize(("columns", "lines"), SIZES)
@pytest.mark.sample(3)
def test_the_live_view_loses_no_line_and_leaves_none(failing: Checkout, columns: int, lines: int) -> None:
    with Terminal(["run", "-j", "3"], failing.root, columns, lines) as terminal:
        assert terminal.end() == 1
    shown = visible("".join(terminal.rows))
    for number in range(len(TITLES)):
        assert list(in_order(expected(number), shown)) == []
    assert not LIVE.search(terminal.text), terminal.text
    assert not terminal.screen.cursor.hidden
    assert terminal.screen.display[terminal.screen.cursor.y].strip() == ""


def test_a_window_that_is_dragged_loses_nothing(failing: Checkout) -> None:
    """In one that folds nothing anew: pyte cuts lines, and must not get fewer of them, where it moves no cursor."""
    with Terminal(["run", "-j", "3"], failing.root, 80, 24) as terminal:
        for columns in (100, 30, 60, 20, 120, 40, 90) * 6:
            if not terminal.read(0.02):
                break
            terminal.resize(columns, terminal.screen.lines + 1)
        assert terminal.end() == 1
        end = "\n".join(row.rstrip() for row in terminal.screen.display)
    written = visible(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.raw.decode()))
    for number in range(len(TITLES)):
        title, *lines = map(visible, expected(number))
        positions = [written.find(line) for line in lines]
        assert -1 not in positions
        assert positions == sorted(positions)
        assert title in written
    assert not LIVE.search(end), end
    assert "`mdtodo run" in end


@pytest.mark.skipif(not which("tmux"), reason="needs tmux")
@pytest.mark.parametrize("high", [True, False])
def test_a_window_that_folds_its_lines_anew_loses_nothing(failing: Checkout, *, high: bool) -> None:
    """Nor does anything of the live lines stay, where the window is high enough for them when they are folded."""
    sizes = ((100, 30), (60, 20), (50, 24), (120, 30)) if high else ((30, 8), (60, 4), (20, 40), (120, 9))
    command = f"sh -c 'seq 1000 1040; exec {sys.executable} -m mdtodo run -j 3'"
    with Tmux(command, failing.root, 80, 24) as window:
        for columns, lines in itertools.cycle(sizes):
            if not window.alive:
                break
            window.resize(columns, lines)
            time.sleep(0.005)  # as a hand does, so that what is shown keeps up
        text = window.text
    for number in range(len(TITLES)):
        assert list(in_order(expected(number)[1:], visible(text))) == [], text
    assert [line for line in text.splitlines() if line.startswith("10")] == [*map(str, range(1000, 1041))]
    if high:
        assert not LIVE.search(text), text


def test_what_another_program_writes_to_the_terminal_stays(repo: Checkout) -> None:
    config = (
        '[processors.rude]\nrun = "until test -e gate; do sleep 0.02; done"\n'
        '[processors.open]\nrun = "touch gate"\n'
    )
    text = "- [ ] a run:rude id:a\n- [ ] b run:rude id:b\n- [ ] c run:rude id:c\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config})
    with Terminal(["run", "-j", "3"], repo.root, 60, 12) as terminal:
        terminal.read_until("3 running")
        terminal.type("one line\rand another\r")
        terminal.read_until("another")
        repo.write("gate", "")
        assert terminal.end() == 0
    shown = visible(terminal.text)
    assert list(in_order(["one line", "and another", "3 done"], shown)) == []


def test_the_counts_of_the_live_view_are_those_of_now(repo: Checkout) -> None:
    """Before anything is over, with retries and roll-ups: parents count in neither of the two figures."""
    config = """
[processors.wait]
run = "until test -e gate.$MDTODO_TASK_ID; do sleep 0.02; done"
[processors.flaky]
run = "test -e gate.flaky"
retries = 9
retry_delay = "1h"
"""
    text = (
        "- [ ] parent\n  - [ ] one run:wait id:one\n  - [ ] two run:wait id:two\n- [ ] off run:flaky id:off\n"
    )
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config})
    with Terminal(["run", "-j", "3"], repo.root, 100, 20) as terminal:
        terminal.read_until("2 running, 1 waiting to retry  0/3")
        assert "retrying in 1h00m" in terminal.text or "retrying in 59m" in terminal.text
        repo.write("gate.one", "")
        terminal.read_until("1 running, 1 waiting to retry, 1 done  1/3")
        repo.write("gate.two", "")
        terminal.read_until("1 waiting to retry, 2 done  2/3")
        assert "✓ " in terminal.text
        assert "all its subtasks are done" in terminal.text
        assert "\x1b[31m" not in terminal.raw.decode(), "nothing that runs is red"
        terminal.process.terminate()
        terminal.end()


def test_a_run_outlives_its_terminal(repo: Checkout) -> None:
    config = '[processors.wait]\nrun = "until test -e gate; do sleep 0.02; done"\n'
    text = "- [ ] a run:wait\n- [ ] b run:wait\n- [ ] c run:wait\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config})
    with Terminal(["run", "-j", "1"], repo.root, 60, 12) as terminal:
        terminal.read_until("1 running")
        terminal.hang_up()
        repo.write("gate", "")
        terminal.process.wait(timeout=240)
    assert repo.head("TODO.md").count(b"[x]") == 3
