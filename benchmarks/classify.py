"""How well the words of titles tell categories and kinds: precision and recall on titles labelled by hand.

python -m benchmarks.classify          the half that nobody looks at while the words are chosen
python -m benchmarks.classify --tune   the other half, with each title that is classified wrongly
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.settings import DEFAULT
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.routing import Router

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLES = Path(__file__).parent.parent / "tests" / "planning" / "titles" / "titles.tsv"


class Labelled(NamedTuple):
    """A title with the category and kind that a person gave it; None: none."""

    title: str
    category: str | None
    kind: str | None


class Told(NamedTuple):
    """A labelled title, and what the rules made of it."""

    label: Labelled
    category: str | None
    kind: str | None
    rule: str

    @property
    def right(self) -> bool:
        """Category and kind are what the label says."""
        return (self.category, self.kind) == (self.label.category, self.label.kind)


def halves() -> tuple[list[Labelled], list[Labelled]]:
    """The titles to tune on, and those that are kept aside: the two halves in the order of their SHA-256."""
    found: list[Labelled] = []
    for line in TITLES.read_text(encoding="utf-8").splitlines():
        label, _, title = line.partition("\t")
        category, _, kind = label.partition("/")
        found.append(Labelled(title, None if category == "-" else category, kind or None))
    found.sort(key=lambda one: sha256(one.title.encode()).digest())
    return found[: len(found) // 2], found[len(found) // 2 :]


def tell(titles: Sequence[Labelled]) -> list[Told]:
    """What the built-in rules make of each, as a task of a TODO file."""
    router, told = Router(DEFAULT), []
    for one in titles:
        (task,) = read_tasks({"TODO.md": parse(f"- [ ] {one.title}\n".encode())})
        route = router.classify(task)
        told.append(Told(one, route.category, route.kind, route.rule))
    return told


def table(told: Sequence[Told]) -> str:
    """Precision and recall for each category, and how many kinds are right where the category is."""
    lines = [
        "| category | titles | told | right | precision | recall | kind right too |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    categories = dict.fromkeys(one.label.category for one in sorted(told, key=lambda one: _rank(one.label)))
    for category in categories:
        labelled = [one for one in told if one.label.category == category]
        given = sum(one.category == category for one in told)
        lines.append(_row(category or "(none)", labelled, given))
    lines.append(_row("**all**", told, len(told)))
    return "\n".join(lines) + "\n"


def _rank(label: Labelled) -> tuple[bool, str]:
    return label.category is None, label.category or ""


def _row(name: str, labelled: Sequence[Told], given: int) -> str:
    right = [one for one in labelled if one.category == one.label.category]
    kinds = sum(one.right for one in right)
    shares = _share(len(right), given), _share(len(right), len(labelled)), f"{kinds} of {len(right)}"
    return f"| {name} | {len(labelled)} | {given} | {len(right)} | {' | '.join(shares)} |"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "–"


def main() -> None:
    """Print the table."""
    tuning, aside = halves()
    if "--tune" not in sys.argv[1:]:
        print(table(tell(aside)), end="")
        return
    told = tell(tuning)
    print(table(told))
    for one in told:
        if not one.right:
            label = f"{one.label.category}/{one.label.kind}"
            print(f"{one.label.title}\n    {label}, told {one.category}/{one.kind} ({one.rule or 'nothing'})")


if __name__ == "__main__":
    main()
