"""Three versions of a TODO file, and the one that comes of them."""

from __future__ import annotations

import pytest

from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import InputError
from mdtodo.markdown.merge.result import Markers
from mdtodo.markdown.merge.three_way import Merged, merge
from tests.markdown.versions import merge_file, merge_text

BASE = "# T\n\n- [ ] a\n- [ ] b\n- [ ] c\n"


def merged(base: str, ours: str, theirs: str, style: str = "merge") -> tuple[str, int]:
    done = merge(
        *(one.encode() for one in (base, ours, theirs)),
        text_merge=merge_text,
        markers=lambda: Markers(style=style),
    )
    assert isinstance(done, Merged)
    return done.data.decode(), done.conflicts


def with_line(old: str, new: str) -> str:
    """BASE with one line replaced, or taken out where `new` is empty."""
    assert f"- {old}\n" in BASE
    return BASE.replace(f"- {old}\n", f"{new}\n" if new else "")


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        pytest.param("- [x] a", "- [x] a", "- [x] a", id="ticked by both"),
        pytest.param("- [x] a", "- [X] a", "- [x] a", id="ticked in two ways"),
        pytest.param("- [x] a", "- [ ] a failed:1", "- [x] a", id="done and failed"),
        pytest.param("- [ ] a failed:1", "- [x] a", "- [x] a", id="failed and done"),
        pytest.param("- [ ] a failed:3", "- [ ] a failed:12", "- [ ] a failed:12", id="the higher failed"),
        pytest.param("- [/] a worker:w", "- [x] a", "- [x] a worker:w", id="claimed and done"),
        pytest.param(
            "- [/] a worker:w", "- [ ] a failed:1", "- [/] a worker:w failed:1", id="claimed and failed"
        ),
        pytest.param("- [-] a", "- [/] a", "- [-] a", id="cancelled and claimed"),
        pytest.param(
            "- [x] a the first", "- [ ] a est:3h", "- [x] a the first est:3h", id="reworded and estimated"
        ),
        pytest.param("- [x] a", "- [ ] a for all pages", "- [x] a for all pages", id="ticked and reworded"),
        pytest.param("- [ ] a #x", "- [ ] a #y", "- [ ] a #x #y", id="tags of both"),
        pytest.param("- [ ] a #x ^n", "- [ ] a #y ^n", "- [ ] a #x #y ^n", id="tags before a block id"),
        pytest.param(
            "- [ ] a est:1h", "- [ ] a due:2026-01-02", "- [ ] a est:1h due:2026-01-02", id="keys of both"
        ),
        pytest.param("- [ ] a !high", "- [ ] a after:b,c", "- [ ] a !high after:b,c", id="a list"),
        pytest.param(
            "- [ ] a 📅 2026-01-02",
            "- [ ] a id:q",
            "- [ ] a 📅 2026-01-02 🆔 q",
            id="in the dialect of the line",
        ),
        pytest.param(
            "- [x] a done:2026-01-03",
            "- [x] a done:2026-01-02",
            "- [x] a done:2026-01-02",
            id="the earlier day",
        ),
        pytest.param("  - [ ] a", "- [x] a", "  - [x] a", id="indented and ticked"),
        pytest.param("* [ ] a", "- [x] a", "* [x] a", id="another bullet"),
    ],
)
def test_two_changes_of_one_line_combine(ours: str, theirs: str, result: str) -> None:
    assert merged(BASE, with_line("[ ] a", ours), with_line("[ ] a", theirs)) == (
        with_line("[ ] a", result),
        0,
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("- [x] a", "- [-] a", id="done and cancelled"),
        pytest.param("- [ ] a est:1h", "- [ ] a est:2h", id="two estimates"),
        pytest.param("- [/] a worker:v", "- [/] a worker:w", id="two workers"),
        pytest.param("- [ ] a one", "- [ ] a two", id="reworded twice"),
    ],
)
def test_changes_that_disagree_are_marked_on_their_line_alone(ours: str, theirs: str) -> None:
    mine = with_line("[ ] a", ours).replace("[ ] c", "[x] c")
    other = with_line("[ ] a", theirs).replace("[ ] b", "[x] b")
    data, conflicts = merged(BASE, mine, other)
    marked = f"<<<<<<< ours\n{ours}\n=======\n{theirs}\n>>>>>>> theirs\n"
    assert (data, conflicts) == (f"# T\n\n{marked}- [x] b\n- [x] c\n", 1)
    data, _ = merged(BASE, mine, other, "zdiff3")
    assert f"{ours}\n||||||| base\n- [ ] a\n=======\n{theirs}\n" in data


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        pytest.param("- [ ] x", "- [ ] y", "- [ ] x\n- [ ] y", id="two tasks"),
        pytest.param("- [ ] x", "- [x] x", "- [x] x", id="the same one"),
        pytest.param(
            "- [ ] x\n  - [ ] k", "- [ ] x\n  - [ ] l", "- [ ] x\n  - [ ] k\n  - [ ] l", id="its subtasks"
        ),
        pytest.param(
            "- [ ] x\n- [ ] y", "- [ ] z\n- [ ] y", "- [ ] x\n- [ ] z\n- [ ] y", id="one of several"
        ),
        pytest.param(
            "- [ ] y\n- [ ] x", "- [ ] x\n- [ ] z", "- [ ] y\n- [ ] x\n- [ ] z", id="in another order"
        ),
        pytest.param(
            "- [ ] x", "  - [ ] k", "  - [ ] k\n- [ ] x", id="a subtask of what is above goes first"
        ),
        pytest.param("  - note", "  - word", "  - note\n  - word", id="notes"),
        pytest.param("  - note", "  - note", "  - note", id="the same note"),
        pytest.param(
            "\n## S\n\n- [ ] x", "- [ ] y", "- [ ] y\n\n## S\n\n- [ ] x", id="to the section that is there"
        ),
        pytest.param(
            "\n## S\n\n- [ ] x", "\n## R\n\n- [ ] y", "\n## S\n\n- [ ] x\n\n## R\n\n- [ ] y", id="sections"
        ),
        pytest.param(
            "\n## S\n\n- [ ] x", "\n## S\n\n- [ ] y", "\n## S\n\n- [ ] x\n- [ ] y", id="one section"
        ),
        pytest.param("- [ ] x\n  more", "- [ ] y", "- [ ] x\n  more\n- [ ] y", id="with text below"),
    ],
)
def test_additions_of_both_sides_at_one_place_are_all_kept(ours: str, theirs: str, result: str) -> None:
    assert merged(BASE, f"{BASE}{ours}\n", f"{BASE}{theirs}\n") == (f"{BASE}{result}\n", 0)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("\ntext", "\nwords", id="paragraphs"),
        pytest.param("  text", "- [ ] y", id="a line of the task above"),
        pytest.param("\n## S\n\ntext", "\n## R\n\nwords", id="sections of text"),
        pytest.param("- [ ] x\n\n  text", "- [ ] x\n\n  words", id="the same task with other text"),
        pytest.param("- one", "- two", id="bullets that belong to no task"),
    ],
)
def test_text_is_merged_as_git_does(ours: str, theirs: str) -> None:
    versions = BASE, f"{BASE}{ours}\n", f"{BASE}{theirs}\n"
    data, conflicts = merged(*versions)
    options = ("-L", "ours", "-L", "base", "-L", "theirs")
    found, expected = merge_file(*(one.encode() for one in versions), *options)
    assert (data, conflicts) == (expected.decode(), found)
    assert conflicts == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        pytest.param("- [ ] b\n- [ ] c\n- [ ] a", "- [x] a\n- [ ] b\n- [ ] c", "- [ ] b\n- [ ] c\n- [x] a", id="moved, ticked"),
        pytest.param("- [ ] b\n- [ ] c\n- [ ] a", "- [ ] a\n- [ ] b\n- [x] c", "- [ ] b\n- [x] c\n- [ ] a", id="neighbours"),
        pytest.param("- [ ] b\n- [ ] c", "- [ ] a\n- [x] b\n- [ ] c", "- [x] b\n- [ ] c", id="deleted, next one ticked"),
        pytest.param("- [ ] b\n- [ ] c", "- [ ] a\n- [ ] x\n- [ ] b\n- [ ] c", "- [ ] x\n- [ ] b\n- [ ] c", id="deleted, added after"),
        pytest.param("- [ ] a\n- [ ] b\n- [ ] c", "- [ ] a\n- [ ] c", "- [ ] a\n- [ ] c", id="deleted"),
        pytest.param("- [ ] a\n  - [ ] b\n- [ ] c", "- [ ] a\n- [x] b\n- [ ] c", "- [ ] a\n  - [x] b\n- [ ] c", id="nested, ticked"),
        pytest.param("- [ ] a new\n- [ ] b\n- [ ] c", "- [x] b\n- [ ] a\n- [ ] c", "- [x] b\n- [ ] a new\n- [ ] c", id="reworded, moved"),
        pytest.param("- [ ] a one\n- [ ] b\n- [ ] c", "- [ ] a\n- [ ] b two\n- [ ] c", "- [ ] a one\n- [ ] b two\n- [ ] c", id="neighbours reworded"),
        pytest.param("- [ ] b\n- [ ] c\n- [ ] a", "- [ ] b\n- [ ] a\n- [ ] c", "- [ ] b\n- [ ] c\n- [ ] a", id="moved by both"),
    ],
)  # fmt: skip
def test_deletions_additions_and_moves_of_both_sides_combine(ours: str, theirs: str, result: str) -> None:
    def whole(tasks: str) -> str:
        return f"# T\n\n{tasks}\n\nend\n"

    assert merged(whole("- [ ] a\n- [ ] b\n- [ ] c"), whole(ours), whole(theirs)) == (whole(result), 0)


