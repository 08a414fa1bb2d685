"""bubblewrap around a processor in a clone: it writes in the clone, its temporary folder and its home alone.

Inside, the file system is that of the machine, read-only, without what is a person's: homes, mounted disks, the
checkout and its git directory, other clones, sockets. Of the git directory the objects are there to be read.
The environment is not told on the command line, where everybody on the machine could read it: bubblewrap hands on its
own.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.clones.bubblewrap import bubblewrap
from mdtodo.clones.environment import CERTIFICATES, TOOL_FOLDERS
from mdtodo.errors import MdtodoError
from mdtodo.system.files import read_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdtodo.clones.slots import Slot
    from mdtodo.clones.source import CloneSource

#: Folders of people and of running programs, with sockets that a read-only mount would not close.
_PEOPLE = (
    *("/home", "/root", "/media", "/mnt", "/srv", "/run", "/var/run"),
    *("/var/home", "/var/roothome", "/var/spool", "/var/mail", "/var/lib/docker", "/var/lib/containerd"),
)
#: Here its own folder for temporary files is seen instead.
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108
#: What root alone may read, and whoever is root outside could read inside too.
_SECRETS = (
    *("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d"),
    *("/etc/ssh", "/etc/ssl/private", "/etc/NetworkManager/system-connections", "/var/log", "/var/backups"),
)
#: Without these nothing starts.
_NEEDED = ("/usr", "/etc", "/proc", "/dev", "/bin/sh")

#: Folders of a home where installers put what the commands in `.local/bin` are made of.
_INSTALLERS = (".local/share/uv", ".local/share/pipx", ".local/pipx")
#: What shows that the folder above a `bin` is needed with it.
_PREFIX_MARKS = ("lib", "conda-meta", "pyvenv.cfg")
#: Names in one folder of PATH that are looked at: more are no person's own.
_MOST = 2000


class SandboxError(MdtodoError):
    """A sandbox that would not keep its promise, or in which nothing could start; the sentence says why."""


class Sandbox(NamedTuple):
    """What there is inside. All paths are absolute but `shown`, which are relative to `real_home` and stand in `home`,
    to be read and written. Plain JSON, so that it can cross to a pool process.

    `tree`, `temporary` and `home` are folders to be written, `writable` are further files; `readable` is seen although
    it is in a place that is `hidden`.
    """

    tree: str
    temporary: str
    home: str
    real_home: str
    hidden: Sequence[str] = ()
    readable: Sequence[str] = ()
    writable: Sequence[str] = ()
    shown: Sequence[str] = ()
    network: bool = True


def sandbox(
    slot: Slot,
    source: CloneSource,
    *,
    real_home: str,
    readable: Sequence[str] = (),
    shown: Sequence[str] = (),
    network: bool = True,
) -> Sandbox:
    """The sandbox of a clone. `readable` are further folders, such as those that it links to, and objects that it
    borrows; `shown` and `network` are a processor's `home` and `network`."""
    return Sandbox(
        tree=slot.tree,
        temporary=slot.temporary,
        home=slot.home,
        real_home=real_home,
        hidden=(*_checkouts(source), os.path.dirname(os.path.dirname(slot.folder))),
        readable=(*_objects(source), *readable),
        shown=shown,
        network=network,
    )


