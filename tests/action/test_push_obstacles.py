"""The Action on push, where something is in its way."""

from __future__ import annotations

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.action.conftest import CONFIG, TODO, TOKEN
from tests.conftest import Checkout

if TYPE_CHECKING:
    from tests.action.conftest import World
    from tests.action.git_server import GitServer


def test_two_jobs_at_once_land_each_task_once(world: World) -> None:
    """Both check out before either pushes."""
    todo = "".join(f"- [ ] Task {n} run:good id:t{n}\n" for n in range(4))
    payload = world.push("Tasks", **{"TODO.md": todo, ".mdtodo.toml": '[processors.good]\nrun = "true"\n'})
    jobs = [world.job("push", payload) for _ in range(2)]
    for job in jobs:
        world.checkout(job)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda job: job.action({}), jobs))
    assert [job.ended.code for job in jobs] == [0, 0], jobs[0].ended.log + jobs[1].ended.log
    assert world.main() == todo.replace("[ ]", "[x]")
    trailers = world.bare.git("log", "--format=%(trailers:key=Mdtodo-Task,valueonly)", "main").split("\n")
    assert sorted(line.split()[0] for line in trailers if line) == ["t0", "t1", "t2", "t3"]


def test_a_push_of_somebody_during_the_run_is_kept(world: World) -> None:
    job = world.job("push", world.payload("0" * 40))
    world.checkout(job)
    world.push("Meanwhile", **{"TODO.md": f"# New heading\n\n{TODO}"})
    job.action({})
    assert world.main().startswith("# New heading\n")
    assert "- [x] Good" in world.main()
    assert job.ended.outputs["commit"] == world.bare.git("rev-parse", "main")


@pytest.mark.sample(0)
def test_a_protected_branch(world: World, tmp_path: Path) -> None:
    """Told where it is refused; with `pull-request`, the receipts get a branch of their own."""
    hook = world.bare.root / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nif grep -q refs/heads/main; then echo 'GH006: protected branch'; exit 1; fi\n"
    )
    hook.chmod(0o755)
    before = world.main()
    ended = world.act(payload=world.payload("0" * 40))
    assert ended.code == 3
    assert "GH006: protected branch" in ended.of("error")[-1].message
    assert "pull-request: true" in ended.of("error")[-1].message

    ended = world.act(payload=world.payload("0" * 40), pull_request="true")
    assert ended.code == 1
    (branch,) = world.bare.git("for-each-ref", "--format=%(refname:short)", "refs/heads/mdtodo/").split()
    assert world.bare.git("rev-parse", branch) == ended.outputs["commit"]
    assert f"gh pr create --base main --head {branch} --fill" in ended.log
    assert f"https://github.example/octo/shop/compare/main...{branch}?expand=1" in ended.log
    assert world.main() == before

    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" >"$0.args"; echo "$GH_TOKEN" >"$0.token"; echo https://x/pull/1\n'
    )
    gh.chmod(0o755)
    env = {"PATH": f"{gh.parent}:{os.environ['PATH']}"}
    ended = world.act(payload=world.payload("0" * 40), pull_request="true", env=env)
    assert "opened https://x/pull/1" in ended.log
    arguments = Path(f"{gh}.args").read_text()
    assert "--title=todo: 1 done, 1 failed\n" in arguments
    assert TOKEN not in arguments
    assert Path(f"{gh}.token").read_text().strip() == TOKEN


def test_with_push_false_nothing_is_pushed(world: World) -> None:
    before = world.bare.git("for-each-ref")
    ended = world.act(payload=world.payload("0" * 40), push="false")
    assert ended.code == 1
    assert len(ended.outputs["commit"]) == 40
    assert "not pushed" in ended.summary.replace("&#46;", ".")
    assert world.bare.git("for-each-ref") == before


def test_a_configured_identity_stays(world: World) -> None:
    Checkout(world.folder).git("config", "-f", str(world.folder / "home/.gitconfig"), "user.name", "Bob")
    Checkout(world.folder).git(
        "config", "-f", str(world.folder / "home/.gitconfig"), "user.email", "bob@example.com"
    )
    world.act(
        payload=world.payload("0" * 40), env={"GIT_CONFIG_GLOBAL": str(world.folder / "home/.gitconfig")}
    )
    assert world.bare.git("log", "-1", "--format=%an %ce", "main") == "Bob bob@example.com"


def test_pushed_commits_close_tasks_before_the_run(world: World) -> None:
    """Also those that a checkout of depth 1 lacks."""
    todo = "- [ ] By hand id:hand\n- [ ] Other id:other\n- [ ] Then run:good after:hand id:then\n"
    config = f"close_from_commits = true\n{CONFIG}"
    before = world.bare.git("rev-parse", "main")
    world.push("Set up", **{"TODO.md": todo, ".mdtodo.toml": config})
    world.push("Do it\n\nTodo: hand", **{"a.txt": "a"})
    world.push("More. Closes todo:nobody", **{"a.txt": "b"})
    ended = world.act(payload=world.payload(before))
    assert ended.code == 0, ended.log
    assert "closes todo:nobody: no task has that id" in ended.log
    assert [line[3] for line in world.main().splitlines()] == ["x", " ", "x"]
    said = world.bare.git("log", "--format=%(trailers:key=Mdtodo-Commit,valueonly)", "main").split()
    assert said == ["hand", world.bare.git("rev-parse", "main~3")]