def test_deleted_and_changed_is_a_conflict() -> None:
    data, conflicts = merged(BASE, with_line("[ ] b", ""), with_line("[ ] b", "- [x] b"))
    assert (data, conflicts) == (
        "# T\n\n- [ ] a\n<<<<<<< ours\n=======\n- [x] b\n>>>>>>> theirs\n- [ ] c\n",
        1,
    )


@pytest.mark.parametrize("note", ["  - a note\n", "  text\n\n  > quoted\n", "  ```\n  code\n  ```\n"])
def test_what_stands_below_a_task_that_got_other_words_is_not_deleted_with_the_old_ones(note: str) -> None:
    base = f"# L\n\n- [ ] first\n- [ ] alpha beta\n{note}- [ ] last\n"
    reworded = base.replace("alpha beta", "zeta omega")
    deleted = base.replace(f"- [ ] alpha beta\n{note}", "")
    for ours, theirs in (reworded, deleted), (deleted, reworded):
        data, conflicts = merged(base, ours, theirs)
        assert conflicts == 1
        assert f"- [ ] zeta omega\n{note}" in data


def test_a_task_with_a_child_of_the_other_side_is_not_deleted() -> None:
    theirs = BASE.replace("- [ ] b\n", "- [ ] b\n  - [ ] k\n")
    data, conflicts = merged(BASE, with_line("[ ] b", ""), theirs)
    assert conflicts == 1
    assert "=======\n- [ ] b\n  - [ ] k\n>>>>>>>" in data


