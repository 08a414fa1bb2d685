"""One attempt, carried out in a pool process: what a processor is given, and what became of it.

`perform` takes the plain JSON that `spec` describes, and returns plain JSON again. It yields each process that is to
be watched over, so that whoever does that can watch over others beside it. A command (`command`) and a Python
processor (`python`) differ only in how their process starts: both lead a session of their own, have the task on
standard input and in the environment, write to a bounded log, and are ended with everything that they started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from mdtodo.core.results import Result, signal_name
from mdtodo.errors import MdtodoError
from mdtodo.execution.processors import command, process_tree
from mdtodo.execution.processors.attempt_log import AttemptLog
from mdtodo.execution.processors.metrics import keep_metrics
from mdtodo.execution.processors.output_file import COUNT_LIMIT, OutputFile, OutputFiles, Reported, clean
from mdtodo.execution.processors.spec import (
    IDENTIFYING_VARIABLES,
    AttemptJob,
    encoded,
    exit_status,
    inherited,
)
from mdtodo.execution.processors.supervise import Child, Control, Limits, ProcessExit, Stop, Supervision
from mdtodo.system.process import spawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.clones.sandbox import Sandbox
    from mdtodo.core.task import Json
    from mdtodo.execution.processors.children import Children
    from mdtodo.execution.processors.supervise import Steps


def perform(spec: Json, control: Control, output_files: OutputFiles, children: Children) -> Steps:
    """Carry out an attempt in this process.

    SpecError if it does not say what to do.
    """
    job = AttemptJob.read(spec)
    with closing(AttemptLog(job.log, job.log_limit)) as log:
        output_file = output_files.open(os.path.dirname(job.log))
        unused = False
        try:
            result = yield from _in_its_place(job, log, output_file, Means(control, children))
            unused = sys.platform == "linux" and not children.orphans()
        finally:
            output_files.close(output_file, unused=unused)
        result = result._replace(tail=log.tail())
    return result._replace(log_error=log.error, logged=log.made)


class Means(NamedTuple):
    """What an attempt is carried out with."""

    control: Control
    children: Children


def _in_its_place(job: AttemptJob, log: AttemptLog, output_file: OutputFile, means: Means) -> Steps:
    """In the checkout, or in a clone of its own."""
    if job.commit is not None and job.clone is None:
        from mdtodo.execution.processors.at_commit import carry_out_at_commit

        return carry_out_at_commit(job, log, lambda moved: _with_outputs(moved, log, output_file, means))
    if job.clone is None:
        return _with_outputs(job, log, output_file, means)
    from mdtodo.execution.processors.in_clone import carry_out_in_clone

    return carry_out_in_clone(job, log, lambda moved: _carry_out(moved, log, output_file, means))


def _with_outputs(job: AttemptJob, log: AttemptLog, output_file: OutputFile, means: Means) -> Steps:
    """As `_carry_out`, with what it wrote of its declared outputs; it does not begin where these are a person's."""
    if job.outputs is None:
        return (yield from _carry_out(job, log, output_file, means))
    from mdtodo.outputs.snapshot import OutputSnapshot

    try:
        before = OutputSnapshot(job.outputs, job.cwd, str(job.task.get("id")))
    except MdtodoError as error:
        return Result(None, error=f"its outputs cannot be told from other changes: {error}")
    if refused := before.refused:
        for path, reason in refused.items():
            log.note(f"not started, since {path} is an output of it: {reason}")
        return Result(None, outputs={"refused": refused})
    means.control.spool("begun", {"outputs": before.note(output_file.path)})
    result = yield from _carry_out(job, log, output_file, means)
    outputs, sentences = before.end(output_file.read().outputs)
    for sentence in sentences:
        log.note(f"MDTODO_OUTPUT: {sentence}")
    return result._replace(outputs={**outputs, "said": sentences})


