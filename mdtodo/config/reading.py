"""TOML to `Config`: parse, check each value by its field's shape, merge both files, check across fields."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from mdtodo.config import Config, Expand, Logs, Match, Pattern, Processor
from mdtodo.config.categories import merged as merged_categories
from mdtodo.config.kinds import InvalidError, Kind, Record, Shape, Table, expected, shown
from mdtodo.config.names import suggestion
from mdtodo.errors import ConfigError
from mdtodo.model import STATUS_CHARS

PYPROJECT = "pyproject.toml"
DOTFILE = ".mdtodo.toml"
_PREFIX = {PYPROJECT: ("tool", "mdtodo"), DOTFILE: ()}

Tree = dict[str, Any]
Path = tuple[str, ...]


def read_config(pyproject: bytes | None, dotfile: bytes | None) -> Config:
    """See `mdtodo.config.load`."""
    texts = {
        file: decode(data, file)
        for file, data in ((PYPROJECT, pyproject), (DOTFILE, dotfile))
        if data is not None
    }
    given = {file: _given(text, file) for file, text in texts.items()}
    sources = {dotted(path): file for file, tree in given.items() for path in _leaves(tree)}
    tree: Tree = {}
    try:
        for one in given.values():
            tree = _both(tree, one, ())
        return _build(tree, sources)
    except InvalidError as wrong:
        file = _source_of(wrong.path, sources) or next(iter(texts))
        raise _error(wrong, texts[file], file) from None


def decode(data: bytes, file: str) -> str:
    """UTF-8, with or without BOM."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8, so not TOML", file=file, line=line) from None


def dotted(path: Path) -> str:
    """A path as a TOML key: `processors."a.b".run`."""
    keys = ""
    for part in path:
        if part.startswith("[") and part.endswith("]") and part[1:-1].isdigit():
            keys += part
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
        keys += ("." if keys else "") + (
            part if bare else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )
    return keys


def _given(text: str, file: str) -> Tree:
    """What one file says, checked value by value."""
    table: object = _parsed(text, file)
    try:
        for depth, key in enumerate(_PREFIX[file]):
            if not isinstance(table, dict):
                raise InvalidError(f"must be a table, not {shown(table)}", _PREFIX[file][:depth])
            table = table.get(key, {})
    except InvalidError as wrong:
        raise _error(wrong, text, file, prefix=()) from None
    try:
        tree: Tree = read(Record(Config), table)
    except InvalidError as wrong:
        raise _error(wrong, text, file) from None
    return tree


def _parsed(text: str, file: str) -> Tree:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError("nested too deeply to be read", file=file) from None
    except tomllib.TOMLDecodeError as error:
        raise _broken(str(error), text, file) from None
    except ValueError:
        raise ConfigError("broken TOML: a number is too long to be read", file=file) from None


def _broken(reason: str, text: str, file: str) -> ConfigError:
    """tomllib's own words, with the line they name; without one they mean the end of the text."""
    where = re.search(r" \(at line (\d+), column \d+\)$", reason)
    line = int(where[1]) if where else text.count("\n") + 1
    return ConfigError(f"broken TOML: {reason}", file=file, line=line)


def read(shape: Shape, value: object) -> Any:
    """The value, checked and converted; tables become dicts. Raises InvalidError with path."""
    if isinstance(shape, Kind):
        return shape.read(value)
    if isinstance(shape, Table):
        value = shape.prepare(value)
    if not isinstance(value, dict):
        raise expected("a table", value)
    tree: Tree = {}
    for key, inner in value.items():
        try:
            tree[key] = read(_inside(shape, key), inner)
        except InvalidError as wrong:
            raise InvalidError(wrong.sentence, (key, *wrong.path)) from None
    return tree


def _inside(shape: Table | Record, key: str) -> Shape:
    if isinstance(shape, Table):
        shape.check_name(key)
        return shape.of
    known: dict[str, Shape] = {
        one.name: one.metadata["shape"] for one in fields(shape.cls) if "shape" in one.metadata
    }
    if key not in known:
        raise _unknown(key, shape, known)
    return known[key]


