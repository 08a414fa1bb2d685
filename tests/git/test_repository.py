"""Where the repository is, what it lists, and git's refusals in a sentence."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from mdtodo.errors import GitError
from mdtodo.git.repository import (
    discover,
    gitpython,
    list_files,
    operation_in_progress,
    read_blobs,
    run,
    start_program,
)


class TestDiscover:
    def test_the_repository_is_found_from_any_folder_below(self, make_repo):
        repo = make_repo(**{"a/b/c": "x"})
        for folder in ("", "a", "a/b"):
            found = discover(str(repo.root / folder))
            assert found.root == str(repo.root)
            assert found.git_dir == found.common_dir == str(repo.root / ".git")
            assert not found.explicit

    def test_the_repository_is_found_by_a_relative_path_and_through_a_symlink(
        self, make_repo, tmp_path, monkeypatch
    ):
        repo = make_repo(**{"a/b": "x"})
        (tmp_path / "link").symlink_to(repo.root / "a")
        assert discover(str(tmp_path / "link")).root == str(repo.root)
        monkeypatch.chdir(repo.root / "a")
        assert discover(".").root == discover().root == str(repo.root)

    def test_the_repository_is_the_one_that_git_finds(self, make_repo, tmp_path):
        """Plain, linked worktree, submodule, linked worktree of a bare repository."""
        repo = make_repo(a="x")
        repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
        outer = make_repo("outer", b="x")
        outer.git("submodule", "--quiet", "add", str(repo.root), "lib")
        repo.git("clone", "-q", "--bare", str(repo.root), str(tmp_path / "bare"))
        bare = type(repo)(tmp_path / "bare")
        bare.git("worktree", "add", "-q", str(tmp_path / "of-bare"))
        for folder in (repo.root, tmp_path / "linked", outer.root / "lib", tmp_path / "of-bare"):
            found = discover(str(folder))
            asked = type(repo)(folder).git(
                "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir"
            )
            assert [found.root, found.git_dir, found.common_dir] == asked.splitlines()
            assert not found.explicit

    def test_a_configured_work_tree_is_the_root(self, make_repo, tmp_path):
        repo = make_repo("top/meta", x="x")
        repo.git("config", "core.worktree", str(tmp_path / "top"))
        found = discover(str(repo.root))
        assert (found.root, found.explicit) == (str(tmp_path / "top"), True)
        assert list_files(found) == ["meta/x", "x"]

    @pytest.mark.parametrize("place", ["bare", "repo/.git", "repo/.git/refs"])
    def test_a_repository_without_a_work_tree_is_refused(self, make_repo, tmp_path, place):
        repo = make_repo(a="x")
        repo.git("clone", "-q", "--bare", str(repo.root), str(tmp_path / "bare"))
        with pytest.raises(GitError, match="needs a work tree"):
            discover(str(tmp_path / place))

    def test_a_repository_that_was_made_bare_is_refused(self, make_repo):
        repo = make_repo(a="x")
        repo.git("config", "core.bare", "true")
        with pytest.raises(GitError, match="is a bare repository: mdtodo needs a work tree"):
            discover(str(repo.root))

    def test_a_folder_outside_of_a_repository_is_refused(self, tmp_path):
        with pytest.raises(GitError, match="not a git repository") as caught:
            discover(str(tmp_path))
        assert "git init" in (caught.value.hint or "")
        with pytest.raises(GitError, match="no such folder"):
            discover(str(tmp_path / "nowhere"))

    @pytest.mark.parametrize("content", [b"gitdir: /nowhere\n", b"nonsense", b""])
    def test_a_git_file_that_leads_nowhere_is_refused(self, tmp_path, content):
        (tmp_path / ".git").write_bytes(content)
        with pytest.raises(GitError, match=r"not a git repository|invalid gitfile"):
            discover(str(tmp_path))

    def test_an_empty_git_folder_is_passed_over(self, make_repo):
        repo = make_repo(**{"a/b": "x"})
        (repo.root / "a/.git").mkdir()
        assert discover(str(repo.root / "a")).root == str(repo.root)

    def test_no_git_is_started_in_a_plain_repository(self, make_repo, monkeypatch):
        repo = make_repo(a="x")
        monkeypatch.setenv("PATH", "/nowhere")
        assert discover(str(repo.root)).root == str(repo.root)

    def test_the_git_dir_of_a_calling_hook_is_taken(self, make_repo, monkeypatch):
        repo = make_repo(**{"a/b": "x"})
        monkeypatch.setenv("GIT_DIR", str(repo.root / ".git"))
        found = discover(str(repo.root / "a"))
        assert (found.root, found.explicit) == (str(repo.root), False)

    def test_a_git_dir_that_is_none_is_refused(self, make_repo, monkeypatch):
        repo = make_repo(a="x")
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        with pytest.raises(GitError, match=r"not a git repository: ./nowhere."):
            discover(str(repo.root))


class TestReading:
    def test_list_files_has_tracked_and_untracked_files_of_any_name(self, make_repo):
        names = ["a", "b/c", "b/ü", 'q"uote', "new\nline", os.fsdecode(b"\xff")]
        repo = make_repo(**dict.fromkeys(names, "x"))
        repo.write("untracked", "x")
        repo.write(".gitignore", "*.o\n")
        repo.write("x.o", "x")
        found = discover(str(repo.root))
        assert list_files(found) == sorted([*names, "untracked", ".gitignore"])
        assert list_files(found, "b") == ["b/c", "b/ü"]

    def test_read_blobs_has_each_content_or_says_that_it_is_missing(self, make_repo):
        contents = {"a": b"x\n", "empty": b"", "b in/ary": bytes(range(256)) * 300}
        contents |= {"new\nline": b"y", "a\r": b"not a\n", '"a"': b"quoted\n"}
        repo = make_repo(**contents)
        repo.write("a", "staged\n")
        repo.git("add", "a")
        names = [f"{where}:{name}" for where in ("HEAD", "") for name in [*contents, "missing", "miss ing 1"]]
        blobs = read_blobs(
            discover(str(repo.root)), [*names, "HEAD", "HEAD^{tree}", repo.git("hash-object", "a")]
        )
        for name, content in contents.items():
            assert blobs[f"HEAD:{name}"] == content
            assert blobs[f":{name}"] == (b"staged\n" if name == "a" else content)
        assert blobs["HEAD:missing"] is blobs[":miss ing 1"] is blobs["HEAD"] is blobs["HEAD^{tree}"] is None
        assert blobs[repo.git("hash-object", "a")] == b"staged\n"

    def test_much_input_and_output_at_once_blocks_nobody(self, make_repo):
        repo = make_repo()
        data = b"".join(b"%d\n" % n for n in range(100_000))
        assert run(discover(str(repo.root)), "stripspace", stdin=data) == data

    def test_the_callers_git_variables_do_not_reach_git(self, make_repo, monkeypatch, tmp_path):
        repo = make_repo(a="x")
        for name in ("GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
            monkeypatch.setenv(name, str(tmp_path / "nowhere"))
        monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
        assert list_files(discover(str(repo.root)), ":(glob)**/a") == ["a"]
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "By Option")
        assert run(discover(str(repo.root)), "config", "user.name") == b"By Option\n"

    def test_refusals_are_gits_words_in_one_line(self, make_repo):
        found = discover(str(make_repo(a="x").root))
        for args, words in (
            (("frobnicate",), "git: 'frobnicate' is not a git command. See 'git --help'."),
            (("rev-parse", "--verify", "nope"), "git: Needed a single revision"),
            (("update-index", "--nonsense"), "git: unknown option 'nonsense'"),
            (("diff", "--quiet", "--no-index", "/dev/null", "/nowhere"), "git: Could not access '/nowhere'"),
        ):
            with pytest.raises(GitError) as caught:
                run(found, *args)
            assert str(caught.value) == words
            assert caught.value.exit_code == 3

    def test_without_git_the_error_says_so(self, make_repo, monkeypatch):
        found = discover(str(make_repo(a="x").root))
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(GitError, match=r"^cannot run git: No such file or directory$") as caught:
            list_files(found)
        assert "install git" in (caught.value.hint or "")

    def test_a_folder_of_somebody_else_is_refused_in_gits_words(self, make_repo):
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        repo = make_repo(a="x")
        for path in (repo.root, repo.root / ".git"):
            os.chown(path, 12345, 12345)
        with pytest.raises(GitError, match="detected dubious ownership") as caught:
            list_files(discover(str(repo.root)))
        assert "safe.directory" in (caught.value.hint or "")

    def test_reading_imports_nothing_heavy(self, make_repo):
        """`check` and `list` stand on this: nothing that costs as much as git itself."""
        repo = make_repo(**{"TODO.md": "- [ ] x\n"})
        program = (
            "import sys\n"
            "from mdtodo.git import repository\n"
            "from mdtodo.git.files import worktree_files\n"
            "from mdtodo.system import files\n"
            "repo = repository.discover(sys.argv[1])\n"
            "print(worktree_files.find(repo, ['TODO.md', '**/TODO.md']), files.read(repo.root, 'TODO.md'))\n"
            "heavy = {'git', 'dataclasses', 'subprocess', 'pathspec', 'pathlib', 'sqlite3', 'json', 'tempfile', 'ctypes'}\n"
            "print(sorted(heavy & set(sys.modules)))\n"
        )
        out = subprocess.check_output(
            [sys.executable, "-S", "-c", program, str(repo.root)], env=_with_path(), text=True
        )
        assert out.splitlines() == ["('TODO.md',) b'- [ ] x\\n'", "[]"]


def test_a_limit_of_the_system_is_no_reason_to_install_git(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("mdtodo.git.repository.Process", refused)
    with pytest.raises(GitError, match=r"^cannot run git: Too many open files$") as caught:
        start_program(["git"], {})
    assert caught.value.hint is None


def _with_path() -> dict[str, str]:
    """Without `site`, which imports for editable installs what would not be imported otherwise."""
    import mdtodo

    root = os.path.dirname(os.path.dirname(mdtodo.__file__))
    return os.environ | {"PYTHONPATH": root}


class TestOperationInProgress:
    @pytest.fixture
    def diverged(self, make_repo):
        repo = make_repo(a="base\n")
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("Side", a="side\n")
        repo.commit("More", b="more\n")
        repo.git("checkout", "-q", "main")
        repo.commit("Main", a="main\n")
        return repo

    @pytest.mark.parametrize(
        ("command", "expected"),
        [
            ("merge side", "merge"),
            ("rebase side", "rebase"),
            ("rebase --apply side", "rebase"),
            ("cherry-pick side~1", "cherry-pick"),
            ("cherry-pick side~1 side", "cherry-pick"),
            ("revert side~1", "revert"),
            ("bisect start", "bisect"),
        ],
    )
    def test_each_operation_in_progress_is_named(self, diverged, command, expected):
        found = discover(str(diverged.root))
        assert operation_in_progress(found) is None
        diverged.git(*command.split(), check=False)
        assert operation_in_progress(found) == expected

    def test_an_operation_between_two_picks_of_a_sequence_is_named(self, diverged):
        diverged.git("cherry-pick", "side~1", "side", check=False)
        diverged.write("a", "resolved\n")
        diverged.git("add", "a")
        diverged.git("commit", "-q", "--no-edit")
        assert not (diverged.root / ".git/CHERRY_PICK_HEAD").exists()
        assert operation_in_progress(discover(str(diverged.root))) == "cherry-pick"

    def test_git_am_in_progress_is_named(self, diverged):
        patch = diverged.git("format-patch", "--stdout", "main~1..side") + "\n"
        diverged.git("am", stdin=patch, check=False)
        assert operation_in_progress(discover(str(diverged.root))) == "am"

    def test_an_operation_in_another_worktree_does_not_matter(self, diverged, tmp_path):
        diverged.git("worktree", "add", "-q", "-b", "third", str(tmp_path / "linked"))
        diverged.git("merge", "side", check=False)
        assert operation_in_progress(discover(str(diverged.root))) == "merge"
        assert operation_in_progress(discover(str(tmp_path / "linked"))) is None


class TestGitPython:
    @pytest.mark.parametrize("command", ["rev_parse", "no_such_command"])
    def test_the_variables_of_a_calling_hook_are_aside_meanwhile(self, make_repo, monkeypatch, command):
        repo, other = make_repo("repo", a="1\n"), make_repo("other", b="2\n")
        there = {"GIT_DIR": f"{other.root}/.git", "GIT_INDEX_FILE": "elsewhere", "GIT_QUARANTINE_PATH": ""}
        for name, value in there.items():
            monkeypatch.setenv(name, value)
        with suppress(GitError), gitpython(str(repo.root)) as git:
            assert not there.keys() & os.environ.keys()
            assert getattr(git, command)("HEAD:a") == repo.git("rev-parse", "HEAD:a", GIT_DIR=".git")
        assert {name: os.environ.get(name) for name in there} == there

    def test_a_refusal_is_told_in_gits_words(self, repo):
        with (
            pytest.raises(GitError, match=r"^git: Needed a single revision$"),
            gitpython(str(repo.root)) as git,
        ):
            git.rev_parse("--verify", "HEAD")
