"""`mdtodo prove`: ticks that nothing proves get their receipts, or are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.command_line import at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.calls import Calls
    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


CONFIG = """
[processors.good]
run = "echo $MDTODO_TASK_TITLE >> .git/ran"
[processors.bad]
run = "echo $MDTODO_TASK_TITLE >> .git/ran; exit 3"
[processors.later]
run = "exit 75"
[processors.never]
run = "exit 77"
[processors.send]
run = "echo sent >> .git/ran"
repeatable = false
"""


def start(repo: Checkout, todo: str, config: str = CONFIG) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})


def outcomes(said: Said) -> dict[str, str]:
    return {task["title"]: task["outcome"] for task in said.json["tasks"]}


def ran(repo: Checkout) -> list[str]:
    path = repo.root / ".git" / "ran"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def unproven(mdtodo: Mdtodo) -> list[int]:
    """The lines of the ticks that `check` names."""
    found = mdtodo("check", "--json", code=None).json["findings"]
    return [one["line"] for one in found if one["code"] == "unproven"]


def last(repo: Checkout) -> str:
    return repo.git("log", "-1", "--format=%B")


def test_what_passes_gets_a_receipt_and_no_file_changes(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "- [x] a run:good\n- [X] b run:good\n- [x] c\n- [ ] d run:good\n- [-] e run:good\n"
    start(repo, todo)
    assert unproven(mdtodo) == [1, 2]
    said = mdtodo("prove", "-j1")
    assert said.out.startswith("2 proven\ncommitted ")
    assert ran(repo) == ["a", "b"]
    assert repo.read("TODO.md") == repo.head("TODO.md") == todo.encode()
    assert (repo.status(), repo.commits()) == ([], 2)
    assert last(repo).startswith("todo: 2 proven\n\n- proven: a\n- proven: b\n\nMdtodo-Run: ")
    assert last(repo).count(" done good exit=0 ") == 2
    assert unproven(mdtodo) == []
    assert mdtodo("prove").out == "nothing to prove\n"
    assert repo.commits() == 2
    receipts = mdtodo("log", "--json").json["receipts"]
    assert [(one["title"], one["outcome"]) for one in receipts] == [("a", "done"), ("b", "done")]


def test_what_fails_is_opened_in_the_same_commit(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] p\n  - [x] a run:bad done:2026-01-01 failed:1\n  - [x] b run:good\n")
    said = mdtodo("prove", code=1)
    assert said.out.startswith("1 proven, 1 reopened\ncommitted ")
    assert repo.commits() == 2
    expected = b"- [ ] p\n  - [ ] a run:bad failed:1\n  - [x] b run:good\n"
    assert repo.read("TODO.md") == repo.head("TODO.md") == expected
    assert [line.split()[2:4] for line in last(repo).splitlines() if line.startswith("Mdtodo-Task")] in (
        [["done", "good"], ["failed", "bad"], ["todo", "rollup"]],
        [["failed", "bad"], ["todo", "rollup"], ["done", "good"]],
    )
    assert unproven(mdtodo) == []
    assert repo.status() == []


def test_one_proof_has_the_title_in_its_subject(repo: Checkout, mdtodo: Mdtodo) -> None:
    title = "todo: \x1b[31m `x` Mdtodo-Task: a done person exit=0 time=0.000 attempt=0"
    start(repo, f"- [x] {title} run:good\n")
    mdtodo("prove")
    assert last(repo).startswith("todo: proven: todo: ")
    assert last(repo).count("\nMdtodo-Task: ") == 1
    assert unproven(mdtodo) == []


def test_ticks_that_are_put_off_or_must_not_run_again_stay(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "- [x] a run:later\n- [x] b run:never\n- [x] c id:c run:send\n- [x] d id:d run:gone\n"
    start(repo, todo)
    said = mdtodo("prove")
    assert said.out == "1 deferred and left without proof, 1 skipped and left without proof\n"
    assert (
        "\"c\" (c) stays without proof: its processor 'send' has repeatable = false; "
        "`mdtodo done c` takes your word for it\n"
    ) in said.err
    assert "\"d\" (d) stays without proof: no processor 'gone' is configured; `mdtodo done d`" in said.err
    assert (ran(repo), repo.commits(), repo.read("TODO.md")) == ([], 1, todo.encode())
    assert "stays without proof" in mdtodo("prove", "c", code=1).err


def test_check_says_what_helps_in_each_case(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo, "- [x] a id:a run:good\n- [x] c id:c run:send\n- [x] d id:d run:gone\n- [ ] e id:e run:good\n"
    )
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] e", b"[x] e"))
    word = "takes your word for it"

    def messages() -> list[str]:
        found = mdtodo("check", "--json", code=None).json["findings"]
        return [one["message"] for one in found if one["code"] == "unproven"]

    runs = "ticked, but nothing proves it: `mdtodo prove {0}` runs 'good', and opens the box if that fails"
    send = "ticked, but nothing proves it, and 'send' must not run again (repeatable = false): `mdtodo {0}"
    gone = "ticked, but nothing proves it, and no processor 'gone' is configured: `mdtodo {0}"
    assert messages() == [
        runs.format("a"),
        send.format(f"done c` {word}"),
        gone.format(f"done d` {word}"),
        runs.format("e"),
    ]
    repo.commit("Strict", **{".mdtodo.toml": 'proof = "strict"\n' + CONFIG})
    opens = "` opens the box"
    assert messages()[1:3] == [send.format(f"reopen c{opens}"), gone.format(f"reopen d{opens}")]


def test_ids_choose(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo,
        "- [x] a id:aaaa1 run:good\n- [x] b id:b run:good\n- [ ] o id:o run:good\n- [-] n id:n run:good\n"
        "- [x] w id:w\n- [ ] q id:q run:bad\n",
    )
    assert [t["id"] for t in mdtodo("prove", "--dry-run", "--json").json["tasks"]] == ["aaaa1", "b"]
    assert (ran(repo), repo.commits()) == ([], 1)
    assert outcomes(mdtodo("prove", "aaaa", "--json")) == {"a": "done"}
    assert "is proven already; `mdtodo verify aaaa1` runs" in mdtodo("prove", "aaaa1").err
    said = mdtodo("prove", "n", "w", code=1)
    assert '"n" (n) is cancelled, so there is nothing to prove' in said.err
    assert '"w" (w) has no processor that could prove it' in said.err
    assert mdtodo("prove", "o", "b", "--json", code=2).out == ""
    assert mdtodo("prove", "o", "b").out.count("committed") == 2
    assert b"- [x] o id:o" in repo.head("TODO.md")
    assert ran(repo) == ["a", "b", "o"]
    assert outcomes(mdtodo("prove", "q", "--json", code=1)) == {"q": "failed"}
    assert b"- [ ] q id:q run:bad failed:1" in repo.head("TODO.md"), "as `run` has it"
    assert mdtodo("prove", "gone", code=2).out == ""


def test_a_tick_that_is_not_committed_is_committed_with_its_proof(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "- [ ] a run:good failed:1\n- [ ] b run:bad failed:2\n- [ ] c run:good\n"
    start(repo, todo, "stamp = true\n" + CONFIG)
    ticked = todo.replace("[ ] a run:good", "[x] a run:good done:2026-01-02").replace("[ ] b", "[x] b")
    repo.write("TODO.md", f"mine\n\n{ticked}")
    assert unproven(mdtodo) == [3, 4]
    assert mdtodo("prove", code=1).out.startswith("1 proven, 1 reopened\n")
    assert b"- [x] a run:good done:2026-01-02\n" in repo.head("TODO.md"), "the day of the tick"
    assert b"- [ ] b run:bad failed:2\n- [ ] c run:good\n" in repo.head("TODO.md")
    assert b"mine" not in repo.head("TODO.md")
    assert repo.read("TODO.md") == b"mine\n\n" + repo.head("TODO.md")
    assert last(repo).startswith("todo: proven: a\n")
    assert unproven(mdtodo) == []


def test_a_tick_whose_line_no_commit_has_is_proven_in_the_journal(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:good\n")
    repo.write("TODO.md", "- [ ] a run:good\n- [x] new run:good\n")
    said = mdtodo("prove")
    assert "HEAD does not have that line yet" in said.err
    assert (repo.commits(), ran(repo), unproven(mdtodo)) == (1, ["new"], [])
    assert mdtodo("prove").out == "nothing to prove\n"


def test_no_commit_proves_in_the_journal_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a run:good\n- [x] b run:bad\n")
    assert mdtodo("prove", "--no-commit", code=1).out == "1 proven, 1 reopened\n"
    assert repo.commits() == 1
    assert repo.read("TODO.md") == b"- [x] a run:good\n- [ ] b run:bad\n"
    assert unproven(mdtodo) == []


def test_nothing_is_opened_on_a_dirty_tree_unless_that_is_asked_for(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Other", other="x\n")
    start(repo, "- [x] a run:bad\n- [x] b run:good\n")
    repo.write("other", "y\n")
    said = mdtodo("prove", code=1)
    assert said.out.startswith("1 proven, 1 failed and not reopened\n")
    assert "no box is opened" in said.err
    assert last(repo).startswith("todo: proven: b\n")
    assert "tree=dirty" in last(repo)
    assert unproven(mdtodo) == [1]
    mdtodo("prove", "--dirty", code=1)
    assert repo.head("TODO.md") == b"- [ ] a run:bad\n- [x] b run:good\n"


def test_what_does_not_count_is_told(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Other", other="x\n")
    start(repo, "- [x] a id:a run:good\n", 'proof = "strict"\n' + CONFIG)
    repo.write("other", "y\n")
    said = mdtodo("prove", code=1)
    assert '"a" (a) is still unproven: its proof is of content that was not committed' in said.err
    repo.git("checkout", "-q", "other")
    mdtodo("prove")
    assert unproven(mdtodo) == []


def test_with_proof_off_it_proves_what_would_be_named(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a run:good\n", 'proof = "off"\n' + CONFIG)
    assert unproven(mdtodo) == []
    assert mdtodo("prove").out.startswith("1 proven\n")
    assert mdtodo("prove").out == "nothing to prove\n"


def test_outputs_go_with_the_proof(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.w]\nrun = "echo w > out"\noutputs = ["out"]\n'
    start(repo, "- [x] a run:w\n", config)
    mdtodo("prove")
    assert repo.head("out") == b"w\n"
    assert (repo.status(), unproven(mdtodo)) == ([], [])


def test_outputs_that_a_person_has_changed_keep_the_box_closed(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.w]\nrun = "echo w > out"\noutputs = ["out"]\n'
    repo.commit("Out", out="x\n")
    start(repo, "- [x] a run:w\n", config)
    repo.write("out", "mine\n")
    said = mdtodo("prove", code=1)
    assert said.out == "1 failed and not reopened\n"
    assert (repo.read("out"), repo.read("TODO.md")) == (b"mine\n", b"- [x] a run:w\n")


def test_an_earlier_result_counts_while_its_inputs_are_unchanged(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = CONFIG.replace("[processors.bad]", 'inputs = ["src"]\n[processors.bad]')
    repo.commit("Source", src="1\n")
    start(repo, "- [ ] a run:good\n", config)
    mdtodo("run")
    repo.commit("Open", **{"TODO.md": "- [ ] a run:good\n"})
    repo.commit("Tick", **{"TODO.md": "- [x] a run:good\n"})
    assert unproven(mdtodo) == [1]
    assert outcomes(mdtodo("prove", "--json")) == {"a": "cached"}
    assert (ran(repo), unproven(mdtodo)) == (["a"], [])


def test_a_box_that_somebody_opens_meanwhile_stays_open(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = "[processors.edit]\nrun = \"sed -i 's/x/ /' TODO.md\"\n"
    start(repo, "- [x] a run:edit\n", config)
    mdtodo("prove", code=None)
    assert repo.read("TODO.md") == b"- [ ] a run:edit\n"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("place", ["branch", "detached", "linked"])
@pytest.mark.sample(2)
def test_prove_works_in_every_checkout(
    make_repo: Callable[..., Checkout], mdtodo: Mdtodo, algorithm: str, place: str
) -> None:
    checkout = make_repo("other", f"--object-format={algorithm}")
    start(
        checkout, "- [x] a run:good\n- [x] same run:good\n- [x] same run:good\n\n## B\n\n- [x] same run:bad\n"
    )
    if place == "detached":
        checkout.git("checkout", "-q", "--detach")
    if place == "linked":
        checkout.git("worktree", "add", "-q", "../linked")
        checkout = type(checkout)(checkout.root.parent / "linked")
    where = ("-C", str(checkout.root))
    assert len(mdtodo(*where, "check", "--json").json["findings"]) >= 4
    config = checkout.read(".mdtodo.toml").decode().replace(">> .git/ran", ">> /dev/null")
    checkout.commit("No file", **{".mdtodo.toml": config})
    mdtodo(*where, "prove", code=1)
    assert checkout.read("TODO.md").endswith(b"## B\n\n- [ ] same run:bad\n")
    found = mdtodo(*where, "check", "--json").json["findings"]
    assert [one for one in found if one["code"] == "unproven"] == []
    assert checkout.status() == []
    assert checkout.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""


@pytest.mark.parametrize("point", ["result.taken", "recovered", "prepared", "moved", "written"])
@pytest.mark.sample(2)
def test_a_kill_costs_time_never_truth(repo: Checkout, mdtodo: Mdtodo, calls: Calls, point: str) -> None:
    start(repo, "- [x] a run:good\n- [x] b run:bad\n")
    assert calls(repo.root, "prove", MDTODO_FAULT=point).code == -9
    mdtodo("prove", code=None)
    assert repo.read("TODO.md") == repo.head("TODO.md") == b"- [x] a run:good\n- [ ] b run:bad\n"
    messages = repo.git("log", "--format=%B")
    assert (messages.count(" done good "), messages.count(" failed bad ")) == (1, 1)
    assert (unproven(mdtodo), repo.status()) == ([], [])


def test_two_at_once_run_each_processor_once(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "".join(f"- [x] t{number} run:good\n" for number in range(8))
    start(repo, todo)
    codes = [code for code, _, _ in at_once(repo, [["prove", "-j", "2"], ["prove", "-j", "2"]])]
    assert codes == [0, 0]
    assert ran(repo) == [f"t{number}" for number in range(8)]
    assert repo.git("log", "--format=%B").count(" done good ") == 8
    assert unproven(mdtodo) == []


def test_undo_does_not_tick_what_fails(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a run:good\n- [x] b run:bad\n")
    mdtodo("prove", code=1)
    assert "the run found that bad fails (exit " in mdtodo("undo", code=3).err
    assert repo.head("TODO.md") == b"- [x] a run:good\n- [ ] b run:bad\n"


def test_a_proof_is_kept_where_a_push_replays_it(
    repo: Checkout, make_repo: Callable[..., Checkout], mdtodo: Mdtodo
) -> None:
    start(repo, "- [x] a run:good\n- [ ] b run:good\n")
    make_repo("hub", "--bare")
    repo.git("remote", "add", "origin", "../hub")
    repo.git("push", "-q", "-u", "origin", "main")
    repo.git("clone", "-q", "../hub", "../other")
    other = type(repo)(repo.root.parent / "other")
    other.commit("Theirs", theirs="x\n")
    other.git("push", "-q")
    mdtodo("prove")
    mdtodo("run", "--push")
    assert repo.git("log", "--format=%s", "origin/main").splitlines() == [
        "todo: b",
        "todo: proven: a",
        "Theirs",
        "Base",
    ]
    assert unproven(mdtodo) == []


class TestAccept:
    """`prove --accept`: unproven ticks taken as they stand."""

    TODO = (
        "- [x] a id:a run:good\n- [X] b id:b run:bad\n- [x] c id:c run:gone\n- [ ] d id:d run:good\n- [x] e\n"
    )

    def test_all_that_is_ticked_is_accepted_in_a_commit_of_one_trailer(
        self, repo: Checkout, mdtodo: Mdtodo
    ) -> None:
        start(repo, self.TODO)
        assert "3 would be accepted" in mdtodo("prove", "--accept", "--dry-run").err
        assert repo.commits() == 1
        said = mdtodo("prove", "--accept")
        assert said.out == f"3 accepted\ncommitted {repo.git('rev-parse', 'HEAD')[:10]}\n"
        assert last(repo).splitlines()[0] == "todo: accepted: 3 ticks"
        trailers = repo.git("log", "-1", "--format=%(trailers)").split("\n")
        assert [line for line in trailers if line] == ["Mdtodo-Accept: 3 by=ada@example.com"]
        assert repo.git("diff", "HEAD^", "HEAD") == ""
        assert (unproven(mdtodo), ran(repo), repo.status()) == ([], [], [])
        assert mdtodo("prove", "--accept").out == "nothing to accept\n"
        assert repo.commits() == 2

    def test_a_tick_that_is_made_later_is_named_again(self, repo: Checkout, mdtodo: Mdtodo) -> None:
        start(repo, self.TODO)
        mdtodo("prove", "--accept")
        repo.commit("By hand", **{"TODO.md": self.TODO.replace("[ ] d", "[x] d")})
        assert unproven(mdtodo) == [4]
        repo.commit("Open", **{"TODO.md": self.TODO.replace("[x] a", "[ ] a")})
        repo.commit("Again", **{"TODO.md": self.TODO})
        assert unproven(mdtodo) == [1]

    def test_what_is_not_committed_is_not_accepted_unless_it_is_named(
        self, repo: Checkout, mdtodo: Mdtodo
    ) -> None:
        start(repo, self.TODO)
        repo.write("TODO.md", "mine\n\n" + self.TODO.replace("[ ] d", "[x] d"))
        said = mdtodo("prove", "--accept")
        assert said.out.startswith("3 accepted\n")
        assert "1 unproven tick is not committed, and not accepted: commit first, or name it" in said.err
        assert unproven(mdtodo) == [6]
        assert mdtodo("prove", "--accept", "d").out.startswith("d  done, on your word  d\ncommitted ")
        assert repo.head("TODO.md").decode() == self.TODO.replace("[ ] d", "[x] d")
        assert unproven(mdtodo) == []

    def test_ids_get_a_receipt_each(self, repo: Checkout, mdtodo: Mdtodo) -> None:
        start(repo, self.TODO)
        said = mdtodo("prove", "--accept", "a", "c", "d", code=1)
        assert '"d" (d) is not ticked, so there is nothing to accept' in said.err
        assert "Mdtodo-Accept" not in last(repo)
        assert [line.split()[1:4] for line in last(repo).splitlines() if line.startswith("Mdtodo-Task")] == [
            ["a", "done", "person"],
            ["c", "done", "person"],
        ]
        assert last(repo).count(" by=ada@example.com") == 2
        assert unproven(mdtodo) == [2]
        assert "does not lack a proof" in mdtodo("prove", "--accept", "a").err

    @pytest.mark.parametrize("ids", [(), ("a",)])
    def test_in_strict_mode_nobodys_word_counts(
        self, repo: Checkout, mdtodo: Mdtodo, ids: tuple[str, ...]
    ) -> None:
        start(repo, self.TODO, 'proof = "strict"\n' + CONFIG)
        assert "nothing was accepted" in mdtodo("prove", "--accept", *ids, code=1).err
        assert repo.commits() == 1

    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    def test_in_a_detached_linked_worktree(
        self, make_repo: Callable[..., Checkout], mdtodo: Mdtodo, algorithm: str
    ) -> None:
        checkout = make_repo("other", f"--object-format={algorithm}")
        start(checkout, self.TODO)
        checkout.git("worktree", "add", "-q", "--detach", "../linked")
        linked = type(checkout)(checkout.root.parent / "linked")
        mdtodo("-C", str(linked.root), "prove", "--accept")
        assert (linked.commits(), linked.status(), checkout.commits()) == (2, [], 1)
        assert linked.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""

    def test_two_at_once_and_others_who_commit(self, repo: Checkout, mdtodo: Mdtodo) -> None:
        start(repo, self.TODO)
        done = at_once(repo, [["prove", "--accept"], ["done", "d", "--commit"], ["prove", "--accept"]])
        assert [code for code, _, _ in done] == [0, 0, 0]
        assert repo.git("log", "--format=%B").count("Mdtodo-Accept: 3 ") == 1
        assert (unproven(mdtodo), repo.status()) == ([], [])

    def test_accept_refuses_what_it_has_no_use_for(self, repo: Checkout, mdtodo: Mdtodo) -> None:
        start(repo, self.TODO)
        assert "--accept runs nothing" in mdtodo("prove", "--accept", "--fresh", code=2).err
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("Side", other="1\n")
        repo.git("checkout", "-q", "main")
        repo.commit("Main", other="2\n")
        repo.git("merge", "side", check=False)
        assert "a merge is in progress" in mdtodo("prove", "--accept", code=3).err

    def test_a_repository_without_a_commit(self, repo: Checkout, mdtodo: Mdtodo) -> None:
        repo.write("TODO.md", self.TODO)
        said = mdtodo("prove", "--accept")
        assert said.out == "nothing to accept\n"
        assert "not committed, and not accepted" in said.err