def _carry_out(job: AttemptJob, log: AttemptLog, output_file: OutputFile, means: Means) -> Steps:
    try:
        job = _in_its_folder(job)
    except NoFolderError as error:
        reason = str(error)
        log.note(reason)
        return Result(command.NOT_EXECUTABLE, error=reason)
    daemons = means.children.orphans()
    output, writing = os.pipe()
    source = _nameless_file(json.dumps(job.task).encode() + b"\n")
    # A file and no pipe: what is said in it is there after a crash too, and nobody has to read along.
    report = -1 if job.python is None else _nameless_file()
    try:
        pid = _start(job, _bytes_environment(job, output_file), (source, writing, report), output_file)
    except (OSError, ValueError) as error:
        os.close(output)
        return command.not_started(job.run, error, log)
    finally:
        os.close(writing)
        os.close(source)
    # The pool process outlives what goes wrong here, and would forget whom it started.
    means.children.add(pid, {name: job.env[name] for name in IDENTIFYING_VARIABLES if name in job.env})
    try:
        child = Child(pid, output, daemons, sandboxed=job.sandbox is not None)
        ending = yield Supervision(child, log, output_file, job.limits, *means)
    except BaseException:
        process_tree.signal_group(pid, signal.SIGKILL)
        means.children.forget(pid)
        raise
    reported = None if report < 0 else _read_report(report)
    return _result(job, ending, reported or {}, output_file.read(), log)


class NoFolderError(Exception):
    """Nothing can run in the folder of a job; the sentence says why."""


def _in_its_folder(job: AttemptJob) -> AttemptJob:
    """The job with its folder as it is without links: what a link leads to from now on makes no difference.

    Raises NoFolderError where there is no such folder in the work tree; git's own folder is none.
    """
    if job.cwd == job.root:
        return job
    shown = os.path.relpath(job.cwd, job.root)
    real, root = os.path.realpath(job.cwd), os.path.realpath(job.root)
    if not os.path.isdir(real):
        there = os.path.lexists(job.cwd)
        raise NoFolderError(f"cwd: {shown} is not a folder" if there else f"cwd: no such folder: {shown}")
    # Of the real paths, and not of what is written: a link to `..` or into `.git` looks like a folder inside. And the
    # file system of a Mac takes .GIT for .git.
    inside = f"{real}/".removeprefix(f"{root}/")
    if inside.startswith("/") or inside.split("/", 1)[0].casefold() == ".git":
        raise NoFolderError(f"cwd: {shown} is outside the repository")
    return job._replace(cwd=real)


def _start(
    job: AttemptJob, env: dict[bytes, bytes], files: tuple[int, int, int], output_file: OutputFile
) -> int:
    """Start the process of a job, of whichever kind; its id."""
    if job.sandbox is not None:
        return _start_in_sandbox(job, job.sandbox, env, files, output_file)
    if job.python is not None:
        from mdtodo.execution.processors import python

        return python.fork(job.python, job.task, env, (job.root, job.cwd), files)
    return command.start(job.run, env, job.cwd, files[:2])


def _start_in_sandbox(
    job: AttemptJob,
    place: Sandbox,
    env: dict[bytes, bytes],
    files: tuple[int, int, int],
    output_file: OutputFile,
) -> int:
    """The same in a sandbox, which a fork could not get into: a Python processor is a program there."""
    from mdtodo.clones.sandbox import wrap
    from mdtodo.execution.processors import python_program

    source, writing, report = files
    given: tuple[int, ...] = (source, writing, writing)
    if job.python is not None:
        argv = python_program.command_line(job.python, (job.root, job.cwd))
        place, given = place._replace(readable=(*place.readable, *python_program.visible())), (*given, report)
    else:
        argv = ["/bin/sh", "-c", job.run] if isinstance(job.run, str) else job.run
    os.chdir(job.cwd)
    line = wrap(argv, place._replace(writable=(output_file.path,)), env, job.cwd)
    return spawn(line, env, given, session=True)


