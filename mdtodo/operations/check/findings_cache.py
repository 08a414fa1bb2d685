"""What `check` finds in many files, without reading again what it has read before.

Of each file a `FileSummary` is kept by git's id of its bytes: what is wrong in it whatever other files say, and what
of it matters to others: the ids that it gives and those that it waits for. From the summaries of all files follows
what is wrong between them. Where it does not, as with tasks that wait for each other, everything is read and judged
as if nothing were known; so no other finding comes of this than of that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core import codec
from mdtodo.core.digest import sha1
from mdtodo.core.task import Finding, Severity
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.cycles import components
from mdtodo.planning.findings import (
    BETWEEN_FILES,
    SUGGESTED,
    SUGGESTING,
    duplicate_id_message,
    suggester,
    unknown_id_message,
)
from mdtodo.planning.graph import Graph
from mdtodo.project.rules_key import rules_key
from mdtodo.storage.caches.blob_cache import FindingCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.document import Document
    from mdtodo.planning.plan import Plan


class FileSummary(NamedTuple):
    """What is kept of a file. `findings` have no file; those between files are not among them.

    `ids` are the explicit ids, with their lines; `missed` lines and names of what open tasks wait for themselves, where
    no task of the file has that name. `edges` are pairs: the task with this id is not closed before one with that
    name, of another file, is. `linked`: some task waits for a name. `inconclusive`: tasks of this very file wait
    for each other, an id could be taken for a derived one, or there are too many edges, so the summary does not stand
    for its file.
    """

    findings: tuple[Finding, ...]
    ids: tuple[tuple[int, str], ...]
    missed: tuple[tuple[int, str], ...]
    edges: tuple[tuple[str, str], ...]
    linked: bool
    inconclusive: bool = False

    @classmethod
    def of(cls, plan: Plan, findings: Iterable[Finding]) -> FileSummary:
        """That of the only file that the plan was made of, and everything that was found in it."""
        tasks, graph = plan.graph.tasks, plan.graph
        ids = tuple([(task.line, task.explicit_id) for task in tasks if task.explicit_id is not None])
        missed = [
            (task.line, name)
            for task, names in zip(tasks, graph.unknown, strict=True)
            if names and not task.status.closed
            for name in names
        ]
        local = tuple(
            [finding._replace(file="") for finding in findings if finding.code not in BETWEEN_FILES]
        )
        odd = any(_DIGEST.fullmatch(name) for _, name in ids)
        linked = any(task.after for task in tasks)
        edges = _edges(graph)
        inconclusive = bool(graph.cycles) or odd or edges is None
        return cls(local, ids, tuple(missed), tuple(edges or ()), linked, inconclusive)

    def text(self) -> str | None:
        """It, in one line; None where it does not stand for its file."""
        return None if self.inconclusive else codec.dumps(self)


class FindingsCache:
    """The summaries of earlier runs, by the rules and the configuration of this one."""

    def __init__(self, repo: Repository, config: Config) -> None:
        self._cache = FindingCache(repo, rules_key(config))

    def whole(self, ids: Mapping[str, str]) -> list[Finding] | None:
        """Everything that was found in exactly these files, in order; None if they were not read together yet."""
        text = self._cache.get(_name(ids))
        return None if text is None else codec.loads(list[Finding], text)

    def summary(self, oid: str) -> FileSummary | None:
        """That of a file with these bytes; None if it was not read yet."""
        text = self._cache.get(oid)
        return None if text is None else codec.loads(FileSummary, text)

    def add(self, oid: str, text: str) -> None:
        """Keep the summary of a file, as its text."""
        self._cache.put(oid, text)

    def add_whole(self, ids: Mapping[str, str], findings: Sequence[Finding] | None) -> None:
        """Keep all that was found in these files, None where that is not known; and write down what was added."""
        if findings is not None:
            self._cache.put(_name(ids), codec.dumps(findings))
        self._cache.save()


def between(files: Mapping[str, FileSummary]) -> list[Finding] | None:
    """What is wrong between these files, but for cycles; None where that does not follow from the summaries alone.

    That is so where so many names are unknown that not each is explained, and where a name could be a derived id.
    """
    explained = (
        sum(finding.code in SUGGESTING for summary in files.values() for finding in summary.findings)
        <= SUGGESTED
    )
    if not explained or any(summary.inconclusive for summary in files.values()):
        return None
    found: list[Finding] = []
    defined_at: dict[str, tuple[str, int]] = {}
    for file in sorted(files):
        for line, name in files[file].ids:
            first = defined_at.setdefault(name, (file, line))
            if first != (file, line):
                found.append(
                    Finding(file, line, Severity.ERROR, "duplicate-id", duplicate_id_message(name, *first))
                )
    suggest = suggester(defined_at)
    for file in sorted(files):
        for line, name in files[file].missed:
            if name not in defined_at:
                if _DERIVED.fullmatch(name):
                    return None
                found.append(
                    Finding(file, line, Severity.ERROR, "unknown-id", unknown_id_message(name, suggest(name)))
                )
    return found


def files_in_doubt(files: Mapping[str, FileSummary]) -> list[str]:
    """The files in which tasks could wait for each other.

    Where a name is given twice, that is any file whose tasks wait for a name.
    """
    file_of = {name: file for file, summary in files.items() for _, name in summary.ids}
    if sum(len(summary.ids) for summary in files.values()) != len(file_of):
        return [file for file, summary in files.items() if summary.linked]
    waits: dict[str, list[str]] = {}
    for summary in files.values():
        for name, other in summary.edges:
            waits.setdefault(name, []).append(other)
    number = {name: index for index, name in enumerate(waits)}
    follow = {
        number[name]: [number[one] for one in others if one in number] for name, others in waits.items()
    }
    names = list(waits)
    return sorted({file_of[names[one]] for knot in components(follow) if len(knot) > 1 for one in knot})


def has_cycle(documents: Mapping[str, Document]) -> bool:
    """Whether tasks of these files wait for each other."""
    return bool(documents) and bool(Graph(read_tasks(documents)).cycles)


#: An explicit id that could be taken for a derived one that had to be written out.
_DIGEST = re.compile("[0-9a-f]{40}")

#: A name that could be meant for a derived id.
_DERIVED = re.compile("[0-9a-f]{7,40}")


def _edges(graph: Graph) -> list[tuple[str, str]] | None:
    """For each task with an id the names of no task of this file that it waits for, by way of others too. Where that
    takes too long, every such name for each, which costs a closer look at most; None where those are too many."""
    outside = [position for position, names in enumerate(graph.unknown) if names]
    named = [position for position, task in enumerate(graph.tasks) if task.explicit_id is not None]
    found: list[tuple[str, str]] = []
    steps = 0
    for position in named if outside else ():
        seen = _reachable(graph, position)
        names = {name for node in seen if node % 2 == 0 for name in graph.unknown[node // 2]}
        found += [(graph.tasks[position].explicit_id or "", name) for name in sorted(names)]
        steps += len(seen) + len(names)
        if steps > _STEPS:
            break
    else:
        return found
    every = sorted({name for position in outside for name in graph.unknown[position]})
    if len(named) * len(every) > _PAIRS:
        return None
    return [(graph.tasks[one].explicit_id or "", name) for one in named for name in every]


def _reachable(graph: Graph, position: int) -> set[int]:
    """The nodes that the end of a task waits for, and itself."""
    seen = {2 * position + 1}
    pending = [2 * position + 1]
    while pending:
        for node in graph.open_waits[pending.pop()]:
            if node not in seen:
                seen.add(node)
                pending.append(node)
    return seen


#: Steps that are worth while to find out exactly what a file waits for, and pairs that are worth to be kept.
_STEPS = 1_000_000
_PAIRS = 100_000


def _name(ids: Mapping[str, str]) -> str:
    said = "\0".join([f"{file}\0{oid}" for file, oid in ids.items()])
    return f"all-{sha1(said.encode('utf-8', 'surrogatepass'), usedforsecurity=False).hexdigest()}"
