"""The files for containers and clusters say what the programs of this project take."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mdtodo.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = [*yaml.safe_load_all((DEPLOY / "kubernetes" / "deployment.yaml").read_text())]
MANIFESTS += [*yaml.safe_load_all((DEPLOY / "kubernetes" / "cronjob.yaml").read_text())]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def pods() -> Iterator[dict[str, Any]]:
    for one in MANIFESTS:
        if one["kind"] == "Deployment":
            yield one["spec"]["template"]["spec"]
        if one["kind"] == "CronJob":
            yield one["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def containers() -> list[dict[str, Any]]:
    return [one for pod in pods() for one in (*pod["initContainers"], *pod["containers"])]


def calls() -> Iterator[list[str]]:
    yield COMPOSE["services"]["mdtodo"]["command"]
    yield [str(word) for word in yaml.safe_load(re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[-1])]
    yield from (one["args"] for one in containers() if "args" in one)


def test_each_call_is_one_that_the_command_line_takes() -> None:
    found = [*calls()]
    assert len(found) == 5
    for call in found:
        context = cli.make_context("mdtodo", call[2:] if call[0] == "-C" else call, resilient_parsing=True)
        name, command, rest = cli.resolve_command(context, call[2:] if call[0] == "-C" else call)
        assert command is not None, name
        command.make_context(name, list(rest), resilient_parsing=True)


def test_every_container_is_locked_down_and_has_limits() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
    assert len(containers()) == 5
    for one in containers():
        secured = one["securityContext"]
        assert secured["readOnlyRootFilesystem"]
        assert not secured["allowPrivilegeEscalation"]
        assert secured["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= one["resources"]["limits"].keys()


def test_what_the_manifests_take_of_the_secret_is_in_the_example() -> None:
    secret = yaml.safe_load((DEPLOY / "kubernetes" / "secret.example.yaml").read_text())
    taken = {
        env["valueFrom"]["secretKeyRef"]["key"]
        for one in containers()
        for env in one.get("env", ())
        if "valueFrom" in env
    }
    for pod in pods():
        for volume in pod["volumes"]:
            taken |= {item["key"] for item in volume.get("secret", {}).get("items", ())}
    assert taken == secret["stringData"].keys()


def test_the_users_are_one_and_the_same() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert f"--uid {user}" in DOCKERFILE
    assert {str(pod["securityContext"]["runAsUser"]) for pod in pods()} == {user}


def test_git_gets_the_credentials_of_the_example(tmp_path: Path) -> None:
    secret = yaml.safe_load((DEPLOY / "kubernetes" / "secret.example.yaml").read_text())["stringData"]
    for name in (".gitconfig", ".credentials"):
        (tmp_path / name).write_text(secret[name].replace("/home/mdtodo", shlex.quote(str(tmp_path))))
    for action in ("fill", "approve"):
        done = subprocess.run(
            ["git", "credential", action],
            input="protocol=https\nhost=git.example.com\nusername=mdtodo\n"
            + ("password=x\n" * (action == "approve")),
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        if action == "fill":
            assert "password=change-me" in done.stdout


def test_no_secret_is_written_down() -> None:
    text = "".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    assert not re.findall(r"whsec_[A-Za-z0-9+/=]{8,}|ghp_\w+|mdtodo_[A-Za-z0-9_-]{20,}", text)
