"""Declared outputs are committed with the tick, if they held nothing of a person's when the run began."""

from __future__ import annotations

import os

import pytest

from mdtodo.repo.commit import clean_outputs, hold_outputs, land
from mdtodo.repo.git import discover
from mdtodo.repo.receipts import from_json, to_json

BASE = "- [ ] one\n- [ ] two\n"


@pytest.fixture
def todo(make_repo):
    return make_repo(
        **{"TODO.md": BASE, "out.txt": "old\n", "sub/out.txt": "old\n", "gone.txt": "g\n", "a": "a\n"}
    )


@pytest.fixture
def run_task(receipt):
    """Take the snapshot, do what the processor does, land."""

    def run(repo, work, *patterns: str, outcome: str = "done"):
        found = discover(str(repo.root))
        clean = clean_outputs(found, patterns)
        work()
        done = receipt(repo, "two", outputs=tuple(patterns), outcome=outcome)
        return land(found, [done], run_id="r", clean=clean)

    return run


def committed(repo) -> list[str]:
    return repo.git("diff", "--name-status", "--no-renames", "HEAD^", "HEAD").splitlines()


def test_changed_new_and_deleted_files(todo, run_task, sound):
    def work() -> None:
        todo.write("out.txt", "new\n")
        todo.write("gen/deep/made.txt", "made\n")
        (todo.root / "gone.txt").unlink()
        todo.write("a", "not declared\n")

    landing = run_task(todo, work, "/out.txt", "gen/**", "gone.txt")
    assert committed(todo) == ["M\tTODO.md", "A\tgen/deep/made.txt", "D\tgone.txt", "M\tout.txt"]
    assert todo.status() == [" M a"]
    assert landing.messages == ()
    sound(todo)


def test_a_folder_that_became_a_link_and_a_file_that_became_a_folder(todo, run_task, sound):
    def work() -> None:
        (todo.root / "sub" / "out.txt").rename(todo.root / "out2.txt")
        (todo.root / "sub").rmdir()
        (todo.root / "sub").symlink_to(".")
        (todo.root / "a").unlink()
        todo.write("a/b", "now below\n")

    landing = run_task(todo, work, "sub", "out2.txt", "a")
    assert committed(todo) == [
        "M\tTODO.md",
        *("D\ta", "A\ta/b"),
        "A\tout2.txt",
        *("A\tsub", "D\tsub/out.txt"),
    ]
    assert (todo.status(), landing.messages) == ([], ())
    sound(todo)


@pytest.mark.parametrize("state", ["changed", "staged", "untracked", "deleted"])
def test_what_held_a_persons_changes_is_left_out(todo, run_task, state, sound):
    if state == "untracked":
        todo.git("rm", "-q", "--cached", "out.txt")
        todo.git("commit", "-q", "-m", "Untrack")
    elif state == "deleted":
        (todo.root / "out.txt").unlink()
    else:
        todo.write("out.txt", "mine\n")
        if state == "staged":
            todo.git("add", "out.txt")
    before = todo.git("ls-files", "-s", "out.txt")
    landing = run_task(todo, lambda: todo.write("out.txt", "generated\n"), "/out.txt")
    assert committed(todo) == ["M\tTODO.md"]
    assert todo.git("ls-files", "-s", "out.txt") == before
    assert todo.read("out.txt") == b"generated\n"
    assert landing.messages == ("out.txt: not committed, since it was changed before the run",)
    sound(todo)


def test_what_a_person_stages_during_the_run_is_left_out(todo, run_task):
    def work() -> None:
        todo.write("out.txt", "mine\n")
        todo.git("add", "out.txt")
        todo.write("out.txt", "generated\n")

    landing = run_task(todo, work, "/out.txt")
    assert committed(todo) == ["M\tTODO.md"]
    assert todo.index("out.txt") == b"mine\n"
    assert landing.messages == ("out.txt: not committed, since it is staged",)


