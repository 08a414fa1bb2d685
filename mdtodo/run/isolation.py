"""The tasks of a run that work in clones of their own: how an attempt begins, and how what it proved lands.

Landing is a merge queue: one result at a time in a clone of the repository. Where HEAD has moved since an attempt
began, its changes are merged onto HEAD, and its check looks at that very content before it lands.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.clones.changes import Protected
from mdtodo.clones.slots import prune
from mdtodo.clones.source import CloneSource, read_source
from mdtodo.config.load import load
from mdtodo.core import codec
from mdtodo.core.path_patterns import matcher
from mdtodo.core.results import Failure, Outcome, Proven, Result
from mdtodo.core.titles import title_and_id
from mdtodo.errors import GitError, MdtodoError
from mdtodo.execution.processors.in_clone import CHECK_MARK, CloneTerms
from mdtodo.git.files.tree_files import committed_configuration
from mdtodo.git.head import read_head
from mdtodo.landing.clones.changes import (
    ConflictError,
    changed_paths,
    lacks_box,
    list_patterns,
    merge,
    restores_of,
    tree_digits,
)
from mdtodo.landing.clones.review import name_branch, remove_branch
from mdtodo.landing.job import ProofMovedError
from mdtodo.landing.land import RefusedError
from mdtodo.storage import waiting
from mdtodo.storage.waiting import WaitingResult
from mdtodo.system.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.config.processor_settings import Processor
    from mdtodo.config.settings import Config
    from mdtodo.core.task import Anchor, Json, Task
    from mdtodo.execution.executor import AttemptEvent
    from mdtodo.run.journal import RunJournal
    from mdtodo.run.observer import Observer
    from mdtodo.run.outcomes import Outcomes
    from mdtodo.run.ready_queue import ReadyQueue

#: How often a result is looked at again, as HEAD moves on, before it waits for the next run.
ROUNDS = 5
#: Bytes that the clones of a repository take between two runs, at most.
CACHE_SIZE = 5 * 10**9


class Start(NamedTuple):
    """How an attempt in a clone begins: with the processor as the commit has it."""

    processor: Processor
    terms: CloneTerms
    tree: str


@dataclass(slots=True, eq=False, repr=False)
class _Result:
    """A proven result that waits to land; `proven` is what its check has passed on last, and `looked_at` what is looked
    at now, in so many `rounds`."""

    task: Task
    start: Start
    result: Result
    proven: Proven
    looked_at: Proven | None = None
    rounds: int = 0
    dropped: bool = False


@dataclass(eq=False, repr=False)
class Isolation:
    """`submit` hands an attempt to the pool, which looks at a result again: the task, its processor and terms.
    `failed` takes a result that did not pass after all. `previous`: by task, what its next attempt is told of the last
    one."""

    config: Config
    journal: RunJournal
    queue: ReadyQueue
    outcomes: Outcomes
    observer: Observer
    submit: Callable[[Task, Start], str]
    failed: Callable[[Task, Result], None]
    previous: dict[str, Json] = field(default_factory=dict)
    _starts: dict[str, Start] = field(default_factory=dict)
    _results: deque[_Result] = field(default_factory=deque)
    _look: str | None = None
    _configs: dict[str, Config] = field(default_factory=dict)
    _turn: Turn | None = None
    _used: bool = False
    _stopped: bool = False

    # Starting

    def begin(self, task: Task) -> Start | str:
        """How its attempt begins now; or why it cannot, as part of a sentence."""
        options = self.queue.options
        found = self.queue.processor(task)
        assert found is not None, "only what is routed is taken"
        if options.commit == "none" and not options.verify:
            return "it works in a clone, and what it changes lands as a commit: not without one"
        try:
            commit = read_head(self.journal.git()).commit
            if commit is None:
                return "it works in a clone, and there is no commit yet that one could be made of"
            there = self._config_at(commit)
            processor = self._committed(there, found)
            if processor is None:
                return f"its processor {found.name!r} is not in the configuration that HEAD has: commit that first"
            if lacks := None if options.verify else self._lacks_box(task, commit):
                return f"it works in a clone, and what it changes lands with its box, but {lacks}: commit that first"
            looks = options.verify or task.id in options.merged
            if looks and processor.check is not None:
                processor = replace(processor, run=processor.check, python=None)
            start = Start(
                processor,
                self._terms(there, processor, commit, looks),
                tree_digits(self.journal.git(), commit),
            )
        except MdtodoError as error:
            return str(error)
        self._used = True
        self._starts[task.id] = start
        return start

    def kept(self, task: Task) -> bool:
        """Whether an earlier run has proven it, so that it only has to land; that begins now."""
        options = self.queue.options
        if options.verify or options.fresh or task.id in options.merged:
            return False
        one = waiting.find(self.journal.repo, task.id)
        if one is None or not _is_same(one.anchor, task.anchor) or one.result.changes is None:
            return False
        if isinstance(start := self.begin(task), str) or start.processor.name != one.processor:
            return False
        if not self._may_land(proven := codec.decode(Proven, dict(one.result.changes)), start):
            return False
        self.observer.say(f"{title_and_id(task)} was proven in run {one.run}, and lands now")
        self._add(_Result(task, start, one.result, proven))
        return True

    def _may_land(self, proven: Proven, start: Start) -> bool:
        """Whether git still has the content of a result that waits, and nothing in it has been protected since."""
        if any(self.journal.git().look_up(commit) is None for commit in proven):
            return False
        is_protected = matcher(start.processor.protect)
        return not any(is_protected(one.path) for one in restores_of(self.journal.repo, *proven))

    def note_failure(self, task: Task, attempt: int, result: Result, reason: str) -> None:
        """What the next attempt is told of one that has failed: why, and how the output of its work, and of its check,
        ended."""
        _, mark, check = result.tail.rpartition(CHECK_MARK)
        checked = result.work_tail is not None
        output = result.work_tail if checked else result.tail
        told = {"output": output, "check": (check if mark else result.tail) if checked else None}
        self.previous[task.id] = {"attempt": attempt, "reason": reason, **told}

    def _config_at(self, commit: str) -> Config:
        if commit not in self._configs:
            self._configs = {commit: load(*committed_configuration(self.journal.repo, commit))}
        return self._configs[commit]

    def _lacks_box(self, task: Task, commit: str) -> str | None:
        return lacks_box(self.journal.git(), commit, task, self.config.status)

    def _committed(self, there: Config, found: Processor) -> Processor | None:
        """The processor as the commit has it. What no configuration says, a recipe or the block of a task, is as it
        is."""
        if found.name not in self.config.processors:
            return found
        processor = there.processors.get(found.name)
        if processor is not None and processor != found:
            name = f"the processor {found.name!r} of the work tree is not that of HEAD, which is the one that runs"
            self.journal.messages += [name] if name not in self.journal.messages else []
        return processor if processor is not None and there.isolates(processor) else None

    def _terms(self, config: Config, processor: Processor, commit: str, looks: bool) -> CloneTerms:
        lists = (
            *list_patterns(self.journal.repo, config.files_and_archives),
            *([config.signers] if config.signers else ()),
        )
        return CloneTerms(
            source=self._source,
            base=commit,
            cwd=processor.cwd or ".",
            check=() if looks else _words(processor.check),
            in_shell=isinstance(processor.check, str),
            keeps=not looks and processor.changes != "discard",
            protected=Protected(exam=processor.protect, lists=lists),
            link=processor.link,
            pass_env=processor.pass_env,
            sandbox=processor.sandbox,
            home=processor.home,
            network=processor.network,
        )

    @cached_property
    def _source(self) -> CloneSource:
        return read_source(self.journal.repo)

    # Landing

    def add(self, task: Task, result: Result) -> None:
        """An attempt has passed: it lands when its turn comes."""
        proven = codec.decode(Proven, dict(result.changes or {}))
        self.queue.leave_place(task)
        self._add(_Result(task, self._starts[task.id], result, proven))

    def _add(self, one: _Result) -> None:
        self._results.append(one)

    def land(self) -> None:
        """Land what can land now, one after the other, until one has to be looked at again, or another runner lands."""
        if self._stopped and self._look is None:
            self.end()
        while self._results and self._look is None and self._has_turn():
            one = self._results[0]
            try:
                if (again := self._next_look(one)) is not None:
                    self._look = self.submit(one.task, again)
                    return
                self._land(one)
            except ProofMovedError:
                continue
            except ConflictError as error:
                self._end(one)
                self.failed(
                    one.task, one.result._replace(changes=None, error=str(error), failed_by=Failure.CONFLICT)
                )
            except (GitError, OSError) as error:
                self._end(one)
                self._wait(one, str(error), moved=isinstance(error, RefusedError) and error.of_task)
        if self._look is None:
            self._give_turn_back()

    def looked(self, event: AttemptEvent) -> bool:
        """Take the result of a look, where the attempt that has ended is one."""
        if event.attempt != self._look:
            return False
        result = event.result or Result(None, error=event.message)
        self._look, one = None, self._results[0]
        if one.dropped:
            self._drop(one)
        elif result.interrupted:
            self._end(one)
            self._wait(one, "the run was ended before it was looked at again")
        elif result.never_began:
            self._end(one)
            self._wait(one, f"HEAD has moved, and {result.error}")
        elif result.outcome is Outcome.DONE:
            one.proven = one.looked_at or one.proven
            one.result = one.result._replace(duration=one.result.duration + result.duration)
        else:
            self._end(one)
            error = f"HEAD has moved, and on top of that the check fails: {result.error or f'exit {result.exit_code}'}"
            self.failed(one.task, result._replace(changes=None, error=error, failed_by=Failure.CONFLICT))
        return True

    def drop(self, task: Task) -> None:
        """Its lease was lost, so its result counts for nothing; one that is looked at now is dropped then."""
        for one in [one for one in self._results if one.task.id == task.id]:
            one.dropped = True
            if self._look is None or one is not self._results[0]:
                self._drop(one)

    def stop(self) -> str | None:
        """Look at nothing again: what has not landed waits for the next run. The look that is under way."""
        self._stopped = True
        return self._look

    def end(self) -> None:
        """The run is over: keep what has not landed for the next one."""
        while self._results:
            one = self._results.popleft()
            self._wait(one, "the run was ended before it could land")
        self._look = None
        self._give_turn_back()
        if self._used:
            prune(self._source, 2 * self.queue.jobs, size=CACHE_SIZE)

    def _next_look(self, one: _Result) -> Start | None:
        """How the result has to be looked at again, as HEAD holds something else than what was looked at; None where
        it may land."""
        git, was = self.journal.git(), one.proven
        head = read_head(git).commit
        if head is None:
            raise GitError("HEAD is unborn now")
        lists = list_patterns(self.journal.repo, self.config.files_and_archives)
        if not changed_paths(self.journal.repo, was.base, head, lists):
            return None
        check = one.start.processor.check
        changes = was.commit != was.base
        if check is None and not changes:
            return None
        if check is None:
            raise ConflictError("HEAD has moved, and there is no `check` that could look at both together")
        if one.rounds >= ROUNDS:
            raise GitError(f"HEAD has moved {ROUNDS} times while it was looked at")
        one.rounds += 1
        merged = merge(git, head, *was) if changes else head
        one.looked_at = Proven(head, merged)
        terms = one.start.terms._replace(base=merged, check=(), keeps=False)
        one.start = one.start._replace(tree=tree_digits(git, head))
        return Start(replace(one.start.processor, run=check, python=None), terms, one.start.tree)

    def _land(self, one: _Result) -> None:
        changes = one.start.processor.changes
        if changes == "branch" and one.proven.commit != one.proven.base:
            self._ask_for_review(one)
            return
        restores = restores_of(self.journal.repo, *one.proven) if changes == "commit" else ()
        self.outcomes.land_alone(one.task, one.result, restores, one.proven.commit, one.start.tree)
        self._end(one)
        if (kept := waiting.find(self.journal.repo, one.task.id)) is not None:
            waiting.forget(self.journal.repo, one.task.id)
            remove_branch(self.journal.git(), kept)

    def _ask_for_review(self, one: _Result) -> None:
        """What it changed goes on a branch, and its box says that it is begun."""
        kept = name_branch(self.journal.git(), self._kept(one), *one.proven, one.task.title)
        self.outcomes.ask_for_review(
            one.task, one.result, kept.branch or "", one.proven.commit, one.start.tree
        )
        self._end(one)
        # without its changes: it has landed as far as it can, and only where the branch was is of use
        waiting.keep(self.journal.repo, kept._replace(result=Result(0)))

    def _kept(self, one: _Result, reason: str = "") -> WaitingResult:
        result = one.result._replace(changes=one.proven._asdict())
        number = self.queue.attempts[one.task.id].count
        words = one.task.id, one.task.anchor, self.journal.run_id, number, one.start.processor.name, result
        return WaitingResult(*words, reason=reason)

    def _wait(self, one: _Result, reason: str, *, moved: bool = False) -> None:
        """Keep a result for the next run, on a branch where a person finds it. `moved`: its line is another one now."""
        kept, where = self._kept(one, reason), ""
        try:
            kept = name_branch(self.journal.git(), kept, *one.proven, one.task.title)
            where = f"; what it changed is on the branch {kept.branch}" if kept.branch else ""
        except GitError as error:
            where = f"; it is on no branch: {error}"
        try:
            waiting.keep(self.journal.repo, kept)
            unless = " if its line is as it was by then" if moved else ""
            why = f"it is proven, and did not land: {reason}{where}; the next run lands it{unless}"
        except OSError as error:
            why = f"it was proven, and could neither land nor be kept: {reason}; {error}"
        self.outcomes.keep_waiting(one.task, one.result, why)

    def _end(self, one: _Result) -> None:
        self._results.remove(one)

    def _drop(self, one: _Result) -> None:
        self._end(one)
        self.outcomes.drop(one.task, one.result)

    def _has_turn(self) -> bool:
        if self._turn is None:
            self._turn = Turn(os.path.join(self.journal.repo.common_dir, "mdtodo", "merge.lock"))
        return self._turn.take()

    def _give_turn_back(self) -> None:
        if self._turn is not None:
            self._turn.give_back()


def _is_same(was: Anchor, now: Anchor) -> bool:
    """Whether both are of one task, whatever stands around it; of equal tasks all must agree."""
    alike = (was.name, was.title, was.keys) == (now.name, now.title, now.keys)
    return was == now or (was.alone and now.alone and alike)


def _words(command: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (command,) if isinstance(command, str) else command or ()