def wrap(argv: Sequence[str], place: Sandbox, env: Mapping[bytes, bytes], cwd: str) -> list[str]:
    """The command line that runs `argv` in the sandbox, in the folder `cwd`; it is to be started with `env`, which is
    looked into for what must be seen so that programs start.

    A program that is not there ends with 127, one that cannot be run with 126, as in a shell. Raises SandboxError, also
    where bubblewrap cannot be used here.
    """
    program, *flags = bubblewrap()
    roots = _roots(place)
    _refuse_unsafe(place, roots)
    net = () if place.network else ("--unshare-net",)
    # bubblewrap says 1 of a program that is not there, as of one that failed
    started = argv if argv[0] == "/bin/sh" else ("/bin/sh", "-c", 'exec "$@"', "sh", *argv)
    return [
        *(program, *flags, *net, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *_hide(place, roots),
        *_let_read(place, roots, env),
        *_let_write(place, roots),
        *(part for root in roots if root not in _TEMPORARY for part in ("--remount-ro", root)),
        *("--remount-ro", "/", "--chdir", cwd, "--", *started),
    ]


def _roots(place: Sandbox) -> list[str]:
    """The folders that are hidden, without those in others of them. In a folder for temporary files, where its own
    are seen, those of others are hidden too."""
    personal = [place.real_home] if place.real_home not in ("", "/") else []
    wanted = {os.path.realpath(path) for path in (*_PEOPLE, *_TEMPORARY, *personal, *place.hidden)}
    found: list[str] = []
    for path in sorted(filter(os.path.isdir, wanted), key=len):
        if not _is_below(path, [other for other in found if other not in _TEMPORARY]):
            found.append(path)
    return sorted(found)


def _refuse_unsafe(place: Sandbox, roots: Sequence[str]) -> None:
    if bad := [root for root in roots if any(_is_below(path, [root]) for path in _NEEDED)]:
        raise SandboxError(f"nothing could start in a sandbox that hides {bad[0]}")
    for folder in (place.tree, place.temporary, place.home):
        # in the place of a link bubblewrap would let write where it leads
        if os.path.realpath(folder) != folder or not os.path.isdir(folder):
            raise SandboxError(f"{folder} is not a folder")
    for name in place.shown:
        real = os.path.realpath(os.path.join(place.real_home, name))
        if held := [path for path in place.hidden if _is_below(path, [real])]:
            raise SandboxError(f"home: {name} holds {held[0]}, which the sandbox is to keep out")


def _hide(place: Sandbox, roots: Sequence[str]) -> list[str]:
    made: list[str] = []
    for root in roots:
        made += ("--bind", place.temporary, root) if root in _TEMPORARY else ("--tmpfs", root)
    secrets = _SECRETS if os.geteuid() == 0 else ()
    for path in (*secrets, *_sockets()):
        if os.path.lexists(path) and os.path.realpath(path) == path and not _is_below(path, roots):
            made += ("--tmpfs", path) if os.path.isdir(path) else ("--ro-bind", os.devnull, path)
    return made


def _let_read(place: Sandbox, roots: Sequence[str], env: Mapping[bytes, bytes]) -> list[str]:
    resolver = (os.path.realpath("/etc/resolv.conf"),) if place.network else ()
    of_tools = (path for path in _tools(env, place.real_home) if not _would_show(path, place))
    wanted = {
        _inside(path, roots): path for path in (*of_tools, *resolver, *place.readable) if os.path.exists(path)
    }
    # from above, since what is mounted later lies on what was before
    return [
        part
        for seen_at in sorted(wanted)
        if _is_below(seen_at, roots)
        for part in ("--ro-bind-try", wanted[seen_at], seen_at)
    ]


def _tools(env: Mapping[bytes, bytes], home: str) -> tuple[str, ...]:
    """What of a hidden home must be seen so that the programs in PATH start: their folders, and what they belong to. As
    absolute paths, wherever they are."""
    named = (os.fsdecode(env[name]) for name in (*TOOL_FOLDERS, *CERTIFICATES, b"JAVA_HOME") if name in env)
    libraries = os.fsdecode(env.get(b"LD_LIBRARY_PATH", b"")).split(":")
    found = (*named, *libraries, *_of_path(os.fsdecode(env.get(b"PATH", b"")), os.path.realpath(home)))
    return tuple(path for path in dict.fromkeys(found) if os.path.isabs(path))


@cache
def _of_path(search: str, home: str) -> tuple[str, ...]:
    found = [os.path.join(home, name) for name in _INSTALLERS]
    for folder in dict.fromkeys(search.split(":")):
        if os.path.isabs(folder) and os.path.isdir(folder):
            found += (folder, *_belonging(os.path.realpath(folder), home))
            # what is the system's is seen anyway
            found += _linked(folder, home) if os.path.realpath(folder).startswith(f"{home}/") else ()
    return tuple(dict.fromkeys(found))


def _linked(folder: str, home: str) -> Iterator[str]:
    """What the links in a folder of programs lead to."""
    with os.scandir(folder) as entries:
        links = [entry.path for entry, _ in zip(entries, range(_MOST), strict=False) if entry.is_symlink()]
    for target in {os.path.realpath(link) for link in links}:
        yield from (target, *_belonging(os.path.dirname(target), home))


def _belonging(folder: str, home: str) -> tuple[str, ...]:
    """The folder above a `bin` of its own, as that of a virtual environment, and above the `shims` of a version
    manager. That of a whole home is none."""
    above = os.path.dirname(folder)
    shared = (home, os.path.join(home, ".local"), "/", "/usr", "/usr/local")
    name = os.path.basename(folder)
    marks = (os.path.lexists(os.path.join(above, mark)) for mark in _PREFIX_MARKS)
    is_prefix = name == "shims" or (name == "bin" and any(marks))
    return (above,) if is_prefix and above not in shared else ()


def _inside(path: str, roots: Sequence[str]) -> str:
    """Where a path is to be mounted: links are followed up to a hidden folder, in which there are none."""
    place, (_, *parts) = "/", path.split("/")
    while parts and not _is_below(place, roots):
        place = os.path.realpath(os.path.join(place, parts.pop(0)))
    return os.path.join(place, *parts)


def _would_show(path: str, place: Sandbox) -> bool:
    """Whether with a folder of tools something would be seen that is to be hidden."""
    real = os.path.realpath(path)
    held = (*place.hidden, os.path.realpath(place.real_home))
    return _is_below(real, place.hidden) or any(_is_below(other, [real]) for other in held)


def _let_write(place: Sandbox, roots: Sequence[str]) -> list[str]:
    made: list[str] = []
    for path in (place.tree, place.temporary, place.home, *place.writable):
        made += ("--bind", path, _inside(path, roots))
    for name in place.shown:
        made += ("--bind-try", os.path.join(place.real_home, name), os.path.join(place.home, name))
    return made


def _checkouts(source: CloneSource) -> list[str]:
    """The work trees of the repository, and its git directory."""
    main = os.path.dirname(source.common_dir) if os.path.basename(source.common_dir) == ".git" else None
    found = [source.root, source.common_dir, *([main] if main else [])]
    worktrees = os.path.join(source.common_dir, "worktrees")
    names = os.listdir(worktrees) if os.path.isdir(worktrees) else ()
    lines = (_text(os.path.join(worktrees, name, "gitdir")).removesuffix("\n") for name in names)
    return found + [os.path.dirname(line) for line in lines if line]


def _objects(source: CloneSource) -> list[str]:
    """Where the objects of the repository are: its own, those that it borrows, and those of LFS."""
    found, left = [os.path.join(source.common_dir, "lfs")], [source.objects]
    while left and len(found) < 100:
        folder = left.pop()
        found.append(folder)
        listed = _text(os.path.join(folder, "info/alternates")).splitlines()
        left += [os.path.normpath(os.path.join(folder, one)) for one in listed if one and one[0] not in '#"']
    return found


def _sockets() -> Iterable[str]:
    """The sockets that somebody listens at. A read-only mount keeps nobody from connecting to one."""
    for line in _text("/proc/net/unix").splitlines()[1:]:
        path = line.partition("/")[2]
        if path and os.path.lexists(real := os.path.realpath(f"/{path}")):
            yield real


def _text(path: str) -> str:
    return os.fsdecode(read_any(path) or b"")


def _is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether it is one of the folders, or in one of them."""
    return any(f"{path}/".startswith(f"{folder.rstrip('/')}/") for folder in folders)
