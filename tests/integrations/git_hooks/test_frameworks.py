"""The hooks of `.pre-commit-hooks.yaml`, as pre-commit and prek run them for real commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Checkout
    from tests.integrations.git_hooks.conftest import Hooked

CONFIG = """\
[processors.t]
run = "true"
[processors.f]
run = "test ! -e broken"
[processors.both]
run = "echo there > made.txt"
outputs = ["made.txt"]
"""


@pytest.mark.slow
@pytest.mark.parametrize("hooked", ["pre-commit", "prek"], indirect=True)
def test_a_change_answers_for_itself(hooked: Hooked) -> None:
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a id:a\n- [ ] old mistake after:nowhere\n")
    repo.write("todo/one.md", "- [ ] one\n")
    hooked.use("mdtodo-check")
    repo.write("todo/one.md", "- [ ] one after:gone\n")
    repo.write("todo/untracked.md", "- [ ] id:gone\n- [ ] two id:gone\n")
    repo.git("add", "todo/one.md")
    said = hooked.commit(code=1)
    assert "todo/one.md:1: error: unknown-id" in said, "what is not tracked is not committed either"
    assert "nowhere" not in said, "what was wrong before is not for this commit to mend"
    repo.write("todo/one.md", "- [ ] one after:a\n")
    repo.git("add", "todo/one.md")
    repo.write("todo/one.md", "- [ ] one after:a\n- [ ] not yet after:gone\n")
    hooked.commit()
    assert repo.read("todo/one.md").endswith(b"after:gone\n"), "what is not staged is neither seen nor lost"
    assert "todo/one.md:2: error: unknown-id" in hooked.commit("-a", code=1)
    assert "unknown-id" in hooked.commit("todo/one.md", code=1)
    assert "unknown-id" in hooked.commit("--amend", "-a", code=1)
    assert "TODO.md:2: error: unknown-id" in hooked.run("--all-files", code=1)


@pytest.mark.slow
def test_a_change_that_breaks_another_file_is_refused(hooked: Hooked) -> None:
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a after:one\n- [ ] b run:t\n")
    repo.write("todo/one.md", "- [ ] one id:one\n")
    repo.write(".mdtodo.toml", CONFIG)
    hooked.use("mdtodo-check")
    repo.git("mv", "todo/one.md", "todo/moved.md")
    hooked.commit()
    repo.git("rm", "-q", "todo/moved.md")
    assert "TODO.md:1: error: unknown-id" in hooked.commit(code=1)
    repo.git("reset", "-q", "--hard")
    repo.write("todo/two.md", "- [ ] two id:one\n")
    repo.git("add", "-A")
    assert "todo/two.md:1: error: duplicate-id" in hooked.commit(code=1)
    repo.git("reset", "-q", "--hard")
    repo.write(".mdtodo.toml", "")
    assert "TODO.md:2: error: unknown-processor" in hooked.commit("-a", code=1)
    repo.git("reset", "-q", "--hard")
    repo.write("code.py", "pass\n")
    repo.git("add", "-A")
    hooked.commit()


def test_run_edits_and_never_commits(hooked: Hooked) -> None:
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a run:t\n- [ ] b run:both\n- [ ] c\n")
    repo.write(".mdtodo.toml", CONFIG)
    hooked.use("mdtodo-run")
    repo.write("code.py", "pass\n")
    repo.git("add", "-A")
    before = repo.git("rev-parse", "HEAD")
    said = hooked.commit(code=1)
    assert "mdtodo: changed TODO.md, made.txt" in said
    assert repo.read("TODO.md") == b"- [x] a run:t\n- [x] b run:both\n- [ ] c\n"
    assert repo.index("TODO.md") == b"- [ ] a run:t\n- [ ] b run:both\n- [ ] c\n"
    assert repo.git("rev-parse", "HEAD") == before
    repo.git("add", "-A")
    hooked.commit()
    assert repo.commits() == 2
    assert repo.status() == []


def test_during_a_merge_nothing_is_edited(hooked: Hooked) -> None:
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a run:t\n")
    repo.write(".mdtodo.toml", CONFIG)
    repo.write("file", "base\n")
    hooked.use("mdtodo-run", "mdtodo-expand", "mdtodo-check")
    repo.git("switch", "-qc", "side")
    repo.write("file", "side\n")
    repo.write("todo/one.md", "- [ ] one id:same\n")
    repo.git("add", "-A")
    repo.git("commit", "-qnm", "Side")
    repo.git("switch", "-q", "main")
    repo.write("file", "main\n")
    repo.write("todo/two.md", "- [ ] two id:same\n")
    repo.git("add", "-A")
    repo.git("commit", "-qnm", "Main")
    repo.git("merge", "-q", "side", check=False)
    repo.write("file", "both\n")
    repo.git("add", "-A")
    said = hooked.commit(code=1)
    assert "mdtodo: a merge is in progress: nothing is run or edited now" in said
    assert "duplicate-id" in said
    assert repo.read("TODO.md") == b"- [ ] a run:t\n"
    repo.write("todo/two.md", "- [ ] two id:other\n")
    repo.git("add", "-A")
    hooked.commit()
    assert repo.git("rev-list", "--no-walk", "--parents", "HEAD").count(" ") == 2


def test_verify_before_a_push(hooked: Hooked, make_repo: Callable[..., Checkout]) -> None:
    repo, remote = hooked.repo, make_repo("remote.git", "--bare")
    repo.write("TODO.md", "- [x] a run:f\n")
    repo.write(".mdtodo.toml", CONFIG)
    hooked.use("mdtodo-verify", types=("pre-push",))
    repo.git("remote", "add", "origin", str(remote.root))
    hooked.call("git", "push", "-q", "origin", "main")
    repo.commit("Break it", broken="")
    assert "changed TODO.md" in hooked.call("git", "push", "-q", "origin", "main", code=1)
    assert repo.read("TODO.md") == b"- [ ] a run:f\n"
    assert remote.commits("main") == 1


@pytest.mark.parametrize("name", ["-h.md", "--json.md", "--format=x.md", "--", "--errors-only.MD", "-"])
@pytest.mark.sample(2)
def test_a_name_that_looks_like_an_option_is_a_file(hooked: Hooked, name: str) -> None:
    repo = hooked.repo
    repo.write(".mdtodo.toml", f"files = ['{name}', 'TODO.md']\n" if name.lower().endswith("md") else "")
    hooked.use("mdtodo-check", more="types: [], args: [--errors-only]")
    repo.write(name, "- [ ] a after:gone\n- [ ]\n")
    repo.write("TODO.md", "- [ ] b after:nobody\n- [ ]\n")
    repo.git("add", "-A")
    said = hooked.commit(code=1)
    assert "TODO.md:1: error: unknown-id" in said
    assert (f"{name}:1: error: unknown-id" in said) == name.lower().endswith("md")
    assert "empty-box" not in said


def test_strange_names_and_texts_stay_text(hooked: Hooked, tmp_path: Path) -> None:
    repo = hooked.repo
    name = "todo/$(touch x) \x1b[31m;`touch y`.md"
    hooked.use("mdtodo-check")
    repo.write(name, "- [ ] a \x1b]0;owned\x07 after:$(touch${IFS}z)\x1b[2J\n")
    repo.git("add", "-A")
    said = hooked.commit(code=1)
    assert "bad-id" in said
    assert "\x1b[2J" not in said
    assert "\x1b[31m;`" not in said
    assert not {"x", "y", "z"} & {path.name for path in repo.root.iterdir()}


@pytest.mark.slow
def test_the_hook_works_as_pre_commit_installs_it(
    repo: Checkout, source: Path, make_repo: Callable[..., Checkout]
) -> None:
    """`try-repo` builds the environment as users get it, from a fresh clone."""
    from tests.integrations.git_hooks.conftest import BIN, Hooked

    repo.write("docs/TODO.md", "- [ ] a after:nowhere\n")
    repo.git("add", "-A")
    hooked = Hooked(repo, "pre-commit", source, "")
    said = hooked.call(
        str(BIN / "pre-commit"), "try-repo", str(source), "mdtodo-check", "--all-files", code=1
    )
    assert "docs/TODO.md:1: error: unknown-id" in said


def test_ticks_of_a_hook_have_their_receipt_in_the_very_commit(hooked: Hooked) -> None:
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a id:a run:t\n- [ ] b id:b\n")
    repo.write(".mdtodo.toml", CONFIG)
    repo.write("code.py", "pass\n")
    hooked.use("mdtodo-run", "mdtodo-receipt", types=("pre-commit", "prepare-commit-msg", "commit-msg"))
    repo.write("code.py", "pass  # more\n")
    repo.write(".mdtodo.toml", CONFIG + "# not staged\n")
    repo.git("add", "code.py")
    hooked.commit(code=1)
    hooked.call("mdtodo", "done", "b")
    hooked.commit("code.py", "TODO.md")
    assert trailers(repo) == ["a done t", "b done person"]
    assert repo.read(".mdtodo.toml").endswith(b"# not staged\n")
    hooked.call("git", "commit", "--amend", "--no-edit")
    assert trailers(repo) == ["a done t", "b done person"]
    hooked.call("mdtodo", "reopen", "b")
    hooked.call("git", "commit", "-a", GIT_EDITOR="true", code=1)
    typed = "f() { printf 'typed\\n' > \"$1\"; }; f"
    hooked.call("git", "commit", "-a", GIT_EDITOR=typed)
    assert (repo.git("log", "-1", "--format=%s"), trailers(repo)) == ("typed", ["b todo person"])


def test_what_a_framework_rolls_back_is_told_with_what_to_do(hooked: Hooked) -> None:
    repo = hooked.repo
    repo.write("TODO.md", "- [ ] a id:a run:t\n")
    repo.write(".mdtodo.toml", CONFIG)
    hooked.use("mdtodo-run", "mdtodo-receipt", types=("pre-commit", "prepare-commit-msg", "commit-msg"))
    repo.write("code.py", "pass\n")
    repo.git("add", "code.py")
    both = b"- [ ] a id:a run:t\n- [ ] not staged\n"
    repo.write("TODO.md", both)
    for _ in range(2):
        said = hooked.commit(code=1)
        assert (
            "hint: if that is rolled back, TODO.md had changes next to it that are not staged"
            in unwrapped(said)
        )
        assert "`git add TODO.md` whole, or `git stash` them first" in unwrapped(said)
        assert repo.read("TODO.md") == both
    repo.git("add", "TODO.md")
    hooked.commit(code=1)
    repo.git("add", "TODO.md")
    hooked.commit()
    assert repo.head("TODO.md") == both.replace(b"[ ] a", b"[x] a")
    assert trailers(repo) == ["a done t"]


def trailers(repo: Checkout) -> list[str]:
    """Task, outcome and processor of HEAD's receipts, as git reads them."""
    said = repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Task,valueonly)").splitlines()
    return [" ".join(line.split()[:3]) for line in said if line]


def unwrapped(said: str) -> str:
    return " ".join(said.split())
