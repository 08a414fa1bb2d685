"""What a fuzzer's bytes mean: some versions of one file, and the status characters by which they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import InputError
from mdtodo.markdown.document import Document, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Bytes that no UTF-8 has: one between two versions, and one in front where more characters are boxes.
BETWEEN, MORE = b"\xff", b"\xfe"
MOST = 4
#: By property, texts that are Latin-1, so that a character is a byte.
CORPUS = Path(__file__).parents[1] / "markdown" / "fuzz_corpus.json"
_CHARS = {**STATUS_CHARS, "~": Status.DOING, "é": Status.DONE, ">": Status.TODO, "`": Status.CANCELLED}


class Versions(NamedTuple):
    """Texts, the first of which is what the others are changes of, and what each character of a box says."""

    texts: tuple[bytes, ...]
    statuses: Mapping[str, Status] = STATUS_CHARS

    @classmethod
    def of(cls, data: bytes) -> Versions:
        """As they are written down."""
        statuses = _CHARS if data.startswith(MORE) else STATUS_CHARS
        return cls(tuple(data.removeprefix(MORE).split(BETWEEN)[:MOST]), statuses)

    def documents(self) -> list[Document]:
        """Of those that can be read."""
        found = [self.document(text) for text in self.texts]
        return [one for one in found if one is not None]

    def document(self, text: bytes) -> Document | None:
        """None where it cannot be read."""
        try:
            return parse(text, self.statuses)
        except InputError:
            return None


def written(texts: Sequence[bytes], *, more: bool = False) -> bytes:
    """The bytes of these versions."""
    return MORE * more + BETWEEN.join(texts)


def committed() -> list[tuple[str, bytes]]:
    """Properties, each with a text of which it is tried in each run of the tests; all other texts come from these."""
    corpus: dict[str, list[str]] = json.loads(CORPUS.read_text(encoding="ascii"))
    return [(name, text.encode("latin-1")) for name, texts in corpus.items() for text in texts]
