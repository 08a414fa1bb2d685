"""The keys of one line: every dialect, what stays title, what is wrong, and how a key is written."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.task import Priority, Severity
from mdtodo.errors import EditError
from mdtodo.markdown.keys.inline import verbatim_ranges
from mdtodo.markdown.keys.read import Keys, read_keys
from mdtodo.markdown.keys.write import write_key
from tests.examples import examples
from tests.timing import cpu_seconds, grows_linearly

CRITICAL, HIGH, MEDIUM, LOW = Priority


def said(text: str) -> dict[str, object]:
    """The keys that the text sets, without tokens and problems."""
    keys = read_keys(text)
    nothing = Keys("")
    return {
        name: getattr(keys, name)
        for name in Keys._fields
        if name not in ("title", "tokens", "problems") and getattr(keys, name) != getattr(nothing, name)
    }


@pytest.mark.parametrize(
    ("text", "title", "keys"),
    [
        # the first column
        ("Fix #tag it", "Fix it", {"tags": ("tag",)}),
        ("#backend/api Fix", "Fix", {"tags": ("backend/api",)}),
        ("a !critical", "a", {"priority": CRITICAL}),
        ("a !high b", "a b", {"priority": HIGH}),
        ("a !medium", "a", {"priority": MEDIUM}),
        ("!low a", "a", {"priority": LOW}),
        ("a priority:high", "a", {"priority": HIGH}),
        ("a priority:highest", "a", {"priority": CRITICAL}),
        ("a priority:lowest", "a", {"priority": LOW}),
        ("a !HIGH", "a", {"priority": HIGH}),
        ("a id:one.2_b-C", "a", {"id": "one.2_b-C"}),
        ("a after:b,c", "a", {"after": ("b", "c")}),
        ("a est:8h", "a", {"estimate": 480}),
        ("a due:2026-12-01", "a", {"due": "2026-12-01"}),
        ("a needs:docker,gpu", "a", {"needs": ("docker", "gpu")}),
        ("a lane:general", "a", {"lane": "general"}),
        ("a worker:w1", "a", {"worker": "w1"}),
        ("a run:tests", "a", {"run": "tests"}),
        ("a expand:api", "a", {"expand": "api"}),
        ("a failed:2", "a", {"failed": 2}),
        ("a done:2026-11-21", "a", {"done": "2026-11-21"}),
        # todo.txt
        ("(A) a", "a", {"priority": CRITICAL}),
        ("(B) a", "a", {"priority": HIGH}),
        ("(C) a", "a", {"priority": MEDIUM}),
        ("(D) a", "a", {"priority": LOW}),
        ("(E) a", "(E) a", {}),
        ("a (A)", "a (A)", {}),
        ("(A)a", "(A)a", {}),
        ("(a) b", "(a) b", {}),
        ("(A)\nb", "b", {"priority": CRITICAL}),
        # block ids
        ("a ^name", "a", {"id": "name"}),
        ("a ^name  ", "a", {"id": "name"}),
        ("a\nb ^name", "a b", {"id": "name"}),
        ("a ^name b", "a ^name b", {}),
        ("a ^name\nb", "a ^name b", {}),
        ("a^name", "a^name", {}),
        ("x ^_^", "x ^_^", {}),
        ("2 ^ 3", "2 ^ 3", {}),
        # Obsidian Tasks
        ("a 🔺", "a", {"priority": CRITICAL}),
        ("a ⏫", "a", {"priority": HIGH}),
        ("a 🔼", "a", {"priority": MEDIUM}),
        ("a 🔽", "a", {"priority": LOW}),
        ("a ⏬", "a", {"priority": LOW}),
        ("a ⏬\ufe0f b", "a b", {"priority": LOW}),
        ("a 🆔 x1", "a", {"id": "x1"}),
        ("a 🆔x1", "a", {"id": "x1"}),
        ("a 🆔\ufe0f x1 #b", "a", {"id": "x1", "tags": ("b",)}),
        ("a ⛔ b,c", "a", {"after": ("b", "c")}),
        ("a ⛔b", "a", {"after": ("b",)}),
        ("a ⛔\ufe0f b, c", "a", {"after": ("b", "c")}),
        ("a 📅 2026-12-01", "a", {"due": "2026-12-01"}),
        ("a 📅2026-12-01 b", "a b", {"due": "2026-12-01"}),
        ("a 📅\ufe0f  2026-12-01", "a", {"due": "2026-12-01"}),
        ("a 📆 2026-12-01", "a", {"due": "2026-12-01"}),
        ("a 🗓\ufe0f 2026-12-01, b", "a b", {"due": "2026-12-01"}),
        ("a 🗓\ufe0e2026-12-01✅2026-11-21", "a", {"due": "2026-12-01", "done": "2026-11-21"}),
        ("a ✅ 2026-11-21", "a", {"done": "2026-11-21"}),
        ("a ✅\ufe0f2026-11-21", "a", {"done": "2026-11-21"}),
        ("タスク📅2026-12-01", "タスク", {"due": "2026-12-01"}),
        (
            "a ⏫ 🆔 x ⛔ y 📅 2026-12-01",
            "a",
            {"priority": HIGH, "id": "x", "after": ("y",), "due": "2026-12-01"},
        ),
        ("✅ Fixed the thing", "✅ Fixed the thing", {}),
        ("📅 Calendar view", "📅 Calendar view", {}),
        ("✅ 12 tests pass", "✅ 12 tests pass", {}),
        ("✅ 1. Caller-ID", "✅ 1. Caller-ID", {}),
        ("📅 2 weeks", "📅 2 weeks", {}),
        ("🗓\ufe0f 12-week plan", "🗓\ufe0f 12-week plan", {}),
        ("📆 2026 budget", "📆 2026 budget", {}),
        ("a 📅 2026-12-01T10:00", "a 📅 2026-12-01T10:00", {}),
        ("a 📅 2026-12-01/2026-12-05", "a 📅 2026-12-01/2026-12-05", {}),
        ("a (📅 2026-12-01).", "a ( ).", {"due": "2026-12-01"}),
        ("⛔ Blocked by legal", "⛔ Blocked by legal", {}),
        ("⛔\ufe0f Blocked by legal #law", "⛔\ufe0f Blocked by legal", {"tags": ("law",)}),
        ("⛔ Blocked", "⛔ Blocked", {}),
        ("#law ⛔ Blocked !high", "⛔ Blocked", {"tags": ("law",), "priority": HIGH}),
        ("🆔 Passport field", "🆔 Passport field", {}),
        ("Add a 🆔 column here ⛔ b", "Add a 🆔 column here", {"after": ("b",)}),
        ("a 🆔 x `b`", "a 🆔 x `b`", {}),
        ("a 🆔 x `id:b`", "a 🆔 x `id:b`", {}),
        ("a 🆔 b/c", "a 🆔 b/c", {}),
        ("a ⛔ b, ä", "a ⛔ b, ä", {}),
        ("a ⛔ b, then c", "a ⛔ b, then c", {}),
        ("a ⛔ b\nc", "a c", {"after": ("b",)}),
        ("a ⛔ b c\n🆔 d", "a ⛔ b c", {"id": "d"}),
        # what Obsidian Tasks writes behind them
        (
            "a 🆔 x ⛔ y 🔁 every week when done 🏁 delete ➕ 2026-01-01 📅 2026-12-01",
            "a 🔁 every week when done 🏁 delete ➕ 2026-01-01",
            {"id": "x", "after": ("y",), "due": "2026-12-01"},
        ),
        ("a 🆔 x 🔁 of life", "a 🆔 x 🔁 of life", {}),
        # text that is written from right to left
        ("לבדוק 📅 2026-12-01 ⛔ b", "לבדוק", {"due": "2026-12-01", "after": ("b",)}),
        ("تحقق 📅 \u200e2026-12-01 🆔 \u200fx", "تحقق", {"due": "2026-12-01", "id": "x"}),
        ("تحقق ⛔ من ذلك", "تحقق ⛔ من ذلك", {}),
        # where a quotation or an emphasis ends
        ('"N tests failed:" list', '"N tests failed:" list', {}),
        ("the “run:” key and 'due:'", "the “run:” key and 'due:'", {}),
        ('a run:"x" [id:: "y"]', 'a run:"x" [id:: "y"]', {}),
        ("**a due:** b, *after:*", "**a due:** b, *after:*", {}),
        # words with an exclamation mark
        ("remove !important !highest here", "remove !important !highest here", {}),
        ("a !high, b!", "a b!", {"priority": HIGH}),
        ("a 📅\n2026-12-01", "a 📅 2026-12-01", {}),
        ("a 🆔", "a 🆔", {}),
        ("a 🆔 x, 📅 2026-12-01; ⛔ b,c, d", "a", {"id": "x", "due": "2026-12-01", "after": ("b", "c", "d")}),
        ("a 📅 2026-12-01, b", "a b", {"due": "2026-12-01"}),
        ("a ⛔ due:2026-12-01", "a ⛔", {"due": "2026-12-01"}),
        ("a ➕ 2026-01-01 ⏳ 2026-01-02", "a ➕ 2026-01-01", {"not_before": "2026-01-02"}),
        # Dataview
        ("a [priority:: high]", "a", {"priority": HIGH}),
        ("a (priority:: lowest)", "a", {"priority": LOW}),
        ("a [id:: x]", "a", {"id": "x"}),
        ("a [dependsOn:: b,c]", "a", {"after": ("b", "c")}),
        ("a (dependson:: b, c) d", "a d", {"after": ("b", "c")}),
        ("a [due:: 2026-12-01]", "a", {"due": "2026-12-01"}),
        ("a [est:: 8h]", "a", {"estimate": 480}),
        ("a [est:: 1d 4h]", "a", {"estimate": 720}),
        ("a [completion:: 2026-11-21], b", "a b", {"done": "2026-11-21"}),
        ("a [run::tests]", "a", {"run": "tests"}),
        ("a [created:: 2026-01-01]", "a [created:: 2026-01-01]", {}),
        ("a [due:: ]", "a [due:: ]", {}),
        ("a [due:: 2026-12-01](u)", "a [due:: 2026-12-01](u)", {}),
        ("a [due:: 2026-12-01", "a [due:: 2026-12-01", {}),
        # what is title
        ("@someone ~8h C# #123 word:value", "@someone ~8h C# #123 word:value", {}),
        ("see http://x.y/#a?id:b", "see http://x.y/#a?id:b", {}),
        ("after: lunch id: x", "after: lunch id: x", {}),
        ("std::id run::x due::y", "std::id run::x due::y", {}),
        ("xid:a ID:a Due:2026-12-01", "xid:a ID:a Due:2026-12-01", {}),
        ("fix #/components/schemas and #-1", "fix #/components/schemas and #-1", {}),
        ("## a # b", "## a # b", {}),
        ("**#bold** (#paren)", "**#bold** (#paren)", {}),
        (r"\#tag \!high", r"\#tag \!high", {}),
        ("!! != ! ![x](y)", "!! != ! ![x](y)", {}),
        # tags in other scripts, and punctuation behind them
        ("a #日本語 #हिन्दी #über", "a", {"tags": ("日本語", "हिन्दी", "über")}),
        ("a #v1.2 #node.js #c++", "a", {"tags": ("v1.2", "node.js", "c++")}),
        ("a #x, #y; b #z.", "a b", {"tags": ("x", "y", "z")}),
        ("a #x #y #x", "a", {"tags": ("x", "y")}),
        ("a est:8h, due:2026-12-01; b", "a b", {"estimate": 480, "due": "2026-12-01"}),
        # white space
        ("  a \t  b \u3000 c\u00a0d ", "a b c d", {}),
        ("a\tid:x\u2028b", "a b", {"id": "x"}),
        ("a\\\nb id:x\\\nc", "a b c", {"id": "x"}),
        ("", "", {}),
        ("#only", "", {"tags": ("only",)}),
    ],
)
def test_the_keys_and_the_title_of_a_line_are_read(text: str, title: str, keys: dict[str, object]) -> None:
    assert (read_keys(text).title, said(text)) == (title, keys)


@pytest.mark.parametrize(
    "text",
    [
        "a `id:x` b",
        "a `` ` id:x ` `` b",
        "a `b\nid:x c` d",
        'a [b](c "d id:x e") f',
        "a [b](<c id:x d>) e",
        "a <http://b/📅2026-12-01> c",
        'a <b title="c id:x d"> e',
        "a <!-- id:x --> b",
        "a <!-- b\nid:x\nc --> d",
        "a <?b id:x c?> d",
        "a [[Some page id:x here]] b",
    ],
)
def test_closed_inline_markup_holds_no_keys(text: str) -> None:
    assert said(text) == {}
    assert read_keys(text).title == " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        r"a \` id:x ` b",
        "a `` id:x ` b",
        "a ](b id:x c",
        "a <!-- id:x -> b",
        "a < b id:x > c",
        "a [b id:x c](d) e",
        "a (b id:x c) d",
        r"a [b]\(c id:x d) e",
        '[b](c "d") id:x',
    ],
)
def test_unclosed_inline_markup_holds_keys(text: str) -> None:
    assert said(text) == {"id": "x"}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a !hgih", [("unknown-priority", Severity.WARNING)]),
        ("a !medum !criticall !highest", [("unknown-priority", Severity.WARNING)] * 3),
        ("a !urgent !important !now !hi !lows !nigh !important;", []),
        ("a priority:hgih", [("unknown-priority", Severity.ERROR)]),
        ("a [priority:: x]", [("unknown-priority", Severity.ERROR)]),
        ("a due:tomorrow", [("bad-date", Severity.ERROR)]),
        ("a due:2026-02-29", [("bad-date", Severity.ERROR)]),
        ("a 📅 2026-13-01", [("bad-date", Severity.ERROR)]),
        ("a done:1", [("bad-date", Severity.ERROR)]),
        ("a est:soon", [("bad-estimate", Severity.ERROR)]),
        ("a [est:: -1h]", [("bad-estimate", Severity.ERROR)]),
        ("a id:-x", [("bad-id", Severity.ERROR)]),
        ("a id:ä", [("bad-id", Severity.ERROR)]),
        ("a 🆔 b/c ⛔ d/e 📅 2 weeks ✅ 1. **failed:** 'due:'", []),
        ("a after:b,?", [("bad-id", Severity.ERROR)]),
        ("a failed:x", [("bad-failed", Severity.ERROR)]),
        ("a id:x id:y", [("duplicate-key", Severity.WARNING)]),
        ("a id:x ^y", [("duplicate-key", Severity.WARNING)]),
        ("a !high ⏫", [("duplicate-key", Severity.WARNING)]),
        ("a after:x after:y needs:a needs:b #a #a", []),
        ("a `!urgent` [b](c 'due:x d')", []),
        ("a timeout:5m prio:high", [("suspected-key", Severity.WARNING)] * 2),
        ("a depends:b, deadline:2026-12-01", [("suspected-key", Severity.WARNING)] * 2),
        ("a timeout:none deadline:soon Timeout:5m timeout: 5m timeout:: 5m", []),
        ("a `timeout:5m` [b](timeout:5m) x.timeout:5m depends://x", []),
    ],
)
def test_each_problem_of_a_line_has_its_code_and_severity(
    text: str, problems: list[tuple[str, Severity]]
) -> None:
    assert [(problem.code, problem.severity) for problem in read_keys(text).problems] == problems


def test_a_bad_value_stays_title_and_is_no_value() -> None:
    keys = read_keys("a due:soon est:x 📅 2026-13-01 id:ä b")
    assert (keys.title, keys.tokens) == ("a due:soon est:x 📅 2026-13-01 id:ä b", ())
    assert (keys.due, keys.estimate, keys.id) == (None, None, None)


def test_an_unknown_priority_sign_stays_title() -> None:
    assert read_keys("remove !important here").title == "remove !important here"


def test_a_problem_names_its_place_and_the_nearest_word() -> None:
    (problem,) = read_keys("ab priority:hgih").problems
    assert problem.offset == 3
    assert "'high'" in problem.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeout:5m", "`timeout:5m` has no effect on a task's line; set `timeout` of its processor"),
        ("prio:high,", "`prio:high` is not a key; did you mean `priority:`?"),
        ("depends:a,b", "`depends:a,b` is not a key; did you mean `after:`?"),
        ("deadline:2026-12-01", "`deadline:2026-12-01` is not a key; did you mean `due:`?"),
        ("afer:build", "`afer:build` is not a key; did you mean `after:`?"),
        (
            "due: 2026-12-01",
            "`due: 2026-12-01` is not a key; did you mean `due:2026-12-01`, without a blank?",
        ),
    ],
)
def test_an_unknown_key_stays_title_and_is_named(text: str, message: str) -> None:
    keys = read_keys(f"ab {text} c")
    (problem,) = keys.problems
    assert (problem.offset, problem.message, keys.title) == (3, message, f"ab {text} c")


def test_the_first_good_one_of_repeated_keys_holds() -> None:
    assert said("a due:soon due:2026-12-01 due:2026-12-02") == {"due": "2026-12-01"}


def test_a_bad_name_after_after_still_blocks() -> None:
    assert read_keys("a after:b,ä").after == ("b", "ä")


def test_messages_are_short_and_obey_no_terminal() -> None:
    (problem,) = read_keys("a id:\x1b[31m" + "x" * 10_000).problems
    assert "\x1b" not in problem.message
    assert len(problem.message) < 200


WORDS = st.one_of(
    st.sampled_from(
        [
            *(
                "a",
                "b",
                "#t",
                "!high",
                "!x",
                "id:a",
                "^n",
                "(A)",
                "(B)",
                "⏫",
                "📅",
                "🆔",
                "⛔",
                "✅",
                "2026-01-01",
            ),
            *(
                "x,",
                ",",
                "`",
                "``",
                "<b",
                ">",
                "<!--",
                "-->",
                "[",
                "]",
                "](",
                ")",
                "[a](b)",
                "\\",
                "[[p]]",
                "ä",
            ),
            *("[due::", "2026-01-01]", "(est::", "1h)", "[id:: z]", "after:a,", "日"),
        ]
    ),
    st.text(max_size=3),
)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", "", "\n", "  ", "\t", "\\\n"])), max_size=12).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)
VALUES = {
    "failed": "3",
    "worker": "w.1",
    "done": "2026-11-21",
    "due": "2026-12-01",
    "id": "new",
    "est": "1d4h",
}


@examples(250)
@given(TEXTS, st.sampled_from(sorted(VALUES)), st.sampled_from([None, "emoji", "dataview", "plain"]))
def test_a_key_that_was_written_can_be_read_and_taken_off(text: str, name: str, dialect: str | None) -> None:
    before = read_keys(text)
    field = "estimate" if name == "est" else name
    try:
        after = write_key(text, name, VALUES[name], dialect)
    except EditError:
        return
    keys = read_keys(after)
    assert str(getattr(keys, field)) == {"est": "720"}.get(name, VALUES[name])
    assert keys.title == before.title
    assert {**said(after), field: None} == {**said(text), field: None}
    assert write_key(after, name, VALUES[name], dialect) == after
    if not any(token.name == name for token in before.tokens):
        assert write_key(after, name, None) == text


@examples(250)
@given(TEXTS)
def test_tokens_of_keys_stand_where_they_say(text: str) -> None:
    at = 0
    for token in read_keys(text).tokens:
        assert at <= token.start < token.end <= len(text)
        assert not any(start < token.end and token.start < end for start, end in verbatim_ranges(text))
        if token.dialect in ("emoji", "dataview", "block") and token.name != "priority":
            assert token.value in text[token.start : token.end]
        at = token.end


@pytest.mark.parametrize(
    "unit",
    [
        "`", "` ", "`a``b```c", "[", "](", "](<", '](a "', "](a '", "[[", "<", "<a ", '<a b="',
        "<a b='<a c=\"", "](a(", "](a()", "](a\\",
        "<!--", "<?", "<!", "(", ")", "\\", "📅1", "⛔a,", "🆔a", "🆔 a ", "⛔ a,", "a ⛔ b\n", "🔁 every ", "➕ 2026-01-01 ", "⏫", "[due:: ", "(a::", "#a", "!x ", "#a ",
        "id:,,", "id:x ", "after:a,", "^a", "\\\n", "a\n", " ",
    ],
)  # fmt: skip
def test_time_is_linear_on_hostile_text(unit: str) -> None:
    fresh = count()

    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + f" [due::x{next(fresh)}]"  # what was read before is remembered
        return cpu_seconds(lambda: read_keys(text))

    assert grows_linearly(seconds, 6_000, 60_000)


#: Signs of keys, with or without what makes them emoji or text, and words and values of the wrong shape behind them.
ORNAMENTS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from("📅📆🗓✅🆔⛔"),
    st.sampled_from(["", "\ufe0f", "\ufe0e"]),
    st.sampled_from([" ", "", "  ", "\u200f", "\n"]),
    st.sampled_from(
        ["12 tests", "2 weeks", "2026", "2026-12", "26-12-01", "2026-12-01x", "1.", "x y", "ä", "", "(a"]
    ),
)
PLAIN_WORDS = st.sampled_from(
    ["a", "Fix it", "שלום", "日本", "!important", 'due:"', "**run:**", "`id:x`", "C#"]
)


@examples(250)
@given(st.lists(st.one_of(ORNAMENTS, PLAIN_WORDS), min_size=1, max_size=5), st.sampled_from(sorted(VALUES)))
def test_ornaments_are_words_and_keys_are_written_beside_them(words: list[str], name: str) -> None:
    text = " ".join([*words, "end of it"])
    keys = read_keys(text)
    assert (keys.title, said(text), keys.problems) == (" ".join(text.split()), {}, ())
    written = write_key(text, name, VALUES[name])
    assert written.replace(f" {name}:{VALUES[name]}", "", 1) == text
