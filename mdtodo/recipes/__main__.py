"""`python -P -m mdtodo.recipes NAME`: carry out a recipe in this repository, as the processor of a task.

The tool runs in this process group, its output passes through as it is. Exit codes: 0 where all that was run
exited 0; 75 to be tried again later; 77 where nothing could be checked, with a sentence on what is missing; else
that of the first failure (128 and the signal's number where a signal ended it; a tool's own 75 and 77 are 1); 2 for
wrong usage.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import nullcontext
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.recipes.catalogue import NAMES, recipe
from mdtodo.recipes.commands import SHOWN, Command, commands, copy_of, limit, needs_copy, needs_folder, shown
from mdtodo.recipes.detect import Found, Tree, detect
from mdtodo.recipes.execute import Execution
from mdtodo.recipes.scratch import lay_out

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mdtodo.recipes.catalogue import Way

LATER, NOTHING = 75, 77


def main(args: Sequence[str]) -> int:
    """Carry out the recipe that `args` names, in the work tree that holds the current folder; the exit code."""
    if len(args) != 1 or args[0] not in NAMES:
        _say(f"usage: python -P -m mdtodo.recipes NAME, one of {', '.join(NAMES)}")
        return 2
    root = _root(os.getcwd())
    tree = Tree(root)
    try:
        found = detect(recipe(args[0]), tree)
    except MdtodoError as error:
        _say(f"{args[0]}: {error}" + (f" ({error.hint})" if error.hint else ""))
        return NOTHING
    if not isinstance(found, Found):
        _say(f"{args[0]}: nothing was checked:")
        for sentence in found:
            _say(f"- {sentence}")
        return NOTHING
    with tempfile.TemporaryDirectory(prefix="mdtodo-") if needs_folder(found) else nullcontext("") as tmp:
        if needs_copy(found):
            shutil.copyfile(os.path.join(root, found.config or ""), copy_of(found, tmp))
        folder = os.path.join(tmp, "tree") if found.way.scratch else root
        if found.way.scratch:
            try:
                lay_out(tree, folder)
            except OSError as error:
                _say(f"{args[0]}: nothing was checked: the work tree cannot be copied: {error}")
                return NOTHING
        return _carry_out(found, commands(found, tmp, limit()), folder)


def _carry_out(found: Found, wanted: Iterable[Command], folder: str) -> int:
    """Run all commands; what the first failure says, then that it was for later, then that all is well."""
    way, codes = found.way, set[int]()
    patterns = [one for one in (way.later, way.proof, way.fails, way.empty) if one is not None]
    failure = 0
    for command in wanted:
        sys.stdout.write(f"$ {shown(command, SHOWN)}\n")
        sys.stdout.flush()
        execution = Execution(command.argv, {**os.environ, **command.env}, folder, patterns)
        code = execution.run()
        if code in way.passes:
            code = 0
        if not code and way.fails in execution.matched:
            _say(f"{way.tool} exited 0, but says itself that not all is well")
            code = failure = failure or 1
        elif _found_nothing(way, code, execution.matched):
            code = NOTHING
        elif code and way.later in execution.matched:
            code = LATER
        elif code and not failure:
            failure = 1 if code in (LATER, NOTHING) else code
        codes.add(code)
        if execution.interrupted:
            break
    return failure or _judged(found, codes)


def _found_nothing(way: Way, code: int, matched: Collection[str]) -> bool:
    """Whether this end means that no file was checked."""
    if code:
        return code in way.nothing or way.empty in matched
    return way.proof is not None and way.proof not in matched


def _judged(found: Found, codes: set[int]) -> int:
    """What it comes to where nothing failed for good."""
    if LATER in codes:
        _say(f"{found.way.tool} could not do its work now; the task stays as it is, to be tried again")
        return LATER
    if codes == {NOTHING}:
        _say(f"{found.way.tool} found nothing to check")
        return NOTHING
    return 0


def _root(folder: str) -> str:
    """The top of the work tree: the nearest folder above with a `.git`, else the folder itself."""
    at = folder
    while not os.path.lexists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return folder
        at = above
    return at


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
