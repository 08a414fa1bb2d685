"""The tasks and the plan of a repository of many files, or of large ones: what was made of the same bytes before is not
made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.project.cache.plan_cache import KeptPlan, PlanCache
from mdtodo.project.cache.plan_columns import make_plan_and_columns
from mdtodo.project.documents import Documents

if TYPE_CHECKING:
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
    kept, names = cache.read(world), list(content.ids)
    if kept is None:
        from mdtodo.markdown.tasks import join_files
        from mdtodo.project.cache.task_cache import read_file_tasks

        by_file, unreadable = read_file_tasks(config, content, cache.tasks_before())
        names = list(by_file)
        tasks = join_files([by_file.pop(file) for file in names])
        made, columns, said = make_plan_and_columns(tasks, config, world, graph=ordered or graph)
        marked = tuple([file for file in names if b"<<<<<<<" in content.bytes_of(file)])
        if unreadable or content.unreadable:
            return made.leasing(world.leased), Documents(content, names, config.status, marked), unreadable
        kept = KeptPlan(made, said, marked)
        cache.write(kept, columns)
    made = cache.with_order(kept) if ordered else kept.plan
    return made.leasing(world.leased), Documents(content, names, config.status, kept.marked), []
