"""What a processor in a clone has of the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.clones.environment import clone_environment

if TYPE_CHECKING:
    from pathlib import Path

CALLER = {
    "PATH": "/usr/bin",
    "HOME": "/home/ada",
    "USER": "ada",
    "LOGNAME": "ada",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
    "LC_TIME": "de_DE",
    "TERM": "xterm",
    "TZ": "UTC",
    "SSL_CERT_FILE": "/etc/ssl/company.pem",
    "TMPDIR": "/somewhere",
}
SECRET = {
    "API_KEY": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "GITHUB_TOKEN": "c",
    "GIT_DIR": "/checkout/.git",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_CONFIG_PARAMETERS": "'a.b=c'",
    "MDTODO_RUN_ID": "r1",
    "SSH_AUTH_SOCK": "/run/agent",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus",
    "XDG_RUNTIME_DIR": "/run/user/1000",
    "VIRTUAL_ENV": "/checkout/.venv",
    "PYTHONPATH": "/checkout",
    "LD_PRELOAD": "/evil.so",
    "BASH_ENV": "/evil",
}


def environment(*passed: str, home: str | None = None, **more: str) -> dict[str, str]:
    base = {os.fsencode(name): os.fsencode(value) for name, value in (CALLER | SECRET | more).items()}
    made = clone_environment(base, passed, home=home, temporary="/slot/tmp")
    return {os.fsdecode(name): os.fsdecode(value) for name, value in made.items()}


def test_a_command_gets_what_it_needs_to_start_and_nothing_else() -> None:
    assert environment() == CALLER | {"TMPDIR": "/slot/tmp"}


def test_pass_env_names_what_else_it_gets_but_never_what_is_gits_or_ours() -> None:
    named = ("API_KEY", "GIT_AUTHOR_NAME", "GIT_DIR", "MDTODO_RUN_ID", "TMPDIR", "NOT_SET", "SSH_AUTH_SOCK")
    more = {name: SECRET[name] for name in ("API_KEY", "GIT_AUTHOR_NAME", "SSH_AUTH_SOCK")}
    assert environment(*named) == CALLER | more | {"TMPDIR": "/slot/tmp"}


def test_with_an_empty_home_version_managers_are_still_found(tmp_path: Path) -> None:
    (tmp_path / ".pyenv").mkdir()
    (tmp_path / ".rustup").mkdir()
    made = environment("HOME", home="/slot/home", HOME=str(tmp_path), RUSTUP_HOME="/opt/rustup")
    assert made["HOME"] == "/slot/home"
    assert (made["PYENV_ROOT"], made["RUSTUP_HOME"]) == (str(tmp_path / ".pyenv"), "/opt/rustup")
    assert "NVM_DIR" not in made
    assert "PYENV_ROOT" not in environment(HOME=str(tmp_path))
