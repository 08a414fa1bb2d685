"""Which TODO files a work tree has: by patterns, by name, behind symlinks."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.errors import InputError, UsageError
from mdtodo.git.files import worktree_files
from mdtodo.git.repository import discover
from mdtodo.system import files, safe_open
from tests.examples import examples

DEFAULT = ("TODO.md", "**/TODO.md", "todo/**/*.md")


def found(repo, *patterns: str, explicit=(), cwd=None) -> list[str]:
    where = str(cwd or repo.root)
    return list(worktree_files.find(discover(where), patterns or DEFAULT, explicit, cwd=where))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A repository with the same few names in many folders."""

    class Tree:
        root = tmp_path_factory.mktemp("tree")

        def git(self, *args: str) -> str:
            return subprocess.check_output(["git", *args], cwd=self.root, text=True)

    repo = Tree()
    repo.git("init", "-q")
    for folder in ("", "a/", "b/", "a/a/", "a/bb/", "ab/a/b/", "TODO/"):
        for stem in ("a", "b", "ab", "bb", "TODO", "xTODO"):
            path = repo.root / f"{folder}{stem}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    repo.git("add", ".")
    return repo


class TestFind:
    def test_tracked_and_untracked_files_are_found_but_not_ignored_ones(self, make_repo):
        names = [
            "TODO.md",
            "a/TODO.md",
            "a/b/TODO.md",
            "todo/x.md",
            "todo/deep/er/y.md",
            "README.md",
            "todo.md",
        ]
        repo = make_repo(**dict.fromkeys([*names, "todo/z.txt", "other/todo/no.md"], "x"))
        repo.write(".gitignore", "ignored/\n")
        repo.write("ignored/TODO.md", "x")
        repo.write("new/TODO.md", "x")
        assert found(repo) == [
            *("TODO.md", "a/TODO.md", "a/b/TODO.md", "new/TODO.md", "todo/deep/er/y.md", "todo/x.md")
        ]

    def test_paths_found_from_a_folder_below_are_relative_to_the_root(self, make_repo):
        repo = make_repo(**{"TODO.md": "x", "a/b/c.txt": "x"})
        assert found(repo, cwd=repo.root / "a/b") == ["TODO.md"]

    def test_deleted_files_and_those_outside_of_a_sparse_checkout_are_not_there(self, make_repo):
        repo = make_repo(**{"TODO.md": "x", "out/TODO.md": "x", "in/TODO.md": "x", "gone/TODO.md": "x"})
        repo.git("sparse-checkout", "set", "--cone", "in", "gone")
        (repo.root / "gone/TODO.md").unlink()
        assert found(repo) == ["TODO.md", "in/TODO.md"]

    def test_submodules_and_nested_repositories_are_other_repositories(self, make_repo):
        inner = make_repo("inner", **{"TODO.md": "x", "todo/a.md": "x"})
        repo = make_repo("outer", **{"TODO.md": "x"})
        repo.git("submodule", "--quiet", "add", str(inner.root), "lib")
        repo.git("init", "-q", "nested")
        repo.write("nested/TODO.md", "x")
        assert found(repo) == ["TODO.md"]
        for path in ("lib/TODO.md", "nested/TODO.md"):
            with pytest.raises(InputError, match=r"belongs to another repository"):
                found(repo, explicit=[path])

    def test_patterns_are_those_of_gitignore(self, make_repo):
        names = ["TODO.md", "docs/TODO.md", "docs/plan.md", "docs/old/plan.md", "a [b].md", "x.MD", "ü.md"]
        repo = make_repo(**dict.fromkeys(names, "x"))
        assert found(repo, "*.md") == sorted(set(names) - {"x.MD"})
        assert found(repo, "/*.md") == ["TODO.md", "a [b].md", "ü.md"]
        assert found(repo, "docs/", "!docs/old/") == ["docs/TODO.md", "docs/plan.md"]
        assert found(repo, "**/old/*.md") == ["docs/old/plan.md"]
        assert found(repo, "a \\[b\\].md") == ["a [b].md"]
        assert found(repo, "ü.md", "nothing.md") == ["ü.md"]

    def test_a_name_may_have_a_newline(self, make_repo):
        repo = make_repo(**{"a\nb/TODO.md": "", "\n/x/TODO.md": "", "a\nb/TODO.md\n": "", "b/TODO.md": ""})
        both = sorted(["a\nb/TODO.md", "\n/x/TODO.md"])
        assert found(repo, "TODO.md", "!/b/*") == found(repo, "*/**/TODO.md", "!b/*") == both

    @examples(60)
    @given(
        st.lists(
            st.lists(st.sampled_from(["**", "*", "a", "b*", "*b", "TODO", "a*b"]), min_size=1, max_size=4)
            .map("/".join)
            .filter(lambda pattern: not pattern.endswith("**"))
            .map(lambda pattern: pattern + ".md"),
            min_size=1,
            max_size=2,
        )
    )
    def test_git_and_pathspec_agree_on_simple_patterns(self, tree, patterns):
        """Patterns that git matches itself give what pathspec, which has the say, would give."""
        from pathspec import GitIgnoreSpec

        names = tree.git("ls-files").splitlines()
        assert all(worktree_files.is_simple(pattern) for pattern in patterns)
        expected = sorted(GitIgnoreSpec.from_lines(patterns).match_files(names))
        assert found(tree, *patterns) == expected

    def test_a_folder_named_like_a_todo_file_is_refused(self, make_repo):
        repo = make_repo(x="x")
        (repo.root / "TODO.md").mkdir()
        with pytest.raises(InputError, match=r"^TODO\.md: is a folder"):
            found(repo)


