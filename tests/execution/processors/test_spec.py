"""What a pool process is told of an attempt: variables and specs, for any task."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from hypothesis import example, given
from hypothesis import strategies as st

from mdtodo.execution.processors.spec import VARIABLE_LIMIT, environment, spec

TASK = {
    "id": "ab12345",
    "title": "Say hello",
    "file": "docs/TODO.md",
    "line": 12,
    "priority": "high",
    "category": "backend",
    "kind": None,
    "tags": ["a", "b/c"],
    "body": "one\ntwo",
}


@dataclass
class Configured:
    run: str | tuple[str, ...] | None = None
    python: str | None = None
    timeout: float | None = None
    env: dict[str, str] = field(default_factory=dict)
    cwd: str | None = None


def test_a_task_is_described_by_its_variables() -> None:
    assert environment(TASK, 2, "r1", {}, {}) == {
        "MDTODO_TASK_ID": "ab12345",
        "MDTODO_TASK_TITLE": "Say hello",
        "MDTODO_TASK_FILE": "docs/TODO.md",
        "MDTODO_TASK_LINE": "12",
        "MDTODO_TASK_PRIORITY": "high",
        "MDTODO_TASK_CATEGORY": "backend",
        "MDTODO_TASK_KIND": "",
        "MDTODO_TASK_TAGS": "a,b/c",
        "MDTODO_TASK_BODY": "one\ntwo",
        "MDTODO_ATTEMPT": "2",
        "MDTODO_RUN_ID": "r1",
    }


def test_variables_of_the_configuration_win_over_inherited_ones_and_ours_over_all() -> None:
    base = {
        "PATH": "/bin",
        "CI": "0",
        "GIT_DIR": "x",
        "GIT_INDEX_FILE": "y",
        "MDTODO_OUTPUT": "z",
        "GITHUB": "1",
    }
    own = {"CI": "1", "MDTODO_TASK_TITLE": "forged", "GIT_AUTHOR_NAME": "Robot", "NUL": "a\0b"}
    env = environment(TASK, 1, "r", own, base)
    assert (env["PATH"], env["CI"], env["GITHUB"]) == ("/bin", "1", "1")
    assert env["MDTODO_TASK_TITLE"] == "Say hello"
    assert env["GIT_AUTHOR_NAME"] == "Robot", "what the processor's own configuration says is meant"
    assert env["NUL"] == "a�b"
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "MDTODO_OUTPUT"} & set(env)


#: What the bytes of a file, or of its name, can be as text; other lone surrogates there are none.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(os.fsdecode)


@example("\udc80\udc80", [], 3)
@given(_TEXTS, st.lists(_TEXTS), st.integers(0, 3))
def test_any_text_fits_into_the_environment(text: str, tags: list[str], scale: int) -> None:
    env = environment({**TASK, "title": text, "body": text * 40**scale, "tags": tags}, 1, "r", {}, {})
    for name, value in env.items():
        encoded = os.fsencode(value)
        assert len(encoded) <= VARIABLE_LIMIT
        assert "\0" not in value
        if name == "MDTODO_TASK_BODY":
            whole = os.fsencode((text * 40**scale).replace("\0", "�"))
            assert whole.startswith(encoded)
            assert len(encoded) > min(len(whole), VARIABLE_LIMIT) - 4


def test_a_spec_is_plain_json() -> None:
    made = spec(
        TASK,
        Configured(run=("pytest", "-q"), timeout=60.0, env={"CI": "1"}),
        run_id="r1",
        attempt=3,
        root="/r",
        log="/l",
    )
    assert json.loads(json.dumps(made)) == made
    assert made["attempt"] == "r1/ab12345/3"
    assert (made["kind"], made["run"], made["python"]) == ("command", ["pytest", "-q"], None)
    assert (made["cwd"], made["log"], made["timeout"], made["task"]) == ("/r", "/l", 60.0, TASK)
    assert made["env"] == environment(TASK, 3, "r1", {"CI": "1"}, {})
    made = spec(TASK, Configured(python="a:b"), run_id="r1", attempt=1, root="/r", log="/l")
    assert (made["kind"], made["python"]) == ("python", "a:b")
