"""A landing commits ticks and nothing else: what a person staged, changed or left untracked stays theirs."""

from __future__ import annotations

import os

import pytest
from git import Repo

from mdtodo.core.edits import AddNote, SetKey, SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Status
from mdtodo.errors import GitError
from mdtodo.git.repository import discover
from mdtodo.landing.land import land
from mdtodo.receipts.trailers import parse as parse_message

BASE = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n"


def changed_lines(repo, *arguments: str) -> list[str]:
    """The added and removed lines of a diff."""
    lines = repo.git("diff", "-U0", *arguments).splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


class TestCleanCheckout:
    def test_one_task_is_one_commit_of_one_line(self, make_repo, land_tasks, sound):
        repo = make_repo(**{"TODO.md": BASE, "other.txt": "x\n"})
        before = repo.git("rev-parse", "HEAD")
        landing = land_tasks(repo, "two")
        assert landing.commits == (repo.git("rev-parse", "HEAD"),)
        assert repo.git("rev-parse", "HEAD^") == before
        assert changed_lines(repo, "HEAD^", "HEAD") == ["-- [ ] two", "+- [x] two"]
        assert repo.git("diff", "--name-only", "HEAD^", "HEAD") == "TODO.md"
        assert repo.status() == []
        assert repo.read("TODO.md") == BASE.replace("[ ] two", "[x] two").encode()
        assert landing.committed == landing.ticked == {"id-two"}
        assert landing.missed == ()
        sound(repo)

    def test_an_independent_reader_finds_one_commit_and_nothing_left_to_commit(self, make_repo, receipt):
        """GitPython has readers of its own for commits, trees and the index."""
        repo = make_repo(**{"TODO.md": BASE, "docs/TODO.md": BASE, "a/b": "b"})
        land(
            discover(str(repo.root)), [receipt(repo, "two"), receipt(repo, "one", "docs/TODO.md")], run_id="r"
        )
        with Repo(repo.root) as read:
            head = read.head.commit
            assert [one.hexsha for one in head.parents] == [repo.git("rev-parse", "HEAD^")]
            assert head.stats.files.keys() == {"TODO.md", "docs/TODO.md"}
            assert head.trailers_dict["Mdtodo-Run"] == ["r"]
            assert len(head.trailers_dict["Mdtodo-Task"]) == 2
            blobs = {one.path: one.hexsha for one in head.tree.traverse() if one.type == "blob"}
            assert blobs == {
                path: one.hexsha for (path, stage), one in read.index.entries.items() if not stage
            }
            assert head.tree["TODO.md"].data_stream.read() == repo.read("TODO.md")
            assert not read.is_dirty(untracked_files=True)

    def test_the_message_is_the_receipt(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        land_tasks(repo, "two")
        message = repo.git("log", "-1", "--format=%B")
        assert message.splitlines()[0] == "todo: two"
        run, trailers = parse_message(message)
        assert run == "run-1"
        assert [str(t._replace(at=None)) for t in trailers] == [
            "Mdtodo-Task: id-two done tests exit=0 time=1.500 attempt=1"
        ]
        assert trailers[0].at is not None
        assert repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Run,valueonly)").strip() == "run-1"

    def test_author_committer_and_reflog_are_as_from_git_commit(self, make_repo, land_tasks, monkeypatch):
        repo = make_repo(**{"TODO.md": BASE})
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Author")
        monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-03-04T05:06:07+0200")
        land_tasks(repo, "two")
        assert repo.git("log", "-1", "--format=%an|%ae|%aI|%cn|%ce") == (
            "Grace Author|ada@example.com|2026-03-04T05:06:07+02:00|Ada Tester|ada@example.com"
        )
        assert repo.git("reflog", "-1", "--format=%gs") == "commit: todo: two"

    def test_several_tasks_in_several_files_are_one_commit(self, make_repo, receipt, sound):
        repo = make_repo(**{"TODO.md": BASE, "docs/deep/TODO.md": "* [ ] a\n* [ ] b\n"})
        receipts = [receipt(repo, "one"), receipt(repo, "three"), receipt(repo, "b", "docs/deep/TODO.md")]
        landing = land(discover(str(repo.root)), receipts, run_id="r")
        assert len(landing.commits) == 1
        assert repo.commits() == 2
        assert repo.git("log", "-1", "--format=%s") == "todo: 3 done"
        assert changed_lines(repo, "HEAD^", "HEAD") == [
            *("-- [ ] one", "+- [x] one", "-- [ ] three", "+- [x] three", "-* [ ] b", "+* [x] b")
        ]
        assert repo.status() == []
        sound(repo)

    def test_a_failed_task_gets_its_key_and_its_receipt(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "one")
        anchor = receipt(repo, "two").edits[0].anchor
        failed = Receipt("id-two", "two", "failed", "tests", 1, 0.2, 3, (SetKey(anchor, "failed", "1"),))
        landing = land(discover(str(repo.root)), [done, failed], run_id="r")
        assert repo.read("TODO.md") == b"# Plan\n\n- [x] one\n- [ ] two failed:1\n- [ ] three\n"
        assert landing.committed == {"id-one", "id-two"}
        assert repo.git("log", "-1", "--format=%s") == "todo: 1 done, 1 failed"

    def test_every_byte_but_the_box_stays(self, make_repo, land_tasks):
        data = b"\xef\xbb\xbf# T\r\n\r\n- [ ] one  \r\n\t- [ ] two\t\r\n- [ ] \xe2\x80\xa8odd\n\n- [ ] last"
        repo = make_repo(**{"TODO.md": data})
        land_tasks(repo, "two", "last")
        expected = data.replace(b"[ ] two", b"[x] two").replace(b"[ ] last", b"[x] last")
        assert repo.head("TODO.md") == repo.index("TODO.md") == repo.read("TODO.md") == expected

    def test_landing_again_does_nothing(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE})
        note = receipt(repo, "two", more=lambda anchor: (AddNote(anchor, "seen"),))
        first = land(discover(str(repo.root)), [note], run_id="r")
        content = repo.read("TODO.md")
        second = land(discover(str(repo.root)), [note], run_id="r")
        assert len(first.commits) == 1
        assert second.commits == ()
        assert second.committed == frozenset()
        assert second.ticked == {"id-two"}
        assert repo.read("TODO.md") == repo.head("TODO.md") == content
        assert content.count(b"seen") == 1
        assert repo.commits() == 2

    def test_receipts_without_edits_change_nothing(self, make_repo):
        repo = make_repo(**{"TODO.md": BASE})
        skipped = Receipt("id-two", "two", "skipped", "tests", 77, 0.1, 1, ())
        landing = land(discover(str(repo.root)), [skipped], run_id="r")
        assert (landing.commits, landing.committed, landing.ticked) == ((), frozenset(), {"id-two"})
        assert land(discover(str(repo.root)), [], run_id="r").ticked == frozenset()
        assert repo.commits() == 1

    def test_without_commit_only_the_work_tree_changes(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        landing = land_tasks(repo, "two", commit=False)
        assert landing.commits == ()
        assert landing.ticked == {"id-two"}
        assert repo.head("TODO.md") == repo.index("TODO.md") == BASE.encode()
        assert repo.read("TODO.md") == BASE.replace("[ ] two", "[x] two").encode()


class TestAPersonsWork:
    def test_staged_and_unstaged_changes_in_the_same_file_stay(self, make_repo, land_tasks, sound):
        repo = make_repo(**{"TODO.md": BASE})
        staged = BASE.replace("- [ ] one", "- [ ] one, but better\n- [ ] one and a half")
        repo.write("TODO.md", staged)
        repo.git("add", "TODO.md")
        worktree = staged.replace("- [ ] three", "- [ ] three times\n- [ ] four") + "\nunfinished tho"
        repo.write("TODO.md", worktree)
        land_tasks(repo, "two")
        tick = ("- [ ] two", "- [x] two")
        assert repo.head("TODO.md") == BASE.replace(*tick).encode()
        assert repo.index("TODO.md") == staged.replace(*tick).encode()
        assert repo.read("TODO.md") == worktree.replace(*tick).encode()
        assert repo.status() == ["MM TODO.md"]
        sound(repo)

    def test_a_persons_changes_of_neighbouring_lines_and_of_the_line_itself_stay(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        mine = "# Plan\n\n- [x] one\n- [ ] two !high #now est:2h\n- [-] three\n"
        repo.write("TODO.md", mine)
        land_tasks(repo, "two")
        assert repo.head("TODO.md") == BASE.replace("[ ] two", "[x] two").encode()
        assert repo.index("TODO.md") == BASE.replace("[ ] two", "[x] two").encode()
        assert repo.read("TODO.md") == mine.replace("[ ] two", "[x] two").encode()

    def test_a_moved_task_is_found_by_its_id_and_a_reworded_one_is_another(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": "- [ ] old words id:t\n- [ ] other\n"})
        repo.write("TODO.md", "- [ ] other\n\nText.\n\n1. [ ] quite new words id:t\n")
        landing = land_tasks(repo, "quite new words")
        assert repo.head("TODO.md") == b"- [ ] old words id:t\n- [ ] other\n"
        assert repo.read("TODO.md") == b"- [ ] other\n\nText.\n\n1. [x] quite new words id:t\n"
        assert landing.commits == ()
        repo.write("TODO.md", "- [ ] other\n  1. [ ] old words id:t\n")
        assert len(land_tasks(repo, "old words").commits) == 1
        assert repo.head("TODO.md") == b"- [x] old words id:t\n- [ ] other\n"
        assert repo.read("TODO.md") == b"- [ ] other\n  1. [x] old words id:t\n"

    def test_a_reworded_task_without_an_id_is_ticked_where_it_stands(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        repo.write("TODO.md", BASE.replace("two", "two and more"))
        landing = land_tasks(repo, "two and more")
        assert landing.commits == ()
        assert landing.ticked == {"id-two-and-more"}
        assert repo.head("TODO.md") == repo.index("TODO.md") == BASE.encode()
        assert repo.read("TODO.md") == BASE.replace("[ ] two", "[x] two and more").encode()

    def test_hunks_that_are_staged_in_part_stay_so(self, make_repo, land_tasks, sound):
        text = "".join(f"- [ ] task {n}\n" for n in range(30))
        repo = make_repo(**{"TODO.md": text})
        staged = text.replace("task 3\n", "task 3 staged\n")
        both = staged.replace("task 27\n", "task 27 unstaged\n").replace("task 14\n", "task 14 !low\n")
        repo.write("TODO.md", staged)
        repo.git("add", "TODO.md")
        repo.write("TODO.md", both)
        land_tasks(repo, "task 14")
        assert changed_lines(repo, "--cached") == ["-- [ ] task 3", "+- [ ] task 3 staged"]
        assert changed_lines(repo) == [
            *("-- [x] task 14", "+- [x] task 14 !low", "-- [ ] task 27", "+- [ ] task 27 unstaged")
        ]
        assert changed_lines(repo, "HEAD^", "HEAD") == ["-- [ ] task 14", "+- [x] task 14"]
        sound(repo)

    def test_a_staged_task_that_head_does_not_have_is_ticked_without_a_commit(
        self, make_repo, land_tasks, sound
    ):
        repo = make_repo(**{"TODO.md": BASE})
        repo.write("TODO.md", BASE + "- [ ] four\n")
        repo.git("add", "TODO.md")
        landing = land_tasks(repo, "four", "two")
        assert landing.committed == {"id-two"}
        assert landing.ticked == {"id-two", "id-four"}
        assert changed_lines(repo, "--cached") == ["+- [x] four"]
        assert changed_lines(repo) == []
        sound(repo)

    def test_an_untracked_file_is_ticked_and_stays_untracked(self, make_repo, land_tasks):
        repo = make_repo(**{"README.md": "hello\n"})
        repo.write("TODO.md", BASE)
        landing = land_tasks(repo, "two")
        assert landing.commits == ()
        assert landing.ticked == {"id-two"}
        assert repo.status() == ["?? TODO.md"]
        assert b"[x] two" in repo.read("TODO.md")
        assert repo.commits() == 1

    def test_what_else_is_staged_deleted_renamed_or_untracked_stays(self, make_repo, land_tasks, sound):
        repo = make_repo(
            **{
                "TODO.md": BASE,
                "a.txt": "a\n" * 9,
                "b.txt": "b\n",
                "c.txt": "c\n",
                "d.txt": "d\n",
                "e": "e\n",
            }
        )
        repo.git("mv", "a.txt", "renamed.txt")
        repo.git("rm", "-q", "--cached", "b.txt")
        repo.write("c.txt", "staged\n")
        repo.git("add", "c.txt")
        repo.write("c.txt", "and changed again\n")
        (repo.root / "d.txt").unlink()
        repo.write("untracked.txt", "u\n")
        repo.git("update-index", "--chmod=+x", "e")
        before, tree = repo.status(), repo.git("ls-tree", "-r", "HEAD").splitlines()
        land_tasks(repo, "two")
        assert repo.status() == before
        after = repo.git("ls-tree", "-r", "HEAD").splitlines()
        assert [line for line in after if "TODO" not in line] == [line for line in tree if "TODO" not in line]
        assert repo.read("c.txt") == b"and changed again\n"
        assert repo.index("c.txt") == b"staged\n"
        sound(repo)

    def test_a_todo_file_whose_rename_is_staged_is_ticked_without_a_commit(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        (repo.root / "docs").mkdir()
        repo.git("mv", "TODO.md", "docs/TODO.md")
        landing = land_tasks(repo, "two", file="docs/TODO.md")
        assert landing.commits == ()
        assert repo.head("TODO.md") == BASE.encode()
        assert (
            repo.index("docs/TODO.md")
            == repo.read("docs/TODO.md")
            == BASE.replace("[ ] two", "[x] two").encode()
        )
        assert repo.status() == ["R  TODO.md -> docs/TODO.md"]

    def test_an_intended_file_stays_intended(self, make_repo, land_tasks):
        repo = make_repo(**{"README.md": "x\n"})
        repo.write("TODO.md", BASE)
        repo.git("add", "-N", "TODO.md")
        landing = land_tasks(repo, "two")
        assert landing.commits == ()
        assert repo.status() == [" A TODO.md"]
        assert b"[x] two" in repo.read("TODO.md")

    @pytest.mark.parametrize(("option", "letter"), [("--assume-unchanged", "h"), ("--skip-worktree", "S")])
    def test_flags_of_entries_stay(self, make_repo, land_tasks, option, letter):
        repo = make_repo(**{"TODO.md": BASE, "a": "a\n", "b": "b\n"})
        repo.git("update-index", option, "TODO.md", "a")
        land_tasks(repo, "two")
        assert repo.git("ls-files", "-v").splitlines() == [f"{letter} TODO.md", f"{letter} a", "H b"]
        assert b"[x] two" in repo.index("TODO.md")

    def test_a_task_ticked_by_hand_meanwhile_still_gets_its_receipt(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "two")
        repo.write("TODO.md", BASE.replace("[ ] two", "[x] two"))
        landing = land(discover(str(repo.root)), [done], run_id="r")
        assert len(landing.commits) == 1
        assert repo.status() == []

    def test_a_task_that_head_has_ticked_gets_no_second_receipt(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE.replace("[ ] two", "[x] two")})
        repo.write("TODO.md", BASE)
        note = receipt(repo, "two", more=lambda anchor: (AddNote(anchor, "late"),))
        landing = land(discover(str(repo.root)), [note], run_id="r")
        assert landing.commits == ()
        assert b"late" not in repo.head("TODO.md")
        assert b"[x] two" in repo.read("TODO.md")

    def test_a_failure_is_not_noted_on_a_box_that_was_closed_meanwhile(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE})
        anchor = receipt(repo, "two").edits[0].anchor
        repo.commit(**{"TODO.md": BASE.replace("[ ] two", "[-] two")})
        failed = Receipt("id-two", "two", "failed", "tests", 1, 0.2, 1, (SetKey(anchor, "failed", "1"),))
        landing = land(discover(str(repo.root)), [failed], run_id="r")
        assert landing.commits == ()
        assert repo.read("TODO.md") == BASE.replace("[ ] two", "[-] two").encode()

    def test_a_task_cancelled_meanwhile_is_missed_and_left(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "two", more=lambda anchor: (AddNote(anchor, "late"),))
        repo.commit(**{"TODO.md": BASE.replace("[ ] two", "[-] two")})
        landing = land(discover(str(repo.root)), [done, receipt(repo, "one")], run_id="r")
        assert landing.committed == landing.ticked == {"id-one"}
        assert [(task, file) for task, file, _ in landing.missed] == [("id-two", "TODO.md")]
        assert (
            repo.read("TODO.md") == BASE.replace("[ ] two", "[-] two").replace("[ ] one", "[x] one").encode()
        )

    def test_a_file_deleted_meanwhile_is_missed_in_the_work_tree_alone(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "two")
        (repo.root / "TODO.md").unlink()
        landing = land(discover(str(repo.root)), [done], run_id="r")
        assert landing.committed == {"id-two"}
        assert landing.ticked == frozenset()
        assert landing.missed[0][:2] == ("id-two", "TODO.md")
        assert repo.status() == [" D TODO.md"]

    def test_a_person_may_say_cancelled_or_open_again(self, make_repo, receipt):
        repo = make_repo(**{"TODO.md": BASE.replace("[ ] two", "[x] two")})
        anchor = receipt(repo, "two").edits[0].anchor
        for status, box in ((Status.TODO, "[ ]"), (Status.CANCELLED, "[-]"), (Status.DONE, "[x]")):
            edit = SetStatus(anchor, status, expects=frozenset(Status))
            said = Receipt("id-two", "two", status.value, "person", 0, 0.0, 0, (edit,))
            landing = land(discover(str(repo.root)), [said], run_id="r")
            assert len(landing.commits) == 1
            assert (
                repo.head("TODO.md") == repo.read("TODO.md") == BASE.replace("[ ] two", f"{box} two").encode()
            )

    def test_racily_clean_files_are_still_seen_as_changed(self, make_repo, land_tasks):
        """A file saved again in the second in which it was staged, as long as before: only the index's time
        tells git to look at it. A copy of the index must not look younger than the index.
        """
        repo = make_repo(**{"TODO.md": BASE, "same.txt": "aaaa\n"})
        repo.git("config", "core.trustctime", "false")
        stamp = 1_700_000_000
        for content in ("bbbb\n", "cccc\n"):
            repo.write("same.txt", content)
            os.utime(repo.root / "same.txt", (stamp, stamp))
            if content == "bbbb\n":
                repo.git("add", "same.txt")
        os.utime(repo.root / ".git/index", (stamp, stamp))
        land_tasks(repo, "two")
        assert repo.status() == ["MM same.txt"]


class TestUnmerged:
    def test_an_unmerged_todo_file_is_refused(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        repo.write("TODO.md", BASE.replace("one", "ours"))
        repo.git("stash", "-q")
        repo.commit(**{"TODO.md": BASE.replace("one", "theirs")})
        repo.git("stash", "pop", "-q", check=False)
        assert repo.status() == ["UU TODO.md"]
        content, head = repo.read("TODO.md"), repo.git("rev-parse", "HEAD")
        with pytest.raises(GitError, match=r"^TODO\.md: is unmerged"):
            land_tasks(repo, "two")
        assert repo.read("TODO.md") == content
        assert repo.git("rev-parse", "HEAD") == head
        assert repo.status() == ["UU TODO.md"]

    def test_another_unmerged_file_does_not_matter(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE, "a.txt": "base\n"})
        repo.write("a.txt", "ours\n")
        repo.git("stash", "-q")
        repo.commit(**{"a.txt": "theirs\n"})
        repo.git("stash", "pop", "-q", check=False)
        stages = repo.git("ls-files", "-s", "a.txt")
        landing = land_tasks(repo, "two")
        assert len(landing.commits) == 1
        assert repo.git("ls-files", "-s", "a.txt") == stages
        assert repo.status() == ["UU a.txt"]
