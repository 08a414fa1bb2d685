"""What is wrong with this setup, and what mends it. Looks, and changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError, MdtodoError
from mdtodo.git.repository import operation_in_progress, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository


class Diagnosis(NamedTuple):
    """One look: `what` was looked at, a `sentence` on what was found, and, where that is not `ok`, the command or step
    that `mends` it."""

    what: str
    ok: bool
    sentence: str
    mends: str | None = None


#: `merge-tree --write-tree` came with it, by which changes from a clone are merged.
_GIT = (2, 38)
#: Bytes below which a run may not get far.
_FREE = 500_000_000
#: Seconds for which git may hold a lock: longer than any of its commands does.
_LOCKED = 600.0
#: How its file format begins: https://www.sqlite.org/fileformat.html
_SQLITE = b"SQLite format 3"
#: So many folders are watched in a large repository.
_WATCHES = 8192


def diagnose(repo: Repository) -> Iterator[Diagnosis]:
    """Each look in turn; what cannot be looked at says why."""
    yield _git()
    yield _identity(repo)
    yield _operation(repo)
    yield from _locks(repo)
    yield _state(repo)
    yield from _runners(repo)
    yield _hooks(repo)
    yield _merge_driver(repo)
    yield _disk(repo)
    yield _watches()
    config = _configuration(repo)
    if isinstance(config, Diagnosis):
        yield config
        return
    yield _good("configuration", "it can be read")
    yield from _recipes(repo, config)
    yield from _sandbox(config)


def _good(what: str, sentence: str) -> Diagnosis:
    return Diagnosis(what, ok=True, sentence=sentence)


def _bad(what: str, sentence: str, mends: str | None) -> Diagnosis:
    return Diagnosis(what, ok=False, sentence=sentence, mends=mends)


def _git() -> Diagnosis:
    said = run(None, "--version").decode(errors="replace").strip()
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) >= _GIT:
        return _good("git", said)
    sentence = f"{said}: what is done in a clone cannot be merged where HEAD has moved"
    return _bad("git", sentence, f"install git {_GIT[0]}.{_GIT[1]} or newer")


def _identity(repo: Repository) -> Diagnosis:
    try:
        run(repo, "var", "GIT_COMMITTER_IDENT")
    except GitError as error:
        return _bad("identity", f"git does not know who commits: {error.sentence}", error.hint)
    return _good("identity", "git knows who commits")


def _operation(repo: Repository) -> Diagnosis:
    if (found := operation_in_progress(repo)) is None:
        return _good("repository", "no merge, rebase or the like is in progress")
    return _bad(
        "repository", f"a {found} is in progress: nothing is committed meanwhile", f"git {found} --continue"
    )


def _locks(repo: Repository) -> Iterator[Diagnosis]:
    """Locks that nobody can hold any more."""
    for name in ("index.lock", "HEAD.lock"):
        path = os.path.join(repo.git_dir, name)
        with suppress(OSError):
            age = time.time() - os.lstat(path).st_mtime
            if age > _LOCKED:
                sentence = f"{path} is {age / 60:.0f} minutes old: git commits nothing while it is there"
                yield _bad("lock", sentence, f"rm {path}  (if no git is running)")


def _state(repo: Repository) -> Diagnosis:
    from mdtodo.storage.state import StateStore, folder

    path = os.path.join(folder(repo), "state.db")
    if not os.path.exists(path):
        return _good("state", "nothing has run in this clone yet")
    with open(path, "rb") as file:
        if not file.read(16).startswith(_SQLITE):
            return _bad(
                "state", f"{path} is damaged; git has what matters", "mdtodo run  (it begins a new one)"
            )
    try:
        with StateStore.open(repo, create=False) as state:
            warnings = state.warnings
            waiting = len(state.unlanded())
    except MdtodoError as error:
        return _bad("state", error.sentence, error.hint or f"rm {path}  (git has what matters)")
    if warnings:
        return _bad("state", "; ".join(warnings), "nothing: it was begun anew")
    if waiting:
        return _bad("state", f"{waiting} results wait to land", "mdtodo run")
    return _good("state", f"{path} can be read")


def _runners(repo: Repository) -> Iterator[Diagnosis]:
    from mdtodo.core.activity import RunnerState
    from mdtodo.storage.activity import activity

    with suppress(MdtodoError):  # told of with the state
        for one in activity(repo).runners:
            if one.state is RunnerState.SILENT:
                minutes = (time.time() - one.last_sign) / 60
                sentence = f"{one.name} (process {one.pid} on {one.host}) gave its last sign {minutes:.0f} minutes ago"
                yield _bad("runner", sentence, f"kill {one.pid}  (what it had is free after `lease`)")


def _hooks(repo: Repository) -> Diagnosis:
    from mdtodo.integrations.git_hooks.install import CHECKING, RECEIPTS
    from mdtodo.integrations.git_hooks.scripts import folder, is_ours

    try:
        place = folder(repo)
    except GitError as error:
        return _bad("hooks", error.sentence, error.hint)
    names = [*CHECKING, *RECEIPTS]
    ours = [name for name in names if is_ours(place, name)]
    if not ours:
        return _good("hooks", "none are installed")
    if missing := [name for name in names if name not in ours]:
        return _bad("hooks", f"{', '.join(missing)} is missing, {', '.join(ours)} is there", "mdtodo install")
    return _good("hooks", f"{', '.join(ours)}")


def _merge_driver(repo: Repository) -> Diagnosis:
    from mdtodo.integrations.merge_driver.setup import missing_driver

    if missing_driver(repo) is None:
        return _good("merge driver", "nothing is missing")
    sentence = ".gitattributes names it, and this clone does not have it: git merges TODO files as text"
    return _bad("merge driver", sentence, "mdtodo init --merge-driver")


def _disk(repo: Repository) -> Diagnosis:
    free = shutil.disk_usage(repo.common_dir).free
    sentence = f"{free / 1e9:,.1f} GB free where the repository is"
    return _good("disk", sentence) if free > _FREE else _bad("disk", sentence, "make room")


def _watches() -> Diagnosis:
    try:
        with open("/proc/sys/fs/inotify/max_user_watches", encoding="ascii") as file:
            most = int(file.read())
    except (OSError, ValueError):
        return _good("watches", "the system says nothing of a limit")
    if most >= _WATCHES:
        return _good("watches", f"{most:,} folders may be watched")
    sentence = (
        f"{most:,} folders may be watched: in a large repository `watch` looks every few seconds instead"
    )
    return _bad("watches", sentence, f"sudo sysctl fs.inotify.max_user_watches={_WATCHES * 16}")


def _configuration(repo: Repository) -> Config | Diagnosis:
    from mdtodo.project.project import read_config

    try:
        return read_config(repo)
    except MdtodoError as error:
        return _bad(
            "configuration", "; ".join(error.sentences), error.hint or "mdtodo config shows what holds"
        )


def _recipes(repo: Repository, config: Config) -> Iterator[Diagnosis]:
    """The tools of the recipes that open tasks name."""
    from mdtodo.project.project import read_project
    from mdtodo.recipes.catalogue import recipes
    from mdtodo.recipes.detect import Tree
    from mdtodo.recipes.offers import offers

    try:
        project = read_project(repo, config, tolerant=True)
    except MdtodoError as error:
        yield _bad("TODO files", error.sentence, error.hint or "mdtodo check")
        return
    routes = {
        project.plan.routes[task.id].processor for task in project.tasks.values() if not task.status.closed
    }
    wanted = sorted(name for name in routes - config.processors.keys() if name in recipes())
    for offer in offers(wanted, Tree(repo.root), config.processors):
        if offer.found is None:
            yield _bad(
                "recipe",
                f"{offer.recipe.name}: {'; '.join(offer.missing)}",
                f"mdtodo recipes {offer.recipe.name}",
            )


def _sandbox(config: Config) -> Iterator[Diagnosis]:
    if not any(one.sandbox for one in config.processors.values()):
        return
    from mdtodo.clones.bubblewrap import missing

    reason = missing()
    yield (
        _good("sandbox", "bubblewrap works here")
        if reason is None
        else _bad("sandbox", reason, "install bubblewrap")
    )
