"""What the step with the token starts git and `gh` with: an environment made from nothing.

Steps before it may have written into the environment of this one (`GITHUB_ENV`, `GITHUB_PATH`), and into git's
configuration for the user and the checkout. None of that is read here, nor the home folder.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mdtodo.action.settings import BOT, add_settings
from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

#: Where the system's own programs are.
SYSTEM = "/usr/bin:/bin:/usr/sbin:/sbin"
#: What leads to a server on networks that have no other way. It sees no token, since TLS goes through it as it is.
_PROXIES = ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")


def start_from_nothing(environ: MutableMapping[str, str], folder: str, git: str, server: str) -> None:
    """Make the environment one for git alone, with its home and its programs in `folder`, which is new.

    `git` is the program's path. Only the scheme of `server` may be used to reach anything. Raises UsageError where
    there is no such program, or server.
    """
    scheme = urlsplit(server).scheme
    if scheme not in ("https", "http", "file"):
        raise UsageError(f"cannot push to {server!r}")
    made = {name: environ[name] for name in _PROXIES if scheme == "https" and name in environ}
    made |= {"PATH": f"{_programs(folder, git)}:{SYSTEM}", "HOME": _made(folder, "home"), "LC_ALL": "C"}
    made |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}
    made |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "TMPDIR": _made(folder, "tmp")}
    made |= _committer()
    # With 0, GIT_TRACE_CURL would put the token into the log.
    made["GIT_TRACE_REDACT"] = "1"
    environ.clear()
    environ.update(made)
    add_settings(
        environ,
        ("core.hooksPath", os.devnull),
        ("protocol.allow", "never"),
        (f"protocol.{scheme}.allow", "always"),
        ("http.followRedirects", "false"),
        ("credential.helper", ""),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
    )


def _programs(folder: str, git: str) -> str:
    """A folder with this git alone."""
    if not (os.path.isabs(git) and os.access(git, os.X_OK)):
        raise UsageError(f"there is no git at {git!r}")
    programs = _made(folder, "bin")
    os.symlink(git, os.path.join(programs, "git"))
    return programs


def _made(folder: str, name: str) -> str:
    path = os.path.join(folder, name)
    os.mkdir(path, 0o700)
    return path


def _committer() -> Mapping[str, str]:
    name, address = BOT
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", address))
    }
