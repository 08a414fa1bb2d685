"""What a command works with: where it was started, how it may print, the repository, its configuration,
its tasks."""

from __future__ import annotations

import os
import sys
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.names import counted
from mdtodo.errors import ConfigError, GitError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.config.settings import Config
    from mdtodo.core.results import RunReport
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.planning.plan import Plan
    from mdtodo.project.project import Project
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(slots=True, eq=False, repr=False)
class Session:
    """One call of the command line. The repository and its configuration are read when first asked for.

    `verbosity`: -1 prints only errors and what was asked for, 1 also what is done on the way.
    `reports` and `previews` are what runs and dry runs of this call came to, for whoever called the command.
    """

    directory: str
    color: bool | None
    debug: bool = False
    verbosity: int = 0
    _repo: Repository | None = None
    _config: Config | None = None
    reports: list[RunReport] = field(default_factory=list)
    previews: list[tuple[Task, ...]] = field(default_factory=list)

    @classmethod
    def start(cls, directories: Sequence[str], color: str, debug: bool) -> Session:
        """From the global options: several -C add up, as in git; NO_COLOR (any value) and TERM=dumb turn colour off.

        Raises UsageError where a folder is not there, GitError where the current one cannot be worked in.
        """
        try:
            here = os.getcwd()
            os.stat(here)
        except OSError as error:
            raise GitError(f"the current folder cannot be used: {error.strerror}") from error
        directory = os.path.join(here, *directories)
        if not os.path.isdir(directory):
            raise UsageError(f"-C {directories[-1]}: no such folder")
        wanted = {"always": True, "never": False}.get(color)
        if wanted is None and (os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"):
            wanted = False
        return cls(directory, wanted, debug)

    @property
    def quiet(self) -> bool:
        """Whether only errors and results are printed."""
        return self.verbosity < 0

    @property
    def verbose(self) -> bool:
        """Whether more than usual is printed."""
        return self.verbosity > 0

    def say(self, sentence: str) -> None:
        """A message on standard error, which is no error: not with -q."""
        if not self.quiet:
            from mdtodo.reporting.text import tell

            tell(sentence)

    def hint(self, sentence: str) -> None:
        """What to type next, on standard error: not with -q."""
        if not self.quiet:
            from mdtodo.reporting.text import tell

            tell(sentence, first="  ", rest="    ")

    def detail(self, sentence: str) -> None:
        """A message for -v alone."""
        if self.verbose:
            self.say(sentence)

    @property
    def repo(self) -> Repository:
        """The repository around the folder; GitError where there is none with a work tree."""
        if self._repo is None:
            from mdtodo.git.repository import discover

            self._repo = discover(self.directory)
            self.detail(f"work tree: {self._repo.root}")
        return self._repo

    @property
    def config(self) -> Config:
        """The validated configuration; ConfigError where it is broken."""
        if self._config is None:
            from mdtodo.project.project import read_config

            self._config = read_config(self.repo)
            files = sorted(set(self._config.sources.values()))
            self.detail(f"configuration: {', '.join(files) or 'none, only defaults'}")
        return self._config

    def reread(self) -> None:
        """Read the configuration again when it is next asked for."""
        self._config = None

    def use(self, config: Config) -> None:
        """Work with this configuration instead of the repository's."""
        self._config = config

    def project(self, paths: Sequence[str] = (), *, tolerant: bool = False, past: bool = False) -> Project:
        """Every task, planned; `paths` (as `named` gives them) are read too. `past`: see `read_project`."""
        from mdtodo.project.project import read_project

        project = read_project(self.repo, self.config, paths=paths, tolerant=tolerant, past=past)
        self.detail(
            f"read {counted(len(project.documents), 'file')} with {counted(len(project.tasks), 'task')}"
        )
        return project

    def readable_tasks(self) -> Mapping[str, Task]:
        """Those of the files now; none where these, or the configuration, cannot be read."""
        plan = self.readable_plan()
        return {} if plan is None else plan.tasks

    def readable_plan(self) -> Plan | None:
        """That of the same, or None."""
        try:
            return self.project(tolerant=True).plan
        except (ConfigError, InputError):
            return None

    def print_tasks(self, plan: Plan, tasks: Sequence[Task], *, as_json: bool, grouped: bool = False) -> None:
        """The tasks as JSON, or for a person; `grouped` by files and headings."""
        if as_json:
            from mdtodo.reporting.json_documents import print_tasks_json

            print_tasks_json(plan, tasks)
            return
        from mdtodo.planning.dates import local_today
        from mdtodo.reporting.list import print_tasks

        today = local_today().isoformat()
        print_tasks(plan, tasks, today, colored=self.colored(), grouped=grouped)

    def tell_conflicts(self, project: Project) -> None:
        """Say of each file that has conflict markers that it has: they may look like titles, and tasks are doubled."""
        for file, line in project.conflicts():
            self.say(
                f"{file}:{line}: conflict markers; until they are resolved, the tasks of both sides are shown"
            )

    def named(self, paths: Sequence[str]) -> tuple[str, ...]:
        """The files that paths as typed stand for, relative to the root of the work tree.

        Raises UsageError where one leads out of it, InputError where it is no readable file.
        """
        from mdtodo.git.files.worktree_files import find

        return find(self.repo, self.config.task_files, paths, cwd=self.directory) if paths else ()

    def patterns(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Files, folders or globs as typed, relative to the root: from the folder that they were typed in, or else from
        the root. One that is not there matches nothing, and is named; UsageError if that is so of all of them, or if
        one is outside the work tree.
        """
        found = {path: self._pattern(path) for path in paths}
        missing = [path for path, pattern in found.items() if not pattern]
        if paths and len(missing) == len(found):
            raise UsageError(f"--file {missing[0]}: no such file or folder")
        for path in missing:
            self.say(f"--file {path}: no such file or folder")
        return tuple(pattern for pattern in found.values() if pattern)

    def _pattern(self, path: str) -> str:
        """The same of one; "" if it is not there."""
        root, typed = self.repo.root, os.path.join(os.path.realpath(self.directory), path)
        if any(sign in path for sign in "*?["):
            found = os.path.normpath(typed)
        else:
            places = (typed, os.path.join(root, path))
            found = next((os.path.realpath(place) for place in places if os.path.exists(place)), "")
            if not found:
                return ""
        relative = os.path.relpath(found, root)
        if relative.split("/", 1)[0] == "..":
            raise UsageError(f"{path} is outside the work tree {root}")
        return "*" if relative == "." else relative

    def exists(self, path: str) -> bool:
        """Whether something is there at a path as typed."""
        return os.path.lexists(os.path.join(self.directory, path))

    def colored(self) -> bool:
        """Whether to colour what goes to standard output."""
        return sys.stdout.isatty() if self.color is None else self.color
