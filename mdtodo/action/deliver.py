"""The step that delivers, with the token: push, or open a pull request, and set the outputs. It runs no processor."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from typing import TYPE_CHECKING, cast

from mdtodo.action.console import Masked, add_summary, set_outputs
from mdtodo.action.handover import Handover
from mdtodo.action.pull_request import open_pull_request
from mdtodo.action.settings import set_identity, sign_in, trust_checkout
from mdtodo.cli import guarded
from mdtodo.cli.context import Session
from mdtodo.core.results import Outcome, RunReport
from mdtodo.errors import MdtodoError
from mdtodo.git.repository import run
from mdtodo.reporting import github_summary
from mdtodo.reporting.github_commands import annotate, quoted, say
from mdtodo.reporting.json_documents import findings_document, run_document
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    import io
    from collections.abc import Mapping, MutableMapping

#: GitHub takes outputs of up to 1 MiB for a job.
_JSON_BYTES = 900_000


def deliver(environ: MutableMapping[str, str]) -> int:
    """Push what the work has committed, say so, and end as the work did, or with 3 where the remote refuses."""
    # Out of the environment before anything is started that would inherit it.
    token = environ.pop("MDTODO_TOKEN", "").strip()
    try:
        state = Handover.load(environ.get("MDTODO_STATE", ""))
        forms = sign_in(environ, environ.get("GITHUB_SERVER_URL") or "https://github.com", token)
    except MdtodoError as error:
        annotate("error", str(error), title="mdtodo")
        return error.exit_code
    out = Masked(cast("io.TextIOBase", sys.stdout), forms)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        return guarded(lambda: _deliver(environ, state, token))


def _deliver(environ: MutableMapping[str, str], state: Handover, token: str) -> int:
    trust_checkout(environ, state.root)
    session = Session.start([state.root], "never", debug=False)
    set_identity(session.repo, environ)
    report = (state.report or RunReport("", "", "", ()))._replace(commits=_commits(session, state.start))
    said: list[str] = []
    code = state.code
    # Also where a task failed: the receipts of the others are committed, and must not be lost with the runner.
    if state.push and report.commits:
        with quoted():
            report, refusal = _send(session, state, report, environ, token, said)
            for sentence in said:
                say(f"mdtodo: {one_line(sentence)}")
        if refusal is not None:
            code = max(code, refusal.exit_code)
            said.append(_words(refusal))
            annotate("error", said[-1], title="mdtodo push")
    elif report.commits:
        said.append(f"committed {report.commits[-1][:10]}, not pushed")
    add_summary(environ, [github_summary.sentences(said)] if said else [])
    set_outputs(environ, _outputs(state, report))
    return code


def _send(
    session: Session,
    state: Handover,
    report: RunReport,
    environ: Mapping[str, str],
    token: str,
    said: list[str],
) -> tuple[RunReport, MdtodoError | None]:
    """Push in the way that was asked for; the report as it is then, and why it was not done."""
    if state.pull_request:
        try:
            return open_pull_request(session.repo, report, environ, token, said), None
        except MdtodoError as error:
            return report, error
    from mdtodo.landing.push.after_run import push_receipts

    sent, refusal = push_receipts(session.repo, session.config, report)
    said += sent.messages[len(report.messages) :]
    return sent, refusal


def _words(refusal: MdtodoError) -> str:
    hint = f"; {refusal.hint}" if refusal.hint else ""
    protected = re.search("protected|GH006|GH013|rule violation", refusal.sentence, re.IGNORECASE)
    return f"{refusal}{hint}" + (
        "; with `pull-request: true` they get a branch of their own" if protected else ""
    )


def _commits(session: Session, start: str) -> tuple[str, ...]:
    """What has been committed since the checkout, oldest first."""
    # 128: HEAD has no commit.
    span = [f"{start}..HEAD"] if start else ["HEAD"]
    return tuple(run(session.repo, "rev-list", "--reverse", *span, "--", ok=(0, 128)).decode().split())


def _outputs(state: Handover, report: RunReport) -> dict[str, str]:
    counts = {outcome: report.summary.get(outcome.value, 0) for outcome in (Outcome.DONE, Outcome.FAILED)}
    return {
        "done": str(counts[Outcome.DONE]),
        "failed": str(counts[Outcome.FAILED]),
        "commit": report.commits[-1] if report.commits else "",
        "json": _json(state, report),
    }


def _json(state: Handover, report: RunReport) -> str:
    if state.report is None:
        return json.dumps(findings_document(state.findings or ()))
    text = json.dumps(run_document(report))
    return (
        text
        if len(text) <= _JSON_BYTES
        else json.dumps(run_document(report._replace(tasks=())) | {"cut": True})
    )