def _unknown(key: str, shape: Record, known: dict[str, Shape]) -> InvalidError:
    if shape.cls is Config and key in ("tool", "mdtodo"):
        return InvalidError("is not needed here: the keys of .mdtodo.toml stand without [tool.mdtodo]")
    return InvalidError("unknown key" + (suggestion(key, known) or f" (known: {', '.join(sorted(known))})"))


def _leaves(tree: Tree, path: Path = ()) -> list[Path]:
    if not tree:
        return [path] if path else []
    return [
        leaf
        for key, value in tree.items()
        for leaf in (_leaves(value, (*path, key)) if isinstance(value, dict) else [(*path, key)])
    ]


def _both(first: Tree, second: Tree, path: Path) -> Tree:
    """Both trees; a value that both give must be the same."""
    tree = dict(first)
    for key, value in second.items():
        here = (*path, key)
        if key not in tree:
            tree[key] = value
        elif isinstance(value, dict):
            tree[key] = _both(tree[key], value, here)
        elif tree[key] != value:
            raise InvalidError(
                f"{DOTFILE} and {PYPROJECT} disagree: {shown(value)} here, {shown(tree[key])} there", here
            )
    return tree


def _build(tree: Tree, sources: dict[str, str]) -> Config:
    default = Config()
    values: Tree = dict(tree)
    values["lanes"] = {**default.lanes, **tree.get("lanes", {})}
    values["status"] = _status(tree.get("status", {}))
    values["categories"] = merged_categories(tree.get("categories", {}))
    values["expand"] = Expand(**tree.get("expand", {}))
    values["logs"] = Logs(**tree.get("logs", {}))
    values["patterns"] = {name: _pattern(name, one) for name, one in tree.get("patterns", {}).items()}
    values["processors"] = {
        name: _processor(name, one, values["categories"]) for name, one in tree.get("processors", {}).items()
    }
    return Config(**values, sources=sources)


def _status(given: Tree) -> Tree:
    for char, status in given.items():
        if STATUS_CHARS.get(char, status) is not status:
            raise InvalidError(
                f'is built in as "{STATUS_CHARS[char]}", and cannot be changed', ("status", char)
            )
    return {**STATUS_CHARS, **given}


def _pattern(name: str, given: Tree) -> Pattern:
    if "steps" not in given:
        raise InvalidError("has no steps", ("patterns", name))
    if given.get("weights") and len(given["weights"]) != len(given["steps"]):
        count = f"{len(given['weights'])} weights for {len(given['steps'])} steps"
        raise InvalidError(f"must be one for each step, not {count}", ("patterns", name, "weights"))
    return Pattern(name=name, **given)


def _processor(name: str, given: Tree, categories: Tree) -> Processor:
    path = ("processors", name)
    if name == "inline":
        raise InvalidError("cannot be called so: `run:inline` means the block inside a task", path)
    if ("run" in given) == ("python" in given):
        raise InvalidError(
            "must have one of `run` and `python`" + (", not both" if "run" in given else ""), path
        )
    match = None if "match" not in given else _match(given["match"], categories, (*path, "match"))
    return Processor(name=name, **{**given, "match": match})


def _match(given: Tree, categories: Tree, path: Path) -> Match:
    if not any(given.values()):
        raise InvalidError("must name a category, a kind, tags or a title", path)
    category = given.get("category")
    if category is not None and category not in categories:
        raise InvalidError(
            f"unknown category {shown(category)}{suggestion(category, categories)}", (*path, "category")
        )
    return Match(**given)


def _source_of(path: Path, sources: dict[str, str]) -> str | None:
    """The file that set the value at `path`, or something inside it; .mdtodo.toml first."""
    key = dotted(path)
    files = {file for one, file in sources.items() if one == key or one.startswith(key + ".")}
    return DOTFILE if DOTFILE in files else next(iter(files), None)


def _error(wrong: InvalidError, text: str, file: str, prefix: Path | None = None) -> ConfigError:
    from mdtodo.config.lines import line_of

    path = (*(_PREFIX[file] if prefix is None else prefix), *wrong.path)
    key = f"`{dotted(path)}`: " if path else ""
    return ConfigError(key + wrong.sentence, file=file, line=line_of(text, path))
