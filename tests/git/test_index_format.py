"""An index changed in its place is the index that git itself would have made of it."""

from __future__ import annotations

import os
import random

import pytest

from mdtodo.git.index_format import IndexEntry, IndexFile, UnsupportedIndexError, stat_bytes

FILES = {
    "TODO.md": "- [ ] a\n",
    "a": "a\n",
    "docs/TODO.md": "- [ ] a\n",
    "docs/deep/er/x.md": "x\n",
    "docs/other": "o\n",
    "docs.d/y": "y\n",
    "ü/\n☃": "odd\n",
}


def index_of(repo) -> bytes:
    return (repo.root / ".git/index").read_bytes()


def put(repo, index: IndexFile) -> None:
    (repo.root / ".git/index").write_bytes(index.data)


def blob(repo, content: str) -> str:
    return repo.git("hash-object", "-w", "--stdin", stdin=content)


def listing(repo) -> str:
    """Everything that git knows of each entry."""
    return repo.git("ls-files", "--debug", "-s", "-v", "-z")


@pytest.fixture(params=["sha1-2", "sha1-3", "sha1-4", "sha256-2", "sha256-4"])
def repo(request, make_repo):
    algorithm, version = request.param.split("-")
    repo = make_repo("repo", f"--object-format={algorithm}", **FILES)
    repo.git("config", "index.version", version)
    repo.git("update-index", "--index-version", version)
    repo.git("update-index", "--assume-unchanged", "a")
    if version != "2":
        repo.git("update-index", "--skip-worktree", "docs/other")
        repo.write("new", "n")
        repo.git("add", "-N", "new")
    assert index_of(repo)[7] == int(version)
    repo.algorithm = algorithm
    return repo


class TestReading:
    def test_the_entries_of_an_index_are_those_that_git_lists(self, repo):
        index = IndexFile(index_of(repo), repo.algorithm)
        listed = repo.git_bytes("ls-files", "-s", "-v", "-z").split(b"\0")[:-1]
        for line in listed:
            head, _, name = line.partition(b"\t")
            letter, mode, oid, _ = head.decode().split(" ")
            assert index.entry(name) == IndexEntry(mode.encode(), oid, letter)
        assert len(listed) == len(index._places)
        assert index.entry(b"docs") is None
        assert index.unmerged == set()

    def test_entries_that_are_not_changed_are_written_as_they_were(self, repo):
        data = index_of(repo)
        assert IndexFile(data, repo.algorithm).with_ids({}, {}).data == data

    def test_unmerged_paths_are_told(self, make_repo):
        repo = make_repo(**{"TODO.md": "base\n", "b": "b"})
        repo.write("TODO.md", "ours\n")
        repo.git("stash", "-q")
        repo.commit(**{"TODO.md": "theirs\n"})
        repo.git("stash", "pop", "-q", check=False)
        index = IndexFile(index_of(repo), "sha1")
        assert index.unmerged == {b"TODO.md"}
        assert index.entry(b"TODO.md") is None
        assert index.entry(b"b") is not None

    def test_times_of_an_entry_are_those_of_its_file(self, repo):
        index = IndexFile(index_of(repo), repo.algorithm)
        for name in (b"TODO.md", "ü/\n☃".encode()):
            assert index.stat(name) == stat_bytes(os.lstat(os.path.join(os.fsencode(repo.root), name)))
        seconds = int((repo.root / "TODO.md").stat().st_mtime)
        assert b"TODO.md" in index.changed_since(seconds)
        assert b"TODO.md" not in index.changed_since(seconds + 1)


