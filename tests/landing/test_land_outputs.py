"""Declared outputs are committed with the tick, if they held nothing of a person's when the attempt began."""

from __future__ import annotations

import os

import pytest

from mdtodo.git.repository import discover
from mdtodo.landing.land import hold_outputs, land
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.marks import mark
from mdtodo.outputs.survey import judge, survey
from mdtodo.receipts.codec import from_text, to_text

BASE = "- [ ] one\n- [ ] two\n"


class Everything:
    """A processor that says of each file that it has written it."""

    def __contains__(self, path: object) -> bool:
        return True


EVERYTHING = Everything()


@pytest.fixture
def todo(make_repo):
    return make_repo(
        **{"TODO.md": BASE, "out.txt": "old\n", "sub/out.txt": "old\n", "gone.txt": "g\n", "a": "a\n"}
    )


@pytest.fixture
def attempt():
    """What an attempt of the task id-two makes of it, as a pool process finds: its verdict."""

    def attempted(repo, work, *outputs: str, named=EVERYTHING):
        found, declared = discover(str(repo.root)), DeclaredOutputs.of(outputs, ["TODO.md"])
        before = survey(found, declared)
        work()
        verdict = judge(before, survey(found, declared), declared, named, "id-two")
        for output in verdict.held:
            mark(found, output.path, output.digest, "id-two")
        return verdict

    return attempted


@pytest.fixture
def run_task(receipt, attempt):
    """Do what the processor does, land; gives the landing and what is not committed, with the reasons."""

    def run(repo, work, *outputs: str, outcome: str = "done", named=EVERYTHING):
        verdict = attempt(repo, work, *outputs, named=named)
        held, left = hold_outputs(discover(str(repo.root)), verdict.held)
        done = receipt(repo, "two", outputs=outputs, outcome=outcome, held=held)
        landing = land(discover(str(repo.root)), [done], run_id="r")
        return landing, {**verdict.theirs, **left, **dict.fromkeys(verdict.unnamed, "unnamed")}

    return run


def committed(repo) -> list[str]:
    return repo.git("diff", "--name-status", "--no-renames", "HEAD^", "HEAD").splitlines()


def test_changed_new_and_deleted_outputs_are_committed_with_the_tick(todo, run_task, sound):
    def work() -> None:
        todo.write("out.txt", "new\n")
        todo.write("gen/deep/made.txt", "made\n")
        (todo.root / "gone.txt").unlink()
        todo.write("a", "not declared\n")

    landing, left = run_task(todo, work, "out.txt", "gen/**", "gone.txt")
    assert committed(todo) == ["M\tTODO.md", "A\tgen/deep/made.txt", "D\tgone.txt", "M\tout.txt"]
    assert todo.status() == [" M a"]
    assert (landing.messages, left) == ((), {})
    sound(todo)


def test_outputs_that_turn_a_folder_into_a_link_and_a_file_into_a_folder_are_committed(todo, run_task, sound):
    def work() -> None:
        (todo.root / "sub" / "out.txt").rename(todo.root / "out2.txt")
        (todo.root / "sub").rmdir()
        (todo.root / "sub").symlink_to(".")
        (todo.root / "a").unlink()
        todo.write("a/b", "now below\n")

    landing, left = run_task(todo, work, "sub", "out2.txt", "a", named={"a/b"})
    assert committed(todo) == [
        "M\tTODO.md",
        *("D\ta", "A\ta/b"),
        "A\tout2.txt",
        *("A\tsub", "D\tsub/out.txt"),
    ]
    assert (todo.status(), landing.messages, left) == ([], (), {})
    sound(todo)


@pytest.mark.parametrize("state", ["changed", "staged", "untracked", "deleted"])
def test_an_output_that_held_a_persons_changes_is_left_out(todo, run_task, state, sound):
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
    _, left = run_task(todo, lambda: todo.write("out.txt", "generated\n"), "out.txt")
    assert committed(todo) == ["M\tTODO.md"]
    assert todo.git("ls-files", "-s", "out.txt") == before
    assert todo.read("out.txt") == b"generated\n"
    staged = "it is staged" if state == "staged" else None
    assert left == {"out.txt": staged or "it had changes that were not committed before the task began"}
    sound(todo)


