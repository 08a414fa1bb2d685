"""`mdtodo check` names the ticks that nothing proves, and no others, in whatever history it finds them.

A failure prints the kinds of what was wrong, and where: `make(path, seed)` makes that repository again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.examples import TIMES
from tests.proof import judges
from tests.proof.histories import Comparison, make, truth_of
from tests.proof.parts import (
    bases_of,
    makers_of,
    truth_of_range,
    truth_of_shallow,
    truth_without_empty_commits,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calls import Calls

pytestmark = pytest.mark.chance

SEEDS = range(16 * TIMES)

RUN_TAKEN_AWAY = pytest.mark.xfail(reason="a tick that takes its run: away is not named yet")


def assert_good(compared: Comparison) -> None:
    """No forged tick is passed over, and no more than one in a hundred that is proven is named."""
    said = f"{compared}\n" + "\n".join(compared.wrong)
    assert compared.proven, said
    assert compared.forged, said
    assert not compared.missed, said
    assert not compared.unknown, said
    assert compared.false_alarms.total() <= max(2, compared.proven / 100), said


@RUN_TAKEN_AWAY
def test_check_names_what_is_forged(tmp_path: Path, calls: Calls) -> None:
    compared = Comparison()
    for seed in SEEDS:
        history = make(tmp_path / str(seed), seed)
        compared.add(truth_of(history), judges.named_by_mdtodo(calls, history.root), f"seed {seed}")
    assert_good(compared)


def test_a_range_is_judged_by_what_it_ticks(tmp_path: Path, calls: Calls) -> None:
    compared = Comparison()
    wrong_commits = []
    for seed in SEEDS:
        history = make(tmp_path / str(seed), seed)
        base = history.chance.choice(bases_of(history))
        named = judges.named_by_mdtodo(calls, history.root, "--proof", f"{base.oid}..HEAD")
        truth, makers = truth_of_range(history, base), makers_of(history)
        compared.add(truth, named, f"seed {seed}, {base.number}..")
        forged = {place for place in named if place in truth and truth[place].proven is False}
        wrong_commits += [
            (seed, place, named[place]) for place in forged if named[place] not in makers[place]
        ]
    assert_good(compared)
    assert not wrong_commits


def test_a_shallow_clone_names_only_what_it_can_know(tmp_path: Path, calls: Calls) -> None:
    compared = Comparison()
    for seed in SEEDS:
        history, clone = make(tmp_path / str(seed), seed), tmp_path / f"{seed}-shallow"
        depth = history.chance.randint(1, 12)
        judges.git(tmp_path, "clone", "-q", f"--depth={depth}", f"file://{history.root}", str(clone))
        there = set(judges.git(clone, "rev-list", "HEAD").split())
        oldest = (
            set((clone / ".git/shallow").read_text().split()) if (clone / ".git/shallow").exists() else set()
        )
        truth = truth_of_shallow(history, there, oldest)
        compared.add(truth, judges.named_by_mdtodo(calls, clone), f"seed {seed}, depth {depth}")
    assert_good(compared)


def test_other_ids_of_all_commits_change_nothing(tmp_path: Path, calls: Calls) -> None:
    """As `git filter-repo` rewrites a history: each commit has another author."""
    compared = Comparison()
    for seed in SEEDS[: 4 * TIMES]:
        history = make(tmp_path / str(seed), seed)
        root = tmp_path / f"{seed}-rewritten"
        stream = judges.git(history.root, "fast-export", "HEAD").replace(
            "Ada Tester <ada@", "Eve Tester <eve@"
        )
        judges.git(tmp_path, "init", "-q", str(root))
        judges.git(root, "fast-import", "--quiet", stdin=stream.encode())
        judges.git(root, "reset", "-q", "--hard", "main")
        assert judges.git(root, "rev-parse", "HEAD").strip() != history.tip.oid
        compared.add(truth_of(history), judges.named_by_mdtodo(calls, root), f"seed {seed}, rewritten")
    assert_good(compared)


def test_patches_by_mail_bring_their_receipts(tmp_path: Path, calls: Calls) -> None:
    compared = Comparison()
    for seed in SEEDS[: 2 * TIMES]:
        history, root = make(tmp_path / str(seed), seed, linear=True), tmp_path / f"{seed}-mailed"
        patches = judges.git(history.root, "format-patch", "--root", "-k", "--stdout", "HEAD")
        judges.git(tmp_path, "init", "-q", str(root))
        judges.git(root, "am", "-q", "-k", stdin=patches.encode())
        assert judges.git(root, "rev-parse", "HEAD:") == judges.git(history.root, "rev-parse", "HEAD:")
        named = judges.named_by_mdtodo(calls, root)
        compared.add(truth_without_empty_commits(history), named, f"seed {seed}, mailed")
    assert_good(compared)
