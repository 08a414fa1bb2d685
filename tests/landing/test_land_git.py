"""What a landing has git do: with how many commands, and so that git finds nothing left to do."""

from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.edits import AddNote, SetKey
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import GitError
from mdtodo.git.repository import discover
from mdtodo.git.session import GitSession
from mdtodo.landing import land as land_module
from mdtodo.landing.apply import apply_receipts, unclear_ones
from mdtodo.landing.job import Job
from mdtodo.landing.land import land
from mdtodo.landing.merge import revert as revert_module
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.survey import judge, survey

if TYPE_CHECKING:
    from pathlib import Path

BASE = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n"
DONE = BASE.replace("[ ] two", "[x] two").encode()


@pytest.fixture
def started(tmp_path, monkeypatch):
    """`started()`: the git commands since it was called last."""
    trace: Path = tmp_path / "trace2"

    def commands() -> list[str]:
        lines = [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []
        trace.write_text("")
        return [line["name"] for line in lines if line["event"] == "cmd_name"]

    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    return commands


def assert_lands(repo, land_tasks, sound, started) -> list[str]:
    """The git commands of a landing, which is right in every respect."""
    started()
    landing = land_tasks(repo, "two")
    commands = sorted(started())
    assert len(landing.commits) == 1
    assert repo.head("TODO.md") == repo.index("TODO.md") == DONE
    assert repo.status() == []
    sound(repo)
    return commands


#: The settings and who commits; HEAD and objects; the entries of the index; new objects and entries; HEAD; the times of
#: the files. Of these a session of many landings keeps the first two.
KEPT = ["cat-file", "var"]
COMMANDS = ["ls-files", "unpack-objects", "update-index", "update-ref", "add"]


class TestCommands:
    """How many git processes a landing takes."""

    @pytest.mark.parametrize("files", [1, 300])
    def test_a_landing_starts_seven_commands_of_git_however_many_files_there_are(
        self, make_repo, land_tasks, sound, started, files
    ):
        repo = make_repo(**{"TODO.md": BASE, **{f"d{n % 9}/{n}": "x\n" for n in range(files)}})
        assert assert_lands(repo, land_tasks, sound, started) == sorted(KEPT + COMMANDS)

    def test_each_further_landing_of_a_session_starts_five_commands(self, make_repo, receipt, started):
        repo = make_repo(**{"TODO.md": BASE})
        found, receipts = discover(str(repo.root)), [receipt(repo, name) for name in ("one", "two", "three")]
        started()
        with GitSession(found) as git:
            for one in receipts:
                land(found, [one], run_id="r", git=git)
        assert sorted(started()) == sorted(KEPT + COMMANDS * 3)
        assert repo.commits() == 4
        assert repo.status() == []

    def test_commits_that_land_together_take_no_more_commands_than_one(self, make_repo, receipt, started):
        repo = make_repo(**{"TODO.md": BASE})
        receipts = [receipt(repo, name) for name in ("one", "two", "three")]
        started()
        land(discover(str(repo.root)), receipts, run_id="r", each=True)
        assert sorted(started()) == sorted(KEPT + COMMANDS)
        assert repo.commits() == 4


@pytest.mark.parametrize("each", [False, True])
def test_versions_that_are_alike_have_their_edits_worked_out_once(make_repo, receipt, monkeypatch, each):
    """HEAD's, the index's and the file's."""
    repo = make_repo(**{"TODO.md": BASE})
    made = []

    def counted(data, wanted, statuses, **how):
        made.append(list(wanted))
        return apply_receipts(data, wanted, statuses, **how)

    monkeypatch.setattr(revert_module, "apply_receipts", counted)
    receipts = [receipt(repo, name) for name in ("one", "two", "three")]
    assert len(land(discover(str(repo.root)), receipts, run_id="r", each=each).commits) == (3 if each else 1)
    ids = ["id-one", "id-two", "id-three"]
    assert made == ([[one] for one in ids] if each else [ids])
    assert repo.head("TODO.md") == repo.index("TODO.md") == repo.read("TODO.md")
    assert b"[ ]" not in repo.read("TODO.md")


@pytest.mark.parametrize("each", [False, True])
def test_what_is_unclear_is_known_before_anything_is_worked_out(make_repo, receipt, each):
    repo = make_repo(**{"TODO.md": "- [ ] one\n- [ ] twin\n- [ ] two\n- [ ] twin\n- [ ] three\n"})
    receipts = [receipt(repo, name) for name in ("one", "twin", "three")]
    now = b"- [ ] one\n- [ ] twin\n- [ ] twin\n- [ ] twin\n- [ ] three\n"
    job = Job(discover(str(repo.root)), receipts, "r", STATUS_CHARS, each=each)
    found = job.unclear("TODO.md", now)
    assert list(found) == ["id-twin"]
    assert found == unclear_ones(job.tick("TODO.md", now, once=False).missed)


def past(repo) -> None:
    """As if all files had been made, and staged, some time ago."""
    for path in repo.git("ls-files", "-z").split("\0")[:-1]:
        os.utime(repo.root / path, (1_700_000_000, 1_700_000_000))
    repo.git("update-index", "-q", "--refresh")


def test_the_reflog_tells_what_was_committed_not_what_was_asked(make_repo, receipt):
    repo = make_repo(**{"TODO.md": BASE.replace("[ ] one", "[x] one")})
    land(discover(str(repo.root)), [receipt(repo, "one"), receipt(repo, "two")], run_id="r")
    assert repo.git("reflog", "-1", "--format=%gs") == "commit: todo: two"


class TestObjects:
    def test_a_shared_repository_stays_writable_for_all(self, make_repo, land_tasks):
        repo = make_repo("repo", "--shared=all", **{"TODO.md": BASE})
        before = {path.name: path.stat().st_mode for path in (repo.root / ".git").iterdir()}
        land_tasks(repo, "two")
        for path in (repo.root / ".git/objects").iterdir():
            assert path.stat().st_mode & 0o020
        assert (repo.root / ".git/index").stat().st_mode == before["index"]

    def test_replaced_objects_are_read_as_git_reads_them(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE, "old": "old\n"})
        head = repo.git("rev-parse", "HEAD")
        other = repo.commit(**{"TODO.md": BASE + "\nReplaced.\n", "new": "new\n"})
        repo.git("reset", "-q", "--hard", head)
        repo.git("replace", head, other)
        repo.git("reset", "-q", "--hard")
        assert b"Replaced" in repo.head("TODO.md")
        for packed in (False, True):
            if packed:
                repo.git("pack-refs", "--all")
                shutil.rmtree(repo.root / ".git/refs/replace", ignore_errors=True)
                repo.git("update-ref", "HEAD", head)
                repo.git("reset", "-q", "--hard")
            land_tasks(repo, "two")
            assert repo.git("diff", "--stat", "HEAD^", "HEAD").splitlines()[0].split()[0] == "TODO.md"
            assert b"Replaced" in repo.head("TODO.md")
            assert repo.status() == []

    def test_objects_of_an_alternate_are_read(self, make_repo, land_tasks, tmp_path):
        origin = make_repo("origin", **{"TODO.md": BASE})
        origin.git("clone", "-q", "--shared", str(origin.root), str(tmp_path / "clone"))
        clone = type(origin)(tmp_path / "clone")
        assert len(land_tasks(clone, "two").commits) == 1
        assert clone.head("TODO.md") == DONE

    def test_a_corrupt_object_is_told_in_gits_words(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        oid = repo.git("rev-parse", "HEAD:TODO.md")
        path = repo.root / ".git/objects" / oid[:2] / oid[2:]
        path.chmod(0o644)
        path.write_bytes(b"not deflated")
        with pytest.raises(GitError, match=oid[:7]):
            land_tasks(repo, "two")
        assert repo.read("TODO.md") == BASE.encode()


class TestRaces:
    """A file saved again in the second of its staging, as long as before: git must go on looking at it."""

    @pytest.fixture
    def racy(self, make_repo):
        def make(**settings: str):
            repo = make_repo(**{"TODO.md": BASE, "same.txt": "aaaa\n"})
            for name, value in {"core.trustctime": "false", **settings}.items():
                repo.git("config", name, value)
            past(repo)
            return repo

        return make

    def test_a_change_that_only_the_content_shows_is_still_seen_after_a_landing(self, racy, land_tasks):
        repo = racy()
        repo.write("same.txt", "bbbb\n")
        os.utime(repo.root / "same.txt", (1_700_000_000, 1_700_000_000))
        os.utime(repo.root / ".git/index", (1_700_000_000, 1_700_000_000))
        land_tasks(repo, "two")
        assert repo.status() == [" M same.txt"]
        assert repo.index("TODO.md") == DONE

    def test_a_change_that_only_a_filter_can_tell_is_still_seen_after_a_landing(self, racy, land_tasks):
        repo = racy(**{"filter.up.clean": "tr a-z A-Z"})
        repo.write(".gitattributes", "same.txt filter=up\n")
        os.utime(repo.root / ".git/index", (1_700_000_000, 1_700_000_000))
        land_tasks(repo, "two")
        assert repo.status() == [" M same.txt", "?? .gitattributes"]


class TestTimes:
    """git knows after a landing when the files were changed, and has none to compare."""

    @pytest.mark.parametrize(
        ("attributes", "settings", "content"),
        [
            ("* text=auto\n", {}, BASE),
            ("* text=auto\n", {}, BASE.replace("\n", "\r\n")),
            ("*.md filter=up\n", {"filter.up.clean": "cat"}, BASE),
            ("*.md ident\n", {}, BASE),
            ("*.md working-tree-encoding=UTF-8\n", {}, BASE),
            (None, {"core.autocrlf": "true"}, BASE.replace("\n", "\r\n")),
            (None, {"core.autocrlf": "false"}, BASE.replace("\n", "\r\n")),
        ],
    )
    def test_file_times_are_noted_whatever_git_makes_of_a_file(
        self, make_repo, land_tasks, sound, attributes, settings, content
    ):
        repo = make_repo()
        for name, value in settings.items():
            repo.git("config", name, value)
        repo.commit(**{"TODO.md": content} | ({".gitattributes": attributes} if attributes else {}))
        before = repo.index("TODO.md")
        land_tasks(repo, "two")
        assert repo.index("TODO.md") != before
        assert repo.git("diff-files", "--name-only") == ""
        assert repo.status() == []
        sound(repo)

    def test_a_file_that_is_changed_otherwise_is_still_seen_as_changed(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE, "other": "1\n"})
        repo.write("TODO.md", BASE + "mine\n")
        repo.write("other", "2\n")
        land_tasks(repo, "two")
        assert repo.status() == [" M TODO.md", " M other"]

    def test_the_mode_of_a_file_is_gits_to_judge(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        repo.git("config", "core.fileMode", "true")
        (repo.root / "TODO.md").chmod(0o755)
        land_tasks(repo, "two")
        assert repo.status() == [" M TODO.md"]
        repo.git("config", "core.fileMode", "false")
        land_tasks(repo, "one")
        assert repo.status() == []


class TestIndex:
    def test_the_mode_of_the_index_stays(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        (repo.root / ".git/index").chmod(0o640)
        land_tasks(repo, "two")
        assert stat.S_IMODE((repo.root / ".git/index").stat().st_mode) == 0o640

    def test_the_index_gets_more_than_head_where_head_has_a_task_done(self, make_repo, receipt, sound):
        repo = make_repo(**{"a/TODO.md": BASE.replace("[ ] two", "[x] two"), "b": "b"})
        repo.git("write-tree")
        noted = receipt(repo, "two", "a/TODO.md", more=lambda anchor: (AddNote(anchor, "late"),))
        land(discover(str(repo.root)), [noted, receipt(repo, "one", "a/TODO.md")], run_id="r")
        assert b"late" in repo.index("a/TODO.md")
        assert b"late" not in repo.head("a/TODO.md")
        assert b"late" in repo.git_bytes("cat-file", "blob", repo.git("write-tree") + ":a/TODO.md")
        sound(repo)

    def test_what_else_is_staged_is_in_no_tree_of_ours(self, make_repo, land_tasks, sound):
        repo = make_repo(**{"a/TODO.md": BASE, "a/c": "c", "d/e": "e"})
        repo.write("a/c", "staged")
        repo.git("add", "a/c")
        repo.git("write-tree")
        land_tasks(repo, "two", file="a/TODO.md")
        tree = repo.git("write-tree")
        assert tree != repo.git("rev-parse", "HEAD^{tree}")
        assert repo.git("diff", "--name-only", "HEAD", tree) == "a/c"
        sound(repo)


class TestEach:
    """A commit for each receipt, in one landing."""

    def land(self, repo, receipts, **words):
        return land(discover(str(repo.root)), receipts, run_id="r", each=True, **words)

    def test_landings_of_one_call_are_commits_in_their_order_each_with_its_line_alone(
        self, make_repo, receipt, sound
    ):
        repo = make_repo(**{"TODO.md": BASE, "docs/TODO.md": BASE})
        receipts = [
            receipt(repo, "three"),
            receipt(repo, "one"),
            receipt(repo, "two", "docs/TODO.md", more=lambda anchor: (AddNote(anchor, "seen"),)),
        ]
        landing = self.land(repo, receipts)
        assert list(landing.commits) == repo.git("log", "--reverse", "--format=%H").splitlines()[1:]
        assert dict(landing.commit_of) == {
            one.task_id: made for one, made in zip(receipts, landing.commits, strict=True)
        }
        assert repo.git("log", "--format=%s").splitlines() == [
            "todo: two",
            "todo: one",
            "todo: three",
            "Base",
        ]
        changed = repo.git("log", "-p", "-U0", "--format=", "--reverse", "HEAD~3..").splitlines()
        lines = [line for line in changed if line[:2] in ("+-", "--", "+ ") and line[:3] != "---"]
        assert lines == [
            *("-- [ ] three", "+- [x] three", "-- [ ] one", "+- [x] one"),
            *("-- [ ] two", "+- [x] two", "+  - seen"),
        ]
        assert repo.git("reflog", "-1", "--format=%gs") == "commit: todo: 3 done"
        assert repo.git("rev-parse", "HEAD@{1}") == repo.git("rev-parse", "HEAD~3")
        assert repo.status() == []
        sound(repo)

    def test_a_receipt_that_changes_nothing_gets_no_commit_among_many(self, make_repo, receipt, sound):
        repo = make_repo(**{"TODO.md": BASE.replace("[ ] one", "[x] one")})
        gone = receipt(repo, "three")
        repo.write("TODO.md", repo.read("TODO.md").decode().replace("three", "words of my own"))
        receipts = [receipt(repo, "one"), receipt(repo, "two"), gone]
        landing = self.land(repo, receipts)
        assert landing.committed == {"id-two", "id-three"}
        assert [task for task, _, _ in landing.missed] == ["id-three"]
        assert repo.commits() == 3
        assert self.land(repo, receipts).commits == ()
        assert repo.status() == [" M TODO.md"]
        sound(repo)

    def test_failures_and_ticks_land_beside_a_persons_work(self, make_repo, receipt, sound):
        repo = make_repo(**{"TODO.md": BASE})
        repo.write("TODO.md", BASE.replace("one", "one (mine)") + "- [ ] four\n")
        anchor = receipt(repo, "three").edits[0].anchor
        failed = Receipt("id-three", "three", "failed", "tests", 1, 0.2, 1, (SetKey(anchor, "failed", "1"),))
        landing = self.land(repo, [receipt(repo, "two"), failed])
        assert len(landing.commits) == 2
        after = BASE.replace("[ ] two", "[x] two").replace("three", "three failed:1")
        assert repo.head("TODO.md") == repo.index("TODO.md") == after.encode()
        assert repo.read("TODO.md") == (after.replace("one", "one (mine)") + "- [ ] four\n").encode()
        sound(repo)

    def test_outputs_are_in_the_commit_of_their_task(self, make_repo, receipt, sound):
        repo = make_repo(**{"TODO.md": BASE, "a.txt": "a\n", "b.txt": "b\n"})
        found, declared = discover(str(repo.root)), DeclaredOutputs.of(["a.txt", "b.txt"])
        repo.write("a.txt", "made\n")
        repo.write("b.txt", "made too\n")
        held, _ = land_module.hold_outputs(found, judge({}, survey(found, declared), declared, (), "id").held)
        receipts = [
            receipt(repo, "one", held=held[:1]),
            receipt(repo, "two"),
            receipt(repo, "three", held=held[1:]),
        ]
        self.land(repo, receipts)
        named = repo.git("log", "-3", "--reverse", "--name-only", "--format=").split()
        assert named == ["TODO.md", "a.txt", "TODO.md", "TODO.md", "b.txt"]
        assert repo.status() == []
        sound(repo)

    def test_a_commit_of_somebody_between_two_of_ours_is_kept(self, make_repo, receipt, monkeypatch, sound):
        repo = make_repo(**{"TODO.md": BASE})
        receipts = [receipt(repo, name) for name in ("one", "two")]
        theirs = BASE.replace("three", "THREE")
        points: list[str] = []

        def look(point: str) -> None:
            points.append(point)
            if points.count("prepared") == 1 and point == "prepared":
                repo.commit("Theirs", **{"TODO.md": theirs})

        monkeypatch.setattr(land_module, "failpoint", look)
        landing = self.land(repo, receipts)
        assert repo.git("log", "--format=%s").splitlines() == ["todo: two", "todo: one", "Theirs", "Base"]
        assert len(landing.commits) == 2
        assert (
            repo.read("TODO.md")
            == theirs.replace("[ ] one", "[x] one").replace("[ ] two", "[x] two").encode()
        )
        sound(repo)

    def test_a_landing_of_more_than_is_kept_in_memory_is_whole(self, make_repo, receipt, sound, monkeypatch):
        names = [f"task {n}" for n in range(30)]
        text = "".join(f"- [ ] {name}\n" for name in names) + "\nwords " * 2000
        repo = make_repo(**{"TODO.md": text})
        monkeypatch.setattr("mdtodo.landing.build_commits._MUCH", 20_000)
        monkeypatch.setattr("mdtodo.git.session._KEPT", 20_000)
        self.land(repo, [receipt(repo, name) for name in names])
        assert repo.commits() == 31
        assert repo.read("TODO.md") == repo.head("TODO.md") == text.replace("[ ]", "[x]").encode()
        assert repo.status() == []
        sound(repo)
