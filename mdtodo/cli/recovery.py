"""What a killed run had finished lands before a command goes by the tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


def recover(session: Session) -> None:
    """Land what runs that are over have left, if they have left anything, and say what has landed.

    Where git refuses that, it says so, and the command goes on with the tasks as they are. Raises what any command
    does without a repository, or with a broken configuration.
    """
    from mdtodo.storage.unlanded import any_left

    if not any_left(session.repo):
        return
    from mdtodo.errors import MdtodoError
    from mdtodo.landing.recovery.recover import finish_earlier_if_any
    from mdtodo.reporting.text import tell

    config = session.config
    try:
        sentences = finish_earlier_if_any(session.repo, config)
    except MdtodoError as error:
        sentences = [f"the results of a killed run cannot land now: {error}"]
    for sentence in sentences:
        tell(sentence)
