"""The processor that stands in the task itself."""

from __future__ import annotations

import pytest

from mdtodo.core.task import Status, Task
from mdtodo.planning.inline_block import inline_processor


@pytest.mark.parametrize(
    ("body", "run"),
    [
        ("```sh\nexit 0\n```", ("sh", "-c", "exit 0")),
        ("Words.\n\n~~~~ bash title\na\n~~~\nb\n~~~~\n", ("bash", "-c", "a\n~~~\nb")),
        ("```python\nprint(1)", ("python3", "-c", "print(1)")),
        ("```toml\nx = 1\n```\n\n```sh\ntrue\n```", ("sh", "-c", "true")),
        ("```\nsh\n```", None),
        ("    ```sh\n    true\n    ```", None),
        ("no block", None),
    ],
)
def test_the_first_block_that_can_be_run(body: str, run: tuple[str, ...] | None) -> None:
    found = inline_processor(Task("a", None, "TODO.md", 1, "a", Status.TODO, body=body))
    assert (found and found.run) == run


def test_a_block_that_was_noted_among_the_subtasks_is_none() -> None:
    text = "```sh\ntrue\n```"
    task = Task("a", None, "TODO.md", 1, "a", Status.TODO, body=text, opening="")
    assert inline_processor(task) is None
