"""The ticks that a range of commits makes and that nothing proves, and what else the range did."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import InputError
from mdtodo.git.files.tree_files import from_commit
from mdtodo.markdown.source import check_encoding
from mdtodo.proof.change.commit_range import read_range
from mdtodo.proof.change.in_range import Change, changed_signers, settings_at, tasks_in_range
from mdtodo.proof.change.meanwhile import meanwhile
from mdtodo.proof.change.settings_changes import settings_changes
from mdtodo.proof.judge import Judgement, unproven_of
from mdtodo.proof.rules import Rules
from mdtodo.proof.signers import signers_of
from mdtodo.proof.ticks import Version, look_up, ticks_of, with_ticks

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository


class RangeJudgement(NamedTuple):
    """The unproven ticks that the range makes and its end still has; and what it did beside ticking, None where
    nothing is to be said of it. `unreadable`: files that it made so, in which any tick could hide."""

    ticks: Judgement
    change: Change | None = None
    unreadable: tuple[InputError, ...] = ()


def judge_range(repo: Repository, text: str) -> RangeJudgement:
    """Judge a range, see `read_range`, by the configuration of its merge base.

    Raises GitError where its base is not here, ConfigError where the configuration of the base or of the end is broken.
    """
    commits = read_range(repo, text)
    before, after = settings_at(repo, commits.base), settings_at(repo, commits.end)
    config = before.config
    between = meanwhile(repo, commits, before, after)
    added = after.config.processors.keys() - config.processors.keys()
    rules = Rules(config, signers_of(repo, config, commits.base), added, between.processors)
    if rules.config.proof == "off" or not commits.inside:
        return RangeJudgement(Judgement(rules, []))
    content = from_commit(repo, commits.end, config.files_and_archives)
    change = Change(
        [*settings_changes(before, after), *between.changes, *changed_signers(repo, rules, commits)],
        tasks_in_range(repo, rules, commits, content),
    )
    version = Version(content.ids, content.bytes_of(content.ids))
    ticks = with_ticks(ticks_of(version, rules), change.tasks.ticks)
    fresh, routed = change.tasks.fresh, change.tasks.routed
    found = look_up(
        repo, rules, ticks, version, commits.end, inside=commits.inside, fresh=fresh, routed=routed
    )
    unreadable = tuple(_made_unreadable(repo, commits.base, content, config))
    return RangeJudgement(Judgement(rules, *unproven_of(rules, ticks, found)), change, unreadable)


def _made_unreadable(repo: Repository, base: str, content: TodoFiles, config: Config) -> list[InputError]:
    """What is wrong with files that cannot be read, and that are others than in the base."""
    found = list(content.unreadable)
    for path, data in content.bytes_of(content.ids).items():
        try:
            check_encoding(data, path)
        except InputError as error:
            found.append(error)
    if not found:
        return []
    before = from_commit(repo, base, config.files_and_archives)
    known = {error.file for error in before.unreadable}
    same = {path for path, oid in content.ids.items() if before.ids.get(path) == oid}
    return [error for error in found if error.file not in known | same]
