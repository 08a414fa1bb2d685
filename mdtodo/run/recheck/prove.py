"""Proving: the processors of ticks that nothing proves are run, in the same pool and by the same story as in a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.git.files.tree_files import from_work_tree
from mdtodo.planning.routing import processor_of
from mdtodo.proof.judge import judge
from mdtodo.run.recheck.verify import repeats_not

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.proof.ticks import Unproven
    from mdtodo.run.run_options import Options


class Ticks(NamedTuple):
    """The unproven ticks of the work tree, by the ids of their tasks; `unjudged` is how many nobody can judge, as the
    clone is shallow. `strict`: a person's word proves none of them."""

    unproven: Mapping[str, Unproven]
    unjudged: int = 0
    strict: bool = False

    @property
    def new(self) -> frozenset[str]:
        """Those that no commit has yet."""
        return frozenset(name for name, one in self.unproven.items() if one.commit is None)


def unproven_ticks(project: Project) -> Ticks:
    """As `check` judges them, and also with `proof = "off"`."""
    content = from_work_tree(project.repo, project.documents)
    judgement = judge(project.repo, content, asked=True)
    places = {(task.file, task.line): task for task in project.tasks.values() if task.status is Status.DONE}
    # a file that was saved between both looks may have another task there
    found = ((places.get((one.file, one.line)), one) for one in judgement.unproven)
    unproven = {task.id: one for task, one in found if task is not None}
    return Ticks(unproven, judgement.unknown, judgement.rules.strict)


class ToProve(NamedTuple):
    """What `prove` was asked for, by ids: `ticks` whose processors are run; `todo` are open, and so are run as ever. A
    sentence on each tick that is `left`, on each task that was named and is `proven`, and on each that is `refused`."""

    ticks: frozenset[str]
    todo: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def to_prove(project: Project, ticks: Ticks, names: Sequence[str]) -> ToProve:
    """Of the unproven ticks those that were named, or all. Raises UsageError where a name fits none or several."""
    tasks = {task.id: task for task in map(project.find, names)}
    wanted = [
        project.tasks[name]
        for name, one in ticks.unproven.items()
        if one.processor and (not names or name in tasks)
    ]
    left = {task.id: why for task in wanted if (why := _why_left(project, task))}
    sentences = tuple(
        f"{title_and_id(project.tasks[name])} stays without proof: {why}" for name, why in left.items()
    )
    others = [task for task in tasks.values() if task not in wanted]
    refused = tuple(f"{title_and_id(task)} {why}" for task in others if (why := _why_refused(project, task)))
    proven = [task for task in others if task.status is Status.DONE and not _why_refused(project, task)]
    return ToProve(
        frozenset(task.id for task in wanted) - left.keys(),
        frozenset(task.id for task in others if not task.status.closed),
        () if names else sentences,
        tuple(f"{title_and_id(task)} {_why_proven(ticks, task)}" for task in proven),
        (*sentences, *refused) if names else (),
    )


def _why_left(project: Project, task: Task) -> str:
    """Why the processor of an unproven tick cannot be run, and what else there is; "" where it can."""
    word = f"`mdtodo done {task.id}` takes your word for it"
    if (why := repeats_not(project, task)) != "":
        return f"{why}; {word}"
    if processor_of(task, project.plan.routes[task.id].processor, project.config) is not None:
        return ""
    name = f"no processor {task.own_run!r} is configured" if task.own_run else "it has no processor any more"
    return f"{name}; {word}"


def _why_refused(project: Project, task: Task) -> str:
    """Why nothing could prove a task whose tick is not among the unproven ones; "" where that is not so."""
    if task.status is Status.CANCELLED:
        return "is cancelled, so there is nothing to prove"
    route = project.plan.routes[task.id].processor
    if task.status is Status.DONE and processor_of(task, route, project.config) is None:
        return "has no processor that could prove it"
    return ""


def _why_proven(ticks: Ticks, task: Task) -> str:
    if ticks.unjudged:
        return "is not known to lack a proof: this shallow clone does not have all of its history"
    return f"is proven already; `mdtodo verify {task.id}` runs its processor again"


def still_unproven(project: Project, options: Options) -> Options:
    """The options, without what has got its proof since it was chosen: another run may have been faster."""
    ticks = unproven_ticks(project)
    chosen = (options.chosen or frozenset()) & ticks.unproven.keys()
    return replace(options, chosen=chosen, asked=options.asked & chosen, new_ticks=ticks.new)


def not_counted(project: Project, ids: frozenset[str]) -> tuple[str, ...]:
    """A sentence on each of these ticks that is not proven by what was done for it just now."""
    if not ids:
        return ()
    unproven = unproven_ticks(project).unproven
    left = [(project.tasks[name], one) for name, one in unproven.items() if name in ids]
    return tuple(
        f"{title_and_id(task)} is still unproven: {one.reason or 'no receipt of it counts'}"
        for task, one in left
    )