class TestChanging:
    def test_a_changed_id_is_written_as_git_update_index_writes_it(self, repo):
        data = index_of(repo)
        new = blob(repo, "- [x] a\n")
        info = "".join(f"100644 {new} 0\t{name}\n" for name in ("TODO.md", "docs/TODO.md"))
        repo.git("update-index", "--index-info", stdin=info)
        theirs = listing(repo)
        ours = IndexFile(data, repo.algorithm).with_ids({b"TODO.md": new, b"docs/TODO.md": new}, {})
        put(repo, ours)
        assert listing(repo) == theirs
        assert IndexFile(index_of(repo), repo.algorithm).entry(b"TODO.md").oid == new
        repo.git("fsck", "--strict", "--cache")

    def test_flags_of_a_changed_entry_stay(self, repo):
        before = repo.git("ls-files", "-v")
        put(repo, IndexFile(index_of(repo), repo.algorithm).with_ids({b"a": blob(repo, "b\n")}, {}))
        assert repo.git("ls-files", "-v") == before
        assert repo.index("a") == b"b\n"

    def test_times_are_written_as_git_add_refresh_writes_them(self, repo):
        oid = repo.git("rev-parse", ":TODO.md")
        empty = IndexFile(index_of(repo), repo.algorithm).with_ids({b"TODO.md": oid}, {})
        put(repo, empty)
        repo.git("add", "--refresh", "TODO.md")
        theirs = listing(repo)
        ours = empty.with_stats({b"TODO.md": stat_bytes(os.lstat(repo.root / "TODO.md"))})
        put(repo, ours)
        assert listing(repo) == theirs
        assert repo.git("diff-files", "--name-only", "--", "TODO.md") == ""

    def test_the_checksum_of_a_written_index_is_right(self, repo):
        put(repo, IndexFile(index_of(repo), repo.algorithm).with_ids({b"TODO.md": blob(repo, "x")}, {}))
        assert repo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""

    def test_an_index_without_a_checksum_stays_without(self, make_repo):
        repo = make_repo(**{"TODO.md": "a\n"})
        data = index_of(repo)[:-20] + bytes(20)
        ours = IndexFile(data, "sha1").with_ids({b"TODO.md": blob(repo, "x")}, {})
        assert ours.data[-20:] == bytes(20)

    def test_a_name_longer_than_its_length_field_is_kept(self, make_repo):
        name = "/".join(["d" * 200] * 21) + "/f"  # 4,221 bytes: more than twelve bits can say
        repo = make_repo(**{"TODO.md": "a\n"})
        old, new = blob(repo, "a\n"), blob(repo, "b\n")
        repo.git("update-index", "--index-info", stdin=f"100644 {old} 0\t{name}\n100644 {old} 0\tzz\n")
        put(repo, IndexFile(index_of(repo), "sha1").with_ids({name.encode(): new, b"zz": new}, {}))
        assert repo.git("ls-files", "-s", "--", "d*", "zz").count(new) == 2

    def test_offsets_of_entries_and_extensions_are_written_as_git_writes_them(self, make_repo):
        """What git writes for a large index that several threads may read."""
        repo = make_repo(**{f"d{n % 7}/{n}": "x" for n in range(60)})
        repo.git("config", "index.threads", "2")
        repo.git("config", "index.recordOffsetTable", "true")
        repo.git("config", "index.recordEndOfIndexEntries", "true")
        repo.git("update-index", "--force-write-index", check=False)
        repo.commit(e="e")
        assert b"EOIE" in index_of(repo)
        ours = IndexFile(index_of(repo), "sha1").with_ids({b"d3/3": blob(repo, "y")}, {})
        put(repo, ours)
        assert b"EOIE" in ours.data
        assert repo.git("ls-files", "-s", "d3/3").split()[1] == blob(repo, "y")
        assert repo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
        assert repo.status()[0] == "MM d3/3"
        repo.git("update-index", "--chmod=+x", "d3/3")
        theirs = index_of(repo)
        assert ours.data.count(b"EOIE") == theirs.count(b"EOIE") == 1
        assert ours.data[-52:-20] == theirs[-52:-20], "where they begin, and the hash of what follows"

    @pytest.mark.parametrize("length", [126, 127, 128, 129, 300, 17_000])
    def test_names_of_which_version_4_strips_much_are_kept(self, make_repo, length):
        """In version 4 a name says how much of the one before it does not hold, in one byte, two or three."""
        repo = make_repo(**{"TODO.md": "a\n"})
        repo.git("update-index", "--index-version", "4")
        old, new = blob(repo, "a\n"), blob(repo, "b\n")
        names = ["a/" + "n" * length, "a/z" + "m" * length, "b", "c"]
        repo.git("update-index", "--index-info", stdin="".join(f"100644 {old} 0\t{n}\n" for n in names))
        assert index_of(repo)[7] == 4
        ids = {name.encode(): new for name in names[1:]}
        put(repo, IndexFile(index_of(repo), "sha1").with_ids(ids, {}))
        listed = repo.git("ls-files", "-s").splitlines()
        assert [line.split()[1] for line in listed] == [old, old, new, new, new]


