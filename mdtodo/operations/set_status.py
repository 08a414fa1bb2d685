"""A status that a person sets: `done`, `reopen`, `cancel`. The same edits as a run makes, and the same landing."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from mdtodo.config.load import load
from mdtodo.core.edits import AddNote, Edit, SetKey, SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Status, Task
from mdtodo.errors import ConfigError, InputError, MdtodoError
from mdtodo.git.files.tree_files import committed_configuration, from_commit
from mdtodo.git.session import GitSession
from mdtodo.landing.policy import land_as_configured, new_run_id, refuse_half_done_operation
from mdtodo.landing.recovery.land_recorded import land_recorded, record
from mdtodo.landing.result_edits import done_by_claimant, stamp_edits
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.rollup import parents_to_close, parents_to_reopen
from mdtodo.planning.routing import Router
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository
    from mdtodo.landing.land import Landing
    from mdtodo.project.project import Project
    from mdtodo.storage.leases import Lease
else:
    from mdtodo.core.light.dataclasses import dataclass

_ANY = frozenset(Status)
_COMMANDS = {Status.DONE: "done", Status.TODO: "reopen", Status.CANCELLED: "cancel"}


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What changed: the tasks asked for, the parents that followed from it, and what landed. `vouched`: tasks that were
    done already, and that had no proof but this word."""

    changed: tuple[Task, ...]
    parents: tuple[Task, ...]
    landing: Landing | None
    vouched: tuple[Task, ...] = ()


def set_status(
    project: Project,
    tasks: Sequence[Task],
    status: Status,
    *,
    commit: bool,
    commit_of: Mapping[str, str] = MappingProxyType({}),
    note: str | None = None,
    by: str | None = None,
) -> StatusChange:
    """Give these tasks this status, with the parents that follow by `rollup`; and commit just that if asked, also
    what the work tree shows already and HEAD does not. What is done already, and unproven, is vouched for. `commit_of`:
    by task, the commit whose message says so. `note` is written below each of these tasks. `by`: the e-mail address of
    who says so, None for the committer's.

    Raises GitError where a commit is asked for during a merge, rebase, cherry-pick or bisect.
    """
    if commit:
        refuse_half_done_operation(project.repo, instead="leave --commit out")
    changed = [
        task for task in tasks if task.status is not status or (status is Status.TODO and task.failures)
    ]
    parents = [project.tasks[name] for name in _follow(project, [task.id for task in changed], status)]
    vouched = _unproven(project, tasks) if status is Status.DONE else ()
    targets = tasks if commit else [*changed, *vouched]
    if not targets:
        return StatusChange((), (), None)
    rollups = [_receipt(project, task, parent_status(status), "rollup") for task in parents]
    claims = _claims(project, targets)
    with GitSession(project.repo) as git:
        by = by or git.committer_email()
        words = [_receipt(project, task, status, "person", claims.get(task.id)) for task in targets]
        if note is not None:
            notes = [AddNote(task.anchor, note) for task in targets]
            words = [one._replace(edits=(*one.edits, said)) for one, said in zip(words, notes, strict=True)]
        late = frozenset(task.id for task in vouched)
        words = [
            word._replace(said_in=commit_of.get(word.task_id), by=by, proves=word.task_id in late)
            for word in words
        ]
        named = {task.id for task in (*changed, *parents)}
        landing = _land(project, [*words, *rollups], status, claims, named, commit=commit, git=git)
    return StatusChange(tuple(changed), tuple(parents), landing, vouched)


def _claims(project: Project, tasks: Iterable[Task]) -> dict[str, Lease]:
    """Who has claimed these tasks."""
    with StateStore.open(project.repo, create=False) as state:
        held = {lease.task_id: lease for lease in state.live_leases() if lease.claimed}
    return {task.id: held[task.id] for task in tasks if task.id in held}


