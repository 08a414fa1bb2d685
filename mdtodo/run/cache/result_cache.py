"""The result cache: a task is not run again while what its processor reads is what it was at its last result.

Only for processors that declare `inputs`. What the last result was, this clone's state says, and the receipts of the
branch do, so that a fresh clone knows it as well; the newer one counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdtodo.core.results import EXPANDED, REWRITTEN, Outcome
from mdtodo.core.task import Status
from mdtodo.core.titles import few
from mdtodo.errors import GitError
from mdtodo.markdown.anchors import place_digest
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.survey import survey
from mdtodo.run.cache.input_digests import DeclaredInputs, InputReader, InputState, json_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdtodo.config.processor_settings import Processor
    from mdtodo.core.results import PastRun, Result
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.receipts.log import Newest
    from mdtodo.run.ready_queue import ReadyQueue
    from mdtodo.storage.state import StateStore


@dataclass(slots=True)
class ResultCache:
    """The cached results of one run's tasks, and what is to be kept of those that come."""

    repo: Repository
    state: StateStore
    queue: ReadyQueue
    say: Callable[[str], None]
    reader: InputReader
    _inputs_now: Mapping[str, InputState] | None = None
    _inputs_before: dict[str, InputState] = field(default_factory=dict)
    _newest: Newest | None = None
    _looked_up: set[str] = field(default_factory=set)
    _warned: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, project: Project, queue: ReadyQueue, state: StateStore, say: Callable[[str], None]
    ) -> ResultCache:
        """Those of the tasks that this run takes; `say` is told why a result is not kept."""
        declared = {
            name: DeclaredInputs(one.inputs, one.outputs)
            for name, one in project.config.processors.items()
            if one.inputs
        }
        reader = InputReader(project.repo, declared, without=project.documents)
        return cls(project.repo, state, queue, say, reader)

    def read_inputs(self, tasks: Sequence[Task]) -> None:
        """Note what the processors of these tasks read, right before they start."""
        for task in tasks:
            if (processor := self._reading(task)) is not None:
                seen = self._inputs_before[task.id] = self._read().get(processor.name, _NO_INPUTS)
                if seen.digest is None and processor.name not in self._warned:
                    self._warned.add(processor.name)
                    self.say(
                        f"processor {processor.name}: no file that can be read matches its inputs (ignored ones do"
                        " not count), so it runs every time"
                    )

    def invalidate_inputs(self) -> None:
        """Time has passed: files may have changed."""
        self._inputs_now = None

    def hit(self, task: Task) -> PastRun | None:
        """The task's last result, if its inputs are the same now. `read_inputs` comes first. None for a retry."""
        before, options = self._inputs_before.get(task.id), self.queue.options
        if before is None or before.digest is None or before.missing_output or options.fresh:
            return None
        if self.queue.attempts[task.id].count > 1:
            return None
        processor, cached = self._reading(task), self._newest_result(task.id)
        if cached is None or processor is None or cached.processor != processor.name:
            return None
        same = cached.inputs == self._digest(task, processor, before.digest)
        if same and cached.done and self._uncommitted(processor):
            return None
        return cached if same and (cached.done or not options.verify) else None

    def untracked(self, task: Task) -> tuple[str, ...]:
        """The files that the processor of this task reads, or read when it began, and that git does not have."""
        processor = self._reading(task)
        if processor is None:
            return ()
        before, now = (
            self._inputs_before.get(task.id, _NO_INPUTS),
            self._read().get(processor.name, _NO_INPUTS),
        )
        return tuple(sorted({*before.untracked, *now.untracked}))

    def digest(self, task: Task, result: Result) -> str | None:
        """What to keep with a result that has come now: None for one that does not follow from the inputs, and
        where these were changed while it ran."""
        before, processor = self._inputs_before.pop(task.id, None), self._reading(task)
        if before is None or before.digest is None or processor is None or not _is_cacheable(result):
            return None
        after = self._read().get(processor.name, _NO_INPUTS)
        if after.others != before.others:
            shown = few(after.changed_since(before))
            self.say(
                f"{task.id} {task.title}: its inputs were changed while it ran, so the next run does not rely on this"
                f" result: {shown} (ignored files and `outputs` do not count)"
            )
            return None
        return self._digest(task, processor, before.digest)

    def _uncommitted(self, processor: Processor) -> bool:
        """Whether an output of it, or one that an attempt of ours left, is not what HEAD has: then a tick alone would
        leave it behind."""
        options = self.queue.options
        if not processor.outputs or options.commit == "none" or not options.gives_receipts:
            return False
        declared = DeclaredOutputs.of(
            processor.outputs, {task.file for task in self.queue.plan.tasks.values()}
        )
        try:
            found = survey(self.repo, declared)
        except GitError:
            return True
        return any(path in declared.names or one.left_by is not None for path, one in found.items())

    def _reading(self, task: Task) -> Processor | None:
        processor = self.queue.processor(task)
        return processor if processor is not None and processor.inputs else None

    def _read(self) -> Mapping[str, InputState]:
        """What is read now; nothing where git cannot say, which is no reason to end a run."""
        if self._inputs_now is None:
            try:
                self._inputs_now = self.reader.read()
            except GitError as error:
                self.say(f"the inputs of processors cannot be read: {error}")
                self._inputs_now = {}
        return self._inputs_now

    def _digest(self, task: Task, processor: Processor, files: str) -> str:
        """Over the files, what defines the processor, and the words and the place of the task that it is given: of
        equal tasks, all that tells them apart."""
        command = [processor.run, processor.python, dict(processor.env)]
        # left out where there is none, so that digests from before there was `cwd` still hold
        command += [processor.cwd] if processor.cwd else []
        place = [task.file, *task.section]
        if not task.anchor.alone or task.anchor.elsewhere:
            place.append(place_digest(task.anchor))
        return json_digest(files, command, task.title, sorted(task.tags), task.above, place)

    def _newest_result(self, task_id: str) -> PastRun | None:
        """What the state says, unless the branch has a newer receipt that the state knows nothing of."""
        try:
            receipts, undone = self._newest_receipts(task_id)
        except GitError as error:
            self.say(f"the receipts cannot be read, so no earlier result is used: {error}")
            return None
        rows = self.state.history(task_id, limit=50)
        known = [one for one in rows if one.outcome not in _NOT_CACHED]
        from mdtodo.storage.run_history import newest_run

        return newest_run(known, receipts.get(task_id), undone)

    def _newest_receipts(self, task_id: str) -> Newest:
        """Those of all tasks that may come, from one walk through the history, as far as it takes."""
        if self._newest is None or task_id not in self._looked_up:
            from mdtodo.receipts.log import newest

            # of all tasks at once: each walk through the history is a git process
            tasks = self.queue.plan.tasks.values()
            wanted = {task.id for task in tasks if self._reading(task) and self.queue.accepts(task)}
            self._looked_up |= {*wanted, task_id}
            self._newest = newest(self.repo, self._looked_up, without=_NOT_CACHED)
        return self._newest


_NO_INPUTS = InputState(None, None)


def _is_cacheable(result: Result) -> bool:
    """Whether a result follows from what was read: not a timeout, a signal, or a command that is missing."""
    if result.outcome is Outcome.FAILED:
        code = result.exit_code or 0
        return not result.timed_out and code > 0 and code not in (126, 127)
    return result.outcome is Outcome.DONE


#: Of a task that was claimed.
CLAIMED = str(Status.DOING)
#: Outcomes that say nothing of what a further attempt would come to. `blocked` is none of them: since its processor has
#: added subtasks, and is to run once more, no result before that stands.
_NOT_CACHED = (
    frozenset({Outcome.DEFERRED, Outcome.SKIPPED, Outcome.INTERRUPTED, EXPANDED, CLAIMED}) | REWRITTEN
)