def test_an_output_that_a_person_stages_during_the_run_is_left_out(todo, run_task):
    def work() -> None:
        todo.write("out.txt", "mine\n")
        todo.git("add", "out.txt")
        todo.write("out.txt", "generated\n")

    _, left = run_task(todo, work, "out.txt")
    assert committed(todo) == ["M\tTODO.md"]
    assert todo.index("out.txt") == b"mine\n"
    assert left == {"out.txt": "it is staged"}


def test_outputs_keep_modes_and_links_and_may_turn_a_folder_into_a_file(make_repo, run_task, sound):
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


@pytest.mark.parametrize("pattern", ["made/**/out.txt", "made/", "*.txt"])
def test_an_output_may_have_a_newline_in_its_name(todo, run_task, pattern):
    run_task(todo, lambda: todo.write("made/a\nb/out.txt", "new\n"), pattern)
    assert committed(todo) == ["M\tTODO.md", 'A\t"made/a\\nb/out.txt"']


def test_ignored_files_are_no_outputs(todo, run_task):
    todo.commit(**{".gitignore": "build/\n"})
    run_task(todo, lambda: todo.write("build/x", "x"), "build/**")
    assert committed(todo) == ["M\tTODO.md"]


def test_outputs_of_a_failed_task_stay_in_the_work_tree(todo, run_task):
    run_task(todo, lambda: todo.write("out.txt", "half\n"), "out.txt", outcome="failed")
    assert committed(todo) == ["M\tTODO.md"]
    assert todo.status() == [" M out.txt"]


def test_outputs_are_not_committed_without_a_tick_in_head(todo, run_task):
    todo.write("TODO.md", "- [ ] other\n- [ ] two\n")
    todo.git("rm", "-q", "--cached", "TODO.md")
    todo.git("commit", "-q", "-m", "Untrack")
    head = todo.git("rev-parse", "HEAD")
    run_task(todo, lambda: todo.write("out.txt", "new\n"), "/out.txt")
    assert todo.git("rev-parse", "HEAD") == head
    assert todo.status() == [" M out.txt", "?? TODO.md"]


def test_a_file_below_a_pattern_of_outputs_is_one_only_if_it_was_named(todo, run_task, sound):
    def work() -> None:
        todo.write("out.txt", "new\n")
        todo.write("sub/out.txt", "whose?\n")
        todo.write("sub/untracked.txt", "whose?\n")

    _, left = run_task(todo, work, "*.txt", named={"out.txt"})
    assert left == {"sub/out.txt": "unnamed", "sub/untracked.txt": "unnamed"}
    assert committed(todo) == ["M\tTODO.md", "M\tout.txt"]
    sound(todo)


def test_a_persons_file_that_the_task_did_not_change_keeps_no_box_open(todo, run_task):
    todo.write("sub/draft.txt", "mine\n")
    todo.write("out.txt", "mine\n")
    _, left = run_task(todo, lambda: todo.write("new.txt", "new\n"), "*.txt", named={"new.txt"})
    assert left == {}
    assert committed(todo) == ["M\tTODO.md", "A\tnew.txt"]
    assert todo.status() == [" M out.txt", "?? sub/draft.txt"]


def test_a_declared_name_is_one_file_at_the_root(todo, run_task):
    def work() -> None:
        todo.write("out.txt", "new\n")
        todo.write("sub/out.txt", "a person's\n")

    _, left = run_task(todo, work, "out.txt", named=())
    assert left == {}
    assert committed(todo) == ["M\tTODO.md", "M\tout.txt"]


