"""`mdtodo claim` and `release`: a task taken by hand, or for another program."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.project.project import read_config, read_project
from mdtodo.run.run import has_work
from mdtodo.run.run_options import Options
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

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
run = "exit 3"
"""
TODO = "- [ ] first run:good id:first\n- [ ] second run:good id:second\n- [ ] third id:third\n"


@pytest.fixture(autouse=True)
def start(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})


def line(repo: Checkout, name: str) -> str:
    """The task's line, which the work tree, the index and HEAD have alike."""
    versions = [repo.read("TODO.md"), repo.index("TODO.md"), repo.head("TODO.md")]
    assert versions[1:] == versions[:2]
    return next(one for one in versions[0].decode().split("\n") if f"id:{name}" in one)


def claimed(mdtodo: Mdtodo, name: str, *args: str, who: str = "alice") -> int:
    return int(mdtodo("claim", name, "--name", who, "--json", *args).json["token"])


def end(repo: Checkout, token: int) -> None:
    """Let the time of a claim be over."""
    with StateStore.open(discover(str(repo.root))) as state:
        state._db._connection.execute("UPDATE leases SET expires = 0 WHERE token = ?", (token,))


def test_a_claim_is_a_commit_that_only_changes_the_line(repo: Checkout, mdtodo: Mdtodo) -> None:
    said = mdtodo("claim", "first", "--name", "alice")
    assert line(repo, "first") == "- [/] first run:good id:first worker:alice"
    assert "claimed by alice, until it is released" in said.out
    assert repo.git("log", "-1", "--format=%s") == "todo: claimed: first"
    receipt = repo.git("log", "-1", "--format=%B")
    assert "Mdtodo-Task: first doing person" in receipt
    assert " worker=alice" in receipt
    mdtodo("run")
    assert repo.read(".git/ran") == b"second\n"
    assert line(repo, "first").startswith("- [/]")


def test_release_gives_the_line_back_as_it_was(repo: Checkout, mdtodo: Mdtodo) -> None:
    token = claimed(mdtodo, "first")
    mdtodo("release", "first", "--token", str(token + 1), code=1)
    assert line(repo, "first").startswith("- [/]")
    assert "released by alice" in mdtodo("release", "first", "--token", str(token)).out
    assert repo.read("TODO.md").decode() == TODO
    assert "nobody has it now" in mdtodo("release", "first", "--token", str(token), code=1).err


def test_a_second_claim_is_told_who_has_it_and_may_steal(repo: Checkout, mdtodo: Mdtodo) -> None:
    first = claimed(mdtodo, "first")
    assert "alice has it" in mdtodo("claim", "first", "--name", "bob", code=1).err
    said = mdtodo("claim", "first", "--name", "bob", "--steal")
    assert "taken from alice" in said.out
    assert line(repo, "first").endswith("worker:bob")
    for command in (["release", "first"], ["claim", "first"], ["run", "first"], ["done", "first"]):
        assert mdtodo(*command, "--token", str(first), code=1).code == 1
    assert line(repo, "first") == "- [/] first run:good id:first worker:bob"


@pytest.mark.parametrize("command", [["run"], ["prove"], ["done", "--commit"]])
def test_who_has_the_token_finishes_the_task(repo: Checkout, mdtodo: Mdtodo, command: list[str]) -> None:
    token = claimed(mdtodo, "first")
    mdtodo(*command, "first", code=1)
    assert line(repo, "first").startswith("- [/]")
    mdtodo(*command, "first", "--token", str(token))
    assert line(repo, "first") == "- [x] first run:good id:first"
    with StateStore.open(discover(str(repo.root))) as state:
        assert state.live_leases() == ()
    assert "first done" in repo.git("log", "-1", "--format=%B")


