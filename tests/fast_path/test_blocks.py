"""What the fast path reads of a file is what `mdtodo.markdown` reads, or nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from mdtodo.errors import InputError
from tests.examples import TIMES
from tests.fast_path.both import parsed, read
from tests.fast_path.texts import nearly_right
from tests.markdown.documents import document, outline, soup

ROOT = Path(__file__).parents[2]
SAMPLES = sorted([*ROOT.glob("tests/**/*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*.md")])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sample_is_read_as_it_is_or_not_at_all(path: Path) -> None:
    data = path.read_bytes()
    assert (found := read(data)) is None or found == parsed(data)


def test_most_samples_are_read() -> None:
    assert sum(read(path.read_bytes()) is not None for path in SAMPLES) > len(SAMPLES) * 0.6


@pytest.mark.chance
@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_no_document_is_read_otherwise(seed: int) -> None:
    random, certain = Random(seed), 0
    for make in (document, outline, soup, nearly_right) * 400:
        data = make(random)
        found = read(data)
        if found is None:
            continue
        certain += 1
        try:
            assert found == parsed(data), data
        except InputError:
            pytest.fail(f"{data!r} cannot be read at all")
    assert certain > 400


READ = [
    "- [ ] a\n  - [x] b\n\n    more of b\n- [ ] c\n",
    "# A\n\ntext\n\n## B\n1. [ ] a\n2. [ ] b\n   text\n\n3) [ ] c\n",
    "- [ ] a\nlazy\n      as is this - [ ] b\n",
    "text\n2. [ ] no list\n1. [ ] a list\n",
    "```\n- [ ] code\n# code\n```\n- [ ] a\n  ```sh\n  - [ ] code\n  ```\n  - [ ] b\n",
    "- [ ] a\n  ```\n- [ ] b\n",
    "<!-- a\n- [ ] comment\n-->\n- [ ] a <!-- b -->\n",
    "<details>\n<summary>more</summary>\n\n- [ ] a\n\n</details>\n",
    "| a | b |\n|---|---|\n| c | d |\n\n- [ ] a\n",
    "> [!NOTE]\n> text\nlazy\n- [ ] a\n",
    "---\ntitle: a\n---\n- [ ] a\n",
    "- [ ] a\n\n      code - [ ] b\n",
    "* * *\n* [ ] a\n\n***\n\n+ [ ] b\n",
    "- [a](b) c\n- [[d]]\n- [WIP] e\n- **f**\n",
    "\t- [ ] code\n\n-   [ ] a\n\n\t- [ ] b\n",
    "- [ ] a\r\n  b\r\n",
    "[a]: /b\n[c]: /d\n\n- [ ] e\n",
    "A\n===\n\nB\nb\n---\n- [ ] a\n\n> - quoted\n> ```\n\n- [ ] b\n",
]
GIVEN_UP = [
    ">>>=\n>>>=\n",
    ">1.\n>    [ ] a\n",
    "> -\n>\n>   [x] a\n",
    "- [ ]\n", "- [~] a\n", "- [] a\n", "-\n  [ ] a\n", "> - [ ] a\n", "- - [ ] a\n", "- [ ] a\n  ===\n",
    "<pre>\n- [ ] a\n\n</pre>\n", "- [ ] a\n  <b>\n", "- [ ] a | b\n  ---|---\n", "- # a\n", "-\t[ ] a\n",
    "- [ ] a\n\n  # in it\n", "<<<<<<< a\n", "\ufeff- [ ] a\n", "- [ ] a\rb\n", "- [ ] a\0\n", "a: b\n[c]: /d\ntext\n- [a]: /b\n",
    "---\n- [ ] a\n---\n", "- >a\n",
]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_usual_markdown_is_read(text: str) -> None:
    found = read(text.encode())
    assert found is not None
    rows, headings = parsed(text.encode())
    assert found == ([(char, said.replace("\r", ""), *rest) for char, said, *rest in rows], headings)


@pytest.mark.parametrize("text", GIVEN_UP)
def test_unusual_markdown_is_not(text: str) -> None:
    assert read(text.encode()) is None
