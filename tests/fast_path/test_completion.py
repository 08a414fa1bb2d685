"""What the fast path completes is what click completes, for each command, option and shell; and it completes nearly
all."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import get_completion_class
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.cli import cli
from mdtodo.fast_path.completion import completion
from tests.cli.completion_table import TABLE, table
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

SHELLS = ("bash", "zsh", "fish")
SECTIONS = {
    part.partition("]")[0]: [line.split("\t") for line in part.partition("]\n")[2].splitlines()]
    for part in TABLE.read_text(encoding="utf-8").split("\n[")[1:]
}
#: Options with the words by which their values are completed, by command.
OPTIONS = {
    path: [(name, row[2], row[3]) for row in rows if row[0] == "option" for name in row[1].split()]
    for path, rows in SECTIONS.items()
}
WORDS = (
    "",
    "-",
    "--",
    "--s",
    "re",
    "=",
    "-x",
    "x",
    "T.md",
    "./",
    "--state",
    "--state=",
    "--state=re",
    "--color=-",
)


def asked(shell: str, words: list[str], typed: str) -> dict[str, str]:
    """What the script of the shell sends."""
    line = " ".join(["mdtodo", *words, typed])
    return {"COMP_WORDS": line, "COMP_CWORD": typed if shell == "fish" else str(len(words) + 1)}


def told(shell: str, words: list[str], typed: str) -> str | None:
    """By the fast path."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in asked(shell, words, typed).items():
            patch.setenv(name, value)
        return completion(f"{shell}_complete")


def told_by_click(shell: str, words: list[str], typed: str) -> str | None:
    """By the whole program; None where it refuses these words."""
    kind = get_completion_class(shell)
    assert kind is not None
    with pytest.MonkeyPatch.context() as patch:
        for name, value in asked(shell, words, typed).items():
            patch.setenv(name, value)
        try:
            return kind(cli, {}, "mdtodo", "_MDTODO_COMPLETE").complete() + "\n"
        except click.ClickException:
            return None


def in_order(shell: str, text: str | None) -> list[tuple[str, ...]] | None:
    """Each that was offered: click 8.1 has `-h` and `--help` in no order, and shells sort."""
    if text is None:
        return None
    size = 3 if shell == "zsh" else 1
    return sorted(zip(*[iter(text.removesuffix("\n").split("\n"))] * size, strict=False))


def test_the_table_of_completion_is_current() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "python -m tests.cli.completion_table writes it"


@pytest.mark.parametrize("path", SECTIONS)
def test_options_and_their_values_are_completed_as_by_click(path: str) -> None:
    words = path.split()
    calls = [(words, typed) for typed in ("", "-", "--", "--s", "-q", "re")]
    for name, kind, _ in OPTIONS[path]:
        calls.append((words, name))
        given = [name] if kind == "flag" else [name, "1"]
        calls.append(([*words, *given], "-"))
        if kind not in ("flag", "ask"):
            calls += [([*words, name], typed) for typed in ("", "a", "=")]
        if kind not in ("flag", "ask") and name.startswith("--"):
            calls += [(words, f"{name}={typed}") for typed in ("", "r")]
            calls.append(([*words, f"{name}=x"], "--"))
    for before, typed in calls:
        for shell in SHELLS:
            found = told(shell, before, typed)
            if found is None:  # else of what the whole program knows alone
                assert before == words
                assert not typed.startswith("-")
            else:
                assert in_order(shell, found) == in_order(shell, told_by_click(shell, before, typed))


def _call(random: Random) -> Iterator[str]:
    """Words as somebody may have typed them, also in wrong places."""
    path = random.choice([*SECTIONS])
    parts = path.split()
    for depth in range(len(parts) + 1):
        for _ in range(random.choice((0, 0, 1, 2))):
            name, kind, _ = random.choice(OPTIONS[" ".join(parts[:depth])])
            if random.random() < 0.1:
                name = random.choice(WORDS) or "x"
            if kind == "flag" or random.random() < 0.1:
                yield name
            elif random.random() < 0.3:
                yield f"{name}={random.choice(WORDS[2:])}"
            else:
                yield from (name, random.choice(WORDS[1:]))
        if random.random() < 0.1:
            yield random.choice(WORDS[1:])
        yield from parts[depth : depth + 1]


@given(st.integers(0, 2**32))
@examples(400)
def test_whatever_is_typed_the_fast_path_says_what_click_says_or_nothing(seed: int) -> None:
    random = Random(seed)
    words = list(_call(random))
    typed = random.choice([*WORDS, *[name for name, _, _ in random.choice([*OPTIONS.values()])]])
    shell = random.choice(SHELLS)
    found = told(shell, words, typed)
    assert found is None or in_order(shell, found) == in_order(shell, told_by_click(shell, words, typed))


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        pytest.param(["show"], "b", id="an id"),
        pytest.param(["add", "--under"], "b", id="an option with an id"),
        pytest.param(["run", "--"], "--s", id="the end of options"),
        pytest.param(["run", "'a"], "--s", id="a quote"),
        pytest.param(["run", "--strange"], "--s", id="an unknown option"),
        pytest.param(["nonesuch"], "--s", id="an unknown command"),
        pytest.param(["hook", "run"], "--s", id="words for another program"),
        pytest.param(["list", "--text", "--state"], "", id="a value like an option"),
    ],
)
def test_what_is_not_sure_is_for_the_whole_program(words: list[str], typed: str) -> None:
    assert told("bash", words, typed) is None


@pytest.mark.parametrize("shell", SHELLS)
def test_the_program_prints_what_the_fast_path_has_found(
    repo: Checkout, mdtodo: Mdtodo, inside: Mdtodo, shell: str
) -> None:
    sent = asked(shell, ["--color", "never", "list", "--all", "--state", "ready"], "--sta")
    said = mdtodo(_MDTODO_COMPLETE=f"{shell}_complete", **sent)
    assert "--state" in said.out
    assert "--status" not in said.out
    assert (said.code, said.err, said.out) == (
        0,
        "",
        inside(_MDTODO_COMPLETE=f"{shell}_complete", **sent).out,
    )