def test_a_failed_run_leaves_the_claim(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Bad", **{"TODO.md": TODO.replace("run:good id:first", "run:bad id:first")})
    token = claimed(mdtodo, "first")
    mdtodo("run", "first", "--token", str(token), code=1)
    assert line(repo, "first").startswith("- [/] first run:bad id:first worker:alice failed:1")
    mdtodo("release", "first", "--token", str(token))
    assert line(repo, "first").startswith("- [ ]")


def test_run_says_whose_a_task_is(mdtodo: Mdtodo) -> None:
    claimed(mdtodo, "first")
    assert "is claimed by alice: --token T runs it" in mdtodo("run", "first", code=1).err
    assert (
        "is not claimed with the token 3: alice has it now"
        in mdtodo("run", "first", "--token", "3", code=1).err
    )
    assert next(one["state"] for one in mdtodo("list", "--json").json["tasks"]) == "running"


def test_the_next_run_opens_what_an_ended_claim_held(repo: Checkout, mdtodo: Mdtodo) -> None:
    token = claimed(mdtodo, "first")
    end(repo, token)
    assert "has ended" not in mdtodo("list").err
    assert mdtodo("claim", "first", "--token", str(token), code=1).code == 1
    said = mdtodo("run")
    assert "the claim of alice has ended" in said.err
    assert line(repo, "first") == "- [x] first run:good id:first"
    assert sorted(repo.read(".git/ran").split()) == [b"first", b"second"]
    assert "has ended" not in mdtodo("run").err


def test_a_claim_that_has_ended_is_work_for_who_waits_for_work(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("One task", **{"TODO.md": "- [ ] first run:good id:first\n"})
    token, there = claimed(mdtodo, "first"), discover(str(repo.root))
    assert not has_work(read_project(there, read_config(there)), Options())
    end(repo, token)
    assert has_work(read_project(there, read_config(there)), Options())


def test_an_ended_claim_does_not_touch_what_others_wrote_since(repo: Checkout, mdtodo: Mdtodo) -> None:
    token = claimed(mdtodo, "first")
    text = repo.read("TODO.md").decode().replace("worker:alice", "worker:bob")
    repo.commit("Bob has it", **{"TODO.md": text})
    end(repo, token)
    mdtodo("run")
    assert line(repo, "first") == "- [/] first run:good id:first worker:bob"


@pytest.mark.parametrize(
    ("command", "way"),
    [
        (["done"], "--token T finishes it"),
        (["done", "--token", "3"], "with another token than 3"),
        (["cancel"], "`mdtodo release first --token T` gives it back"),
        (["reopen"], "`mdtodo release first --token T` gives it back"),
    ],
)
def test_whoever_may_not_change_a_claimed_task_is_told_what_to_do(
    mdtodo: Mdtodo, command: list[str], way: str
) -> None:
    claimed(mdtodo, "first")
    said = mdtodo(*command, "first", code=1).err
    assert f"is claimed by alice: {way}; `mdtodo claim first --name NAME --steal` takes it over" in said


def test_a_renewal_takes_no_time_from_a_claim_that_holds_until_it_is_released(mdtodo: Mdtodo) -> None:
    token = mdtodo("claim", "first", "--name", "alice").out.split("token ")[1].split()[0]
    assert "until it is released" in mdtodo("claim", "first", "--token", token).out
    assert mdtodo("claim", "first", "--token", token, "--json").json["expires"] is None
    assert mdtodo("claim", "first", "--token", token, "--for", "1h", "--json").json["expires"] is not None


def test_a_persons_claim_outlives_a_lease_and_a_restart(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Short", **{".mdtodo.toml": 'lease = "1s"\n' + CONFIG})
    mdtodo("claim", "first", "--name", "alice")
    short = claimed(mdtodo, "second", who="bot")
    assert mdtodo("claim", "second", "--token", str(short), "--json").json["expires"] is not None
    time.sleep(1.1)
    said = mdtodo("run")
    assert "the claim of bot has ended" in said.err
    assert line(repo, "first").startswith("- [/]")


def test_for_so_long(mdtodo: Mdtodo) -> None:
    said = mdtodo("claim", "third", "--name", "alice", "--for", "2h", "--json").json
    left = time.mktime(time.strptime(said["expires"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - time.time()
    assert 7000 < left < 7210
    assert "duration" in mdtodo("claim", "second", "--name", "alice", "--for", "soon", code=2).err


@pytest.mark.parametrize(
    ("todo", "args", "says"),
    [
        ("- [x] a id:a\n", ["--name", "n"], "is done"),
        ("- [ ] a id:a after:b\n- [ ] b id:b\n", ["--name", "n"], "waits for"),
        ("- [ ] a id:a worker:gpu\n", ["--name", "n"], "reserved for the worker gpu"),
    ],
)
def test_refused(repo: Checkout, mdtodo: Mdtodo, todo: str, args: list[str], says: str) -> None:
    before = repo.commit("Other", **{"TODO.md": todo})
    assert says in mdtodo("claim", "a", *args, code=1).err
    assert repo.git("rev-parse", "HEAD") == before
    assert repo.read("TODO.md").decode() == todo


@pytest.mark.parametrize("how", ["released", "ended", "done", "claimed twice"])
@pytest.mark.sample(2)
def test_a_task_that_was_reserved_before_its_claim_stays_so(repo: Checkout, mdtodo: Mdtodo, how: str) -> None:
    text = "- [ ] first run:good id:first worker:bob\n"
    repo.commit("Reserved", **{"TODO.md": text})
    token = claimed(mdtodo, "first", who="bob")
    if how == "claimed twice":
        token = claimed(mdtodo, "first", "--steal", who="bob")
    if how == "done":
        mdtodo("run", "first", "--token", str(token))
    elif how == "ended":
        end(repo, token)
        mdtodo("run")
    else:
        mdtodo("release", "first", "--token", str(token))
    assert repo.read("TODO.md").decode() == (text.replace("[ ]", "[x]") if how == "done" else text)


def test_a_claim_in_place_of_ones_own_is_given_back_whole(repo: Checkout, mdtodo: Mdtodo) -> None:
    claimed(mdtodo, "first")
    token = claimed(mdtodo, "first", "--steal")
    end(repo, token)
    token = claimed(mdtodo, "first", who="alice")
    mdtodo("release", "first", "--token", str(token))
    assert repo.read("TODO.md").decode() == TODO


@pytest.mark.parametrize(
    ("words", "next_one"), [("great thing to do", "a neighbour that is new"), ("other matter", "other")]
)
@pytest.mark.parametrize("how", ["release", "renew", "done", "run", "ended", "second"])
@pytest.mark.sample(5)
def test_a_claim_follows_its_task_where_that_is_reworded(
    repo: Checkout, mdtodo: Mdtodo, how: str, words: str, next_one: str
) -> None:
    """Without an `id:` the task has another id then: it is known by its words, or by its place."""
    text = "- [ ] some thing to do now run:good\n- [ ] other worker:bob\n"
    repo.commit("Without ids", **{"TODO.md": text})
    before = mdtodo("list", "--json").json["tasks"][0]["id"]
    token = str(claimed(mdtodo, before))
    new = repo.read("TODO.md").decode().replace("some thing to do", f"some {words}")
    new = new.replace("other worker", f"{next_one} worker")
    repo.commit("Reworded", **{"TODO.md": new})
    after = mdtodo("list", "--json").json["tasks"][0]["id"]
    assert after != before
    given_back = text.replace("some thing to do", f"some {words}").replace(
        "other worker", f"{next_one} worker"
    )
    if how == "renew":
        assert mdtodo("claim", after, "--token", token, "--json").json["token"] == int(token)
        repo.commit("Once more", **{"TODO.md": new.replace(words, f"{words}, and more")})
        once_more = mdtodo("list", "--json").json["tasks"][0]["id"]
        mdtodo("release", once_more, "--token", token)
    elif how == "second":
        assert "alice" in mdtodo("claim", after, "--name", "carl", code=1).err
        assert "taken from alice" in mdtodo("claim", after, "--name", "carl", "--steal").out
    elif how == "release":
        mdtodo("release", after, "--token", token)
        assert repo.read("TODO.md").decode() == given_back
    elif how == "ended":
        end(repo, int(token))
        assert "the claim of alice has ended" in mdtodo("run").err
        assert repo.read("TODO.md").decode() == given_back.replace("[ ] some", "[x] some")
    else:
        mdtodo(how, after, code=1)
        mdtodo(how, after, "--token", token)
        assert repo.read("TODO.md").decode() == given_back.replace("[ ] some", "[x] some")


def test_a_claim_does_not_pass_to_another_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Without ids", **{"TODO.md": "# A\n\n- [ ] claimed\n\n# B\n\n- [ ] other\n"})
    token = claimed(mdtodo, mdtodo("list", "--json").json["tasks"][0]["id"])
    mine = "# A\n\n# B\n\n- [/] other worker:alice\n"
    repo.commit("It is gone, and alice has begun another", **{"TODO.md": mine})
    end(repo, token)
    mdtodo("run")
    assert repo.read("TODO.md").decode() == mine


def test_wrong_usage(mdtodo: Mdtodo) -> None:
    assert "--name" in mdtodo("claim", "first", code=2).err
    for name in ("a b", "é", "x" * 101, ""):
        assert "letters" in mdtodo("claim", "first", "--name", name, code=2).err
    assert "one task" in mdtodo("run", "first", "second", "--token", "1", code=2).err


def test_a_claim_that_cannot_be_committed_holds_nothing(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write(".git/index.lock", b"somebody else's")
    mdtodo("claim", "first", "--name", "alice", code=3)
    (repo.root / ".git/index.lock").unlink()
    assert line(repo, "first") == "- [ ] first run:good id:first"
    mdtodo("claim", "first", "--name", "bob")


@pytest.mark.parametrize("obstacle", ["a lock", "no identity", "no signature"])
@pytest.mark.parametrize("before", ["claimed", "reserved", "ended", "a run's"])
@pytest.mark.sample(4)
def test_a_claim_that_cannot_be_committed_leaves_the_task_to_who_had_it(
    repo: Checkout, mdtodo: Mdtodo, obstacle: str, before: str
) -> None:
    if before == "reserved":
        repo.commit("Reserved", **{"TODO.md": TODO.replace("id:first", "id:first worker:alice")})
    if before == "a run's":
        with StateStore.open(discover(str(repo.root))) as state:
            assert state.lease("first", "alice", 60.0)
    else:
        token = claimed(mdtodo, "first")
        if before == "ended":
            end(repo, token)
    text, had, env = repo.read("TODO.md"), rows(repo), {}
    if obstacle == "a lock":
        repo.write(".git/index.lock", b"somebody else's")
    elif obstacle == "no identity":
        repo.git("config", "user.useConfigOnly", "true")
        env["GIT_CONFIG_GLOBAL"] = "/dev/null"
    else:
        repo.git("config", "commit.gpgSign", "true")
        repo.git("config", "gpg.program", "false")
    mdtodo("claim", "first", "--name", "bob", "--steal", code=3, **env)
    assert rows(repo) == had
    assert repo.read("TODO.md") == text


def rows(repo: Checkout) -> list[tuple[object, ...]]:
    """The leases, as the disk has them."""
    with StateStore.open(discover(str(repo.root))) as state:
        return state._db.read(
            "SELECT leases.*, reservations.token FROM leases LEFT JOIN reservations USING (token)"
        )


def test_what_is_staged_or_changed_stays_out_of_the_commit(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("other", b"mine")
    repo.git("add", "other")
    repo.write("TODO.md", TODO + "- [ ] not committed\n")
    claimed(mdtodo, "first")
    assert repo.head("TODO.md").decode() == TODO.replace(
        "- [ ] first run:good id:first", "- [/] first run:good id:first worker:alice"
    )
    assert repo.read("TODO.md").decode().endswith("- [ ] not committed\n")
    assert repo.git("diff", "--cached", "--name-only") == "other"
