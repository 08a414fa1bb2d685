"""A template: the list of a file, nested and with headings, as the subtasks of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import EditError
from mdtodo.planning.expand.template import template_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


def lines(template: str, title: str = "Release 2.0") -> list[str]:
    return list(template_lines(template.encode(), title, STATUS_CHARS, {"own"}, file="t.md"))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("- [ ] a\n  1. [ ] b\n  2. [ ] c\n* [ ] d\n", ["- [ ] a", "  1. [ ] b", "  2. [ ] c", "* [ ] d"]),
        ("# Title\n\nText.\n\n- [ ] a {task} est:1h\n", ["- [ ] a Release 2.0 est:1h"]),
        (
            "# T\n\n## A {task} #x\n- [ ] a\n### B\n- [ ] b\n## C\n- [ ] c\n  - [ ] d\n",
            [
                *("- [ ] A Release 2.0 #x", "  - [ ] a", "  - [ ] B", "    - [ ] b"),
                *("- [ ] C", "  - [ ] c", "    - [ ] d"),
            ],
        ),
        ("# A\n- [ ] a\n# B\n- [ ] b\n", ["- [ ] A", "  - [ ] a", "- [ ] B", "  - [ ] b"]),
        ("- [ ] before\n# A\n- [ ] a\n", ["- [ ] before", "- [ ] A", "  - [ ] a"]),
        (
            "# A\n## Empty\n## B run:t\n- [ ] a\n- [ ] b run:u\n",
            ["- [ ] B", "  - [ ] a run:t", "  - [ ] b run:u"],
        ),
        (
            "- [ ] a\n  - note {task}\n    - deeper\n  - [ ] b\n",
            ["- [ ] a", "  - note Release 2.0", "    - deeper", "  - [ ] b"],
        ),
        ("\ufeff---\nx: 1\n---\n- [ ] a\r\n  more\r\n", ["- [ ] a more"]),
        ("A\n==\n- [ ] a\n\nB\n--\n- [ ] b\n", ["- [ ] a", "- [ ] B", "  - [ ] b"]),
    ],
)
def test_what_becomes_of_a_template(template: str, expected: list[str]) -> None:
    assert lines(template) == expected


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("text\n", "t.md: has no task in it"),
        ("- [ ] a\n- [x] b\n", "t.md:2: the template has a task that is not open"),
        ("- [ ] a due:soon\n", "t.md:1: the template has a bad key"),
        ("- [ ] a failed:2\n", "t.md:1: the template has a key that only mdtodo writes"),
        ("- [ ] a expand:own\n", "t.md:1: the template has expand:own"),
        ("- [ ] a\n\n  text\n", "t.md:3: the template has 'text' inside a task"),
        ("- [ ] a\n  ```sh\n  rm\n  ```\n", "inside a task, which is neither a task nor a bullet"),
        ("# A due:soon\n- [ ] a\n# B\n- [ ] b\n", "t.md:1: the template has a bad key"),
    ],
)
def test_what_can_be_no_template(template: str, sentence: str) -> None:
    with pytest.raises(EditError) as error:
        lines(template)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "title", ["a run:evil", "- [ ] x", "`code` id:x", "!high", "@a #tag", "x" * 900, "\u2028 {task}"]
)
def test_a_title_adds_no_key_to_what_the_template_says(title: str) -> None:
    from mdtodo.markdown.keys.read import read_keys

    (line,) = lines("- [ ] do {task} est:1h\n", title)
    assert [(one.name, one.value) for one in read_keys(line[6:]).tokens] == [("est", "1h")]
    assert "\n" not in line


def test_expand_puts_in_the_list_of_the_file(repo: Checkout, inside: Mdtodo) -> None:
    config = '[patterns.release]\nmatch = ["release"]\ntemplate = "docs/release.md"\n'
    template = "# How\n\n## Prepare\n\n1. [ ] Changelog of {task}\n   - [ ] links\n"
    repo.commit(
        "Base", **{"TODO.md": "- [ ] Release 2.0\r\n", ".mdtodo.toml": config, "docs/release.md": template}
    )
    (task,) = inside("list", "--json").json["tasks"]
    inside("expand", task["id"], "--commit")
    expected = b"- [ ] Release 2.0\r\n  - [ ] Prepare\r\n    1. [ ] Changelog of Release 2.0\r\n       - [ ] links\r\n"
    assert repo.read("TODO.md") == repo.head("TODO.md") == expected
    assert "template docs/release.md" in inside("patterns").out
    assert inside("patterns", "release", "--json").json["patterns"][0]["template"] == "docs/release.md"
    inside("undo")
    assert repo.read("TODO.md") == b"- [ ] Release 2.0\r\n"
    repo.git("rm", "-q", "docs/release.md")
    assert "docs/release.md: the template of 'release' is missing" in inside("expand", task["id"], code=1).err
    (repo.root / "docs").mkdir(exist_ok=True)
    (repo.root / "docs/release.md").symlink_to("/etc/passwd")
    assert "points outside the work tree" in inside("expand", task["id"], code=3).err
    assert repo.read("TODO.md") == b"- [ ] Release 2.0\r\n"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ('steps = ["a"]', "must have either `steps` or `template`, not both"),
        ("weights = [1]", "are for steps"),
    ],
)
def test_steps_or_a_template(repo: Checkout, inside: Mdtodo, more: str, sentence: str) -> None:
    repo.write(".mdtodo.toml", f'[patterns.release]\ntemplate = "r.md"\n{more}\n')
    assert sentence in inside("list", code=3).err
