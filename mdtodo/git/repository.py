"""The door to git: where the repository is, what it holds, and real git run for everything else.

git is started by `posix_spawn`: importing GitPython costs what twenty gits do, and even `subprocess` more than
one. GitPython is for what takes long anyway (`gitpython`: over a network, and in the demo); its index API is never
used: it runs hooks and loses what a person stages. git gets an environment without what a calling hook left in
`GIT_INDEX_FILE` and the like, and where it refuses, it is quoted.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.system.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import NamedTuple

    from git import Git
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: What git sets for hooks and aliases, and what would make our git work on something else than what was found
#: (`git rev-parse --local-env-vars`, less the settings of `git -c`, which are the person's wish).
LOCAL_VARIABLES = frozenset(
    "GIT_" + name
    for name in (
        *("ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR", "CONFIG", "DIR", "GRAFT_FILE", "IMPLICIT_WORK_TREE"),
        *("INDEX_FILE", "INTERNAL_SUPER_PREFIX", "NAMESPACE", "NO_REPLACE_OBJECTS", "OBJECT_DIRECTORY"),
        *("PREFIX", "QUARANTINE_PATH", "REPLACE_REF_BASE", "SHALLOW_FILE", "WORK_TREE"),
        *("GLOB_PATHSPECS", "ICASE_PATHSPECS", "LITERAL_PATHSPECS", "NOGLOB_PATHSPECS", "REFLOG_ACTION"),
    )
)

#: Those that say which index and which objects the calling git works with; `git commit -a` has an index of its own.
INDEX_VARIABLES = ("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")

#: The settings of every git command of ours: none of the repository's hooks run.
SETTINGS = ("-c", "core.hooksPath=/dev/null")


class Repository(NamedTuple):
    """A work tree and its git directories, as absolute paths without symlinks.

    `git_dir` holds HEAD and the index of this work tree; `common_dir` what its linked worktrees share.
    `explicit` means that git does not find it from `root` on its own, so each command must be told.
    """

    root: str
    git_dir: str
    common_dir: str
    explicit: bool = False


def discover(start: str = ".") -> Repository:
    """The repository whose work tree holds the folder `start`, found as git finds it, and mostly without git.

    Raises GitError: no repository, a bare one, a `.git` that leads nowhere, no git to ask.
    """
    if not os.path.isdir(start):
        raise GitError(f"cannot change to {start!r}: no such folder")
    if named := os.environ.get("GIT_DIR"):
        return _named(start, os.path.realpath(os.path.join(start, named)))
    return _walk(start)


def run(
    repo: Repository | None,
    *args: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    ok: Iterable[int] = (0,),
) -> bytes:
    """Standard output of `git args` in the repository's root; `env` is added to a cleared environment.

    Raises GitError with git's own line where the exit code is not in `ok`, and where there is no git.
    """
    place = cwd if cwd is not None else repo.root if repo is not None else "."
    code, out, err = start(place, args, environment(repo) | dict(env or {})).finish(stdin)
    if code not in ok:
        raise error_from(err, args)
    return out


def start(cwd: str, args: Iterable[str], env: Mapping[str, str], *, own_group: bool = False) -> Process:
    """`git args` in the folder `cwd`, with just that environment; `own_group` in a process group of its own.

    Raises GitError where there is no git.
    """
    return start_program(["git", "-C", cwd, *SETTINGS, *args], env, own_group=own_group)


def start_program(argv: Sequence[str], env: Mapping[str, str], *, own_group: bool = False) -> Process:
    """A program that is git, or comes with it; GitError where there is none."""
    try:
        return Process(argv, env, own_group=own_group)
    except OSError as error:
        # at a limit, as of open files, it is there
        hint = "install git, or put it on PATH" if isinstance(error, FileNotFoundError) else None
        raise GitError(f"cannot run {argv[0]}: {error.strerror}", hint=hint) from error


def list_files(repo: Repository, *pathspecs: str) -> list[str]:
    """Tracked and untracked-but-not-ignored files, as sorted paths relative to the root, `/` between names.

    Submodules count as one entry, nested repositories as none. Names that are not UTF-8 come with
    surrogates, as from `os.fsdecode`. `pathspecs` narrow the list, as in `git ls-files`.
    """
    # A set, since an unmerged path is listed once for each stage.
    out = run(repo, "ls-files", "-co", "--exclude-standard", "-z", "--", *pathspecs)
    return sorted({os.fsdecode(name) for name in out.split(b"\0") if name and not name.endswith(b"/")})


def read_blobs(
    repo: Repository, names: Sequence[str], env: Mapping[str, str] | None = None
) -> dict[str, bytes | None]:
    """The blobs named as `HEAD:path`, `:path` (the index) or by object id, None where there is none.

    One process for any number of names; only a name that a line cannot hold costs one of its own. `env` as in
    `run`.
    """
    # git takes a CR off the end of a line, and would read another file; `cat-file -z` came only with git 2.38.
    plain = [name for name in names if "\n" not in name and not name.endswith("\r")]
    found = {name: _read_blob(repo, name, env) for name in set(names).difference(plain)}
    if plain:
        request = b"".join(os.fsencode(name) + b"\n" for name in plain)
        # Without --buffer git flushes after each object.
        out = run(repo, "cat-file", "--batch", "--buffer", stdin=request, env=env)
        found.update(zip(plain, map(blob_of, batch_answers(out)), strict=True))
    return found


def calling_index() -> dict[str, str]:
    """The environment that lets a command of ours read the index that the calling git works with.

    git takes a relative `GIT_INDEX_FILE` from the root of the work tree, where our commands run.
    """
    return {name: os.environ[name] for name in INDEX_VARIABLES if os.environ.get(name)}


def operation_in_progress(repo: Repository) -> str | None:
    """`merge`, `rebase`, `am`, `cherry-pick`, `revert` or `bisect` while one is in progress here, else None."""

    def there(name: str) -> bool:
        return os.path.exists(os.path.join(repo.git_dir, name))

    if there("rebase-merge") or there("rebase-apply"):
        return "am" if there("rebase-apply/applying") else "rebase"
    for name, operation in _HEADS.items():
        if there(name):
            return operation
    # A series of picks, of which one was resolved by `git commit`: that deletes CHERRY_PICK_HEAD.
    if there("sequencer/todo"):
        with open(os.path.join(repo.git_dir, "sequencer/todo"), "rb") as todo:
            return "revert" if todo.read(6) == b"revert" else "cherry-pick"
    # With reftable only MERGE_HEAD is a file; these two are refs.
    if os.path.isdir(os.path.join(repo.common_dir, "reftable")):
        for name in ("CHERRY_PICK_HEAD", "REVERT_HEAD"):
            if run(repo, "rev-parse", "-q", "--verify", name, ok=(0, 1)):
                return _HEADS[name]
    return None


_HEADS = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


def environment(repo: Repository | None) -> dict[str, str]:
    """The environment of a git command of ours: the caller's without `LOCAL_VARIABLES`, English messages."""
    env = {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}
    # English, since callers look for words of git's where it has no exit code of its own.
    env["LC_ALL"] = env["LANGUAGE"] = "C"
    if repo is not None and repo.explicit:
        env["GIT_DIR"], env["GIT_WORK_TREE"] = repo.git_dir, repo.root
    return env


