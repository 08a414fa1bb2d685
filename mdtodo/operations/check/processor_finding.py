"""A finding on a processor, where the configuration gives the key that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import Finding, Severity

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository


def warning(repo: Repository, config: Config, place: tuple[str, str], code: str, sentence: str) -> Finding:
    """A warning; `place` is the name of the processor, and the key."""
    from mdtodo.config.toml_lines import line_of
    from mdtodo.system.files import read_inside

    name, key = place
    file = config.sources.get(f"processors.{name}.{key}", "pyproject.toml")
    prefix = ("tool", "mdtodo") if file == "pyproject.toml" else ()
    text = (read_inside(repo.root, file) or b"").decode("utf-8-sig", "replace")
    line = line_of(text, (*prefix, "processors", name, key)) or 1
    return Finding(file, line, Severity.WARNING, code, f"processor {name}: {sentence}")
