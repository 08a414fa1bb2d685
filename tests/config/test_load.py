"""From bytes to Config, and what is said of bytes that are none."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.load import load
from mdtodo.config.processor_settings import Match, Processor
from mdtodo.config.settings import DEFAULT, Config, Expand, Pattern
from mdtodo.config.toml_lines import key_lines
from mdtodo.core.task import Status
from mdtodo.errors import ConfigError, MdtodoError
from tests.examples import examples

COMPLETE = """\
[tool.mdtodo]
files = ["TODO.md"]
jobs = 4
rollup = false
stamp = true
auto_expand = true
commit = "task"
max_failures = 5
recipes = "auto"
classify = "words"
proof = "require"
signers = "keys//./allowed_signers"
inline = true
isolation = "clone"
lease = "10m"
max_cpu = 50
max_memory = 60
warnings_as_errors = true
close_from_commits = true

[tool.mdtodo.expand]
command = "split"

[tool.mdtodo.status]
">" = "doing"
"✔" = "done"

[tool.mdtodo.lanes]
high = 3
slow = 2

[tool.mdtodo.categories]
infra = ["cluster"]

[tool.mdtodo.processors.tests]
run = "pytest -q"
match = { category = "testing", kind = "unit", tags = ["ci", "#fast"], title = "(?i)tests? pass" }
timeout = "10m"
retries = 2
retry_delay = "5s"
backoff = 1.5
needs = ["python"]
inputs = ["src/**"]
outputs = ["CHANGELOG.md"]
env = { CI = "1" }
cwd = "packages//api/"

[tool.mdtodo.processors."a.b"]
python = "tools.embed:main"

[tool.mdtodo.processors.list]
run = ["make", ""]

