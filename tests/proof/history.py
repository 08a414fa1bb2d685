"""A history that grows by operations, in a real repository, with what is true of each tick beside it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from tests.proof import messages
from tests.proof.importer import Importer
from tests.proof.truth import NOTHING, Commit, Credit, Facts, Truth
from tests.proof.versions import Line, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

WORDS = [
    "apply",
    "audit",
    "border",
    "branch",
    "bridge",
    "bucket",
    "cache",
    "chart",
    "client",
    "clock",
    "column",
    "copper",
    "cursor",
    "daemon",
    "delta",
    "deploy",
    "docket",
    "driver",
    "editor",
    "engine",
    "export",
    "fence",
    "filter",
    "folder",
    "format",
    "garden",
    "gather",
    "handle",
    "header",
    "hinge",
    "import",
    "index",
    "inlet",
    "kernel",
    "ladder",
    "layout",
    "ledger",
    "limit",
    "linker",
    "locale",
    "margin",
    "marker",
    "merge",
    "meter",
    "mirror",
    "module",
    "needle",
    "number",
    "object",
    "offset",
    "orbit",
    "packet",
    "panel",
    "parser",
    "patch",
    "pencil",
    "pepper",
    "pillar",
    "planet",
    "plugin",
    "pocket",
    "policy",
    "portal",
    "prefix",
    "printer",
    "queue",
    "quota",
    "random",
    "record",
    "reader",
    "replay",
    "report",
    "river",
    "router",
    "sample",
    "schema",
    "screen",
    "script",
    "season",
    "server",
    "shadow",
    "signal",
    "socket",
    "source",
    "spring",
    "static",
    "stream",
    "string",
    "summer",
    "switch",
    "symbol",
    "system",
    "tablet",
    "target",
    "temple",
    "thread",
    "ticket",
    "timber",
    "token",
    "travel",
    "tunnel",
    "update",
    "vector",
    "vendor",
    "violet",
    "volume",
    "walnut",
    "widget",
    "window",
    "winter",
    "writer",
]


class Run(NamedTuple):
    """What a commit with receipts has told: the run, and the id of each task there."""

    name: str
    ids: Mapping[int, str]


class History:
    """Operations look at `tip` and `version`, and make commits. The same seed makes the same history."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chance = random.Random(seed)
        self.importer = Importer(root)
        self.truth = Truth()
        self.branches: dict[str, int] = {}
        self.on = "main"
        self.runs: dict[int, Run] = {}
        self.facts: dict[int, Facts] = {}
        self.deleted: list[Line] = []
        self._uids = 0
        self._runs = 0

    @property
    def tip(self) -> Commit:
        return self.truth.commits[self.branches[self.on]]

    @property
    def version(self) -> Version:
        return self.tip.version

    def commit(
        self,
        version: Version,
        kind: str,
        message: str | None = None,
        facts: Facts = NOTHING,
        *,
        parents: Sequence[int] | None = None,
        run: Run | None = None,
    ) -> Commit:
        """On the branch that is checked out; `message` None for one of a person."""
        above = parents if parents is not None else [self.branches[self.on]] if self.branches else []
        text = message or f"{self.title(3).capitalize()}\n"
        oids = [self.truth.commits[one].oid for one in above]
        oid = self.importer.commit(version.contents(), text, oids)
        one = self.truth.add(oid, above, version, text, kind, facts)
        self.branches[self.on] = one.number
        self.facts[one.number] = facts
        if run is not None:
            self.runs[one.number] = run
        return one

    def land(
        self,
        version: Version,
        receipts: Iterable[Credit],
        kind: str,
        wrap: Callable[[str], str] = str,
        *,
        base: Version | None = None,
        **more: object,
    ) -> Commit:
        """A commit with these receipts, as `wrap` puts them into its message."""
        told = tuple(receipts)
        tasks, name = (base or self.version).read(), self.run_id()
        undoes = more.get("undoes")
        text = messages.of_run(told, tasks, name, undoes if isinstance(undoes, str) else None)
        facts = Facts(told, run=name, **more)  # type: ignore[arg-type]
        return self.commit(
            version, kind, wrap(text), facts, run=Run(name, {one.uid: tasks[one.uid].id for one in told})
        )

    def receipt_text(self, told: Iterable[Credit], base: Version | None = None) -> str:
        """What mdtodo would write for these receipts."""
        return messages.of_run(told, (base or self.version).read(), self.run_id())

    def run_id(self) -> str:
        self._runs += 1
        return f"20261121T101500-{self._runs:04x}"

    def uid(self) -> int:
        self._uids += 1
        return self._uids

    def title(self, words: int = 6) -> str:
        return " ".join(self.chance.sample(WORDS, words))

    def task(self, **fields: object) -> Line:
        """A new one, with a processor most often."""
        run = self.chance.choices(["a", "b", "old", None], [5, 3, 1, 2])[0]
        name = f"n{self._uids}" if self.chance.random() < 0.15 else None
        known: dict[str, object] = {"title": self.title(), "run": run, "name": name}
        return Line(self.uid(), **(known | fields))  # type: ignore[arg-type]

    def some(self, lines: Iterable[Line], most: int = 1) -> list[Line]:
        """Up to so many of them, at random."""
        among = list(lines)
        return self.chance.sample(among, min(len(among), self.chance.randint(1, most)))

    def one(self, lines: Iterable[Line]) -> Line | None:
        return next(iter(self.some(lines)), None)

    def open(self, version: Version | None = None) -> list[Line]:
        """Open tasks whose processor is configured."""
        at = version or self.version
        return [line for line in at.tasks().values() if not line.done and line.run in at.processors]

    def ticked(self, version: Version | None = None) -> list[Line]:
        """Ticked tasks that have a processor."""
        return [line for line in (version or self.version).tasks().values() if line.done and line.run]


def start(history: History) -> None:
    """The first commit: two files of headings and tasks, some of them nested."""
    files: dict[str, list[Line]] = {}
    for file in ("TODO.md", "sub/TODO.md"):
        lines = files[file] = []
        for _ in range(2):
            lines.append(Line(history.uid(), history.title(2), heading=True))
            lines += [history.task(depth=history.chance.choice([0, 0, 1, 2])) for _ in range(4)]
    history.commit(Version({}).with_files(files), "start")
