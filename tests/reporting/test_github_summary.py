"""The summary links files of any name."""

from __future__ import annotations

import re

from mdtodo.core.task import Finding, Severity
from mdtodo.reporting.github_summary import Links, findings
from mdtodo.reporting.text import one_line
from tests.strangers import Page


def test_a_file_of_any_name_is_linked() -> None:
    name = "a b](javascript:x)|\"<&'%0A?#\udcff$(x).md"
    links = Links.of({"GITHUB_SERVER_URL": "https://x", "GITHUB_REPOSITORY": "o/r"}, "abc")
    page = Page(findings([Finding(name, 3, Severity.ERROR, "cycle", "a | b")], links))
    assert page.cells[5] == f"{one_line(name)}:3"
    (url,) = page.links
    assert re.fullmatch(r"https://x/o/r/blob/abc/[A-Za-z0-9%._-]+\?plain=1#L3", url)
