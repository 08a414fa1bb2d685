"""Text of strangers stays text: in the shell, in workflow commands, in the summary and on the terminal."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from cmarkgfm.cmark import Options, markdown_to_html_with_extensions
from hypothesis import example, given
from hypothesis import strategies as st

from mdtodo.action.work import work
from mdtodo.config import DEFAULT
from mdtodo.model import Finding, Severity, Status, Task
from mdtodo.planning.plan import plan
from mdtodo.reporting.commands import annotate, quoted, say
from mdtodo.reporting.findings import print_annotations
from mdtodo.reporting.job_summary import Links, findings
from mdtodo.reporting.markdown import code_block, escaped, link
from mdtodo.reporting.mermaid import flowchart
from mdtodo.reporting.text import one_line, printable
from tests.action.runner import Ended, Job, _command
from tests.conftest import Checkout
from tests.examples import examples

if TYPE_CHECKING:
    from tests.action.conftest import World

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


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_shows_just_the_text(text: str) -> None:
    page = Page(f"| a | b |\n| --- | --- |\n| {escaped(text)} | {link(text, 'https://x/y')} |\n")
    assert page.cells[2:] == [one_line(text), one_line(text)]
    assert page.tags == TABLE_TAGS | {"a"}
    assert page.links == ["https://x/y"]


@given(st.text(max_size=40))
@examples(200)
def test_a_cell_shows_any_text(text: str) -> None:
    page = Page(f"| a | b |\n| --- | --- |\n| {escaped(text)} | z |\n")
    assert page.cells[2:] == [one_line(text), "z"]
    assert page.tags == TABLE_TAGS


@example("a\n```\n<b>")
@example("a\n`````\n<b>")
@given(st.text(alphabet="`~\n <a\x1b#", max_size=40))
@examples(200)
def test_no_text_ends_its_block_of_code(text: str) -> None:
    page = Page(f"{code_block(text)}\n\n| end |\n| --- |\n")
    assert page.tags == {"pre", "code", "table", "thead", "tr", "th"}


def test_a_file_of_any_name_is_linked() -> None:
    name = "a b](javascript:x)|\"<&'%0A?#\udcff$(x).md"
    links = Links.of({"GITHUB_SERVER_URL": "https://x", "GITHUB_REPOSITORY": "o/r"}, "abc")
    page = Page(findings([Finding(name, 3, Severity.ERROR, "cycle", "a | b")], links))
    assert page.cells[5] == f"{one_line(name)}:3"
    (url,) = page.links
    assert re.fullmatch(r"https://x/o/r/blob/abc/[A-Za-z0-9%._-]+\?plain=1#L3", url)


@pytest.mark.parametrize("text", [*HOSTILE, "a\nb\r\nc", "50 %, x:y"])
def test_an_annotation_is_one_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    annotate("error", text, file=f"docs/{text}.md", line=2, title=text)
    print_annotations([Finding(f"{text}.md", 2, Severity.WARNING, "cycle", text)])
    lines = re.split(r"\r\n|\r|\n", capsys.readouterr().out)
    assert lines.pop() == ""
    assert len(lines) == 2
    for line, level in zip(lines, ("error", "warning"), strict=True):
        command = _command(line)
        assert command is not None
        assert (command[0], command[1]["line"]) == (level, "2")
        assert "\x1b" not in line
    command = _command(lines[0])
    assert command is not None
    assert command[2] == "\n".join(map(printable, text.split("\n")))
    assert command[1]["title"] == one_line(text)


def test_what_is_quoted_holds_no_commands(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    with quoted():
        for text in HOSTILE:
            say(f"    {text}")
    job = Job(tmp_path, {}, {}, ended=Ended())  # type: ignore[arg-type]
    outputs: dict[str, str] = {}
    job._read_log(capsys.readouterr().out, outputs)
    assert job.ended.commands == ["stop-commands"]
    assert outputs == {}
    job._read_log("::error::seen again", outputs)
    assert [one.message for one in job.ended.annotations] == ["seen again"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_node_of_the_graph_is_its_title(text: str) -> None:
    made = plan([Task("a1", None, "TODO.md", 1, text, Status.TODO)], DEFAULT)
    _, node, *rest = flowchart(made).split("\n")
    found = re.fullmatch(r'  t0\["○ ([^"\[\]{}()<>`%|;&#]|#\d+;)*"\]', node)
    assert found, node
    said = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), node)[8:-2]
    assert said == one_line(text) or said.endswith("…")
    assert not [line for line in rest if not re.fullmatch(r"  (class|classDef) [\w,]+ [\w:,-]+", line)]


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
    job = world.job("push", payload, GITHUB_REF_NAME=branch)
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