[tool.mdtodo.patterns.machine_learning]
match = ["train a model"]
steps = ["Data preparation", "Training run:train"]
"""


def both(text: str) -> list[Config]:
    """The same keys from pyproject.toml and from .mdtodo.toml."""
    bare = text.replace("[tool.mdtodo]\n", "").replace("[tool.mdtodo.", "[")
    return [load(text.encode(), None), load(None, bare.encode())]


def test_every_key_from_either_file() -> None:
    one, other = both(COMPLETE)
    assert one == other
    assert set(one.sources.values()) == {"pyproject.toml"}
    assert set(other.sources.values()) == {".mdtodo.toml"}
    assert one.files == ("TODO.md",)
    assert (one.jobs, one.rollup, one.stamp, one.auto_expand, one.commit) == (4, False, True, True, "task")
    assert (one.max_failures, one.recipes, one.classify) == (5, "auto", "words")
    assert (one.proof, one.signers, one.warnings_as_errors) == ("require", "keys/allowed_signers", True)
    assert (one.inline, one.isolation) == (True, "clone")
    assert (one.lease, one.max_cpu, one.max_memory, one.close_from_commits) == (600.0, 50, 60, True)
    assert one.expand == Expand("split")
    assert one.lanes == {"critical": 5, "high": 3, "medium": 20, "low": 50, "general": 1, "slow": 2}
    assert one.status == {**DEFAULT.status, ">": Status.DOING, "✔": Status.DONE}
    assert one.categories["infra"] == {"infra": ("infra",), "cluster": ("cluster",)}
    assert list(one.processors) == ["tests", "a.b", "list"]
    assert one.processors["tests"] == Processor(
        name="tests",
        run="pytest -q",
        match=Match("testing", "unit", ("ci", "fast"), "(?i)tests? pass"),
        timeout=600.0,
        retries=2,
        retry_delay=5.0,
        backoff=1.5,
        needs=("python",),
        inputs=("src/**",),
        outputs=("CHANGELOG.md",),
        env={"CI": "1"},
        cwd="packages/api",
    )
    assert one.processors["a.b"] == Processor(name="a.b", python="tools.embed:main")
    assert one.processors["list"].run == ("make", "")
    assert one.patterns == {
        "machine_learning": Pattern(
            "machine_learning", ("train a model",), ("Data preparation", "Training run:train")
        )
    }


def test_the_defaults_are_those_of_the_documentation() -> None:
    assert DEFAULT.files == ("TODO.md", "**/TODO.md", "todo/**/*.md")
    assert (DEFAULT.jobs, DEFAULT.rollup, DEFAULT.stamp, DEFAULT.auto_expand) == (0, True, False, False)
    assert (DEFAULT.commit, DEFAULT.max_failures, DEFAULT.recipes) == ("run", 3, "explicit")
    assert (DEFAULT.proof, DEFAULT.signers, DEFAULT.warnings_as_errors) == ("warn", "", False)
    assert (DEFAULT.inline, DEFAULT.isolation, DEFAULT.lease) == (False, "checkout", 300.0)
    assert (DEFAULT.max_cpu, DEFAULT.max_memory, DEFAULT.close_from_commits) == (85, 90, False)
    assert DEFAULT.lanes == {"critical": 5, "high": 10, "medium": 20, "low": 50, "general": 1}
    assert DEFAULT.expand.command is None
    assert (DEFAULT.processors, DEFAULT.patterns, DEFAULT.sources) == ({}, {}, {})


@pytest.mark.parametrize(
    ("pyproject", "dotfile"),
    [
        (None, None),
        (b"", None),
        (b"[project]\nname = 'x'\n", None),
        (b"broken = = toml, but not ours", None),
        (b"# mdtodo\n[tool.black]\nline-length = 99\n", None),
        (b"[tool.mdtodo]\n", None),
        (None, b""),
        (None, b"\xef\xbb\xbf# a BOM\r\n"),
        (b"[tool.mdtodo]", b""),
        (b"[tool.mdtodo.lanes]", b"[processors]"),
    ],
)
def test_an_empty_configuration_is_the_default(pyproject: bytes | None, dotfile: bytes | None) -> None:
    assert load(pyproject, dotfile) == DEFAULT


def test_keys_of_both_files_are_put_together() -> None:
    config = load(
        b'[tool.mdtodo]\njobs = 2\nlease = "5m"\n[tool.mdtodo.lanes]\nlow = 3\n'
        b'[tool.mdtodo.processors.a]\nrun = "x"\n[tool.mdtodo.processors.b]\nrun = "y"\n',
        b'lease = "300s"\nstamp = true\nlanes.high = 4\n[processors.a]\nretries = 1\n',
    )
    assert (config.jobs, config.lease, config.stamp) == (2, 300.0, True)
    assert (config.lanes["low"], config.lanes["high"]) == (3, 4)
    assert config.processors["a"] == Processor(name="a", run="x", retries=1)
    assert list(config.processors) == ["a", "b"]
    assert config.sources == {
        "jobs": "pyproject.toml",
        "lease": ".mdtodo.toml",
        "stamp": ".mdtodo.toml",
        "lanes.low": "pyproject.toml",
        "lanes.high": ".mdtodo.toml",
        "processors.a.run": "pyproject.toml",
        "processors.a.retries": ".mdtodo.toml",
        "processors.b.run": "pyproject.toml",
    }


WRONG = [
    ("lanez = {}", '`lanez`: unknown key (did you mean "lanes"?)'),
    ("job = 1", '`job`: unknown key (did you mean "jobs"?)'),
    ("max-cpu = 1", '`max-cpu`: unknown key (did you mean "max_cpu"?)'),
    ('"" = 1', '`""`: unknown key (known: archive, auto_expand, categories, check, classify,'),
    ("jobs = true", "`jobs`: must be a whole number from 0 to 10000, not true"),
    ("jobs = 1.0", "`jobs`: must be a whole number from 0 to 10000, not 1.0"),
    ('jobs = "1"', '`jobs`: must be a whole number from 0 to 10000, not "1"'),
    ("jobs = -1", "`jobs`: must be a whole number from 0 to 10000, not -1"),
    ("jobs = 10001", "`jobs`: must be a whole number from 0 to 10000, not 10001"),
    ("rollup = 1", "`rollup`: must be true or false, not 1"),
    ('files = "TODO.md"', '`files`: must be a list of patterns, not "TODO.md"'),
    ('files = ["TODO.md", 3]', "`files[1]`: must be a string, not 3"),
    ('files = [" "]', '`files[0]`: must be a string on one line, not " "'),
    ('files = ["a\\nb"]', '`files[0]`: must be a string on one line, not "a\\nb"'),
    ('commit = "tsk"', '`commit`: must be "run" or "task" or "none", not "tsk" (did you mean "task"?)'),
    ("commit = false", '`commit`: must be "run" or "task" or "none", not false'),
    ("max_failures = 0", "`max_failures`: must be a whole number, 1 or more, not 0"),
    ("max_cpu = 0", "`max_cpu`: must be a whole number from 1 to 100, not 0"),
    ("max_memory = 101", "`max_memory`: must be a whole number from 1 to 100, not 101"),
    ("lease = 300", '`lease`: must be a duration such as "90s", "5m" or "1h30m", not 300'),
    ('lease = "5 minutes"', '`lease`: must be a duration such as "90s", "5m" or "1h30m", not "5 minutes"'),
    ('lease = "0s"', "`lease`: must be longer than 0"),
    ('lease = "0.4ms"', "`lease`: must be longer than 0"),
    ('lease = "999d"', '`lease`: must be at most 366 days, not "999d"'),
    ('proof = "strickt"', '`proof`: must be "off" or "warn" or "require" or "strict", not "strickt" (did'),
    ("proof = true", '`proof`: must be "off" or "warn" or "require" or "strict", not true'),
    ("warnings_as_errors = 1", "`warnings_as_errors`: must be true or false, not 1"),
    ("signers = 3", "`signers`: must be a path, not 3"),
    ("signers = ' '", '`signers`: must be a path on one line, not " "'),
    ("signers = '/etc/keys'", '`signers`: must be a path inside the repository, not "/etc/keys"'),
    ("signers = 'a/../../keys'", '`signers`: must be a path inside the repository, not "a/../../keys"'),
    ("signers = '.git/keys'", '`signers`: must be a path inside the repository, not ".git/keys"'),
    ("lanes = 3", "`lanes`: must be a table, not 3"),
    ("lanes.high = 0", "`lanes.high`: must be a whole number, 1 or more, not 0"),
    ('lanes."a b" = 1', '`lanes."a b"`: is not a valid name for a lane: use letters,'),
    (
        'status.">" = "doign"',
        '`status.">"`: must be "todo" or "done" or "doing" or "cancelled", not "doign" (did',
    ),
    ('status.x = "doing"', '`status.x`: is built in as "done", and cannot be changed'),
    ('status.ab = "done"', "`status.ab`: must be exactly one character"),
    ('status."]" = "done"', '`status."]"`: cannot be used in a box'),
    ('status."\\t" = "done"', "cannot be used in a box"),
    ("expand.command = ' '", '`expand.command`: must be a shell command, not " "'),
    ("defaults.timeout = 3", "`defaults.timeout`: must be a duration"),
    ("defaults.timout = '3s'", '`defaults.timout`: unknown key (did you mean "timeout"?)'),
    ("defaults.run = 'x'", "`defaults.run`: unknown key"),
    ("expand.comand = 'x'", '`expand.comand`: unknown key (did you mean "command"?)'),
    (
        "categories.frontend = 3",
        "`categories.frontend`: must be a list of kinds, or a table of kinds and their words",
    ),
    (
        "categories.frontend = [3]",
        "`categories.frontend`: must be a list of kinds, or a table of kinds and their",
    ),
    ("categories.frontend.css = 'x'", '`categories.frontend.css`: must be a list of words, not "x"'),
    ("categories.frontend.' ' = ['x']", '`categories.frontend." "`: has an empty name'),
    ("categories.'a b' = ['x']", '`categories."a b"`: is not a valid name for a category'),
    ("patterns.p = {}", "`patterns.p`: must have either `steps` or `template`"),
    ("patterns.p.steps = []", "`patterns.p.steps`: must be a list of steps, and not empty"),
    ("processors.'' = {}", '`processors.""`: is not a valid name for a processor'),
    ("processors.inline.run = 'x'", "`processors.inline`: is a reserved name: `run:inline` means the block"),
    ("processors.rollup.run = 'x'", "`processors.rollup`: is a reserved name: in receipts it means that all"),
    (
        "processors.person.run = 'x'",
        "`processors.person`: is a reserved name: in receipts it means a person's",
    ),
    (
        "processors.undo.run = 'x'",
        "`processors.undo`: is a reserved name: in receipts it means a run that was",
    ),
    ("processors.a = {}", "`processors.a`: must have either `run` or `python`"),
    (
        "processors.a = { run = 'x', python = 'y' }",
        "`processors.a`: must have either `run` or `python`, not both",
    ),
]

WRONG_PROCESSORS = [
    ("run = 3", "`run`: must be a command: a string for the shell, or a list of a program"),
    ("run = ' '", "`run`: must be a command"),
    ("run = []", "`run`: must be a command"),
    ("run = ['', 'x']", "`run`: must be a command"),
    ("run = ['x', 3]", "`run`: must be a command"),
    ('run = "a\\u0000"', "`run`: must not contain NUL"),
    ("python = 3", '`python`: must be "package.module:function"'),
    ("python = 'tools embed'", '`python`: must be "package.module:function"'),
    ("python = 'tools.embed:'", '`python`: must be "package.module:function"'),
    ("python = '3tools:main'", '`python`: must be "package.module:function"'),
    ("timeout = '0s'", "`timeout`: must be longer than 0"),
    ("timout = '1s'", '`timout`: unknown key (did you mean "timeout"?)'),
    ("retries = -1", "`retries`: must be a whole number, 0 or more, not -1"),
    ("retry_delay = 'soon'", "`retry_delay`: must be a duration such as"),
    ("backoff = 0.5", "`backoff`: must be a number from 1 to 100, not 0.5"),
    ("backoff = nan", "`backoff`: must be a number from 1 to 100, not NaN"),
    ("backoff = true", "`backoff`: must be a number from 1 to 100, not true"),
    ("needs = ['a,b']", "`needs[0]`: must be a capability name (letters, digits,"),
    ("inputs = ['/etc/passwd']", '`inputs[0]`: must be a path inside the repository, not "/etc/passwd"'),
    ("outputs = ['a/../../b']", '`outputs[0]`: must be a path inside the repository, not "a/../../b"'),
    ("outputs = ['.git/config']", "`outputs[0]`: must be a path inside the repository"),
    ("outputs = ['./.git/config']", "`outputs[0]`: must be a path inside the repository"),
    ("cwd = 3", "`cwd`: must be a folder, not 3"),
    ("cwd = '/srv'", '`cwd`: must be a folder inside the repository, not "/srv"'),
    ("cwd = 'a/../..'", '`cwd`: must be a folder inside the repository, not "a/../.."'),
    ("cwd = './.git/hooks'", "`cwd`: must be a folder inside the repository"),
    ("env = { CI = 1 }", "`env.CI`: must be a string, not 1"),
    ("env = { 'A=B' = '1' }", '`env."A=B"`: is not a valid name for an environment variable'),
    ('env = { A = "\\u0000" }', "`env.A`: must be a string"),
    ("match = {}", "`match`: must name a category, a kind, tags or a title"),
    ("match = { tags = [] }", "`match`: must name a category, a kind, tags or a title"),
    ("match = { tags = ['a b'] }", '`match.tags[0]`: must be a tag without spaces, not "a b"'),
    ("match = { tags = ['#'] }", '`match.tags[0]`: must be a tag without spaces, not "#"'),
    ("match = { tilte = 'x' }", '`match.tilte`: unknown key (did you mean "title"?)'),
    ("match = { title = '(' }", "`match.title`: is not a valid regular expression: missing )"),
    ("match = { title = 3 }", "`match.title`: must be a regular expression, not 3"),
    (
        "match = { category = 'bakend' }",
        '`match.category`: unknown category "bakend" (did you mean "backend"?)',
    ),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_a_wrong_value_is_told_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, f"# first\n\n{text}\n".encode())
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(".mdtodo.toml:3: ")
    assert (caught.value.file, caught.value.line, caught.value.exit_code) == (".mdtodo.toml", 3, 3)


@pytest.mark.parametrize(("text", "sentence"), WRONG_PROCESSORS)
def test_a_wrong_value_of_a_processor_is_told_with_its_place(text: str, sentence: str) -> None:
    proof = "" if text.startswith(("run", "python")) else "run = 'x'\n"
    with pytest.raises(ConfigError) as caught:
        load(f"[tool.mdtodo.processors.a]\n{text}\n{proof}".encode(), None)
    assert str(caught.value).startswith("pyproject.toml:2: ")
    assert "`tool.mdtodo.processors.a." + sentence[1:] in str(caught.value)


BROKEN = [
    (b"x = ", 1, "invalid TOML: Invalid value (at end of document)"),
    (b"\njobs = = 3\n", 2, "invalid TOML: Invalid value (at line 2, column 8)"),
    (b"jobs = 1\njobs = 2\n", 2, "invalid TOML: Cannot overwrite a value (at line 2, column 9)"),
    (b"# \xe4\n", 1, "not UTF-8, so not TOML"),
    (b"\n\n# \xff\xfe\n", 3, "not UTF-8, so not TOML"),
    (b"x=" + b"[" * 20_000, None, "nested too deeply to be read"),
    (b"jobs = " + b"9" * 5_000, None, "invalid TOML: a number is too long"),
    (b"jobs = 0x" + b"f" * 3_600, 1, ".mdtodo.toml:1: `jobs`: must be a whole number"),
    (
        b"lanes.high = 0o" + b"7" * 9_000,
        1,
        "`lanes.high`: must be a whole number, 1 or more, not a number that is too",
    ),
    (b"processors.a.run = [0b" + b"1" * 20_000 + b"]", 1, "`processors.a.run`: must be a command"),
    (b"[tool.mdtodo]\njobs = 1\n", 1, "`tool`: is not needed here: in .mdtodo.toml the keys have no"),
]


@pytest.mark.parametrize(("data", "line", "sentence"), BROKEN)
def test_broken_toml_is_told_with_its_line(data: bytes, line: int | None, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, data)
    assert sentence in str(caught.value)
    assert (caught.value.file, caught.value.line) == (".mdtodo.toml", line)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"# mdtodo\ntool = 3\n", "pyproject.toml:2: `tool`: must be a table, not 3"),
        (b"[tool]\nmdtodo = 3\n", "pyproject.toml:2: `tool.mdtodo`: must be a table, not 3"),
        (b"\n[[tool.mdtodo]]\n", "pyproject.toml:2: `tool.mdtodo`: must be a table, not [{}]"),
        (b"[tool.mdtodo\n", "pyproject.toml:1: invalid TOML"),
    ],
)
def test_a_value_in_the_place_of_our_table_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(data, None)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("pyproject", "dotfile", "sentence"),
    [
        (
            "jobs = 1",
            "\njobs = 2",
            ".mdtodo.toml:2: `jobs`: .mdtodo.toml and pyproject.toml disagree: 2 here, 1 there",
        ),
        ("files = ['a']", "files = ['b']", ".mdtodo.toml:1: `files`:"),
        ("lanes.low = 1", "lanes.low = 2", ".mdtodo.toml:1: `lanes.low`:"),
        ("processors.a.run = 'x'", "processors.a.run = ['x']", ".mdtodo.toml:1: `processors.a.run`:"),
        (
            "processors.a.run = 'x'",
            "processors.a.python = 'x'",
            ".mdtodo.toml:1: `processors.a`: must have either",
        ),
        (
            "processors.a.retries = 1",
            "stamp = true",
            "pyproject.toml:2: `tool.mdtodo.processors.a`: must have either",
        ),
    ],
)
def test_values_in_which_the_two_files_disagree_are_told(pyproject: str, dotfile: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"[tool.mdtodo]\n{pyproject}\n".encode(), dotfile.encode())
    assert str(caught.value).startswith(sentence)


def test_no_file_of_signers_is_no_path_at_all() -> None:
    assert load(None, b"signers = ''").signers == ""
    assert load(None, b"signers = './keys/a..b'").signers == "keys/a..b"


def sentences(pyproject: str | None, dotfile: str | None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(*(None if text is None else text.encode() for text in (pyproject, dotfile)))
    assert str(caught.value) == "\n".join(caught.value.sentences)
    return list(caught.value.sentences)


def test_all_mistakes_are_told_at_once() -> None:
    found = sentences(
        "[tool.mdtodo]\njobs = -1\nlease = '5m'\n[tool.mdtodo.processors.t]\nrum = 'x'\nmatch.category = 'testng'\n",
        "lease = '6m'\njob = 1\n[lanes]\nlow = 0\n[processors.p]\nmatch.category = 'bakend'\n[patterns.q]\n",
    )
    assert [line.partition("`: ")[0] for line in found] == [
        ".mdtodo.toml:1: `lease",
        ".mdtodo.toml:2: `job",
        ".mdtodo.toml:4: `lanes.low",
        ".mdtodo.toml:5: `processors.p",
        ".mdtodo.toml:6: `processors.p.match.category",
        ".mdtodo.toml:7: `patterns.q",
        "pyproject.toml:2: `tool.mdtodo.jobs",
        "pyproject.toml:5: `tool.mdtodo.processors.t.rum",
        "pyproject.toml:6: `tool.mdtodo.processors.t.match.category",
    ]


@pytest.mark.parametrize(
    ("pyproject", "dotfile", "count"),
    [
        (None, "[processors.a]\nrun = 3\n", 1),
        (None, "categories.new = 3\n[processors.a]\nrun = 'x'\nmatch.category = 'new'\n", 1),
        (None, "[processors.a]\nrun = 'x'\nmatch.titel = 'x'\n", 1),
        ("[tool.mdtodo.processors.a]\nrun = 'x'\n[", "processors.a.retries = 1\n", 1),
        ("[tool.mdtodo]\njobs = 0x\n", "jobs = -1\nstamp = 1\n", 3),
    ],
)
def test_no_mistake_is_told_that_only_follows_from_another(
    pyproject: str | None, dotfile: str, count: int
) -> None:
    assert len(sentences(pyproject, dotfile)) == count


def test_fifty_of_very_many_mistakes_are_told() -> None:
    found = sentences(None, "".join(f"zz{number} = 1\n" for number in range(60)))
    assert len(found) == 51
    assert found[-1] == ".mdtodo.toml: and 10 more errors"


def test_defaults_hold_where_a_processor_says_nothing_else() -> None:
    config = load(
        b"[tool.mdtodo.defaults]\ntimeout = '1h'\nretries = 2\nenv = { CI = '1', A = 'a' }\n",
        b"[processors.own]\nrun = 'x'\ntimeout = '5m'\nretries = 0\nenv = { A = 'b' }\n[processors.none]\nrun = 'x'\n",
    )
    own, none = config.processors["own"], config.processors["none"]
    assert (own.timeout, own.retries, own.backoff, own.env) == (300.0, 0, 2.0, {"CI": "1", "A": "b"})
    assert (none.timeout, none.retries, none.retry_delay, none.env) == (3600.0, 2, 1.0, {"CI": "1", "A": "a"})


LINES = """\
[tool.mdtodo]
files = [
    "jobs = -1",
]
expand.command = '''
jobs = -1
[tool.mdtodo.lanes]
low = 0
'''

