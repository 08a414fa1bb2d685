"""Plain git hooks, beside those that are there.

A shell script that git runs already gets a few lines after its first one: they start the script once more, as it
is, with the same arguments and standard input, and then our command if that went well. So it does not matter how
the script ends, and not a byte of it moves. What is no such script (a program in another language, a symbolic
link, a file that git does not run) is kept under another name beside it, and a script of ours calls it.

Every line of ours ends in `MARK`, and means the same wherever it stands: other lines may come between them, and
without them the file is what it was.

Source: githooks(5).
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import ChangedError, EditError, GitError, InputError, MdtodoError
from mdtodo.git.repository import run
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.git.repository import Repository

#: How each line of ours ends.
MARK = "# (mdtodo install)"

#: What the name of a hook that was there gets, where it cannot stay.
BACKUP_SUFFIX = ".before-mdtodo"

_FIRST = b"#!/bin/sh\n"
_OURS = re.compile(rb"[^\n]*# \(mdtodo install\)[ \t]*(?:\r?\n|\Z)")
_SHELL = re.compile(rb"#![ \t]*(?:/\S*/env[ \t]+)?(?:/\S*/)?(?:ba|da|k|z|a)?sh(?:[ \t]+-[a-z]+)*[ \t]*\n")
#: Compared with the parent's PID, not just set: a hook that calls git hands the variable on to other hooks.
_REENTRY_GUARD = '[ "${MDTODO_HOOK:-}" = "$PPID" ] ||'


class Given(str):
    """An argument of a command that the hook itself is given, as a shell says it: `$1`."""


class HookChange(NamedTuple):
    """What became of one hook: `added`, `kept` (it was so already), `updated`, `removed` or `absent`.

    `whole`: not only lines, but the file itself came or went. `notes` are sentences on what a person should know.
    """

    path: str
    outcome: str
    notes: tuple[str, ...] = ()
    whole: bool = False


def folder(repo: Repository) -> str:
    """The folder of the hooks that git runs here.

    Raises GitError where `core.hooksPath` is not this repository's own setting, or leads to no folder.
    """
    asked = ("config", "--show-scope", "--type=path", "-z", "--get-all", "core.hooksPath")
    parts = run(repo, *asked, ok=(0, 1)).split(b"\0")[:-1]
    settings = list(zip(parts[::2], parts[1::2], strict=True))[:-1]  # the last one is ours, see git.SETTINGS
    if not settings:
        return os.path.join(repo.common_dir, "hooks")
    scope, value = settings[-1]
    place = os.path.normpath(os.path.join(repo.root, os.fsdecode(value)))
    if scope in (b"global", b"system"):
        raise GitError(
            f"core.hooksPath is {place} in git's {scope.decode()} configuration: hooks there run in every repository",
            hint="call `mdtodo check --staged` in the hook there, or give this repository a core.hooksPath of its own",
        )
    if os.path.lexists(place) and not os.path.isdir(place):
        raise GitError(f"core.hooksPath is {place}, which is not a folder: git runs no hooks here")
    return place


def install(place: str, name: str, program: str, args: Sequence[str]) -> HookChange:
    """Let the hook `name` in the folder `place` run `program args` after what it does already.

    `program` is a path; where it is gone when the hook runs, the one on PATH is taken, and where there is none
    the hook says so and lets git go on. Raises EditError where the hook goes on changing or its kept
    name is taken, InputError where it cannot be written.
    """
    return files.persist(lambda: _install(place, name, program, args))


def _install(place: str, name: str, program: str, args: Sequence[str]) -> HookChange:
    path = os.path.join(place, name)
    if os.path.isdir(path):
        raise EditError("is a folder, not a hook", file=path)
    try:
        os.makedirs(place, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=place) from error
    old = _content(place, name)
    command = _command(program, args)
    if old is not None and _OURS.search(old):
        return _update(place, name, old, command)
    if not os.path.lexists(path):
        _make(place, name, (), command)
        return HookChange(path, "added", whole=True)
    if old is None or not _SHELL.match(old) or not os.access(path, os.X_OK) or os.path.islink(path):
        return _replace_foreign(place, name, command)
    # Not at the end, which a script that leaves by `exit` or `exec` never reaches.
    first = old.index(b"\n") + 1
    lines = (f'{_REENTRY_GUARD} MDTODO_HOOK=$$ "$0" "$@" || exit', _after(command), "unset MDTODO_HOOK")
    files.replace(place, name, old, old[:first] + _bytes(lines) + old[first:])
    return HookChange(path, "added", ("the previous hook runs first",))


def uninstall(place: str, name: str) -> HookChange:
    """Take our lines out of the hook, and put back what was there before. Raises as `install` does."""
    path, kept = os.path.join(place, name), os.path.join(place, name + BACKUP_SUFFIX)
    for candidate in (name, name + ".legacy"):  # where `pre-commit install` puts what it finds
        old = _content(place, candidate)
        if old is not None and _OURS.search(old) and not os.path.islink(os.path.join(place, candidate)):
            return _remove(place, candidate, kept, old)
    if not os.path.lexists(kept):
        return HookChange(path, "absent")
    if os.path.lexists(path):
        return HookChange(
            path, "absent", (f"{name + BACKUP_SUFFIX}, which existed before, is left where it is",)
        )
    _rename(kept, path)
    return HookChange(path, "removed", (_BACK,), whole=True)


_BACK = "the hook that existed before was put back"


def _remove(place: str, name: str, kept: str, old: bytes) -> HookChange:
    """Take our lines out of the file `name`; it goes where nothing else is in a file of ours."""
    path, rest = os.path.join(place, name), _OURS.sub(b"", old)
    calls = [line for line in _OURS.findall(old) if os.fsencode(os.path.basename(kept)) in line]
    made = calls or _MADE in old
    if not (made and rest.strip() == _FIRST.strip()):
        if not (calls and os.path.lexists(kept)):
            files.replace(place, name, old, rest)
            return HookChange(path, "removed")
        first = rest.index(b"\n") + 1 if rest.startswith(b"#!") and b"\n" in rest else 0
        files.replace(place, name, old, rest[:first] + b"".join(calls) + rest[first:])
        note = f"it has lines of your own, so it still calls the previous hook, {os.path.basename(kept)}"
        return HookChange(path, "removed", (note,))
    if os.path.lexists(kept):
        _rename(kept, path)
        return HookChange(path, "removed", (_BACK,), whole=True)
    try:
        os.unlink(path)
    except OSError as error:
        raise InputError(f"cannot be removed: {error.strerror}", file=path) from error
    return HookChange(path, "removed", whole=True)


def _update(place: str, name: str, old: bytes, command: str) -> HookChange:
    """Give our line that is there the program and the arguments of now."""

    def newer(line: re.Match[bytes]) -> bytes:
        if b"mdtodo=" not in line[0]:
            return line[0]
        return _bytes(
            [_after(command) if line[0].startswith(_REENTRY_GUARD.encode()) else f"{command} || exit"]
        )

    path, new = os.path.join(place, name), _OURS.sub(newer, old)
    if new == old:
        return HookChange(path, "kept")
    files.replace(place, name, old, new)
    return HookChange(path, "updated")


def _replace_foreign(place: str, name: str, command: str) -> HookChange:
    """Keep the hook under another name, and make one of ours that calls it; there is a hook at any time."""
    path, kept = os.path.join(place, name), os.path.join(place, name + BACKUP_SUFFIX)
    if os.path.lexists(kept):
        raise EditError(
            "already exists, from an earlier install, and the hook has been replaced since",
            file=kept,
            hint="move one of the two elsewhere",
        )
    there = f'"${{0%/*}}/{name}{BACKUP_SUFFIX}"'
    inactive = not os.access(path, os.X_OK)
    linked = False
    with suppress(OSError):
        os.link(path, kept, follow_symlinks=False)
        linked = True
    try:
        # Where there are no hard links, there is no hook for a moment.
        if not linked:
            _rename(path, kept)
        _make(place, name, (f'[ ! -x {there} ] || {there} "$@" || exit',), command, over=linked)
    except MdtodoError:
        if linked:
            os.unlink(kept)
        elif not os.path.lexists(path):
            _rename(kept, path)
        raise
    runs = "git did not run it before, and still does not" if inactive else "it runs first"
    return HookChange(
        path, "added", (f"the previous hook is now {name + BACKUP_SUFFIX}; {runs}",), whole=True
    )


def _make(place: str, name: str, lines: Sequence[str], command: str, *, over: bool = False) -> None:
    """A hook of ours: what was there before, if anything, then the command."""
    path, temporary = os.path.join(place, name), f"{name}.mdtodo-{os.getpid()}"
    files.create(place, temporary, _FIRST + _MADE + _bytes([*lines, f"{command} || exit"]))
    made = os.path.join(place, temporary)
    try:
        mode = stat.S_IMODE(os.stat(made).st_mode)
        # Before the rename, so that git never sees it without. Whoever may read it may run it: the umask holds.
        os.chmod(made, mode | (mode & 0o444) >> 2)
        if not over and os.path.lexists(path):
            raise ChangedError("was created just now by another program; it is left as it is", file=path)
        _rename(made, path)
    except (OSError, MdtodoError):
        with suppress(OSError):
            os.unlink(made)
        raise


def _rename(path: str, to: str) -> None:
    try:
        os.rename(path, to)
    except OSError as error:
        raise InputError(f"cannot be renamed: {error.strerror}", file=path) from error


def _after(command: str) -> str:
    """For a script that was started by us once more: nothing; else the command, and that was all."""
    return f"{_REENTRY_GUARD} {{ {command}; exit; }}"


def _command(program: str, args: Sequence[str]) -> str:
    """One command of a shell that runs ours, without standard input; where it cannot be started, it says so, and
    that is no failure. Nor is anything else, of a command that is told what git gives: it only adds to a message."""
    words = " ".join(f'"{word}"' if isinstance(word, Given) else shlex.quote(word) for word in args)
    what, end = ("added", "") if any(isinstance(word, Given) for word in args) else ("checked", "(exit $s) ")
    if "\n" in program:  # a line of ours is one line
        program = "mdtodo"
    missing = (
        f"echo 'mdtodo: cannot be started here, so nothing was {what}; `mdtodo install` sets it up again' >&2"
    )
    return (
        f'mdtodo={shlex.quote(program)}; [ -x "$mdtodo" ] || mdtodo=mdtodo; s=0; '
        f'if command -v "$mdtodo" >/dev/null 2>&1; then "$mdtodo" {words} </dev/null || s=$?; else s=127; fi; '
        f"case $s in 0) ;; 126|127) {missing} ;; *) {end};; esac"
    )


def _bytes(lines: Sequence[str]) -> bytes:
    return b"".join([os.fsencode(f"{line}  {MARK}\n") for line in lines])


_MADE = _bytes(["# `mdtodo install` created this file; lines of your own may be added below."])


def _content(place: str, name: str) -> bytes | None:
    """The bytes of a hook; None where there is none, or none that can be read."""
    try:
        return files.read_optional(place, name)
    except InputError:
        return None