class TestCachedTrees:
    """`git write-tree` takes the cached trees' word for it."""

    def trees(self, repo, revision: str) -> dict[bytes, str]:
        lines = repo.git_bytes("ls-tree", "-rtz", "-d", revision).split(b"\0")[:-1]
        found = {line.partition(b"\t")[2]: line.split()[2].decode() for line in lines}
        return found | {b"": repo.git("rev-parse", f"{revision}^{{tree}}")}

    @pytest.mark.parametrize("known", [True, False, "wrong"])
    def test_cached_trees_are_never_wrong(self, make_repo, known):
        chance = random.Random(5)
        names = [f"{a}/{b}/{n}" for a in "abc" for b in ("x", "x-y", "z") for n in range(2)] + [
            "top",
            "a.b/c",
        ]
        repo = make_repo(**{name: name for name in names})
        for number in range(6):
            repo.git("write-tree")
            old = self.trees(repo, "HEAD")
            data = index_of(repo)
            changed = chance.sample(names, chance.randint(1, 3))
            for name in changed:
                repo.write(name, f"{number}")
            repo.commit()
            new = self.trees(repo, "HEAD")
            said = {path: (old[path], new[path]) for path in old}
            if known == "wrong":
                said = {path: (new[path], old[path]) for path in old}
            ids = {name.encode(): repo.git("rev-parse", f"HEAD:{name}") for name in changed}
            ours = IndexFile(data, "sha1").with_ids(ids, said if known else {})
            put(repo, ours)
            assert repo.git("write-tree") == new[b""]
            if known is True:
                assert index_of(repo) == ours.data, "git had nothing to make up for"
            repo.git("read-tree", "HEAD")
            repo.git("update-index", "-q", "--refresh")

    def test_a_tree_that_was_changed_otherwise_is_no_longer_cached(self, make_repo):
        repo = make_repo(**{"a/x": "x", "a/y": "y", "b/z": "z"})
        repo.git("write-tree")
        old = self.trees(repo, "HEAD")
        repo.write("a/y", "staged")
        repo.git("add", "a/y")
        repo.git("write-tree")
        new = blob(repo, "new")
        said = {b"": (old[b""], "1" * 40), b"a": (old[b"a"], "2" * 40)}
        put(repo, IndexFile(index_of(repo), "sha1").with_ids({b"a/x": new}, said))
        assert repo.git("ls-tree", "-r", repo.git("write-tree"), "a/x").split()[2] == new


class TestUnfamiliar:
    def test_a_split_or_sparse_index_is_unfamiliar(self, make_repo):
        repo = make_repo(**{"TODO.md": "a", "out/x": "x", "in/y": "y"})
        repo.git("update-index", "--split-index")
        with pytest.raises(UnsupportedIndexError):
            IndexFile(index_of(repo), "sha1")
        repo.git("update-index", "--no-split-index")
        repo.git("config", "index.sparse", "true")
        repo.git("sparse-checkout", "set", "--cone", "in")
        with pytest.raises(UnsupportedIndexError):
            IndexFile(index_of(repo), "sha1")

    @pytest.mark.parametrize("cut", [0, 3, 11, 40, 90, -1, -21])
    def test_bytes_that_are_no_index_are_unfamiliar(self, make_repo, cut):
        repo = make_repo(**{"TODO.md": "a", "b": "b"})
        with pytest.raises(UnsupportedIndexError):
            IndexFile(index_of(repo)[:cut], "sha1")

    def test_an_index_of_an_unknown_version_is_unfamiliar(self, make_repo):
        repo = make_repo(**{"TODO.md": "a"})
        data = bytearray(index_of(repo))
        data[7] = 5
        with pytest.raises(UnsupportedIndexError):
            IndexFile(bytes(data), "sha1")
