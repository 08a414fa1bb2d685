"""`sandbox = true`: what a processor reaches from its clone, and what it does not; and what it does without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.clones.bubblewrap import missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Feature = Callable[..., Checkout]
    Mdtodo = Callable[..., Said]

needs_bubblewrap = pytest.mark.skipif(missing() is not None, reason=str(missing()))
#: The work stands in the repository: what is beside it is not seen inside.
CONFIG = """\
[processors.feature]
run = "sh work.sh"
check = "sh check.sh"
isolation = "clone"
{more}
"""
CHECK = 'test "$(cat result.txt)" = good\n'
GOOD = "echo good > result.txt\n"


@pytest.fixture
def boxed(feature: Feature) -> Feature:
    def make(work: str, more: str = "sandbox = true", **files: str) -> Checkout:
        texts = {".mdtodo.toml": CONFIG.format(more=more), "check.sh": CHECK, "work.sh": work, **files}
        return feature("", **texts)

    return make


OUTSIDE = {
    "the checkout": "echo evil > {root}/result.txt",
    "its git directory": "echo evil > {root}/.git/HEAD",
    "refs, by git": "git --git-dir={root}/.git update-ref refs/heads/main HEAD~0 && git --git-dir={root}/.git branch evil",
    "its objects": "echo evil > {root}/.git/objects/evil",
    "beside it": "echo evil > {root}/../evil",
    "the home": "echo evil > {home}/.evil",
    "the system": "echo evil > /usr/evil || echo evil > /etc/evil",
    "the git directory of ours": "echo evil > ../git/evil",
}


@needs_bubblewrap
@pytest.mark.parametrize("script", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.sample(3)
def test_what_is_outside_stays_as_it_is(
    script: str, boxed: Feature, inside: Mdtodo, isolated_home: object, request: pytest.FixtureRequest
) -> None:
    repo = boxed("")
    work = script.format(root=repo.root, home=isolated_home)
    repo.commit(**{"work.sh": f"{{ {work}; }} 2>/dev/null && echo reached\n{GOOD}"})
    inside("run")
    # beside the checkout, in a folder for temporary files, it sees its own in that place
    assert "beside" in request.node.name or "reached" not in inside("output", "build").out
    assert not (repo.root.parent / "evil").exists()
    assert b"evil" not in repo.read("result.txt") + (repo.root / ".git/HEAD").read_bytes()
    assert not (repo.root / ".git/objects/evil").exists()
    assert [line for line in repo.git("for-each-ref").splitlines() if "evil" in line] == []
    assert repo.status() == []


def test_without_a_sandbox_a_processor_reaches_the_checkout(boxed: Feature, inside: Mdtodo) -> None:
    repo = boxed("", more="")
    repo.commit(**{"work.sh": f"echo evil > {repo.root}/evil.txt\n{GOOD}"})
    inside("run")
    assert repo.read("evil.txt") == b"evil\n"


@needs_bubblewrap
def test_work_in_a_sandbox_lands(boxed: Feature, inside: Mdtodo) -> None:
    work = f'git log -1 --format=%s > $TMPDIR/x; test -s $TMPDIR/x; touch "$HOME/x"; {GOOD}'
    work += 'echo \'{"note": "from inside"}\' >> "$MDTODO_OUTPUT"\n'
    repo = boxed(work)
    inside("run")
    assert repo.read("result.txt") == b"good\n"
    assert b"from inside" in repo.head("TODO.md")
    assert repo.status() == []


@needs_bubblewrap
def test_there_is_no_network_where_none_is_wanted(boxed: Feature, inside: Mdtodo) -> None:
    work = f"ls /sys/class/net > interfaces 2>/dev/null; cat /proc/net/dev | grep -c : > count; {GOOD}"
    repo = boxed(work, more="sandbox = true\nnetwork = false")
    inside("run")
    assert repo.read("count") == b"1\n"  # the loopback device alone


@needs_bubblewrap
def test_a_timeout_ends_all_that_is_in_a_sandbox_with_its_grace(boxed: Feature, inside: Mdtodo) -> None:
    boxed(
        # the shell around it ends at once
        "trap 'sleep 0.5; echo got it; exit 3' TERM\nsleep 60 & wait; while :; do sleep 0.05; done\n",
        more='sandbox = true\ntimeout = "5s"',
    )
    inside("run", code=1)
    assert "got it" in inside("output", "build").out


@needs_bubblewrap
def test_a_python_processor_works_in_a_sandbox(boxed: Feature, inside: Mdtodo) -> None:
    code = "from pathlib import Path\n\n\ndef main(task):\n    Path('result.txt').write_text('good\\n')\n    Path('/usr/evil').write_text('')\n"
    tame = code.replace("    Path('/usr/evil').write_text('')\n", "")
    repo = boxed("", **{"tool.py": tame})
    config = repo.read(".mdtodo.toml").replace(b'run = "sh work.sh"', b'python = "tool:main"')
    repo.commit(**{".mdtodo.toml": config})
    inside("run")
    assert repo.read("result.txt") == b"good\n"
    repo.commit(**{"tool.py": code, "result.txt": "bad\n"})
    inside("reopen", "build", "--commit")
    task = inside("run", "--json", code=1).json["tasks"][0]
    assert "Read-only file system" in task["error"]


def test_without_bubblewrap_a_sandbox_is_refused(
    boxed: Feature, inside: Mdtodo, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    repo = boxed(GOOD)
    for name in ("git", "sh", "cat", "uname"):
        (repo.root.parent / "bin").mkdir(exist_ok=True)
        (repo.root.parent / "bin" / name).symlink_to(f"/usr/bin/{name}")
    said = inside("run", code=1, PATH=str(repo.root.parent / "bin"))
    assert "bubblewrap" in said.err
    assert repo.read("result.txt") == b"bad\n"
