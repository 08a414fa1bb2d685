"""`mdtodo doctor`: what is wrong with a setup, each made wrong once, and what mends it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def listed(repo: Checkout) -> Checkout:
    repo.commit(**{"TODO.md": "- [ ] a run:t\n", ".mdtodo.toml": '[processors.t]\nrun = "true"\n'})
    return repo


def test_where_all_is_well(listed: Checkout, inside: Mdtodo) -> None:
    inside("run")
    said = inside("doctor")
    assert "wrong" not in said.out
    assert "ok     git: git version" in said.out
    assert inside("-q", "doctor").out == ""
    assert all(one["ok"] for one in inside("doctor", "--json").json["looks"])


def make_rebase(repo: Checkout) -> None:
    (repo.root / ".git/rebase-merge").mkdir()


def make_lock(repo: Checkout) -> None:
    lock = repo.root / ".git/index.lock"
    lock.touch()
    os.utime(lock, (0, 0))


def break_configuration(repo: Checkout) -> None:
    repo.write(".mdtodo.toml", "jobs = -1\n")


def name_driver(repo: Checkout) -> None:
    repo.write(".gitattributes", "TODO.md merge=mdtodo\n")


def install_a_part(repo: Checkout) -> None:
    os.environ.pop("GITHUB_ACTIONS", None)
    hook = repo.write(".git/hooks/pre-commit", "#!/bin/sh\nmdtodo check --staged # (mdtodo install)\n")
    hook.chmod(0o755)


def forget_identity(repo: Checkout) -> None:
    repo.git("config", "user.useConfigOnly", "true")
    repo.git("config", "user.email", "")
    repo.git("config", "user.name", "")


def break_state(repo: Checkout) -> None:
    repo.write(".git/mdtodo/state.db", "no database\n" * 1000)


WRONG = {
    "a rebase": (make_rebase, "repository", "git rebase --continue"),
    "an old lock": (make_lock, "lock", "rm "),
    "a configuration": (break_configuration, "configuration", None),
    "a merge driver": (name_driver, "merge driver", "mdtodo init --merge-driver"),
    "half of the hooks": (install_a_part, "hooks", "mdtodo install"),
    "nobody who commits": (forget_identity, "identity", None),
    "a broken state": (break_state, "state", None),
}


@pytest.mark.parametrize(("make", "what", "mends"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_what_mends_it(
    make: Callable[[Checkout], None],
    what: str,
    mends: str | None,
    listed: Checkout,
    inside: Mdtodo,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    make(listed)
    wrong = {one["what"]: one for one in inside("doctor", "--json", code=1).json["looks"] if not one["ok"]}
    assert list(wrong) == [what]
    assert mends is None or wrong[what]["mends"].startswith(mends)
    said = inside("doctor", code=1).out
    assert f"wrong  {what}: " in said


def test_a_recipe_without_its_tool_is_named(listed: Checkout, inside: Mdtodo) -> None:
    listed.commit(**{"TODO.md": "- [ ] Styles run:css\n", "a.css": "a {}\n"})
    said = inside("doctor", code=None)
    assert "recipe: css: " in said.out or said.code == 0  # where the tool is installed


def test_doctor_changes_nothing(listed: Checkout, inside: Mdtodo) -> None:
    before = sorted(path.name for path in (listed.root / ".git").iterdir())
    inside("doctor")
    assert sorted(path.name for path in (listed.root / ".git").iterdir()) == before
