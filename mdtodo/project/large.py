"""The tasks and the plan of a repository of many files, or of large ones: what was made of the same bytes before is not
made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.project.cache.plan_cache import KeptPlan, PlanCache
from mdtodo.project.cache.plan_columns import make_plan_and_columns
from mdtodo.project.documents import Documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.config.settings import Config
    from mdtodo.errors import InputError
    from mdtodo.git.repository import Repository
    from mdtodo.planning.plan import Plan
    from mdtodo.project.cache.work_tree_ids import Content
    from mdtodo.project.plan_inputs import World


def read_large(
    repo: Repository, config: Config, content: Content, world: World, *, ordered: bool, graph: bool
) -> tuple[Plan, Documents, list[InputError]]:
    """Plan and documents of these files, and those that are no markdown; `ordered`: with the order of the plan, for
    which its `graph` is needed, as others need it."""
    cache = PlanCache(repo, config, content.ids)
    kept = cache.read(world) or _with_changes(cache, config, content, world)
    names = list(content.ids)
    if kept is None:
        from mdtodo.markdown.tasks import join_files
        from mdtodo.project.cache.task_cache import read_file_tasks

        by_file, unreadable = read_file_tasks(config, content, cache.tasks_before())
        names = list(by_file)
        tasks = join_files([by_file.pop(file) for file in names])
        made, columns, said = make_plan_and_columns(tasks, config, world, graph=ordered or graph)
        known = cache.marked_before()
        marked = tuple([file for file in names if _is_marked(content, file, known)])
        if unreadable or content.unreadable:
            return made.leasing(world.leased), Documents(content, names, config.status, marked), unreadable
        kept = KeptPlan(made, said, marked)
        cache.write(kept, columns, content)
    made = cache.with_order(kept) if ordered else kept.plan
    return made.leasing(world.leased), Documents(content, names, config.status, kept.marked), []


def _with_changes(cache: PlanCache, config: Config, content: Content, world: World) -> KeptPlan | None:
    """What has become of the plan, where few files were changed and no other knows of their tasks."""
    from mdtodo.project.cache.changed_plan import changed_plan

    before = cache.before(content, world)
    found = None if before is None else changed_plan(before, content, config, world)
    if found is None:
        return None
    tasks, columns = found.planned
    made = columns.plan({task.id: task for task in tasks}, config, found.said, world)
    kept = KeptPlan(made, found.said, found.marked)
    cache.write(kept, columns, content)
    return kept


def _is_marked(content: Content, file: str, known: Mapping[str, bool]) -> bool:
    marked = known.get(content.ids[file])
    return b"<<<<<<<" in content.bytes_of(file) if marked is None else marked
