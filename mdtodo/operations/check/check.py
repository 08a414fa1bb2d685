"""Everything that `check` has to say, gathered from the rooms that know it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.load import load
from mdtodo.core.task import Finding, Severity
from mdtodo.errors import InputError, MdtodoError
from mdtodo.git.files import worktree_files
from mdtodo.git.files.blob_reader import BlobReader
from mdtodo.git.files.tree_files import (
    committed_configuration,
    find_tracked,
    from_commit,
    from_index,
    select_files,
    staged_configuration,
)
from mdtodo.git.files.work_tree_stats import WorkTreeStats
from mdtodo.git.repository import calling_index, read_blobs
from mdtodo.git.true_history import ENVIRONMENT
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.tasks import read_tasks
from mdtodo.operations.check import baseline
from mdtodo.operations.check.archives import CONFLICT, lists_of, of_archives
from mdtodo.operations.check.gate import gate, gate_in_range
from mdtodo.operations.check.remember import remember
from mdtodo.operations.check.rules import judged
from mdtodo.planning.findings import BETWEEN_FILES, SUGGESTING
from mdtodo.planning.findings import findings as planning_findings
from mdtodo.planning.plan import plan_for_check
from mdtodo.project.cache.work_tree_ids import todo_files
from mdtodo.system.files import create, read_inside, replace

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.document import Document
    from mdtodo.operations.check.findings_cache import FindingsCache
    from mdtodo.operations.check.gate import Gate
    from mdtodo.planning.plan import Plan
    from mdtodo.planning.routing import Router


def check(repo: Repository, config: Config, paths: Sequence[str] = ()) -> Checked:
    """What is wrong in the work tree. With `paths` (relative to the root) only what stands in these files.

    The whole repository is read in any case, as ids and dependencies cross files.
    """
    stats = WorkTreeStats(repo.root)
    every = worktree_files.find(repo, config.files_and_archives, stats=stats)
    content = todo_files(repo, dict.fromkeys([*every, *paths]), stats)
    settings = config, worktree_files.read_configuration(repo.root)
    found = _findings_in(repo, content, config, paths).with_gate(gate(repo, content, settings))
    found = found.unknown_to(read_inside(repo.root, baseline.FILE), content)
    return found.only(frozenset(paths)) if paths else found.and_also(_of_clone(repo, config))


def write_baseline(repo: Repository, config: Config) -> int:
    """Write what is wrong in the work tree to the baseline, so that it is not reported until its line changes; how many
    findings that are. What the gate says is never among them."""
    content = todo_files(repo, worktree_files.find(repo, config.files_and_archives))
    found = _findings_in(repo, content, config)
    if found.unreadable:
        raise found.unreadable[0]
    made, count = baseline.written(found.findings, content.bytes_of(content.ids))
    before = read_inside(repo.root, baseline.FILE)
    if before is None:
        create(repo.root, baseline.FILE, made)
    elif before != made:
        replace(repo.root, baseline.FILE, before, made)
    return count


def check_staged(repo: Repository, paths: Sequence[str] = (), *, cwd: str = ".") -> Checked:
    """What is wrong in what is staged, in the index that a calling git names, by the staged configuration.

    With `paths`, as typed in `cwd`, only what stands in these files. Raises ConfigError where the staged
    configuration is broken.
    """
    with BlobReader(repo, calling_index() | ENVIRONMENT) as read:
        configuration = staged_configuration(repo, read)
        config = load(*configuration)
        content = from_index(repo, config.files_and_archives, read)
        made = gate(repo, content, (config, configuration), new_only=True, staged=True)
        found = _findings_in(repo, content, config).with_gate(made)
        remember(repo, content, (config, configuration), clean=not any(found[:2]))
        found = found.unknown_to(_committed_baseline(repo, "HEAD", found), content)
        return found.only(select_files(repo.root, frozenset(content.ids), paths, cwd=cwd)) if paths else found


def check_changed(repo: Repository, config: Config, paths: Sequence[str], *, cwd: str = ".") -> Checked:
    """What a change is to answer for: what is wrong in the TODO files among `paths`, which changed, and what
    that made wrong elsewhere: an id that is taken or gone, a cycle, a processor that is not there any more.

    Files that git does not track count only where they are named. What was wrong before, in the commit that
    the change is compared with, is not reported elsewhere.
    """
    every, chosen = find_tracked(repo, config.files_and_archives, paths, cwd=cwd)
    content = todo_files(repo, every)
    settings = config, worktree_files.read_configuration(repo.root)
    made = gate(repo, content, settings, new_only=True)
    found = _findings_in(repo, content, config).with_gate(made)
    remember(repo, content, settings, clean=not any(found[:2]))
    found = found.unknown_to(_committed_baseline(repo, _base(), found), content)
    elsewhere = [f for f in found.findings if f.file not in chosen and f.code in ACROSS]
    # a hook is not told of files that are gone
    altered = [f for f in made.findings if f.file not in chosen and f.code in OF_CHANGES]
    here = found.only(chosen).and_also(altered)
    if not elsewhere:
        return here
    known = _wrong_before(repo)
    return here.and_also([finding for finding in elsewhere if _identity(finding) not in known])


def check_range(repo: Repository, text: str, paths: Sequence[str] = (), *, cwd: str = ".") -> Checked:
    """What the gate says of a range of commits; of committed content alone. With `paths`, as typed in `cwd`, only what
    stands in these files.

    Raises GitError where the range, or what it is compared with, is not here.
    """
    made, strict = gate_in_range(repo, text)
    found = Checked([], made.unreadable, strict).with_gate(made)
    files = frozenset([one.file for one in found.findings] + [one.file or "" for one in made.unreadable])
    return found.only(select_files(repo.root, files, paths, cwd=cwd)) if paths else found


#: Codes of findings that a change of another file can bring about.
ACROSS = BETWEEN_FILES | SUGGESTING

#: Codes of what a change does beside ticking.
OF_CHANGES = frozenset({"gate-changed", "open-task-removed"})

#: Files, or bytes in all, from which on it pays to remember what was found.
MANY, LARGE = 30, 1 << 17


class Checked(NamedTuple):
    """Findings in the order of files and lines, and the files that could not be read. `strict`: warnings count as
    errors, by the configuration that was judged by; `unjudged` ticks are older than what a shallow clone has."""

    findings: list[Finding]
    unreadable: tuple[InputError, ...] = ()
    strict: bool = False
    unjudged: int = 0

    def with_gate(self, gate: Gate) -> Checked:
        """With what the gate says, each finding where its line is."""
        if not gate.findings:
            return self._replace(unjudged=gate.unjudged)
        return self._replace(findings=_in_place([*self.findings, *gate.findings]), unjudged=gate.unjudged)

    def only(self, files: frozenset[str]) -> Checked:
        """What is said of these files."""
        unreadable = tuple([error for error in self.unreadable if error.file in files])
        return self._replace(
            findings=[finding for finding in self.findings if finding.file in files], unreadable=unreadable
        )

    def unknown_to(self, known: bytes | None, content: TodoFiles) -> Checked:
        """Without what a baseline has, the bytes of its file; None is none."""
        files = {finding.file for finding in self.findings} & content.ids.keys() if known is not None else ()
        return self._replace(findings=baseline.without_known(self.findings, content.bytes_of(files), known))

    def and_also(self, more: Iterable[Finding]) -> Checked:
        """With these findings as well, after the others."""
        return self._replace(findings=[*self.findings, *more])

    def errors(self) -> list[Finding]:
        """The findings without the warnings."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def exit_code(self) -> int:
        """3 where a file could not be read; 1 where a finding is an error, or counts as one; else 0."""
        if self.unreadable:
            return 3
        return 1 if self.findings and (self.strict or self.errors()) else 0