def test_an_id_survives_rewording_and_moving() -> None:
    base = "- [ ] first thing id:x\n- [ ] b\n- [ ] c\n"
    ours = "- [ ] b\n- [ ] c\n- [ ] something else altogether id:x\n"
    assert merged(base, ours, base.replace("[ ] first", "[x] first")) == (
        ours.replace("[ ] some", "[x] some"),
        0,
    )


def test_a_task_that_took_the_place_of_a_ticked_one_is_not_ticked() -> None:
    ours = with_line("[ ] b", "- [ ] buy bread")
    data, conflicts = merged(BASE, ours, with_line("[ ] b", "- [x] b"))
    assert conflicts == 1
    assert "- [x] buy" not in data


def test_equal_titles_are_told_apart_by_their_parents() -> None:
    base = "- [ ] p\n  - [ ] write tests\n- [ ] q\n  - [ ] write tests\n- [ ] r\n"
    ours = "- [ ] q\n  - [ ] write tests\n- [ ] p\n  - [ ] write tests\n- [ ] r\n"
    theirs = "- [ ] p\n  - [ ] write tests\n- [ ] q\n  - [x] write tests\n- [ ] r\n"
    assert merged(base, ours, theirs) == (
        "- [ ] q\n  - [x] write tests\n- [ ] p\n  - [ ] write tests\n- [ ] r\n",
        0,
    )


def test_conflicts_near_each_other_stay_apart() -> None:
    ours = BASE.replace("[ ] a", "[x] a").replace("[ ] c", "[x] c")
    theirs = BASE.replace("[ ] a", "[-] a").replace("[ ] c", "[-] c")
    data, conflicts = merged(BASE, ours, theirs)
    assert conflicts == 2
    assert "\n>>>>>>> theirs\n- [ ] b\n<<<<<<< ours\n" in data


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_line_ends_of_the_file_stay(end: str, mark: str, last: str) -> None:
    def version(text: str) -> str:
        return mark + (text.rstrip("\n") + last).replace("\n", end)

    ours, theirs = BASE.replace("[ ] a", "[x] a"), BASE.replace("[ ] b", "[-] b").replace("[ ] c", "[x] c")
    both = theirs.replace("[ ] a", "[x] a")
    assert merged(*map(version, (BASE, ours, theirs))) == (version(both), 0)
    against = ours.replace("[ ] c", "[-] c")
    data, conflicts = merged(*map(version, (BASE, against, theirs)))
    assert conflicts == 1
    assert data.endswith(f"- [x] c{end}>>>>>>> theirs{end}")


