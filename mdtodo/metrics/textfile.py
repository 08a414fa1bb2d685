"""Families in a file, for the textfile collector of node_exporter: whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prometheus_client import write_to_textfile

from mdtodo.errors import MdtodoError
from mdtodo.metrics.families import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric


def write_textfile(path: str, made: Iterable[Metric]) -> None:
    """Write them there, in place of what is there. Raises MdtodoError where that cannot be done; the file is as it was
    then."""
    if os.path.lexists(path) and not os.path.isfile(path):
        raise MdtodoError("the metrics cannot be written: this is no file", file=path)
    try:
        write_to_textfile(os.path.realpath(path), registry(made))
    except OSError as error:
        raise MdtodoError(f"the metrics cannot be written: {error.strerror or error}", file=path) from error
