"""A remote, people who push to it, and jobs of the stand-in runner in checkouts of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import venv
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.action.git_server import TOKEN, GitServer
from tests.action.runner import ROOT, Ended, Job
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TODO = "# Plan\n\n- [ ] Good run:good id:good\n- [ ] Bad run:bad id:bad after:good\n"
CONFIG = """\
max_failures = 9

[processors.good]
run = "echo fine"

[processors.bad]
run = "echo it is broken; exit 3"
"""


class World:
    """A bare repository, a person's clone of it, and the runner's machine."""

    def __init__(self, folder: Path, temp: Path) -> None:
        self.folder = folder
        self.temp = temp
        self.bare = Checkout(folder / "octo" / "shop.git")
        self.bare.root.mkdir(parents=True)
        self.bare.git("init", "-q", "--bare")
        self.person = Checkout(folder / "person")
        self.person.root.mkdir()
        self.person.git("init", "-q")
        self.person.git("remote", "add", "origin", self.url)
        (folder / "home").mkdir()
        self.artifacts = folder / "artifacts"
        self.token = TOKEN
        self.compiled: Path | None = None
        self._jobs = 0

    @property
    def url(self) -> str:
        return f"file://{self.folder}/octo/shop.git"

    def push(self, message: str = "Work", **files: str | bytes) -> dict[str, Any]:
        """A person commits and pushes; the payload of the event."""
        before = self.person.git("rev-parse", "-q", "--verify", "refs/remotes/origin/main", check=False)
        self.person.git("pull", "-q", "--rebase", "origin", "main", check=False)
        self.person.commit(message, **files)
        self.person.git("push", "-q", "-u", "origin", "HEAD:main")
        return self.payload(before or "0" * 40)

    def payload(self, before: str, branch: str = "main") -> dict[str, Any]:
        """What GitHub says of a push that moved the branch from `before` to where it is."""
        span = [branch] if set(before) == {"0"} else [f"{before}..{branch}"]
        ids = self.bare.git("rev-list", "--reverse", *span).split()
        commits = [{"id": one, "message": self.bare.git("log", "-1", "--format=%B", one)} for one in ids]
        head = commits[-1] if commits else None
        return {"ref": f"refs/heads/{branch}", "before": before, "commits": commits, "head_commit": head}

    def main(self, path: str = "TODO.md") -> str:
        return self.bare.head(path, "main").decode()

    def job(self, event: str = "push", payload: Mapping[str, Any] | None = None, **env: str) -> Job:
        """A new job, with nothing checked out."""
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        workspace = folder / "workspace"
        workspace.mkdir(parents=True)
        (folder / "event.json").write_text(json.dumps(payload or {}))
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        given = {
            "PATH": path,
            "HOME": str(self.folder / "home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REF": "refs/pull/1/merge" if event.startswith("pull_request") else "refs/heads/main",
            "GITHUB_REPOSITORY": "octo/shop",
            "GITHUB_SERVER_URL": "https://github.example",
            "RUNNER_TEMP": str(self.temp),
        }
        given |= env
        # the server is a folder, of which no link in a summary would be one
        server = env.get("GITHUB_SERVER_URL", f"file://{self.folder}")
        github = {"token": self.token, "event_name": event, "server_url": server}
        github |= {"repository": given["GITHUB_REPOSITORY"], "ref": given["GITHUB_REF"]}
        contexts = {"github": github, "secrets": {"GITHUB_TOKEN": self.token}}
        return Job(folder, given, self.players(), contexts, compiled=self.compiled)

    def players(self) -> dict[str, Any]:
        return {
            "actions/checkout": lambda job, given: self.checkout(job, **given),
            "actions/setup-python": lambda job, given: {"python-path": sys.executable},
            "actions/cache/restore": self.restore,
            "actions/cache/save": lambda job, given: {},
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
        }

    def upload(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        shutil.copytree(given["path"], self.artifacts / given["name"])
        return {}

    def download(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        shutil.copytree(self.artifacts / given["name"], given["path"])
        return {}

    def two_jobs(self, payload: Mapping[str, Any], **given: Any) -> tuple[Job, Job | None]:
        """The jobs of the reusable workflow, each on a machine of its own; `given` are its inputs, and `env`."""
        text = (ROOT / ".github/workflows/run.yml").read_text()
        declared = yaml.safe_load(text)[True]["workflow_call"]["inputs"]  # YAML 1.1 takes `on` for true
        env = given.pop("env", {})
        inputs = {name: one["default"] for name, one in declared.items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        run = self._called("run", text, payload, inputs, {}, env)
        if not run.outputs["artifact"]:
            return run, None
        return run, self._called("push", text, payload, inputs, {"run": {"outputs": run.outputs}}, env)

    def _called(
        self,
        name: str,
        text: str,
        payload: Mapping[str, Any],
        inputs: Mapping[str, Any],
        needs: Mapping[str, Any],
        env: Mapping[str, str],
    ) -> Job:
        fresh = self.folder / f"machine-{name}"
        (fresh / "home").mkdir(parents=True)
        (fresh / "temp").mkdir()
        place = {"RUNNER_TEMP": str(fresh / "temp"), "HOME": str(fresh / "home")}
        job = self.job("push", payload, **{**env, **place})
        if name == "run":
            # its token may read, and nothing else
            job.contexts["github"]["token"] = job.contexts["secrets"]["GITHUB_TOKEN"] = "ghs_reads"
        job.contexts |= {"inputs": inputs, "needs": needs, "runner": {"temp": str(fresh / "temp")}}
        job.contexts["job"] = {"workflow_repository": "tools/git-mdtodo", "workflow_sha": "0" * 40}
        self.install(job)
        job.workflow(text, name)
        return job

    def install(self, job: Job) -> None:
        """Have mdtodo there already, as far as the Action can tell, so that pip need not be asked."""
        output = job.folder / "found"
        output.unlink(missing_ok=True)
        env = job.env | {"GITHUB_OUTPUT": str(output)}
        python = shutil.which("python3", path=job.env["PATH"])
        assert python
        subprocess.run([python, "-I", str(ROOT / "action/tool.py"), "find"], env=env, check=True)
        found = dict(line.split("=", 1) for line in output.read_text().splitlines())
        self.restore(job, {"path": found["folder"]})

    def checkout(self, job: Job, **given: str) -> dict[str, str]:
        """As actions/checkout does it: depth 1 (`fetch-depth: 0` for all), the branch of the event, its commit."""
        if given.get("repository", "octo/shop") != "octo/shop":
            return {}
        target = Checkout(job.workspace / given.get("path", "."))
        target.root.mkdir(exist_ok=True)
        target.git("init", "-q")
        target.git("remote", "add", "origin", self.url)
        branch = given.get("ref") or "main"
        target.git(
            "fetch",
            "-q",
            "--no-tags",
            *(() if given.get("fetch-depth") == "0" else ("--depth=1",)),
            "origin",
            f"+refs/heads/{branch}:refs/remotes/origin/{branch}",
        )
        if job.env["GITHUB_EVENT_NAME"].startswith("pull_request"):
            target.git("checkout", "-q", "--detach", f"refs/remotes/origin/{branch}")
        else:
            target.git("checkout", "-q", "-B", branch, f"refs/remotes/origin/{branch}")
        return {}

    def restore(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        """The cache has it: an environment that leads to the one of the tests."""
        folder = Path(given["path"])
        venv.create(folder, with_pip=False, symlinks=True)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "tests.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
        (folder / "mdtodo-is-installed").touch()
        return {"cache-hit": "true"}

    def act(self, event: str = "push", payload: Mapping[str, Any] | None = None, **given: Any) -> Ended:
        """Check out and run the Action; `given` are inputs (`_` for `-`), `env`, and `depth`."""
        job = self.job(event, payload, **given.pop("env", {}))
        self.checkout(job, **{"fetch-depth": given.pop("depth", "1")})
        job.action({name.replace("_", "-"): value for name, value in given.items()})
        return job.ended


@pytest.fixture(scope="session")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's temporary folder, one for all jobs: a runner that is used again and again."""
    return tmp_path_factory.mktemp("temp")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def world(tmp_path: Path, temp: Path, compiled: Path, request: pytest.FixtureRequest) -> World:
    """With a person's first push, of one task that succeeds, and one that does not.

    In a module with `COMPILED = True`, which attacks nothing of the Action's own, what delivers is compiled once.
    """
    made = World(tmp_path, temp)
    made.compiled = compiled if getattr(request.module, "COMPILED", False) else None
    made.push("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    return made


@pytest.fixture
def server(world: World) -> Iterator[tuple[str, type[GitServer]]]:
    handler = type("Handler", (GitServer,), {"root": world.folder, "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}", handler
        made.shutdown()