def test_modes_links_and_folders_that_become_files(make_repo, run_task, sound):
    repo = make_repo(**{"TODO.md": BASE, "was/folder/x": "x\n", "was-file": "f\n"})

    def work() -> None:
        (repo.root / "was/folder/x").unlink()
        (repo.root / "was/folder").rmdir()
        repo.write("was/folder", "now a file\n")
        (repo.root / "was-file").unlink()
        repo.write("was-file/y", "now a folder\n").chmod(0o755)
        (repo.root / "link").symlink_to("TODO.md")

    run_task(repo, work, "was", "was-file", "link")
    tree = {line.split("\t")[1]: line[:6] for line in repo.git("ls-tree", "-r", "HEAD").splitlines()}
    assert tree == {"TODO.md": "100644", "was/folder": "100644", "was-file/y": "100755", "link": "120000"}
    assert repo.status() == []
    sound(repo)


def test_line_ends_and_filters_of_outputs_are_gits(make_repo, run_task):
    repo = make_repo()
    repo.git("config", "core.autocrlf", "true")
    repo.commit(**{"TODO.md": BASE, "out.txt": "old\r\n"})
    run_task(repo, lambda: repo.write("out.txt", "new\r\nlines\r\n"), "out.txt")
    assert repo.head("out.txt") == b"new\nlines\n"
    assert repo.read("out.txt") == b"new\r\nlines\r\n"
    assert repo.status() == []


@pytest.mark.parametrize("pattern", ["made/**/out.txt", "made/", "out.txt"])
def test_an_output_may_have_a_newline_in_its_name(todo, run_task, pattern):
    run_task(todo, lambda: todo.write("made/a\nb/out.txt", "new\n"), pattern)
    assert committed(todo) == ["M\tTODO.md", 'A\t"made/a\\nb/out.txt"']


def test_ignored_files_are_no_outputs(todo, run_task):
    todo.commit(**{".gitignore": "build/\n"})
    run_task(todo, lambda: todo.write("build/x", "x"), "build/**")
    assert committed(todo) == ["M\tTODO.md"]


def test_outputs_of_a_failed_task_stay_in_the_work_tree(todo, run_task):
    run_task(todo, lambda: todo.write("out.txt", "half\n"), "/out.txt", outcome="failed")
    assert committed(todo) == ["M\tTODO.md"]
    assert todo.status() == [" M out.txt"]


def test_nothing_goes_along_without_a_tick_in_head(todo, run_task):
    todo.write("TODO.md", "- [ ] other\n- [ ] two\n")
    todo.git("rm", "-q", "--cached", "TODO.md")
    todo.git("commit", "-q", "-m", "Untrack")
    head = todo.git("rev-parse", "HEAD")
    run_task(todo, lambda: todo.write("out.txt", "new\n"), "/out.txt")
    assert todo.git("rev-parse", "HEAD") == head
    assert todo.status() == [" M out.txt", "?? TODO.md"]


def test_without_a_snapshot_none_may(todo, receipt):
    todo.write("out.txt", "whose?\n")
    done = receipt(todo, "two", outputs=("out.txt",))
    landing = land(discover(str(todo.root)), [done], run_id="r")
    assert committed(todo) == ["M\tTODO.md"]
    assert len(landing.messages) == 1


def test_a_todo_file_that_is_an_output_too_gets_just_its_tick(todo, run_task):
    run_task(todo, lambda: todo.write("TODO.md", BASE + "\nGenerated.\n"), "*.md")
    assert todo.head("TODO.md") == BASE.replace("[ ] two", "[x] two").encode()
    assert todo.read("TODO.md") == BASE.replace("[ ] two", "[x] two").encode() + b"\nGenerated.\n"


