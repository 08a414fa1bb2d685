"""Trees, commits and packs as git itself would make them."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.git.objects import NewObjects, change_tree, commit, find_in_tree, object_id
from tests.examples import examples

NAMES = st.sampled_from([b"a", b"b", b"a.b", b"a-", b"ab", b"a0", b"z\xff", b"\n", b'"', b"\xc3\xbc"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
OIDS = st.integers(1, 2**160 - 1).map(lambda number: f"{number:040x}")
CHANGES = st.dictionaries(
    PATHS, st.none() | st.tuples(st.sampled_from([b"100644", b"100755", b"120000"]), OIDS)
)


def apply_to_paths(files: dict, changes: dict) -> dict:
    """The slow truth: what a tree holds, by path, after the changes. A new file takes the place of a folder and
    the other way round."""
    files = dict(files)
    for path, change in sorted(changes.items()):
        if change is None:
            files.pop(path, None)
            continue
        for other in list(files):
            if other.startswith(path + b"/") or path.startswith(other + b"/"):
                del files[other]
        files[path] = change
    return files


def listing(new: NewObjects, tree: str, prefix: bytes = b"") -> dict:
    """Every file of the tree, read back with nothing but the format."""
    data, found = new._objects[tree][1], {}
    names = []
    while data:
        head, _, data = data.partition(b"\0")
        mode, name = head.split(b" ", 1)
        oid, data = data[:20].hex(), data[20:]
        names.append(name + b"/" if mode == b"40000" else name)
        if mode == b"40000":
            inner = listing(new, oid, prefix + name + b"/")
            assert inner, "no empty folders"
            found |= inner
        else:
            found[prefix + name] = (mode, oid)
    assert names == sorted(names)
    return found


class TestChangeTree:
    @examples(80)
    @given(CHANGES, CHANGES)
    def test_a_changed_tree_is_what_the_paths_say(self, first, second):
        first = without_clashes(first)
        second = without_clashes(second)
        new = NewObjects("sha1")
        root = change_tree(None, first, read_from(new), new)
        assert listing(new, root) == {path: change for path, change in first.items() if change}
        again = change_tree(root, second, read_from(new), new)
        expected = apply_to_paths({path: change for path, change in first.items() if change}, second)
        assert listing(new, again) == expected
        for path in [*first, *second]:
            found = find_in_tree(again, path, read_from(new))
            assert (found if found and found[0] != b"40000" else None) == expected.get(path)

    def test_a_tree_without_changes_is_the_same_tree(self):
        new = NewObjects("sha1")
        root = change_tree(None, {b"a/b": (b"100644", "1" * 40)}, read_from(new), new)
        assert change_tree(root, {b"x/y": None, b"a": None}, read_from(new), new) == root

    @pytest.mark.parametrize("path", [b"", b"/a", b"a//b", b"a/", b"../a", b"a/./b", b".git/config", b"a\0b"])
    def test_paths_that_no_tree_may_hold_are_refused(self, path):
        new = NewObjects("sha1")
        with pytest.raises(ValueError, match="no tree can hold"):
            change_tree(None, {path: (b"100644", "1" * 40)}, read_from(new), new)


def without_clashes(changes: dict) -> dict:
    """Without a file and a folder of the same name, which no set of files on a disk has."""
    made = [path for path, change in changes.items() if change]
    return {
        path: change
        for path, change in changes.items()
        if change is None or not any(path.startswith(other + b"/") for other in made)
    }


def read_from(new: NewObjects):
    return lambda oid: new._objects[oid][1]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_git_takes_the_pack_and_finds_nothing_wrong(make_repo, algorithm):
    repo = make_repo("repo", f"--object-format={algorithm}")
    new = NewObjects(algorithm)
    contents = [b"", b"x\n", bytes(range(256)) * 5000, b"\0" * 100_000]
    blobs = {b"d/%d" % n: (b"100644", new.add("blob", data)) for n, data in enumerate(contents)}
    tree = change_tree(None, blobs, read_from(new), new)
    who = b"Ada Tester <ada@example.com> 1795314962 +0100"
    first = new.add("commit", commit(tree, None, who, who, "Ünïcode\n"))
    second = new.add("commit", commit(tree, first, who, who, "More\n"))
    subprocess.run(["git", "unpack-objects", "-q", "--strict"], cwd=repo.root, input=new.pack(), check=True)
    repo.git("update-ref", "HEAD", second)
    assert repo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
    assert [repo.head(f"d/{n}") for n in range(len(contents))] == contents
    assert (
        repo.git("log", "--format=%s|%an|%at") == "More|Ada Tester|1795314962\nÜnïcode|Ada Tester|1795314962"
    )
    assert repo.git("rev-parse", "HEAD^{tree}") == tree


@examples(20)
@given(st.binary(max_size=50))
def test_ids_of_objects_are_those_of_git(data):
    out = subprocess.check_output(["git", "hash-object", "--stdin"], input=data, text=False)
    assert object_id("sha1", "blob", data) == out.decode().strip()
