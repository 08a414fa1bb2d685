"""The rows of the live view fit every terminal."""

from __future__ import annotations

from rich.cells import cell_len

from mdtodo.core.results import Outcome, TaskRun
from mdtodo.core.task import Status, Task
from mdtodo.reporting.progress_lines import ProgressLines
from tests.terminal import TITLES


def test_the_rows_of_the_live_view_fit_every_terminal() -> None:
    """Also titles that pyte cannot show: joined emoji, and those with a variation selector."""
    lines = ProgressLines()
    lines.begin(30, {f"t{n}": 1.0 * n for n in range(20)})
    titles = [*TITLES, "Family 👩‍👩‍👧‍👦", "Heart ❤️", "x" * 500, "日" * 200, "", "\u0301" * 40]
    for number, title in enumerate(titles):
        lines.started(task(f"t{number}", title), 1 + number % 2)
        lines.progressed(f"t{number}", number * 10) if number % 3 else None
    lines.finished(TaskRun("t0", "", "TODO.md", 1, Outcome.DONE, "p", 1))
    for width in (3, 5, 8, 13, 21, 34, 55, 89, 144, 600):
        for height in (1, 2, 3, 5, 8, 13, 21):
            rows = lines.rows(width, height)
            assert len(rows) == min(height, len(titles))
            assert all(cell_len(row.plain) <= width for row in rows), width
            assert height < 3 or width < 34 or "1/30" in rows[-1].plain
    short, *_ = (row.plain for row in lines.rows(89, 21) if "Plain" in row.plain)
    assert "…" not in short, "it is padded, and not cut"


def task(name: str, title: str) -> Task:
    return Task(id=name, explicit_id=name, file="TODO.md", line=1, title=title, status=Status.TODO)