class TestWhatAnAttemptLeft:
    """It is known again, as long as nobody has touched it."""

    def test_what_an_attempt_left_is_committed_by_the_next_one(self, todo, attempt, run_task, sound):
        attempt(todo, lambda: todo.write("out.txt", "half\n"), "out.txt")
        _, left = run_task(todo, lambda: None, "out.txt")
        assert left == {}
        assert todo.head("out.txt") == b"half\n"
        sound(todo)

    def test_what_an_attempt_left_below_a_pattern_is_committed_if_it_was_named_then(
        self, todo, attempt, run_task
    ):
        attempt(todo, lambda: todo.write("new.txt", "half\n"), "*.txt")
        run_task(todo, lambda: None, "*.txt", named=())
        assert committed(todo) == ["M\tTODO.md", "A\tnew.txt"]

    def test_what_an_attempt_left_unnamed_below_a_pattern_is_not_committed(self, todo, attempt, run_task):
        attempt(todo, lambda: todo.write("new.txt", "whose?\n"), "*.txt", named=())
        _, left = run_task(todo, lambda: todo.write("new.txt", "more\n"), "*.txt")
        assert list(left) == ["new.txt"]
        assert committed(todo) == ["M\tTODO.md"]

    def test_what_a_person_had_changed_before_the_attempt_is_not_committed(self, todo, attempt, run_task):
        todo.write("out.txt", "mine\n")
        attempt(todo, lambda: todo.write("out.txt", "mine\nand more\n"), "out.txt")
        _, left = run_task(todo, lambda: None, "out.txt")
        assert list(left) == ["out.txt"]
        assert committed(todo) == ["M\tTODO.md"]

    def test_what_somebody_has_changed_since_the_attempt_is_not_committed(self, todo, attempt, run_task):
        attempt(todo, lambda: todo.write("out.txt", "half\n"), "out.txt")
        todo.write("out.txt", "half\nand mine\n")
        _, left = run_task(todo, lambda: todo.write("out.txt", "new\n"), "out.txt")
        assert list(left) == ["out.txt"]
        assert committed(todo) == ["M\tTODO.md"]

    def test_what_was_committed_is_no_longer_noted_as_left(self, todo, run_task):
        run_task(todo, lambda: todo.write("out.txt", "new\n"), "out.txt")
        assert not list((todo.root / ".git/mdtodo/left").iterdir())


def test_a_todo_file_that_is_an_output_too_gets_just_its_tick(todo, run_task):
    run_task(todo, lambda: todo.write("TODO.md", BASE + "\nGenerated.\n"), "*.md")
    assert todo.head("TODO.md") == BASE.replace("[ ] two", "[x] two").encode()
    assert todo.read("TODO.md") == BASE.replace("[ ] two", "[x] two").encode() + b"\nGenerated.\n"


