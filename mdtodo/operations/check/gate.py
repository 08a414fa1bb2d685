"""The gate in `check`: ticks that nothing proves, and changes that would let them pass. Asked only where there may be
any."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from mdtodo.errors import ConfigError
from mdtodo.git.position import head_position
from mdtodo.operations.check.rules import judged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NamedTuple

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Finding
    from mdtodo.errors import InputError
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository
    from mdtodo.proof.change.task_changes import TaskChanges
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: From so many files on, what was found before is asked for instead of the files themselves.
MANY = 30

#: A box with something in it, in a list; its marker may stand on another line.
_BOX = re.compile(
    rb"^(?:\xef\xbb\xbf)?[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t].{0,80}?)?\[[^ \]\n]{1,4}\][ \t]",
    re.MULTILINE,
)


class Gate(NamedTuple):
    """Findings, as the configuration has them by which they are judged; and how many ticks cannot be, as the clone is
    shallow. `unreadable`: files of a range that it made so."""

    findings: list[Finding]
    unjudged: int = 0
    unreadable: tuple[InputError, ...] = ()


def gate(
    repo: Repository,
    content: TodoFiles,
    settings: tuple[Config, Sequence[bytes | None]],
    *,
    new_only: bool = False,
    staged: bool = False,
) -> Gate:
    """On the ticks of a version on top of HEAD, `new_only` on those that HEAD does not have, and on what it alters
    beside. `settings`: its configuration, and the files of that. Nothing where the configuration in HEAD is broken, so
    that it can be mended."""
    try:
        return _gate(repo, content, settings, new_only=new_only, staged=staged)
    except ConfigError:
        return Gate([])


def _gate(
    repo: Repository,
    content: TodoFiles,
    settings: tuple[Config, Sequence[bytes | None]],
    *,
    new_only: bool,
    staged: bool,
) -> Gate:
    found, tasks, content = _changed(repo, content, settings, staged=staged)
    more, fresh = (tasks.ticks, tasks.fresh) if tasks else ((), ())
    if len(content.ids) < MANY and not fresh and not _may_have(content, new_only=new_only):
        return Gate(found)
    if not (found or more) and not _may_prove(content, settings[0]):
        return Gate([])
    from mdtodo.proof.findings import findings
    from mdtodo.proof.judge import judge

    judgement = judge(repo, content, new_only=new_only, more=more, fresh=fresh)
    unproven = judged(findings(judgement, now=settings[0]), judgement.rules.config.check)
    return Gate([*unproven, *found], judgement.unknown)


def gate_in_range(repo: Repository, text: str) -> tuple[Gate, bool]:
    """On a range of commits; and whether warnings count as errors, by the configuration of its base."""
    from mdtodo.proof.change.judge_range import judge_range
    from mdtodo.proof.findings import change_findings, findings

    judgement, change, unreadable = judge_range(repo, text)
    config = judgement.rules.config
    found = findings(judgement, with_commits=True)
    found += change_findings(change, config) if change else []
    return Gate(judged(found, config.check), judgement.unknown, unreadable), config.warnings_as_errors


def _changed(
    repo: Repository, content: TodoFiles, settings: tuple[Config, Sequence[bytes | None]], *, staged: bool
) -> tuple[list[Finding], TaskChanges | None, TodoFiles]:
    """What is to be said of what is not committed, beside ticks; what it does to tasks; and the files
    that are TODO files by the configuration in HEAD."""
    if not head_position(repo).commit or content.unmerged:
        return [], None, content
    from mdtodo.proof.change.uncommitted import uncommitted

    changes = uncommitted(repo, content, settings[0], staged=staged)
    if not changes:
        return [], None, content
    from mdtodo.proof.change.settings_changes import Settings
    from mdtodo.proof.change.uncommitted_change import Uncommitted, uncommitted_change
    from mdtodo.proof.findings import change_findings

    now = Uncommitted(content, Settings(*settings), changes, staged)
    config, change, content = uncommitted_change(repo, now)
    return judged(change_findings(change, config), config.check), change.tasks, content


def _may_have(content: TodoFiles, *, new_only: bool) -> bool:
    """Whether there can be a tick to judge."""
    for path, data in content.bytes_of(content.ids).items():
        before = content.before.get(path)
        if new_only and before is not None:
            if before != data and _BOX.search(data) and _ticks(before, data):
                return True
        elif _BOX.search(data):
            return True
    return False


def _may_prove(content: TodoFiles, config: Config) -> bool:
    """Whether a task can have a processor. Where the settings are others than in HEAD, that has been found out."""
    names = bool(config.processors) or len(content.ids) >= MANY
    return names or any(b"run" in data for data in content.bytes_of(content.ids).values())


def _ticks(before: bytes, after: bytes) -> bool:
    """Whether a box may have come to another character: one whose text has more of it now, or was open elsewhere."""
    from mdtodo.proof.line_map import boxes_of, normalized

    was, now = (
        Counter((one.text, one.char) for one in boxes_of(normalized(data))) for data in (before, after)
    )
    closed = [one for one in now if one[1] != b" "]
    others: dict[bytes, set[bytes]] = {}
    for text, char in was:
        others.setdefault(text, set()).add(char)
    return any(now[one] > was[one] or len(others[one[0]]) > 1 for one in closed)
