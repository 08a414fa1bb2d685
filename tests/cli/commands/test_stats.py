"""`mdtodo stats`: what real runs came to, also where the journal is gone."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from tests.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = """
jobs = 1
[processors.ok]
run = "true"
[processors.bad]
run = "exit 3"
[processors.again]
run = "test -e once || { touch once; exit 1; }"
retries = 1
retry_delay = "0s"
[processors.read]
run = "test -e twice || { touch twice; exit 1; }"
inputs = ["src"]
[processors.later]
run = "exit 75"
"""
TODO = """\
- [ ] a run:ok est:2h id:a
- [ ] b run:bad id:b
- [ ] c run:again id:c
- [ ] d run:read id:d
- [ ] e run:later id:e est:1h
- [ ] f id:f
"""
KEYS = {
    *("runs", "attempts", "done", "failed", "deferred", "skipped", "success_rate", "median_duration"),
    *("p95_duration", "total_duration", "last_outcome", "last_finished", "recent"),
}


@pytest.fixture
def ran(repo: Checkout, inside: Mdtodo) -> Mdtodo:
    """Two runs, after which a person did the last task."""
    files = {"TODO.md": TODO, ".mdtodo.toml": CONFIG, "src": "x", ".gitignore": "once\ntwice\n"}
    repo.commit("Base", **files)
    inside("run", code=1)
    inside("run", "--fresh", code=1)
    inside("done", "f", "--commit")
    return inside


def by_name(document: Any) -> dict[str, Any]:
    return {one["processor"]: one for one in document["processors"]}


def counts(one: Any) -> tuple[Any, ...]:
    return one["runs"], one["attempts"], one["done"], one["failed"], one["deferred"], one["success_rate"]


def test_figures_flaky_tasks_and_estimates(ran: Mdtodo) -> None:
    document = ran("stats", "--json").json
    found = by_name(document)
    assert {name: counts(one) for name, one in found.items()} == {
        "ok": (1, 1, 1, 0, 0, 1.0),
        "bad": (2, 2, 0, 2, 0, 0.0),
        "again": (1, 2, 1, 0, 0, 1.0),
        "read": (2, 2, 1, 1, 0, 0.5),
        "later": (2, 2, 0, 0, 2, None),
    }
    assert all(set(one) == {"processor", *KEYS} for one in found.values())
    assert all(set(one) == {"task", "title", "processor", *KEYS} for one in document["tasks"])
    assert (document["version"], document["runs"]) == (1, 8)
    assert [(one["task"], one["evidence"], one["done"], one["failed"]) for one in document["flaky"]] == [
        ("c", "retry", 1, 1),
        ("d", "inputs", 1, 1),
    ]
    first, second = document["estimates"]
    assert (first["task"], first["estimate_hours"], first["runs"]) == ("a", 2.0, 1)
    assert first["measured_hours"] == found["ok"]["median_duration"] / 3600
    assert (second["task"], second["measured_hours"], second["ratio"]) == ("e", None, None)


def test_without_the_journal_receipts_tell_the_same_but_for_what_never_landed(
    repo: Checkout, ran: Mdtodo
) -> None:
    before = ran("stats", "--json").json
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    after = ran("stats", "--json").json
    assert not (repo.root / ".git" / "mdtodo").exists()
    left = {name: counts(one) for name, one in by_name(before).items() if name != "later"}
    assert {name: counts(one) for name, one in by_name(after).items()} == left
    assert after["flaky"] == before["flaky"]
    assert after["estimates"][0]["measured_hours"] == pytest.approx(
        before["estimates"][0]["measured_hours"], abs=1e-6
    )


def test_runs_of_other_clones_count_once(repo: Checkout, ran: Mdtodo) -> None:
    trailers = "Mdtodo-Run: theirs\nMdtodo-Task: a done ok exit=0 time=7.000 attempt=1"
    for _ in range(2):
        repo.git("commit", "-q", "--allow-empty", "-m", f"todo: a\n\n{trailers}")
    assert counts(by_name(ran("stats", "--json").json)["ok"])[:3] == (2, 2, 2)


def test_the_stats_of_people_are_those_of_json(ran: Mdtodo) -> None:
    out = ran("stats").out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["bad"][1:7] == ["2", "0", "2", "0", "0", "%"]
    assert lines["read"][1:7] == ["2", "1", "1", "0", "50", "%"]
    assert lines["later"][5:] == ["-", "-", "-", "deferred"]
    assert "1 done and 1 failed with the same inputs" in out
    assert "passed on retry once" in out
    assert "Estimated and actual" in out
    assert "estimated 2h" in out
    assert re.search(r"actual +\d", out)
    assert "█" not in out
    assert not [line for line in out.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize(
    ("columns", "shown_columns"),
    [
        (120, "processor runs done failed other success median p95 latest recent"),
        (80, "processor runs done failed other success median p95 latest"),
        (60, "processor runs failed success median latest"),
        (40, "processor success median latest"),
    ],
)
@pytest.mark.sample(2)
def test_a_terminal_gets_the_columns_that_fit(
    repo: Checkout, ran: Mdtodo, columns: int, shown_columns: str
) -> None:
    lines = shown(repo, "stats", columns=columns, NO_COLOR="1")
    head = next(number for number, line in enumerate(lines) if line.startswith("processor"))
    assert " ".join(" ".join(lines[:head]).split()).startswith("8 runs, success 50 %, ")
    assert " ".join(lines[head].split()) == shown_columns
    assert [line for line in lines if cell_len(line) > columns or "…" in line] == []
    assert any("estimated 2h" in line for line in lines)


def test_stats_in_colour_draw_the_rates_as_bars(ran: Mdtodo) -> None:
    out = ran("--color", "always", "stats").out
    assert "█████░░░░░  50 %" in out
    assert "░░░░░░░░░░   0 %" in out


def test_only_all_is_a_hundred_percent(repo: Checkout, inside: Mdtodo) -> None:
    task = "Mdtodo-Task: a{} {} ok exit=0 time=1.000 attempt=1"
    lines = [task.format(n, "failed" if n == 7 else "done") for n in range(1000)]
    message = "todo: all\n\nMdtodo-Run: r\n" + "\n".join(lines)
    repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message)
    whole, _, _, line, *_ = inside("stats").out.splitlines()
    assert whole == "1000 runs, success 99 %", "when the run began nobody knows"
    assert " ".join(line.split()) == "ok 1000 999 1 0 99 % 1.0s 1.0s done"


def test_stats_filters_by_processor_and_time(ran: Mdtodo) -> None:
    only = ran("stats", "--processor", "ok", "--processor", "bad", "--json").json
    assert list(by_name(only)) == ["bad", "ok"]
    assert ran("stats", "--since", "1h", "--json").json["runs"] == 8
    assert ran("stats", "--since", "2999-01-01", "--json").json["runs"] == 0
    assert "no run matches" in ran("stats", "--since", "2999-01-01").err
    for wrong in ("yesterday", "", "-1d", "9999999d"):
        assert "must be a date" in ran("stats", "--since", wrong, code=2).err


def test_an_empty_history_says_what_to_do_next(repo: Checkout, inside: Mdtodo) -> None:
    said = inside("stats")
    assert (said.out, "`mdtodo run`" in said.err) == ("", True)
    document = inside("stats", "--json").json
    assert (document["runs"], document["processors"], document["first_finished"]) == (0, [], None)


def test_hostile_receipts_and_a_broken_configuration_do_not_stop_stats(
    repo: Checkout, inside: Mdtodo
) -> None:
    task = "a\x1b[31m done p\u202eq exit=0 time=999999999999.5 attempt=999999999"
    repo.write(".mdtodo.toml", "nonsense = 1\n")
    text = f"todo: \x1b[2Jx\n\nMdtodo-Run: r\nMdtodo-Task: {task}\n"
    dates = {"GIT_AUTHOR_DATE": "@253402300799 +0000"}
    repo.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=text, **dates)
    out = inside("--color", "never", "stats").out
    assert "100 %" in out
    assert not {"\x1b", "\u202e"} & set(out)
    document = inside("stats", "--json").json
    assert (document["runs"], document["last_finished"] < "2999") == (1, True)


MEASURING = """
[processors.m]
run = 'echo "{\\"metric\\": {\\"coverage\\": $(cat value), \\"free\\": -1}}" >> $MDTODO_OUTPUT'
[processors.ok]
run = "true"
"""


def measured(repo: Checkout, inside: Mdtodo) -> None:
    """Three values of one metric, from as many runs."""
    repo.commit("Base", **{"TODO.md": "- [ ] a run:m id:a\n- [ ] b run:ok\n", ".mdtodo.toml": MEASURING})
    for value in ("0.5", "0.9", "0.75"):
        repo.write("value", value)
        inside("run", "a")
        inside("reopen", "a", "--commit")
    inside("run")


def test_metrics_have_their_bounds_and_their_course_in_a_fresh_clone_too(
    repo: Checkout, inside: Mdtodo, make_repo: Callable[..., Checkout]
) -> None:
    measured(repo, inside)
    clone = make_repo("clone")
    clone.git("pull", "-q", str(repo.root), "main")
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    for where in (repo, clone):
        coverage, free = inside("stats", "--json", cwd=where.root).json["metrics"]
        bounds = {"processor": "m", "runs": 4, "last": 0.75, "lowest": 0.5, "highest": 0.9}
        assert coverage == {**bounds, "name": "coverage", "recent": [0.5, 0.9, 0.75, 0.75]}
        assert (free["lowest"], free["highest"], free["recent"]) == (-1, -1, [-1] * 4)
        out = inside("stats", cwd=where.root).out
        assert re.search(r"m +coverage +0.75 +0.5 to 0.9 +4 runs +▁█▅▅\n", out)
        row = next(
            row for row in inside("show", "a", cwd=where.root).out.splitlines() if row.startswith("metric")
        )
        assert row.split(maxsplit=1) == ["metric", "coverage 0.75 (0.5 to 0.9 in 4 runs)"]
        assert re.search(r"m +free +-1 +-1 to -1 +4 runs +▁▁▁▁\n", out)


def test_the_first_line_is_the_whole(repo: Checkout, inside: Mdtodo) -> None:
    """An hour, in which a run of 30 minutes and one of ten lie, partly at once; a third is of an hour before."""
    runs = [("09", "0000", "09:30", 3), ("09", "1000", "09:20", 1), ("08", "0000", "08:30", 2)]
    for hour, minutes, end, tasks in runs:
        lines = [
            f"Mdtodo-Task: {hour}{n} {'failed' if n == 2 else 'done'} ok exit=0 time=9.000 attempt=1"
            for n in range(tasks)
        ]
        message = f"todo: x\n\nMdtodo-Run: 20261121T{hour}{minutes}-abcdef\n" + "\n".join(lines)
        repo.git(
            "commit", "-q", "--allow-empty", "-F", "-", stdin=message, GIT_AUTHOR_DATE=f"2026-11-21T{end}:00Z"
        )
    document = inside("stats", "--json").json
    assert (document["runs"], document["success_rate"]) == (6, 5 / 6)
    assert document["tasks_per_hour"] == pytest.approx(5, rel=0.01)
    assert inside("stats").out.splitlines()[0] == "6 runs, success 83 %, 5.0 tasks an hour"
    late = inside("stats", "--since", "2026-11-21T09:15Z", "--json").json
    assert late["tasks_per_hour"] == pytest.approx(12, rel=0.01), "since then 3 in 15 minutes"


def test_runs_are_grouped_by_lane_category_and_worker(repo: Checkout, inside: Mdtodo) -> None:
    todo = "- [ ] a run:ok lane:slow #backend\n- [ ] b run:ok !high\n- [ ] c run:bad #frontend\n- [ ] d run:ok !high\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG})
    inside("run", "--limit", "2", "--json")
    inside("worker", "--name", "g1", code=None)
    repo.write("TODO.md", repo.read("TODO.md").replace(b"- [x] d run:ok !high\n", b""))
    expected = {
        "lane": {"high": (1, 1), "medium": (1, 0), "slow": (1, 1), None: (1, 1)},
        "category": {"backend": (1, 1), "frontend": (1, 0), None: (2, 2)},
        "worker": {"g1": (2, 1), None: (2, 2)},
    }
    for by, groups in expected.items():
        plural = {"lane": "lanes", "category": "categories", "worker": "workers"}[by]
        document = inside("stats", "--by", by, "--json").json
        found = {one[by]: (one["runs"], one["done"]) for one in document[plural]}
        assert found == groups, by
        assert all(set(one) == {by, *KEYS} for one in document[plural])
        rows = inside("stats", "--by", by).out.splitlines()[2:]
        assert [row.split()[0] for row in rows[: len(groups) + 1]] == [by, *(name or "-" for name in groups)]
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    document = inside("stats", "--by", "worker", "--json").json
    assert {one["worker"]: one["runs"] for one in document["workers"]} == {"g1": 2, None: 2}
    assert "lanes" not in document
