"""Receipts rebased onto another tip: not as text, but merged there by task.

What a commit changed is read off its two versions of a file, so a clone that knows nothing but the commits can do it.
A task that somebody else closed meanwhile, or that is not there any more, gets no receipt; what else a
commit changed, such as outputs, is merged as git merges text, or not at all.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.diff_tree import changes_of
from mdtodo.git.files.worktree_files import is_markdown
from mdtodo.git.objects import NewObjects, change_tree, find_in_tree
from mdtodo.git.session import with_time
from mdtodo.landing.merge.merge_file import merge_file
from mdtodo.landing.merge.merge_tasks import changes_between
from mdtodo.landing.push.replay import REGULAR, FileChanges, NewBase, closed_tasks, replay
from mdtodo.markdown.task_index import Unclear
from mdtodo.receipts.message import before_title, counted, is_listed, titles
from mdtodo.receipts.trailers import OF_A_TASK, groups, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.objects import TreeChange
    from mdtodo.git.session import GitSession
    from mdtodo.receipts.trailers import Trailer


class Commit(NamedTuple):
    """A commit as git keeps it: `author` with time, `message` in `encoding`. `receipts`: run and task of each."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: bytes
    encoding: str
    message: str
    receipts: tuple[tuple[str, Trailer], ...]
    undone: frozenset[str]


@dataclass(slots=True)
class Rebased:
    """The receipts on a new tip. `commits`: what became of each old one, None where it was dropped.
    `messages`: sentences about what was dropped, and what waits. `waiting`: by task why its result waits."""

    tip: str
    commits: dict[str, str | None] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


class CannotRebaseError(GitError):
    """A person has to bring both sides together; the sentence says why."""


def read_commit(git: GitSession, oid: str) -> Commit:
    """The commit of this id, as it is."""
    head, _, message = git.content(oid).partition(b"\n\n")
    # Continued lines, as in gpgsig, begin with a space: their name here is empty, and nobody asks for it.
    fields: dict[bytes, list[str]] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        fields.setdefault(name, []).append(value.decode("utf-8", "surrogateescape"))
    # In any encoding: the bytes go out as they came in, and the keys of trailers are ASCII.
    text = message.decode("utf-8", "surrogateescape")
    last_paragraph = text.rstrip("\n").rpartition("\n\n")[2]
    found = groups(last_paragraph.split("\n")) if parse(text)[0] else ()
    return Commit(
        oid,
        fields[b"tree"][0],
        tuple(fields.get(b"parent", ())),
        fields[b"author"][0].encode("utf-8", "surrogateescape"),
        fields.get(b"encoding", ["UTF-8"])[0],
        text,
        tuple((group.run, task) for group in found for task in group.tasks),
        frozenset(group.undoes for group in found if group.undoes),
    )


def rebase(
    git: GitSession,
    commits: Sequence[Commit],
    tip: str,
    landed: Mapping[tuple[str, str], str],
    statuses: Mapping[str, Status],
    *,
    where: str,
    wait: Callable[[str, str], bool],
) -> Rebased:
    """Replay on `tip` what these receipts did, oldest first, each a child of the one before it.

    `landed`: the commit of each receipt (run and task) that the tip has already. `where` names the tip for
    people. `wait` keeps the result of a task (run and id) for later, since it cannot be told from an equal one there;
    False where it is not known here. Only objects are written. Raises CannotRebaseError where that is so, and where a
    file that a receipt brings along was changed there in another way.
    """
    making = _Rebase(git, tip, read_commit(git, tip).tree, landed, statuses, where, wait, Rebased(tip))
    changed = changes_of(git, [commit.oid for commit in commits])
    for commit in commits:
        making.result.commits[commit.oid] = making.replay(commit, changed.get(commit.oid, []))
    return making.result


