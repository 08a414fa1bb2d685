"""Operations of an editor that change what is ticked already, or bring it. Each makes a commit, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof import edits
from tests.proof.tick_operations import done

if TYPE_CHECKING:
    from tests.proof.history import History
    from tests.proof.versions import Line


def edit(h: History) -> None:
    """One that changes no tick."""
    one = h.chance.choice([*edits.PLAIN, edits.delete, edits.give_run])
    version = one(h, h.version)
    if version is not None and version != h.version:
        h.commit(version, one.__name__)


def reword(h: History) -> None:
    """In place, so that a tick stays what it is."""
    version = edits.reword(h, h.version)
    if version is not None:
        h.commit(version, "reword")


def several_edits(h: History) -> None:
    """And perhaps a tick by hand among them."""
    version = h.version
    for one in h.chance.sample([*edits.PLAIN, edits.tick, edits.tick], 3):
        version = one(h, version) or version
    h.commit(version, "hand tick among other edits")


def other_words(h: History) -> None:
    """A ticked line that says something else now: another task, also under the same id."""
    line = h.one(h.ticked())
    if line:
        words = line.title.split()
        new = line._replace(uid=h.uid(), title=" ".join([words[0], *h.title().split()[1:]]))
        kind = "other words under the same id" if line.name else "other words"
        _replace(h, line, new, kind)


def _replace(h: History, old: Line, new: Line, kind: str) -> None:
    files = {f: [new if one.uid == old.uid else one for one in lines] for f, lines in h.version.files.items()}
    h.commit(h.version.with_files(files), kind)


def add_ticked(h: History) -> None:
    """A new line that is ticked already."""
    h.commit(edits.put(h, h.version, h.task(done=True)), "added with a tick")


def copy_ticked(h: History) -> None:
    """A ticked line, copied to another place."""
    line = h.one(h.ticked())
    if line:
        h.commit(edits.put(h, h.version, line._replace(uid=h.uid(), name=None)), "copy of a ticked line")


def add_again(h: History) -> None:
    """A task that was deleted: ticked as it was, or open, and ticked by hand later."""
    there = h.version.tasks()
    line = h.one(line for line in h.deleted if line.uid not in there)
    if line is None:
        return
    if line.done and h.chance.random() < 0.5:
        h.commit(edits.put(h, h.version, line), "deleted, added again")
        return
    new = line._replace(uid=h.uid(), done=False)
    h.commit(edits.put(h, h.version, new), "deleted, added again open")
    if h.chance.random() < 0.6:
        h.commit(h.version.changed(done(new)), "deleted, added again open, hand tick")


def change_run(h: History) -> None:
    """Of a ticked task."""
    line = h.one(h.ticked())
    if line:
        other = "b" if line.run == "a" else "a"
        h.commit(h.version.changed(line._replace(run=other)), "run: changed")


def tick_without_run(h: History) -> None:
    """A tick by hand that takes the `run:` away."""
    line = h.one(h.open())
    if line:
        h.commit(h.version.changed(done(line)._replace(run=None)), "hand tick")


def add_run(h: History) -> None:
    """To a task that was ticked without."""
    line = h.one(line for line in h.version.tasks().values() if line.done and not line.run)
    if line:
        h.commit(h.version.changed(line._replace(run="a")), "run: added")


def forget_processor(h: History) -> None:
    """One is no longer configured, and its tasks have another one."""
    if "old" in h.version.processors and h.chance.random() < 0.3:
        lines = [line._replace(run="a") for line in h.version.tasks().values() if line.run == "old"]
        h.commit(h.version.changed(*lines)._replace(processors=("a", "b")), "processor renamed")
