"""An attempt as plain JSON: written by the runner, read and checked by the pool process that carries it out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from mdtodo.execution.processors.metrics import number
from mdtodo.execution.processors.supervise import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.clones.sandbox import Sandbox
    from mdtodo.core.task import Json

#: Seconds between TERM and KILL.
GRACE = 5.0
#: Bytes of output that are kept of one attempt.
LOG_LIMIT = 10 * 1024 * 1024
#: Bytes of one variable; Linux takes 128 KiB at most (MAX_ARG_STRLEN). Standard input has the whole text.
VARIABLE_LIMIT = 64 * 1024
#: What of a task is in the environment, by the names there.
_VARIABLES = {
    f"MDTODO_TASK_{name.upper()}": name
    for name in ("id", "title", "file", "line", "priority", "category", "kind", "tags", "body")
}
#: Those of an attempt's variables that no other attempt has so.
IDENTIFYING_VARIABLES = ("MDTODO_TASK_ID", "MDTODO_RUN_ID", "MDTODO_ATTEMPT")
_T = TypeVar("_T")


class ProcessorSettings(Protocol):
    """What an attempt needs of a configured processor: one of `run` and `python`; `timeout` in seconds; `cwd` relative
    to the root."""

    @property
    def run(self) -> str | tuple[str, ...] | None: ...
    @property
    def python(self) -> str | None: ...
    @property
    def timeout(self) -> float | None: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def cwd(self) -> str | None: ...


class SpecError(ValueError):
    """A spec that does not describe an attempt; the sentence says why."""


def spec(
    task: Json,
    processor: ProcessorSettings,
    *,
    run_id: str,
    attempt: int,
    root: str,
    log: str,
    spool: str | None = None,
    anchor: Sequence[object] | None = None,
    outputs: Json | None = None,
    tree: str | None = None,
    clone: Json | None = None,
    grace: float = GRACE,
    log_limit: int = LOG_LIMIT,
) -> dict[str, object]:
    """One attempt as plain JSON. `task` is the TASK object of `list --json` with `body`; `log` an absolute path, and
    `spool` the beginning of one, see `storage.spool`, which also keeps `anchor`; `outputs` is what
    `outputs.snapshot.outputs_spec` makes; `tree` as in a Receipt; `clone` what `in_clone.CloneTerms` reads, where it
    does not run in the checkout."""
    return {
        "attempt": f"{run_id}/{task['id']}/{attempt}",
        "kind": "command" if processor.python is None else "python",
        "run": list(processor.run) if isinstance(processor.run, tuple) else processor.run,
        "python": processor.python,
        "root": root,
        # Not made real here: it is looked at again where it is used, as a processor may change it in between.
        "cwd": os.path.join(root, processor.cwd) if processor.cwd else root,
        "env": environment(task, attempt, run_id, processor.env, {}),
        "task": dict(task),
        "timeout": processor.timeout,
        "grace": grace,
        "log": log,
        "log_limit": log_limit,
        "spool": spool,
        "anchor": anchor,
        "outputs": outputs,
        "tree": tree,
        "clone": clone,
    }


def environment(
    task: Json, attempt: int, run_id: str, config_env: Mapping[str, str], base_env: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a processor: `base_env` without git's and mdtodo's variables, then the processor's
    own (which cannot set `MDTODO_*`), then the task's `MDTODO_*`.

    What is absent is empty, lists are joined by commas, NUL shows as U+FFFD, and a text of more than 64 KiB
    is cut.
    """
    found = inherited(base_env)
    for name, value in config_env.items():
        if not name.startswith("MDTODO_"):
            found[name] = value.replace("\0", "�")
    for name, field in _VARIABLES.items():
        found[name] = _variable(task.get(field))
    return {**found, "MDTODO_ATTEMPT": str(attempt), "MDTODO_RUN_ID": _variable(run_id)}


