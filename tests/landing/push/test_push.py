"""Pushing: the same edits on the remote's new tip, one receipt for each task, and nothing of a person's lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from git import Repo

from mdtodo.core.edits import AddNote, AddSubtasks, SetKey
from mdtodo.errors import GitError
from mdtodo.git.repository import discover
from mdtodo.landing.land import land
from mdtodo.landing.push import fast_forward
from mdtodo.landing.push import push as push_module
from tests.conftest import Checkout
from tests.landing.conftest import receipt_for
from tests.landing.push.remotes import BASE, Remote, assert_same_as_remote, first_remote, remote, send, tick

if TYPE_CHECKING:
    from collections.abc import Callable


ID_TWO = "ad782ec done tests exit=0 time=1.500 attempt=1"
__all__ = ["first_remote", "remote"]


class TestTheRemoteHasNotMoved:
    def test_the_receipt_of_a_tick_arrives_at_the_remote(self, remote, sound):
        a = remote.clone("a")
        commits = tick(a, "one")
        sent = send(a)
        assert sent.commits == {}
        assert sent.where == "origin/main"
        assert remote.bare.git("rev-parse", "main") == commits[0]
        assert_same_as_remote(a, remote)
        sound(a)

    def test_without_new_commits_nothing_is_pushed(self, remote):
        a = remote.clone("a")
        assert send(a) == push_module.PushResult({})
        b = remote.clone("b")
        tick(b, "one")
        send(b)
        head = a.git("rev-parse", "HEAD")
        assert send(a) == push_module.PushResult({})
        assert a.git("rev-parse", "HEAD") == head  # no `git pull` of what was not asked for

    def test_an_unborn_branch_has_nothing_to_push(self, remote):
        a = remote.clone("a")
        a.git("switch", "-q", "--orphan", "fresh")
        assert send(a) == push_module.PushResult({})

    def test_commits_of_a_person_are_pushed_along(self, remote):
        a = remote.clone("a")
        a.commit("Mine", **{"app.py": "2\n"})
        tick(a, "one")
        send(a)
        assert remote.bare.git("log", "--format=%s", "main").splitlines() == ["todo: one", "Mine", "Base"]

    def test_a_branch_that_the_remote_has_not_is_created(self, remote):
        a = remote.clone("a")
        a.git("switch", "-q", "-c", "side")
        tick(a, "one")
        assert send(a).where == "origin/side"
        assert remote.bare.git("rev-parse", "side") == a.git("rev-parse", "HEAD")


class TestTheRemoteHasMoved:
    @pytest.mark.parametrize(
        ("theirs", "expected"),
        [
            ({"TODO.md": BASE.replace("[ ] one", "[x] one")}, BASE.replace("[ ] one", "[x] one")),
            ({"TODO.md": BASE.replace("[ ] three", "[x] three")}, BASE.replace("[ ] three", "[x] three")),
            ({"TODO.md": BASE.replace("- [ ] two\n", "").replace("# Plan\n", "# Plan\n\n* [ ] two\n")}, None),
            ({"TODO.md": BASE.replace("two\n", "two #tag due:2030-01-01\n")}, None),
            ({"TODO.md": BASE.replace("one", "ONE").replace("Text", "Other text")}, None),
            ({"TODO.md": BASE.replace("\n", "\r\n")}, None),
            ({"app.py": "theirs\n", "new/file": "n\n"}, None),
        ],
        ids=["above", "below", "moved", "keys", "reworded around", "line ends", "other files"],
    )
    @pytest.mark.sample(3)
    def test_the_edit_of_a_receipt_is_made_again_on_the_new_tip(self, remote, sound, theirs, expected):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **theirs)
        b.git("push", "-q")
        (old,) = tick(a, "two")
        sent = send(a)
        data = b.read("TODO.md") if expected is None else expected.encode()
        assert remote.file() == data.replace(b"[ ] two", b"[x] two")
        assert sent.messages == ()
        assert sent.commits == {old: a.git("rev-parse", "HEAD")}
        assert remote.bare.git("log", "--format=%s", "main").splitlines() == ["todo: two", "Theirs", "Base"]
        assert_same_as_remote(a, remote)
        for path in ("app.py", "TODO.md"):
            assert a.read(path) == a.index(path) == remote.file(path)
        sound(a)

    def test_an_independent_reader_finds_the_same_on_both_sides(self, remote):
        """GitPython has readers of its own for commits, trees and refs."""
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one")
        b.git("push", "-q")
        tick(a, "two", "three")
        send(a)
        with Repo(a.root) as here, Repo(remote.path) as there:
            tip = there.heads["main"].commit
            assert here.head.commit == here.remotes["origin"].refs["main"].commit == tip
            assert [one.summary for one in there.iter_commits("main")] == [
                "todo: 2 done",
                "todo: one",
                "Base",
            ]
            ticked = BASE.replace("[ ]", "[x]").encode()
            assert tip.tree["TODO.md"].data_stream.read() == a.read("TODO.md") == ticked
            assert len(tip.trailers_dict["Mdtodo-Task"]) == 2
            assert not here.is_dirty(untracked_files=True)

    def test_a_task_that_somebody_else_closed_gets_no_second_receipt(self, remote, sound):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one", "two", run="theirs")
        send(b)
        (old,) = tick(a, "two", run="ours")
        sent = send(a)
        assert sent.commits == {old: None}
        assert "id-two" in sent.messages[0]
        assert "already closed" in sent.messages[0]
        assert remote.receipts() == ["id-one", "id-two"]
        assert_same_as_remote(a, remote)
        sound(a)

    def test_notes_and_keys_of_a_task_that_somebody_else_closed_are_not_written(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "two")
        send(b)
        tick(
            a, "two", more=lambda anchor: (AddNote(anchor, "412 tests"), SetKey(anchor, "done", "2026-01-02"))
        )
        send(a)
        assert remote.file() == BASE.replace("[ ] two", "[x] two").encode()

    def test_a_commit_of_several_receipts_keeps_those_that_are_new(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "two")
        send(b)
        tick(a, "one", "two", "three")
        send(a)
        message = remote.bare.git("log", "-1", "--format=%B", "main").splitlines()
        assert message[0] == "todo: 2 done"
        assert [line for line in message if line.startswith("- ")] == ["- done: one", "- done: three"]
        assert sorted(remote.receipts()) == ["id-one", "id-three", "id-two"]

    def test_the_one_receipt_that_is_left_gives_its_title_to_the_commit(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "two", "three")
        send(b)
        tick(a, "one", "two")
        send(a)
        message = remote.bare.git("log", "-1", "--format=%B", "main")
        assert message.startswith("todo: one\n\nMdtodo-Run: run-a\nMdtodo-Task: id-one done ")
        assert "two" not in message

    @pytest.mark.parametrize(
        ("theirs", "reason"),
        [
            (BASE.replace("two", "two, and more"), "no task has that title"),
            (BASE.replace("[ ] two", "[-] two"), "marked cancelled"),
            (BASE.replace("- [ ] two\n", ""), "no task has that title"),
        ],
    )
    def test_a_task_that_is_another_one_now_is_not_ticked(self, remote, theirs, reason):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"TODO.md": theirs})
        b.git("push", "-q")
        tick(a, "two")
        sent = send(a)
        assert reason in sent.messages[0]
        assert remote.file() == theirs.encode() == a.read("TODO.md")
        assert_same_as_remote(a, remote)

    def test_a_task_with_an_id_that_was_reworded_there_is_another_one(self, tmp_path):
        remote = Remote(tmp_path, **{"TODO.md": "- [ ] build id:b\n"})
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"TODO.md": "- [ ] build all of it id:b\n"})
        b.git("push", "-q")
        tick(a, "build")
        assert "says something else now: 'build all of it'" in send(a).messages[0]
        assert remote.file() == b"- [ ] build all of it id:b\n"

    def test_a_todo_file_that_was_moved_on_the_remote_is_followed(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        b.git("mv", "TODO.md", "PLAN.md")
        b.commit("Theirs")
        b.git("push", "-q")
        tick(a, "two")
        send(a)
        assert remote.file("PLAN.md") == BASE.replace("[ ] two", "[x] two").encode()
        assert_same_as_remote(a, remote)

    def test_a_receipt_of_a_todo_file_that_the_remote_deleted_is_told(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        b.git("rm", "-q", "TODO.md")
        b.commit("Theirs")
        b.git("push", "-q")
        tick(a, "two")
        assert "no longer exists" in send(a).messages[0]
        assert not (a.root / "TODO.md").exists()
        assert_same_as_remote(a, remote)

    def test_notes_subtasks_and_failures_are_made_again(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one", "three")
        send(b)

        def more(anchor):
            return (
                AddNote(anchor, "see [there]"),
                AddSubtasks(anchor, ("- [ ] next run:x", "  - [ ] inner")),
            )

        tick(a, "two", more=more)
        failed = receipt_for(a, "one")
        edits = (SetKey(failed.edits[0].anchor, "failed", "1"), AddNote(failed.edits[0].anchor, "exit 1"))
        land(discover(str(a.root)), [failed._replace(outcome="failed", edits=edits)], run_id="r2")
        send(a)
        after = "- [x] two\n  - [ ] next run:x\n    - [ ] inner\n  - see \\[there]\n- [x] three\n"
        assert remote.file() == f"# Plan\n\n- [x] one\n{after}\nText.\n".encode()
        assert sorted(remote.receipts()) == ["id-one", "id-three", "id-two"]

    def test_the_higher_count_of_failures_holds(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        for clone, count in ((b, "2"), (a, "1")):
            receipt = receipt_for(clone, "one", outcome="failed")
            edit = SetKey(receipt.edits[0].anchor, "failed", count)
            land(discover(str(clone.root)), [receipt._replace(edits=(edit,))], run_id=clone.root.name)
            send(clone)
        assert b"- [ ] one failed:2\n" in remote.file()
        assert len(remote.receipts()) == 1

    def test_a_parent_is_not_ticked_for_subtasks_that_are_open_there(self, tmp_path):
        remote = Remote(tmp_path, **{"TODO.md": "- [ ] all\n  - [ ] one\n"})
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"TODO.md": "- [ ] all\n  - [ ] one\n  - [ ] more\n"})
        b.git("push", "-q")
        parent = receipt_for(a, "all", processor="rollup")
        land(discover(str(a.root)), [receipt_for(a, "one"), parent], run_id="r")
        sent = send(a)
        assert "subtasks are open" in sent.messages[0]
        assert remote.file() == b"- [ ] all\n  - [x] one\n  - [ ] more\n"

    def test_a_parent_is_not_ticked_past_a_box_that_is_unknown_there(self, tmp_path):
        remote = Remote(tmp_path, **{"TODO.md": "- [ ] all\n  - [ ] one\n"})
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"TODO.md": "- [ ] all\n  - [ ] one\n  - [~] more\n"})
        b.git("push", "-q")
        parent = receipt_for(a, "all", processor="rollup")
        land(discover(str(a.root)), [receipt_for(a, "one"), parent], run_id="r")
        sent = send(a)
        assert "subtasks are open" in sent.messages[0]
        assert remote.file() == b"- [ ] all\n  - [x] one\n  - [~] more\n"

    def test_author_and_time_of_a_commit_that_is_made_again_stay(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", x="x")
        b.git("push", "-q")
        tick(a, "two")
        person = ["-c", "user.name=Grace Hopper", "-c", "user.email=g@example.com"]
        a.git(
            *person,
            "commit",
            "-q",
            "--amend",
            "--reset-author",
            "--no-edit",
            "--date=2001-02-03T04:05:06+0200",
        )
        send(a)
        said = remote.bare.git("log", "-1", "--format=%an %ae %ad %cn", "--date=iso", "main")
        assert said == "Grace Hopper g@example.com 2001-02-03 04:05:06 +0200 Ada Tester"

    def test_outputs_come_along_and_are_merged(self, tmp_path):
        remote = Remote(tmp_path, **{"TODO.md": BASE, "log.txt": "".join(f"{n}\n" for n in range(9))})
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"log.txt": b.read("log.txt") + b"theirs\n"})
        b.git("push", "-q")
        tick(a, "two")
        a.write("log.txt", b"ours\n" + a.read("log.txt"))
        a.write("new.txt", "new\n")
        a.git("add", "-A")
        a.git("commit", "-q", "--amend", "--no-edit")
        send(a)
        assert remote.file("log.txt") == b"ours\n" + b.read("log.txt")
        assert remote.file("new.txt") == b"new\n"
        assert_same_as_remote(a, remote)

    def test_outputs_that_cannot_be_merged_stop_the_push(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"app.py": "theirs\n"})
        b.git("push", "-q")
        tick(a, "two")
        a.write("app.py", "ours\n")
        a.git("commit", "-q", "--amend", "--no-edit", "-a")
        head = a.git("rev-parse", "HEAD")
        with pytest.raises(GitError, match=r"app\.py was changed on origin/main too") as caught:
            send(a)
        assert "git pull --rebase" in caught.value.hint
        assert a.git("rev-parse", "HEAD") == head
        assert a.status() == []

    def test_a_task_taken_back_is_not_opened_again_for_somebody_else(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "two", run="theirs")
        send(b)
        tick(a, "two", run="ours")
        a.write("TODO.md", BASE)
        trailers = "Mdtodo-Run: ours-2\nMdtodo-Undo: ours\nMdtodo-Task: id-two todo person exit=0 time=0.000 attempt=0"
        a.git("commit", "-q", "-a", "-m", f"todo: undo ours\n\n{trailers}")
        send(a)
        assert remote.file() == BASE.replace("[ ] two", "[x] two").encode()
        assert_same_as_remote(a, remote)

    def test_many_receipts_stay_one_commit_each(self, remote, sound):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "two")
        send(b)
        old = [tick(a, title)[0] for title in ("one", "two", "three")]
        sent = send(a)
        assert [sent.commits[oid] is None for oid in old] == [False, True, False]
        assert sorted(remote.receipts()) == ["id-one", "id-three", "id-two"]
        assert_same_as_remote(a, remote)
        sound(a)


class TestWhatIsAPersons:
    def test_commits_of_a_person_are_not_made_again(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one")
        send(b)
        a.commit("Mine", **{"app.py": "mine\n"})
        tick(a, "three")
        head, before = a.git("rev-parse", "HEAD"), remote.bare.git("rev-parse", "main")
        with pytest.raises(
            GitError, match="has moved on, and main has commits that are not receipts"
        ) as caught:
            send(a)
        assert "git pull --rebase" in caught.value.hint
        assert (a.git("rev-parse", "HEAD"), remote.bare.git("rev-parse", "main")) == (head, before)
        assert a.status() == []
        a.git("pull", "-q", "--rebase")
        send(a)
        assert sorted(remote.receipts()) == ["id-one", "id-three"]

    def test_a_merge_is_a_commit_of_a_person_and_is_not_made_again(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        a.git("switch", "-q", "-c", "side")
        tick(a, "two")
        a.git("switch", "-q", "main")
        a.git("merge", "-q", "--no-ff", "--no-edit", "side")
        b.commit("Theirs", x="x")
        b.git("push", "-q")
        with pytest.raises(GitError, match="not receipts"):
            send(a)

    def test_what_is_staged_changed_or_untracked_stays(self, remote, sound):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one")
        b.commit("Theirs", **{"new.txt": "new\n"})
        send(b)
        tick(a, "two")
        a.write("TODO.md", a.read("TODO.md") + b"- [ ] staged\n")
        a.write("app.py", "staged\n")
        a.git("add", "-A")
        a.write("TODO.md", a.read("TODO.md") + b"- [ ] changed\n")
        a.write("app.py", "changed\n")
        a.write("untracked", "u\n")
        sent = send(a)
        assert sent.messages == ()
        ticked = BASE.replace("[ ] one", "[x] one").replace("[ ] two", "[x] two").encode()
        assert remote.file() == a.head("TODO.md") == ticked
        assert a.index("TODO.md") == ticked + b"- [ ] staged\n"
        assert a.read("TODO.md") == ticked + b"- [ ] staged\n- [ ] changed\n"
        assert (a.index("app.py"), a.read("app.py")) == (b"staged\n", b"changed\n")
        assert a.read("new.txt") == b"new\n"
        assert a.status() == ["MM TODO.md", "MM app.py", "?? untracked"]
        sound(a)

    def test_a_todo_file_that_both_changed_is_merged_by_task(self, remote, sound):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"TODO.md": BASE.replace("Text", "Words").replace("one", "ONE")})
        b.git("push", "-q")
        tick(a, "two")
        a.write("TODO.md", a.read("TODO.md").replace(b"- [ ] three\n", b"- [ ] three #mine\n- [ ] four\n"))
        assert send(a).messages == ()
        theirs = BASE.replace("Text", "Words").replace("one", "ONE").replace("[ ] two", "[x] two").encode()
        assert remote.file() == a.index("TODO.md") == theirs
        assert a.read("TODO.md") == theirs.replace(b"- [ ] three\n", b"- [ ] three #mine\n- [ ] four\n")
        assert a.status() == [" M TODO.md"]
        sound(a)

    def test_a_change_that_no_edits_say_is_merged_by_task_and_never_lands_twice(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"TODO.md": BASE.replace("[ ] one", "[x] one")})
        b.git("push", "-q")
        tick(a, "two")
        a.write("TODO.md", a.read("TODO.md").replace(b"three", b"three, mine"))
        a.git("commit", "-q", "--amend", "--no-edit", "-a")
        a.git("branch", "copy")
        send(a)
        ticked = BASE.replace("[ ] one", "[x] one").replace("[ ] two", "[x] two")
        assert remote.file() == ticked.replace("three", "three, mine").encode()
        assert_same_as_remote(a, remote)
        a.git("switch", "-q", "-C", "main", "copy")
        a.git(
            "commit", "-q", "--amend", "--no-edit", "-m", "todo: two\n\nMdtodo-Run: x\nMdtodo-Task: " + ID_TWO
        )
        with pytest.raises(GitError, match="in another way"):
            send(a)

    @pytest.mark.parametrize("how", ["changed", "staged", "untracked", "reworded"])
    @pytest.mark.sample(2)
    def test_a_branch_that_git_would_not_fast_forward_stays_and_the_receipt_arrives(self, remote, how, sound):
        a, b = remote.clone("a"), remote.clone("b")
        theirs = {
            "reworded": {"TODO.md": BASE.replace("one", "ONE")},
            "untracked": {"new.txt": "theirs\n"},
        }
        b.commit("Theirs", **theirs.get(how, {"app.py": "theirs\n"}))
        b.git("push", "-q")
        (old,) = tick(a, "two")
        path = {"reworded": "TODO.md", "untracked": "new.txt"}.get(how, "app.py")
        mine = a.read(path).replace(b"one", b"mine") if how == "reworded" else b"mine\n"
        a.write(path, mine)
        if how == "staged":
            a.git("add", path)
        before = a.status()
        sent = send(a)
        assert "main is still behind" in sent.messages[0]
        assert remote.receipts() == ["id-two"]
        assert a.git("rev-parse", "HEAD") == old
        assert a.read(path) == mine
        assert a.status() == before
        a.git("stash", "-q", "-u")
        assert send(a).messages == ()
        assert_same_as_remote(a, remote)
        assert remote.receipts() == ["id-two"]
        a.git("stash", "pop", "-q", check=False)
        assert b"mine" in a.read(path) or how == "untracked"

    def test_what_is_saved_at_the_last_moment_stays(self, remote, monkeypatch, sound):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **{"app.py": "theirs\n", "TODO.md": BASE.replace("Text", "Words")})
        b.git("push", "-q")
        tick(a, "two")

        def save(point: str) -> None:
            if point == "advance.installed":
                a.write("app.py", "mine\n")

        monkeypatch.setattr(fast_forward, "failpoint", save)
        assert send(a).messages == ("app.py: was changed in the meantime, and is left as it is",)
        assert a.read("app.py") == b"mine\n"
        assert a.index("app.py") == a.head("app.py") == b"theirs\n"
        assert a.read("TODO.md") == remote.file()
        assert a.status() == [" M app.py"]
        sound(a)

    def test_the_fast_forward_checks_out_modes_links_folders_and_deletions(self, remote, sound):
        a = remote.clone("a")
        a.write("dir/deep/x", "x\n")
        a.commit("Files", **{"run.sh": "#!/bin/sh\n", "gone/y": "y\n", "kind": "file\n"})
        a.git("push", "-q")
        b = remote.clone("b")
        b.git("update-index", "--chmod=+x", "run.sh")
        b.git("commit", "-q", "-m", "x")
        b.git("reset", "-q", "--hard")
        b.git("rm", "-q", "-r", "gone", "dir", "kind")
        (b.root / "link").symlink_to("TODO.md")
        b.write("dir", "a file now\n")
        b.write("kind/inner", "a folder now\n")
        b.write("ümläut \n odd", "odd\n")
        b.commit("Theirs")
        b.git("push", "-q")
        tick(a, "two")
        send(a)
        assert a.git("diff-files", "--name-only") == "", "git has noted when the new files were written"
        assert_same_as_remote(a, remote)
        assert os.access(a.root / "run.sh", os.X_OK)
        assert (a.root / "link").readlink().name == "TODO.md"
        assert not (a.root / "gone").exists()
        sound(a)

    @pytest.mark.parametrize(
        "names", [('"q"', '"'), ("a\r", "\n", "b\tc"), ("\\", "d\\n", " e ", "\udcff", "ü")]
    )
    def test_a_file_is_brought_up_to_date_whatever_its_name_is(self, tmp_path, sound, names):
        remote = Remote(tmp_path, **{"TODO.md": BASE}, **dict.fromkeys(names, "old\n"))
        a, b = remote.clone("a"), remote.clone("b")
        b.commit("Theirs", **dict.fromkeys(names, "new\n"))
        b.git("push", "-q")
        tick(a, "two")
        assert send(a).messages == ()
        assert {a.read(name) for name in names} == {b"new\n"}
        assert_same_as_remote(a, remote)
        sound(a)

    def test_line_ends_are_those_of_the_work_tree(self, remote):
        a, b = remote.clone("a", "-c", "core.autocrlf=true"), remote.clone("b")
        b.commit("Theirs", **{"app.py": "1\n2\n", "TODO.md": BASE.replace("Text", "Words")})
        b.git("push", "-q")
        tick(a, "two")
        send(a)
        assert a.read("app.py") == b"1\r\n2\r\n"
        assert b"[x] two\r\n" in a.read("TODO.md")
        assert b"\r" not in remote.file()
        assert_same_as_remote(a, remote)

    def test_files_outside_of_a_sparse_checkout_stay_outside(self, tmp_path):
        remote = Remote(tmp_path, **{"TODO.md": BASE, "in/a": "a\n", "out/b": "b\n"})
        a, b = remote.clone("a"), remote.clone("b")
        a.git("status")  # the index of a copied clone is refreshed
        a.git("sparse-checkout", "set", "in")
        b.commit("Theirs", **{"in/a": "2\n", "out/b": "2\n", "out/c": "c\n"})
        b.git("push", "-q")
        tick(a, "two")
        send(a)
        assert_same_as_remote(a, remote)
        assert a.read("in/a") == b"2\n"
        assert not (a.root / "out").exists()


class TestPlaces:
    def test_a_repository_of_sha256_is_pushed(self, tmp_path, sound):
        remote = Remote(tmp_path, "--object-format=sha256")
        self.assert_both_arrive(remote, remote.clone("a"), sound)

    def test_a_shallow_clone_is_pushed(self, remote, sound):
        remote.clone("more").commit("Second", x="x")
        Checkout(remote.folder / "more").git("push", "-q")
        a = remote.clone("a", "--depth=1", url=f"file://{remote.path}")
        assert a.commits() == 1
        self.assert_both_arrive(remote, a, sound)

    def test_a_partial_clone_is_pushed(self, remote, sound):
        remote.bare.git("config", "uploadpack.allowFilter", "true")
        self.assert_both_arrive(
            remote, remote.clone("a", "--filter=blob:none", url=f"file://{remote.path}"), sound
        )

    def test_a_linked_worktree_is_pushed(self, remote, sound):
        main = remote.clone("main")
        main.git("switch", "-q", "-c", "other")
        main.git("worktree", "add", "-q", str(remote.folder / "linked"), "main")
        linked = Checkout(remote.folder / "linked")
        b = remote.clone("b")
        tick(b, "one")
        send(b)
        tick(linked, "two")
        send(linked)
        assert_same_as_remote(linked, remote)
        assert main.git("symbolic-ref", "HEAD") == "refs/heads/other"
        assert main.status() == []

    def test_commits_that_are_made_again_are_signed(self, remote, tmp_path, monkeypatch):
        program = tmp_path / "sign"
        program.write_text(
            '#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho "-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----"\n'
        )
        program.chmod(0o755)
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one")
        send(b)
        a.git("config", "commit.gpgsign", "true")
        a.git("config", "gpg.program", str(program))
        tick(a, "two")
        send(a)
        commit = remote.bare.git("cat-file", "commit", "main")
        assert "gpgsig -----BEGIN PGP SIGNATURE-----" in commit
        assert "author Ada Tester <ada@example.com>" in commit
        assert_same_as_remote(a, remote)

    def assert_both_arrive(self, remote: Remote, a: Checkout, sound: Callable[[Any], None]) -> None:
        b = remote.clone("b")
        tick(b, "one")
        send(b)
        tick(a, "two")
        send(a)
        assert sorted(remote.receipts()) == ["id-one", "id-two"]
        assert_same_as_remote(a, remote)
        sound(a)
