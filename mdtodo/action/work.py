"""The step that does the work, without a token: check, preview, run or verify, and tell the runner of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.action.bundle import write_bundle
from mdtodo.action.console import add_summary, set_outputs
from mdtodo.action.event import GitHubEvent, Mode, branch_to_push, is_receipt, other_branch
from mdtodo.action.handover import Handover, bundle_of, new_folder
from mdtodo.action.inputs import Inputs, take_inputs
from mdtodo.action.settings import set_identity, trust_checkout
from mdtodo.cli import guarded
from mdtodo.cli.context import Session
from mdtodo.core.task import Severity
from mdtodo.errors import ConfigError, MdtodoError
from mdtodo.git.position import head_position
from mdtodo.proof.rules import AT_LEAST
from mdtodo.reporting import github_summary
from mdtodo.reporting.findings import print_annotations, print_findings, tell_strict
from mdtodo.reporting.github_commands import annotate, quoted, say
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    import click

    from mdtodo.core.results import GivenUp, RunReport, TaskRun
    from mdtodo.core.task import Finding
    from mdtodo.operations.check.check import Checked


def work(environ: MutableMapping[str, str]) -> int:
    """Do what event and inputs ask for, and leave for `deliver` what it needs; the exit code of this step.

    That is 0 wherever there is something to deliver, which then ends as the work did.
    """
    environ.pop("MDTODO_PYTHON", None)
    return guarded(lambda: _work(environ))


def _work(environ: MutableMapping[str, str]) -> int:
    try:
        inputs = take_inputs(environ)
        job = _ActionRun.begin(environ, inputs)
        job.act()
    except MdtodoError as error:
        _annotate_error(error, "")
        return error.exit_code
    job.report()
    folder = new_folder(environ)
    receipts = job.hand_over(folder)
    set_outputs(environ, {"state": folder, "bundle": folder if receipts else ""})
    return 0


#: What is said of ticks, and of what lets them pass.
_GATE = frozenset({"unproven", "gate-changed", "open-task-removed"})
#: The exit code where it cannot work.
_BROKEN = 3


class _CheckArgs(NamedTuple):
    """What the input `args` of the command `check` may say."""

    paths: tuple[str, ...] = ()
    strict: bool = False
    errors_only: bool = False
    commits: str | None = None


@dataclass(slots=True)
class _ActionRun:
    """One call of the Action. `start` is the commit that was checked out."""

    environ: MutableMapping[str, str]
    inputs: Inputs
    session: Session
    event: GitHubEvent
    mode: Mode
    start: str
    code: int = 0
    error: MdtodoError | None = None
    findings: list[Finding] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, environ: MutableMapping[str, str], inputs: Inputs) -> _ActionRun:
        """Raises MdtodoError where there is no checkout to work in, or no configuration that can be read."""
        folder = os.path.join(environ.get("GITHUB_WORKSPACE") or os.getcwd(), inputs.directory)
        session = Session.start([folder], "never", debug=False)
        trust_checkout(environ, folder)
        set_identity(session.repo, environ)
        if inputs.proof:
            environ[AT_LEAST] = inputs.proof
        # Read now, so that an error in it is reported before anything runs.
        _ = session.config
        event = GitHubEvent.read(environ)
        mode, why = event.decide(inputs.command, in_fork=inputs.in_fork)
        return cls(
            environ,
            inputs,
            session,
            event,
            mode,
            head_position(session.repo).commit,
            sentences=[why] if why else [],
        )

    def act(self) -> None:
        """By mode; also what is run by a push of our own is only checked."""
        if self.event.name == "push" and self.mode in (Mode.RUN, Mode.VERIFY) and self._is_own_push():
            self.mode = Mode.NOTHING
            self.sentences.append("only receipts of mdtodo were pushed: there is nothing to run")
        for sentence in self.sentences:
            with quoted():
                say(f"mdtodo: {one_line(sentence)}")
        if self.mode is Mode.NOTHING:
            return
        checked = self._check()
        if self.mode is Mode.CHECK:
            self.code = checked
        elif self.mode is Mode.PREVIEW:
            self.code = max(checked, self._call("run", "--dry-run") if checked < _BROKEN else 0)
        else:
            self._check_branch()
            # First, since tasks that are about to run may wait for what the commits close.
            self._close()
            self.code = max(
                self.code, self._gate_code(), self._call(self.mode.value, *self._without_commit())
            )

    def report(self) -> None:
        """Annotations, and the job summary."""
        report = self._report()
        above = self._prefix()
        reads = self.mode in (Mode.CHECK, Mode.PREVIEW)
        wanted = [one for one in self.findings if reads or one.severity is Severity.ERROR]
        for task in report.tasks if report else ():
            if task.failed:
                message = "\n".join(filter(None, (one_line(task.reason), task.tail)))
                _annotate_task(task, "failed", message or "no output", above)
        for one in report.given_up if report else ():
            back = f"mdtodo reopen {one.id} puts it back in the queue"
            _annotate_task(one, "given up", f"given up after {one.failures} failed runs; {back}", above)
        print_annotations(wanted, above=above)
        if self.error is not None:
            _annotate_error(self.error, above)
        elif self.code not in (0, 1) and not self.findings:
            annotate("error", f"mdtodo exited with code {self.code}; see the log", title="mdtodo")
        add_summary(self.environ, self._summary(report))

    def hand_over(self, folder: str) -> bool:
        """Leave what `deliver` needs in the folder; whether there are receipts."""
        writes = self.mode in (Mode.RUN, Mode.VERIFY) and not self._without_commit()
        made = writes and self._bundle(bundle_of(folder))
        Handover(
            code=self.code,
            report=self._report(),
            findings=tuple(self.findings) if self.mode in (Mode.CHECK, Mode.PREVIEW) else None,
        ).write(folder)
        return made

    def _bundle(self, path: str) -> bool:
        """Write a bundle of what was committed since the checkout; whether that is anything."""
        head = head_position(self.session.repo)
        if not self.start or head.commit == self.start:
            return False
        write_bundle(self.session.repo, path, head.ref, self.start)
        return True

    def _is_own_push(self) -> bool:
        from mdtodo.git.messages import messages

        pushed = self.event.messages
        if not pushed and self.start:
            pushed = messages(self.session.repo, self.start)
        return bool(pushed) and all(is_receipt(message.text) for message in pushed)

    def _check(self) -> int:
        """The findings, of the files that are asked for; as exit code."""
        from mdtodo.planning.selection import file_fits

        asked = self._asked_of_check()
        found = self._found(asked)
        files = self.inputs.files
        wanted = found.errors() if asked.errors_only else found.findings
        self.findings = [
            one for one in wanted if not files or any(file_fits(pattern, one.file) for pattern in files)
        ]
        if self.mode not in (Mode.CHECK, Mode.PREVIEW):
            return 0
        judged = found._replace(findings=self.findings, strict=asked.strict or found.strict)
        with quoted():
            print_findings(self.findings, color=False)
            if judged.exit_code == 1:
                tell_strict(self.findings, option=asked.strict)
        for error in found.unreadable:
            _annotate_error(error, self._prefix())
        return judged.exit_code if self.error is None else self.error.exit_code

    def _found(self, asked: _CheckArgs) -> Checked:
        """All that is wrong; of the gate, on a pull request, what it says of the commits that this is about."""
        from mdtodo.operations.check.check import check, check_range

        repo, paths = self.session.repo, asked.paths
        commits = asked.commits or (f"{self.event.base}..HEAD" if self.event.base else None)
        found = check(repo, self.session.config, self.session.named(paths))
        if commits is None or self.mode not in (Mode.CHECK, Mode.PREVIEW):
            return found
        rest = [one for one in found.findings if one.code not in _GATE]
        try:
            made = check_range(repo, commits, paths, cwd=self.session.directory)
        except MdtodoError as error:
            self.error = error
            return found._replace(findings=rest)
        # the configuration of the base, too, which the pull request cannot change
        return found._replace(findings=[*rest, *made.findings], strict=found.strict or made.strict)

    def _check_branch(self) -> None:
        """Raises UsageError where what is committed could not be pushed; before anything runs."""
        ref = head_position(self.session.repo).ref
        wanted = branch_to_push(self.inputs.branch, self.environ.get("GITHUB_REF", ""))
        pushes = (self.inputs.push or self.inputs.pull_request) and not self._without_commit()
        if pushes and ref != wanted:
            raise other_branch(ref, wanted)

    def _gate_code(self) -> int:
        """1 where the inputs ask for proof, and a tick has none: a run is no check, but for what is asked for."""
        errors = (one for one in self.findings if one.severity is Severity.ERROR)
        return int(bool(self.inputs.proof) and any(one.code in _GATE for one in errors))

    def _asked_of_check(self) -> _CheckArgs:
        """What the arguments ask for; those for another command are not for this one."""
        if self.inputs.command != "check":
            return _CheckArgs()
        import click

        from mdtodo.cli.commands.check import command

        try:
            given = command.make_context("check", list(self.inputs.args)).params
        except click.ClickException as error:
            from mdtodo.errors import UsageError

            raise UsageError(f"the input args: {error.format_message()}") from None
        return _CheckArgs(**{name: given[name] for name in _CheckArgs._fields})

    def _close(self) -> None:
        """What the pushed commits close, if the configuration lets them."""
        if (
            self.mode is not Mode.RUN
            or self.event.name != "push"
            or not self.session.config.close_from_commits
        ):
            return
        from mdtodo.cli._close_from import close_and_report

        if self._without_commit():
            return
        with quoted():
            self.code = guarded(lambda: close_and_report(self.session, self.event.messages))

    def _without_commit(self) -> tuple[str, ...]:
        """On a pull request, and where HEAD is on no branch, as for a tag, there is nothing to commit to."""
        detached = not head_position(self.session.repo).ref.startswith("refs/heads/")
        return ("--no-commit",) if detached or self.event.is_pull_request else ()

    def _call(self, name: str, *more: str) -> int:
        """A command of the command line, in this process; its exit code. What it raises is kept."""
        from importlib import import_module

        command: click.Command = import_module(f"mdtodo.cli.commands.{name}").command
        files = [word for file in self.inputs.files for word in ("--file", file)]
        jobs = ["--jobs", str(self.inputs.jobs)] if self.inputs.jobs else []
        words = [*jobs, *files, *more, *self.inputs.args]

        def call() -> object:
            try:
                return command.main(
                    words, prog_name=f"mdtodo {name}", standalone_mode=False, obj=self.session
                )
            except MdtodoError as error:
                self.error = error
                raise

        with quoted():
            return guarded(call)

    def _report(self) -> RunReport | None:
        return self.session.reports[-1] if self.session.reports else None

    def _prefix(self) -> str:
        """The folder of the repository in the workspace, which annotations count from; empty, or with a `/`."""
        workspace = os.path.realpath(self.environ.get("GITHUB_WORKSPACE") or self.session.repo.root)
        relative = os.path.relpath(self.session.repo.root, workspace)
        return "" if relative == "." or relative.startswith("..") else f"{relative}/"

    def _summary(self, report: RunReport | None) -> Sequence[str]:
        links = github_summary.Links.of(self.environ, self.start)
        parts = [github_summary.heading(self.mode.value, report, self.sentences)]
        if self.error is not None:
            parts.append(github_summary.sentences([str(self.error)]))
        if report is not None:
            parts += [github_summary.messages(report), github_summary.results(report, links)]
        if self.mode in (Mode.CHECK, Mode.PREVIEW):
            parts.append(github_summary.findings(self.findings, links))
        for tasks in self.session.previews:
            parts.append(github_summary.preview(tasks, links))
        if self.mode is not Mode.CHECK and self.mode is not Mode.NOTHING:
            finished = {task.id for task in report.tasks if task.attempts} if report else set[str]()
            parts.append(github_summary.graph(self.session.project(tolerant=True).plan, finished))
        if report is not None:
            parts += github_summary.tails(report)
        return [part for part in parts if part]


def _annotate_task(task: TaskRun | GivenUp, what: str, message: str, above: str) -> None:
    title = f"{what}: {one_line(task.title)}"
    annotate("error", message, file=above + task.file, line=task.line, title=title)


def _annotate_error(error: MdtodoError, above: str) -> None:
    for one in error.each if isinstance(error, ConfigError) else (error,):
        _annotate_one(one, above)


def _annotate_one(error: MdtodoError, above: str) -> None:
    file = above + error.file if error.file else ""
    message = f"{error.sentence if file else error}" + (f"\n{error.hint}" if error.hint else "")
    annotate("error", message, file=file, line=error.line, title="mdtodo")