class TestExplicitPaths:
    def test_explicit_paths_win_and_are_relative_to_the_current_folder(self, make_repo):
        repo = make_repo(
            **{"TODO.md": "x", "docs/notes.md": "x", "docs/ignored.md": "x", ".gitignore": "ignored.md"}
        )
        assert found(repo, explicit=["notes.md", "../TODO.md"], cwd=repo.root / "docs") == [
            "TODO.md",
            "docs/notes.md",
        ]
        assert found(repo, explicit=["docs/ignored.md"]) == ["docs/ignored.md"]
        assert found(repo, explicit=[str(repo.root / "docs/notes.md")]) == ["docs/notes.md"]

    def test_a_folder_stands_for_what_fits_below_it(self, make_repo):
        repo = make_repo(**{"TODO.md": "x", "a/TODO.md": "x", "a/b/TODO.md": "x", "ab/TODO.md": "x"})
        assert found(repo, explicit=["a"]) == ["a/TODO.md", "a/b/TODO.md"]
        assert found(repo, explicit=["."], cwd=repo.root / "a") == ["a/TODO.md", "a/b/TODO.md"]
        assert len(found(repo, explicit=["."])) == 4

    def test_an_explicit_path_that_is_not_there_is_refused(self, make_repo):
        repo = make_repo(**{"TODO.md": "x"})
        with pytest.raises(InputError, match=r"^no/such\.md: no such file$"):
            found(repo, explicit=["no/such.md"])

    def test_an_explicit_path_outside_of_the_work_tree_is_refused(self, make_repo, tmp_path):
        repo = make_repo(**{"TODO.md": "x"})
        (tmp_path / "x.md").write_text("x")
        with pytest.raises(UsageError, match="outside the work tree"):
            found(repo, explicit=["../x.md"])

    def test_an_explicit_path_in_the_git_directory_is_refused(self, make_repo):
        repo = make_repo(**{"TODO.md": "x"})
        (repo.root / ".git/x.md").write_text("x")
        with pytest.raises(InputError, match="is in a git directory"):
            found(repo, explicit=[".git/x.md"])


class TestSymlinks:
    def test_links_that_stay_inside_stand_for_the_real_file_once(self, make_repo):
        repo = make_repo(**{"docs/plan.md": "x", "TODO.md": "x"})
        (repo.root / "a").mkdir()
        (repo.root / "a/TODO.md").symlink_to("../docs/plan.md")
        (repo.root / "docs/TODO.md").symlink_to("../a/TODO.md")
        assert found(repo) == ["TODO.md", "docs/plan.md"]

    @pytest.mark.parametrize(
        ("target", "sentence"),
        [
            ("../outside.md", "points outside the work tree"),
            ("/etc/hostname", "points outside the work tree"),
            ("nowhere.md", "a broken symlink"),
            ("TODO.md", "a broken symlink|cannot be read"),
            (".git/config", "is in a git directory"),
        ],
    )
    def test_links_that_lead_nowhere_or_out_are_refused(self, make_repo, tmp_path, target, sentence):
        repo = make_repo(x="x")
        (tmp_path / "outside.md").write_text("x")
        (repo.root / "TODO.md").symlink_to(target)
        with pytest.raises(InputError, match=sentence) as caught:
            [files.read(str(repo.root), path) for path in found(repo)]
        assert str(caught.value).startswith("TODO.md: ")

    def test_a_file_below_a_folder_that_leads_out_is_refused(self, make_repo, tmp_path):
        repo = make_repo(x="x")
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/TODO.md").write_text("x")
        (repo.root / "docs").symlink_to("../outside")
        assert found(repo) == []
        with pytest.raises((InputError, UsageError), match="out"):
            found(repo, explicit=["docs/TODO.md"])

    def test_each_of_many_paths_is_resolved_as_it_would_be_alone(self, make_repo):
        """Folders are looked at once for all their files, and must come to the same."""
        repo = make_repo(
            **{"docs/deep/er/TODO.md": "x", "docs/TODO.md": "x", "TODO.md": "x", "other/x.md": "x"}
        )
        root = str(repo.root)
        (repo.root / "alias").symlink_to("docs/deep")
        (repo.root / "docs/deep/link").symlink_to("../../other")
        (repo.root / "docs/deep/er/x.md").symlink_to("../../../other/x.md")
        paths = ["docs/deep/er/TODO.md", "alias/er/TODO.md", "docs/TODO.md", "TODO.md", "docs/deep/link/x.md"]
        paths += ["docs/deep/er/x.md", "docs/./TODO.md", "docs/../TODO.md", "alias/link/x.md"]
        real = {"docs/deep/er/TODO.md", "docs/TODO.md", "TODO.md", "other/x.md"}
        assert {safe_open.resolve(root, path) for path in paths} == real
        assert set(worktree_files.resolved(root, paths)) == real
        for path in paths:
            assert worktree_files.resolved(root, [path]) == (safe_open.resolve(root, path),)

    def test_a_path_below_another_name_of_the_root_is_refused(self, make_repo, tmp_path):
        repo = make_repo(**{"docs/TODO.md": "x"})
        (tmp_path / "elsewhere").symlink_to(repo.root)
        with pytest.raises(InputError, match="outside the work tree"):
            worktree_files.resolved(str(tmp_path / "elsewhere"), ["docs/TODO.md"])
