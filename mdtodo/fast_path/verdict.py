"""Whether a check has nothing to say of a version of the TODO files, as far as that is sure."""

from mdtodo.fast_path.blocks import PlainTask, Reader, UnsureError
from mdtodo.fast_path.keys import Keys, is_title_word, keys_of, minutes
from mdtodo.fast_path.memory import File, Memory

#: Minutes from which on a task without subtasks is an epic.
_EPIC = 24 * 60
_BLANKS = " \t\r\n\v\f"
#: What a heading may hand down.
_HEADING = frozenset({"priority", "due", "from", "needs", "lane", "worker", "every"})


class Facts:
    """What of a file matters to others, and to what it was before: its tasks, and what `memory.File` has."""

    __slots__ = ("ids", "outside", "tasks", "text")

    def __init__(
        self, text: str, tasks: list[PlainTask], ids: frozenset[str], outside: frozenset[str]
    ) -> None:
        self.text = text
        self.tasks = tasks
        self.ids = ids
        self.outside = outside


def facts_of(data: bytes, memory: Memory) -> Facts:
    """Of a file in which nothing is wrong by itself. Raises UnsureError."""
    text = text_of(data)
    read = Reader(text)
    for heading in read.headings:
        keys = keys_of(heading)
        if not _HEADING.issuperset(keys) or not memory.lanes.issuperset(keys.get("lane", ())):
            raise UnsureError
    every = [_keys_of_task(task, memory) for task in read.tasks]
    _look_at_parents(read.tasks)
    _look_at_titles(read.tasks, every, memory)
    ids = [name for keys in every for name in keys.get("id", ())]
    if len({*ids}) < len(ids):
        raise UnsureError
    names = {name for keys in every for name in keys.get("after", ())}
    if names:
        _look_for_cycles(read.tasks, every)
    return Facts(text, read.tasks, frozenset(ids), frozenset(names.difference(ids)))


