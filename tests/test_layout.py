"""What may reach what, where that is more than a layer says."""

from __future__ import annotations

import pytest

from mdtodo.cli import GROUPS, cli
from mdtodo.cli.read_command import ReadCommand
from mdtodo.project.rules_key import RULES
from tests.layout import READERS, imports, reach_of, way_to

#: What moves HEAD, makes commits, changes the index or writes results into the work tree.
WRITERS = (
    "mdtodo.landing.push.fast_forward",
    "mdtodo.landing.land",
    "mdtodo.landing.build_commits",
    "mdtodo.git.head",
    "mdtodo.git.index.index_copy",
    "mdtodo.git.index.index_lock",
    "mdtodo.outputs.survey",
    "mdtodo.landing.push.checkout",
    "mdtodo.git.session",
    "mdtodo.landing.push.push",
    "mdtodo.landing.push.replay",
    "mdtodo.landing.push.rebase",
    "mdtodo.landing.restore",
    "mdtodo.landing.undo.reversal",
    "mdtodo.landing.apply",
    "mdtodo.landing.recovery.recover",
    "mdtodo.landing.recovery.read_spool",
    "mdtodo.cli.recovery",
)


@pytest.mark.parametrize("command", READERS)
def test_a_command_that_reads_cannot_reach_what_writes_the_repository(command: str) -> None:
    assert imports().keys() >= set(WRITERS), "one was renamed: this test would see nothing"
    found = reach_of(command)
    assert not [way_to(name, found) for name in WRITERS if name in found]


def test_the_search_finds_what_writes_the_repository_from_a_command_that_does() -> None:
    for command in ("done", "run"):
        found = reach_of(command)
        assert {"mdtodo.landing.recovery.recover", "mdtodo.git.index.index_copy"} <= found.keys()
        assert way_to("mdtodo.git.index.index_copy", found).startswith("mdtodo.cli.")


def test_which_commands_want_what_killed_runs_have_left_to_have_landed() -> None:
    context = cli.make_context("mdtodo", ["list"])
    names = [name for group in GROUPS.values() for name in group]
    wanting = {name for name in names if isinstance(cli.get_command(context, name), ReadCommand)}
    assert wanting == {"list", "next", "show", "plan"}
    assert wanting <= {*READERS}


def test_what_names_the_rules_of_check_covers_what_makes_its_findings() -> None:
    """A rule that is not in the name could change, and the old findings would still be told."""
    rules = {one.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for one in RULES}

    def covered(module: str) -> bool:
        return any(f"{module}.".startswith(f"mdtodo.{rule}.") for rule in rules)

    makers = [name for name in imports() if name.startswith(("mdtodo.markdown.", "mdtodo.planning."))]
    assert len(makers) > 50
    # errors only carry sentences; recipes' names are data of their package, which is named
    aside = {"mdtodo.errors", "mdtodo.recipes"}
    assert {one for name in makers for one in imports()[name] if not covered(one)} - aside == set()
