"""What was proven in a clone lands on the content that it was proven on, and not over what a person has."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Feature = Callable[..., Checkout]
    Mdtodo = Callable[..., Said]

GOOD = "echo good > result.txt\n"


def commits_meanwhile(script: str) -> str:
    """Work during which a person, in the checkout, does this and commits it."""
    return f"{GOOD}cd $OUTSIDE/repo && [ ! -e $OUTSIDE/once ] && touch $OUTSIDE/once && {{ {script}; git commit -qam Mine; }}; true"


def checks(repo: Checkout) -> int:
    return len((repo.root.parent / "checks").read_text().splitlines())


def test_where_head_has_moved_the_check_looks_at_both_together(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(commits_meanwhile("echo more > other.txt; git add other.txt"))
    inside("run")
    assert repo.git("log", "--format=%s").splitlines() == ["todo: Build it", "Mine", "Base"]
    assert (repo.read("result.txt"), repo.read("other.txt"), repo.status()) == (b"good\n", b"more\n", [])
    assert checks(repo) == 2


def test_a_moved_list_needs_no_second_look(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(commits_meanwhile("echo '- [ ] New' >> TODO.md"))
    inside("run")
    assert repo.git("log", "--format=%s").splitlines() == ["todo: Build it", "Mine", "Base"]
    assert b"- [x] Build it" in repo.read("TODO.md")
    assert b"- [ ] New" in repo.read("TODO.md")
    assert checks(repo) == 1


def test_a_conflict_is_a_failed_attempt_and_the_next_one_is_told(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(commits_meanwhile("echo mine > result.txt"), 'retries = 1\nretry_delay = "0s"')
    said = inside("run", "--json").json["tasks"][0]
    assert (said["outcome"], said["attempts"]) == ("done", 2)
    told = (repo.root.parent / "cache").glob("mdtodo/clones/*/*/input.json")
    assert any(
        "HEAD has moved, and its changes conflict with that in result.txt" in one.read_text() for one in told
    )
    assert repo.read("result.txt") == b"good\n"


def test_without_a_further_attempt_a_conflict_fails_the_task(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(commits_meanwhile("echo mine > result.txt"))
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert (task["outcome"], task["reason"]) == ("failed", "conflict")
    assert repo.read("result.txt") == b"mine\n"
    assert b"failed:1" in repo.head("TODO.md")
    assert repo.status() == []


def test_what_fails_together_does_not_land(feature: Feature, inside: Mdtodo) -> None:
    check = 'test "$(cat result.txt)" = good && test ! -e other.txt\n'
    repo = feature(commits_meanwhile("echo more > other.txt; git add other.txt"), **{"check.sh": check})
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "HEAD has moved, and on top of that the check fails: exit 1" in task["error"]
    assert repo.read("result.txt") == b"bad\n"


def test_without_a_check_nothing_says_that_both_hold_together(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(commits_meanwhile("echo more > other.txt; git add other.txt"))
    repo.commit(**{".mdtodo.toml": repo.read(".mdtodo.toml").replace(b'check = "sh check.sh"\n', b"")})
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "there is no `check` that could look at both together" in task["error"]


IN_THE_WAY = {
    "changed": "echo mine > result.txt",
    "staged": "echo mine > result.txt; git add result.txt; git checkout HEAD -- . 2>/dev/null; echo mine > result.txt; git add result.txt",
    "staged, and as before in the work tree": "echo mine > result.txt; git add result.txt; echo bad > result.txt",
    "deleted": "rm result.txt",
    "deleted, staged": "git rm -q --cached result.txt",
    "a folder": "rm result.txt; mkdir result.txt; echo x > result.txt/x",
    "a link": "ln -sf ../elsewhere result.txt",
}


@pytest.mark.parametrize("script", IN_THE_WAY.values(), ids=IN_THE_WAY)
@pytest.mark.sample(3)
def test_what_a_person_has_in_the_way_stays_and_the_result_waits(
    script: str, feature: Feature, inside: Mdtodo
) -> None:
    repo = feature(GOOD)
    subprocess.run(script, shell=True, cwd=repo.root, check=True)
    before = repo.status(), repo.git("diff"), repo.git("diff", "--cached")
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "it is proven, and did not land: nothing was changed: result.txt" in task["error"]
    assert "on the branch mdtodo/build; the next run lands it" in task["error"]
    assert (repo.status(), repo.git("diff"), repo.git("diff", "--cached")) == before
    assert repo.commits() == 1
    assert repo.head("result.txt", "mdtodo/build") == b"good\n"
    assert "Mdtodo-" not in repo.git("log", "-1", "--format=%B", "mdtodo/build")
    subprocess.run("rm -rf result.txt; git reset -q --hard", shell=True, cwd=repo.root, check=True)
    said = inside("run")
    assert "was proven in run" in said.err
    assert repo.read("result.txt") == b"good\n"
    assert repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert (repo.status(), checks(repo)) == ([], 1)


@pytest.mark.parametrize(
    "script", ["echo mine > new.txt", "echo mine > ignored", "mkdir new.txt; echo x > new.txt/x"]
)
def test_an_untracked_or_ignored_file_is_not_written_over(
    script: str, feature: Feature, inside: Mdtodo
) -> None:
    name = script.rsplit(" ", 1)[1].partition("/")[0]
    repo = feature(f"{GOOD}echo theirs > {name}; git add -f {name}")
    subprocess.run(script, shell=True, cwd=repo.root, check=True)
    held = (repo.root / name).read_bytes() if (repo.root / name).is_file() else None
    # what is ignored does not land, so it is in nobody's way
    inside("run", code=0 if name == "ignored" else 1)
    assert held is None or (repo.root / name).read_bytes() == held


def test_other_changes_of_a_person_are_not_in_the_way(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(GOOD, **{"mine.txt": "a\n", "staged.txt": "a\n"})
    repo.write("mine.txt", "b\n")
    repo.write("staged.txt", "b\n")
    repo.write("untracked.txt", "b\n")
    repo.git("add", "staged.txt")
    repo.write("TODO.md", repo.read("TODO.md") + b"- [ ] Unsaved\n")
    inside("run")
    assert repo.status() == [" M TODO.md", " M mine.txt", "M  staged.txt", "?? untracked.txt"]
    assert b"tree=dirty" not in repo.git_bytes("log", "-1", "--format=%B")
    assert repo.read("result.txt") == b"good\n"
    assert b"- [x] Build it" in repo.read("TODO.md")
    assert b"Unsaved" in repo.read("TODO.md")
    assert b"Unsaved" not in repo.head("TODO.md")


def test_all_kinds_of_changes_land(feature: Feature, inside: Mdtodo) -> None:
    work = (
        f"{GOOD}rm gone.txt; git mv moved.txt to/there.txt 2>/dev/null || {{ mkdir -p to; mv moved.txt to/there.txt; }};"
        "chmod +x program; ln -s result.txt link; printf 'a\\000b' > binary; rm -r folder; echo file > folder;"
        "rm file; mkdir file; echo x > file/x; printf x > \"$(printf 'n\\nl')\"; printf x > \"$(printf 'l\\351')\""
    )
    repo = feature(
        work,
        **{
            "gone.txt": "a\n",
            "moved.txt": "a\n",
            "program": "a\n",
            "folder/a/b": "a\n",
            "folder/c": "a\n",
            "file": "a\n",
        },
    )
    inside("run")
    assert repo.status() == []
    assert not (repo.root / "gone.txt").exists()
    assert (repo.root / "to/there.txt").read_bytes() == b"a\n"
    assert (repo.root / "program").stat().st_mode & 0o111
    assert (repo.root / "link").is_symlink()
    assert (repo.root / "binary").read_bytes() == b"a\0b"
    assert (repo.root / "folder").read_bytes() == b"file\n"
    assert (repo.root / "file/x").read_bytes() == b"x\n"
    assert repo.git("status", "--porcelain", "--ignored") == ""


def test_twenty_at_once_land_one_after_the_other(feature: Feature, inside: Mdtodo) -> None:
    lines = "".join(f"- [ ] Task {n} run:feature id:t{n}\n" for n in range(20))
    work = 'echo "$MDTODO_TASK_ID" > "$MDTODO_TASK_ID.txt"; echo x >> shared-$(( ${MDTODO_TASK_ID#t} % 10 )).txt\n'
    repo = feature(
        work, **{"TODO.md": lines, "check.sh": 'test "$(cat $MDTODO_TASK_ID.txt)" = "$MDTODO_TASK_ID"\n'}
    )
    said = inside("run", "-j4", "--json", code=None).json
    outcomes = [task["outcome"] for task in said["tasks"]]
    history = repo.git("log", "--reverse", "--format=%H %P").splitlines()
    assert all(len(line.split()) == 2 for line in history[1:]), "not linear"
    done = [task for task in said["tasks"] if task["outcome"] == "done"]
    # each second one of a pair may conflict, as both made the same file
    assert 10 <= len(done) <= 20, outcomes
    assert repo.status() == []
    for commit in repo.git("log", "--format=%H", "--grep=done feature").split():
        for trailer in repo.git(
            "log", "-1", "--format=%(trailers:key=Mdtodo-Task,valueonly)", commit
        ).splitlines():
            if " done " in trailer:
                name = trailer.split()[0]
                assert repo.head(f"{name}.txt", commit).decode().strip() == name


REFUSED = {
    "no commit": (["--no-commit"], "lands as a commit: not without one"),
}


@pytest.mark.parametrize(("args", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_in_a_clone_gets_a_sentence(
    args: list[str], sentence: str, feature: Feature, inside: Mdtodo
) -> None:
    repo = feature(GOOD)
    said = inside("run", *args, code=None)
    assert sentence in said.err + said.out
    assert (repo.read("result.txt"), repo.status()) == (b"bad\n", [])


def test_the_commit_says_which_processor_runs(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(GOOD)
    repo.write(".mdtodo.toml", repo.read(".mdtodo.toml").replace(b'"sh check.sh"', b'"true"'))
    said = inside("run")
    assert "the processor 'feature' of the work tree is not that of HEAD" in said.err + said.out
    assert checks(repo) == 1
    repo.git("checkout", "-q", ".mdtodo.toml")


def test_a_processor_that_head_does_not_have_is_not_run(
    repo: Checkout, inside: Mdtodo, own_cache: Path
) -> None:
    repo.commit(**{"TODO.md": "- [ ] a run:x\n"})
    repo.write(".mdtodo.toml", '[processors.x]\nrun = "true"\nisolation = "clone"\n')
    said = inside("run", code=None)
    assert (
        "its processor 'x' is not in the configuration that HEAD has: commit that first"
        in said.err + said.out
    )


def test_a_repository_without_a_commit(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a run:x\n")
    repo.write(".mdtodo.toml", '[processors.x]\nrun = "true"\nisolation = "clone"\n')
    said = inside("run", code=None)
    assert "there is no commit yet" in said.err + said.out


def test_verify_runs_the_check_alone(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(f"echo worked >> $OUTSIDE/works; {GOOD}")
    inside("run")
    inside("verify")
    assert (repo.root.parent / "works").read_text() == "worked\n"
    assert checks(repo) == 2
    repo.commit(**{"result.txt": "worse\n"})
    inside("verify", code=1)
    assert b"- [ ] Build it" in repo.head("TODO.md")
    assert (repo.root.parent / "works").read_text() == "worked\n"


def test_discarded_changes_do_not_land(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(GOOD, 'changes = "discard"')
    inside("run")
    assert (repo.read("result.txt"), repo.status()) == (b"bad\n", [])
    assert b"- [x] Build it" in repo.head("TODO.md")


def test_a_budget_holds_for_all_attempts_of_a_task(feature: Feature, inside: Mdtodo) -> None:
    feature("sleep 0.6; exit 1\n", 'retries = 9\nretry_delay = "0s"\nbudget = "1s"')
    said = inside("run", "--json", code=1)
    (task,) = said.json["tasks"]
    assert task["attempts"] == 2
    assert 0.9 < task["duration"] < 5
    assert "its budget of 1s is used up" in said.err


def test_a_check_has_what_the_work_left_of_the_timeout(feature: Feature, inside: Mdtodo) -> None:
    feature(f"sleep 1; {GOOD}", 'timeout = "1500ms"', **{"check.sh": "sleep 1.2\n"})
    (task,) = inside("run", "--json", code=1).json["tasks"]
    assert (task["reason"], task["error"]) == ("timeout", "timed out after 1s500ms")


def test_what_a_person_has_reset_away_does_not_come_back(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(f"{GOOD}cd $OUTSIDE/repo && git reset -q --hard HEAD~1")
    repo.commit("To be removed", **{"gone.txt": "a\n"})
    inside("run")
    assert repo.git("ls-tree", "--name-only", "HEAD").splitlines() == [
        *(".gitignore", ".mdtodo.toml", "TODO.md", "check.sh", "result.txt")
    ]
    assert (repo.read("result.txt"), repo.status()) == (b"good\n", [])


def test_what_head_does_not_have_is_not_begun(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(f"echo again >> $OUTSIDE/works; {GOOD}")
    repo.write("TODO.md", repo.read("TODO.md") + b"- [ ] Uncommitted run:feature id:new\n")
    said = inside("run", "new", code=1)
    assert (
        "what it changes lands with its box, but in the TODO.md of HEAD no task has the id 'new'" in said.err
    )
    assert not (repo.root.parent / "works").exists()


CHANGED_LINES = {
    "ticked": "sed -i 's/\\[ \\]/[x]/' TODO.md; git commit -qam Mine",
    "reworded": "sed -i s/Build/Make/ TODO.md; git commit -qam Mine",
    "reworded, not committed": "sed -i s/Build/Make/ TODO.md",
    "deleted": "sed -i /Build/d TODO.md; git commit -qam Mine",
}


@pytest.mark.parametrize("script", CHANGED_LINES.values(), ids=CHANGED_LINES)
@pytest.mark.sample(2)
def test_a_line_that_a_person_has_changed_meanwhile_is_theirs(
    script: str, feature: Feature, inside: Mdtodo
) -> None:
    repo = feature(f"{GOOD}cd $OUTSIDE/repo; {script}")
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert (
        "on the branch mdtodo/build; the next run lands it if its line is as it was by then" in task["error"]
    )
    assert repo.read("result.txt") == b"bad\n"
    assert repo.head("result.txt", "mdtodo/build") == b"good\n"
    # it is once more as it was
    repo.git("reset", "-q", "--hard", repo.git("rev-list", "--max-parents=0", "HEAD"))
    inside("run")
    assert (repo.read("result.txt"), checks(repo)) == (b"good\n", 1)


def test_a_git_that_cannot_merge_gets_a_sentence_and_the_next_one_lands(
    feature: Feature, inside: Mdtodo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = feature(commits_meanwhile("echo more > other.txt; git add other.txt"))
    real, old = shutil.which("git"), tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\nfor a; do [ "$a" = --write-tree ] && {{ echo "usage: git merge-tree" >&2; exit 129; }}; done\nexec {real} "$@"\n'
    )
    old.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
        task = inside("run", "--json", code=1).json["tasks"][0]
    assert "to merge onto it takes git 2.38 or newer; what it changed is on the branch" in task["error"]
    assert repo.git("log", "--format=%s").splitlines() == ["Mine", "Base"]
    inside("run")
    assert (repo.read("result.txt"), repo.read("other.txt"), repo.status()) == (b"good\n", b"more\n", [])
    assert checks(repo) == 2


SPLITS = """\
[ -e $OUTSIDE/once ] || echo '{"subtask": "- [ ] First this"}' >> "$MDTODO_OUTPUT"
touch $OUTSIDE/once
"""


@pytest.mark.parametrize("work", ["", GOOD], ids=["in place of the work", "and works"])
@pytest.mark.parametrize("more", ["", 'changes = "branch"'])
@pytest.mark.sample(2)
def test_new_subtasks_come_before_the_check(work: str, more: str, feature: Feature, inside: Mdtodo) -> None:
    repo = feature(SPLITS + work, more)
    task = inside("run", "--json").json["tasks"][0]
    assert task["outcome"] == "blocked"
    assert repo.read("TODO.md").startswith(
        b"# List\n\n- [ ] Build it run:feature id:build\n  - [ ] First this\n"
    )
    assert (repo.read("result.txt"), repo.status()) == (b"bad\n", [])
    assert repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_without_room_for_a_clone_nothing_counts_as_failed(
    feature: Feature, inside: Mdtodo, own_cache: Path
) -> None:
    repo = feature(GOOD)
    own_cache.write_text("a file in the way\n")
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "no clone could be made" in task["error"]
    assert (repo.commits(), repo.status()) == (1, [])
    own_cache.unlink()
    inside("run")
    assert b"- [x] Build it" in repo.head("TODO.md")


def test_without_room_for_a_second_look_the_result_waits(
    feature: Feature, inside: Mdtodo, own_cache: Path
) -> None:
    away = "mv $OUTSIDE/cache $OUTSIDE/away; echo x > $OUTSIDE/cache"
    repo = feature(
        GOOD,
        **{
            "check.sh": f'test "$(cat result.txt)" = good && cd $OUTSIDE/repo && [ ! -e other.txt ] && echo x > other.txt && git add other.txt && git commit -qm Mine && {{ {away}; }}; true\n'
        },
    )
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "HEAD has moved, and no clone could be made" in task["error"]
    own_cache.unlink()
    inside("run")
    assert repo.git("log", "--format=%s").splitlines() == ["todo: Build it", "Mine", "Base"]
    assert repo.read("result.txt") == b"good\n"


needs_lfs = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5\n"


@needs_lfs
def test_files_of_lfs_land_with_their_content(feature: Feature, inside: Mdtodo) -> None:
    work = f"{GOOD}test $(wc -c < old.bin) = 1000 && head -c 2000 /dev/zero > new.bin"
    repo = feature(work, **{".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    repo.git("lfs", "install", "--local")
    repo.commit(**{"old.bin": "x" * 1000})
    inside("run")
    assert (repo.read("new.bin"), repo.status()) == (bytes(2000), [])
    assert repo.head("new.bin").startswith(b"version https://git-lfs")
    inside("undo")
    assert repo.status() == []


@needs_lfs
def test_a_pointer_whose_content_nobody_has_does_not_land(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(f"{GOOD}printf '{POINTER}' > new.bin", **{".gitattributes": "*.bin filter=lfs -text\n"})
    repo.git("lfs", "install", "--local")
    (task,) = inside("run", "--json", code=1).json["tasks"]
    assert task["error"] == "new.bin is a pointer of LFS, and what it points to is not here"


def test_two_thousand_files_land_and_go_back(feature: Feature, inside: Mdtodo) -> None:
    work = f"{GOOD}for i in $(seq 2000); do echo new > many/$i; done; rm -r gone"
    before = {f"many/{n}": "old\n" for n in range(1, 1001)} | {"gone/a": "a\n", "gone/b/c": "a\n"}
    repo = feature(work, **before)
    base = repo.git("rev-parse", "HEAD^{tree}")
    inside("run")
    assert (repo.status(), (repo.root / "gone").exists()) == ([], False)
    assert {(repo.root / "many" / name).read_text() for name in map(str, range(1, 2001))} == {"new\n"}
    inside("undo")
    assert (repo.status(), repo.git("rev-parse", "HEAD^{tree}")) == ([], base)


@pytest.fixture
def kept(feature: Feature, inside: Mdtodo) -> Checkout:
    """A repository in which a result waits to land."""
    repo = feature(f"echo again >> $OUTSIDE/works; {GOOD}")
    repo.write("result.txt", "mine\n")
    inside("run", code=1)
    repo.git("checkout", "-q", "result.txt")
    return repo


def works(repo: Checkout) -> int:
    return len((repo.root.parent / "works").read_text().splitlines())


def test_a_result_that_git_has_no_more_is_made_again(kept: Checkout, inside: Mdtodo) -> None:
    kept.git("branch", "-q", "-D", "mdtodo/build")
    kept.git("reflog", "expire", "--expire=now", "--all")
    kept.git("gc", "-q", "--prune=now")
    inside("run")
    assert (works(kept), kept.read("result.txt"), kept.status()) == (2, b"good\n", [])


def test_a_result_with_what_is_protected_since_is_made_again(kept: Checkout, inside: Mdtodo) -> None:
    config = kept.read(".mdtodo.toml").replace(b'["check.sh"]', b'["check.sh", "result.*"]')
    kept.commit(**{".mdtodo.toml": config})
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert task["error"] == "it changed result.txt, which is protected"
    assert works(kept) == 2


def test_where_no_branch_can_be_made_the_result_waits_all_the_same(feature: Feature, inside: Mdtodo) -> None:
    repo = feature(f"echo again >> $OUTSIDE/works; {GOOD}")
    repo.git("branch", "mdtodo")
    repo.write("result.txt", "mine\n")
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "it is on no branch" in task["error"]
    repo.git("checkout", "-q", "result.txt")
    inside("run")
    assert (works(repo), repo.read("result.txt")) == (1, b"good\n")


@pytest.mark.parametrize("name", ["todo/n\nl.md", "todo/l\udce9.md", "todo/a [b]*.md"])
def test_a_list_of_any_name(name: str, feature: Feature, inside: Mdtodo) -> None:
    repo = feature(GOOD, **{"TODO.md": "", name: "- [ ] Build it run:feature id:build\n"})
    inside("run")
    assert repo.read(name) == b"- [x] Build it run:feature id:build\n"
    assert (repo.read("result.txt"), repo.status()) == (b"good\n", [])
