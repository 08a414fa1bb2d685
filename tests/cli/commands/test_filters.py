"""The filters that commands share: each takes all of them, and means the same by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from mdtodo.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

FILTERS = [
    "--state",
    "--priority",
    "--category",
    "--tag",
    "--file",
    "--section",
    "--assignee",
    "--text",
    "--lane",
    "--worker",
    "--complexity",
    "--overdue",
    "--due-before",
    "--can",
]
TODO = """\
- [ ] Plain id:plain run:ok
- [ ] Box id:box run:ok needs:docker lane:slow est:2h due:2020-01-01
- [ ] Card id:card run:gpu needs:docker worker:g1 est:9h due:2999-01-01
"""
CONFIG = '[processors.ok]\nrun = "true"\n[processors.gpu]\nrun = "true"\nneeds = ["gpu"]\n'


def options(command: str) -> set[str]:
    context = click.Context(cli)
    found = cli.get_command(context, command)
    assert found is not None
    return {name for one in found.params for name in one.opts}


@pytest.mark.parametrize("command", ["list", "next", "plan", "run", "worker", "watch"])
def test_each_command_takes_all_filters(command: str) -> None:
    assert [name for name in FILTERS if name not in options(command)] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--can=", "plain"),
        ("--can=docker", "plain box"),
        ("--can=docker,gpu", "plain box card"),
        ("--can=gpu", "plain"),
        ("--worker=g1", "card"),
        ("--worker=g2", ""),
        ("--lane=slow", "box"),
        ("--complexity=medium", "card"),
        ("--overdue", "box"),
        ("--due-before=2999-01-02", "box card"),
    ],
)
@pytest.mark.sample(4)
def test_filters_mean_the_same_to_each_command(
    repo: Checkout, inside: Callable[..., Said], given: str, expected: str
) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    for command in (["list"], ["next", "-n9"], ["plan"]):
        said = inside(*command, "--json", given, MDTODO_CAN="docker").json["tasks"]
        assert sorted(one["id"] for one in said) == sorted(expected.split()), command
    if not given.startswith("--can"):
        mine = [one for one in expected.split() if one != "card"]  # which is another worker's
        for command in (["run", "--dry-run"], ["run"]):
            inside(*command, given, MDTODO_CAN="docker,gpu")
        ticked = repo.read("TODO.md").decode().count("[x]")
        assert ticked == len(mine)
