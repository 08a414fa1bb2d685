"""TOML to `Config`: parse, check each value by its field's shape, merge both files, check across fields."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mdtodo.config.categories import merged as merged_categories
from mdtodo.config.check_rules import CheckRules, contradictions
from mdtodo.config.processor_settings import CLONE_KEYS, SANDBOX_KEYS, Defaults, Match, Processor
from mdtodo.config.settings import Cluster, Config, Expand, Logs, Notify, Pattern
from mdtodo.config.shapes import InvalidError, Record, Shape, Table, ValueType, must_be, shown
from mdtodo.config.toml_lines import line_of
from mdtodo.core.names import suggestion
from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence, Set

PYPROJECT = "pyproject.toml"
DOTFILE = ".mdtodo.toml"
_PREFIX = {PYPROJECT: ("tool", "mdtodo"), DOTFILE: ()}

#: Names that no processor may have, and what each means.
_RESERVED = {
    "inline": "`run:inline` means the block inside a task",
    "rollup": "in receipts it means that all subtasks were done",
    "person": "in receipts it means a person's word",
    "every": "in receipts it means a proof that was too old",
    "undo": "in receipts it means a run that was taken back",
}

#: So many mistakes are told.
_SHOWN = 50

Tree = dict[str, Any]
Path = tuple[str, ...]
_T = TypeVar("_T")


def read_config(pyproject: bytes | None, dotfile: bytes | None) -> Config:
    """What `load` promises, of files of which one names mdtodo."""
    data = {file: one for file, one in ((PYPROJECT, pyproject), (DOTFILE, dotfile)) if one is not None}
    given, errors = _each_read(data)
    # where both files say the same, the later one, .mdtodo.toml, is the source
    sources = {dotted(path): file for file, one in given.items() for path in _leaves(one.tree)}
    wrong: list[InvalidError] = []
    tree: Tree = {}
    for one in given.values():
        tree = _merged(tree, one.tree, (), wrong)
    if len(given) == len(data):  # what is missing in one file may stand in the other, if that can be read
        broken = [path for one in given.values() for path in one.broken] + [error.path for error in wrong]
        values = _values(tree, {path[:2] for path in broken} | {path[:3] for path in broken}, wrong)
    for error in wrong:
        file = source_of(error.path, sources) or next(iter(given))
        errors.append(_error(error, given[file].text, file))
    if errors:
        raise ConfigError.of(_in_order(errors))
    # `values` is there: a file that could not be read is among the errors
    return Config(**values, sources=sources)


class _Read(NamedTuple):
    """What one file says: the values that can be, and the paths of those that cannot."""

    text: str
    tree: Tree
    broken: tuple[Path, ...]


def _each_read(data: Mapping[str, bytes]) -> tuple[dict[str, _Read], list[ConfigError]]:
    """Each file that is TOML, and all that is wrong in any of them."""
    found: dict[str, _Read] = {}
    errors: list[ConfigError] = []
    for file, one in data.items():
        try:
            text = decode(one, file)
            tree, wrong = _given(text, file)
        except ConfigError as error:
            errors.append(error)
            continue
        found[file] = _Read(text, tree, tuple(error.path for error in wrong))
        errors += [_error(error, text, file) for error in wrong]
    return found, errors


def _in_order(errors: Sequence[ConfigError]) -> list[ConfigError]:
    """By file and line; those beyond the first fifty as a number."""
    ordered = sorted(errors, key=lambda error: (error.file or "", error.line or 0))
    more = len(ordered) - _SHOWN
    if more <= 0:
        return ordered
    return [
        *ordered[:_SHOWN],
        ConfigError(f"and {more} more error{'s' if more > 1 else ''}", file=ordered[-1].file),
    ]


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
            keys += part  # an index: `files[1]`, not `files."[1]"`
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
        keys += ("." if keys else "") + (part if bare else quoted(part))
    return keys


def quoted(text: str) -> str:
    """A text as a TOML string that a terminal shows as it is, without what could steer it."""
    import json

    # the escapes of JSON are TOML's too; what JSON leaves as it is and TOML forbids, DEL, is among the unseen
    return _UNSEEN.sub(lambda one: f"\\u{ord(one[0]):04x}", json.dumps(text, ensure_ascii=False))


#: DEL and the C1 controls, line separators, and what turns the direction of the text after it.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _given(text: str, file: str) -> tuple[Tree, list[InvalidError]]:
    """What one file says, checked value by value, and what is wrong with the others."""
    table: object = _parsed(text, file)
    try:
        for depth, key in enumerate(_PREFIX[file]):
            if not isinstance(table, dict):
                raise InvalidError(f"must be a table, not {shown(table)}", _PREFIX[file][:depth])
            table = table.get(key, {})
    except InvalidError as error:
        raise _error(error, text, file, prefix=()) from None
    wrong: list[InvalidError] = []
    try:
        tree: Tree = read_value(Record(Config), table, wrong)
    except InvalidError as error:
        raise _error(error, text, file) from None
    return tree, wrong


def _parsed(text: str, file: str) -> Tree:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError("nested too deeply to be read", file=file) from None
    except tomllib.TOMLDecodeError as error:
        raise _broken(str(error), text, file) from None
    except ValueError:  # not tomllib's own: int() reads no more than 4,300 decimal digits
        raise ConfigError("invalid TOML: a number is too long", file=file) from None


def _broken(reason: str, text: str, file: str) -> ConfigError:
    """tomllib's own words, with the line they name; without one they mean the end of the text."""
    # from Python 3.14 on the error has `lineno`; before, it is only in the sentence
    where = re.search(r" \(at line (\d+), column \d+\)$", reason)
    line = int(where[1]) if where else text.count("\n") + 1
    return ConfigError(f"invalid TOML: {reason}", file=file, line=line)


