"""Text of strangers stays text: in the shell, in workflow commands, in the summary and on the terminal."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest

from mdtodo.action.work import work
from tests.action.runner import _command
from tests.conftest import Checkout
from tests.strangers import HOSTILE, Page

if TYPE_CHECKING:
    from tests.action.conftest import World


def test_hostile_text_stays_text_everywhere_in_a_job_of_the_action(world: World) -> None:
    """Titles, a file name, a branch, output, and every input at once."""
    branch = "x$(touch${IFS}pwned)`touch${IFS}pwned`'\"|;&<>%0A"
    titles = [text.replace("\u2028", " ") for text in HOSTILE]
    todo = "".join(
        f"- [ ] {html.escape(text, quote=False) if '<' in text else text} run:bad\n" for text in titles
    )
    folder = "todo/$(touch pwned)`x` %0A,a:b"
    config = """\
[processors.bad]
run = "printf '%s\\\\n' \\"$MDTODO_TASK_TITLE\\" '::set-output name=commit::pwned' '::add-mask::e' '##[error]pwned'; exit 1"
"""
    payload = world.push("Hostile", **{f"{folder}/[x](y).md": todo, ".mdtodo.toml": config, "TODO.md": ""})
    world.person.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    job = world.job("push", payload, GITHUB_REF=f"refs/heads/{branch}")
    world.checkout(job, ref=branch)
    hostile = "$(touch pwned) `touch pwned`"
    job.action(
        {"files": f"{folder}/*\n{hostile}", "jobs": "2", "args": "--text 'a' --text \"$(touch pwned)\""}
    )
    assert job.ended.code == 1, job.ended.log
    assert not list(world.folder.rglob("pwned"))
    assert set(job.ended.commands) == {"stop-commands", "error"}
    assert {one.properties["file"] for one in job.ended.annotations} == {f"{folder}/[x](y).md"}
    assert len(job.ended.annotations) > 5
    assert job.ended.outputs["commit"] == world.bare.git("rev-parse", f"refs/heads/{branch}")
    assert "\x1b" not in job.ended.log + job.ended.summary
    page = Page(job.ended.summary)
    assert not page.tags & {"script", "img"}
    assert all(url.startswith("https://github.example/octo/shop/blob/") for url in page.links)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"command": "rm -rf /"}, "the input command must be run, verify or check"),
        ({"proof": "maybe"}, "the input proof must be off, warn, require or strict"),
        ({"jobs": "$(touch pwned)"}, "the input jobs must be 0 or a positive number"),
        ({"push": "maybe"}, "the input push must be true or false"),
        ({"args": "--text 'open"}, "the input args cannot be split"),
        ({"args": "--push"}, "must not contain --push"),
        ({"working-directory": "$(touch pwned)"}, "no such folder"),
    ],
)
def test_a_bad_input_gets_a_sentence(
    inputs: dict[str, str], sentence: str, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    job = world.job()
    Checkout(job.workspace).git("init", "-q")
    environ = job.env | {
        f"MDTODO_INPUT_{name.replace('-', '_').upper()}": value for name, value in inputs.items()
    }
    assert work(environ) == 2
    line = capfd.readouterr().out
    command = _command(line.strip())
    assert command is not None
    assert command[0] == "error"
    assert sentence in command[2]
    assert not list(world.folder.rglob("pwned"))
