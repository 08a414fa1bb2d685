"""Random histories of a TODO file: what a run makes of it, what a person makes of it, and what both should come to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random


@dataclass(frozen=True)
class Row:
    """A heading or a task with what stands right below it; `who` stays as long as a person would say that it is the
    same task, also in other words."""

    who: int
    title: str
    keys: str = ""
    indent: int = 0
    heading: bool = False
    char: str = " "
    failed: int = 0
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        if self.heading:
            return [f"# {self.title}", ""]
        blanks, failed = "  " * self.indent, f" failed:{self.failed}" if self.failed else ""
        return [
            f"{blanks}- [{self.char}] {self.title}{self.keys}{failed}",
            *(f"{blanks}  - {note}" for note in self.notes),
        ]


class History(NamedTuple):
    """The file before a run and after it, by rows, and what a person makes of either; `ran` are the tasks of the run,
    `reworded` those that a person gave other words."""

    before: list[Row]
    after: list[Row]
    ran: frozenset[int]
    person: Callable[[Sequence[Row]], list[Row]]
    reworded: set[int]
    form: Callable[[str], bytes]

    def is_any_repeated(self, now: Sequence[Row]) -> bool:
        """Whether a task of the run has, or had, the title of another one: then only the model knows which is which."""
        titles = {
            (row.who, row.title.removesuffix(", again"))
            for rows in (self.before, now)
            for row in rows
            if not row.heading
        }
        mine = {title for who, title in titles if who in self.ran}
        return any(title in mine for who, title in titles if who not in self.ran) or len(mine) < len(self.ran)


def history(random: Random) -> History:
    """Equal titles are frequent."""
    before = [_row(random, who) for who in range(1, random.randint(2, 9))]
    tasks = [row for row in before if not row.heading]
    ran = frozenset(row.who for row in random.sample(tasks, random.randint(0, min(3, len(tasks)))))
    after = [_run(row, random) if row.who in ran else row for row in before]
    seed, count, reworded = random.random(), random.randint(0, 4), set[int]()

    def person(rows: Sequence[Row]) -> list[Row]:
        # the same steps for either version, since both have the same rows
        from random import Random as Again

        again, made = Again(seed), list(rows)
        for number in range(count):
            made = _step(made, again, 100 + 10 * number, reworded)
        return made

    return History(before, after, ran, person, reworded, _form(random))


TITLES = ("t", "t", "u", "Write the guide", "Fix the parser", "Ship it")
KEYS = ("", "", "", " !high", " run:x", " run:y", " #tag")


def _row(random: Random, who: int) -> Row:
    if random.random() < 0.15:
        return Row(who, random.choice("AB"), heading=True)
    keys = random.choice(KEYS) + (f" id:i{who}" if random.random() < 0.2 else "")
    return Row(who, random.choice(TITLES), keys, random.choice((0, 0, 1)))


def _run(row: Row, random: Random) -> Row:
    notes = ("412 tests",) if random.random() < 0.25 else ()
    return replace(row, failed=1) if random.random() < 0.2 else replace(row, char="x", notes=notes)


def _step(rows: list[Row], random: Random, who: int, reworded: set[int]) -> list[Row]:
    what = random.choice(
        ("delete", "insert", "move", "move", "reword", "rekey", "duplicate", "tick", "heading", "indent")
    )
    at, to, new = random.randrange(max(len(rows), 1)), random.randint(0, len(rows)), _row(random, who)
    rows = list(rows)
    if what in ("insert", "heading") or not rows:
        rows.insert(to, replace(new, heading=what == "heading"))
        return rows
    old = rows.pop(at)
    if what == "move":
        rows.insert(min(to, len(rows)), old)
    elif what == "duplicate":
        keys = " ".join(word for word in old.keys.split(" ") if not word.startswith("id:"))
        rows[at:at] = [old, replace(old, who=who, keys=keys)]
    elif what == "reword":
        reworded.add(old.who)
        rows.insert(at, replace(old, title=random.choice((f"{old.title}, again", new.title))))
    elif what == "rekey":
        names = [word for word in old.keys.split(" ") if word.startswith("id:")]
        rows.insert(at, replace(old, keys=" ".join([random.choice(KEYS), *names])))
    elif what == "tick":
        rows.insert(at, replace(old, char="x") if not old.failed and not old.heading else old)
    elif what == "indent":
        rows.insert(at, replace(old, indent=1 - old.indent))
    return rows


def _form(random: Random) -> Callable[[str], bytes]:
    mark, newline = random.choice(("", "", "\ufeff")), random.choice(("\n", "\n", "\r\n"))
    ended = random.random() < 0.8

    def form(text: str) -> bytes:
        text = mark + (text if ended else text.removesuffix("\n"))
        return text.replace("\n", newline).encode()

    return form


def text_of(rows: Sequence[Row]) -> str:
    return "".join(f"{line}\n" for row in rows for line in row.lines())


def replayed(one: History, tip: Sequence[Row]) -> list[Row]:
    """What a replay should make of the person's version: of each task of the run what it was made, if it is still open
    and says what it said."""
    was = {row.who: row for row in one.before}
    then = {row.who: row for row in one.after}
    made = []
    for row in tip:
        if row.who in one.ran and (row.title, row.char) == (was[row.who].title, was[row.who].char):
            new = then[row.who]
            row = replace(row, char=new.char, failed=new.failed, notes=new.notes)
        made.append(row)
    return made


def undone(one: History, now: Sequence[Row]) -> list[Row]:
    """What an undo should make of the person's version: of each task of the run what it was."""
    was = {row.who: row for row in one.before}
    then = {row.who: row for row in one.after}
    made = []
    for row in now:
        if row.who in one.ran and row.char == then[row.who].char:
            old = was[row.who]
            row = replace(row, char=old.char, failed=old.failed, notes=old.notes)
        made.append(row)
    return made
