"""`mdtodo recipes`, and tasks that recipes do: real tools, in real repositories."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.recipes import NAMES
from tests.processes import eventually
from tests.recipes.test_main import DEADLINE, ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

PASSES = "def test_a():\n    assert True\n"
CAREFUL = 'recipes = "auto"\n'
AUTO = CAREFUL + 'classify = "words"\n'


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """Variables with a PATH on which there are git, pytest and little else."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("git", "sh", "cat", "env", "sleep"):
        found = next(
            f"{one}/{name}" for one in os.environ["PATH"].split(":") if os.access(f"{one}/{name}", os.X_OK)
        )
        (folder / name).symlink_to(found)
    launcher = folder / "pytest"
    launcher.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).parent / "pytest"}" "$@"\n')
    launcher.chmod(0o755)
    theirs = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return {"PATH": str(folder), "VIRTUAL_ENV": "", **theirs}


def listed(inside: Callable[..., Said], *args: str, **env: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in inside("recipes", "--json", *args, **env).json["recipes"]}


# Listing


def test_the_list_has_every_recipe_with_its_tool_and_what_is_missing(
    inside: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.write("test_a.py", PASSES)
    found = listed(inside, **tools)
    assert list(found) == list(NAMES)
    testing, css = found["testing"], found["css"]
    assert (testing["available"], testing["missing"], testing["instead"]) == (True, [], None)
    assert (testing["tool"], testing["tools"], testing["files"]) == (f"{tools['PATH']}/pytest", ["pytest"], 1)
    assert (css["available"], css["tool"], css["config"], css["files"]) == (False, None, None, 0)
    assert css["missing"][0].startswith("stylelint: no file here matches *.css, ")
    assert "commands" not in testing
    assert (testing["scratch"], css["scratch"]) == (False, False)
    rows = [line.split(maxsplit=2) for line in inside("recipes", **tools).out.splitlines()]
    at = rows.index(["✓", "testing", f"checks {testing['checks']}"])
    assert " ".join(rows[at + 1]) == "available: pytest, reads 1 file"
    at = rows.index(["·", "css", f"checks {css['checks']}"])
    assert " ".join(rows[at + 1]) == "no files for stylelint"


def test_the_list_says_in_short_what_a_recipe_lacks(
    inside: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    """For each tool the way that is nearest to fitting."""
    repo.write("a.py", "a = 1\n")
    repo.write("a.css", "")
    own = repo.root / "node_modules/.bin/pyright"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    lines = [
        line.strip() for line in inside("recipes", PATH=f"{tools['PATH']}:/usr/bin:/bin").out.splitlines()
    ]
    assert "not configured: pyright; not installed: mypy; no files for tsc, cargo, go" in lines
    assert "not installed: stylelint" in lines
    assert "  - mypy is not installed: pip install mypy" in inside("recipes", "implementation", **tools).out


def test_a_recipe_is_shown_with_its_command(
    inside: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.write("test_a.py", PASSES)
    one = listed(inside, "testing", **tools)["testing"]
    [line] = one["commands"]
    assert f" {tools['PATH']}/pytest " in f" {line} "
    text = inside("recipes", "testing", **tools).out
    assert f"  tool    {tools['PATH']}/pytest\n" in text
    assert text.endswith(f"\n$ {line}\n")
    assert listed(inside, "css", **tools)["css"]["commands"] == []


def test_the_shown_command_of_a_recipe_is_the_one_that_runs(
    inside: Callable[..., Said], mdtodo: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.write("test_a.py", PASSES)
    [line] = listed(inside, "testing", **tools)["testing"]["commands"]
    repo.commit(**{"TODO.md": "- [ ] a run:testing id:a\n"})
    mdtodo("run", **tools)
    ran = mdtodo("output", "a").out.splitlines()[0].removeprefix("$ ")
    places = ran.split("mdtodo-")[1].split("/")[0]
    assert ran.replace(places, "XXXXXXXX") == line


def test_a_processor_named_like_a_recipe_takes_its_place(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.write(".mdtodo.toml", 'processors.css.run = "true"\n')
    assert listed(inside)["css"]["instead"] == "css"
    assert "  - not used: the configuration has a processor named css\n" in inside("recipes", "css").out


def test_recipes_are_listed_from_below_the_root_and_steer_no_terminal(
    inside: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.write("sub/x", "")
    (repo.root / "a\x1b[31m\nb.css").write_text("")
    (repo.root / ".stylelintrc\x1b[31m").write_text("")
    own = repo.root / "node_modules/.bin/stylelint"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    said = inside("recipes", "css", cwd=repo.root / "sub", **tools)
    assert "$'a\\x1b[31m\\x0ab.css'" in said.out
    assert "\x1b" not in said.out
    assert "\x1b" not in inside("recipes", **tools).out


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("nope",), 2, "there is no recipe 'nope'"),
        (("teting",), 2, 'did you mean "testing"?'),
        (("css", "theme"), 2, "unexpected extra argument"),
    ],
)
def test_unknown_recipes_and_options_are_told(
    inside: Callable[..., Said], args: tuple[str, ...], code: int, words: str
) -> None:
    assert words in inside("recipes", *args, code=code).err


def test_recipes_of_a_repository_that_git_cannot_read_are_told_in_a_sentence(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    repo.write(".git/index", "no index")
    assert "git cannot list the files: fatal: " in inside("recipes", code=3).err


def test_a_recipe_that_runs_in_a_copy_says_so(
    inside: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.write("node_modules/.bin/style-dictionary", "#!/bin/sh\n").chmod(0o755)
    repo.write("colours.tokens.json", "{}")
    repo.write("sd.config.js", "")
    assert listed(inside, "theme", **tools)["theme"]["scratch"]
    assert "  where   a copy of the work tree" in inside("recipes", "theme", **tools).out


# Running


def outcomes(said: Said) -> dict[str, tuple[str, str, int | None]]:
    return {one["id"]: (one["outcome"], one["processor"], one["exit_code"]) for one in said.json["tasks"]}


def test_a_recipe_that_is_named_proves_a_task(
    mdtodo: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    """Also where the repository has a folder `mdtodo`, and modules with the names of others."""
    trap = "raise SystemExit(0)\n"
    repo.commit(
        **{
            "TODO.md": "- [ ] a run:testing id:a\n- [ ] b run:css id:b\n- [ ] Write tests id:c\n",
            "test_a.py": PASSES,
            "mdtodo/__init__.py": trap,
            "mdtodo/recipes/__main__.py": trap,
            "subprocess.py": trap,
        }
    )
    (repo.root / "subprocess.py").unlink()
    elsewhere = repo.root.parent  # `python -m mdtodo` itself would take the folder
    said = mdtodo("-C", str(repo.root), "run", "--json", cwd=elsewhere, **tools)
    assert outcomes(said) == {"a": ("done", "testing", 0), "b": ("skipped", "css", 77)}
    assert repo.read("TODO.md").count(b"[x]") == 1
    assert b"- [x] a run:testing id:a\n" in repo.head("TODO.md")
    logs = [mdtodo("-C", str(repo.root), "output", name, cwd=elsewhere).out for name in "ab"]
    assert "1 passed" in logs[0]
    assert "- stylelint: no file here matches *.css" in logs[1]
    assert "a done testing exit=0" in repo.git("log", "-1", "--format=%B")


def test_a_task_whose_recipe_fails_stays_open_and_is_counted(
    mdtodo: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.commit(**{"TODO.md": "- [ ] a run:testing id:a\n", "test_a.py": "def test_a():\n    assert False\n"})
    assert outcomes(mdtodo("run", "--json", code=1, **tools)) == {"a": ("failed", "testing", 1)}
    assert repo.read("TODO.md") == b"- [ ] a run:testing id:a failed:1\n"


TODO = """\
- [ ] All tests pass id:named
- [ ] Fix the css id:without
- [ ] Write the manual id:mine #mine
- [ ] Train the model id:train
- [ ] Buy milk id:milk
"""
CONFIG = '[processors.training]\nrun = "true"\n[processors.mine]\nrun = "true"\nmatch = { tags = ["mine"] }\n'


def test_recipes_are_chosen_by_kind_only_where_the_configuration_says_auto(
    inside: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.commit(**{"TODO.md": TODO, "test_a.py": PASSES, ".mdtodo.toml": CONFIG})

    def processors() -> dict[str, str | None]:
        tasks = inside("list", "--json", **tools).json["tasks"]
        return {task["id"]: task["processor"] for task in tasks}

    by_default: dict[str, str | None] = dict.fromkeys(["named", "without", "mine", "train", "milk"])
    assert processors() == by_default | {"mine": "mine"}
    repo.write(".mdtodo.toml", AUTO + CONFIG)
    assert processors() == by_default | {"named": "testing", "mine": "mine", "train": "training"}
    assert "testing (recipe for testing)" in inside("show", "named", **tools).out
    assert "training (instead of the recipe for training)" in inside("show", "train", **tools).out
    assert "none: done by hand" in inside("show", "without", **tools).out
    repo.write(".mdtodo.toml", CAREFUL + CONFIG)
    assert processors() == by_default | {"mine": "mine"}
    repo.write("TODO.md", TODO.replace("id:named", "id:named #testing"))
    assert processors() == by_default | {"named": "testing", "mine": "mine"}


def test_a_task_that_only_a_guess_would_route_is_manual_and_says_what_helps(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    match = '[processors.scan]\nrun = "true"\nmatch = { category = "security" }\n'
    repo.commit(**{"TODO.md": "- [ ] Fix the login page layout id:a\n", ".mdtodo.toml": match})
    why = (
        'its category security/auth is guessed from the title (word "login"), and a guess does not choose what proves '
        'a task (match of scan): tag it #security/auth, or set `classify = "words"`'
    )
    for args in (("show", "a"), ("plan", "--explain", "a")):
        assert why in " ".join(inside(*args).out.split())
    assert "guessed from the title, would choose one: a." in inside("plan").out
    asked = inside("run", "a", code=1)
    assert f"is manual: {why}, or mark it as done" in " ".join((asked.out + asked.err).split())
    assert "chooses no processor: tag the task" in inside("run").err
    assert repo.read("TODO.md") == b"- [ ] Fix the login page layout id:a\n"
    assert inside("list", "--json", "--category", "security").json["tasks"][0]["kind"] == "auth"
    repo.write(".mdtodo.toml", f'classify = "words"\n{match}')
    inside("run")
    assert repo.read("TODO.md") == b"- [x] Fix the login page layout id:a\n"


def test_a_run_with_auto_proves_tasks_by_their_kind(
    mdtodo: Callable[..., Said], repo: Checkout, tools: dict[str, str]
) -> None:
    repo.commit(**{"TODO.md": TODO, "test_a.py": PASSES, ".mdtodo.toml": AUTO + CONFIG})
    done = {"named": ("done", "testing", 0), "mine": ("done", "mine", 0), "train": ("done", "training", 0)}
    assert outcomes(mdtodo("run", "--json", **tools)) == done


def test_check_knows_the_names_of_recipes(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a run:audit\n- [ ] b run:audti\n")
    [finding] = inside("check", "--json", code=1).json["findings"]
    assert finding["line"] == 2
    assert finding["message"] == 'unknown processor "audti" (did you mean "audit"?)'


# Its end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_ends_the_tool_of_its_recipe(
    repo: Checkout, tools: dict[str, str], tmp_path: Path, number: int
) -> None:
    place = tmp_path / "pid"
    waits = f"import os\n\ndef test_a():\n    os.symlink(str(os.getpid()), {str(place)!r})\n    open({str(tmp_path / 'go')!r}).read()\n"
    os.mkfifo(tmp_path / "go")
    repo.commit(**{"TODO.md": "- [ ] a run:testing id:a\n", "test_a.py": waits})
    with subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run"],
        cwd=repo.root,
        env=os.environ | tools,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        eventually(place.is_symlink)
        pid = int(place.readlink().name)
        os.kill(run.pid, number)
        assert run.wait(timeout=DEADLINE) == (130 if number == signal.SIGINT else -number)
        assert ended(pid)
    assert repo.read("TODO.md") == b"- [ ] a run:testing id:a\n"
