"""Receipts for a branch that takes no pushes: on a branch of their own, with a pull request."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from mdtodo.git.messages import messages
from mdtodo.git.position import head_position
from mdtodo.landing.push.after_run import push_to_branch
from mdtodo.receipts.trailers import parse
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.results import RunReport
    from mdtodo.git.repository import Repository

_SECONDS = 60


def open_pull_request(
    repo: Repository, report: RunReport, environ: Mapping[str, str], token: str, said: list[str], *, gh: str
) -> RunReport:
    """Push HEAD to `mdtodo/RUN`, and open a pull request with the program `gh`, or say how to; the report as it was.
    `environ` is what the runner says of the repository.

    Raises GitError where the remote refuses.
    """
    commit = report.commits[-1]
    text = messages(repo, commit)[0].text
    # Anybody can write a trailer, and not every run's name could be a branch's.
    run = re.sub(r"[^A-Za-z0-9.-]", "", report.run or parse(text)[0] or "") or commit[:10]
    branch, base = f"mdtodo/{run}", head_position(repo).ref.removeprefix("refs/heads/")
    said.append(f"pushed to {push_to_branch(repo, branch)}")
    opened = _open(repo, gh, branch, base, text, environ, token, said)
    if opened:
        said.append(f"opened {opened}")
        return report
    server, name = environ.get("GITHUB_SERVER_URL", "").rstrip("/"), environ.get("GITHUB_REPOSITORY", "")
    command = shlex.join(["gh", "pr", "create", "--base", base, "--head", branch, "--fill"])
    said.append(f"{command} opens a pull request")
    if server and name:
        said.append(f"or open it at {server}/{quote(name)}/compare/{quote(base)}...{quote(branch)}?expand=1")
    return report


def _open(
    repo: Repository,
    gh: str,
    branch: str,
    base: str,
    text: str,
    environ: Mapping[str, str],
    token: str,
    said: list[str],
) -> str | None:
    """The address of the request that `gh` has opened; None where there is no `gh`, or it could not."""
    import subprocess

    if not gh or not token:
        return None
    title, _, body = text.strip().partition("\n")
    host = urlsplit(environ.get("GITHUB_SERVER_URL") or "https://github.com").netloc
    words = [f"--repo={host}/{environ.get('GITHUB_REPOSITORY', '')}", f"--base={base}", f"--head={branch}"]
    # `=`, since a title may begin with a dash; a fence, since @name in it notifies nobody.
    words += [f"--title={one_line(title)}", f"--body=```text\n{body.strip().replace('```', '')}\n```\n"]
    # By the environment: every user of the machine can read the arguments of a process.
    env = {**os.environ, "GH_TOKEN": token, "GH_HOST": host, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            [gh, "pr", "create", *words],
            cwd=repo.root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        said.append(f"cannot run gh: {error}")
        return None
    if done.returncode:
        said.append(f"gh did not open a pull request: {one_line(done.stderr)[:500]}")
        return None
    return one_line(done.stdout.strip().split("\n")[-1])
