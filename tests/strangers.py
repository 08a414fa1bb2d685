"""Text as strangers may write it, and a page of markdown as a browser shows it."""

from __future__ import annotations

from html.parser import HTMLParser

from cmarkgfm.cmark import Options, markdown_to_html_with_extensions

HOSTILE = [
    "$(touch pwned) `touch pwned` ; touch pwned",
    "::set-output name=commit::pwned",
    "##[set-output name=commit]pwned",
    "::error file=x,line=1::pwned",
    "%0A::error::pwned%0D",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "[x](javascript:alert(1)) ](javascript:alert(1))",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a | b \\| c `d|e` \\",
    "`a` ```` **b** _c_ ~~d~~ $e$ :tada: @octocat #1 www.example.com https://example.com",
    '"] --> evil; click t0 "javascript:alert(1)" end',
    "%%{init: {'securityLevel': 'loose'}}%% #quot; &lt;",
    "\u202egnp.exe \u2028 ::error::pwned",
]


class Page(HTMLParser):
    """What a reader sees, and what else there is."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self._inside = False
        options = Options.CMARK_OPT_UNSAFE
        self.feed(markdown_to_html_with_extensions(markdown, options, ["table", "autolink", "strikethrough"]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")
            self._inside = True
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")


TABLE_TAGS = {"table", "thead", "tbody", "tr", "th", "td"}
