"""Which calls are answered here, told by their words and by what of the environment can change an answer."""

import os
import sys

#: Options that make no difference where nothing is wrong.
SILENT = frozenset({"--strict", "--errors-only", "-q", "--quiet"})

#: Where a message comes from, as git says it; `none` is the word of a hook of ours.
_SOURCES = ("", "none", "message", "template")

#: Variables that may make a check another one.
_OURS = ("MDTODO_", "_MDTODO_", "PRE_COMMIT_FROM", "PRE_COMMIT_TO")

#: Variables of ours that no `check` asks for.
_UNUSED = ("MDTODO_CAN", "MDTODO_MAX_")

#: Variables with which git works on something else than what is here. Those of its hooks make no difference.
_ELSEWHERE = frozenset(
    "GIT_" + name
    for name in (
        *("ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR", "CONFIG", "DIR", "GRAFT_FILE", "IMPLICIT_WORK_TREE"),
        *("INTERNAL_SUPER_PREFIX", "NAMESPACE", "NO_REPLACE_OBJECTS", "OBJECT_DIRECTORY", "QUARANTINE_PATH"),
        *(
            "REPLACE_REF_BASE",
            "SHALLOW_FILE",
            "WORK_TREE",
            "GLOB_PATHSPECS",
            "ICASE_PATHSPECS",
            "LITERAL_PATHSPECS",
        ),
        *("NOGLOB_PATHSPECS", "CEILING_DIRECTORIES", "DISCOVERY_ACROSS_FILESYSTEM"),
    )
)


class Call:
    """`staged`: the index is judged, else the work tree; `names` are the files that a hook says have changed. With a
    `message` no check is asked for, but the receipts for the message of a commit, in that file."""

    __slots__ = ("message", "names", "staged")

    def __init__(self, names: list[str], *, staged: bool = False, message: str = "") -> None:
        self.names = names
        self.staged = staged
        self.message = message


def read_call(args: list[str]) -> Call | None:
    """What these words ask for; None where the whole program has to read them."""
    if args[:2] == ["check", "--staged"]:
        return Call([], staged=True) if SILENT.issuperset(args[2:]) else None
    if args[:2] == ["hook", "receipt"]:
        return _receipt(args[2:])
    if args[:1] != ["check"] or "--changed" not in args:
        return None
    names, options = [], True
    for word in args[1:]:
        if options and word == "--":
            options = False
        elif not options or not word.startswith("-"):
            names.append(word)
        elif word not in SILENT and word != "--changed":
            return None
    return Call(names) if all(map(_is_plain, names)) else None


def _receipt(args: list[str]) -> Call | None:
    """What git's prepare-commit-msg and commit-msg ask for; None where the message is that of another commit, which may
    be amended."""
    source = args[1] if len(args) > 1 else os.environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", "")
    usual = 1 <= len(args) <= 3 and not args[0].startswith("-") and source in _SOURCES and not any(args[2:])
    return Call([], message=args[0]) if usual else None


def _is_plain(name: str) -> bool:
    """Whether a name can be compared with those that git lists."""
    return "\\" not in name and not name.startswith("-") and not {"", ".", ".."} & {*name.split("/")}


def is_usual_environment() -> bool:
    """Whether nothing in it makes a check another one."""
    if None in (sys.stdin, sys.stdout, sys.stderr):  # a pipe of ours would take the number of a closed one
        return False
    if not _ELSEWHERE.isdisjoint(os.environ):
        return False
    return not any(name.startswith(_OURS) and not name.startswith(_UNUSED) for name in os.environ)
