"""Command lines: chunks as xargs makes them, names that no tool takes for anything else, and lines that bash reads."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.recipes.catalogue import Way
from mdtodo.recipes.commands import (
    Command,
    commands,
    limit,
    needs_copy,
    needs_folder,
    quoted,
    safe_argument,
    shown,
)
from mdtodo.recipes.detect import Found
from tests.examples import examples

WAY = Way("tool", ("*",), ("tool", "{files}"), "get it")


def made(
    *run: str, files: tuple[str, ...] = ("a", "b"), config: str | None = None, most: int = 4096, **env: str
) -> list[Command]:
    found = Found(WAY._replace(run=("tool", *run), env=env), "/bin/tool", files, config)
    return list(commands(found, "/tmp/t", most))


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        ((), ["/bin/tool"]),
        (("-q", "."), ["/bin/tool -q ."]),
        (("{files}",), ["/bin/tool a b"]),
        (("-x", "{files}", "-y"), ["/bin/tool -x a b -y"]),
        (("{file}",), ["/bin/tool a", "/bin/tool b"]),
        (("--in={file}", "{tmp}/out"), ["/bin/tool --in=a /tmp/t/out", "/bin/tool --in=b /tmp/t/out"]),
        (("-c", "{config}", "{copy}"), ["/bin/tool -c conf/rc /tmp/t/rc"]),
        (("--config={config}", "{files}"), ["/bin/tool --config=conf/rc a b"]),
        (("{folder}",), ["/bin/tool .", "/bin/tool ."]),
    ],
)
def test_placeholders_are_replaced_in_a_command(run: tuple[str, ...], lines: list[str]) -> None:
    assert [shown(command) for command in made(*run, config="conf/rc")] == lines


def test_text_that_replaces_a_placeholder_is_not_replaced_again() -> None:
    names = ("{tmp}", "{file}", "{files}", "{folder}/{config}")
    assert [one.argv[1:] for one in made("{files}", files=names, config="{tmp}")] == [names]
    assert [one.argv[1:] for one in made("{file}", "{config}", files=names, config="{tmp}")] == [
        (name, "{tmp}") for name in names
    ]


def test_variables_of_a_command_are_set_and_shown() -> None:
    [one] = made("{files}", CACHE="{tmp}/c", PLAIN="1")
    assert one.env == {"CACHE": "/tmp/t/c", "PLAIN": "1"}
    assert shown(one) == "CACHE=/tmp/t/c PLAIN=1 /bin/tool a b"


@pytest.mark.parametrize(
    ("run", "env", "folder", "copy"),
    [
        (("tool",), {}, False, False),
        (("tool", "{tmp}/x"), {}, True, False),
        (("tool",), {"A": "{tmp}"}, True, False),
        (("tool", "{copy}"), {}, True, True),
    ],
)
def test_a_temporary_folder_is_made_only_where_it_is_asked_for(
    run: tuple[str, ...], env: dict[str, str], folder: bool, copy: bool
) -> None:
    found = Found(WAY._replace(run=run, env=env), "/bin/tool", ("a",), None)
    assert (needs_folder(found), needs_copy(found)) == (folder, copy)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("-x", "./-x"),
        ("@x", "./@x"),
        ("+x", "./+x"),
        ("!x", "./!x"),
        ("x", "x"),
        (".x", ".x"),
        ("d/-x", "d/-x"),
        ("ü", "ü"),
    ],
)
def test_a_file_name_that_looks_like_an_option_is_given_as_a_path(name: str, given: str) -> None:
    assert safe_argument(name) == given


@examples(60)
@given(st.lists(st.text("ab-é\udcff", min_size=1, max_size=40), min_size=1, max_size=60), st.integers(1, 900))
def test_chunks_keep_every_file_in_order_and_the_limit(files: list[str], most: int) -> None:
    """A file that alone is too long has a command of its own."""
    every = made("-v", "{files}", files=tuple(files), most=most, VARIABLE="value")
    assert [name for one in every for name in one.argv[2:]] == [safe_argument(name) for name in files]
    for one in every:
        size = sum(len(os.fsencode(word)) + 9 for word in (*one.argv, *one.env, *one.env.values()))
        assert size <= most + 9 * len("{files}") or len(one.argv) == 3


def test_more_files_than_the_system_takes_are_given_in_several_commands() -> None:
    files = tuple(f"{'folder/' * 20}{number}" for number in range(40_000))
    every = made("{files}", files=files, most=limit())
    assert 1 < len(every) < 40
    for one in (every[0], every[-1]):
        subprocess.run(["/bin/true", *one.argv[1:]], check=True)


ODD = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


@examples(25)
@given(
    st.lists(
        st.one_of(ODD, st.binary(max_size=8).map(lambda b: os.fsdecode(b.replace(b"\0", b"")))),
        min_size=1,
        max_size=20,
    )
)
def test_a_line_is_read_by_bash_as_the_very_arguments(arguments: list[str]) -> None:
    line = " ".join(map(quoted, arguments))
    assert "\n" not in line
    assert line.isprintable() or not line.isascii()
    script = f"printf '%s\\0' {line}"
    done = subprocess.run(["bash", "-c", script.encode()], capture_output=True, check=True)
    assert done.stdout == b"".join(os.fsencode(one) + b"\0" for one in arguments)


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202e", "\r", "\x9b", os.fsdecode(b"\xff")])
def test_nothing_in_a_line_steers_a_terminal(text: str) -> None:
    assert quoted(f"a{text}b").isascii()


def test_a_long_line_is_cut_where_it_is_only_told() -> None:
    [one] = made("{files}", files=tuple(f"file{number}" for number in range(500)), most=1 << 20)
    cut = shown(one, 100)
    assert cut.startswith("/bin/tool file0 file1 ")
    assert len(cut) < 130
    told, _, more = cut.partition(" ... (")
    assert len(told.split()) - 1 + int(more.removesuffix(" more)")) == 500
    assert shown(one).endswith(" file499")
