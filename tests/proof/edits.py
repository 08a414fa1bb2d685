"""What an editor does to TODO files: each function gives the changed version, or None where there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.history import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.proof.history import History
    from tests.proof.versions import Line, Version

    Edit = Callable[[History, Version], Version | None]


def reword(h: History, v: Version) -> Version | None:
    """One word of six or more."""
    line = h.one(h.ticked(v) or v.tasks().values())
    return line and v.changed(line._replace(title=_one_word_changed(h, line.title)))


def _one_word_changed(h: History, title: str) -> str:
    words = title.split()
    words[h.chance.randrange(len(words))] = h.chance.choice([word for word in WORDS if word not in words])
    return " ".join(words)


def rename_parent(h: History, v: Version) -> Version | None:
    """All words of a task that has subtasks, and no processor."""
    above = {parent for parent in v.parents().values() if parent is not None}
    judged = {uid for uid, tick in h.tip.ticks.items() if tick.ran}
    line = h.one(
        one for one in v.tasks().values() if one.uid in above and not one.run and one.uid not in judged
    )
    return line and v.changed(line._replace(title=h.title()))


def rename_heading(h: History, v: Version) -> Version | None:
    line = h.one(line for _, line in v.lines() if line.heading)
    return line and v.changed(line._replace(title=h.title(2)))


def rename_file(h: History, v: Version) -> Version | None:
    """Or into another folder."""
    old = h.chance.choice(list(v.files))
    new = h.chance.choice(
        ["TODO.md", "docs/TODO.md", "sub/TODO.md", "sub/deep/TODO.md", "todo/x.md", "todo/y.md"]
    )
    return (
        None
        if new in v.files
        else v.with_files({new if f == old else f: lines for f, lines in v.files.items()})
    )


def move_in_file(h: History, v: Version) -> Version | None:
    """A task with its subtasks to another place of its file, perhaps below another heading."""
    return _moved(h, v, to_parent=False, same_file=True)


def move_to_file(h: History, v: Version) -> Version | None:
    return _moved(h, v, to_parent=False, same_file=False) if len(v.files) > 1 else None


def move_to_parent(h: History, v: Version) -> Version | None:
    """Below another task."""
    return _moved(h, v, to_parent=True, same_file=h.chance.random() < 0.8)


def _moved(h: History, v: Version, *, to_parent: bool, same_file: bool) -> Version | None:
    line = h.one(h.ticked(v) if h.chance.random() < 0.6 else v.tasks().values())
    if line is None:
        return None
    file = v.places()[line.uid][0]
    others = [other for other in v.files if (other == file) == same_file]
    if not others:
        return None
    target = h.chance.choice(others)
    files = {name: list(lines) for name, lines in v.files.items()}
    block = _taken(files[file], line.uid)
    _put(h, files[target], block, to_parent=to_parent)
    return v.with_files(files)


def _taken(lines: list[Line], uid: int) -> list[Line]:
    """The task and its subtasks, out of the list."""
    start = next(at for at, line in enumerate(lines) if line.uid == uid)
    end = start + 1
    while end < len(lines) and not lines[end].heading and lines[end].depth > lines[start].depth:
        end += 1
    block = lines[start:end]
    del lines[start:end]
    return block


def _put(h: History, lines: list[Line], block: Sequence[Line], *, to_parent: bool = False) -> None:
    """Anywhere in the list: before a task without parents, or right below a task, as its subtask."""
    if to_parent:
        places = [(at + 1, line.depth + 1) for at, line in enumerate(lines) if not line.heading]
    else:
        places = [(at, 0) for at, line in enumerate(lines) if at and line.depth == 0]
    at, depth = h.chance.choice(places or [(len(lines), 0)])
    lines[at:at] = [line._replace(depth=line.depth - block[0].depth + depth) for line in block]


def put(h: History, v: Version, line: Line) -> Version:
    """A new line anywhere."""
    files = {name: list(lines) for name, lines in v.files.items()}
    _put(h, files[h.chance.choice(list(files))], [line], to_parent=h.chance.random() < 0.2)
    return v.with_files(files)


def delete(h: History, v: Version) -> Version | None:
    """A task with its subtasks."""
    if len(v.tasks()) < 12:
        return None
    line = h.one(v.tasks().values())
    assert line is not None
    files = {name: list(lines) for name, lines in v.files.items()}
    h.deleted += _taken(files[v.places()[line.uid][0]], line.uid)
    return v.with_files(files)


def add(h: History, v: Version) -> Version | None:
    """An open task; now and then with a title that there is."""
    line = h.task()
    same = h.one(v.tasks().values()) if h.chance.random() < 0.2 else None
    return put(h, v, line._replace(title=same.title) if same else line)


def give_id(h: History, v: Version) -> Version | None:
    """Or take it away."""
    line = h.one(v.tasks().values())
    return line and v.changed(line._replace(name=None if line.name else f"n{h.uid()}"))


def give_run(h: History, v: Version) -> Version | None:
    """To an open task, or another one."""
    line = h.one(line for line in v.tasks().values() if not line.done)
    return line and v.changed(line._replace(run=h.chance.choice("ab")))


def tick(h: History, v: Version) -> Version | None:
    """By hand."""
    line = h.one(h.open(v))
    return line and v.changed(line._replace(done=True))


#: Those after which each line can be found again, though several are made at once.
PLAIN: tuple[Edit, ...] = (
    rename_parent,
    rename_heading,
    rename_file,
    move_in_file,
    move_to_file,
    move_to_parent,
    add,
    give_id,
)
