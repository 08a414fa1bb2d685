"""What processors measure: kept in the receipt, so that it is there wherever the commit is."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.receipts.trailers import in_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

#: Each task says, and exits, as the files that have its id for a name.
CONFIG = """
[processors.m]
run = 'cat "said/$MDTODO_TASK_ID" >> $MDTODO_OUTPUT; exit "$(cat "code/$MDTODO_TASK_ID" 2>&- || echo 0)"'
[processors.kept]
run = 'cat said/c >> $MDTODO_OUTPUT'
inputs = ["said/c"]
"""
LOSS = '{"metric": {"loss": 0.25}}\n'


def metrics_of(said: Said, key: str) -> dict[str, Any]:
    """Of the receipts, or tasks, with any, by id."""
    return {one.get("task") or one["id"]: one["metrics"] for one in said.json[key] if one["metrics"]}


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


def test_receipts_of_all_outcomes_have_what_was_measured(
    repo: Checkout, mdtodo: Mdtodo, make_repo: Callable[..., Checkout]
) -> None:
    todo = "- [ ] done run:m id:done\n- [ ] fails run:m id:fails\n- [ ] more run:m id:more\n- [x] c run:kept id:c\n"
    subtask = json.dumps({"subtask": "- [ ] first"}) + "\n"
    files = {
        "said/done": LOSS,
        "said/fails": LOSS,
        "code/fails": "3",
        "said/more": LOSS + subtask,
        "said/c": LOSS,
    }
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG, **files})
    mdtodo("verify", "c")
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[x]", b"[ ]"))
    repo.git("commit", "-qam", "Open")
    ran = mdtodo("run", "--json", code=1)
    outcomes = {one["id"]: one["outcome"] for one in ran.json["tasks"] if one["metrics"]}
    assert outcomes == {"done": "done", "fails": "failed", "more": "blocked", "c": "cached"}
    assert metrics_of(ran, "tasks") == {key: {"loss": 0.25} for key in outcomes}
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    clone = make_repo("clone")
    clone.git("pull", "-q", str(repo.root), "main")
    for where in (repo, clone):
        logged = mdtodo("log", "--json", cwd=where.root)
        assert metrics_of(logged, "receipts") == {key: {"loss": 0.25} for key in outcomes}
        assert {one["task"]: one["outcome"] for one in logged.json["receipts"]} == outcomes


def test_no_name_and_no_value_breaks_a_trailer_or_forges_one(repo: Checkout, mdtodo: Mdtodo) -> None:
    forged = "x\nMdtodo-Task: other done m exit=0 time=1.000 attempt=1"
    names = [
        forged,
        forged.replace("\n", "\r"),
        "a=b",
        "",
        " ",
        "n" * 65,
        "\u2028",
        "\u202e",
        "\ud800",
        "\0",
        "a\u00a0b",
    ]
    said = [{"metric": dict.fromkeys(names, 1)}, {"metric": {"größe µ": 1e308, "tiny": -5e-324}}]
    said += [{"metric": {"loss": float("nan"), "top": float("inf"), "ok": 0.1 + 0.2}}]
    lines = "".join(json.dumps(one) + "\n" for one in said) + '{"metric": {"e": 1e999, "b": true}}\n'
    repo.commit(
        "Base", **{"TODO.md": "- [ ] a run:m id:a\n- [ ] other\n", ".mdtodo.toml": CONFIG, "said/a": lines}
    )
    mdtodo("run")
    trailers = repo.git("log", "-1", "--format=%(trailers:only,unfold)").splitlines()
    assert [line.partition(":")[0] for line in trailers if line] == ["Mdtodo-Run", "Mdtodo-Task"] + [
        "Mdtodo-Metric"
    ] * 3
    kept = {"größe_µ": 1e308, "tiny": -5e-324, "ok": 0.1 + 0.2}
    assert metrics_of(mdtodo("log", "--json"), "receipts") == {"a": kept}
    output = mdtodo("output", "a").out
    assert "'loss': its value is no finite number" in output
    assert output.count("metric refused") == 3


def test_more_than_a_hundred_are_refused(repo: Checkout, mdtodo: Mdtodo) -> None:
    lines = "".join(json.dumps({"metric": {f"m{n}": n}}) + "\n" for n in range(5000))
    repo.commit("Base", **{"TODO.md": "- [ ] a run:m id:a\n", ".mdtodo.toml": CONFIG, "said/a": lines})
    mdtodo("run")
    kept = metrics_of(mdtodo("log", "--json"), "receipts")["a"]
    assert kept == {f"m{n}": n for n in range(100)}
    assert "no more than 100 are kept" in mdtodo("output", "a").out


@pytest.mark.parametrize("how", ["cherry-pick", "rebase", "squash", "replay"])
@pytest.mark.sample(2)
def test_what_was_measured_goes_where_the_commit_goes(
    repo: Checkout, mdtodo: Mdtodo, make_repo: Callable[..., Checkout], how: str
) -> None:
    files = {"TODO.md": "- [ ] a run:m id:a\n- [ ] b run:m id:b\n", ".mdtodo.toml": CONFIG}
    repo.commit("Base", **files, **{"said/a": LOSS, "said/b": LOSS.replace("0.25", "-7")})
    wanted = {"a": {"loss": 0.25}, "b": {"loss": -7.0}}
    remote = make_repo("remote.git", "--bare")
    repo.git("push", "-q", str(remote.root), "main")
    repo.git("checkout", "-qb", "side")
    mdtodo("run", "a")
    mdtodo("run", "b")
    repo.git("checkout", "-q", "main")
    repo.commit("Other", other="x")
    match how:
        case "cherry-pick":
            repo.git("cherry-pick", "main..side")
        case "rebase":
            repo.git("rebase", "-q", "main", "side")
        case "squash":
            repo.git("merge", "-q", "--squash", "side")
            repo.git("commit", "-q", "--no-edit")
            groups = in_message(repo.git("log", "-1", "--format=%B"))
            found = {task.task_id: dict(task.metrics) for group in groups for task in group.tasks}
            assert found == wanted
            return
        case _:
            repo.git("push", "-q", str(remote.root), "main")
            repo.git("checkout", "-q", "side")
            repo.git("remote", "add", "origin", str(remote.root))
            repo.git("config", "branch.side.remote", "origin")
            repo.git("config", "branch.side.merge", "refs/heads/main")
            repo.git("config", "push.default", "upstream")
            mdtodo("run", "--push")
    assert metrics_of(mdtodo("log", "--json"), "receipts") == wanted