def _findings_in(repo: Repository, content: TodoFiles, config: Config, named: Container[str] = ()) -> Checked:
    """Everything that is wrong in these files, as far as the receipts on the branch do not know better, and as the
    configuration has it; of an archive that is not `named`, no more than `of_archives` says."""
    lists = lists_of(content, config, named)
    checked = _judge_files(repo, lists, config)
    found = checked.findings
    if lists is not content:
        more, unreadable = of_archives(content, config)
        found = _in_place([*found, *more])
        checked = checked._replace(unreadable=(*checked.unreadable, *unreadable))
    if any(finding.code == "unknown-id" for finding in found):
        from mdtodo.project.deleted_tasks import without_deleted

        found = without_deleted(repo, config, found)
    return checked._replace(findings=judged(found, config.check), strict=config.warnings_as_errors)


def _judge_files(repo: Repository, content: TodoFiles, config: Config) -> Checked:
    """Everything that is wrong in these files by themselves."""
    if len(content.ids) < MANY and sum(map(len, content.data.values())) < LARGE:
        return _merged(content, *_read_all(content, config))
    from mdtodo.operations.check.findings_cache import FindingsCache

    cache = FindingsCache(repo, config)
    whole = cache.whole(content.ids)
    if whole is not None:
        return _merged(content, whole, [])
    found, unreadable = _from_summaries(content, config, cache), list[InputError]()
    if found is None:
        found, unreadable = _read_all(content, config)
    cache.add_whole(content.ids, None if unreadable else found)
    return _merged(content, found, unreadable)


