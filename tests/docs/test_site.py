"""The pages, the menu and the addresses agree; `.ci/docs` builds the site itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.cli import COMMANDS
from tests.docs.pages import DOCS, ROOT, anchors, blocks, links, pages, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = [*(f"docs/{name}" for name in pages()), "README.md", "CONTRIBUTING.md"]
SITE: dict[str, Any] = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"][
    "Repository"
]
#: Other hosts that the documentation names.
HOSTS = {
    "docs.github.com",
    "github.com",
    "go.dev",
    "google.github.io",
    "git-lfs.github.com",
    "just.systems",
    "keepachangelog.com",
    "nodejs.org",
    "pre-commit.com",
    "prek.j178.dev",
    "rustup.rs",
    "semver.org",
    "taskfile.dev",
    "taskwarrior.org",
}


def _menu(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        for where in entry.values():
            if isinstance(where, list):
                yield from _menu(where)
            else:
                yield where


def test_every_page_is_in_the_menu_once() -> None:
    assert sorted(_menu(SITE["nav"])) == pages()


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_to_a_heading_of_a_page(path: str) -> None:
    page = ROOT / path
    missing = []
    for link in links(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        where, _, fragment = link.partition("#")
        target = (page.parent / where).resolve() if where else page
        if not target.exists() or (fragment and fragment not in anchors(target.read_text(encoding="utf-8"))):
            missing.append(link)
    assert missing == []


@pytest.mark.parametrize("name", pages())
def test_a_page_links_nothing_outside_of_the_site(name: str) -> None:
    assert [link for link in links(read(name)) if link.startswith("..")] == []


def _texts() -> dict[str, str]:
    found = [*PAGES, "CHANGELOG.md", "benchmarks/README.md", "zensical.toml", "pyproject.toml", "action.yml"]
    found += [str(path.relative_to(ROOT)) for path in (ROOT / "mdtodo").rglob("*.py")]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in found}


def test_no_other_host_is_named() -> None:
    """The repository's address stands in one place, and wherever a page says it, it is that one."""
    named = {
        (name, host)
        for name, text in _texts().items()
        for host in re.findall(r"https?://([a-z0-9.-]+\.[a-z]{2,})", text)
    }
    assert sorted(where for where in named if where[1] not in HOSTS) == []
    assert [name for name, text in _texts().items() if re.search(r"(?<!@)example\.com", text)] == []


def test_the_address_of_the_repository_is_the_one_of_the_project() -> None:
    slug = REPOSITORY.removeprefix("https://github.com/")
    for name, text in _texts().items():
        assert set(re.findall(r"https://[^\s\"')`]+?/git-mdtodo", text)) <= {REPOSITORY}, name
        assert set(re.findall(r"uses: (\S+/git-mdtodo)@", text)) <= {slug}, name


def test_another_address_is_written_everywhere_at_once(tmp_path: Path) -> None:
    """And back again: no byte is different."""
    for name in ("pyproject.toml", ".ci/address", "README.md", *(f"docs/{page}" for page in pages())):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.md")}
    other = "https://github.com/ada/git-mdtodo"
    for address in (other, REPOSITORY):
        subprocess.run([sys.executable, tmp_path / ".ci/address", address], check=True, capture_output=True)
        text = "".join(path.read_text(encoding="utf-8") for path in before)
        assert text.count(address) >= 3
        assert f"uses: {address.removeprefix('https://github.com/')}@" in text
        assert address in (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in before} == before


def test_the_pictures_ask_no_other_host() -> None:
    for path in DOCS.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|href=)[\"']?(https?://[^\"')]+)", text) == [], path.name


def _calls() -> list[tuple[str, str]]:
    """Every `mdtodo ...` of a shell block and of a code span, with its page."""
    found = []
    for path in PAGES:
        text = (ROOT / path).read_text(encoding="utf-8")
        spans = re.findall(r"`((?:git )?mdtodo [^`\n]+)`", text)
        shell = [one.text for one in blocks(text) if one.language in {"sh", "shell", "console", "yaml"}]
        lines = re.findall(r"(?m)^(?:\$ |.*?(?:run: |&& ))?\s*(mdtodo .+)$", "\n".join(shell))
        found += [(path, call) for call in (*spans, *lines)]
    return found


def test_every_command_and_option_of_the_pages_is_there() -> None:
    import click

    from mdtodo.cli import cli

    context = click.Context(cli)
    wrong = []
    for path, call in _calls():
        words = re.split(r"\s+(?:#|&&|\||>|;)|\s{2,}", call.removeprefix("git "))[0].split()[1:]
        while words and words[0].startswith("-"):
            words = words[2:] if words[0] in {"-C", "--color", "--log-file", "--log-format"} else words[1:]
        if not words or words[0].isupper():
            continue
        command = cli.get_command(context, words[0]) if words[0] in COMMANDS else None
        if command is None:
            wrong.append((path, call))
            continue
        while (
            isinstance(command, click.Group)
            and words[1:]
            and (below := command.get_command(context, words[1]))
        ):
            command, words = below, words[1:]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        known |= {"--help", "-h"}
        given = [word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)]
        wrong += [(path, call) for option in given if option not in known and option[:2] not in known]
    assert len(_calls()) > 100
    assert wrong == []


def _said() -> str:
    """Every text in the program, with `...` for what it puts in."""
    found = []
    for path in (ROOT / "mdtodo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values
                    )
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    found.append((ROOT / "action.yml").read_text(encoding="utf-8"))  # its steps have words of their own
    return "\n".join(found)


def test_the_messages_of_the_page_are_those_of_the_program() -> None:
    said = _said()
    sections = read("troubleshooting.md").split("## Configuration")[1]
    cells = [row.split(" | ")[0] for row in re.findall(r"(?m)^\| (?!message|---)(.+)$", sections)]
    fragments = [
        part for cell in cells for span in re.findall(r"`([^`]+)`", cell) for part in span.split("...")
    ]
    assert len(fragments) > 40
    assert [one.strip() for one in fragments if one.strip() not in said] == []


def test_every_finding_has_its_line_in_troubleshooting() -> None:
    table = read("reference.md").split("## Findings")[1].split("\n## ")[0]
    codes = re.findall(r"(?m)^\| `([a-z-]+)` \|", table)
    assert len(codes) >= 17
    assert [code for code in codes if f"| `{code}` |" not in read("troubleshooting.md")] == []
