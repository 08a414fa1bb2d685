"""The landing of a person's command through the journal, as that of a run: what a kill cuts off, the next call
finishes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.git.position import head_position
from mdtodo.landing.policy import land_as_configured, new_run_id
from mdtodo.storage.rows import JournalEntry
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
    from mdtodo.landing.land import Landing
    from mdtodo.storage.leases import Lease
    from mdtodo.storage.rows import Entry
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class RecordedCommand(NamedTuple):
    """What a command is about to land, with the numbers that its receipts have in the journal. `claims`: by task, the
    tokens of those that end with it."""

    run_id: str
    commit: bool
    entries: tuple[Entry, ...]
    claims: Mapping[str, int]


def record(
    repo: Repository,
    state: StateStore,
    command: str,
    receipts: Sequence[Receipt],
    *,
    commit: bool,
    run_id: str | None = None,
    claims: Mapping[str, Lease] = MappingProxyType({}),
) -> RecordedCommand:
    """Write down what this command is about to land, by its name. From now on the next call does that, should this
    process not come to it; and the `claims`, by task, end with this process."""
    run_id = run_id or new_run_id()
    tokens = {task: claim.token for task, claim in claims.items()}
    how = {"commit": "run" if commit else "none", "place": [*head_position(repo)], "command": command}
    with state.at_once("command"):
        state.start_run(run_id, process_identity.name(), how)
        numbers = state.record([JournalEntry(run_id, one) for one in receipts])
        state.tie([*tokens.values()], mine=True)
    return RecordedCommand(run_id, commit, tuple(zip(numbers, receipts, strict=True)), tokens)


def land_recorded(
    repo: Repository,
    state: StateStore,
    command: RecordedCommand,
    config: Config,
    *,
    git: GitSession | None = None,
    keep: Callable[[Receipt, Landing], bool] = lambda *_: True,
) -> Landing:
    """Land it. The claims on what has landed are released; of its receipts the journal keeps those that `keep` says.

    Raises what `land_as_configured` does: where HEAD has not moved then, all is as if the command had not been called.
    What is to be changed in a file that somebody else is writing is left to the next call.
    """
    before = head_position(repo).commit
    try:
        # as in a run: on the disk before a box changes
        state.sync()
        receipts = [one for _, one in command.entries]
        run_id, commit = command.run_id, command.commit
        landing = land_as_configured(repo, receipts, run_id=run_id, commit=commit, config=config, git=git)
    except BaseException:
        if head_position(repo).commit == before:
            take_back(state, command)
        raise
    else:
        return _mark(state, command, landing, keep)
    finally:
        state.end_command(command.run_id)


def take_back(state: StateStore, command: RecordedCommand) -> None:
    """Forget it: its claims hold as before."""
    with state.at_once("taken back"):
        state.forget(number for number, _ in command.entries)
        state.tie([*command.claims.values()], mine=False)


def _mark(
    state: StateStore,
    command: RecordedCommand,
    landing: Landing,
    keep: Callable[[Receipt, Landing], bool],
) -> Landing:
    there = landing.ticked | landing.committed
    over = [entry for entry in command.entries if entry[1].task_id not in landing.waiting]
    kept = {number: one for number, one in over if one.task_id in there and keep(one, landing)}
    claims = command.claims.items()
    try:
        with state.at_once("landed"):
            for number, one in kept.items():
                state.mark_landed([number], landing.commit_of.get(one.task_id), base=landing.base)
            state.forget(number for number, _ in over if number not in kept)
            state.release(*(token for task, token in claims if task in there))
            state.tie([token for task, token in claims if task not in there], mine=False)
    except MdtodoError as error:  # the next call does that, when it has seen that all has landed
        return landing._replace(messages=(*landing.messages, str(error)))
    return landing
