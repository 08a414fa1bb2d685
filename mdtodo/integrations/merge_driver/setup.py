"""Setting up the merge driver and the diff driver: attributes for the repository, configuration for the clone.

Source: gitattributes(5). The attributes are committed, and so the same for everybody; git takes commands only
from its configuration, which no clone copies.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from mdtodo.core.task import Finding, Severity
from mdtodo.errors import InputError
from mdtodo.git.repository import run
from mdtodo.markdown.source import dominant_newline
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository

ATTRIBUTES = ".gitattributes"

#: Headings, in quotes too. Not tasks: the one before a change is mostly its neighbour, and not what it is under.
XFUNCNAME = "^[ >]*(#{1,6}[[:blank:]].*)$"


def set_up(repo: Repository, config: Config) -> list[str]:
    """Write attributes for the configured files, and this clone's configuration; what was done, as sentences.

    What is in `.gitattributes` stays, with its line ends; doing it again changes nothing. The configuration
    holds in all linked worktrees. Raises GitError where git refuses.
    """
    added = _add_attributes(repo, config.files_and_archives)
    told = [f"{'added ' if added else 'kept  '} {ATTRIBUTES}" + "".join(f"\n       {line}" for line in added)]
    for key, value in (
        ("merge.mdtodo.name", "TODO files, by task"),
        ("merge.mdtodo.driver", driver_command()),
        ("diff.mdtodo.xfuncname", XFUNCNAME),
    ):
        run(repo, "config", "--local", "--replace-all", key, value)
        told.append(f"set    {key}")
    return told


def driver_command() -> str:
    """What git runs, in a shell: mdtodo, and where that cannot be started any more, git's own merge of lines."""
    program = "mdtodo"
    if shutil.which(program) is None:
        beside = os.path.join(os.path.dirname(sys.executable), program)
        program = (
            shlex.quote(beside) if os.access(beside, os.X_OK) else f"{shlex.quote(sys.executable)} -m mdtodo"
        )
    # git expands `%` and a letter in the command
    program = program.replace("%", "%%")
    return (
        f"{program} merge-driver -- %O %A %B %L %P %S %X %Y; s=$?; "
        "if [ $s = 126 ] || [ $s = 127 ]; then s=0; "
        "git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B || s=1; fi; exit $s"
    )


def missing_driver(repo: Repository) -> Finding | None:
    """What is to be said of a clone whose attributes name the merge driver, and whose git does not know it.

    Costs one look for the file; git is asked only where the attribute is there, and the clone's own
    configuration does not have it.
    """
    try:
        attributes = files.read_optional(repo.root, ATTRIBUTES)
    except InputError:  # git does not read it either
        return None
    # a checkout of GitHub Actions is new each time, and would be warned of each time
    if attributes is None or b"merge=mdtodo" not in attributes or os.environ.get("GITHUB_ACTIONS"):
        return None
    named = _NAMED.search(attributes)
    if named is None or run(repo, "config", "--get", "merge.mdtodo.driver", ok=(0, 1)).strip():
        return None
    line = attributes.count(b"\n", 0, named.start()) + 1
    message = "this clone lacks the merge driver, so git merges as text: run `mdtodo init --merge-driver`"
    return Finding(ATTRIBUTES, line, Severity.WARNING, "merge-driver", message)


_NAMED = re.compile(rb"(?m)^(?![ \t]*#).*\smerge=mdtodo(?=\s|\Z)")
_SET = "merge=mdtodo diff=mdtodo"


def _add_attributes(repo: Repository, patterns: Sequence[str]) -> list[str]:
    """The lines that were missing, and are at the end of the file now."""
    there = files.read_optional(repo.root, ATTRIBUTES)
    data = there or b""
    known = re.split(r"[\r\n]+", os.fsdecode(data))
    missing = [line for line in attribute_lines(patterns) if not any(_says(one, line) for one in known)]
    if not missing:
        return []
    newline = dominant_newline(data)
    gap = newline if data and not data.endswith((b"\n", b"\r")) else b""
    new = data + gap + b"".join([os.fsencode(line) + newline for line in missing])
    if there is None:
        files.create(repo.root, ATTRIBUTES, new)
    else:
        files.replace(repo.root, ATTRIBUTES, data, new)
    return missing


def _says(line: str, wanted: str) -> bool:
    """Whether a line of the file says what the wanted one does, for the same pattern."""
    # from the right: a quoted pattern may have blanks
    name, *values = wanted.rsplit(" ", 2)
    return line.startswith(name) and set(values) <= set(line[len(name) :].split())


def attribute_lines(patterns: Sequence[str]) -> Iterator[str]:
    """A line of `.gitattributes` for each gitignore-style pattern, which mean nearly the same there."""
    for pattern in patterns:
        excluded = pattern.startswith("!")
        name = pattern[excluded:]
        if name.startswith("**/") and "/" not in name[3:] and name[3:] in patterns:
            continue  # a name without a slash is found in every folder
        # in .gitattributes a pattern for a folder means nothing for the files in it (gitattributes(5))
        if name.endswith("/"):
            name += "**"
        if re.search(r'[\s"]', name):
            name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        # `!merge` is unspecified; `-merge` would be: never merge, take ours and call it a conflict
        yield f"{name} {'!merge !diff' if excluded else _SET}"
