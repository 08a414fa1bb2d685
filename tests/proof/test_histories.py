"""The judge of the judges: histories are what they seem to be, and hard enough that a rule too simple fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.examples import TIMES
from tests.proof import judges
from tests.proof.histories import Comparison, make, truth_of

if TYPE_CHECKING:
    from pathlib import Path


SEEDS = range(12 * TIMES)


def test_a_seed_makes_the_same_commits_and_the_same_truth(tmp_path: Path) -> None:
    one, other = (make(tmp_path / name, 3) for name in ("one", "other"))
    assert one.tip.oid == other.tip.oid
    assert truth_of(one) == truth_of(other)


@pytest.mark.parametrize("seed", range(3))
def test_the_repository_is_what_the_model_has(tmp_path: Path, seed: int) -> None:
    history = make(tmp_path / "repo", seed)
    assert judges.git(history.root, "rev-parse", "HEAD").strip() == history.tip.oid
    assert judges.git(history.root, "status", "--porcelain") == ""
    judges.git(history.root, "fsck", "--strict", "--no-dangling")
    tasks, lines = history.version.read(), history.version.tasks()
    assert {uid: (one.title, one.status == "done", one.own_run) for uid, one in tasks.items()} == {
        uid: (line.title, line.done, line.run) for uid, line in lines.items()
    }


@pytest.mark.chance
def test_all_kinds_of_truth_are_there(tmp_path: Path) -> None:
    verdicts = [one for seed in SEEDS for one in truth_of(make(tmp_path / str(seed), seed)).values()]
    shares = {
        kind: sum(one.proven is kind for one in verdicts) / len(verdicts) for kind in (True, False, None)
    }
    assert shares[True] > 0.5
    assert shares[False] > 0.15
    assert shares[None] < 0.15


def test_each_operation_makes_commits(tmp_path: Path) -> None:
    made = {
        kind
        for seed in range(24)
        for commit in make(tmp_path / str(seed), seed).truth.commits
        for kind in [commit.kind, *(tick.kind for tick in commit.ticks.values())]
    }
    assert not {kind for kind in KINDS if not any(one.startswith(kind) for one in made)}


KINDS = (
    *("run", "run, another one failed", "a person's word", "hand tick", "receipt in a person's commit"),
    *("receipt follows", "reopen", "reopen by hand", "hand tick after an opening", "undo", "accepted"),
    *("receipt of another task", "an old receipt copied", "receipt in the middle", "receipt as the subject"),
    *("receipt of another processor", "receipt of a failure", "reword", "other words", "added with a tick"),
    *("copy of a ticked line", "deleted, added again", "run: changed", "run: added", "processor renamed"),
    *(
        "merge",
        "merge -s ours",
        "hand tick in a merge",
        "receipt in a merge",
        "revert",
        "cherry-pick",
        "rebase",
    ),
    *("git's squash", "a forge's squash", "amend, edit", "amend, hand tick", "amend, message", "delete"),
    *("move_in_file", "move_to_file", "move_to_parent", "rename_file", "rename_heading", "rename_parent"),
)


#: What is missed at least, and named falsely, by rules that look for ids alone.
TOO_SIMPLE = {
    judges.by_any_receipt: (0.1, 0.05),
    judges.by_any_trailer: (0.1, 0.05),
    judges.by_the_newest_trailer: (0.1, 0.05),
}


@pytest.mark.chance
def test_rules_that_are_too_simple_fail(tmp_path: Path) -> None:
    compared = {judge: Comparison() for judge in TOO_SIMPLE}
    for seed in SEEDS:
        history = make(tmp_path / str(seed), seed)
        for judge, one in compared.items():
            one.add(truth_of(history), judge(history.root), f"seed {seed}")
    for judge, one in compared.items():
        missed, false = TOO_SIMPLE[judge]
        assert one.missed.total() > missed * one.forged, one
        assert one.false_alarms.total() > false * one.proven, one
