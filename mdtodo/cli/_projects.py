"""Several repositories: those that `--repo` names, and `[projects]` of the user's own configuration."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mdtodo.errors import ConfigError, GitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mdtodo.cli.context import Session

    Function = TypeVar("Function", bound=Callable[..., Any])


def repo_options(function: Function) -> Function:
    """`--repo` and `--projects`."""
    everything = click.option(
        "--projects",
        "everything",
        is_flag=True,
        help="All repositories of [projects] in the user's configuration.",
    )
    return click.option(
        "--repo",
        "repos",
        multiple=True,
        metavar="DIR",
        help="A repository, or its name in [projects]; can be repeated.",
    )(everything(function))


def user_folder() -> str:
    """Where the user's own configuration is."""
    from platformdirs import user_config_dir

    return user_config_dir("mdtodo", appauthor=False)


def configured() -> dict[str, str]:
    """The repositories of `[projects]`, by name. Raises ConfigError with file and key where these are none."""
    path = os.path.join(user_folder(), "config.toml")
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from error
    projects = document.get("projects", {})
    if not isinstance(projects, dict):
        raise ConfigError("[projects] must be a table of folders by name", file=path)
    for name, folder in projects.items():
        if not isinstance(folder, str) or not os.path.isabs(os.path.expanduser(folder)):
            raise ConfigError(f"projects.{name} must be the whole path of a folder", file=path)
    return {name: os.path.expanduser(folder) for name, folder in projects.items()}


def repositories(session: Session, repos: Iterable[str], *, everything: bool) -> dict[str, str]:
    """The repositories that are meant, by name: those that are named, else with `everything` those of the user's
    configuration, else the one around the folder. Each is called as there, or like its folder.

    Raises UsageError where one is named twice, GitError where one is none.
    """
    known = configured()
    if everything and not known:
        path = os.path.join(user_folder(), "config.toml")
        raise UsageError(f"--projects: {path} has no [projects]", hint='[projects]\nshop = "/home/ann/shop"')
    named = [_found(session, known, one) for one in repos] or list(
        known.items() if everything else [("", ".")]
    )
    found: dict[str, str] = {}
    for name, folder in named:
        root = _root(os.path.join(session.directory, folder), folder)
        if root in found.values():
            raise UsageError(f"{folder}: this repository is named twice")
        found[_free(name or os.path.basename(root) or "root", found)] = root
    return found


def _found(session: Session, known: Mapping[str, str], named: str) -> tuple[str, str]:
    is_folder = os.path.isdir(os.path.join(session.directory, named))
    return (named, known[named]) if named in known and not is_folder else ("", named)


def _root(path: str, typed: str) -> str:
    from mdtodo.git.repository import discover

    if not os.path.isdir(path):
        raise UsageError(f"{typed}: no such folder")
    try:
        return discover(path).root
    except GitError as error:
        raise GitError(
            f"{typed}: {error.sentence}" if typed != "." else error.sentence, hint=error.hint
        ) from error


def _free(name: str, taken: Iterable[str]) -> str:
    wanted, number = name, 2
    while wanted in taken:
        wanted, number = f"{name}-{number}", number + 1
    return wanted