def test_line_ends_and_marks_are_of_the_side_that_changed_them() -> None:
    theirs = BASE.replace("[ ] a", "[x] a")
    both = "\ufeff" + theirs.replace("[ ] b", "[x] b").replace("\n", "\r\n")
    assert merged(BASE, "\ufeff" + BASE.replace("[ ] b", "[x] b").replace("\n", "\r\n"), theirs) == (both, 0)


def test_mixed_line_ends_are_merged_line_by_line() -> None:
    base = "- [ ] a\r\n- [ ] b\n- [ ] c"
    ours, theirs = base.replace("[ ] a", "[x] a"), base.replace("[ ] b", "[x] b") + "\r\n- [ ] d"
    assert merged(base, ours, theirs) == ("- [x] a\r\n- [x] b\n- [ ] c\r\n- [ ] d", 0)
    data, _ = merged(base, base.replace("[ ] c", "[x] c"), base.replace("[ ] c", "[-] c"))
    assert data == "- [ ] a\r\n- [ ] b\n<<<<<<< ours\n- [x] c\n=======\n- [-] c\n>>>>>>> theirs\n"


def test_code_is_no_task() -> None:
    base = "```\n- [ ] a\n- [ ] b\n```\n"
    ours, theirs = base.replace("[ ] a", "[x] a"), base.replace("[ ] b", "[x] b")
    assert merged(base, ours, theirs)[1] == merge_file(*(v.encode() for v in (base, ours, theirs)))[0] == 1


def test_status_characters_of_the_configuration_are_merged() -> None:
    statuses = {**STATUS_CHARS, "!": Status.DONE}
    ours, theirs = (
        BASE.replace("[ ] a", "[!] a"),
        BASE.replace("[ ] a", "[ ] a failed:1").replace("[ ] b", "[!] b"),
    )
    done = merge(BASE.encode(), ours.encode(), theirs.encode(), statuses, text_merge=merge_text)
    assert done == (ours.replace("[ ] b", "[!] b").encode(), 0)


@pytest.mark.parametrize("bad", [b"- [ ] \xe9\n", b"- [ ] a\0\n"])
def test_a_version_that_is_no_text_is_refused(bad: bytes) -> None:
    with pytest.raises(InputError):
        merge(BASE.encode(), bad, BASE.encode(), text_merge=merge_text)


def test_an_earlier_conflict_is_left_to_the_text_merge() -> None:
    marked = b"<<<<<<< a\n- [ ] a\n=======\n- [x] a\n>>>>>>> b\n"
    assert merge(marked, BASE.encode(), BASE.encode(), text_merge=merge_text) is None


def test_a_new_file_on_both_sides_is_merged() -> None:
    assert merged("", "# T\n\n- [ ] a\n", "# T\n\n- [ ] b\n- [ ] a\n") == ("# T\n\n- [ ] b\n- [ ] a\n", 0)


@pytest.mark.parametrize(
    ("base", "ours", "theirs"), [("", "a", "a"), ("", "", "a"), ("", "a", ""), ("b", "a", "a")]
)
def test_a_change_that_both_sides_made_is_no_conflict_though_its_tasks_are_equal(
    base: str, ours: str, theirs: str
) -> None:
    texts = {"": b"", "a": b"- [ ] id:c\n- [x] id:c\n", "b": b"- [ ] id:c\n"}
    merged = merge(texts[base], texts[ours], texts[theirs], text_merge=merge_text)
    assert merged == (texts["a"], 0)


def test_a_task_that_moved_below_a_deleted_one_is_a_conflict() -> None:
    base = "- [ ] a\n- [ ] b\n  - note\n- [ ] c\n  - [ ] k\n  - [x] l\n"
    ours = "- [ ] a\n- [x] c\n  - [ ] k\n  - [x] l\n"
    theirs = "- [ ] a\n- [ ] b\n  - note\n  - [ ] k\n- [ ] c\n  - [x] l done\n"
    done = merge(*(one.encode() for one in (base, ours, theirs)), text_merge=merge_text)
    assert done is None or done.conflicts, "k is below a now, which nobody wanted"
