"""What a repository has of what the recipes need: files, configuration, tools. Reads only, and runs git alone.

A tool is looked for where projects keep their own (`node_modules/.bin`, `.venv/bin`, `venv/bin`, the virtual
environment that is active), then on PATH. Nothing is downloaded.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from enum import IntEnum
from functools import cache, cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.path_patterns import matcher
from mdtodo.errors import GitError
from mdtodo.recipes.catalogue import recipe
from mdtodo.system.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mdtodo.recipes.catalogue import Recipe, Way

#: Bytes at the start of a file in which `content_pattern` is looked for.
HEAD = 1024 * 1024

#: Where a project keeps its own programs, below its root.
_OWN = ("node_modules/.bin", ".venv/bin", "venv/bin")

#: Patterns of files that a sentence names.
_SHOWN = 4

#: What is in these folders is not the project's, unless git tracks it.
_INSTALLED = ("node_modules", ".venv", "venv")


class Found(NamedTuple):
    """A way that fits: the absolute path of its tool, the files it reads and its configuration, both below the
    root, as `os.fsdecode` names them."""

    way: Way
    program: str
    files: tuple[str, ...]
    config: str | None


class MissingKind(IntEnum):
    """What is missing for a way; the first is farthest from fitting."""

    FILES = 0
    TOOL = 1
    CONFIGURATION = 2


class Missing(NamedTuple):
    """Why a way does not fit: its tool, what is lacking, and a sentence on that and how to get it."""

    kind: MissingKind
    tool: str
    sentence: str


class Tree:
    """The work tree at `root`; what was looked up once is remembered."""

    def __init__(self, root: str, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.environ = os.environ if environ is None else environ
        self._real_root = os.path.realpath(root)
        self._folders: dict[str, bool] = {}

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All regular files that are tracked, or untracked and not ignored, in git's order.

        Not what is deleted, submodules, symlinks that lead out of the work tree or into git's own folder, and what
        installers put in a project's folder where that is untracked, ignored or not. Raises GitError with git's own
        words where git cannot tell.
        """
        # During a merge git lists an unmerged file once for each stage (`--deduplicate` came with git 2.31).
        listed = dict.fromkeys(os.fsdecode(name) for name in _ls_files(self.root, self.environ) if name)
        return tuple(name for name in listed if self._is_file(name))

    def matching(self, patterns: Sequence[str]) -> Iterator[str]:
        """The files that match these gitignore-style patterns, in git's order."""
        return filter(matcher(patterns), self._candidates(patterns))

    def _candidates(self, patterns: Sequence[str]) -> Sequence[str]:
        """The files that may match: their names have the letters of a pattern, which is quicker to see in all names
        at once than each pattern in each name."""
        positions = set[int]()
        for literal in {_literal(pattern) for pattern in patterns if not pattern.startswith("!")}:
            if not literal:
                return self.files
            # a pattern of plain text, which `re` looks for as fast as `str.find`
            places = (found.start() for found in re.finditer(re.escape(literal), self._joined))
            positions.update(bisect_right(self._starts, at) - 1 for at in places)
        return [self.files[position] for position in sorted(positions)]

    @cached_property
    def _joined(self) -> str:
        # No name holds NUL, so no part of a pattern is found across two names.
        return "\0".join(self.files)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each name starts in `_joined`."""
        return list(accumulate((len(name) + 1 for name in self.files[:-1]), initial=0))

    def _is_file(self, name: str) -> bool:
        full = os.path.join(self.root, name)
        try:
            kind = os.lstat(full).st_mode
            if stat.S_ISLNK(kind):
                return self._is_inside(os.path.realpath(full)) and stat.S_ISREG(os.stat(full).st_mode)
        except OSError:
            return False
        return stat.S_ISREG(kind) and self._folder_is_inside(os.path.dirname(full))

    def _folder_is_inside(self, folder: str) -> bool:
        """A folder that git knows may have become a symlink since."""
        if folder not in self._folders:
            self._folders[folder] = self._is_inside(os.path.realpath(folder))
        return self._folders[folder]

    def _is_inside(self, real: str) -> bool:
        """Whether a path without symlinks is in the work tree, and not git's."""
        below = os.path.relpath(real, self._real_root)
        # Not `startswith("..")`: `..cache` is a name like any other.
        return below.split(os.sep)[0] not in ("..", ".git")


