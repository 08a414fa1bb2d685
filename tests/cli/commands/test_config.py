"""`config`: the values and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.config.load import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


def test_config_says_where_values_come_from(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("pyproject.toml", "[tool.mdtodo]\njobs = 3\n")
    rows = {row["key"]: row for row in mdtodo("config", "--json").json["config"]}
    assert (rows["jobs"]["value"], rows["jobs"]["source"]) == ("3", "pyproject.toml")
    assert rows["rollup"]["source"] == "default"
    assert rows["expand.command"]["value"] is None


def test_config_prints_the_values_that_are_set_or_all_of_them(repo: Checkout, mdtodo: Mdtodo) -> None:
    nothing = mdtodo("config")
    assert (nothing.out, nothing.err) == (
        "",
        "mdtodo: all keys have their default values; `mdtodo config --all` shows them\n",
    )
    text = 'lanes.low = 3\n[defaults]\ntimeout = "1h"\n[processors.t]\nrun = "a  b\\n#"\nenv."A" = "1"\n'
    repo.write(".mdtodo.toml", text)
    lines = [line.split("  #")[0].rstrip() for line in mdtodo("config").out.splitlines()]
    assert lines == [
        "[lanes]",
        "low = 3",
        "",
        "[defaults]",
        'timeout = "1h"',
        "",
        "[processors.t]",
        'run = "a  b\\n#"',
        'timeout = "1h"',
        'env.A = "1"',
    ]
    everything = mdtodo("config", "--all").out
    assert "# cwd is not set\n" in everything
    for shown in (everything, mdtodo("config").out):
        assert load(None, shown.encode()) == load(None, text.encode())
