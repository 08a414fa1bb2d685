"""Tasks broken down as a run starts, where `auto_expand` asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mdtodo.errors import EditError
from mdtodo.planning.expand.patterns import patterns
from mdtodo.planning.expand.steps import tasks_to_expand
from mdtodo.project.expansion import PROGRAM, Breakdown, Expansion, break_down, combined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.run.journal import RunJournal
    from mdtodo.run.run_options import Options


def expand_for_run(
    project: Project, journal: RunJournal, options: Options, say: Callable[[str], None]
) -> tuple[Options, bool]:
    """Break down what must be before a run starts, in the work tree at once and for the run's commit.

    Gives the options, with the new tasks among the chosen, and whether the files are to be read again. What
    cannot be broken down is said, and stays as it is.
    """
    tasks = tasks_to_expand(project.plan, patterns(project.config), options.chosen)
    expansion = _possible(project, tasks, say)
    if not expansion.breakdowns:
        return options, False
    for (task, author, subtasks), receipt in zip(expansion.rows(), expansion.receipts(), strict=True):
        say(f"{task.id} {task.title}: broken down by {author}, subtasks: {len(subtasks)}")
        journal.record(task, receipt)
    journal.tick_now()
    return _with_new(options, expansion), True


def expanded_for_dry_run(
    project: Project, options: Options, say: Callable[[str], None]
) -> tuple[Project, Options]:
    """The project that a run would start with, and its options. A program is not asked, as nothing is to be started."""
    known = patterns(project.config)
    tasks = tasks_to_expand(project.plan, known, options.chosen)
    if project.config.expand.command is not None:
        asked = [task for task in tasks if not task.expand]
        tasks = [task for task in tasks if task.expand]
        for task in asked:
            say(f"{task.id} {task.title}: `{PROGRAM}` would be asked to break it down")
    expansion = _possible(project, tasks, say)
    return expansion.after, _with_new(options, expansion)


def _possible(project: Project, tasks: Sequence[Task], say: Callable[[str], None]) -> Expansion:
    """Those of these tasks that can be broken down, together."""
    known = patterns(project.config)
    made: list[Breakdown] = []
    for task in tasks:
        try:
            made.append(break_down(project, task, known, None))
        except EditError as error:
            say(str(error))
    # All at once first: one by one each file would be parsed anew for each of its tasks, which many tasks do not bear.
    expansion = combined(project, made) if made else Expansion(project, project)
    if not expansion.problems:
        return expansion
    # What is wrong may be wrong of two together, as the same new id; so each is tried with those kept before it.
    kept: list[Breakdown] = []
    for one in made:
        alone = combined(project, [*kept, one])
        if alone.problems:
            for problem in alone.problems:
                say(problem)
        else:
            kept.append(one)
            expansion = alone
    return expansion if kept else Expansion(project, project)


def _with_new(options: Options, expansion: Expansion) -> Options:
    if options.chosen is None:
        return options
    new = [task.id for _, _, subtasks in expansion.rows() for task in subtasks]
    return replace(options, chosen=options.chosen.union(new))
