"""What a Python processor may return; see docs/reference.md. The rest of mdtodo is no public interface."""

from __future__ import annotations

from mdtodo.core.results import Result

__all__ = ["Result"]