def _unproven(project: Project, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Of these tasks those that are ticked, and that nothing proves."""
    routes = project.plan.routes
    done = [task for task in tasks if task.status is Status.DONE]
    if not any(task.own_run or routes[task.id].processor or task.every for task in done):
        return ()
    from mdtodo.run.recheck.prove import unproven_ticks

    try:
        unproven = unproven_ticks(project).unproven
    except ConfigError:  # that of HEAD, by which ticks are judged, is broken
        return ()
    return tuple(task for task in tasks if task.id in unproven)


def _land(
    project: Project,
    receipts: Sequence[Receipt],
    status: Status,
    claims: Mapping[str, Lease],
    changed: Container[str],
    *,
    commit: bool,
    git: GitSession,
) -> Landing:
    """Land these, through the journal. It keeps those of tasks that have `changed`, or of which a commit or a proof was
    made. With a sentence where it cannot have them."""

    def is_kept(one: Receipt, landing: Landing) -> bool:
        return one.task_id in changed or one.task_id in landing.commit_of or one.proves

    repo, config = project.repo, project.config
    with ExitStack() as stack:
        try:
            state = stack.enter_context(StateStore.open(repo))
            command = record(repo, state, _COMMANDS[status], receipts, commit=commit, claims=claims)
        except MdtodoError as error:
            landing = land_as_configured(
                repo, receipts, run_id=new_run_id(), commit=commit, config=config, git=git
            )
            sentence = f"{error}; so nothing in this clone proves what no commit carries"
            return landing._replace(messages=(*landing.messages, sentence))
        return land_recorded(repo, state, command, config, git=git, keep=is_kept)


def waits_of(project: Project, tasks: Iterable[Task]) -> dict[str, tuple[str, ...]]:
    """Which of these tasks cannot be done yet, and what each waits for: ids of other tasks, also of its open subtasks,
    and unknown names. What the others of them close, with the parents that follow, is waited for no more."""
    closing = {task.id: Status.DONE for task in tasks if not task.status.closed}
    held: dict[str, tuple[str, ...]] = {}
    while True:
        closed = {*closing, *_follow(project, closing, Status.DONE)}
        waits = {
            name: tuple(one for one in project.plan.blocked_by[name] if one not in closed) for name in closing
        }
        refused = {name: left for name, left in waits.items() if left}
        if not refused:
            return held
        held |= refused
        # Again, without these: what they would have closed is open now, and may hold back others that seemed free.
        closing = {name: status for name, status in closing.items() if name not in refused}


def strictly_proven(project: Project, tasks: Iterable[Task]) -> dict[str, str]:
    """Of these tasks those that a person's word does not prove, and the processor of each: none but where the
    configuration in HEAD says `proof = "strict"`.

    What is not committed yet cannot change that: a task counts that has a processor in HEAD or in the work tree.
    """
    try:
        config = load(*committed_configuration(project.repo, "HEAD"))
    except MdtodoError:  # it is broken there
        config = project.config
    if config.proof != "strict":
        return {}
    routers = (Router(config), Router(project.config))
    before = _committed_tasks(project.repo, config)
    found: dict[str, str] = {}
    for task in tasks:
        versions = [task, *([before[task.id]] if task.id in before else [])]
        names = [router.route(version).processor for router in routers for version in versions]
        if known := [name for name in names if name is not None]:
            found[task.id] = known[0]
    return found


def in_words(processor: str) -> str:
    """The end of a sentence that begins with a task of `strictly_proven`."""
    return (
        f'is for its processor {processor} to prove: with proof = "strict" a person\'s word is no proof of it'
    )


def _committed_tasks(repo: Repository, config: Config) -> dict[str, Task]:
    """The tasks of HEAD, as far as its files can be read."""
    content = from_commit(repo, "HEAD", config.task_files)
    documents = {}
    for file, data in content.bytes_of(content.ids).items():
        with suppress(InputError):
            documents[file] = parse(data, config.status, file=file)
    return {task.id: task for task in read_tasks(documents)}


def _follow(project: Project, changed: Iterable[str], status: Status) -> tuple[str, ...]:
    statuses = dict.fromkeys(changed, status)
    if not project.config.rollup:
        return ()
    if status.closed:
        return parents_to_close(project.plan, statuses)
    return parents_to_reopen(project.plan, statuses)


def parent_status(status: Status) -> Status:
    """What a parent becomes that follows its subtasks: done also where the last of them was cancelled."""
    return Status.DONE if status.closed else status


def _receipt(project: Project, task: Task, status: Status, who: str, claim: Lease | None = None) -> Receipt:
    edits: list[Edit] = [SetStatus(task.anchor, status, expects=_ANY)]
    if task.failures and status is not Status.CANCELLED:
        edits.append(SetKey(task.anchor, "failed", None))
    edits += stamp_edits(project, task, status)
    edits += done_by_claimant(task, claim) if claim is not None else ()
    return Receipt(task.id, task.title, status.value, who, 0, 0.0, 0, tuple(edits))
