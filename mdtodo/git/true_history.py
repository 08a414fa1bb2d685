"""The history as its objects have it, for whoever judges a change.

What a clone says beside its objects is the word of whoever wrote into it, and `git log` follows it. Nothing of this
has an effect here:

| in the clone, or in the environment | what it can do | why it cannot here |
| --- | --- | --- |
| `refs/replace/` | show another commit, tree or file under an id | `GIT_NO_REPLACE_OBJECTS` |
| `info/grafts` | give a commit other parents, so that commits are hidden | `GIT_GRAFT_FILE` |
| `objects/info/commit-graph` | the same: git does not compare it with the commits | `core.commitGraph` |
| `trailer.separators` | hide trailers | set |
| `log.showSignature` | mix the words of `gpg.program`, which it starts, into the output | set |
| `log.follow`, `log.showRoot`, `log.diffMerges` | hide commits of a path, the first one's changes, a merge's | set |
| `log.mailmap`, `i18n.*` | show other names, or other letters | set |
| `diff.renames`, `diff.relative`, `diff.orderFile`, `color.*` | another form of what is read by a program | set |

Without the commit-graph, git takes 0.07 s more for 10,000 commits. The settings stand in the command, which git
believes before any file, and before `GIT_CONFIG_COUNT` and `GIT_CONFIG_PARAMETERS`.

What remains: `shallow` is believed, since nothing of a shallow clone could be read without; what lies behind its
commits is unknown. Patches and textconv follow `info/attributes`, which nothing switches off: read objects
and raw differences. git does not compare a loose object with its id: `signatures` does. And git itself is the one
that PATH names.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.repository import environment, error_from, start
from mdtodo.system.files import read_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdtodo.git.repository import Repository
    from mdtodo.system.process import Process

#: What is added to the environment of a git command of ours.
ENVIRONMENT = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null"}

_VALUES = (
    *("core.commitGraph=false", "core.attributesFile=/dev/null", "trailer.separators=:"),
    *("log.showSignature=false", "log.mailmap=false", "log.follow=false", "log.showRoot=true"),
    *("log.date=default", "log.diffMerges=separate", "log.decorate=false"),
    *("i18n.logOutputEncoding=UTF-8", "i18n.commitEncoding=UTF-8"),
    *("diff.renames=false", "diff.relative=false", "diff.orderFile=/dev/null"),
    *("color.ui=false", "color.diff=false"),
)

#: What stands between `git` and the command.
SETTINGS = tuple(word for value in _VALUES for word in ("-c", value))


#: `git log` for programs, whatever the configuration says; fields of a `--format` end with NUL.
LOG = (
    *("log", "-z", "--no-patch", "--no-color", "--no-notes", "--no-mailmap", "--no-show-signature"),
    *("--no-decorate", "--encoding=UTF-8"),
)


def start_history(repo: Repository, *args: str) -> Process:
    """`git args` in the repository's root, to be talked to. Raises GitError where there is no git."""
    return start(repo.root, (*SETTINGS, *args), environment(repo) | ENVIRONMENT)


def read_history(repo: Repository, *args: str, stdin: bytes = b"", ok: Iterable[int] = (0,)) -> bytes:
    """Standard output of `git args` in the repository's root.

    Raises GitError with git's own line where the exit code is not in `ok`, and where there is no git.
    """
    code, out, err = start_history(repo, *args).finish(stdin)
    if code not in ok:
        raise error_from(err, args)
    return out


def records(git: Process, width: int, block: int) -> Iterator[list[bytes]]:
    """What a `git log -z` prints, so many fields at a time. Read by blocks of so many bytes: whoever wants the newest
    only can end git before it has read all of the history."""
    fields: list[bytes] = []
    rest = b""
    while more := git.read(block):
        *new, rest = (rest + more).split(b"\0")
        fields += new
        whole = len(fields) - len(fields) % width
        for at in range(0, whole, width):
            yield fields[at : at + width]
        del fields[:whole]


def resolve(repo: Repository, name: str) -> str:
    """The id of the object of this name, as `HEAD:a` or `v1^{commit}`; "" where there is none."""
    found = read_history(repo, "rev-parse", "--verify", "--quiet", name, ok=(0, 1, 128))
    return found.decode().strip()


def shallow_commits(repo: Repository) -> frozenset[str]:
    """The commits of a shallow clone whose parents are not here."""
    return frozenset((read_any(os.path.join(repo.common_dir, "shallow")) or b"").decode().split())


def is_ancestor(repo: Repository, commit: str, head: str) -> bool:
    """Whether `head` is this commit, or descends from it; not so for a commit that is not here."""
    try:
        read_history(repo, "merge-base", "--is-ancestor", commit, head)
    except GitError:
        return False
    return True


def is_straight(repo: Repository, since: str, head: str) -> bool:
    """Whether `head` is this commit, or descends from it by commits with one parent each."""
    if not is_ancestor(repo, since, head):
        return False
    return not read_history(repo, "rev-list", "--merges", "--max-count=1", f"{since}..{head}")
