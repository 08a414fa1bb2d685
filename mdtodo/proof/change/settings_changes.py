"""What a change did to the settings that ticks are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.parse import DOTFILE, PYPROJECT, dotted, source_of
from mdtodo.config.show import describe
from mdtodo.config.toml_lines import line_of
from mdtodo.core.codes import GATE
from mdtodo.git.files.worktree_files import CONFIGURATION
from mdtodo.recipes import NAMES

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from mdtodo.config.settings import Config

Path = tuple[str, ...]


class Settings(NamedTuple):
    """A configuration, and the bytes of pyproject.toml and .mdtodo.toml that say it."""

    config: Config
    files: Sequence[bytes | None]


class SettingChange(NamedTuple):
    """The place in the configuration after the change, the key, and the rest of the sentence."""

    file: str
    line: int
    path: Path
    sentence: str


def settings_changes(
    before: Settings, after: Settings, *, shown: Settings | None = None
) -> list[SettingChange]:
    """Of `proof`, `signers`, `files`, `archive`, `status`, what `check` makes of the gate's findings, the processors
    that were there, and, where one of these takes tasks by category or kind, what says which those are. A processor
    more is none, unless it takes the place of a recipe. The places are those in `shown`, where that is given."""
    found = []
    for path, sentence in _changes(before.config, after.config):
        file, line = _place(path, before, shown or after)
        found.append(SettingChange(file, line, path, sentence))
    return found


def _changes(before: Config, after: Config) -> Iterator[tuple[Path, str]]:
    gone = before.processors.keys() - after.processors.keys()
    for name in sorted(gone):
        yield ("processors", name), f"the processor {name!r} is gone"
    for name in sorted((after.processors.keys() - before.processors.keys()) & set(NAMES)):
        yield ("processors", name), f"the processor {name!r} takes the place of the recipe of that name"
    judging = _JUDGING | _CATEGORIES if _by_category(before) else _JUDGING
    was, now = _values(before, judging), _values(after, judging)
    for path in dict.fromkeys([*was, *now]):
        processor = path[1] if path[0] == "processors" else None
        if processor is not None and (processor in gone or processor not in before.processors):
            continue
        if was.get(path, "") != now.get(path, ""):
            key = dotted(path)
            yield path, f"`{key}` was {_shown(was.get(path))} and is {_shown(now.get(path))} now"


_JUDGING = frozenset({"proof", "signers", "files", "archive", "status", "processors"})
_CATEGORIES = frozenset({"classify", "categories"})


def _by_category(config: Config) -> bool:
    """Whether a processor has its tasks by their category or kind."""
    matches = (processor.match for processor in config.processors.values())
    return any(match is not None and (match.category or match.kind) is not None for match in matches)


def _values(config: Config, judging: Container[str]) -> Mapping[Path, str]:
    """As TOML; of what `check` reports, what concerns the gate."""
    found = {}
    for row in describe(config):
        if row.path[0] in judging:
            found[row.path] = row.value
        elif row.path[0] == "check" and row.path[1] != "require":
            found[row.path] = ", ".join(code for code in GATE if f'"{code}"' in row.value)
    return found


def _shown(value: str | None) -> str:
    if not value or value == '""':
        return "not set"
    return value if len(value) <= 60 else f"{value[:57]}..."


def _place(path: Path, before: Settings, after: Settings) -> tuple[str, int]:
    """Where the configuration says it after the change; else where the table around it is, or was."""
    keys = (
        [path, path[:2]] if path[0] != "processors" else [path, ("defaults", *path[2:]), path[:2], path[:1]]
    )
    sources = [source_of(key, one.config.sources) for one in (after, before) for key in keys]
    file = next((one for one in sources if one is not None), PYPROJECT)
    data = after.files[CONFIGURATION.index(file)]
    if data is None:
        return file, 1
    text = data.decode("utf-8-sig", "replace")
    prefix = () if file == DOTFILE else ("tool", "mdtodo")
    own = [key for key in keys if source_of(key, after.config.sources) == file]
    return file, line_of(text, (*prefix, *(own[0] if own else path))) or 1