def _read_all(content: TodoFiles, config: Config) -> tuple[list[Finding], list[InputError]]:
    """What is found in these files, all of them read; and those that cannot be."""
    documents, unreadable = _documents(content, content.ids, config)
    return _of_documents(documents, plan_for_check(read_tasks(documents), config), config), unreadable


def _from_summaries(content: TodoFiles, config: Config, cache: FindingsCache) -> list[Finding] | None:
    """What is found in these files, of which only those are read that were not before; None where that does not
    tell."""
    from mdtodo.core import codec
    from mdtodo.operations.check.findings_cache import FileSummary, between, files_in_doubt, has_cycle
    from mdtodo.operations.check.fork_map import fork_map
    from mdtodo.planning.routing import Router

    files = {file: cache.summary(oid) for file, oid in content.ids.items()}
    data = content.bytes_of([file for file, summary in files.items() if summary is None])
    # numbers, as the name of a file may have the tabs and line ends that `fork_map` separates by
    names = {str(number): file for number, file in enumerate(data)}

    # made before the forks, so that each has it
    router = Router(config) if data else None

    def work(part: Sequence[str]) -> dict[str, str]:
        texts = {}
        for name in part:
            text = _summarize(names[name], data[names[name]], config, router)
            if text is not None:
                texts[name] = text
        return texts

    for name, text in fork_map({name: len(data[file]) for name, file in names.items()}, work).items():
        cache.add(content.ids[names[name]], text)
        files[names[name]] = codec.loads(FileSummary, text)
    summaries = {file: summary for file, summary in files.items() if summary is not None}
    found = between(summaries) if len(summaries) == len(files) else None
    if found is None or has_cycle(_documents(content, files_in_doubt(summaries), config)[0]):
        return None
    found += [
        finding._replace(file=file) for file, summary in summaries.items() for finding in summary.findings
    ]
    return _in_order(found, content.ids)


def _summarize(file: str, data: bytes, config: Config, router: Router | None) -> str | None:
    """What is to be remembered of a file; None where that is nothing."""
    from mdtodo.operations.check.findings_cache import FileSummary

    try:
        documents = {file: parse(data, config.status, file=file)}
    except InputError:
        return None
    made = plan_for_check(read_tasks(documents), config, router)
    return FileSummary.of(made, _of_documents(documents, made, config)).text()


def _documents(
    content: TodoFiles, files: Iterable[str], config: Config
) -> tuple[dict[str, Document], list[InputError]]:
    documents: dict[str, Document] = {}
    unreadable = []
    for file, data in content.bytes_of(files).items():
        try:
            documents[file] = parse(data, config.status, file=file)
        except InputError as error:
            unreadable.append(error)
    return documents, unreadable


def _of_documents(documents: Mapping[str, Document], made: Plan, config: Config) -> list[Finding]:
    """What the lines say, and what the plan says; in the order of files and lines."""
    found = [finding for file, document in documents.items() for finding in _of_document(file, document)]
    found += planning_findings(made, config)
    return _in_order(found, documents)


def _in_order(found: list[Finding], files: Iterable[str]) -> list[Finding]:
    order = {file: index for index, file in enumerate(files)}
    return sorted(
        found, key=lambda finding: (order[finding.file], finding.line, finding.code, finding.message)
    )


