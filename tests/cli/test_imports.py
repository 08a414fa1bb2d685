"""What commands that everybody waits for do not import."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


def imported(repo: Checkout, *args: str) -> dict[str, None]:
    """In the order in which the imports began."""
    code = (
        "import json, sys\nfrom mdtodo.cli import main\n"
        f"try:\n    main({list(args)!r})\nexcept SystemExit:\n    pass\n"
        "print(json.dumps([*sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repo.root, capture_output=True, check=True)
    return dict.fromkeys(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {
    *("git", "mistune", "rich", "sqlite3", "pebble", "psutil", "multiprocessing", "subprocess", "pathspec"),
    *("importlib.metadata", "asyncio", "concurrent.futures", "tempfile", "tomllib", "logging"),
}


def test_check_of_a_file_imports_nothing_heavy(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a id:a !high\n- [ ] b after:a\n")
    assert not HEAVY & imported(repo, "check", "TODO.md").keys()


def test_list_imports_no_git_and_no_pool(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    assert (
        not {"git", "mistune", "sqlite3", "pebble", "multiprocessing"}
        & imported(repo, "list", "--json").keys()
    )
    assert not {"shutil", "string", "mdtodo.markdown.keys.near_keys"} & imported(repo, "list").keys()


def test_nothing_but_a_push_imports_gitpython(repo: Checkout, tmp_path: Path) -> None:
    settings = '[processors.ok]\nrun = "true"\n'
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a run:ok\n- [ ] b id:b run:ok\n", ".mdtodo.toml": settings})
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    for call in (("done", "a", "--commit"), ("run",), ("undo",), ("log",), ("check", "--proof")):
        assert "git" not in imported(repo, *call), call
    assert repo.commits() == 4
    assert "git" in imported(repo, "run", "--push")


def test_done_imports_nothing_that_few_landings_need(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n- [ ] b id:b\n"})
    rare = {
        *("tempfile", "random", "subprocess", "mdtodo.git.diff_tree", "mdtodo.outputs.survey"),
        *("mdtodo.execution.processors.output_file", "mdtodo.landing.carry.follow"),
        *("mdtodo.landing.clones.changes", "mdtodo.landing.moves.judge", "mdtodo.landing.renames"),
        *("mdtodo.landing.recovery.read_spool", "mdtodo.markdown.keys.near_keys", "string", "shutil"),
    }
    # the second one finds receipts of the first
    for name in ("a", "b"):
        assert not rare & imported(repo, "done", name, "--commit").keys()
    assert repo.commits() == 3


def test_a_run_starts_its_pool_before_it_imports_the_rest(repo: Checkout) -> None:
    """The pool gets ready on another core meanwhile."""
    repo.commit(
        "Base", **{"TODO.md": "- [ ] a id:a run:ok\n", ".mdtodo.toml": '[processors.ok]\nrun = "true"\n'}
    )
    order = [*imported(repo, "run")]
    assert order.index("mdtodo.execution.local.forkserver") < order.index("mdtodo.run.run")
    assert "mdtodo.execution.local.forkserver" not in imported(repo, "run", "--dry-run")


def test_python_looks_for_cycles_neither_while_modules_are_imported_nor_at_the_end(repo: Checkout) -> None:
    """Which is a tenth of a short command; one that goes on has its collector."""
    repo.write("TODO.md", "- [ ] a\n")
    code = (
        "import gc, sys\nfrom mdtodo.__main__ import main\nsys.argv = ['mdtodo', 'list']\n"
        "before = sum(one['collections'] for one in gc.get_stats())\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "after = sum(one['collections'] for one in gc.get_stats())\n"
        "print(after - before, gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=repo.root, capture_output=True, check=True)
    count, *rest = said.stdout.decode().splitlines()[-1].split()
    assert int(count) < 5
    assert rest == ["True", "True"]


def test_ctrl_c_amid_the_imports_is_a_sentence() -> None:
    code = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "sys.argv[1:] = ['list']\n"
        "from mdtodo.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "mdtodo: interrupted\n")