def read_value(shape: Shape, value: object, wrong: list[InvalidError]) -> Any:
    """The value, checked and converted; tables become dicts, without the entries that are `wrong`, with their paths.

    Raises InvalidError where it is not of the shape itself.
    """
    if isinstance(shape, ValueType):
        return shape.read(value)
    if isinstance(shape, Table):
        value = shape.prepare(value)
    if not isinstance(value, dict):
        raise must_be("a table", value)
    tree: Tree = {}
    for key, inner in value.items():
        inside: list[InvalidError] = []
        try:
            tree[key] = read_value(_shape_of_key(shape, key), inner, inside)
        except InvalidError as error:
            inside.append(error)
        wrong += [InvalidError(error.sentence, (key, *error.path)) for error in inside]
    return tree


def _shape_of_key(shape: Table | Record, key: str) -> Shape:
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
        return InvalidError("is not needed here: in .mdtodo.toml the keys have no [tool.mdtodo] prefix")
    return InvalidError("unknown key" + (suggestion(key, known) or f" (known: {', '.join(sorted(known))})"))


def _leaves(tree: Tree, path: Path = ()) -> list[Path]:
    if not tree:  # an empty table says something too: a category without kinds is a category
        return [path] if path else []
    return [
        leaf
        for key, value in tree.items()
        for leaf in (_leaves(value, (*path, key)) if isinstance(value, dict) else [(*path, key)])
    ]


def _merged(first: Tree, second: Tree, path: Path, wrong: list[InvalidError]) -> Tree:
    """Both trees; a value that both give must be the same, else it is `wrong`."""
    tree = dict(first)
    for key, value in second.items():
        here = (*path, key)
        if key not in tree:
            tree[key] = value
        elif isinstance(value, dict):
            tree[key] = _merged(tree[key], value, here, wrong)
        elif tree[key] != value:  # as they were read: "5m" and "300s" agree
            sentence = f"{DOTFILE} and {PYPROJECT} disagree: {shown(value)} here, {shown(tree[key])} there"
            wrong.append(InvalidError(sentence, here))
    return tree


def _values(tree: Tree, broken: Set[Path], wrong: list[InvalidError]) -> Tree:
    """The fields of Config, and what is `wrong` between them; what has something `broken` in it is not looked at.

    `broken`: the first two parts of paths, and of matches three.
    """
    values: Tree = dict(tree)
    categories: Tree = {**merged_categories(tree.get("categories", {}))}
    # a category that cannot be read may be the very one that a match names
    known = None if any(path[0] == "categories" for path in broken) else categories
    defaults = Defaults(**tree.get("defaults", {}))
    values["lanes"] = {**Config().lanes, **tree.get("lanes", {})}
    values["status"] = _status(tree.get("status", {}), wrong)
    values["categories"] = categories
    values["expand"] = Expand(**tree.get("expand", {}))
    values["logs"] = Logs(**tree.get("logs", {}))
    values["check"] = CheckRules(**tree.get("check", {}))
    wrong += contradictions(tree.get("check", {}))
    values["executor"] = Cluster(**tree.get("executor", {}))
    values["notify"] = Notify(**tree.get("notify", {}))
    values["defaults"] = defaults

    def made(kind: str, make: Callable[[str, Tree], _T]) -> dict[str, _T]:
        found: dict[str, _T] = {}
        for name, one in tree.get(kind, {}).items():
            try:
                if (kind, name) not in broken:
                    found[name] = make(name, one)
            except InvalidError as error:
                wrong.append(error)
        return found

    values["patterns"] = made("patterns", _pattern)
    values["processors"] = made(
        "processors", partial(_processor, defaults, tree.get("isolation", Config().isolation))
    )
    wrong += _wrong_matches(tree, broken, known)
    archive, lists = tree.get("archive", Config().archive), tree.get("files", Config().files)
    if archive in (one.removeprefix("/").removeprefix("**/") for one in lists):
        wrong.append(InvalidError(f"{shown(archive)} is one of `files`", ("archive",)))
    return values