def _in_place(found: list[Finding]) -> list[Finding]:
    """With the lines of each file in order, and the files as they came."""
    files = {finding.file: number for number, finding in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda one: (files[one.file], one.line, one.code, one.message))


def _merged(content: TodoFiles, found: list[Finding], unreadable: list[InputError]) -> Checked:
    """With what the version itself lacks: what is not merged, and what cannot be read."""
    if content.unmerged:
        found = [finding for finding in found if finding.file not in content.unmerged]
        found = sorted([*found, *map(_unmerged, content.unmerged)], key=lambda finding: finding.file)
    return Checked(found, (*content.unreadable, *unreadable))


def _unmerged(file: str) -> Finding:
    message = "not merged in the index: resolve it and `git add` it, then check again"
    return Finding(file, 1, Severity.ERROR, "conflict-marker", message)


def _base() -> str:
    """What a change of the work tree is compared with."""
    # pre-commit sets it with --from-ref, and before a push
    return os.environ.get("PRE_COMMIT_FROM_REF") or "HEAD"


def _committed_baseline(repo: Repository, revision: str, found: Checked) -> bytes | None:
    """The baseline that this commit has; not asked for where nothing was found."""
    if all(finding.code in baseline.NEVER for finding in found.findings):
        return None
    name = f"{revision}:{baseline.FILE}"
    return read_blobs(repo, [name], ENVIRONMENT).get(name)


def _wrong_before(repo: Repository) -> set[tuple[str, str, str]]:
    """What was wrong in the commit that the change started from; of nothing where there is none."""
    base = _base()
    try:
        config = load(*committed_configuration(repo, base))
        return {
            _identity(finding)
            for finding in _findings_in(repo, from_commit(repo, base, config.task_files), config).findings
        }
    except MdtodoError:  # an unborn branch, or a configuration that was broken
        return set()


def _identity(finding: Finding) -> tuple[str, str, str]:
    """What makes two findings the same, wherever the lines are by now, and whatever names are known by now."""
    said = re.sub(r":[0-9]+\b", ":", finding.message)
    return finding.file, finding.code, said.rpartition(" (")[0] or said


def _of_clone(repo: Repository, config: Config) -> list[Finding]:
    """What this clone lacks, or has in the wrong place. Most repositories have no attributes, and no processors that
    are Python or link folders; then nothing is imported for them."""
    found: list[Finding] = []
    if any(processor.python for processor in config.processors.values()):
        from mdtodo.operations.check.processor_warnings import missing_modules

        found += missing_modules(repo, config)
    if any(processor.link for processor in config.processors.values()):
        from mdtodo.operations.check.processor_warnings import linked_checkouts

        found += linked_checkouts(repo, config)
    if os.path.exists(f"{repo.root}/.gitattributes"):
        from mdtodo.integrations.merge_driver.setup import missing_driver

        driver = missing_driver(repo)
        found += [] if driver is None else [driver]
    return judged(found, config.check)


def _of_document(file: str, document: Document) -> Iterator[Finding]:
    """What the lines themselves say: keys, empty and unknown boxes, conflict markers."""
    for item in document.items:
        yield from _of_keys(file, item.line, item.text)
        if not read_keys(item.text).title:
            message = "only keys and no title: nobody can tell what is to be done; write it before the keys"
            yield Finding(file, item.line, Severity.WARNING, "empty-title", message)
    for heading in document.headings:
        yield from _of_keys(file, heading.line, heading.text)
    for line in document.empty_boxes:
        message = "an empty box is not a task: write what has to be done, or remove it"
        yield Finding(file, line, Severity.WARNING, "empty-box", message)
    for box in document.unknown_boxes:
        yield Finding(file, box.line, Severity.WARNING, "unknown-box", box.sentence)
    for line in document.conflicts:
        yield Finding(file, line, Severity.ERROR, "conflict-marker", CONFLICT)


def _of_keys(file: str, line: int, text: str) -> Iterator[Finding]:
    for problem in read_keys(text).problems:
        below = text.count("\n", 0, problem.offset)
        yield Finding(file, line + below, problem.severity, problem.code, problem.message)
