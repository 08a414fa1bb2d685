"""What `run` and `verify` have in common: the run itself, and what is told of it."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from mdtodo.cli.context import Session
    from mdtodo.config.settings import Config
    from mdtodo.core.results import RunReport
    from mdtodo.core.task import Task
    from mdtodo.errors import MdtodoError
    from mdtodo.project.project import Project
    from mdtodo.run.run_options import Options
    from mdtodo.workers.remote_run import RemoteRun
    from mdtodo.workers.watch import Rhythm


def pool_ahead(*, dry_run: bool, executor: str | None = None) -> AbstractContextManager[None]:
    """What the pool of a run needs, started before all else that a run imports and reads."""
    if dry_run or executor not in (None, "local"):
        return nullcontext()
    from mdtodo.execution.local.forkserver import started_ahead

    return started_ahead()


def report_dry_run(session: Session, options: Options, *, as_json: bool) -> int:
    """Say what would run, in its order."""
    from mdtodo.run.run import dry_run

    project = session.project(options.archives)
    if session.config.auto_expand and not options.verify:
        from mdtodo.run.auto_expand import expanded_for_dry_run

        project, options = expanded_for_dry_run(project, options, session.say)
    tasks, left = dry_run(project, options)
    session.previews.append(tasks)
    say(left.messages)
    session.print_tasks(project.plan, tasks, as_json=as_json)
    if not as_json and (tasks or options.verify):
        session.say(f"{len(tasks)} would run; nothing was started")
    elif not as_json:
        say([left.nothing])
    return 1 if left.refused else 0


def report_left_out(tasks: Iterable[Task]) -> None:
    """Say of tasks that were named, and that do not match the filters given with them, that they do not run."""
    from mdtodo.core.titles import title_and_id

    say(f"{title_and_id(task)} does not match the filters, so it is left out" for task in tasks)


def say(sentences: Iterable[str]) -> None:
    """Sentences for a person, each on a line of standard error, also with -q: they explain the exit code."""
    from mdtodo.reporting.text import tell

    for sentence in sentences:
        tell(sentence)


def run_and_report(
    session: Session,
    options: Options,
    *,
    as_json: bool,
    push: bool = False,
    remote: str | None = None,
    file: str | None = None,
) -> int:
    """Run, with progress on standard error, and the report on standard output, and in `file`; the exit code. With -q
    nothing but what failed. With `remote` tasks are claimed there.

    Raises GitError, after the report, where a push was asked for and did not succeed; InputError where `file` cannot be
    written.
    """
    write = None if file is None else _writer(session, os.path.join(session.directory, file))
    report, refusal = run_once(session, options, as_json=as_json, push=push, remote=remote)
    session.reports.append(report)
    if write is not None:
        write(report)
    # only now, as what was run and committed stays, whatever became of the push
    if refusal is not None:
        raise refusal
    return report.exit_code


def refuse_list(session: Session, file: str) -> None:
    """Raise UsageError where what a run writes to this file would take the place of a TODO file or an archive."""
    from mdtodo.config.settings import Config
    from mdtodo.core.path_patterns import matcher
    from mdtodo.errors import MdtodoError, UsageError

    try:
        root = os.path.realpath(session.repo.root)
    except MdtodoError:
        return
    try:
        patterns = session.config.files_and_archives
    except MdtodoError:  # a configuration that is broken, of which the run will tell
        patterns = Config().files_and_archives
    path = os.path.relpath(os.path.realpath(file), root)
    if matcher(patterns)(path):
        raise UsageError(f"{file} is a list of tasks: name another file")


def _writer(session: Session, file: str) -> Callable[[RunReport], None]:
    """Writes the report to a file. Raises UsageError or InputError, before anything runs, where it cannot be."""
    from mdtodo.reporting.report_file import form_of, write

    refuse_list(session, file)
    form = form_of(file)
    return lambda report: write(file, form(report))


def run_once(
    session: Session,
    options: Options,
    *,
    as_json: bool,
    push: bool,
    remote: str | None = None,
    left: bool = True,
) -> tuple[RunReport, MdtodoError | None]:
    """The same; the report, and why what was done could not be pushed. Without `left` nothing is said of what was
    left."""
    options = replace(options, verbose=session.verbose)
    if remote is None:
        report, refusal = _run_and_push(session, options, None, quiet=as_json or session.quiet, push=push)
    else:
        from mdtodo.workers.remote_run import RemoteRun

        there, refusal = RemoteRun.of(session.repo, session.config, remote, push=push), None
        done = False
        try:
            report, refusal = _run_and_push(
                session, options, there, quiet=as_json or session.quiet, push=push
            )
            # of a run that was interrupted, nothing else says whether its push was too
            done = push and refusal is None and (there.arrived or not report.interrupted)
        finally:
            said = there.finish(pushed=done)
        report = report._replace(messages=(*report.messages, *said))
    if not left:
        report = report._replace(left=())
    from mdtodo.reporting.summary import print_messages, print_summary

    if as_json:
        from mdtodo.reporting.json_documents import print_run_json

        print_messages(report)
        print_run_json(report)
    elif session.quiet:
        print_messages(report)
        _report_failures(report)
    else:
        print_summary(report, color=session.color, verified=options.verify, proven=options.prove)
    return report, refusal


def _run_and_push(
    session: Session, options: Options, remote: RemoteRun | None, *, quiet: bool, push: bool
) -> tuple[RunReport, MdtodoError | None]:
    """The report, and why nothing was pushed where that was asked for."""
    from mdtodo.reporting.progress import observer_for
    from mdtodo.run.run import run

    leases, send = (None, None) if remote is None else (remote.over, remote.send)
    with observer_for(color=session.color, quiet=quiet) as observer:
        report = run(session.repo, session.config, options, observer, leases=leases)
    if not push:
        return report, None
    from mdtodo.landing.push.after_run import push_receipts

    again = None if remote is None else remote.again
    return push_receipts(session.repo, session.config, report, send=send, again=again)


def _report_failures(report: RunReport) -> None:
    """What failed, and the end of its output."""
    from mdtodo.reporting.progress import describe, mark, tail

    for done in report.tasks:
        if done.failed:
            click.echo("\n".join([f"{mark(done)[0]} {describe(done)}", *tail(done)]), err=True)


def run_again_and_again(
    session: Session,
    options: Callable[[Project], Options],
    rhythm: Rhythm,
    *,
    as_json: bool,
    push: bool,
    remote: str | None = None,
    worker: str | None = None,
) -> int:
    """Runs as they come, each reported as one; the exit code."""
    from mdtodo.config.value_types import format_duration
    from mdtodo.system import process_identity
    from mdtodo.workers.presence import Presence
    from mdtodo.workers.watch import Watch

    def run(config: Config, options: Options) -> tuple[RunReport, MdtodoError | None]:
        session.use(config)
        # `watch` would say the same after each batch
        return run_once(session, options, as_json=as_json, push=push, remote=remote, left=options.joint)

    presence = Presence(session.repo, worker or process_identity.name(), session.config.lease)
    watch = Watch(session.repo, rhythm, options, run, lambda sentence: say([sentence]), presence)
    session.say(
        f"looking for work when files change, and every {format_duration(rhythm.interval)}; Ctrl-C ends"
    )
    if watch.go_on():
        say(["interrupted"])
        return 130
    return 1 if watch.failed else 0
