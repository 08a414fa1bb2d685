"""A receipt that comes later than its box lands in a commit that changes no file."""

from __future__ import annotations

import pytest

from mdtodo.core.edits import SetStatus
from mdtodo.core.task import Status
from mdtodo.git.repository import discover
from mdtodo.landing.land import land

BASE = "# Plan\n\n- [x] one\n- [x] two\n- [ ] three\n"


@pytest.fixture
def prove(receipt):
    """Lands the proofs of boxes that are ticked, and are to stay so."""

    def landing(repo, *titles, **options):
        receipts = [receipt(repo, title, proves=True) for title in titles]
        ticked = frozenset({Status.DONE})
        receipts = [
            one._replace(edits=(SetStatus(one.edits[0].anchor, Status.DONE, ticked),)) for one in receipts
        ]
        return land(discover(str(repo.root)), receipts, run_id="run-1", **options)

    return landing


def receipts_of(repo, revision="HEAD"):
    lines = repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Task,valueonly)", revision).split("\n")
    return [line.split()[0] for line in lines if line]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_what_proves_a_tick_is_a_commit_of_trailers_alone(make_repo, prove, sound, algorithm):
    repo = make_repo("repo", f"--object-format={algorithm}", **{"TODO.md": BASE})
    repo.write("TODO.md", BASE + "mine\n")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    landing = prove(repo, "two")
    assert landing.commits == (repo.git("rev-parse", "HEAD"),)
    assert landing.committed == landing.ticked == {"id-two"}
    assert repo.git("rev-parse", "HEAD^{tree}") == tree
    assert repo.git("log", "-1", "--format=%s") == "todo: proven: two"
    assert repo.status() == [" M TODO.md"]
    sound(repo)


def test_without_that_word_a_tick_of_earlier_gets_no_receipt(make_repo, land_tasks):
    repo = make_repo(**{"TODO.md": BASE})
    assert land_tasks(repo, "two").commits == ()


def test_each_gets_a_commit_of_its_own(make_repo, prove):
    repo = make_repo(**{"TODO.md": BASE})
    landing = prove(repo, "one", "two", each=True)
    assert [receipts_of(repo, commit) for commit in landing.commits] == [["id-one"], ["id-two"]]


def test_to_land_it_again_does_nothing_more(make_repo, prove):
    repo = make_repo(**{"TODO.md": BASE})
    before = repo.git("rev-parse", "HEAD")
    prove(repo, "one")
    repo.commit("Another", other="x\n")
    assert prove(repo, "one", since=before).commits == ()
    landing = prove(repo, "one", "two", since=before)
    assert landing.committed == {"id-two"}
    assert prove(repo, "one", since="0" * 40).commits == (), "of a commit that is gone nothing can be said"


def test_a_box_that_is_open_gets_none(make_repo, prove):
    repo = make_repo(**{"TODO.md": BASE})
    repo.write("TODO.md", BASE.replace("[x] one", "[ ] one"))
    landing = prove(repo, "three", "one")
    assert (landing.committed, [task for task, _, _ in landing.missed]) == (
        {"id-one"},
        ["id-three", "id-one"],
    )
    assert repo.read("TODO.md") == BASE.replace("[x] one", "[ ] one").encode()


def test_of_equal_tasks_that_cannot_be_told_apart_none_gets_it(make_repo, prove):
    repo = make_repo(**{"TODO.md": "- [x] a\n- [x] a\n- [x] a\n"})
    repo.write("TODO.md", "- [x] a\n- [x] a\n")
    assert prove(repo, "a").commits == ()