def error_from(stderr: bytes, args: Sequence[str]) -> GitError:
    """git's refusal in git's own words: its `fatal:` line, otherwise its first one."""
    lines = [line.strip() for line in stderr.decode(errors="replace").split("\n") if line.strip()]
    # what failed is in the line before such a one
    telling = [
        line for line in lines if line not in ("fatal: adding files failed", "fatal: updating files failed")
    ]
    prefixed = (line[7:] for prefix in ("fatal: ", "error: ") for line in telling if line.startswith(prefix))
    words = next(prefixed, lines[0] if lines else f"git {args[0]} failed without a message")
    return GitError(f"git: {words.removeprefix('git: ')}", hint=_hint(stderr))


def _hint(stderr: bytes) -> str | None:
    if b"tell me who you are" in stderr or b"empty ident name" in stderr:
        return 'git config user.name "Your Name" and git config user.email you@example.com say who you are'
    if b"safe.directory" in stderr:
        return "git config --global --add safe.directory PATH trusts the folder"
    return None


def _walk(start: str) -> Repository:
    here = top = os.path.realpath(start)
    while True:
        if (git_dir := _git_dir(here)) is not None:
            return _checked(top, here, git_dir)
        if _is_git_dir(here):
            raise GitError(f"{here} is a bare repository or a git directory: mdtodo needs a work tree")
        parent = os.path.dirname(here)
        if parent == here:
            raise GitError(
                "not a git repository (or any of the parent directories)", hint="git init creates one"
            )
        here = parent


def _named(start: str, git_dir: str) -> Repository:
    """The repository that `GIT_DIR` names: git sets it for hooks, which may have changed the folder since.
    Where `start` is in that very repository, its work tree is known better than by git's rule (the folder
    itself).
    """
    if not os.environ.get("GIT_WORK_TREE"):
        try:
            found = _walk(start)
        except GitError:
            found = None
        if found is not None and found.git_dir == git_dir:
            return found
    return _ask_git(start, explicit=True)


def _git_dir(folder: str) -> str | None:
    """The git directory that `folder/.git` is or names, None without a `.git`."""
    dotgit = os.path.join(folder, ".git")
    if os.path.isdir(dotgit):
        # As git does: a folder .git that is no repository is passed by, but a file that names none is fatal.
        return os.path.realpath(dotgit) if _is_git_dir(dotgit) else None
    if not os.path.isfile(dotgit):
        return None
    with open(dotgit, "rb") as file:
        content = file.read(65536)
    if not content.startswith(b"gitdir: "):
        raise GitError(f"invalid gitfile format: {dotgit}")
    target = os.path.join(folder, os.fsdecode(content[8:].rstrip(b"\r\n")))
    if not _is_git_dir(target):
        raise GitError(f"not a git repository: {target} (named by {dotgit})")
    return os.path.realpath(target)


