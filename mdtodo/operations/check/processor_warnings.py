"""What this clone lacks of what its processors name, or has in the wrong place: modules and entry points of Python,
which are looked for without importing any of them, and folders that clones see by `link`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mdtodo.core.task import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository

GROUP = "mdtodo.processors"


def missing_modules(repo: Repository, config: Config) -> Iterator[Finding]:
    """What is to be said of processors whose module or entry point is not found from here: warnings, as a run may have
    another environment.
    """
    for name, processor in config.processors.items():
        if processor.python is None:
            continue
        module, colon, _ = processor.python.partition(":")
        path = [*([f"{repo.root}/{processor.cwd}"] if processor.cwd else []), repo.root, *sys.path]
        lacking = _lacking(path, module) if colon else _no_entry_point(path, module)
        if lacking is not None:
            yield _warning(repo, config, (name, "python"), "unknown-module", lacking)


def _lacking(path: Sequence[str], module: str) -> str | None:
    """What there is not, None where the module is found on the path, which is that of an attempt."""
    from importlib.machinery import PathFinder

    first, *inner = module.split(".")
    if first in sys.stdlib_module_names:
        return None
    spec = PathFinder.find_spec(first, path)
    # editable installs have finders there, not folders in the path
    for finder in sys.meta_path if spec is None else ():
        spec = spec or finder.find_spec(first, None)
    found = first
    for name in inner:
        if spec is None:
            break
        places: Sequence[str] | None = spec.submodule_search_locations
        outer, found = found, f"{found}.{name}"
        if places is None:
            return f'the module "{outer}" is no package, so there is no "{module}"'
        # by its full name its package would have to be imported
        spec = PathFinder.find_spec(name, list(places))
    return f'no module "{found}" is found from here' if spec is None else None


def _no_entry_point(path: Sequence[str], name: str) -> str | None:
    from importlib.metadata import distributions

    # entry_points() looks in sys.path alone, which lacks the folders of the repository
    known = {
        point.name
        for distribution in distributions(path=list(path))
        for point in distribution.entry_points
        if point.group == GROUP
    }
    return None if name in known else f'no entry point "{name}" of the group {GROUP} is found from here'


def linked_checkouts(repo: Repository, config: Config) -> Iterator[Finding]:
    """A warning for each linked folder with which a clone would prove the files of the checkout."""
    from mdtodo.clones.linked_checkout import leads_back

    for name, processor in config.processors.items():
        for folder in processor.link:
            if (found := leads_back(repo.root, folder)) is not None:
                sentence = (
                    f"link: {folder} leads back to the checkout ({found}), so a clone would prove the files there, and "
                    "not its own"
                )
                yield _warning(repo, config, (name, "link"), "linked-checkout", sentence)


def _warning(repo: Repository, config: Config, place: tuple[str, str], code: str, sentence: str) -> Finding:
    """A warning; `place` is the name of the processor, and the key."""
    from mdtodo.config.toml_lines import line_of
    from mdtodo.system.files import read_inside

    name, key = place
    file = config.sources.get(f"processors.{name}.{key}", "pyproject.toml")
    prefix = ("tool", "mdtodo") if file == "pyproject.toml" else ()
    text = (read_inside(repo.root, file) or b"").decode("utf-8-sig", "replace")
    line = line_of(text, (*prefix, "processors", name, key)) or 1
    return Finding(file, line, Severity.WARNING, code, f"processor {name}: {sentence}")
