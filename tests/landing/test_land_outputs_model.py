"""Persons and processors write the same files, in any order: whose content goes where is known from the content itself.

A person's content is in no commit of ours and is never lost; a tick has its outputs' content in the same commit.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.landing.land import hold_outputs, land
from mdtodo.outputs import survey as survey_module
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.marks import mark
from mdtodo.outputs.snapshot import adopt
from mdtodo.outputs.survey import OutputChange, blocking, judge, survey
from tests.landing.conftest import receipt_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

TASKS = 40
#: One output that is declared by its name, and two files that a pattern fits.
FILES = ("out.txt", "docs/a.txt", "docs/b.txt")
DECLARED = DeclaredOutputs.of(["out.txt", "docs/*.txt"], ["TODO.md"])


@dataclass
class World:
    """A repository, and what must be in it: the content that a person has in the work tree and in the index."""

    repo: Checkout
    chance: random.Random
    mine: dict[str, str | None] = field(default_factory=dict)
    staged: dict[str, bytes] = field(default_factory=dict)
    number: int = 0
    task: int = 0
    ticks: int = 0
    wrong: list[str] = field(default_factory=list)

    def content(self, who: str) -> str:
        self.number += 1
        return f"{who} {self.number}\n"

    def read(self, path: str) -> str | None:
        full = self.repo.root / path
        return full.read_text() if full.exists() else None

    # A person

    def save(self, *paths: str) -> None:
        path = self.chance.choice(paths or FILES)
        self.mine[path] = self.content("person")
        self.repo.write(path, self.mine[path] or "")

    def stage(self) -> None:
        path = self.chance.choice(FILES)
        if self.read(path) is not None:
            self.repo.git("add", path)
            if self.repo.git("diff", "--cached", "--name-only", "--", path):
                self.staged[path] = self.repo.index(path)

    def commit(self) -> None:
        self.repo.commit("Mine")
        self.mine.clear()
        self.staged.clear()

    def discard(self) -> None:
        self.repo.git("reset", "-q", "--hard")
        self.repo.git("clean", "-qfd")
        self.mine.clear()
        self.staged.clear()

    # A processor

    def attempt(self) -> None:
        """It writes some files, and names all of those that a pattern fits; a person may save others meanwhile."""
        found = discover(str(self.repo.root))
        name = f"task {self.task}"
        before = survey(found, DECLARED)
        end = self.chance.choice(["done", "done", "done", "failed", "killed"])
        if blocking(before, DECLARED):
            return
        written = self.chance.sample(FILES, self.chance.randint(0, 2))
        now = {path: self.content("processor") for path in written}
        for path, text in now.items():
            self.repo.write(path, text)
            self.mine.pop(path, None)  # what it overwrites is the processor's affair
        others = [path for path in FILES[1:] if path not in written]
        if others and self.chance.random() < 0.2:
            self.save(*others)
        if end == "killed":
            theirs = [path for path, change in before.items() if change.theirs]
            note = {"declared": ["out.txt", "docs/*.txt"], "without": ["TODO.md"], "theirs": theirs}
            adopt(found, note, f"id-{name}", written, float("inf"))
            return
        verdict = judge(before, survey(found, DECLARED), DECLARED, written, f"id-{name}")
        for output in verdict.held:
            mark(found, output.path, output.digest, f"id-{name}")
        if end == "done" and not verdict.unnamed and not verdict.theirs:
            self.finish(name, hold_outputs(found, verdict.held)[0], now)

    def finish(self, name: str, held: tuple[survey_module.Output, ...], now: dict[str, str]) -> None:
        if self.chance.random() < 0.2:
            self.save()
        if self.chance.random() < 0.1:
            self.stage()
        before = self.repo.git("rev-parse", "HEAD")
        said = land(discover(str(self.repo.root)), [receipt_for(self.repo, name, held=held)], run_id="r")
        if said.kept_open:
            if self.repo.git("rev-parse", "HEAD") != before or f"[x] {name}".encode() in self.repo.read(
                "TODO.md"
            ):
                self.wrong.append(f"{name} was ticked all the same")
            return
        self.ticks += 1
        self.task += 1
        changed = self.repo.git("diff", "--name-only", before, "HEAD").splitlines()
        for path in changed:
            if path != "TODO.md" and not self.repo.head(path).startswith(b"processor"):
                self.wrong.append(f"{path}: {self.repo.head(path)!r} was committed")
        for path, text in now.items():
            if self.repo.head(path) != text.encode():
                self.wrong.append(f"{name} was ticked without {path}")

    def look(self) -> None:
        """What a person has is where it was."""
        for path, text in self.mine.items():
            if self.read(path) != text:
                self.wrong.append(f"{path} was {text!r}, and is {self.read(path)!r}")
        for path, staged in self.staged.items():
            if self.repo.index(path) != staged:
                self.wrong.append(f"{path}: {staged!r} was staged, and is {self.repo.index(path)!r}")


def play(repo: Checkout, seed: int, steps: int = 80) -> World:
    world = World(repo, random.Random(seed))
    text = "".join(f"- [ ] task {number}\n" for number in range(TASKS))
    repo.commit("Base", **{"TODO.md": text, **dict.fromkeys(FILES[:2], "processor 0\n")})
    acts: list[Callable[[], None]] = [world.save, world.stage, world.commit, world.discard]
    for _ in range(steps):
        act = world.chance.choices([*acts, world.attempt], [3, 1, 1, 2, 10])[0]
        act()
        world.look()
        if world.wrong or world.task == TASKS:
            break
    return world


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.sample(4)
def test_nobodys_content_goes_where_it_must_not(repo: Checkout, seed: int, sound) -> None:  # type: ignore[no-untyped-def]
    world = play(repo, seed)
    assert not world.wrong
    assert world.ticks > 2
    sound(repo)


@pytest.mark.parametrize("guard", ["before", "after"])
def test_without_a_look_at_whose_a_file_is_the_model_finds_harm(
    make_repo: Callable[..., Checkout], monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """The control: this test does see what it looks for."""
    if guard == "before":
        monkeypatch.setattr(OutputChange, "theirs", property(lambda self: False))
    else:
        monkeypatch.setattr(survey_module, "_why_not", lambda *arguments: None)
        monkeypatch.setattr(survey_module, "fingerprint", lambda root, path: "always the same")
    assert any(play(make_repo(f"repo-{seed}"), seed).wrong for seed in range(10))
