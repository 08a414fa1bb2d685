"""The judge of the judges: histories are what they seem to be, and hard enough that a rule too simple fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.examples import TIMES
from tests.proof import judges
from tests.proof.histories import Comparison, make, truth_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.judges import Judge

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


@pytest.mark.chance
@pytest.mark.parametrize(
    "judge",
    [
        judges.by_any_receipt,
        judges.by_any_trailer,
        judges.by_the_newest_trailer,
        pytest.param(lambda root: set(), id="nobody"),
    ],
)
def test_a_rule_that_is_too_simple_misses_forged_ticks(tmp_path: Path, judge: Judge) -> None:
    compared = Comparison()
    for seed in SEEDS:
        history = make(tmp_path / str(seed), seed)
        compared.add(truth_of(history), judge(history.root), f"seed {seed}")
    assert compared.missed.total() > 0.1 * compared.forged, compared


@pytest.mark.chance
def test_a_rule_that_looks_for_ids_alone_has_false_alarms(tmp_path: Path) -> None:
    compared = Comparison()
    for seed in SEEDS:
        history = make(tmp_path / str(seed), seed)
        compared.add(truth_of(history), judges.by_any_receipt(history.root), f"seed {seed}")
    assert compared.false_alarms.total() > 0.05 * compared.proven, compared