@dataclass(slots=True)
class _Rebase:
    git: GitSession
    onto: str
    tree: str
    landed: Mapping[tuple[str, str], str]
    statuses: Mapping[str, Status]
    where: str
    wait: Callable[[str, str], bool]
    result: Rebased
    _dropped: set[tuple[str, str]] = field(default_factory=set)

    def replay(self, commit: Commit, files: Sequence[FileChange]) -> str | None:
        """The commit replayed as the new tip; where nothing of it is left, the one that has its receipts."""
        new = NewObjects(self.git.settings().algorithm())
        done, others = self._by_task(files)
        known = [one for run, task in commit.receipts if (one := self.landed.get((run, task.task_id)))]
        wanted = self._wanted(commit)
        trailers = [task for _, task in commit.receipts]
        subject, _, body = commit.message.partition("\n")
        names = titles(subject, body, trailers)
        onto = NewBase(self.git, self.tree, lambda: self._added(commit), self.statuses)
        replayed = replay(onto, done, trailers, names, wanted, new)
        as_text = self._merged_as_text(wanted - replayed.made - replayed.reasons.keys(), commit, done, others)
        made = replayed.made | as_text
        for (run, task), title in zip(commit.receipts, names, strict=True):
            if task.task_id not in made and (run, task.task_id) not in self.landed:
                reason = replayed.reasons.get(task.task_id, "there is nothing to undo")
                self._drop(run, task, title, reason)
        if not made:
            return known[-1] if known else None
        changes = replayed.changes | self._merged(others, new)
        # A commit that changed no file keeps its receipts; of any other nothing would be left.
        return self._commit(commit, changes, new, made) if changes or not files else None

    def _wanted(self, commit: Commit) -> frozenset[str]:
        """The tasks whose receipts the tip has not; of a commit that takes back others, if those are on it."""
        gone = {task for run, task in self._dropped if run in commit.undone}
        return frozenset(
            task.task_id
            for run, task in commit.receipts
            if (run, task.task_id) not in self.landed and task.task_id not in gone
        )

    def _by_task(self, files: Iterable[FileChange]) -> tuple[list[FileChanges], list[FileChange]]:
        """What changed of tasks alone, and the other files."""
        found: list[FileChanges] = []
        others: list[FileChange] = []
        for file in files:
            if file.before and file.after and file.before[0] == file.after[0] in REGULAR:
                before, after = self.git.content(file.before[1]), self.git.content(file.after[1])
                changes = changes_between(before, after, self.statuses, os.fsdecode(file.path))
                if changes is not None:
                    found.append(FileChanges(os.fsdecode(file.path), changes))
                    continue
            others.append(file)
        return found, others

    def _added(self, commit: Commit) -> list[str]:
        """The markdown files that the tip has and the commit's parent had not."""
        args = "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A"
        out = self.git.run(*args, commit.parents[0], self.onto)
        return [name for name in map(os.fsdecode, out.split(b"\0")) if is_markdown(name)]

    def _merged_as_text(
        self, left: frozenset[str], commit: Commit, done: Sequence[FileChanges], others: Sequence[FileChange]
    ) -> frozenset[str]:
        """The tasks whose edits are among what is merged as text, as it is not of tasks alone.

        Raises GitError where one of them is closed on the tip already: a text merge would not find out.
        """
        merged = [one for one in others if is_markdown(os.fsdecode(one.path))]
        if done and not merged:
            return frozenset()
        closing = {task.task_id for _, task in commit.receipts if task.outcome in _CLOSING} & left
        for one in merged:
            there = find_in_tree(self.tree, one.path, self.git.content)
            if there is not None and there != one.before and there[0] in REGULAR:
                file, data = os.fsdecode(one.path), self.git.content(there[1])
                if closing & closed_tasks(data, closing, self.statuses, file):
                    raise self._disagreement(one.path)
        return left

    def _merged(self, others: Iterable[FileChange], new: NewObjects) -> dict[bytes, TreeChange]:
        changes: dict[bytes, TreeChange] = {}
        for path, before, after in others:
            there = find_in_tree(self.tree, path, self.git.content)
            if there == before:
                changes[path] = after
            elif there != after:
                changes[path] = self._merge(path, before, after, there, new)
        return changes

    def _merge(
        self,
        path: bytes,
        before: tuple[bytes, str] | None,
        after: tuple[bytes, str] | None,
        there: tuple[bytes, str] | None,
        new: NewObjects,
    ) -> TreeChange:
        if before and after and there and before[0] == after[0] == there[0] in REGULAR:
            base, ours, theirs = (self.git.content(one[1]) for one in (before, there, after))
            merged = merge_file(
                self.git, base, ours, theirs, self.statuses, by_task=is_markdown(os.fsdecode(path))
            )
            if merged is not None:
                return there[0], new.add("blob", merged)
        raise self._disagreement(path)

    def _disagreement(self, path: bytes) -> GitError:
        return CannotRebaseError(f"{os.fsdecode(path)} was changed on {self.where} too, in another way")

    def _drop(self, run: str, task: Trailer, title: str | None, reason: str) -> None:
        self._dropped.add((run, task.task_id))
        name = f"{task.task_id} {title}" if title else task.task_id
        if isinstance(reason, Unclear):
            self._keep(run, task.task_id, name, reason)
            return
        self.result.messages.append(f"{name}: its receipt was dropped, since on {self.where} {reason}")

    def _keep(self, run: str, task_id: str, name: str, reason: Unclear) -> None:
        """Nothing is dropped that may be proven: what cannot be told now may be told later."""
        if not self.wait(run, task_id):
            raise CannotRebaseError(f"{name}: on {self.where} {reason}")
        sentence = f"its result is kept for the next `mdtodo run`, since on {self.where} {reason}"
        self.result.waiting[task_id] = sentence
        self.result.messages.append(f"{name}: {sentence}")

    def _commit(
        self, old: Commit, changes: Mapping[bytes, TreeChange], new: NewObjects, made: set[str]
    ) -> str:
        git, parent = self.git, self.result.tip
        tree = change_tree(self.tree, changes, git.content, new)
        gone = {task.task_id for _, task in old.receipts} - made
        text = (drop_tasks(old.message, gone) if gone else old.message).encode("utf-8", "surrogateescape")
        if git.settings().signs():
            git.write(new)
            oid = self._signed(old, tree, text)
        else:
            committer = with_time(git.identity().committer, "GIT_COMMITTER_DATE")
            # Without gpgsig: the old signature is of other bytes.
            head = [b"tree " + tree.encode(), b"parent " + parent.encode(), b"author " + old.author]
            head += [b"committer " + committer]
            head += [b"encoding " + old.encoding.encode()] if old.encoding != "UTF-8" else []
            oid = new.add("commit", b"\n".join([*head, b"", text]))
            git.write(new)
        self.result.tip, self.tree = oid, tree
        return oid

    def _signed(self, old: Commit, tree: str, text: bytes) -> str:
        """By git itself, which may ask for a passphrase."""
        found = _AUTHOR.fullmatch(old.author.decode("utf-8", "surrogateescape"))
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE")
        env = dict(zip(names, (found[1], found[2], f"@{found[3]}"), strict=True)) if found else {}
        args = (
            "-c",
            f"i18n.commitEncoding={old.encoding}",
            "commit-tree",
            "-S",
            "-p",
            self.result.tip,
            "-F",
            "-",
            tree,
        )
        return self.git.run(*args, stdin=text, env=env, own_group=False).decode().strip()


