"""The step that delivers, with the token: push, or open a pull request, and set the outputs. It runs no processor.

It may stand where processors ran before, or in a job of its own. In both it takes only two files from there, and
believes nothing of them. What it needs besides comes from the event, by way of `action.yml`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from mdtodo.action.bundle import read_bundle
from mdtodo.action.clone import clone_for
from mdtodo.action.console import Masked, add_summary, set_outputs
from mdtodo.action.delivery_environment import start_from_nothing
from mdtodo.action.event import branch_to_push, only_writers_cause, other_branch
from mdtodo.action.handover import Handover, bundle_of
from mdtodo.action.inputs import flag
from mdtodo.action.inspection import commits_of, inspect
from mdtodo.action.pull_request import open_pull_request
from mdtodo.action.settings import BOT, sign_in
from mdtodo.cli import guarded
from mdtodo.config.load import load
from mdtodo.core.results import Outcome, RunReport
from mdtodo.errors import GitError, MdtodoError, UsageError
from mdtodo.git.files.tree_files import committed_configuration
from mdtodo.git.session import GitSession
from mdtodo.landing.push.after_run import push_receipts
from mdtodo.reporting import github_summary
from mdtodo.reporting.github_commands import annotate, quoted, say
from mdtodo.reporting.json_documents import findings_document, run_document
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    import io
    from collections.abc import Mapping, MutableMapping

    from mdtodo.git.repository import Repository

#: GitHub takes outputs of up to 1 MiB for a job.
_JSON_BYTES = 900_000


def deliver(environ: MutableMapping[str, str]) -> int:
    """Push what the work has committed, say so, and end as the work did, or with 3 where that must not be pushed."""
    # Out of the environment before anything is started that would inherit it.
    token = environ.pop("MDTODO_TOKEN", "").strip()
    runner = dict(environ)
    try:
        delivery = _Delivery.of(runner, token)
    except MdtodoError as error:
        annotate("error", str(error), title="mdtodo")
        return error.exit_code
    with tempfile.TemporaryDirectory(
        prefix="mdtodo-", dir=runner.get("RUNNER_TEMP") or None, ignore_cleanup_errors=True
    ) as folder:
        try:
            start_from_nothing(environ, folder, runner.get("MDTODO_GIT", ""), delivery.server)
            forms = sign_in(environ, delivery.server, token)
        except MdtodoError as error:
            annotate("error", str(error), title="mdtodo")
            return error.exit_code
        out = Masked(cast("io.TextIOBase", sys.stdout), forms)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return guarded(lambda: delivery.deliver(os.path.join(folder, "clone")))


@dataclass(slots=True)
class _Delivery:
    """`runner` is the environment that the runner gave this step, `folder` what was handed over. `apart`: in a job of
    its own. `pushes`, `asks`: whether anything is pushed, and whether as a pull request."""

    runner: Mapping[str, str]
    token: str
    folder: str
    apart: bool
    pushes: bool
    asks: bool
    state: Handover
    report: RunReport

    @classmethod
    def of(cls, runner: Mapping[str, str], token: str) -> _Delivery:
        """Raises UsageError where there is nothing to deliver that can be read."""
        apart = runner.get("MDTODO_INPUT_COMMAND", "").strip() == "deliver"
        folder = runner.get("MDTODO_INPUT_BUNDLE" if apart else "MDTODO_STATE", "").strip()
        if apart and not folder:
            raise UsageError("the input command is deliver, and the input bundle is empty")
        asks = flag("pull-request", runner.get("MDTODO_INPUT_PULL_REQUEST", ""), default=False)
        pushes = apart or asks or flag("push", runner.get("MDTODO_INPUT_PUSH", ""), default=True)
        state = Handover.load(folder)
        report = state.report or RunReport("", "", "", ())
        return cls(runner, token, folder, apart, pushes, asks, state, report._replace(commits=()))

    @property
    def server(self) -> str:
        """Where to push to, without the repository's name."""
        return self.runner.get("MDTODO_SERVER", "").rstrip("/")

    def deliver(self, clone: str) -> int:
        """All of it; the exit code. `clone` is a folder that is not there yet."""
        said: list[str] = []
        code = self.state.code
        # Also where a task failed: the receipts of the others are committed, and must not be lost with the runner.
        with quoted():
            refusal = self._send(clone, said)
            for sentence in said:
                say(f"mdtodo: {one_line(sentence)}")
        if refusal is not None:
            code = max(code, refusal.exit_code)
            said.append(_words(refusal))
            annotate("error", said[-1], title="mdtodo push")
        add_summary(self.runner, [github_summary.sentences(said)] if said else [])
        set_outputs(self.runner, self._outputs())
        if self.pushes and not self.apart:
            shutil.rmtree(self.folder, ignore_errors=True)
        return code

    def _send(self, clone: str, said: list[str]) -> MdtodoError | None:
        """Push in the way that was asked for; why it was not done."""
        if not os.path.lexists(bundle_of(self.folder)):
            return None
        try:
            bundle = read_bundle(bundle_of(self.folder))
            if not self.pushes:
                self.report = self.report._replace(commits=(bundle.tip,))
                said.append(f"committed {bundle.tip[:10]}, not pushed")
                return None
            self._check_branch(bundle.ref)
            repo, tip = clone_for(bundle, clone, self._address())
            with GitSession(repo) as git:
                oids = commits_of(git, bundle.base, bundle.tip)
                made_by = f"{BOT[0]} <{BOT[1]}>" if self.apart else None
                inspect(git, bundle.base, tip, oids, identity=made_by)
            self.report = self.report._replace(commits=tuple(oids))
            return self._push(repo, tip, said)
        except MdtodoError as error:
            return error

    def _push(self, repo: Repository, tip: str, said: list[str]) -> MdtodoError | None:
        if self.asks:
            self.report = open_pull_request(
                repo, self.report, self.runner, self.token, said, gh=self.runner.get("MDTODO_GH", "")
            )
            return None
        config = load(*committed_configuration(repo, tip))
        sent, refusal = push_receipts(repo, config, self.report, follow=False)
        said += sent.messages[len(self.report.messages) :]
        self.report = sent
        return refusal

    def _check_branch(self, ref: str) -> None:
        """Raises GitError where the receipts are of another branch than may be pushed, or nothing may be."""
        event = self.runner.get("MDTODO_EVENT", "")
        if not only_writers_cause(event):
            raise GitError(f"on {event or 'an unknown event'} nothing is pushed")
        asked = self.runner.get("MDTODO_INPUT_BRANCH", "").strip()
        wanted = branch_to_push(asked, self.runner.get("MDTODO_REF", ""))
        if ref != wanted:
            raise other_branch(ref, wanted)

    def _address(self) -> str:
        name = self.runner.get("MDTODO_REPOSITORY", "")
        if not re.fullmatch(r"(?!\.+/)[\w.-]+/(?!\.+$)[\w.-]+", name, re.ASCII):
            raise GitError(f"there is no repository {name!r}")
        return f"{self.server}/{quote(name)}.git"

    def _outputs(self) -> dict[str, str]:
        counts = {
            outcome: self.report.summary.get(outcome.value, 0) for outcome in (Outcome.DONE, Outcome.FAILED)
        }
        return {
            "done": str(counts[Outcome.DONE]),
            "failed": str(counts[Outcome.FAILED]),
            "commit": self.report.commits[-1] if self.report.commits else "",
            "json": self._json(),
        }

    def _json(self) -> str:
        if self.state.report is None:
            return json.dumps(findings_document(self.state.findings or ()))
        text = json.dumps(run_document(self.report))
        if len(text) <= _JSON_BYTES:
            return text
        return json.dumps(run_document(self.report._replace(tasks=())) | {"cut": True})


def _words(refusal: MdtodoError) -> str:
    hint = f"; {refusal.hint}" if refusal.hint else ""
    protected = re.search("protected|GH006|GH013|rule violation", refusal.sentence, re.IGNORECASE)
    return f"{refusal}{hint}" + (
        "; with `pull-request: true` they get a branch of their own" if protected else ""
    )
