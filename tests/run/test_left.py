"""What a run says of what it left, and for whom: the same as a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

CONFIG = '[processors.ok]\nrun = "true"\n[processors.gpu]\nrun = "true"\nneeds = ["gpu"]\n'
TODO = """\
- [ ] Fine run:ok id:fine
- [ ] Train run:gpu id:train
- [ ] Box run:ok id:box needs:docker,gpu
- [ ] Bob's run:ok id:bobs worker:bob
- [ ] Sign id:sign
- [/] Begun id:begun
- [ ] Release id:release after:sign
- [ ] Given up run:ok id:up failed:3
"""
LEFT = [
    'left, for a worker that can docker, gpu: "Box" (box)',
    'left, for a worker that can gpu: "Train" (train)',
    'left, for the worker bob: "Bob\'s" (bobs)',
    'left, in progress by hand: "Begun" (begun)',
    'left, manual: "Sign" (sign)',
    'left, blocked: "Release" (release) waits for "Sign" (sign), which is manual',
]


def left(said: Said) -> list[str]:
    return [line.removeprefix("mdtodo: ") for line in said.err.splitlines() if "left, " in line]


def test_run_and_worker_say_what_they_left(repo: Checkout, inside: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    said = inside("run", "--can", "", code=1)
    assert left(said) == LEFT
    assert said.err.count('given up after 3 failed runs: "Given up" (up)') == 1
    assert left(inside("run", "--can", "", code=1)) == LEFT, "also where nothing ran"
    assert left(inside("worker", "--can", "", code=1)) == LEFT
    assert left(inside("run", "--can", "", "--text", "sign")) == [LEFT[4]]
    for quiet in (("-q", "run", "--can", ""), ("run", "sign", "--can", "")):
        assert left(inside(*quiet, code=1)) == []


def test_what_is_taken_on_trust_is_named_and_not_left(repo: Checkout, inside: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] Train run:gpu id:train\n", ".mdtodo.toml": CONFIG})
    said = inside("run", MDTODO_CAN="")
    assert "taken on trust that this machine can gpu" in said.err
    assert left(said) == []
