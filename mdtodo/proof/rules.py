"""By what a tick is judged: the configuration of the commit that a change is compared with, never its own.

Whoever calls may ask for more, as the input `proof` of the Action does, and never for less.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from mdtodo.core.codes import GATE
from mdtodo.core.receipt import DIRTY
from mdtodo.errors import UsageError
from mdtodo.planning.routing import Router
from mdtodo.proof.evidence import ACCEPTED, PERSON, ROLLUP
from mdtodo.recipes import NAMES

if TYPE_CHECKING:
    from collections.abc import Collection

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Status, Task
    from mdtodo.proof.evidence import Evidence
    from mdtodo.proof.signers import Signers


#: What `proof` may be, each stricter than the one before it.
WORDS = ("off", "warn", "require", "strict")
#: The variable that names the word which `proof` counts as at least, whatever the configuration says.
AT_LEAST = "MDTODO_PROOF"


def at_least(config: Config, word: str) -> Config:
    """The configuration with a `proof` that is no laxer than `word`, which may be empty.

    Raises UsageError for a word that `proof` cannot be.
    """
    if word and word not in WORDS:
        raise UsageError(f"{AT_LEAST} must be one of {', '.join(WORDS)}, not {word!r}")
    if not word:
        return config
    if WORDS.index(word) > WORDS.index("warn"):  # an error that is asked for is not ignored
        config = replace(config, check=config.check.without(GATE))
    return config if WORDS.index(word) <= WORDS.index(config.proof) else replace(config, proof=word)


class Rules:
    """A configuration, and those of whom one must have signed what counts; None where nobody need have. `added` are
    processors that the judged change adds, `passing` those that it had at any time.

    Raises UsageError where the environment asks for what `proof` cannot be.
    """

    def __init__(
        self,
        config: Config,
        signers: Signers | None = None,
        added: Collection[str] = frozenset(),
        passing: Collection[str] = frozenset(),
    ) -> None:
        self.config, self.signers = at_least(config, os.environ.get(AT_LEAST, "")), signers
        self._added, self._passing = added, passing
        self._router = Router(config)

    @property
    def strict(self) -> bool:
        """Whether a person's word, or a proof of content that was not committed, does not count."""
        return self.config.proof == "strict"

    def characters(self, *statuses: Status) -> frozenset[bytes]:
        """The status characters that mean one of these."""
        found = (char for char, status in self.config.status.items() if status in statuses)
        return frozenset(char.encode() for char in found)

    def processor_of(self, task: Task) -> str | None:
        """What would prove a task. What only a recipe's being there decides does not count."""
        return self._router.route(task).processor or task.own_run

    def refusal(self, evidence: Evidence, processor: str) -> str | None:
        """Why a receipt does not prove a tick that this processor proves, as a part of a sentence; None if it does."""
        name = evidence.processor
        if self.signers and not (evidence.commit and self.signers.signed(evidence.commit)):
            return "no allowed signer has signed its receipt"
        if name in (PERSON, ACCEPTED):
            return f"only the word of {evidence.by or 'a person'} stands for it" if self.strict else None
        if self.strict and evidence.tree == DIRTY:
            return "its proof is of content that was not committed (tree=dirty)"
        if name in (processor, ROLLUP) or not self._known(name):
            return None
        return f"its receipt is of the processor {name!r}"

    def is_passing(self, evidence: Evidence, processor: str) -> bool:
        """Whether a receipt in the judged change is of a processor that this had on its way, and that is not the one of
        the tick; or says that the tick came with its subtasks, which is so only while a task has no processor."""
        name = evidence.processor
        passed = name in self._passing and name not in self.config.processors
        return name == ROLLUP or (passed and name != processor)

    def _known(self, name: str) -> bool:
        return name in self.config.processors or name in self._added or name in NAMES or name == "inline"