def _read_report(descriptor: int) -> dict[str, object] | None:
    """What a Python processor's process reported, None if it ended too early. Closes the descriptor."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb") as file:
        try:
            return cast("dict[str, object]", json.load(file))
        except ValueError:
            return None


def _result(
    job: AttemptJob, ending: ProcessExit, report: Json, reported: Reported, log: AttemptLog
) -> Result:
    stopped = ending.stop is not None
    code, error = _ended_as(ending, {} if stopped else report)
    if isinstance(job.run, str) and job.python is None and not stopped:
        error = command.error_in_shell(code)
    returned = report.get("metrics")
    refused = keep_metrics(returned, reported.metrics) if isinstance(returned, dict) else None
    for sentence in (*_refused(job, reported), *_stop_sentence(ending, job.limits), refused):
        if sentence is not None:
            log.note(sentence)
    return Result(
        exit_code=code,
        timed_out=ending.stop is Stop.TIMEOUT or bool(report.get("timed_out")),
        duration=round(ending.duration, 6),
        error=None if error is None else clean(error),
        notes=(*reported.notes, *_cleaned(report.get("notes"))),
        subtasks=(*reported.subtasks, *_cleaned(report.get("subtasks"), COUNT_LIMIT + 1)),
        metrics=reported.metrics,
        interrupted=ending.stop in (Stop.CANCELLED, Stop.ABANDONED),
    )


def _ended_as(ending: ProcessExit, report: Json) -> tuple[int | None, str | None]:
    """Exit code and error of an attempt. A Python processor's report holds only if its process then ended so too, and
    did not crash in what runs at its exit."""
    if "exit_code" not in report:
        return ending.exit_code, cast("str | None", report.get("error"))
    code = cast("int | None", report["exit_code"])
    if ending.exit_code == exit_status(code):
        return code, cast("str | None", report.get("error"))
    left = ending.exit_code or 0
    how = f"by {signal_name(-left)}" if left < 0 else f"with exit code {left}"
    sentence = f"its process ended {how} after its function had returned"
    return ending.exit_code or code, sentence


def _refused(job: AttemptJob, reported: Reported) -> tuple[str, ...]:
    """What of its output file counts for nothing."""
    if reported.outputs and not job.outputs:
        return (*reported.ignored, "MDTODO_OUTPUT: its processor declares no outputs")
    return tuple(reported.ignored)


def _stop_sentence(ending: ProcessExit, limits: Limits) -> tuple[str, ...]:
    match ending.stop:
        case Stop.TIMEOUT:
            return (f"timed out after {limits.timeout:g} s",)
        case Stop.CANCELLED:
            return ("interrupted",)
        case Stop.ABANDONED:
            return ("stopped, since mdtodo itself had ended",)
        case None:
            return ()


def _bytes_environment(job: AttemptJob, output_file: OutputFile) -> dict[bytes, bytes]:
    """In bytes, so that no locale can refuse a title."""
    own = {**job.env, "MDTODO_OUTPUT": output_file.path}
    base = _base_environment() if job.inherits is None else job.inherits
    return {**base} | {encoded(name): encoded(value) for name, value in own.items()}


@cache
def _base_environment() -> dict[bytes, bytes]:
    """What a pool process inherited; it changes nothing of it."""
    return {encoded(name): encoded(value) for name, value in inherited(os.environ).items()}


def _nameless_file(data: bytes = b"") -> int:
    """A descriptor, at the beginning of a file that holds `data` and has no name.

    As standard input it needs nobody to feed it: a command may leave it unread.
    """
    try:
        descriptor = os.memfd_create("mdtodo", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        import tempfile

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    written = 0
    while written < len(data):  # by pwrite(2), which leaves the descriptor at the beginning
        written += os.pwrite(descriptor, data[written:], written)
    return descriptor


def _cleaned(texts: object, most: int = COUNT_LIMIT) -> list[str]:
    return [clean(text) for text in cast("Sequence[str]", texts or ())[:most]]
