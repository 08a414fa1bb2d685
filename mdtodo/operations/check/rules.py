"""What a configuration makes of findings: an error, a warning, or nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mdtodo.core.task import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mdtodo.config.check_rules import CheckRules
    from mdtodo.core.task import Finding


def judged(found: Iterable[Finding], rules: CheckRules) -> list[Finding]:
    """The findings that are not ignored, each with the severity that the rules give its code."""
    if not rules:
        return list(found)
    severities = {
        **dict.fromkeys(rules.error, Severity.ERROR),
        **dict.fromkeys(rules.warning, Severity.WARNING),
    }
    ignored = _ignored(rules.per_file_ignores)
    return [
        one._replace(severity=severities.get(one.code, one.severity))
        for one in found
        if one.code not in rules.ignore and one.code not in ignored(one.file)
    ]


def _ignored(patterns: Mapping[str, tuple[str, ...]]) -> Callable[[str], frozenset[str]]:
    """The codes that are not reported in a file; all patterns that fit it count."""
    if not patterns:  # pathspec takes long to import
        return lambda _: frozenset()
    from mdtodo.core.path_patterns import matcher

    fitting = [(matcher([pattern]), codes) for pattern, codes in patterns.items()]
    return cache(lambda file: frozenset(code for fits, codes in fitting if fits(file) for code in codes))