def drop_tasks(message: str, gone: set[str]) -> str:
    """The message of a receipt without these tasks: in the subject, the list, and the trailers."""
    body = message.rstrip("\n")
    above, _, last = body.rpartition("\n\n")
    lines = [line for line in last.split("\n") if not _is_of(line, gone)]
    run, tasks = parse(message)
    subject, _, listed = above.partition("\n")
    bullets = [line for line in listed.split("\n") if _BULLET.fullmatch(line)]
    left = [task for task in tasks if task.task_id not in gone]
    if run is None or len(bullets) != len(tasks) or not left:
        return "\n".join([above, "", *lines]) + "\n"
    kept = [line for line, task in zip(bullets, tasks, strict=True) if task.task_id not in gone]
    shown = [(found[1], found[2]) for line in kept if (found := _BULLET.fullmatch(line))]
    if _COUNTS.fullmatch(subject):
        subject = _subject(shown)
    middle = ["", *kept] if len(kept) > 1 or is_listed(*shown[0]) else []
    return "\n".join([subject, *middle, "", *lines]) + "\n"


_CLOSING = ("done", "cached", "cancelled")
_AUTHOR = re.compile(r"(.*?) ?<([^<>]*)> (\d+ [+-]\d{4})")
_BULLET = re.compile(r"- (\S+): (.*)")
_COUNTS = re.compile(r"todo: \d+ \S+(?:, \d+ \S+)*")


def _subject(shown: Sequence[tuple[str, str]]) -> str:
    if len(shown) == 1:
        ((word, title),) = shown
        return f"todo: {before_title(word)}{title}"
    return counted(word for word, _ in shown)


def _is_of(line: str, gone: set[str]) -> bool:
    words = line.split(" ", 2)
    return len(words) > 1 and words[0] in OF_A_TASK and words[1] in gone
