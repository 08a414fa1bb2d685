"""The test modules as pytest compiles them, made once before its processes start: each would do it for itself, which
takes ten seconds of a processor. By functions that pytest keeps for itself; where they are others, nothing is made.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def rewrite_all(folder: Path, config: pytest.Config) -> None:
    """Those of the folder that are not there yet, in two processes."""
    if sys.dont_write_bytecode:
        return
    modules = sorted(folder.rglob("*.py"))
    child = os.fork()
    with suppress(ImportError, AttributeError, KeyError, TypeError, ValueError, OSError, SyntaxError):
        for module in modules[child == 0 :: 2]:
            _rewrite(module, config)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _rewrite(module: Path, config: pytest.Config) -> None:
    from _pytest.assertion import rewrite

    cached = rewrite.get_cache_dir(module) / (module.stem + rewrite.PYC_TAIL)
    if rewrite._read_pyc(module, cached) is None and rewrite.try_makedirs(cached.parent):
        source, code = rewrite._rewrite_test(module, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source, cached)
