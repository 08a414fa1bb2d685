"""The documentation says what is true now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mdtodo.cli import COMMANDS
from mdtodo.config.load import load
from mdtodo.config.show import reference
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.findings import findings
from mdtodo.planning.plan import plan

ROOT = Path(__file__).parent.parent.parent
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def test_the_table_of_the_configuration_is_the_one_that_the_fields_make() -> None:
    begin = "<!-- configuration: made by mdtodo.config.show.reference() -->\n"
    table = REFERENCE.split(begin)[1].split("<!-- end of configuration -->")[0]
    assert table == reference().rstrip() + "\n"


def test_every_command_is_in_the_reference() -> None:
    assert [name for name in COMMANDS if f"`{name}" not in REFERENCE] == []


def test_every_code_of_a_finding_is_in_the_reference() -> None:
    sources = [*(ROOT / "mdtodo").glob("markdown/**/*.py"), *(ROOT / "mdtodo").glob("planning/**/*.py")]
    sources += (ROOT / "mdtodo" / "operations" / "check").glob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    words = "bad|unknown|duplicate|empty|conflict|ticked|epic|linked"
    codes = set(re.findall(rf'"((?:{words})-[a-z-]+|cycle)"', text))
    assert len(codes) >= 14
    assert [code for code in codes if f"| `{code}` |" not in REFERENCE] == []


@pytest.mark.parametrize("path", ["README.md", "docs/guide.md"])
def test_the_examples_of_the_configuration_load(path: str) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        load(block.encode(), None)


def test_the_tour_of_the_readme_has_no_mistakes() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    todo = readme.split("```markdown\n")[1].split("```")[0]
    config = load(readme.split("```toml\n")[1].split("```")[0].encode(), None)
    made = plan(read_tasks({"TODO.md": parse(todo.encode())}), config)
    assert len(made.tasks) == 3
    assert findings(made, config) == []


def test_the_first_code_block_of_the_readme_holds_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = readme.split("```")[1].split("\n")[1:-1]
    assert len(commands) == 2
    assert commands[0].endswith("mdtodo demo")
    assert commands[1].endswith("pytest")


@pytest.mark.parametrize(
    "path", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_of_the_pages_lead_somewhere(path: str) -> None:
    page = ROOT / path
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