def detect(wanted: Recipe, tree: Tree) -> Found | tuple[str, ...]:
    """The first way that has its files, its configuration and its tool; else for each way a sentence on what is
    missing, and how to get it. Raises GitError where git cannot list the files."""
    found = detect_or_reasons(wanted, tree)
    return found if isinstance(found, Found) else tuple(dict.fromkeys(one.sentence for one in found))


def detect_or_reasons(wanted: Recipe, tree: Tree) -> Found | tuple[Missing, ...]:
    """As `detect`, with the reasons of all ways in parts."""
    missing = []
    for way in wanted.ways:
        fits = _fit(way, tree)
        if isinstance(fits, Found):
            return fits
        missing.append(fits)
    return tuple(missing)


def availability(tree: Tree) -> Callable[[str], bool]:
    """Whether the recipe of a name has a way that fits; where git cannot list the files, none has."""

    @cache
    def available(name: str) -> bool:
        try:
            return isinstance(detect(recipe(name), tree), Found)
        except GitError:
            return False

    return available


def find_tool(name: str, tree: Tree) -> str | None:
    """The absolute path of an executable file of this name, and of a script only where its interpreter is there too;
    None where there is none."""
    return next(
        (program for program in _programs(name, tree) if missing_interpreter(program, tree) is None), None
    )


def missing_interpreter(program: str, tree: Tree) -> str | None:
    """The interpreter that the first line of a script names, and that is not there; None where nothing is lacking."""
    try:
        with open(program, "rb") as file:
            # Linux reads no more of the first line (BINPRM_BUF_SIZE).
            line = file.read(256).split(b"\n")[0]
    except OSError:
        return None
    if not line.startswith(b"#!"):
        return None
    words = [os.fsdecode(word) for word in line[2:].split()]
    if not words or not os.path.isfile(words[0]):
        return words[0] if words else None
    if os.path.basename(words[0]) != "env":
        return None
    called = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), None)
    if called is None or os.path.isabs(called):
        return None
    on_path = any(map(_is_program, (os.path.join(folder, called) for folder in _path(tree))))
    return None if on_path else called


def _programs(name: str, tree: Tree) -> Iterator[str]:
    """All executable files of this name, the project's own first."""
    active = tree.environ.get("VIRTUAL_ENV")
    folders = [os.path.join(tree.root, own) for own in _OWN]
    folders += [os.path.join(active, "bin")] if active else []
    return filter(_is_program, (os.path.join(folder, name) for folder in (*folders, *_path(tree))))


def _path(tree: Tree) -> list[str]:
    return tree.environ.get("PATH", os.defpath).split(os.pathsep)


def _is_program(path: str) -> bool:
    """An entry of PATH that depends on the current folder would find what lies in the repository."""
    return os.path.isabs(path) and os.path.isfile(path) and os.access(path, os.X_OK)


def _not_there(name: str, tree: Tree, else_say: str) -> str:
    """Why there is no such tool: a script lacks its interpreter, or what `else_say` says."""
    needed = next(
        filter(None, (missing_interpreter(program, tree) for program in _programs(name, tree))), None
    )
    return else_say if needed is None else f"{name} is installed, but {needed}, which it needs, is not"


