"""A Markdown file as the template of a task's subtasks: its list, nested as it is, each heading a task of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.core.task import Severity, Status
from mdtodo.errors import EditError, InputError
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.keys.write import write_key
from mdtodo.planning.expand.steps import filled, shortened_title

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from mdtodo.core.task import Span
    from mdtodo.markdown.document import Document, Heading, Item


def template_lines(
    data: bytes, title: str, statuses: Mapping[str, Status], own: Container[str], *, file: str
) -> tuple[str, ...]:
    """The lines for `AddSubtasks` that the template makes of a task of that title.

    Every heading with tasks below it becomes a task that has these as subtasks; a single one of the first level, above
    all of them, is the template's own title, and left out. A `run:` on a heading goes to the tasks of its section.
    `{task}` is the title. Text outside of tasks is left out. Raises EditError with file and line for a task that is not
    open, or has a bad key, or `expand:` with one of the configuration's `own` patterns, which might never end; for what
    a task holds but bullets and tasks; and where there is no task.
    """
    try:
        document = parse(data, statuses, file=file)
    except InputError as error:
        raise EditError(error.sentence, file=file, line=error.line) from error
    if not document.items:
        raise EditError("has no task in it, so it is no template", file=file)
    return tuple(_Template(document, shortened_title(title), own, file).lines())


class _Template:
    def __init__(self, document: Document, topic: str, own: Container[str], file: str) -> None:
        self.document, self.topic, self.own, self.file = document, topic, own, file

    def lines(self) -> Iterator[str]:
        """Of the whole template, in its order."""
        shown: tuple[int, ...] = ()
        skipped = self._title()
        for item in self.document.items:
            if item.parent is None:
                path = tuple(number for number in item.headings if number != skipped)
                same = 0
                while same < min(len(path), len(shown)) and path[same] == shown[same]:
                    same += 1
                for depth in range(same, len(path)):
                    yield f"{'  ' * depth}- [ ] {self._heading(self.document.headings[path[depth]])}"
                shown = path
            inside = [number for number in item.headings if number != skipped]
            yield from self._task(item, len(shown) + item.depth, inside)

    def _title(self) -> int | None:
        """The heading that is the title of the template itself."""
        top = [n for n, one in enumerate(self.document.headings) if one.level == 1]
        every = (
            all(item.headings[:1] == (top[0],) for item in self.document.items) if len(top) == 1 else False
        )
        return top[0] if every else None

    def _heading(self, heading: Heading) -> str:
        """Its text as that of a task, which proves nothing itself."""
        text = " ".join(heading.text.split())
        self._refuse_bad_keys(text, heading.line)
        return write_key(self._filled(text), "run", None)

    def _task(self, item: Item, depth: int, headings: list[int]) -> Iterator[str]:
        text = " ".join(item.text.split())
        if item.status is not Status.TODO:
            raise self._wrong(item.line, "a task that is not open, although nothing has proven it")
        self._refuse_bad_keys(text, item.line)
        text = self._filled(text)
        keys = [read_keys(self.document.headings[number].text) for number in headings]
        run = next((one.run for one in reversed(keys) if one.run), None)
        if run is not None and read_keys(text).run is None:
            text = write_key(text, "run", run)
        yield f"{'  ' * depth}{item.marker} [ ] {text}"
        for span in (*item.body, *item.notes):
            yield from self._note(span, depth + 1)

    def _note(self, span: Span, depth: int) -> Iterator[str]:
        line = self.document.data[span.start : span.end].decode()
        found = _BULLET.fullmatch(line.expandtabs(4))
        if line.strip() and found is None:
            number = self.document.data.count(b"\n", 0, span.start) + 1
            raise self._wrong(
                number, f"{line.strip()[:60]!r} inside a task, which is neither a task nor a bullet"
            )
        if found is not None:
            yield f"{'  ' * (depth + len(found[1]) // 2)}{found[2]} {self._filled(found[3])}"

    def _filled(self, text: str) -> str:
        return filled(text, self.topic)

    def _refuse_bad_keys(self, text: str, line: int) -> None:
        keys = read_keys(text)
        wrong = [one.message for one in keys.problems if one.severity is Severity.ERROR]
        if wrong:
            raise self._wrong(line, f"a bad key: {wrong[0]}")
        if keys.failed or keys.done:
            raise self._wrong(line, "a key that only mdtodo writes")
        if keys.expand is not None and keys.expand in self.own:
            raise self._wrong(line, f"expand:{keys.expand}, a pattern of your own, which might never end")

    def _wrong(self, line: int, what: str) -> EditError:
        return EditError(f"the template has {what}", file=self.file, line=line)


_BULLET = re.compile(r"([ ]*)([-+*]|[0-9]{1,9}[.)])[ ]+(?!\[[^\]]?\][ ])(.*\S)[ ]*")
