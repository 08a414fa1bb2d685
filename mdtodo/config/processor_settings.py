"""The settings of processors: what `[tool.mdtodo.processors.NAME]` and `[tool.mdtodo.defaults]` may hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mdtodo.config import value_types
from mdtodo.config.shapes import (
    Record,
    Table,
    boolean,
    choice,
    described,
    integer,
    name_of,
    number,
    single_line,
    string_list,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Match:
    """Which tasks a processor takes: all that are given must hold."""

    category: str | None = field(
        default=None,
        metadata=described(single_line("a category"), "The task's category, from a tag; see `classify`."),
    )
    kind: str | None = field(
        default=None,
        metadata=described(single_line("a kind"), "The task's kind, from a tag; see `classify`."),
    )
    tags: tuple[str, ...] = field(
        default=(), metadata=described(value_types.tags(), "Tags, all of which the task must have.")
    )
    title: str | None = field(
        default=None,
        metadata=described(value_types.regex(), "A regular expression that matches anywhere in the title."),
    )


@dataclass(frozen=True, slots=True)
class Processor:
    """How a task is proven: a command, or a Python callable; exactly one of `run` and `python` is set."""

    name: str
    run: str | tuple[str, ...] | None = field(
        default=None,
        metadata=described(
            value_types.command(), "A command; a string goes through the shell, a list does not."
        ),
    )
    python: str | None = field(
        default=None,
        metadata=described(
            value_types.callable_name(),
            "A Python callable, as `package.module:function` or entry point; called with a Task in the pool.",
        ),
    )
    match: Match | None = field(
        default=None, metadata=described(Record(Match), "The tasks without `run:` that this processor takes.")
    )
    timeout: float | None = field(
        default=None,
        metadata=described(value_types.duration(), "An attempt that takes longer is stopped, and fails."),
    )
    retries: int = field(
        default=0, metadata=described(integer(0), "Further attempts after a failure, in the same run.")
    )
    retry_delay: float = field(
        default=1.0,
        metadata=described(value_types.duration(zero=True), "The delay before the second attempt."),
    )
    backoff: float = field(
        default=2.0, metadata=described(number(1, 100), "Each further delay is longer by this factor.")
    )
    needs: tuple[str, ...] = field(
        default=(),
        metadata=described(
            string_list("a list of capabilities", name_of("capability")),
            "Capabilities that a worker must have.",
        ),
    )
    inputs: tuple[str, ...] = field(
        default=(),
        metadata=described(
            value_types.paths("a list of patterns"),
            "Files that it reads; while they are unchanged, the last result stands.",
        ),
    )
    outputs: tuple[str, ...] = field(
        default=(),
        metadata=described(
            value_types.paths("a list of paths"),
            "Files it writes, committed with the tick; those that only a pattern fits it names in `$MDTODO_OUTPUT`.",
        ),
    )
    env: Mapping[str, str] = field(
        default_factory=dict,
        metadata=described(
            Table(value_types.environment_value(), value_types.check_variable),
            "Environment variables for the processor.",
        ),
    )
    repeatable: bool = field(
        default=True,
        metadata=described(
            boolean(),
            "Whether it may run again for a task that is done: `verify` and `prove` leave others alone.",
        ),
    )
    cwd: str | None = field(
        default=None,
        metadata=described(
            value_types.folder(),
            "The folder that it runs in, relative to the root of the repository; default: the root.",
        ),
    )

    isolation: str | None = field(
        default=None,
        metadata=described(
            choice("checkout", "clone"),
            "Where it runs: in the checkout, or in a throw-away clone; default: `isolation`.",
        ),
    )
    check: str | tuple[str, ...] | None = field(
        default=None,
        metadata=described(
            value_types.command(),
            "Proves what `run` did, in a second clone that has just the changes; `verify` and `prove` run it alone.",
        ),
    )
    changes: str = field(
        default="commit",
        metadata=described(
            choice("commit", "branch", "discard"),
            "What becomes of what it changed in its clone: it lands with the tick, waits on a branch, or goes.",
        ),
    )
    protect: tuple[str, ...] = field(
        default=(),
        metadata=described(
            value_types.paths("a list of patterns"), "Files that it must not change: where it does, it fails."
        ),
    )
    link: tuple[str, ...] = field(
        default=(),
        metadata=described(
            string_list("a list of folders", value_types.folder()),
            "Ignored folders of the checkout that its clone sees, such as `node_modules`.",
        ),
    )
    pass_env: tuple[str, ...] = field(
        default=(),
        metadata=described(
            string_list("a list of variables", value_types.variable()),
            "Environment variables that it gets in its clone, besides `PATH`, `HOME`, `LANG`, `TERM` and the like.",
        ),
    )
    sandbox: bool = field(
        default=False,
        metadata=described(
            boolean(), "With bubblewrap: it writes in its clone, in `$TMPDIR` and in an empty home alone."
        ),
    )
    home: tuple[str, ...] = field(
        default=(),
        metadata=described(
            string_list("a list of paths", value_types.below_home()),
            "What of the real home the sandbox sees, and may write.",
        ),
    )
    network: bool = field(default=True, metadata=described(boolean(), "`false`: no network in the sandbox."))
    budget: float | None = field(
        default=None,
        metadata=described(
            value_types.duration(), "Wall time of all attempts of a task in a run together; then it fails."
        ),
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

    timeout: float | None = field(
        default=None, metadata=described(value_types.duration(), "The `timeout` of processors that set none.")
    )
    retries: int | None = field(
        default=None, metadata=described(integer(0), "The `retries` of processors that set none.")
    )
    retry_delay: float | None = field(
        default=None,
        metadata=described(value_types.duration(zero=True), "The `retry_delay` of processors that set none."),
    )
    backoff: float | None = field(
        default=None, metadata=described(number(1, 100), "The `backoff` of processors that set none.")
    )
    env: Mapping[str, str] = field(
        default_factory=dict,
        metadata=described(
            Table(value_types.environment_value(), value_types.check_variable),
            "Environment variables for every processor; a processor's own value wins.",
        ),
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