def _status(given: Tree, wrong: list[InvalidError]) -> Tree:
    for char, status in given.items():
        if STATUS_CHARS.get(char, status) is not status:
            sentence = f'is built in as "{STATUS_CHARS[char]}", and cannot be changed'
            wrong.append(InvalidError(sentence, ("status", char)))
    return {**STATUS_CHARS, **given}


def _pattern(name: str, given: Tree) -> Pattern:
    if ("steps" in given) == bool(given.get("template")):
        both = ", not both" if "steps" in given else ""
        raise InvalidError(f"must have either `steps` or `template`{both}", ("patterns", name))
    if given.get("weights") and given.get("template"):
        raise InvalidError("are for steps: a template says its own estimates", ("patterns", name, "weights"))
    if given.get("weights") and len(given["weights"]) != len(given["steps"]):
        count = f"{len(given['weights'])} weights for {len(given['steps'])} steps"
        raise InvalidError(f"must be one per step, not {count}", ("patterns", name, "weights"))
    return Pattern(name=name, **given)


def _processor(defaults: Defaults, isolation: str, name: str, given: Tree) -> Processor:
    path = ("processors", name)
    if name in _RESERVED:
        raise InvalidError(f"is a reserved name: {_RESERVED[name]}", path)
    if ("run" in given) == ("python" in given):
        raise InvalidError(
            "must have either `run` or `python`" + (", not both" if "run" in given else ""), path
        )
    match = Match(**given["match"]) if "match" in given else None
    _refuse_without_clone(given, isolation, path)
    return Processor(name=name, **{**defaults.merge_into(given), "match": match})


def _refuse_without_clone(given: Tree, isolation: str, path: Path) -> None:
    """Refuse keys that would say nothing: who set one counts on what it promises."""
    clone = given.get("isolation", isolation) == "clone"
    defaults = {one.name: one.default for one in fields(Processor)}
    for key in (key for key, value in given.items() if value != defaults[key]):
        if key in CLONE_KEYS and not clone:
            raise InvalidError('needs `isolation = "clone"`', (*path, key))
        if key in SANDBOX_KEYS and not given.get("sandbox"):
            raise InvalidError("needs `sandbox = true`", (*path, key))


def _wrong_matches(tree: Tree, broken: Set[Path], categories: Tree | None) -> Iterator[InvalidError]:
    """Of processors; `categories` are those that are known, None where that cannot be said."""
    for name, one in tree.get("processors", {}).items():
        path = ("processors", name, "match")
        if "match" not in one or path in broken:
            continue
        category = one["match"].get("category")
        if not any(one["match"].values()):
            yield InvalidError("must name a category, a kind, tags or a title", path)
        elif category is not None and categories is not None and category not in categories:
            sentence = f"unknown category {shown(category)}{suggestion(category, categories)}"
            yield InvalidError(sentence, (*path, "category"))


def source_of(path: Path, sources: Mapping[str, str]) -> str | None:
    """The file that set the value at `path`, or something inside it; .mdtodo.toml first."""
    key = dotted(path)
    files = {file for one, file in sources.items() if one == key or one.startswith(key + ".")}
    return DOTFILE if DOTFILE in files else next(iter(files), None)


def _error(wrong: InvalidError, text: str, file: str, prefix: Path | None = None) -> ConfigError:
    path = (*(_PREFIX[file] if prefix is None else prefix), *wrong.path)
    key = f"`{dotted(path)}`: " if path else ""
    return ConfigError(key + wrong.sentence, file=file, line=line_of(text, path))