[tool.mdtodo."processors".'a.b']
run = "x"
env = { A = "1", B = "2" }
match = { title = "x", tags = ["y"] }

[other]
jobs = -1
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[other]\njobs = -1", "[tool.mdtodo.lanes]\nlow = 0", 17),
        ('"jobs = -1"', "3", 2),
        ('B = "2"', "B = 2", 13),
        ('tags = ["y"]', "tags = 3", 14),
        ('title = "x"', 'title = "("', 14),
        ('run = "x"', 'run = ""', 12),
        ('run = "x"', "timeout = '1s'", 11),
        ("expand.command", "expand.comand", 5),
        ("[other]", '[tool.mdtodo."patterns"."\\u0041"]', 17),
    ],
)
def test_the_line_of_a_key_is_found_however_it_is_written(old: str, new: str, line: int) -> None:
    assert load(LINES.encode(), None).processors["a.b"].run == "x"
    with pytest.raises(ConfigError) as caught:
        load(LINES.replace(old, new).encode(), None)
    assert caught.value.line == line, caught.value


def test_three_quotes_in_a_comment_hide_no_line() -> None:
    text = "# a string begins with ''' or \"\"\"\n\n[tool.mdtodo]\njobs = -1 # '''\n"
    assert sentences(text + "expand.command = '''\n\"\\q\" = 1\n'''\nlease = 1\n", None) == [
        "pyproject.toml:4: `tool.mdtodo.jobs`: must be a whole number from 0 to 10000, not -1",
        'pyproject.toml:8: `tool.mdtodo.lease`: must be a duration such as "90s", "5m" or "1h30m", not 1',
    ]


