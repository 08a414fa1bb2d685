"""A way that fits to the command lines that carry it out."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.recipes.detect import Found

#: Bytes of one command line, at most; the limit of the system may be lower.
CHUNK = 512 * 1024

#: Characters of a command line that are shown in the output of a run, where not everything is asked for.
SHOWN = 2000

#: What a tool may take for an option, a file of options or a pattern if a name begins with it.
_SPECIAL = ("-", "@", "+", "!")

#: What cannot stand in a line as it is: what steers a terminal, and bytes that are not UTF-8 (surrogates).
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Command(NamedTuple):
    """Arguments, the program's absolute path first, and variables to add to the environment."""

    argv: tuple[str, ...]
    env: dict[str, str]


def commands(found: Found, tmp: str, limit: int) -> Iterator[Command]:
    """The commands to run, one after the other. `tmp`: what `{tmp}` stands for; `limit`: bytes of one command line.

    A file that does not fit with others has a command of its own.
    """
    way = found.way
    fixed = {"{tmp}": tmp, "{config}": safe_argument(found.config or ""), "{copy}": copy_of(found, tmp)}
    env = {name: _filled(value, fixed) for name, value in way.env.items()}
    names = [safe_argument(name) for name in found.files]
    words = way.run[1:]
    if any(place in word for word in words for place in ("{file}", "{folder}")):
        for name in names:
            one = {**fixed, "{file}": name, "{folder}": os.path.dirname(name) or "."}
            yield Command((found.program, *(_filled(word, one) for word in words)), env)
        return
    argv = (found.program, *(_filled(word, fixed) for word in words))
    if "{files}" not in words:
        yield Command(argv, env)
        return
    at = 1 + words.index("{files}")
    room = limit - _size((*argv, *env, *env.values()))
    for chunk in _chunks(names, room):
        yield Command((*argv[:at], *chunk, *argv[at + 1 :]), env)


def needs_folder(found: Found) -> bool:
    """Whether the way asks for a temporary folder."""
    texts = (*found.way.run, *found.way.env.values(), found.way.record or "")
    return found.way.scratch or needs_copy(found) or any("{tmp}" in text for text in texts)


def needs_copy(found: Found) -> bool:
    """Whether the way asks for a copy of the configuration."""
    return any("{copy}" in word for word in found.way.run)


def copy_of(found: Found, tmp: str) -> str:
    """The path of that copy: the same name, in the temporary folder."""
    return os.path.join(tmp, os.path.basename(found.config or ""))


def record_of(found: Found, tmp: str) -> str | None:
    """The path of the file that tells what the tool's output does not; None where the way has none."""
    return None if found.way.record is None else _filled(found.way.record, {"{tmp}": tmp})


def limit() -> int:
    """Bytes that the arguments of one command may take here, with room for a script's interpreter, and for a tool
    that starts itself again with a longer environment."""
    inherited = _size([word for pair in os.environ.items() for word in pair])
    try:
        allowed = os.sysconf("SC_ARG_MAX")
    except (OSError, ValueError):
        allowed = -1
    # 4096 is what POSIX grants every command (_POSIX_ARG_MAX).
    return max(4096, min(CHUNK, ((allowed if allowed > 0 else 128 * 1024) - inherited) // 2))


def safe_argument(name: str) -> str:
    """A file's name as a tool cannot take for anything else."""
    return f"./{name}" if name.startswith(_SPECIAL) else name


def shown(command: Command, most: int | None = None) -> str:
    """The command as a line for bash, which has every argument exactly; beyond `most` characters the arguments are
    counted instead."""
    words = [f"{name}={quoted(value)}" for name, value in command.env.items()]
    length = sum(map(len, words))
    for position, argument in enumerate(command.argv):
        word = quoted(argument)
        length += len(word) + 1
        # The program itself is always shown.
        if most is not None and position and length > most:
            return " ".join([*words, f"... ({len(command.argv) - position:,} more)"])
        words.append(word)
    return " ".join(words)


def quoted(argument: str) -> str:
    """An argument for bash, in one line of what can be printed."""
    if not _ODD.search(argument):
        return shlex.quote(argument)
    escaped = re.sub(r"[\\']", r"\\\g<0>", argument)
    return (
        "$'" + _ODD.sub(lambda odd: "".join(f"\\x{byte:02x}" for byte in os.fsencode(odd[0])), escaped) + "'"
    )


def _filled(text: str, fixed: dict[str, str]) -> str:
    """`text` with these names replaced, and nothing within what replaces them."""
    return re.sub("|".join(map(re.escape, fixed)), lambda name: fixed[name[0]], text)


def _chunks(names: Sequence[str], room: int) -> Iterator[tuple[str, ...]]:
    chunk: list[str] = []
    left = room
    for name in names:
        size = _size([name])
        if chunk and size > left:
            yield tuple(chunk)
            chunk, left = [], room
        chunk.append(name)
        left -= size
    yield tuple(chunk)


def _size(words: Sequence[str] | tuple[str, ...]) -> int:
    """Bytes that the kernel counts for arguments or variables: each with its end and a pointer."""
    return sum(len(os.fsencode(word)) + 9 for word in words)
