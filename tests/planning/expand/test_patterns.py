"""The patterns: the built-in ones as data, and which one fits a task."""

from __future__ import annotations

import pytest

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.errors import ConfigError, EditError
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.expand.patterns import choose_pattern, pattern_by_name, patterns
from mdtodo.planning.routing import Router

VERBS = [
    "implement",
    "integrate",
    "optimize",
    "deploy",
    "fix",
    "monitor",
    "security",
    "test",
    "analyze",
    "migrate",
]
FIELDS = {
    "api": "requirements, design, schema, implementation, testing, documentation",
    "frontend": "UI design, components, state management, routing, testing, optimization",
    "database": "schema design, tables, indexing, migrations, performance tuning, backup",
    "security_implementation": "threat modeling, authentication, authorization, encryption, audit, testing",
    "devops": "infrastructure design, containers, CI/CD, monitoring, deployment, disaster recovery",
}


def test_fifteen_patterns_of_six_steps_that_name_the_task() -> None:
    known = patterns(DEFAULT)
    assert list(known) == [*VERBS, *FIELDS]
    for pattern in known.values():
        assert len({step.text for step in pattern.steps}) == 6
        assert all("{task}" in step.text for step in pattern.steps)
        assert sum(step.weight for step in pattern.steps) == 100


@pytest.mark.parametrize("name", FIELDS)
def test_the_steps_of_a_field_are_those_of_the_contract(name: str) -> None:
    steps = patterns(DEFAULT)[name].steps
    words = FIELDS[name].lower().split(", ")
    assert [step.text.lower().startswith(word) for step, word in zip(steps, words, strict=True)] == [True] * 6


OWN = """
[patterns.ml]
match = ["train a model", "TRAINING"]
steps = ["a"]
[patterns.also]
match = ["training"]
steps = ["b"]
[patterns.fix]
steps = ["mine"]
"""

FITTING = {
    "Implement the orders API": "api",
    "Fix the orders API": "fix",
    "Fixes for the API": "fix",
    "Set up monitoring for the API": "monitor",
    "Write unit tests for the parser": "test",
    "Build a login page": "security_implementation",
    "Build the front end": "frontend",
    "Docker images for CI": "devops",
    "Speed up the database": "optimize",
    "Create the tables": "database",
    "Migrate to Postgres": "migrate",
    "Implement orders #backend/api": "api",
    "Orders #backend/database": "database",
    "Orders #security": "security_implementation",
    "Orders #backend/service": "implement",
    "Orders": "implement",
    "Capital letters only": "implement",
}


@pytest.mark.parametrize("line", FITTING)
def test_a_task_gets_the_pattern_of_its_kind_and_title(line: str) -> None:
    (task,) = read_tasks({"TODO.md": parse(f"- [ ] {line}\n".encode())})
    assert choose_pattern(task, Router(DEFAULT).classify(task), patterns(DEFAULT)).name == FITTING[line]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Train a model for the API", "ml"),
        ("API training", "ml"),
        ("Fix the API", "api"),
        ("Retrain a model", "implement"),
    ],
)
def test_patterns_of_the_configuration_come_first_and_in_its_order(line: str, name: str) -> None:
    config = load(None, OWN.encode())
    (task,) = read_tasks({"TODO.md": parse(f"- [ ] {line}\n".encode())})
    known = patterns(config)
    assert choose_pattern(task, Router(config).classify(task), known).name == name
    assert len(known) == 17
    assert [step.text for step in known["fix"].steps] == ["mine"]


def test_an_unknown_pattern_gets_the_nearest_name() -> None:
    (task,) = read_tasks({"TODO.md": parse(b"\n- [ ] a expand:dataase\n")})
    with pytest.raises(
        EditError, match=r'^TODO.md:2: unknown pattern "dataase" \(did you mean "database"\?\)$'
    ):
        pattern_by_name("dataase", patterns(DEFAULT), task)


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ({"a": ["x expand:a"]}, "a -> a"),
        ({"a": ["y", "x expand:b"], "b": ["expand:c q"], "c": ["z expand:b"]}, "b -> c -> b"),
    ],
)
def test_patterns_that_lead_back_to_themselves_are_a_mistake(steps: dict[str, list[str]], path: str) -> None:
    text = "".join(f"[patterns.{name}]\nsteps = {lines}\n" for name, lines in steps.items())
    with pytest.raises(ConfigError, match=f"lead back to itself: {path}$"):
        patterns(load(None, text.encode()))


def test_patterns_that_share_a_step_do_not_lead_back_to_themselves() -> None:
    text = "".join(
        f"[patterns.{name}]\nsteps = {lines}\n"
        for name, lines in {
            "a": ["x expand:b", "y expand:c"],
            "b": ["expand:d"],
            "c": ["expand:d"],
            "d": ["e"],
        }.items()
    )
    assert "d" in patterns(load(None, text.encode()))
