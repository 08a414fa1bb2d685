"""What git is told in the Action, for its own processes alone: by environment, never in a file or an argument."""

from __future__ import annotations

import base64
import os
import re
import tempfile
from typing import TYPE_CHECKING

from mdtodo.errors import UsageError
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from mdtodo.git.repository import Repository

#: Who commits where nobody is configured: GitHub's own bot.
BOT = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


def trust_checkout(environ: MutableMapping[str, str], folder: str) -> None:
    """Let git work in the checkout around `folder`, whoever owns it: in a container job that is another user.

    Before 2.38 git heeds `safe.directory` in files alone, so there it gets a file of its own beside the user's.
    """
    root = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(root, ".git")) and os.path.dirname(root) != root:
        root = os.path.dirname(root)
    add_settings(environ, ("safe.directory", root))
    if os.stat(root).st_uid != os.geteuid():
        environ["GIT_CONFIG_GLOBAL"] = _global_settings(environ, root)


def sign_in(environ: MutableMapping[str, str], server: str, token: str) -> tuple[str, ...]:
    """Send this token to this server; the forms of it that must not be shown.

    Raises UsageError for what no header can hold.
    """
    if not token:
        return ()
    if not re.fullmatch(r"[!-~]+", token):
        raise UsageError("the input token is not a token: it contains spaces or control characters")
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    key = f"http.{server.rstrip('/')}/.extraheader"
    add_settings(environ, (key, f"Authorization: Basic {basic}"))
    return token, basic


def add_settings(environ: MutableMapping[str, str], *settings: tuple[str, str]) -> None:
    """Add to those that `GIT_CONFIG_COUNT` counts already."""
    given = environ.get("GIT_CONFIG_COUNT", "")
    count = int(given) if given.isascii() and given.isdigit() else 0
    for number, (key, value) in enumerate(settings, count):
        environ[f"GIT_CONFIG_KEY_{number}"], environ[f"GIT_CONFIG_VALUE_{number}"] = key, value
    environ["GIT_CONFIG_COUNT"] = str(count + len(settings))


def _global_settings(environ: Mapping[str, str], root: str) -> str:
    """A file with what the user's own say, and `safe.directory`."""
    home = environ.get("HOME", "")
    xdg = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    usual = [os.path.join(xdg, "git", "config"), os.path.join(home, ".gitconfig")]
    number, path = tempfile.mkstemp(
        prefix="mdtodo-", suffix=".gitconfig", dir=environ.get("RUNNER_TEMP") or None
    )
    os.close(number)
    # GIT_CONFIG_GLOBAL replaces both usual files, so this one includes them, in git's order; git does not mind
    # an included file that is missing.
    for file in [environ["GIT_CONFIG_GLOBAL"]] if "GIT_CONFIG_GLOBAL" in environ else usual:
        run(None, "config", "-f", path, "--add", "include.path", file)
    run(None, "config", "-f", path, "--add", "safe.directory", root)
    return path


def set_identity(repo: Repository, environ: MutableMapping[str, str]) -> None:
    """Commit as the bot, unless git has been told a name and an address."""
    for who in ("author", "committer"):
        if not all(_is_told(repo, environ, who, what) for what in ("name", "email")):
            for what, value in zip(("NAME", "EMAIL"), BOT, strict=True):
                environ[f"GIT_{who.upper()}_{what}"] = value


def _is_told(repo: Repository, environ: Mapping[str, str], who: str, what: str) -> bool:
    if environ.get(f"GIT_{who}_{what}".upper()):
        return True
    return any(run(repo, "config", "--get", f"{one}.{what}", ok=(0, 1)).strip() for one in (who, "user"))