def _fit(way: Way, tree: Tree) -> Found | Missing:
    """Everything in its place, or what is not."""
    files = (name for name in tree.matching(way.reads) if _holds(way, os.path.join(tree.root, name)))
    first = next(files, None)
    if first is None:
        with_content = " with the content that it reads" if way.content_pattern else ""
        reads = [pattern for pattern in way.reads if not pattern.startswith("!")]
        shown = ", ".join(reads[:_SHOWN]) + (", ..." if len(reads) > _SHOWN else "")
        return Missing(MissingKind.FILES, way.tool, f"{way.tool}: no file here matches {shown}{with_content}")
    config = _config(way, tree)
    tool, program = find_tool(way.tool, tree), find_tool(way.run[0], tree)
    sentences = []
    if tool is None:
        sentences.append(_not_there(way.tool, tree, f"{way.tool} is not installed: {way.install}"))
    elif program is None:
        sentences.append(
            _not_there(way.run[0], tree, f"{way.run[0]}, which {way.tool} needs, is not on PATH")
        )
    if way.config and config is None:
        sentences.append(f"{way.tool} has no configuration here: {' or '.join(map(_place, way.config))}")
    if program is None or sentences:
        kind = MissingKind.TOOL if tool is None or program is None else MissingKind.CONFIGURATION
        return Missing(kind, way.tool, "; ".join(sentences))
    return Found(way, program, (first, *files), config)


def _holds(way: Way, path: str) -> bool:
    if way.content_pattern is None:
        return True
    try:
        with open(path, "rb") as file:
            return re.search(way.content_pattern.encode(), file.read(HEAD)) is not None
    except OSError:
        return False


def _place(config: str) -> str:
    file, _, key = config.partition(":")
    return f"[{key}] in {file}" if key else file


def _config(way: Way, tree: Tree) -> str | None:
    """The first configuration that is there. A pattern with a slash is one of files that git knows, any other of
    names in the root."""
    from fnmatch import fnmatchcase

    for wanted in way.config:
        pattern, _, key = wanted.partition(":")
        if "/" in pattern:
            names = tree.matching([pattern])
        else:
            names = (name for name in sorted(os.listdir(tree.root)) if fnmatchcase(name, pattern))
        for name in names:
            path = os.path.join(tree.root, name)
            if os.path.isfile(path) and (not key or _has_table(path, key)):
                return name
    return None


def _has_table(path: str, key: str) -> bool:
    """Whether a file of TOML, JSON or, where its name ends in neither, INI has this dotted key."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if path.endswith((".toml", ".json")):
            return _leads_to_value(_parsed(path, text), key.split("."))
        return _has_section(text, key)
    # ValueError: bytes that are not UTF-8, and bad TOML or JSON.
    except (OSError, ValueError, RecursionError):
        return False


def _parsed(path: str, text: str) -> object:
    import json
    import tomllib

    return tomllib.loads(text) if path.endswith(".toml") else json.loads(text)


def _leads_to_value(value: object, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _has_section(text: str, key: str) -> bool:
    import configparser

    # Raw, as `%` is common in what other tools read; and as lenient as they are.
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return False
    section, _, option = key.rpartition(".")
    return parser.has_section(key) or parser.has_option(section, option)


def _literal(pattern: str) -> str:
    """The longest part of a gitignore-style pattern that each name which it matches must have; "" if none is known."""
    # Rare, so it is not worked out: every file may match.
    if "\\" in pattern:
        return ""
    return max((part.strip("/") for part in re.split(r"\[[^]]*\]|[*?\[\]]", pattern.strip())), key=len)


def _ls_files(root: str, environ: Mapping[str, str]) -> list[bytes]:
    # In a hook git sets GIT_DIR, GIT_INDEX_FILE and others, which mean another repository or a temporary index.
    env = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    env |= {"LC_ALL": "C", "LANGUAGE": "C"}
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command += [f"--exclude={folder}/" for folder in _INSTALLED]
    try:
        code, out, err = Process(command, env).finish()
    except OSError as error:
        raise GitError(f"cannot run git: {error.strerror}", hint="install git, or put it on PATH") from error
    if code:
        words = err.decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
        raise GitError(f"git cannot list the files: {words[0]}")
    return out.split(b"\0")
