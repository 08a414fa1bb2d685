"""`python -P -m mdtodo.recipes NAME`: carry out a recipe in this repository, as the processor of a task.

The tool runs in this process group, its output passes through as it is. Exit codes: 0 where all that was run
exited 0; 75 to be tried again later; 77 where nothing could be checked, with a sentence on what is missing; else
that of the first failure (128 and the signal's number where a signal ended it; a tool's own 75 and 77 are 1); 2 for
wrong usage.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from contextlib import nullcontext
from typing import TYPE_CHECKING, NoReturn

from mdtodo.errors import MdtodoError
from mdtodo.recipes import NAMES
from mdtodo.recipes.catalogue import recipe
from mdtodo.recipes.commands import (
    SHOWN,
    commands,
    copy_of,
    limit,
    needs_copy,
    needs_folder,
    quoted,
    record_of,
    shown,
)
from mdtodo.recipes.detect import Found, Tree, detect
from mdtodo.recipes.execute import Execution, match_and_remove, write
from mdtodo.recipes.scratch import copy_tree
from mdtodo.recipes.verdict import NOTHING, explanation, output_patterns, summary, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from mdtodo.recipes.catalogue import Recipe


#: As shells have it.
_NOT_STARTED = 126


def main(args: Sequence[str]) -> int:
    """Carry out the recipe that `args` names, in the work tree that holds the current folder; the exit code."""
    if len(args) != 1 or args[0] not in NAMES:
        _say(f"usage: python -P -m mdtodo.recipes NAME, one of {', '.join(NAMES)}")
        return 2
    return carry_out(recipe(args[0]), _root(os.getcwd()))


def carry_out(wanted: Recipe, root: str) -> int:
    """Carry out a recipe in the work tree at `root`, an absolute path; the exit code."""
    tree = Tree(root)
    try:
        found = detect(wanted, tree)
    except MdtodoError as error:
        _say(f"{wanted.name}: nothing was checked: {error}" + (f" ({error.hint})" if error.hint else ""))
        return NOTHING
    if not isinstance(found, Found):
        _say("\n".join([f"{wanted.name}: nothing was checked:", *(f"- {sentence}" for sentence in found)]))
        return NOTHING
    try:
        return _in_its_folder(found, tree)
    except OSError as error:
        _say(f"{wanted.name}: nothing was checked: what it needs cannot be copied: {error}")
        return NOTHING


def _in_its_folder(found: Found, tree: Tree) -> int:
    """Run the commands where they may write: in the work tree, or in a copy of it that is gone afterwards."""
    with _temporary() if needs_folder(found) else nullcontext("") as tmp:
        if needs_copy(found):
            shutil.copyfile(os.path.join(tree.root, found.config or ""), copy_of(found, tmp))
        if not found.way.scratch:
            return _run(found, tmp, tree.root)
        folder = os.path.join(tmp, "tree")
        copy_tree(tree, folder)
        return _run(found, tmp, folder)


def _temporary() -> tempfile.TemporaryDirectory[str]:
    # What a tool leaves there may be read-only; its verdict holds all the same.
    return tempfile.TemporaryDirectory(prefix="mdtodo-", ignore_cleanup_errors=True)


def _run(found: Found, tmp: str, folder: str) -> int:
    """Run all commands, whatever the ones before came to, unless a signal asks for the end."""
    way, verdicts, matched, record = found.way, list[int](), set[str](), record_of(found, tmp)
    for command in commands(found, tmp, limit()):
        _write(1, f"$ {shown(command, SHOWN)}\n")
        execution = Execution(command.argv, {**os.environ, **command.env}, folder, output_patterns(way))
        code = execution.run()
        if code is None:
            # If not even the first one starts, nothing was checked.
            verdicts.append(_NOT_STARTED if verdicts else NOTHING)
            break
        seen = execution.matched | (match_and_remove(record, output_patterns(way)) if record else set())
        verdicts.append(verdict(way, code, seen))
        matched |= seen
        # A tool that was stopped may exit with 0.
        if execution.interrupted:
            verdicts.append(128 + execution.interrupted)
            break
    end = summary(verdicts)
    sentence = explanation(way, end, matched, quoted(found.config) if found.config else None)
    if sentence is not None:
        _say(sentence)
    return end


def _root(folder: str) -> str:
    """The top of the work tree: the nearest folder above with a `.git`, else the folder itself."""
    at = folder
    # A folder, or a file in a linked work tree and in a submodule.
    while not os.path.lexists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return folder
        at = above
    return at


def _say(sentence: str) -> None:
    _write(2, sentence + "\n")


def _write(target: int, text: str) -> None:
    """Unbuffered, since the tool writes there as well; nobody has to read it."""
    write(target, text.encode("utf-8", "backslashreplace"))


def _end(number: int, _: FrameType | None) -> NoReturn:
    """A signal before or after a command: clean up, and end."""
    sys.exit(128 + number)


if __name__ == "__main__":
    # Python ends at SIGTERM and SIGHUP without leaving its `with` blocks: the temporary folder would stay.
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    sys.exit(main(sys.argv[1:]))
