"""Names that were meant are suggested."""

from __future__ import annotations

from mdtodo.core.names import nearest, suggestion


def test_names_are_suggested() -> None:
    assert nearest("tets", ["lint", "tests"]) == "tests"
    assert nearest("LINT", ["lint", "tests"]) == "lint"
    assert nearest("zzz", ["lint"]) is None
    assert nearest("task-1999", [f"task-{number}" for number in range(2000)]) == "task-1999"
    assert nearest("tusk-777", [f"task-{number}" for number in range(2000)]) == "task-777"
    assert suggestion("tets", ["lint", "tests"]) == ' (did you mean "tests"?)'
    assert suggestion("tetsing", ["schema", "training"], ["testing"]) == ' (did you mean "testing"?)'
    assert suggestion("testnig", ["schema", "tests"], ["testing"]) == ' (did you mean "tests"?)'
    assert suggestion("zzz", ["lint", "tests"]) == " (known: lint, tests)"
    assert suggestion("zzz", []) == ""
    assert suggestion("zzz", [f"a{number}" for number in range(99)]) == ""
