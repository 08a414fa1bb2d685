"""`init`, `demo`, `config`, `completion`, `--help`, and what the fast path imports."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.cli import COMMANDS
from mdtodo.config import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


def test_init_says_that_its_files_are_to_be_committed(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "mdtodo: commit TODO.md and .mdtodo.toml first: `run` commits" in mdtodo("init").err
    assert "first:" not in mdtodo("init").err
    assert b"`mdtodo config --all`" in repo.read(".mdtodo.toml")


def test_a_run_after_init_ticks_a_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("init")
    assert mdtodo("check").out == ""
    repo.commit("Start")
    mdtodo("run")
    assert b"- [x] The work tree has no whitespace errors" in repo.head("TODO.md")


@pytest.mark.parametrize("staged", [True, False])
def test_a_run_after_init_works_before_the_first_commit(
    repo: Checkout, mdtodo: Mdtodo, *, staged: bool
) -> None:
    subprocess.run(["git", "checkout", "-q", "--orphan", "new"], cwd=repo.root, check=True)
    mdtodo("init")
    assert "1 done" in mdtodo("run").out
    mdtodo("reopen", "--", next(t["id"] for t in mdtodo("list", "--json").json["tasks"] if t["processor"]))
    repo.write("a.py", "a = 1\n")
    subprocess.run(["git", "add", "a.py"], cwd=repo.root, check=True)
    repo.write("a.py", "a = 1 \n")
    if staged:
        subprocess.run(["git", "add", "a.py"], cwd=repo.root, check=True)
    said = mdtodo("run", code=1)
    assert "a.py:1: trailing whitespace" in said.err
    assert said.err.count("mdtodo output") == 1


def test_init_never_overwrites(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "mine\n")
    repo.write("pyproject.toml", "[tool.mdtodo]\njobs = 1\n")
    mdtodo("init")
    assert repo.read("TODO.md") == b"mine\n"
    assert not (repo.root / ".mdtodo.toml").exists()


def test_the_demo_runs_in_a_new_folder_and_shows_before_and_after(
    mdtodo: Mdtodo, repo: Checkout, tmp_path: Path
) -> None:
    target = tmp_path / "shop"
    said = mdtodo("demo", str(target), GIT_CONFIG_GLOBAL="/dev/null")
    before, after = said.out.split("$ cat TODO.md\n")[1:]
    assert "- [ ] Prices can be trusted" in before
    assert "- [x] Prices can be trusted" in after
    assert "Mdtodo-Task: index done index exit=0" in after
    assert " pages/INDEX.md | " in after
    found = mdtodo("-C", str(target), "list", "--json").json["tasks"]
    states = {task["title"]: task["state"] for task in found}
    assert states["Write the index of the pages"] == "done"
    assert [t["title"] for t in found if t["failures"]] == ["Links in the guide work"]
    status = subprocess.run(["git", "status", "--porcelain"], cwd=target, capture_output=True, check=True)
    assert status.stdout == b""
    assert "already exists: name a new folder" in mdtodo("demo", str(target), code=2).err


def test_the_demo_is_seen_whole_and_its_last_line_can_be_typed(short_folder: Path) -> None:
    """As the README's first command calls it: a path that is not on PATH, an empty HOME, and nothing is a terminal."""
    script = Path(sys.executable).with_name("mdtodo")
    (short_folder / ".venv").symlink_to(script.parent.parent)
    env = {"HOME": str(short_folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(short_folder)}

    def typed(line: str) -> str:
        how: dict[str, Any] = {"cwd": short_folder, "env": env | {"LC_ALL": "C.UTF-8"}, "check": True}
        return subprocess.run(
            line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how
        ).stdout

    lines = typed(".venv/bin/mdtodo demo").splitlines()
    assert len(lines) < 60
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(".venv/bin/mdtodo -C ")
    assert "Links in the guide work" in typed(lines[-1])


@pytest.mark.parametrize("how", ["path", "name", "module"])
def test_a_command_to_type_begins_as_this_one_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    from mdtodo.cli.commands.demo import as_called

    script = tmp_path / "a b" / "mdtodo"
    script.parent.mkdir()
    script.write_text("")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent) if how == "name" else "/nowhere")
    monkeypatch.setattr(sys, "argv", ["x/__main__.py" if how == "module" else str(script)])
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "mdtodo", "demo"])
    expected = {"path": f"'{script}'", "name": "mdtodo", "module": "python3 -m mdtodo"}
    assert as_called() == expected[how]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """One with a name of the length that a temporary folder usually has."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="m-") as folder:
        yield Path(folder)


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


@pytest.mark.parametrize("command", [(), *[(name,) for name in COMMANDS]])
def test_help_has_examples(mdtodo: Mdtodo, command: tuple[str, ...]) -> None:
    assert "Examples:" in mdtodo(*command, "--help").out


@pytest.mark.parametrize(
    ("command", "ids"),
    [
        *((command, ["x1", "x2", "x3"]) for command in ("run", "done", "cancel", "next", "expand")),
        ("reopen", ["x2", "x3", "x4", "x5"]),
        ("verify", ["x4"]),
        ("show", ["x1", "x2", "x3", "x4", "x5"]),
    ],
)
def test_completion_offers_tasks_that_the_command_is_for(
    repo: Checkout, inside: Mdtodo, command: str, ids: list[str]
) -> None:
    repo.write(
        "TODO.md",
        "- [ ] a id:x1\n- [/] b id:x2\n- [ ] c id:x3 failed:1\n- [x] d id:x4\n- [-] e id:x5\n",
    )
    words = f"mdtodo -C {repo.root} {command} x"
    said = inside(_MDTODO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="4")
    assert [line.partition(",")[2] for line in said.out.splitlines()] == ids


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_offers_ids_files_and_folders_in_each_shell(
    repo: Checkout, mdtodo: Mdtodo, shell: str
) -> None:
    assert "_MDTODO_COMPLETE" in mdtodo("completion", shell).out
    repo.write("TODO.md", "- [ ] a id:build\n")
    said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS="mdtodo show b", COMP_CWORD="2")
    assert "build" in said.out
    for words, kind in (("mdtodo list --file T", "file"), ("mdtodo -C T", "dir")):
        count = str(len(words.split()) - 1)
        said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        assert said.out == f"{kind},T\n"


def imported(repo: Checkout, *args: str) -> set[str]:
    code = (
        "import json, sys\nfrom mdtodo.cli import main\n"
        f"try:\n    main({list(args)!r})\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repo.root, capture_output=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {
    *("git", "mistune", "rich", "sqlite3", "pebble", "psutil", "multiprocessing", "subprocess", "pathspec"),
    *("importlib.metadata", "asyncio", "concurrent.futures", "tempfile", "tomllib", "logging"),
}


def test_check_of_a_file_imports_nothing_heavy(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a id:a !high\n- [ ] b after:a\n")
    assert not HEAVY & imported(repo, "check", "TODO.md")


def test_list_imports_no_git_and_no_pool(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    assert not {"git", "mistune", "sqlite3", "pebble", "multiprocessing"} & imported(repo, "list", "--json")


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && exec "$2" -P -m mdtodo list'
    command = ["sh", "-c", script, "sh", str(gone), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "current folder" in done.stderr) == (3, True), done
    assert "bug" not in done.stderr
