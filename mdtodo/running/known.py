"""What `check` finds in many files, without reading again what it has read before.

Of each file a `Gist` is kept by git's id of its bytes: what is wrong in it whatever other files say, and what of it
matters to others: the ids that it gives and those that it waits for. From the gists of all files follows whether
anything is wrong between them. Where it is, or could be, everything is read and judged as if nothing were known;
so no other finding comes of this than of that.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.anchors import sha1
from mdtodo.markdown.tasks import read_tasks
from mdtodo.model import Finding, Severity
from mdtodo.planning.cycles import components
from mdtodo.planning.findings import BETWEEN_FILES, SUGGESTED, SUGGESTING
from mdtodo.planning.graph import build
from mdtodo.repo.findingcache import FindingCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config import Config
    from mdtodo.markdown.document import Document
    from mdtodo.model import Task
    from mdtodo.planning.plan import Plan
    from mdtodo.repo.git import Repository

#: The rooms whose source says what is a finding.
RULES = (
    "markdown",
    "planning",
    "config",
    "model.py",
    "running/check.py",
    "running/known.py",
    "repo/findingcache.py",
)


class Gist(NamedTuple):
    """What is kept of a file. `findings` have no file; those between files are not among them.

    `waits` are the names that its tasks wait for and no task of it has, `missed` those of open tasks among them.
    `knotted`: what is wrong between files may hide in it, so it never stands for its file.
    """

    findings: tuple[Finding, ...]
    ids: tuple[str, ...]
    waits: frozenset[str]
    missed: frozenset[str]
    knotted: bool = False


class Known:
    """The gists of earlier runs, by the rules and the configuration of this one."""

    def __init__(self, repo: Repository, config: Config) -> None:
        self._cache = FindingCache(repo, _key(config))

    def whole(self, ids: Mapping[str, str]) -> list[Finding] | None:
        """Everything that was found in exactly these files, in order; None if they were not read together yet."""
        text = self._cache.get(_name(ids))
        return None if text is None else _findings(text)

    def gist(self, oid: str) -> Gist | None:
        """That of a file with these bytes; None if it was not read yet."""
        text = self._cache.get(oid)
        if text is None:
            return None
        ids, waits, missed, found = text.split("\t", 3)
        return Gist(
            tuple(_findings(found)),
            tuple(ids.split(" ")) if ids else (),
            frozenset(waits.split("\x1f")) if waits else frozenset(),
            frozenset(missed.split("\x1f")) if missed else frozenset(),
        )

    def add(self, oid: str, gist: Gist) -> None:
        """Keep the gist of a file, if it can be written down."""
        if gist.knotted or any(_STEERING.search(one) for one in gist.waits):
            return
        found = _text(gist.findings)
        if found is not None:
            waits, missed = ("\x1f".join(sorted(names)) for names in (gist.waits, gist.missed))
            self._cache.put(oid, f"{' '.join(gist.ids)}\t{waits}\t{missed}\t{found}")

    def add_whole(self, ids: Mapping[str, str], findings: Sequence[Finding] | None) -> None:
        """Keep all that was found in these files, None where that is not known; and write down what was added."""
        text = None if findings is None else _text(findings)
        if text is not None:
            self._cache.put(_name(ids), text)
        self._cache.save()


def gists(documents: Iterable[str], plan: Plan, findings: Iterable[Finding]) -> dict[str, Gist]:
    """The gists of these files, of a plan of them and others, and everything that was found in them."""
    found: dict[str, list[Finding]] = {file: [] for file in documents}
    for finding in findings:
        if finding.code not in BETWEEN_FILES:
            found[finding.file].append(finding._replace(file=""))
    tasks: dict[str, list[Task]] = {file: [] for file in found}
    for task in plan.tasks.values():
        tasks[task.file].append(task)
    graph = plan.graph
    knotted = {graph.tasks[node // 2].file for node in graph.knotted}
    return {file: _gist(tasks[file], found[file], knotted=file in knotted) for file in found}


def is_clean_between(files: Mapping[str, Gist]) -> tuple[bool, list[str]]:
    """Whether surely nothing is wrong between these files, but for cycles; and the files in which one could be.

    Not where an id is given twice or missed, and not where so many names are unknown that not each is explained.
    """
    owner: dict[str, str] = {}
    count = unknown = 0
    for file, gist in files.items():
        owner |= dict.fromkeys(gist.ids, file)
        count += len(gist.ids)
        unknown += sum(finding.code in SUGGESTING for finding in gist.findings)
        if gist.knotted:
            return False, []
    if count != len(owner) or unknown > SUGGESTED:
        return False, []
    waiting = {file: gist for file, gist in files.items() if gist.waits}
    if any(not gist.missed <= owner.keys() for gist in waiting.values()):
        return False, []
    number = {file: index for index, file in enumerate(waiting)}
    follow = {
        number[file]: sorted({number[owner[name]] for name in gist.waits if owner.get(name) in number})
        for file, gist in waiting.items()
    }
    names = list(waiting)
    return True, [names[one] for knot in components(follow) if len(knot) > 1 for one in knot]


def has_cycle(documents: Mapping[str, Document]) -> bool:
    """Whether tasks of these files wait for each other."""
    return bool(build(read_tasks(documents)).cycles)


def _gist(tasks: Sequence[Task], findings: Sequence[Finding], *, knotted: bool) -> Gist:
    ids = tuple(task.explicit_id for task in tasks if task.explicit_id is not None)
    waits = {name for task in tasks for name in task.after}.difference(ids)
    missed = {name for task in tasks if not task.status.closed for name in task.after}.difference(ids)
    odd = len({*ids}) != len(ids) or any(_DIGEST.fullmatch(one) for one in ids)
    return Gist(tuple(findings), ids, frozenset(waits), frozenset(missed), knotted or odd)


#: An explicit id that could be taken for a derived one that had to be written out.
_DIGEST = re.compile("[0-9a-f]{40}")

#: What separates names and findings, and line ends.
_STEERING = re.compile("[\x00-\x1f]")


def _text(findings: Iterable[Finding]) -> str | None:
    parts = []
    for finding in findings:
        if _STEERING.search(finding.file) or _STEERING.search(finding.message):
            return None
        parts.append(
            f"{finding.file}\x1f{finding.line}\x1f{finding.severity.value}\x1f{finding.code}\x1f{finding.message}"
        )
    return "\x1e".join(parts)


def _findings(text: str) -> list[Finding]:
    found = []
    for part in text.split("\x1e") if text else ():
        file, line, severity, code, message = part.split("\x1f")
        found.append(Finding(file, int(line), Severity(severity), code, message))
    return found


def _name(ids: Mapping[str, str]) -> str:
    said = "\0".join([f"{file}\0{oid}" for file, oid in ids.items()])
    return f"all-{sha1(said.encode('utf-8', 'surrogatepass'), usedforsecurity=False).hexdigest()}"


def _key(config: Config) -> str:
    """The name of the rules, which are the source of the rooms that make findings, and of the configuration."""
    state = sha1(f"{sys.version_info}\n{config!r}\n".encode("utf-8", "surrogatepass"), usedforsecurity=False)
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for path in _sources(package):
        with open(path, "rb") as file:
            content = file.read()
        state.update(b"%d\n" % len(content) + content)
    return str(state.hexdigest())


def _sources(package: str) -> list[str]:
    found = []
    for name in RULES:
        path = os.path.join(package, name)
        inside = sorted(os.listdir(path)) if os.path.isdir(path) else [""]
        found += [
            os.path.join(path, one) if one else path
            for one in inside
            if not one or one.endswith((".py", ".toml"))
        ]
    return found
