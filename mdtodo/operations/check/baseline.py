"""Findings that were there when a repository began to be checked, and are not shown until their line changes.

`.mdtodo-baseline.json` at the root has for each of them its code, its file and a digest of its line: SHA-1, 40 hex
digits, of the line without its end. It is made by `check --write-baseline`, and committed. A change is judged by the
baseline of the commit that it starts from, so none adds to it what it breaks itself.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdtodo.core.codes import GATE, OF_CLONE
from mdtodo.core.digest import hexdigest
from mdtodo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.core.task import Finding
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Its name, at the root of the repository.
FILE = ".mdtodo-baseline.json"

#: Codes that none holds: those have `prove --accept`, or say nothing about the repository.
NEVER = frozenset({*GATE, *OF_CLONE})


class Known(NamedTuple):
    """One finding of a baseline."""

    code: str
    file: str
    digest: str


def without_known(
    found: Sequence[Finding], data: Mapping[str, bytes], baseline: bytes | None
) -> list[Finding]:
    """The findings that a baseline does not have; each of it stands for one. `data` are the bytes of the files that
    were read, `baseline` those of the file, None where there is none.

    Raises InputError where it cannot be read.
    """
    if baseline is None or not found:
        return list(found)
    known = Counter(read(baseline))
    left = []
    for finding, one in zip(found, _names(found, data), strict=True):
        if one is None or not known[one]:
            left.append(finding)
        else:
            known[one] -= 1
    return left


def read(baseline: bytes) -> list[Known]:
    """The findings in a baseline, but those that none may hold. Raises InputError where it is none."""
    import json

    try:
        document = json.loads(baseline)
        if document["version"] != 1:
            raise ValueError
        rows = [(row["code"], row["file"], row["digest"]) for row in document["findings"]]
        if not all(isinstance(part, str) for row in rows for part in row):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        sentence = "is no baseline of mdtodo: `mdtodo check --write-baseline` makes it anew"
        raise InputError(sentence, file=FILE) from None
    return [known for row in rows if (known := Known(*row)).code not in NEVER]


def written(found: Sequence[Finding], data: Mapping[str, bytes]) -> tuple[bytes, int]:
    """A baseline of these findings, as the bytes of its file, and how many it has."""
    import json

    every = sorted(one for one in _names(found, data) if one is not None)
    rows = ",\n".join(f"    {json.dumps(one._asdict())}" for one in every)
    body = f"[\n{rows}\n  ]" if rows else "[]"
    return f'{{\n  "version": 1,\n  "findings": {body}\n}}\n'.encode(), len(every)


def _names(found: Iterable[Finding], data: Mapping[str, bytes]) -> list[Known | None]:
    """What a baseline calls each; None where it has none of that kind."""
    lines: dict[str, list[bytes]] = {}
    names: list[Known | None] = []
    for one in found:
        if one.code in NEVER or one.file not in data:
            names.append(None)
            continue
        if one.file not in lines:
            lines[one.file] = data[one.file].split(b"\n")
        line = lines[one.file][one.line - 1 : one.line]
        names.append(Known(one.code, one.file, hexdigest(b"".join(line).rstrip(b"\r"))))
    return names