def test_names_that_are_not_utf_8(make_repo, run_task):
    repo = make_repo(**{"TODO.md": BASE})
    name = os.fsdecode(b"g\xe9n/\xff out.txt")
    run_task(repo, lambda: repo.write(name, "x\n"), "*.txt")
    assert repo.status() == []
    assert repo.git_bytes("ls-tree", "-r", "-z", "--name-only", "HEAD").split(b"\0")[1] == os.fsencode(name)


def test_submodules_and_nested_repositories_are_no_outputs(make_repo, run_task):
    inner = make_repo("inner", x="x\n")
    repo = make_repo("outer", **{"TODO.md": BASE})
    repo.git("submodule", "--quiet", "add", str(inner.root), "lib")
    repo.commit("Add a submodule")

    def work() -> None:
        type(repo)(repo.root / "lib").commit("More", x="changed\n")
        repo.git("init", "-q", "nested")

    run_task(repo, work, "lib", "nested")
    assert committed(repo) == ["M\tTODO.md"]


class TestAfterTheEndOfTheTask:
    """What somebody does to an output between the task's end and its landing is theirs."""

    @pytest.fixture
    def landing(self, todo, receipt):
        """Let the task write out.txt, do something, land."""

        def land_after(meanwhile):
            found = discover(str(todo.root))
            clean = clean_outputs(found, ("*.txt",))
            todo.write("out.txt", "new\n")
            done, _ = hold_outputs(found, receipt(todo, "two", outputs=("*.txt",)), clean)
            meanwhile()
            return land(found, [from_json(to_json(done))], run_id="r")

        return land_after

    def test_nothing(self, todo, landing, sound):
        assert landing(lambda: None).messages == ()
        assert committed(todo) == ["M\tTODO.md", "M\tout.txt"]
        assert todo.status() == []
        sound(todo)

    @pytest.mark.parametrize("content", ["new\nand mine\n", "old\n", ""])
    def test_a_change(self, todo, landing, sound, content):
        said = landing(lambda: todo.write("out.txt", content))
        assert said.messages == ("out.txt: not committed, since it was changed after the end of its task",)
        assert committed(todo) == ["M\tTODO.md"]
        assert todo.read("out.txt") == content.encode()
        assert todo.index("out.txt") == b"old\n"
        sound(todo)

    def test_its_mode_is_a_change_too(self, todo, landing):
        landing(lambda: (todo.root / "out.txt").chmod(0o755))
        assert committed(todo) == ["M\tTODO.md"]

    def test_it_was_staged(self, todo, landing, sound):
        said = landing(lambda: todo.git("add", "out.txt"))
        assert said.messages == ("out.txt: not committed, since it is staged",)
        assert committed(todo) == ["M\tTODO.md"]
        assert todo.status() == ["M  out.txt"]
        sound(todo)

    def test_it_was_committed_by_somebody(self, todo, landing, sound):
        landing(lambda: todo.git("commit", "-q", "-m", "Mine", "--only", "out.txt"))
        assert committed(todo) == ["M\tTODO.md"]
        assert todo.head("out.txt") == b"new\n"
        assert todo.status() == []
        sound(todo)

    def test_somebody_committed_something_else_there(self, todo, landing, sound):
        def theirs() -> None:
            blob = todo.git("hash-object", "-w", "--stdin", stdin="theirs\n")
            todo.git("read-tree", "HEAD", GIT_INDEX_FILE=".git/theirs")
            todo.git("update-index", "--cacheinfo", f"100644,{blob},out.txt", GIT_INDEX_FILE=".git/theirs")
            tree = todo.git("write-tree", GIT_INDEX_FILE=".git/theirs")
            todo.git("update-ref", "HEAD", todo.git("commit-tree", "-p", "HEAD", "-m", "Theirs", tree))

        said = landing(theirs)
        assert said.messages == ("out.txt: not committed, since it was committed in the meantime",)
        assert todo.head("out.txt") == b"theirs\n"
        assert todo.index("out.txt") == b"old\n"
        assert todo.read("out.txt") == b"new\n"
        sound(todo)
