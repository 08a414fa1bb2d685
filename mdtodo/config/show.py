"""`mdtodo config` and the reference, from the fields of `Config`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import NamedTuple

from mdtodo.config.parse import dotted, quoted
from mdtodo.config.settings import Config
from mdtodo.config.shapes import Record, Shape, Table, ValueType


class Row(NamedTuple):
    """One value in effect: dotted key, value as TOML ("" where none is set), source, documentation, and the key in
    parts."""

    key: str
    value: str
    source: str
    doc: str
    path: tuple[str, ...]

    @property
    def given(self) -> bool:
        """Whether the configuration says so, and not only the defaults of mdtodo."""
        return self.source != DEFAULT

    def head(self, depth: int) -> str:
        """The name of the table that holds it, of so many parts."""
        return dotted(self.path[:depth])

    def tail(self, depth: int) -> str:
        """The rest of the key, inside that table."""
        return dotted(self.path[depth:])


#: The source of what no file says.
DEFAULT = "default"


def describe(config: Config) -> list[Row]:
    """Every value in effect, in the order of the fields: key, value as TOML, source, documentation."""
    return list(_rows(config, Record(Config), config, (), ""))


def reference() -> str:
    """A markdown table of all keys, with type, default and documentation."""
    head = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    cells = (
        (f"`{key}`", description, f"`{default}`" if default else "", doc)
        for key, description, default, doc in _documented(Record(Config), ())
    )
    return "\n".join([*head, *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in cells)]) + "\n"


def toml(value: object) -> str:
    """A string, number, flag or list as TOML."""
    if isinstance(value, bool):  # first, as it is an int too, and TOML has no True
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(str(value))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return str(value)


def _rows(config: Config, shape: Shape, value: object, path: tuple[str, ...], doc: str) -> Iterator[Row]:
    if isinstance(shape, ValueType):
        text = "" if value is None else toml(shape.show(value))
        yield Row(dotted(path), text, _source(config, path), doc, path)
    elif isinstance(shape, Table):
        assert isinstance(value, Mapping)
        for key, inner in value.items():
            yield from _rows(config, shape.of, inner, (*path, key), doc)
    else:
        for one in fields(shape.cls):
            if "shape" in one.metadata:
                inner = None if value is None else getattr(value, one.name)
                yield from _rows(config, one.metadata["shape"], inner, (*path, one.name), one.metadata["doc"])


def _source(config: Config, path: tuple[str, ...]) -> str:
    """The file that says so, `[defaults] of FILE` where a processor has it from there, or that it is the default. A
    category that is given without kinds is there since the file names it."""
    if (file := config.sources.get(dotted(path))) is not None:
        return file
    if path[0] == "categories" and (file := config.sources.get(dotted(path[:2]))) is not None:
        return file
    shared = config.sources.get(dotted(("defaults", *path[2:]))) if path[0] == "processors" else None
    return DEFAULT if shared is None else f"[defaults] of {shared}"


def _documented(shape: Record, path: tuple[str, ...]) -> Iterator[tuple[str, str, str, str]]:
    for one in fields(shape.cls):
        if "shape" not in one.metadata:
            continue
        inner: Shape = one.metadata["shape"]
        here = (*path, one.name)
        while isinstance(inner, Table):
            here, inner = (*here, "NAME"), inner.of
        if isinstance(inner, Record):
            yield from _documented(inner, here)
        else:
            default = one.default if isinstance(one.default, str | int | float | tuple) else None
            text = "" if default is None else toml(inner.show(default))
            yield ".".join(here), inner.description, text, one.metadata["doc"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
