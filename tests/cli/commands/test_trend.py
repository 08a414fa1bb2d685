"""`mdtodo stats --trend`: what the history of the lists says."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.planning.analysis.trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

DAY = 86400
#: A Monday.
START = 1_761_523_200


@pytest.fixture
def told(repo: Checkout, inside: Callable[..., Said]) -> Callable[..., list[dict[str, Any]]]:
    """`told(*args)`: the periods in which something happened, or that were open in the end."""

    def call(*args: str) -> list[dict[str, Any]]:
        document = inside("stats", "--trend", "--json", *args).json
        assert document["version"] == 1
        return list(document["periods"])

    return call


def commit(repo: Checkout, days: float, **files: str | None) -> None:
    """A commit so many days after the start."""
    for path, text in files.items():
        if text is None:
            repo.git("rm", "-q", path)
        else:
            repo.write(path, text)
    repo.git("add", "-A")
    date = f"{int(START + days * DAY)} +0000"
    repo.git("commit", "-q", "-m", "x", GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date)


def counts(one: dict[str, Any]) -> tuple[int, ...]:
    return one["opened"], one["closed"], one["removed"], one["open"]


def test_each_week_has_what_was_opened_and_closed(
    repo: Checkout, inside: Callable[..., Said], told: Callable[..., list[dict[str, Any]]]
) -> None:
    commit(repo, 0, **{"TODO.md": "- [ ] a\n- [ ] b\n- [x] was done before\n"})
    commit(repo, 1, **{"TODO.md": "- [x] a\n- [ ] b\n- [x] was done before\n"})
    commit(repo, 8, **{"TODO.md": "- [x] a\n- [/] b reworded\n- [x] was done before\n- [ ] c id:c\n"})
    commit(
        repo,
        9,
        **{"TODO.md": "- [x] a\n", "sub/TODO.md": "# H\n- [ ] c, other words id:c\n- [ ] b reworded\n"},
    )
    commit(repo, 15, **{"sub/TODO.md": "- [-] c, other words id:c\n", "notes.md": "- [ ] no list\n"})
    commit(repo, 16, **{"TODO.md": "- [ ] a\n"})
    found = told()
    assert [one["begin"] for one in found[:3]] == ["2025-10-27", "2025-11-03", "2025-11-10"]
    assert [counts(one) for one in found[:4]] == [(2, 1, 0, 1), (1, 0, 0, 2), (1, 1, 1, 1), (0, 0, 0, 1)]
    assert [one["median_seconds_to_close"] for one in found[:4]] == [DAY, None, 7 * DAY, None]
    assert [one["oldest_open_seconds"] for one in found[:4]] == [7 * DAY, 14 * DAY, 5 * DAY, 12 * DAY]
    assert all(counts(one) == (0, 0, 0, 1) for one in found[4:])
    assert abs(found[-1]["oldest_open_seconds"] - (time.time() - START - 16 * DAY)) < 100
    months = told("--by", "month")
    assert [one["begin"] for one in months[:2]] == ["2025-10-01", "2025-11-01"]
    assert [counts(one) for one in months[:2]] == [(2, 1, 0, 1), (2, 1, 1, 1)]
    days = told("--by", "day", "--since", "2025-11-04")
    assert days[0]["begin"] == "2025-11-04"
    assert [counts(one) for one in days[:2]] == [(1, 0, 0, 2), (0, 0, 0, 2)]
    out = inside("stats", "--trend", "--since", "2025-10-27").out.splitlines()
    assert out[0].split() == [
        "week",
        "opened",
        "closed",
        "removed",
        "open",
        "oldest",
        "median",
        "to",
        "close",
    ]
    assert out[1].split() == ["2025-10-27", "2", "1", "0", "1", "7d", "24h00m"]
    assert "before; --since shows more" in inside("stats", "--trend").out


def test_an_archive_is_no_list(repo: Checkout, told: Callable[..., list[dict[str, Any]]]) -> None:
    repo.write(".mdtodo.toml", "files = ['*.md']\n")
    commit(repo, 0, **{"TODO.md": "- [ ] a\n"})
    commit(repo, 1, **{"TODO.md": "- [x] a\n- [x] b\n"})
    commit(repo, 2, **{"TODO.md": "- [x] b\n", "TODO.archive.md": "- [x] a\n- [ ] never open\n"})
    assert [counts(one) for one in told("--by", "day")[:3]] == [(1, 0, 0, 1), (0, 1, 0, 0), (0, 0, 0, 0)]


def test_a_merge_brings_what_its_branch_did_and_a_crowd_of_equal_tasks_is_counted(
    repo: Checkout, told: Callable[..., list[dict[str, Any]]]
) -> None:
    same = "- [ ] same\n"
    commit(repo, 0, **{"TODO.md": same * 3})
    repo.git("switch", "-q", "-c", "other")
    commit(repo, 1, **{"TODO.md": same * 2})
    commit(repo, 2, **{"TODO.md": same + "- [x] same\n"})
    repo.git("switch", "-q", "main")
    commit(repo, 3, **{"other.md": "x"})
    date = f"{START + 4 * DAY} +0000"
    repo.git("merge", "-q", "--no-ff", "-m", "m", "other", GIT_COMMITTER_DATE=date)
    found = told("--by", "day")
    assert [counts(one) for one in found[:5]] == [(3, 0, 0, 3)] + [(0, 0, 0, 3)] * 3 + [(0, 1, 1, 1)]


def test_no_history_is_a_sentence_and_a_shallow_one_says_so(
    repo: Checkout, make_repo: Callable[..., Checkout], inside: Callable[..., Said]
) -> None:
    assert "no commit has a TODO file yet" in inside("stats", "--trend").err
    commit(repo, 0, **{"TODO.md": "- [ ] a\n"})
    commit(repo, 1, **{"TODO.md": "- [ ] a\n- [ ] b\n"})
    commit(repo, 2, **{"TODO.md": "- [x] a\n- [ ] b\n"})
    clone = make_repo("clone")
    clone.git("fetch", "-q", "--depth=2", f"file://{repo.root}", "main")
    clone.git("reset", "-q", "--hard", "FETCH_HEAD")
    said = inside("stats", "--trend", "--since", "2025-10-27", cwd=clone.root)
    assert "this clone is shallow" in said.err
    assert said.out.splitlines()[1].split()[1:5] == ["2", "1", "0", "1"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--trend", "--by", "lane"], "--by lane is not for this: day, week, month"),
        (
            ["--by", "week"],
            "--by week is not for this: processor, lane, category, worker; `--trend` has rows by time",
        ),
        (["--trend", "--processor", "a"], "--processor chooses runs"),
        (["--trend", "--since", "soon"], "must be a date"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    repo: Checkout, inside: Callable[..., Said], args: list[str], sentence: str
) -> None:
    commit(repo, 0, **{"TODO.md": "- [ ] a\n"})
    assert sentence in inside("stats", *args, code=2).err


@pytest.mark.parametrize("seed", range(20))
def test_the_counts_add_up_over_any_history(seed: int) -> None:
    """What was open, and came, less what was closed and taken away, is what is open."""
    chance = random.Random(seed)
    files: dict[str, list[str]] = {"a.md": [], "b.md": []}
    history, now, last = [], 0.0, 0
    for _ in range(60):
        now += chance.choice((0, 3600, DAY, 5 * DAY, -7200))
        changed = chance.sample(sorted(files), chance.randint(1, 2))
        for path in changed:
            lines = files[path]
            for _ in range(chance.randint(0, 3)):
                title = chance.choice(("x", "y", f"t{chance.randint(0, 9)}", f"t id:i{chance.randint(0, 5)}"))
                lines.insert(chance.randint(0, len(lines)), f"- [{chance.choice(' x/-')}] {title}\n")
            for _ in range(chance.randint(0, 2) if lines else 0):
                del lines[chance.randrange(len(lines)) :][:1]
        history.append(
            (now, {p: TaskIndex.read("".join(files[p]).encode(), STATUS_CHARS, p) for p in changed})
        )
    boxes = [line for lines in files.values() for line in lines if line[3] in " /"]
    for by in ("day", "week", "month"):
        found = trend(history, by, now + 9 * DAY)
        last = 0
        for one in found:
            assert one.open == last + one.opened - one.closed - one.removed
            assert min(one[1:5]) >= 0
            last = one.open
        assert last == len(boxes)
