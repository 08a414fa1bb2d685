"""A small stand-in for GitHub's runner: it reads action.yml and workflows, and runs their steps with the real bash.

What it does is what the runner's documentation and source say (actions/runner: Runner.Worker/ActionCommandManager.cs,
FileCommandManager.cs, Handlers/ScriptHandler.cs): expressions in `if`, `env`, `with` and outputs, the `GITHUB_*`
files, workflow commands in the log with `::stop-commands::`, and masks. Actions of others are played by functions.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

_BASH = "bash --noprofile --norc -eo pipefail {0}"
_SHELLS = {"bash": _BASH}

#: What plays the action of somebody else: given the job and the step's inputs, its outputs.
Player = "Callable[[Job, Mapping[str, str]], Mapping[str, str]]"


@dataclass
class Annotation:
    """One `::error ...::` as the runner reads it."""

    level: str
    message: str
    properties: dict[str, str]


@dataclass
class Ended:
    """What became of a composite action, or of a job."""

    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    annotations: list[Annotation] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def of(self, level: str) -> list[Annotation]:
        return [one for one in self.annotations if one.level == level]


@dataclass
class Job:
    """A job on the runner: its folders, its environment, and the contexts of its expressions."""

    folder: Path
    env: dict[str, str]
    players: Mapping[str, Any]
    contexts: dict[str, Any] = field(default_factory=dict)
    masks: list[str] = field(default_factory=list)
    ended: Ended = field(default_factory=Ended)
    outputs: dict[str, str] = field(default_factory=dict)
    #: Where the step that delivers finds its modules compiled. As shipped it trusts none that are, and compiles them.
    compiled: Path | None = None

    @property
    def workspace(self) -> Path:
        return Path(self.env["GITHUB_WORKSPACE"])

    def workflow(self, text: str, name: str | None = None, **matrix: Any) -> Ended:
        """One job of a workflow, the first one unless named, with these values of its matrix."""
        jobs = yaml.safe_load(text)["jobs"]
        job = jobs[name or next(iter(jobs))]
        self.contexts["matrix"] = matrix
        self.env |= {key: self.value(value) for key, value in (job.get("env") or {}).items()}
        steps: dict[str, Any] = {}
        self._steps(job["steps"], {}, steps)
        self.outputs = {key: self.value(value, steps=steps) for key, value in job.get("outputs", {}).items()}
        return self.ended

    def action(self, inputs: Mapping[str, str], path: Path = ROOT) -> dict[str, str]:
        """The composite action in a folder, with these inputs; its outputs."""
        action = yaml.safe_load((path / "action.yml").read_text())
        unknown = set(inputs) - set(action["inputs"])
        assert not unknown, f"unknown inputs {unknown}"
        around = self.contexts.get("inputs", {})
        self.contexts["inputs"] = {
            name: inputs.get(name, self.value(one.get("default", "")))
            for name, one in action["inputs"].items()
        }
        steps: dict[str, Any] = {}
        self._steps(action["runs"]["steps"], {"GITHUB_ACTION_PATH": str(path)}, steps)
        outputs = {name: self.value(one["value"], steps=steps) for name, one in action["outputs"].items()}
        self.contexts["inputs"] = around
        self.ended.outputs |= outputs
        return outputs

    def _steps(
        self, steps: list[dict[str, Any]], env: dict[str, str], known: dict[str, Any] | None = None
    ) -> None:
        known = {} if known is None else known
        for number, step in enumerate(steps):
            name = step.get("id") or f"step-{number}"
            if not self._wanted(step.get("if"), known):
                self.ended.skipped.append(str(step.get("name") or name))
                known[name] = {"outputs": {}}
                continue
            before = self.ended.code
            if "uses" in step:
                known[name] = {"outputs": self._use(step, known)}
            else:
                known[name] = {"outputs": self._run(step, env, known)}
            if step.get("continue-on-error"):
                self.ended.code = before

    def _wanted(self, condition: str | None, steps: dict[str, Any]) -> bool:
        text = str(condition if condition is not None else "success()").removeprefix("${{").removesuffix("}}")
        if not re.search(r"\b(always|failure|cancelled|success)\(\)", text) and self.ended.code:
            return False
        return bool(self._evaluate(text, steps))

    def _use(self, step: dict[str, Any], steps: dict[str, Any]) -> Mapping[str, str]:
        given = {name: self.value(value, steps=steps) for name, value in (step.get("with") or {}).items()}
        name = step["uses"].split("@")[0]
        if name in ("./", "./mdtodo") or name.endswith("/git-mdtodo"):
            return self.action(given)
        return self.players[name](self, given)

    def _run(self, step: dict[str, Any], env: Mapping[str, str], steps: dict[str, Any]) -> dict[str, str]:
        script = step["run"]
        if self.compiled:
            script = script.replace("-B -X pycache_prefix=/dev/null", f"-X pycache_prefix={self.compiled}")
        if self.contexts.get("inputs") is not None and "GITHUB_ACTION_PATH" in env:
            assert "${{" not in script, "an expression in a script"
        files = {}
        for kind in ("ENV", "OUTPUT", "PATH", "STEP_SUMMARY"):
            files[f"GITHUB_{kind}"] = self.folder / f"file-{kind}-{len(self.ended.log)}-{os.urandom(4).hex()}"
            files[f"GITHUB_{kind}"].touch()
        path = self.folder / f"{os.urandom(4).hex()}.sh"
        path.write_text(self.value(script, steps=steps))
        own = {name: self.value(value, steps=steps) for name, value in (step.get("env") or {}).items()}
        given = self.env | dict(env) | own | {name: str(file) for name, file in files.items()}
        words = _SHELLS.get(step["shell"], step["shell"]).split(" ") if "shell" in step else _BASH.split(" ")
        # ScriptHandler.cs looks for the shell in what `GITHUB_PATH` has put in front, unless it is a path
        words[0] = shutil.which(words[0], path=given["PATH"]) or words[0]
        done = subprocess.run(
            [str(path) if word == "{0}" else word for word in words],
            cwd=self.workspace / self.value(step.get("working-directory", "."), steps=steps),
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
            check=False,
        )
        outputs = _read_pairs(files["GITHUB_OUTPUT"].read_text())
        self._read_log(done.stdout.decode(errors="replace"), outputs)
        self.env |= _read_pairs(files["GITHUB_ENV"].read_text())
        added = files["GITHUB_PATH"].read_text().split()
        self.env["PATH"] = ":".join([*reversed(added), self.env["PATH"]])
        self.ended.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        self.ended.code = self.ended.code or done.returncode
        return outputs

    def _read_log(self, text: str, outputs: dict[str, str]) -> None:
        """Line by line, as ActionCommandManager does; what it takes for a command is not in the log."""
        token = None
        for line in re.split(r"\r\n|\r|\n", text):
            command = _command(line)
            if command and token is not None:
                if command[0] == token:
                    token = None
                    continue
                command = None
            if command is None:
                for mask in self.masks:
                    line = line.replace(mask, "***")
                self.ended.log += line + "\n"
                continue
            name, properties, message = command
            self.ended.commands.append(name)
            if name == "stop-commands":
                token = message
            elif name == "add-mask":
                self.masks.append(message)
            elif name == "set-output":
                outputs[properties["name"]] = message
            elif name in ("error", "warning", "notice"):
                self.ended.annotations.append(Annotation(name, message, properties))

    def value(self, text: Any, *, steps: dict[str, Any] | None = None) -> str:
        """The text with its expressions evaluated."""
        plain = (
            {True: "true", False: "false", None: ""}.get(text, text) if not isinstance(text, str) else text
        )
        return re.sub(
            r"\$\{\{(.*?)\}\}", lambda found: _text(self._evaluate(found[1], steps or {})), str(plain)
        )

    def _evaluate(self, text: str, steps: dict[str, Any]) -> Any:
        """`==`, `!=`, `&&`, `||`, functions without arguments, strings, and paths into the contexts."""
        text = text.strip()
        for sign in ("||", "&&"):
            parts = text.split(sign)
            if len(parts) > 1:
                left, right = self._evaluate(parts[0], steps), sign.join(parts[1:])
                return left if bool(left) == (sign == "||") else self._evaluate(right, steps)
        if found := re.fullmatch(r"(.+?)\s*(==|!=)\s*(.+)", text):
            same = _text(self._evaluate(found[1], steps)) == _text(self._evaluate(found[3], steps))
            return same == (found[2] == "==")
        if text in ("success()", "always()", "failure()"):
            return {"success()": not self.ended.code, "always()": True, "failure()": bool(self.ended.code)}[
                text
            ]
        if found := re.fullmatch(r"'([^']*)'", text):
            return found[1]
        value: Any = self.contexts | {"steps": steps}
        for part in text.split("."):
            assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", part), f"not understood: {text}"
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value


def _text(value: Any) -> str:
    return {True: "true", False: "false", None: ""}[value] if value in (True, False, None) else str(value)


def _command(line: str) -> tuple[str, dict[str, str], str] | None:
    """`::name key=value,...::message`, after blanks, with `%25`, `%0D`, `%0A` (and `%3A`, `%2C`); or `##[name]message`
    anywhere in the line."""
    found = re.match(r"\s*::([A-Za-z0-9-]+)(?: (.*?))?::(.*)", line, re.DOTALL)
    found = found or re.search(r"##\[([A-Za-z0-9-]+)(?: (.*?))?\](.*)", line, re.DOTALL)
    if not found:
        return None
    pairs = (pair.partition("=") for pair in (found[2] or "").split(",") if "=" in pair)
    properties = {key.strip(): _plain(value, ("%3A", ":"), ("%2C", ",")) for key, _, value in pairs}
    return found[1], properties, _plain(found[3])


def _plain(text: str, *more: tuple[str, str]) -> str:
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(code, sign)
    return text


def _read_pairs(text: str) -> dict[str, str]:
    """`name=value` and `name<<END ... END`, as FileCommandManager reads them; anything else is an error."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        if here >= 0 and (equals < 0 or here < equals):
            end, value = line[here + 2 :], []
            for inner in lines:
                if inner == end:
                    break
                value.append(inner)
            else:
                raise AssertionError(f"no {end} in the file")
            found[line[:here]] = "\n".join(value)
        else:
            assert equals > 0, f"neither name=value nor name<<END: {line!r}"
            found[line[:equals]] = line[equals + 1 :]
    return found