def test_outputs_may_have_names_that_are_not_utf_8(make_repo, run_task):
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
    """What somebody does to an output between the task's end and its landing is theirs, and then nothing is ticked."""

    @pytest.fixture
    def landing(self, todo, receipt, attempt):
        """Let the task write out.txt, do something, land."""

        def land_after(meanwhile):
            found = discover(str(todo.root))
            verdict = attempt(todo, lambda: todo.write("out.txt", "new\n"), "*.txt")
            held, _ = hold_outputs(found, verdict.held)
            done = receipt(todo, "two", outputs=("*.txt",), held=held)
            before = todo.git("rev-parse", "HEAD")
            meanwhile()
            said = land(found, [from_text(to_text(done))], run_id="r")
            if said.kept_open:
                assert said.commits == ()
                assert todo.read("TODO.md") == todo.head("TODO.md") == todo.index("TODO.md") == BASE.encode()
            return said, before

        return land_after

    def test_an_output_that_nobody_touched_after_the_task_is_committed(self, todo, landing, sound):
        assert landing(lambda: None)[0].kept_open == {}
        assert committed(todo) == ["M\tTODO.md", "M\tout.txt"]
        assert todo.status() == []
        sound(todo)

    @pytest.mark.parametrize("content", ["new\nand mine\n", "old\n", ""])
    def test_an_output_that_was_changed_after_the_task_keeps_its_box_open(
        self, todo, landing, sound, content
    ):
        said, before = landing(lambda: todo.write("out.txt", content))
        assert said.kept_open == {"id-two": "out.txt: it was changed after the end of its task"}
        assert todo.git("rev-parse", "HEAD") == before
        assert todo.read("out.txt") == content.encode()
        assert todo.index("out.txt") == b"old\n"
        todo.git(
            "update-index", "--refresh", check=False
        )  # git looks again at what was written with the same bytes
        sound(todo)

    def test_a_mode_of_an_output_that_was_changed_after_the_task_keeps_its_box_open(self, todo, landing):
        said, _ = landing(lambda: (todo.root / "out.txt").chmod(0o755))
        assert list(said.kept_open) == ["id-two"]

    def test_an_output_that_was_staged_after_the_task_keeps_its_box_open(self, todo, landing, sound):
        said, _ = landing(lambda: todo.git("add", "out.txt"))
        assert said.kept_open == {"id-two": "out.txt: it is staged"}
        assert todo.status() == ["M  out.txt"]
        sound(todo)

    def test_an_output_that_somebody_committed_as_it_is_lets_its_task_be_ticked(self, todo, landing, sound):
        landing(lambda: todo.git("commit", "-q", "-m", "Mine", "--only", "out.txt"))
        assert committed(todo) == ["M\tTODO.md"]
        assert todo.head("out.txt") == b"new\n"
        assert todo.status() == []
        sound(todo)

    def test_an_output_that_somebody_committed_otherwise_keeps_its_box_open(self, todo, landing, sound):
        def theirs() -> None:
            blob = todo.git("hash-object", "-w", "--stdin", stdin="theirs\n")
            todo.git("read-tree", "HEAD", GIT_INDEX_FILE=".git/theirs")
            todo.git("update-index", "--cacheinfo", f"100644,{blob},out.txt", GIT_INDEX_FILE=".git/theirs")
            tree = todo.git("write-tree", GIT_INDEX_FILE=".git/theirs")
            todo.git("update-ref", "HEAD", todo.git("commit-tree", "-p", "HEAD", "-m", "Theirs", tree))

        said, _ = landing(theirs)
        assert said.kept_open == {"id-two": "out.txt: it was committed in the meantime"}
        assert todo.head("out.txt") == b"theirs\n"
        assert todo.index("out.txt") == b"old\n"
        assert todo.read("out.txt") == b"new\n"
        sound(todo)

    def test_an_output_that_a_later_attempt_of_ours_changed_is_committed(self, todo, landing, sound):
        """What goes along is what the task had left."""

        def later() -> None:
            todo.write("out.txt", "later\n")
            found = discover(str(todo.root))
            mark(found, "out.txt", survey(found, DeclaredOutputs.of(["out.txt"]))["out.txt"].digest, "id-one")

        landing(later)
        assert (todo.head("out.txt"), todo.read("out.txt")) == (b"new\n", b"later\n")
        assert todo.status() == [" M out.txt"]
        sound(todo)

    def test_a_parent_of_a_task_that_is_kept_open_stays_open(self, make_repo, receipt, attempt):
        text = "- [ ] p\n  - [ ] two\n- [ ] three\n"
        repo = make_repo(**{"TODO.md": text, "out.txt": "old\n"})
        found = discover(str(repo.root))
        verdict = attempt(repo, lambda: repo.write("out.txt", "new\n"), "out.txt")
        held, _ = hold_outputs(found, verdict.held)
        receipts = [
            receipt(repo, "two", held=held),
            receipt(repo, "p", processor="rollup"),
            receipt(repo, "three"),
        ]
        repo.write("out.txt", "mine\n")
        said = land(found, receipts, run_id="r")
        assert said.kept_open["id-p"] == "its subtask id-two stays open"
        assert repo.head("TODO.md") == repo.read("TODO.md") == text.replace("[ ] three", "[x] three").encode()
        assert repo.head("out.txt") == b"old\n"


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (["CHANGELOG.md"], ["CHANGELOG.md"], True),
        (["CHANGELOG.md"], ["docs/CHANGELOG.md"], False),
        (["docs"], ["docs/api.md"], True),
        (["docs/**"], ["docs-old/x"], False),
        (["docs/*.md"], ["docs/api/**"], True),
        (["*.md"], ["docs/x"], True),
        (["build/"], ["docs/x"], True),
        (["docs/api/"], ["docs/x"], False),
        (["!x", "y"], ["z"], True),
        ([], ["*"], False),
    ],
)
def test_patterns_of_outputs_that_may_fit_one_file_are_told_from_others(one, other, overlap):
    assert DeclaredOutputs.of(one).overlaps(DeclaredOutputs.of(other)) is overlap
    assert DeclaredOutputs.of(other).overlaps(DeclaredOutputs.of(one)) is overlap