def text_of(data: bytes) -> str:
    """The text of a file, with lines that end in the same way. Raises UnsureError."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UnsureError from None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "\r" in text or "\0" in text or "<<<<<<<" in text or text.startswith("\ufeff"):
        raise UnsureError
    return text


def _keys_of_task(task: PlainTask, memory: Memory) -> Keys:
    keys = keys_of(task.text)
    if not memory.processors.issuperset(keys.get("run", ())) or not memory.lanes.issuperset(
        keys.get("lane", ())
    ):
        raise UnsureError
    if keys or "#" in task.text or "!" in task.text:
        # `!` and `#` begin words of a title, too
        if not any(map(is_title_word, task.text.split())):
            raise UnsureError
        is_big = any(minutes(value) >= _EPIC for value in keys.get("est", ()))
        if is_big and not task.is_parent and task.char in " /":
            raise UnsureError
    return keys


def _look_at_parents(tasks: list[PlainTask]) -> None:
    """Nothing open stands below what is ticked."""
    for task in tasks:
        if task.parent >= 0 and task.char in " /" and tasks[task.parent].char in "xX":
            raise UnsureError


def _look_at_titles(tasks: list[PlainTask], every: list[Keys], memory: Memory) -> None:
    """No two tasks are equal in all that tells them apart, or it does not matter which is which."""
    matters = memory.matches or any("run" in keys or "after" in keys for keys in every)
    if not matters:
        return
    known: set[tuple[str, ...]] = set()
    titles: list[tuple[str, ...]] = []
    for task, keys in zip(tasks, every, strict=True):
        own = " ".join([word for word in task.text.split() if is_title_word(word)])
        titles.append((*(titles[task.parent] if task.parent >= 0 else ()), own))
        if "id" not in keys:
            above = [" ".join(filter(is_title_word, text.split())).rstrip("# ") for _, text in task.headings]
            key = (*above, "", *titles[-1])
            if key in known:
                raise UnsureError
            known.add(key)


def _look_for_cycles(tasks: list[PlainTask], every: list[Keys]) -> None:
    """No tasks wait for each other, whether they are open or not: start and end of task i are 2i and 2i + 1."""
    place = {name: number for number, keys in enumerate(every) for name in keys.get("id", ())}
    waits: list[list[int]] = []
    for number, (task, keys) in enumerate(zip(tasks, every, strict=True)):
        start = [2 * place[name] + 1 for name in keys.get("after", ()) if name in place]
        start += [2 * task.parent] if task.parent >= 0 else []
        start += [2 * task.previous + 1] if task.previous >= 0 else []
        waits += [start, [2 * number]]
        if task.parent >= 0:
            waits[2 * task.parent + 1].append(2 * number + 1)
    freed: list[list[int]] = [[] for _ in waits]
    for node, others in enumerate(waits):
        for other in others:
            freed[other].append(node)
    left = [len(others) for others in waits]
    free = [node for node, count in enumerate(left) if not count]
    for node in free:  # grows
        for other in freed[node]:
            left[other] -= 1
            if not left[other]:
                free.append(other)
    if len(free) < len(waits):
        raise UnsureError


def look_between(memory: Memory, read: dict[bytes, Facts]) -> None:
    """Nothing is wrong between the files, of which these were read. Raises UnsureError."""
    files: dict[bytes, File | Facts] = {**memory.files, **read}
    every = [name for file in files.values() for name in file.ids]
    ids = frozenset(every)
    waiting = [path for path, file in files.items() if file.outside]
    if len(ids) < len(every) or not all(ids.issuperset(file.outside) for file in files.values()):
        raise UnsureError
    # tasks of several files may wait for each other
    if len(waiting) > 1 and any(path in read for path in waiting):
        raise UnsureError


def look_at_change(before: Facts, after: Facts) -> None:
    """The change only added open tasks and words: it ticked, removed and rerouted nothing. Raises UnsureError."""
    if before.text == after.text:
        return
    if not _only_adds(_lines(before.text), _lines(after.text)) and not _keeps_tasks(before, after):
        raise UnsureError
    closed = [task for task in after.tasks if task.char not in " /"]
    if closed:
        _look_at_closed(before, after, closed)


def _keeps_tasks(before: Facts, after: Facts) -> bool:
    """Whether each task stands where it stood, below the same tasks and headings; and all differ in their words, so
    that none can be taken for another one."""
    if any(sum(map(_boxes_in, one.text.split("\n"))) != len(one.tasks) for one in (before, after)):
        return False
    old, new = _places(before.tasks), _places(after.tasks)
    return len(old) == len(before.tasks) and len(new) == len(after.tasks) and old.items() <= new.items()


def _places(tasks: list[PlainTask]) -> dict[str, tuple[str, ...]]:
    """By their words: box, headings, and the tasks around."""
    found: dict[str, tuple[str, ...]] = {}
    paths: list[tuple[str, ...]] = []
    for task in tasks:
        text = " ".join(task.text.split())
        paths.append((*(paths[task.parent] if task.parent >= 0 else ()), text))
        found[text] = (task.char, *[heading for _, heading in task.headings], "", *paths[-1])
    return found


def _look_at_closed(before: Facts, after: Facts, closed: list[PlainTask]) -> None:
    """Each was closed before, and none could be taken for one that was open."""
    for facts in (before, after):
        if sum(map(_boxes_in, facts.text.split("\n"))) != len(facts.tasks):
            raise UnsureError
    was: dict[str, list[str]] = {}
    for task in before.tasks:
        was.setdefault(" ".join(task.text.split()), []).append(task.char)
    for task in closed:
        chars = was.get(" ".join(task.text.split()))
        if not chars or {*chars} != {task.char}:
            raise UnsureError
        chars.append(chars.pop())
    now = [" ".join(task.text.split()) for task in closed]
    if any(now.count(text) > len(was[text]) for text in {*now} if now.count(text) > 1):
        raise UnsureError


def _boxes_in(line: str) -> int:
    """How many places look like a box."""
    return sum(
        line[at - 2 : at - 1] == "["
        for at in range(2, len(line))
        if line[at] == "]" and line[at + 1 : at + 2] in " \t"
    )


def _lines(text: str) -> list[str]:
    return [line.rstrip(_BLANKS) for line in text.rstrip(_BLANKS).split("\n")]


def _only_adds(old: list[str], new: list[str]) -> bool:
    """Whether all lines stand there in order, and none that came changes what is around them."""
    at, came = 0, False
    for line in old:
        came = False
        while at < len(new) and new[at] != line:
            if _is_around(new[at]) or not _is_apart(new, at):
                return False
            at += 1
            came = True
        if at == len(new) or (came and not _begins_block(line)):
            return False
        at += 1
    return all(
        (not line or not _is_around(line)) and _is_apart(new, number)
        for number, line in enumerate(new[at:], at)
    )


def _is_around(line: str) -> bool:
    """Whether it makes other lines something else."""
    bare = line.lstrip(" \t>")
    return not bare or bare.startswith(("#", "```", "~~~", "<")) or not bare.strip("=") or not bare.strip("-")


def _is_apart(lines: list[str], number: int) -> bool:
    """Whether a line that came is a list item without a closed box, or begins a paragraph of its own."""
    line = lines[number]
    bare = line.lstrip(" \t")
    if "]" in bare and "[" in bare and not bare[2:].startswith("[ ] ") and _may_be_closed(bare):
        return False
    return (
        bare[:2] in ("- ", "* ", "+ ")
        or not line
        or number == 0
        or not lines[number - 1]
        or (_is_apart(lines, number - 1) and not _boxes_in(lines[number - 1]))
    )


def _may_be_closed(line: str) -> bool:
    return any(
        line[at + 1 : at + 2] in (" ", "\t", "") and line[at - 2 : at + 1] != "[ ]"
        for at, c in enumerate(line)
        if c == "]"
    )


def _begins_block(line: str) -> bool:
    """Whether a line, which stands behind ones that came, is no part of their paragraph, nor of their items."""
    return not line or (line[0] not in " \t>" and (line[:2] in ("- ", "* ", "+ ") or line[0] == "#"))