def test_a_tag_and_a_broken_configuration(world: World) -> None:
    job = world.job("push", {"ref": "refs/tags/v1"})
    world.checkout(job)
    Checkout(job.workspace).git("checkout", "-q", "--detach")
    before = world.bare.git("for-each-ref")
    job.action({"args": "good"})
    assert (job.ended.code, job.ended.outputs["commit"]) == (0, "")
    assert world.bare.git("for-each-ref") == before

    world.push("Oops", **{".mdtodo.toml": 'fils = ["TODO.md"]\njobs = -1\n'})
    ended = world.act(payload=world.payload("0" * 40))
    assert ended.code == 3
    assert [error.properties["line"] for error in ended.of("error")] == ["1", "2"]
    assert "files" in ended.of("error")[0].message


def test_a_task_that_has_given_up_fails_each_run_but_no_pull_request(world: World) -> None:
    before = world.push("Given up", **{"TODO.md": "# Plan\n\n- [ ] Bad run:bad id:bad failed:9\n"})["before"]
    ended = world.act(payload=world.payload(before))
    assert (ended.code, ended.outputs["commit"]) == (1, "")
    (error,) = ended.of("error")
    assert error.properties == {"file": "TODO.md", "line": "3", "title": "given up: Bad"}
    assert "mdtodo reopen bad" in error.message
    assert "### mdtodo run: nothing to run: 1 given up" in ended.summary
    assert world.act("schedule", {}).code == 1
    assert world.act("merge_group", {}).code == 0


def test_a_container_job(world: World) -> None:
    """Another user owns the checkout, HOME is elsewhere, and nobody has told git to trust the folder."""
    if os.geteuid():
        pytest.skip("needs root, as in a container")
    job = world.job("push", world.payload("0" * 40), HOME=str(world.folder / "nowhere"))
    world.checkout(job)
    for path in (job.workspace, *job.workspace.rglob("*")):
        os.lchown(path, 1001, 1001)
    job.action({})
    assert job.ended.code == 1, job.ended.log
    assert "- [x] Good" in world.main()


def test_the_token_is_sent_to_the_server_and_kept_from_everybody_else(
    world: World, server: tuple[str, type[GitServer]]
) -> None:
    """Also where the checkout has configured another one; processors and hooks do not get it."""
    url, handler = server
    world.bare.git("config", "http.receivepack", "true")
    spying = '[processors.good]\nrun = "env; cat /proc/$PPID/environ; cat .git/config"\n'
    payload = world.push("Spy", **{".mdtodo.toml": spying, "TODO.md": "- [ ] Good run:good\n"})
    job = world.job("push", payload, GITHUB_SERVER_URL=url)
    world.checkout(job)
    checkout = Checkout(job.workspace)
    checkout.git("remote", "set-url", "origin", f"{url}/octo/shop.git")
    checkout.git("config", f"http.{url}/.extraheader", "AUTHORIZATION: basic b2xkOm9sZA==")
    hook = checkout.write(".git/hooks/pre-push", f"#!/bin/sh\nenv >{job.folder}/stolen\n")
    hook.chmod(0o755)
    job.action({})
    assert job.ended.code == 0, job.ended.log
    assert "- [x] Good" in world.main()
    assert handler.seen
    basic = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert not (job.folder / "stolen").exists()
    logs = list((job.workspace / ".git").rglob("*.log"))
    assert any(b"MDTODO_TASK_ID" in log.read_bytes() for log in logs)
    for path in [*job.workspace.rglob("*"), *world.temp.rglob("*.json")]:
        if path.is_file() and stat.S_ISREG(path.lstat().st_mode):
            data = path.read_bytes()
            assert TOKEN.encode() not in data, path
            assert basic.encode() not in data, path
    assert TOKEN not in job.ended.log
    assert basic not in job.ended.log


def test_a_refused_token_is_told_without_it(world: World, server: tuple[str, type[GitServer]]) -> None:
    url, _ = server
    job = world.job("push", world.payload("0" * 40), GITHUB_SERVER_URL=url)
    world.checkout(job)
    Checkout(job.workspace).git("remote", "set-url", "origin", f"{url}/octo/shop.git")
    job.action({"token": "wrong-token-1234"})
    assert job.ended.code == 3
    assert job.ended.of("error")[-1].message.endswith("nothing was pushed")
    assert "wrong-token-1234" not in job.ended.log + job.ended.summary
    assert "- [ ] Good" in world.main()
