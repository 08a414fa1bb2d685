"""The settings of processors: what `[tool.mdtodo.processors.NAME]` and `[tool.mdtodo.defaults]` may hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mdtodo.config import value_types
from mdtodo.config.shapes import (
    Record,
    Table,
    boolean,
    choice,
    integer,
    key,
    list_of,
    name_of,
    number,
    single_line,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import dataclass
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """Which tasks a processor takes: all that are given must hold."""

    category: str | None = key(
        single_line("a category"), "The task's category, from a tag; see `classify`.", None
    )
    kind: str | None = key(single_line("a kind"), "The task's kind, from a tag; see `classify`.", None)
    tags: tuple[str, ...] = key(value_types.tags(), "Tags, all of which the task must have.", ())
    title: str | None = key(
        value_types.regex(), "A regular expression that matches anywhere in the title.", None
    )


@dataclass(frozen=True, slots=True)
class Processor:
    """How a task is proven: a command, or a Python callable; exactly one of `run` and `python` is set."""

    name: str
    run: str | tuple[str, ...] | None = key(
        value_types.command(), "A command; a string goes through the shell, a list does not.", None
    )
    python: str | None = key(
        value_types.callable_name(),
        "A Python callable, as `package.module:function` or entry point; called with a Task in the pool.",
        None,
    )
    match: Match | None = key(Record(Match), "The tasks without `run:` that this processor takes.", None)
    timeout: float | None = key(
        value_types.duration(), "An attempt that takes longer is stopped, and fails.", None
    )
    retries: int = key(integer(0), "Further attempts after a failure, in the same run.", 0)
    retry_delay: float = key(value_types.duration(zero=True), "The delay before the second attempt.", 1.0)
    backoff: float = key(number(1, 100), "Each further delay is longer by this factor.", 2.0)
    needs: tuple[str, ...] = key(
        list_of("a list of capabilities", name_of("capability")),
        "Capabilities that a worker must have.",
        (),
    )
    inputs: tuple[str, ...] = key(
        value_types.paths("a list of patterns"),
        "Files that it reads; while they are unchanged, the last result stands.",
        (),
    )
    outputs: tuple[str, ...] = key(
        value_types.paths("a list of paths"),
        "Files it writes, committed with the tick; those that only a pattern fits it names in `$MDTODO_OUTPUT`.",
        (),
    )
    env: Mapping[str, str] = table(
        Table(value_types.environment_value(), value_types.check_variable),
        "Environment variables for the processor.",
    )
    repeatable: bool = key(
        boolean(),
        "Whether it may run again for a task that is done: `verify` and `prove` leave others alone.",
        True,
    )
    cwd: str | None = key(
        value_types.folder(),
        "The folder that it runs in, relative to the root of the repository; default: the root.",
        None,
    )

    isolation: str | None = key(
        choice("checkout", "clone"),
        "Where it runs: in the checkout, or in a throw-away clone; default: `isolation`.",
        None,
    )
    executor: str | None = key(
        choice("local"), '`"local"`: it runs on this machine, also where others run on a cluster.', None
    )
    check: str | tuple[str, ...] | None = key(
        value_types.command(),
        "Proves what `run` did, in a second clone that has just the changes; `verify` and `prove` run it alone.",
        None,
    )
    changes: str = key(
        choice("commit", "branch", "discard"),
        "What becomes of what it changed in its clone: it lands with the tick, waits on a branch, or goes.",
        "commit",
    )
    protect: tuple[str, ...] = key(
        value_types.paths("a list of patterns"), "Files that it must not change: where it does, it fails.", ()
    )
    link: tuple[str, ...] = key(
        list_of("a list of folders", value_types.folder()),
        "Ignored folders of the checkout that its clone sees, such as `node_modules`.",
        (),
    )
    pass_env: tuple[str, ...] = key(
        list_of("a list of variables", value_types.variable()),
        "Environment variables that it gets in its clone, besides `PATH`, `HOME`, `LANG`, `TERM` and the like.",
        (),
    )
    sandbox: bool = key(
        boolean(), "With bubblewrap: it writes in its clone, in `$TMPDIR` and in an empty home alone.", False
    )
    home: tuple[str, ...] = key(
        list_of("a list of paths", value_types.below_home()),
        "What of the real home the sandbox sees, and may write.",
        (),
    )
    network: bool = key(boolean(), "`false`: no network in the sandbox.", True)
    budget: float | None = key(
        value_types.duration(), "Wall time of all attempts of a task in a run together; then it fails.", None
    )

    @property
    def command_line(self) -> str:
        """The command as a person would type it, or the name of the callable."""
        import shlex

        if self.run is None:
            return self.python or ""
        return self.run if isinstance(self.run, str) else shlex.join(self.run)


#: The keys of a processor that say something of its clone alone, and of its sandbox.
CLONE_KEYS = ("check", "changes", "protect", "link", "pass_env", "sandbox")
SANDBOX_KEYS = ("home", "network")


@dataclass(frozen=True, slots=True)
class Defaults:
    """For every processor, recipe and inline block that does not say otherwise; None: not given."""

    timeout: float | None = key(value_types.duration(), "The `timeout` of processors that set none.", None)
    retries: int | None = key(integer(0), "The `retries` of processors that set none.", None)
    retry_delay: float | None = key(
        value_types.duration(zero=True), "The `retry_delay` of processors that set none.", None
    )
    backoff: float | None = key(number(1, 100), "The `backoff` of processors that set none.", None)
    env: Mapping[str, str] = table(
        Table(value_types.environment_value(), value_types.check_variable),
        "Environment variables for every processor; a processor's own value wins.",
    )

    def merge_into(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of a processor, with those that it does not give itself."""
        numbers = {name: getattr(self, name) for name in ("timeout", "retries", "retry_delay", "backoff")}
        # not `if value`: `retries = 0` is given too
        set_here = {name: value for name, value in numbers.items() if value is not None}
        return {**set_here, **given, "env": {**self.env, **given.get("env", {})}}

    def apply_to(self, processor: Processor) -> Processor:
        """A processor that says nothing of these itself: a recipe, or the block inside a task."""
        return processor if self == Defaults() else replace(processor, **self.merge_into({}))
