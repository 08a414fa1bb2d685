"""`--metrics-file`: what a run came to, for a collector, whatever it came to."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.cli.context import Session
    from mdtodo.metrics.figures import Figures

HINT = "pip install 'git-mdtodo[metrics]'"


def with_metrics_file(session: Session, path: str, run: Callable[[], int]) -> int:
    """What `run` returns or raises, after the file was written; that it cannot be is a sentence, and changes nothing.

    Raises MdtodoError, before anything runs, where the library is not installed.
    """
    _require_library()
    if not path.endswith(".prom"):
        session.say(f"{path}: node_exporter reads only files whose names end in .prom")
    name = os.path.basename(session.repo.root) or "root"
    began, code = time.time(), 3
    try:
        code = run()
    except MdtodoError as error:
        code = error.exit_code
        raise
    except KeyboardInterrupt:
        code = 130
        raise
    finally:
        _write(session, name, os.path.join(session.directory, path), code, began)
    return code


def _require_library() -> None:
    from importlib.util import find_spec

    if find_spec("prometheus_client") is None:
        raise MdtodoError(
            "--metrics-file needs the package prometheus-client, which is not installed", hint=HINT
        )


def _write(session: Session, name: str, path: str, code: int, began: float) -> None:
    from mdtodo.metrics.families import families
    from mdtodo.metrics.figures import RunFigures
    from mdtodo.metrics.textfile import write_textfile
    from mdtodo.reporting.text import tell

    try:
        now = time.time()
        write_textfile(path, families(_figures(session, name), RunFigures(name, code, now - began, now)))
    except MdtodoError as error:
        tell(str(error))


def _figures(session: Session, name: str) -> list[Figures]:
    """Of the tasks as they are now; none where they cannot be read, as whatever else the run says will tell."""
    from mdtodo.metrics.figures import read_figures

    try:
        session.reread()
        return [read_figures(session.repo, session.config, session.project().plan, name)]
    except MdtodoError:
        return []
