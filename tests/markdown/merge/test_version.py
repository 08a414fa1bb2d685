"""Where the tasks of a version begin and end."""

from __future__ import annotations

from textwrap import dedent

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.merge.version import align, read_versions, tasks_at


def test_a_task_ends_where_its_last_line_ends() -> None:
    (version,) = read_versions(
        dedent("""\
        - [ ] a
          more
          - note

          text
          - [ ] k

        - [ ] b
        """).encode()
    )
    found = tasks_at(version, [0], STATUS_CHARS)
    assert {line: task.end for line, task in found.items()} == {0: 5, 5: 6}
    assert found[5].parent == 0


def test_align_is_in_order_and_equal() -> None:
    base = [b"%d" % n for n in range(300)]
    side = base[200:260] + base[:100] + [b"x"] + base[101:200] + base[260:]
    found = align(base, side)
    pairs = [(i, j) for i, j in enumerate(found) if j >= 0]
    assert len(pairs) >= 200
    assert all(base[i] == side[j] for i, j in pairs)
    assert [j for _, j in pairs] == sorted(j for _, j in pairs)
    assert align([b"a", b"a"], [b"a"]) == [0, -1] or align([b"a", b"a"], [b"a"]) == [-1, 0]