def test_a_regular_expression_that_warns_is_taken_in_silence() -> None:
    config = load(None, b"[processors.a]\nrun = 'x'\nmatch.title = '[[a]'\n")
    assert config.processors["a"].match == Match(title="[[a]")


def test_a_status_that_is_built_in_may_be_said_again() -> None:
    assert load(None, b"status = { x = 'done', '>' = 'todo' }").status[">"] is Status.TODO


_VALUES = st.recursive(
    st.one_of(
        st.booleans(), st.integers(-3, 200), st.floats(), st.text(max_size=4), st.sampled_from(["5m", "run"])
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["run", "match", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
_KEYS = st.sampled_from([*(one for one in Config.__dataclass_fields__), "zzz", "a.b"])


@examples(80)
@given(st.dictionaries(_KEYS, _VALUES, max_size=3))
def test_any_toml_is_a_config_or_a_sentence(table: dict[str, object]) -> None:
    text = "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in table.items())
    error = refusal(None, text.encode())
    if error is not None:
        assert error.file == ".mdtodo.toml"
        assert error.line is not None, error
        assert "`" in error.sentence


@examples(80)
@given(st.binary(max_size=30).map(lambda tail: b"mdtodo = 1\n" + tail))
def test_any_bytes_are_a_config_or_a_sentence(data: bytes) -> None:
    for pyproject, dotfile in ((data, None), (None, data)):
        error = refusal(pyproject, dotfile)
        assert error is None or error.file in ("pyproject.toml", ".mdtodo.toml")


def refusal(pyproject: bytes | None, dotfile: bytes | None) -> MdtodoError | None:
    try:
        load(pyproject, dotfile)
    except MdtodoError as error:
        return error
    return None


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(one):08x}" for one in value if not 0xD800 <= ord(one) < 0xE000) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def test_the_example_of_the_documentation_holds() -> None:
    text = textwrap.dedent("""\
        [tool.mdtodo.processors.tests]
        run = "pytest -q"        # a string goes through the shell, a list does not
        match = { category = "testing", kind = "unit", tags = ["ci"], title = "(?i)tests? pass" }

        [tool.mdtodo.patterns.machine_learning]
        match = ["train a model"]
        steps = ["Data preparation", "Training run:train"]
    """)
    assert load(text.encode(), None).patterns["machine_learning"].steps[1] == "Training run:train"


def test_a_text_with_many_mistakes_is_looked_through_once() -> None:
    text = "".join(f"[processors.p{number}]\nrun = 3\n" for number in range(500))
    key_lines.cache_clear()
    with pytest.raises(ConfigError) as caught:
        load(None, text.encode())
    assert key_lines.cache_info().misses == 1
    found = [error.line for error in caught.value.each]
    assert found[:50] == [*range(2, 101, 2)]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('check = "true"', 'processors.p.check`: needs `isolation = "clone"`'),
        ('protect = ["tests/**"]', 'processors.p.protect`: needs `isolation = "clone"`'),
        ('sandbox = true\nisolation = "checkout"', 'processors.p.sandbox`: needs `isolation = "clone"`'),
        ('isolation = "clone"\nnetwork = false', "processors.p.network`: needs `sandbox = true`"),
        ('isolation = "clone"\nhome = ["../x"]\nsandbox = true', "must be a path below your home"),
        ('isolation = "clone"\npass_env = ["A-B"]', "is not a valid name for an environment variable"),
    ],
)
def test_what_is_said_of_a_clone_needs_one(keys: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        both(f'[tool.mdtodo.processors.p]\nrun = "true"\n{keys}\n')


def test_isolation_may_be_set_for_all_processors() -> None:
    one, _ = both('[tool.mdtodo]\nisolation = "clone"\n[tool.mdtodo.processors.p]\nrun = "a"\ncheck = "b"\n')
    assert (one.processors["p"].isolation, one.processors["p"].check) == (None, "b")
