"""Every workflow of docs/action.md, taken from there as it stands, and run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.action.conftest import TOKEN
from tests.action.runner import ROOT
from tests.action.test_event import OWN
from tests.conftest import Checkout

if TYPE_CHECKING:
    from tests.action.conftest import World

PAGE = (ROOT / "docs" / "action.md").read_text(encoding="utf-8")


def block(heading: str, language: str) -> str:
    """The first block of this language below the heading."""
    found = re.search(
        rf"^## {re.escape(heading)}\n.*?^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found, heading
    return found[1]


WORKFLOWS = re.findall(r"^```yaml\n(name: .*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_s_workflow_on_push_calls_the_one_of_two_jobs(world: World) -> None:
    called = yaml.safe_load(block("On push", "yaml"))["jobs"]["todo"]
    assert called["uses"] == "OWNER/git-mdtodo/.github/workflows/run.yml@COMMIT"
    _, push = world.two_jobs(world.payload("0" * 40), **called["with"] | {"setup": "true"})
    assert push is not None
    assert "- [x] Good" in world.main()


def test_the_page_s_workflow_in_one_job_runs_and_pushes_the_tick(world: World) -> None:
    ended = world.job("push", world.payload("0" * 40)).workflow(block("In one job", "yaml"))
    assert ended.code == 1
    assert "- [x] Good" in world.main()


def test_the_page_s_two_jobs_run_and_push_the_tick(world: World) -> None:
    text = block("The token", "yaml")
    run = world.job("push", world.payload("0" * 40))
    run.workflow(text, "run")
    assert "- [ ] Good" in world.main()
    push = world.job("push", world.payload("0" * 40))
    push.contexts |= {"needs": {"run": {"outputs": run.outputs}}, "runner": {"temp": str(push.folder)}}
    push.workflow(text, "push")
    assert (run.ended.code, push.ended.code) == (1, 1)
    assert "- [x] Good" in world.main()


def test_the_page_s_nightly_workflow_reopens_what_no_longer_holds(world: World) -> None:
    config = '[processors.good]\nrun = "true"\n[processors.bad]\nrun = "false"\n'
    world.push("Done", **{"TODO.md": "- [x] Good run:good\n- [x] Bad run:bad\n", ".mdtodo.toml": config})
    ended = world.job("schedule").workflow(block("Every night: does it still hold?", "yaml"))
    assert ended.code == 1, ended.log
    assert world.main().startswith("- [x] Good run:good\n- [ ] Bad run:bad")
    assert ended.outputs["commit"] == world.bare.git("rev-parse", "main")


def test_the_page_s_workflow_of_pull_requests_previews_and_changes_nothing(world: World) -> None:
    head = world.bare.git("rev-parse", "main")
    ended = world.job("pull_request", OWN).workflow(block("Pull requests", "yaml"))
    assert ended.code == 0, ended.log
    assert "Would run: 2" in ended.summary
    assert world.bare.git("rev-parse", "main") == head


def test_the_page_s_workers_of_several_kinds_run_what_is_theirs(world: World) -> None:
    text, todo = block("Workers of several kinds", "yaml"), block("Workers of several kinds", "markdown")
    config = '[processors.image]\nrun = "true"\n[processors.train]\nrun = "true"\n'
    payload = world.push("Tasks", **{"TODO.md": todo + "- [ ] Any run:image\n", ".mdtodo.toml": config})
    ran = []
    for one in yaml.safe_load(text)["jobs"]["work"]["strategy"]["matrix"]["include"]:
        ended = world.job("push", payload).workflow(text, **one)
        assert ended.code == 0, ended.log
        ran.append(ended.outputs["done"])
    assert ran == ["2", "1"]
    assert "[ ]" not in world.main()


def test_a_protected_branch(world: World) -> None:
    before = world.main()
    ended = world.job("push", world.payload("0" * 40)).workflow(block("A protected branch", "yaml"))
    assert ended.code == 1
    assert world.main() == before
    (branch,) = world.bare.git("for-each-ref", "--format=%(refname)", "refs/heads/mdtodo").split()
    assert world.bare.git("rev-parse", branch) == ended.outputs["commit"]


def shell(script: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    words = ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script]
    given = os.environ | {"PATH": path} | env
    return subprocess.run(words, cwd=cwd, env=given, text=True, capture_output=True, check=False, timeout=240)


def test_the_page_s_gitlab_job_runs_and_pushes(world: World, tmp_path: Path) -> None:
    job: dict[str, Any] = yaml.safe_load(block("GitLab CI", "yaml"))["todo"]
    world.push(
        "Spy",
        **{".mdtodo.toml": '[processors.good]\nrun = "env >env.txt"\n', "TODO.md": "- [ ] Good run:good\n"},
    )
    job_dir = world.job()
    world.checkout(job_dir)
    checkout = Checkout(job_dir.workspace)
    checkout.git("checkout", "-q", "--detach")
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/pip\n')
    pip.chmod(0o755)
    env = {
        "PATH": f"{pip.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CI_COMMIT_BRANCH": "main",
        "CI_PROJECT_URL": f"file://{world.bare.root}".removesuffix(".git"),
        "CI_SERVER_URL": "https://gitlab.example",
        "GITLAB_USER_NAME": "Ada",
        "GITLAB_USER_EMAIL": "ada@example.com",
        "MDTODO_TOKEN": TOKEN,
    }
    done = shell("\n".join(job["script"]), job_dir.workspace, **env)
    assert done.returncode == 0, done.stderr
    assert world.main() == "- [x] Good run:good\n"
    assert (tmp_path / "pip").read_text().startswith("install\n--quiet\ngit-mdtodo @ git+https://")
    seen = checkout.read("env.txt").decode()
    assert TOKEN not in seen
    assert "GIT_CONFIG" not in seen
    never = re.search("/(.*)/", job["rules"][0]["if"])
    assert never
    assert re.search(never[1], world.bare.git("log", "-1", "--format=%B", "main"))


def test_the_page_s_line_of_a_crontab_runs_and_pushes(world: World, tmp_path: Path) -> None:
    line = PAGE.split("## cron\n")[1].split("```\n")[1].strip()
    assert re.match(r"(\S+ ){5}cd ", line)
    assert "%" not in line  # a line end, in a crontab
    home = tmp_path / "cron"
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/mdtodo").symlink_to(Path(sys.executable).parent / "mdtodo")
    Checkout(home).git("clone", "-q", world.url, "shop")
    done = shell(line.split(" ", 5)[5], home, HOME=str(home))
    assert done.returncode == 1, done.stderr
    assert "- [x] Good" in world.main()
    assert "1 done, 1 failed" in (home / "shop/.git/todo.log").read_text()
    assert Checkout(home / "shop").status() == []


def test_the_workflows_are_sound(tmp_path: Path) -> None:
    """By GitHub's and GitLab's own schemas, and by zizmor; those of the repository as well."""
    assert len(WORKFLOWS) == 7
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for number, text in enumerate(WORKFLOWS):
        (folder / f"{number}.yml").write_text(text.replace("COMMIT", "0" * 40))
    own = [*map(str, (ROOT / ".github/workflows").glob("*.yml"))]
    files = [*map(str, folder.iterdir())]
    (tmp_path / "gitlab.yml").write_text(block("GitLab CI", "yaml"))
    for words in (
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files, *own],
        ["check-jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")],
        ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(tmp_path / "gitlab.yml")],
        ["zizmor", "--offline", "--quiet", "--no-progress", *files, *own, str(ROOT / "action.yml")],
    ):
        program = Path(sys.executable).parent / words[0]
        done = subprocess.run([program, *words[1:]], text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_of_others_is_pinned_with_its_version() -> None:
    texts = [
        PAGE,
        (ROOT / "action.yml").read_text(),
        *(p.read_text() for p in (ROOT / ".github/workflows").glob("*")),
    ]
    uses = [
        line
        for text in texts
        for line in re.findall(r"uses: (.*)", text)
        if not line.startswith("./") and "/git-mdtodo" not in line
    ]
    assert len(uses) >= 10
    assert [line for line in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_inputs_and_outputs_are_documented() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given, made = PAGE.split("## Inputs")[1].split("## Outputs")
    assert [name for name in action["inputs"] if f"| `{name}` |" not in given] == []
    assert [name for name in action["outputs"] if f"`{name}`" not in made] == []


def test_no_expression_is_in_a_script() -> None:
    scripts = [
        step["run"]
        for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
        if "run" in step
    ]
    assert len(scripts) == 6
    assert [script for script in scripts if "${{" in script] == []