class AttemptJob(NamedTuple):
    """A spec, checked. `cwd` is where it runs, in the `root` of the repository or below it. In a clone, `inherits` is
    what it has of the environment of this process in place of all of it, and `sandbox` what is around it, if asked
    for. `commit` is what `at_commit.CommitTerms` reads, where there is no checkout."""

    attempt: str
    run: str | list[str]
    python: str | None
    root: str
    cwd: str
    env: dict[str, str]
    task: Json
    limits: Limits
    log: str
    log_limit: int
    outputs: Json | None
    clone: Json | None = None
    commit: Json | None = None
    inherits: Mapping[bytes, bytes] | None = None
    sandbox: Sandbox | None = None

    @classmethod
    def read(cls, spec: Json) -> AttemptJob:
        """Check a spec; SpecError with the reason."""
        kind = _field(spec, "kind", str)
        run = spec.get("run")
        if kind == "command" and not (isinstance(run, str) or _texts(run)):
            raise SpecError("`run` is neither a string nor a list of strings that begins with a program")
        if kind not in ("command", "python"):
            raise SpecError(f"unknown kind {kind!r}")
        cwd = _field(spec, "cwd", str)
        root = _field({"root": cwd, **spec}, "root", str)
        if not os.path.isdir(root):
            raise SpecError(f"the folder {root} does not exist")
        return cls(
            attempt=_field(spec, "attempt", str),
            run=cast("str | list[str]", run),
            python=_field(spec, "python", str) if kind == "python" else None,
            root=root,
            cwd=cwd,
            env=_checked_environment(_field(spec, "env", dict)),
            task=_field(spec, "task", dict),
            limits=Limits(_seconds(spec.get("timeout")), _seconds(spec.get("grace", GRACE)) or 0.0),
            log=_absolute(_field(spec, "log", str)),
            log_limit=_field({"log_limit": LOG_LIMIT, **spec}, "log_limit", int),
            outputs=_field(spec, "outputs", dict) if spec.get("outputs") is not None else None,
            clone=_field(spec, "clone", dict) if spec.get("clone") is not None else None,
            commit=_field(spec, "commit", dict) if spec.get("commit") is not None else None,
        )


def stands_alone(spec: Json) -> bool:
    """Whether an attempt needs a pool process for itself: what is forked from it has no environment by which it can be
    told from others, and where files are looked through or cloned nobody watches meanwhile."""
    return spec.get("kind") != "command" or any(
        spec.get(name) is not None for name in ("outputs", "clone", "commit")
    )


def inherited(env: Mapping[str, str]) -> dict[str, str]:
    """Without what is said to us alone: GIT_DIR or GIT_INDEX_FILE of a hook would lead the processor's git astray."""
    return {name: value for name, value in env.items() if not name.startswith(("GIT_", "MDTODO_"))}


def _variable(value: object) -> str:
    if not value and value in (None, ""):
        return ""
    text = ",".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)
    if len(text) <= VARIABLE_LIMIT // 4 and "\0" not in text:
        return text
    short = cut(encoded(text.replace("\0", "�")), VARIABLE_LIMIT)
    return short.decode("utf-8", "surrogateescape")


def exit_status(code: int | None) -> int:
    """What the process of a Python processor exits with that reports `code`."""
    return code & 0xFF if isinstance(code, int) else 1


def encoded(text: str) -> bytes:
    """In UTF-8 in any locale; bytes that were none, as in a file's name, are again what they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def cut(data: bytes, size: int) -> bytes:
    """At most `size` bytes, without half a character at the end."""
    if len(data) <= size:
        return data
    begins = size
    while begins and size - begins < 4 and data[begins] & 0xC0 == 0x80:
        begins -= 1
    whole = size - begins < 4  # UTF-8 has three such bytes in a row at most: more are bytes of no character
    return data[: begins if whole else size]


def _field(spec: Json, name: str, kind: type[_T]) -> _T:
    value = spec.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SpecError(f"`{name}` is missing or of the wrong type")
    return value


def _checked_environment(env: dict[object, object]) -> dict[str, str]:
    for name, value in env.items():
        if (
            not (isinstance(name, str) and name and isinstance(value, str))
            or "=" in name
            or "\0" in name + value
        ):
            raise SpecError(f"{name!r} cannot be an environment variable with this value")
    return cast("dict[str, str]", env)


def _absolute(path: str) -> str:
    if not os.path.isabs(path):
        raise SpecError(f"the path {path} is not absolute")
    return path


def _texts(value: object) -> bool:
    """Whether it is a list of texts, the first of which can name a program."""
    return isinstance(value, list) and any(value[:1]) and all(isinstance(part, str) for part in value)


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    seconds = number(value)
    if seconds is None or seconds < 0:
        raise SpecError("`timeout` and `grace` are seconds")
    return seconds