def _is_git_dir(folder: str) -> bool:
    # lexists: HEAD may be a symlink, which dangles on an unborn branch.
    if not os.path.lexists(os.path.join(folder, "HEAD")):
        return False
    common = _common_dir(folder)
    return os.path.isdir(os.path.join(common, "objects")) and os.path.isdir(os.path.join(common, "refs"))


def _common_dir(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "commondir"), "rb") as file:
            return os.path.realpath(os.path.join(git_dir, os.fsdecode(file.read().rstrip(b"\r\n"))))
    except OSError:
        return os.path.realpath(git_dir)


#: Settings that make the work tree something else than the folder that holds `.git`.
_UNUSUAL = re.compile(
    rb"(?im)^\s*(\[[^\]\n]*\]\s*)?(bare\s*(=(?!\s*(false|no|off|0)\b)|$)|worktree\s*=|worktreeconfig)"
)


def _checked(start: str, root: str, git_dir: str) -> Repository:
    common = _common_dir(git_dir)
    try:
        with open(os.path.join(common, "config"), "rb") as file:
            # Not what it includes: git reads core.bare and core.worktree from this file alone.
            unusual = _UNUSUAL.search(file.read()) is not None
        owners = {os.stat(folder).st_uid for folder in (root, git_dir, common)}
    except OSError:
        unusual, owners = True, set()
    if owners != {os.geteuid()}:  # git has its own rules on whom it trusts
        unusual = True
    return _ask_git(start) if unusual else Repository(root, git_dir, common)


def _ask_git(start: str, *, explicit: bool = False) -> Repository:
    """The repository by git's own account; `explicit` where the environment names it."""
    names = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR") if explicit else ()
    env = {name: os.environ[name] for name in names if name in os.environ}
    asked = ("--is-bare-repository", "--is-inside-work-tree", "--absolute-git-dir", "--git-common-dir")
    out = run(None, "rev-parse", *asked, cwd=start, env=env).split(b"\n")
    if out[1] != b"true":
        what = (
            "a bare repository" if out[0] == b"true" else "a repository without this folder in its work tree"
        )
        raise GitError(f"{os.fsdecode(out[2])} is {what}: mdtodo needs a work tree")
    # Asked apart: it is fatal without a work tree. Not stripped: a path may end in white space.
    top = run(None, "rev-parse", "--show-toplevel", cwd=start, env=env)
    root, git_dir = os.path.realpath(os.fsdecode(top[:-1])), os.path.realpath(os.fsdecode(out[2]))
    common = os.path.realpath(os.path.join(start, os.fsdecode(out[3])))
    return Repository(root, git_dir, common, explicit or _git_dir(root) != git_dir)


def _read_blob(repo: Repository, name: str, env: Mapping[str, str] | None) -> bytes | None:
    try:
        return run(repo, "cat-file", "blob", name, env=env)
    except GitError:
        return None


def blob_of(answer: tuple[bytes, bytes] | None) -> bytes | None:
    """The content of an object, of which `git cat-file --batch` has told type and content, if it is a blob."""
    return answer[1] if answer is not None and answer[0] == b"blob" else None


def read_answer(git: Process) -> tuple[bytes, bytes] | None:
    """Type and content of the next object that a `git cat-file --batch` tells of, None for one that is missing."""
    return _answer(git.line(), git.read)


def batch_answers(out: bytes) -> Iterator[tuple[bytes, bytes] | None]:
    """The same of each object in the output of `git cat-file --batch`."""
    file = BytesIO(out)
    while line := file.readline():
        yield _answer(line, file.read)


def _answer(line: bytes, read: Callable[[int], bytes]) -> tuple[bytes, bytes] | None:
    # `<oid> <type> <size>`, the bytes, a line end; or `… missing`: from the right, since that begins with the name that
    # was asked for, which may hold spaces
    words = line.rstrip(b"\n").rsplit(b" ", 2)
    if len(words) == 3 and words[1] in _TYPES and words[2].isdigit():
        return words[1], read(int(words[2]) + 1)[:-1]
    return None


_TYPES = (b"blob", b"tree", b"commit", b"tag")


@contextmanager
def gitpython(cwd: str) -> Iterator[Git]:
    """What GitPython calls `Repo.git`, in the folder `cwd`: real git, for what takes long anyway.

    GitError, in git's words, where git refuses, unless `with_exceptions=False` asks for the code.
    It is made without a `Repo`, since that reads the variables of a calling hook and would look elsewhere;
    for the same reason this process has none of `LOCAL_VARIABLES` meanwhile.
    """
    aside = {name: os.environ.pop(name) for name in LOCAL_VARIABLES & os.environ.keys()}
    try:
        try:
            from git import Git, GitCommandError
        except ImportError as error:
            hint = "install git, or put it on PATH"
            raise GitError("cannot run git: GitPython cannot find it", hint=hint) from error
        try:
            yield Git(cwd)
        except GitCommandError as error:
            words = str(error.stderr).strip().removeprefix("stderr: ").strip("'")
            raise error_from(words.encode(), ("git",)) from error
    finally:
        os.environ |= aside
