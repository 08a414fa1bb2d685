"""What set the workflow off, and how far that is to be trusted.

Only what nobody can cause who may not write to the repository lets processors run; everything else is checked.
Payloads are those of GitHub's webhooks ("Events that trigger workflows" in GitHub's documentation).
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import UsageError
from mdtodo.git.messages import Message
from mdtodo.receipts.trailers import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.errors import MdtodoError


class Mode(StrEnum):
    """What the Action does. `PREVIEW`: check, and say what would run. `VERIFY` commits nothing on a pull request."""

    RUN = "run"
    VERIFY = "verify"
    CHECK = "check"
    PREVIEW = "preview"
    NOTHING = "nothing"


class GitHubEvent(NamedTuple):
    """The name of the event, and its payload; empty where there is none that can be read."""

    name: str
    payload: Mapping[str, object]
    repository: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> GitHubEvent:
        """From GITHUB_EVENT_NAME, GITHUB_EVENT_PATH and GITHUB_REPOSITORY."""
        payload: object = {}
        try:
            with open(environ.get("GITHUB_EVENT_PATH", ""), "rb") as file:
                payload = json.loads(file.read())
        except (OSError, ValueError, RecursionError):
            pass
        name = environ.get("GITHUB_EVENT_NAME", "").strip()
        return cls(name, _mapping(payload), environ.get("GITHUB_REPOSITORY", ""))

    @property
    def is_pull_request(self) -> bool:
        """Of this very repository, or of the queue of requests that are about to be merged."""
        return self.name in ("pull_request", "merge_group")

    @property
    def is_from_fork(self) -> bool:
        """Whether a pull request comes from another repository, or may."""
        if self.name == "merge_group":
            return False
        request = _mapping(self.payload.get("pull_request"))
        head = _full_name(_mapping(request.get("head")))
        base = _full_name(_mapping(request.get("base"))) or self.repository
        # GitHub names no repository where the fork was deleted, and ignores the case of names.
        return not head or head.casefold() != base.casefold()

    @property
    def messages(self) -> list[Message]:
        """Those of the commits that were pushed, oldest first."""
        listed = self.payload.get("commits")
        given = listed if isinstance(listed, list) and listed else [self.payload.get("head_commit")]
        commits = [_mapping(one) for one in given]
        return [
            Message(str(one.get("id", "")), str(one["message"]).replace("\r\n", "\n"))
            for one in commits
            if isinstance(one.get("message"), str)
        ]

    @property
    def base(self) -> str:
        """The commit that a pull request is compared with; empty where the event is none, or names none."""
        if not self.is_pull_request:
            return ""
        asked = _mapping(_mapping(self.payload.get("pull_request")).get("base")).get("sha")
        queued = _mapping(self.payload.get("merge_group")).get("base_sha")
        found = queued if self.name == "merge_group" else asked
        return found if isinstance(found, str) and re.fullmatch("[0-9a-f]{40,64}", found) else ""

    @property
    def is_in_fork(self) -> bool:
        """Whether the repository itself is a fork of another one."""
        return _mapping(self.payload.get("repository")).get("fork") is True

    def decide(self, command: str, *, in_fork: bool = False) -> tuple[Mode, str]:
        """What to do where the inputs ask for `command`, and a sentence where it is something else. `in_fork`: a fork
        runs its tasks as well."""
        asked = Mode(command)
        if asked is Mode.CHECK:
            return asked, ""
        if self.is_pull_request and self.is_from_fork:
            return Mode.CHECK, "the pull request is from a fork: it is only checked, and nothing runs"
        if self.is_pull_request:
            if asked is Mode.VERIFY:
                return asked, ""
            return Mode.PREVIEW, "pull requests are only checked; their tasks run after the merge"
        if not only_writers_cause(self.name):
            name = f"on {self.name}" if self.name else "without a known event"
            return Mode.CHECK, f"{name}, TODO files are only checked: anybody may have triggered it"
        if self.is_in_fork and not in_fork:
            return (
                Mode.CHECK,
                "this repository is a fork: without `run-in-fork: true`, TODO files are only checked",
            )
        return asked, ""


def branch_to_push(asked: str, ref: str) -> str:
    """The branch that receipts are pushed to, in full: the one that was asked for, or that of the event's `ref`; empty
    where neither is one."""
    named = f"refs/heads/{asked.removeprefix('refs/heads/')}" if asked else ref
    return named if named.startswith("refs/heads/") else ""


def other_branch(ref: str, wanted: str) -> MdtodoError:
    """What is wrong where the receipts are, or would be, of another branch than is pushed to."""
    names = [one.removeprefix("refs/heads/") for one in (ref, wanted)]
    return UsageError(
        f"{names[0]} is checked out, and receipts are pushed to {names[1]}"
        if wanted
        else f"{names[0]} is checked out, and the event is of no branch",
        hint="the input `branch` names the branch to push to",
    )


def only_writers_cause(event: str) -> bool:
    """Whether only those who may write to the repository can cause an event of this name."""
    return event in _TRUSTED


#: What only those cause who may write to the repository.
#: Never pull_request_target, workflow_run, issues or issue_comment: anybody can trigger these, and they run
#: with the repository's secrets.
_TRUSTED = ("push", "schedule", "workflow_dispatch", "repository_dispatch", "release")


def is_receipt(text: str) -> bool:
    """Whether a commit message is one that a run has written, whole, not one that merely holds such a message.

    A person's `mdtodo done --commit` is none, since what waits for that task may run now.
    """
    run, tasks = parse(text)
    if run is None:
        return False
    *above, _ = text.rstrip("\n").split("\n\n")
    if not above or any(not line.startswith("- ") for part in above[1:] for line in part.split("\n")):
        return False
    return all(task.processor != "person" or task.said_in is not None for task in tasks)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _full_name(side: Mapping[str, object]) -> str:
    name = _mapping(side.get("repo")).get("full_name")
    return name if isinstance(name, str) else ""
