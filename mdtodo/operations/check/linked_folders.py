"""Folders that clones see by `link`, and that lead back to the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.clones.linked_checkout import leads_back
from mdtodo.operations.check.processor_finding import warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Finding
    from mdtodo.git.repository import Repository


def linked_checkouts(repo: Repository, config: Config) -> Iterator[Finding]:
    """A warning for each linked folder with which a clone would prove the files of the checkout."""
    for name, processor in config.processors.items():
        for folder in processor.link:
            if (found := leads_back(repo.root, folder)) is not None:
                sentence = (
                    f"link: {folder} leads back to the checkout ({found}), so a clone would prove the files there, and "
                    "not its own"
                )
                yield warning(repo, config, (name, "link"), "linked-checkout", sentence)
