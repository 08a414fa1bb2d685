"""What set a workflow off decides what the Action does, whatever the inputs say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.action.event import GitHubEvent, Mode, is_receipt
from tests.action.conftest import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from tests.action.conftest import World


def request(head: str | None, base: str = "octo/shop") -> dict[str, Any]:
    side = None if head is None else {"full_name": head}
    return {"pull_request": {"head": {"repo": side}, "base": {"repo": {"full_name": base}}}}


COMPILED = True
OWN, FORK = request("octo/shop"), request("stranger/shop")


@pytest.mark.parametrize(
    ("name", "payload", "command", "mode"),
    [
        ("push", {}, "run", Mode.RUN),
        ("push", {}, "verify", Mode.VERIFY),
        ("push", {}, "check", Mode.CHECK),
        ("schedule", {}, "verify", Mode.VERIFY),
        ("workflow_dispatch", {}, "run", Mode.RUN),
        ("repository_dispatch", {}, "run", Mode.RUN),
        ("pull_request", OWN, "run", Mode.PREVIEW),
        ("pull_request", OWN, "verify", Mode.VERIFY),
        ("pull_request", OWN, "check", Mode.CHECK),
        ("merge_group", {}, "run", Mode.PREVIEW),
        ("pull_request", FORK, "run", Mode.CHECK),
        ("pull_request", FORK, "verify", Mode.CHECK),
        ("pull_request", request(None), "run", Mode.CHECK),
        ("pull_request", {}, "run", Mode.CHECK),
        ("pull_request", {"pull_request": "octo/shop"}, "run", Mode.CHECK),
        ("pull_request_target", OWN, "run", Mode.CHECK),
        ("pull_request_target", FORK, "verify", Mode.CHECK),
        ("workflow_run", {}, "run", Mode.CHECK),
        ("issue_comment", {}, "run", Mode.CHECK),
        ("pull_request_review", OWN, "run", Mode.CHECK),
        ("PUSH", {}, "run", Mode.CHECK),
        ("", {}, "run", Mode.CHECK),
    ],
)
def test_event_command_and_payload_decide_the_mode(
    name: str, payload: dict[str, Any], command: str, mode: Mode
) -> None:
    decided, why = GitHubEvent(name, payload, "octo/shop").decide(command)
    assert decided is mode
    assert bool(why) == (mode.value != command)


def test_a_fork_only_checks_unless_it_is_asked_to_run(world: World) -> None:
    payload = world.payload("0" * 40) | {"repository": {"fork": True}}
    head = world.bare.git("for-each-ref")
    ended = world.act(payload=payload)
    assert ended.code == 0, ended.log
    assert "this repository is a fork" in ended.log
    assert world.bare.git("for-each-ref") == head
    assert world.act(payload=payload, run_in_fork="true").code == 1
    assert "- [x] Good" in world.main()


def test_only_the_branch_that_is_meant_is_pushed_to(world: World) -> None:
    world.bare.git("branch", "next", "main")
    job = world.job("push", world.payload("0" * 40))
    world.checkout(job, ref="next")
    job.action({})
    assert job.ended.code == 2
    assert "next is checked out, and receipts are pushed to main" in job.ended.of("error")[-1].message
    assert "fine" not in job.ended.log
    job = world.job("schedule")
    world.checkout(job, ref="next")
    job.action({"branch": "next"})
    assert "- [x] Good" in world.bare.head("TODO.md", "next").decode()
    assert "- [ ] Good" in world.main()


@pytest.mark.parametrize("content", [None, b"", b"[1]", b"null", b"\xff", b"{", b"[" * 100_000])
def test_an_odd_payload_is_an_empty_one(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "event").write_bytes(content)
    event = GitHubEvent.read({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "event")})
    assert event.payload == {}
    assert event.messages == []


RECEIPT = "todo: One\n\nMdtodo-Run: r1\nMdtodo-Task: a done tests exit=0 time=1.0 attempt=1"
MANY = "todo: 2 done\n\n- done: One\n- done: Two\n\nMdtodo-Run: r1\nMdtodo-Task: a done tests exit=0 time=1.0 attempt=1"
PERSON = "todo: One\n\nMdtodo-Run: r1\nMdtodo-Task: a done person exit=0 time=0.000 attempt=0"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (RECEIPT, True),
        (RECEIPT + "\n", True),
        (MANY, True),
        (f"{PERSON}\nMdtodo-Commit: a 1234", True),
        # `mdtodo done --commit`: what waited for it may run now.
        (PERSON, False),
        ("Work", False),
        ("", False),
        (f"{RECEIPT}\n\nA last paragraph.", False),
        # Squashed with work of a person.
        (f"Feature (#3)\n\n* Write it\n\n* {MANY}", False),
    ],
)
def test_a_receipt_is_known_by_its_trailers(text: str, ours: bool) -> None:
    assert is_receipt(text) is ours


def test_commits_of_mdtodo_itself_start_no_run(world: World) -> None:
    base = world.bare.git("rev-parse", "main")
    world.act(payload=world.payload("0" * 40))
    head = world.bare.git("rev-parse", "main")
    for payload in (world.payload(base), {}):
        ended = world.act(payload=payload)
        assert ended.code == 0
        assert "only receipts of mdtodo were pushed: there is nothing to run" in ended.log
        assert ended.outputs["commit"] == ""
    assert world.bare.git("rev-parse", "main") == head
    # Somebody's commit among them, and it runs: the failing task is tried again.
    world.push("Another", **{"b.txt": "b"})
    ended = world.act(payload=world.payload(base))
    assert "failed:2" in world.main()


def test_a_pull_request_is_checked_and_previewed(world: World) -> None:
    before = world.bare.git("rev-parse", "main")
    world.push("Typo", **{"TODO.md": "- [ ] Good run:good\n- [ ] Odd run:goood\n"})
    head = world.bare.git("rev-parse", "main")
    ended = world.act("pull_request", OWN | {"before": before}, push="true")
    assert ended.code == 1
    assert [(one.properties["file"], one.properties["line"]) for one in ended.of("error")] == [
        ("TODO.md", "2")
    ]
    assert "Would run: 1" in ended.summary
    assert "| 1 | [Good](" in ended.summary
    assert "fine" not in ended.log
    assert [one["code"] for one in json.loads(ended.outputs["json"])["findings"]] == ["unknown-processor"]
    assert world.bare.git("for-each-ref", "--format=%(objectname)") == head


@pytest.mark.sample(0)
def test_warnings_are_annotated_and_fail_only_where_they_count_as_errors(world: World) -> None:
    world.push("Typo", **{"TODO.md": "- [ ] Good run:good afer:x\n"})
    for inputs, code in (
        ({}, 0),
        ({"command": "check"}, 0),
        ({"command": "check", "args": "--strict"}, 1),
        ({"command": "check", "args": "--strict --errors-only"}, 0),
    ):
        ended = world.act("pull_request", OWN, **inputs)
        assert ended.code == code, ended.log
        shown = [one.properties["line"] for one in ended.of("warning")]
        assert shown == ([] if "--errors-only" in inputs.get("args", "") else ["1"])
        assert ("warnings count as errors here: `--strict`" in ended.log) == bool(code)
    world.push("Be strict", **{".mdtodo.toml": f"warnings_as_errors = true\n{CONFIG}"})
    assert world.act("pull_request", OWN).code == 1
    world.act(payload=world.payload("0" * 40))
    assert world.main().startswith("- [x] Good"), "a run is no check"


@pytest.mark.parametrize(("event", "payload"), [("pull_request", FORK), ("pull_request_target", OWN)])
def test_what_strangers_cause_runs_nothing(world: World, event: str, payload: dict[str, Any]) -> None:
    """Neither processors, nor what lies in the checkout and has the name of a module."""
    evil = "import pathlib; pathlib.Path('pwned').touch()\n"
    config = '[processors.good]\nrun = "touch pwned"\n[processors.good.match]\ntitle = "Good"\n'
    names = ("click.py", "mdtodo.py", "sitecustomize.py", "tomllib.py", "ensurepip.py", "json.py")
    world.push(
        "Evil", **dict.fromkeys(names, evil), **{".mdtodo.toml": config, "TODO.md": "- [ ] Good run:good\n"}
    )
    head = world.bare.git("for-each-ref")
    ended = world.act(event, payload, command="run", args="--limit 1", push="true", pull_request="true")
    assert ended.code == 0, ended.log
    assert not list(world.folder.rglob("pwned"))
    assert "mdtodo check" in ended.summary
    assert world.bare.git("for-each-ref") == head


@pytest.mark.parametrize(
    ("configured", "asked", "level"),
    [
        ("off", "", None),
        ("warn", "", "warning"),
        ("warn", "require", "error"),
        ("off", "strict", "error"),
        ("require", "off", "error"),
        ("require", "warn", "error"),
    ],
)
@pytest.mark.sample(2)
def test_the_input_proof_makes_the_gate_stricter_and_never_laxer(
    configured: str, asked: str, level: str | None, world: World
) -> None:
    world.push("Rules", **{".mdtodo.toml": f'proof = "{configured}"\n{CONFIG}'})
    world.push("By hand", **{"TODO.md": "- [x] Good run:good id:good\n"})
    for event, payload in (("pull_request", OWN), ("push", {})):
        ended = world.act(event, payload, proof=asked, depth="0")
        fails = level == "error" and (event == "pull_request" or bool(asked))
        assert ended.code == int(fails), ended.log
        shown = [one for one in ended.annotations if "nothing proves it" in one.message]
        wanted = level if event == "pull_request" or level == "error" else None
        assert [one.level for one in shown] == ([wanted] if wanted else [])


def of_base(payload: dict[str, Any], sha: str) -> dict[str, Any]:
    request = payload["pull_request"]
    return {"pull_request": request | {"base": request["base"] | {"sha": sha}}}


@pytest.mark.parametrize("payload", [OWN, FORK])
@pytest.mark.sample(1)
def test_a_pull_request_is_judged_by_its_base_for_what_it_ticks(
    payload: dict[str, Any], world: World
) -> None:
    """Whatever it does to the configuration; older ticks are not its own."""
    todo = "- [x] Old run:good id:old\n- [ ] Good run:good id:good\n"
    world.push("Rules", **{".mdtodo.toml": f'proof = "require"\n{CONFIG}', "TODO.md": todo})
    base = world.bare.git("rev-parse", "main")
    world.push(
        "By hand", **{"TODO.md": todo.replace("[ ]", "[x]"), ".mdtodo.toml": f'proof = "off"\n{CONFIG}'}
    )
    ended = world.act("pull_request", of_base(payload, base), depth="0")
    assert ended.code == 1, ended.log
    (error,) = ended.of("error")
    assert (error.properties["file"], error.properties["line"]) == ("TODO.md", "2")
    assert "alters the gate" in "".join(one.message for one in ended.of("warning"))
    # without the base nobody can tell, and it says what is missing
    ended = world.act("pull_request", of_base(payload, base))
    assert ended.code == 3
    assert "`fetch-depth: 0`" in ended.of("error")[-1].message
