"""A landing works wherever git does: any HEAD, any kind of checkout, any name, any index."""

from __future__ import annotations

import os
import shutil

import pytest

from mdtodo.git.repository import discover

BASE = "- [ ] one\n- [ ] two\n- [ ] three\n"
DONE = BASE.replace("[ ] two", "[x] two").encode()


def assert_lands(repo, land_tasks, file: str = "TODO.md") -> None:
    """Task two lands in one commit on top of HEAD, and everything is clean."""
    before, commits = repo.git("rev-parse", "HEAD"), repo.commits()
    landing = land_tasks(repo, "two", file=file)
    assert landing.commits == (repo.git("rev-parse", "HEAD"),)
    assert repo.git("rev-parse", "HEAD^") == before
    assert repo.commits() == commits + 1
    assert repo.head(file) == repo.index(file) == DONE
    assert repo.status() == []


class TestHead:
    def test_before_the_first_commit_a_staged_file_is_ticked_in_the_index(self, repo, land_tasks):
        repo.write("TODO.md", BASE)
        repo.git("add", "TODO.md")
        landing = land_tasks(repo, "two")
        assert landing.commits == ()
        assert landing.ticked == {"id-two"}
        assert repo.index("TODO.md") == repo.read("TODO.md") == DONE
        assert repo.status() == ["A  TODO.md"]

    def test_before_the_first_commit_an_untracked_file_is_ticked(self, repo, land_tasks):
        repo.write("TODO.md", BASE)
        landing = land_tasks(repo, "two")
        assert landing.commits == ()
        assert repo.read("TODO.md") == DONE
        assert repo.status() == ["?? TODO.md"]
        assert not (repo.root / ".git/index").exists()

    def test_a_detached_head_gets_the_commit_and_no_branch_moves(self, make_repo, land_tasks, sound):
        repo = make_repo(**{"TODO.md": BASE})
        repo.git("checkout", "-q", "--detach")
        main = repo.git("rev-parse", "main")
        assert_lands(repo, land_tasks)
        assert repo.git("rev-parse", "main") == main
        assert repo.git("symbolic-ref", "-q", "HEAD", check=False) == ""
        sound(repo)

    def test_a_branch_with_slashes_and_packed_refs_gets_the_commit(self, make_repo, land_tasks, sound):
        repo = make_repo(**{"TODO.md": BASE})
        repo.git("checkout", "-q", "-b", "feature/deep/thing")
        repo.git("pack-refs", "--all")
        repo.git("gc", "-q")
        assert_lands(repo, land_tasks)
        assert repo.git("rev-parse", "feature/deep/thing") == repo.git("rev-parse", "HEAD")
        assert repo.git("rev-parse", "main") == repo.git("rev-parse", "HEAD^")
        sound(repo)

    def test_a_head_that_is_a_symlink_gets_the_commit(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        (repo.root / ".git/HEAD").unlink()
        (repo.root / ".git/HEAD").symlink_to("refs/heads/main")
        assert_lands(repo, land_tasks)
        assert repo.git("rev-parse", "main") == repo.git("rev-parse", "HEAD")


class TestCheckouts:
    def test_a_landing_in_a_linked_worktree_moves_its_branch_alone(
        self, make_repo, land_tasks, sound, tmp_path
    ):
        main = make_repo(**{"TODO.md": BASE})
        main.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
        linked = type(main)(tmp_path / "linked")
        found = discover(str(linked.root))
        assert found.common_dir == str(main.root / ".git")
        assert found.git_dir == str(main.root / ".git/worktrees/linked")
        assert_lands(linked, land_tasks)
        assert main.read("TODO.md") == main.head("TODO.md") == BASE.encode()
        assert main.status() == []
        sound(linked)
        assert_lands(main, land_tasks)

    def test_a_shallow_clone_gets_the_commit(self, make_repo, land_tasks, sound, tmp_path):
        origin = make_repo("origin", **{"TODO.md": BASE})
        origin.commit(a="a")
        origin.git("clone", "-q", "--depth=1", f"file://{origin.root}", str(tmp_path / "shallow"))
        shallow = type(origin)(tmp_path / "shallow")
        assert shallow.commits() == 1
        assert_lands(shallow, land_tasks)
        sound(shallow)

    def test_a_blobless_clone_gets_the_commit(self, make_repo, land_tasks, tmp_path):
        origin = make_repo("origin", **{"TODO.md": BASE, "a": "a", "sub/b": "b"})
        origin.git("config", "uploadpack.allowFilter", "true")
        origin.git("clone", "-q", "--filter=blob:none", f"file://{origin.root}", str(tmp_path / "partial"))
        assert_lands(type(origin)(tmp_path / "partial"), land_tasks)

    @pytest.mark.parametrize("sparse_index", ["false", "true"])
    def test_a_sparse_checkout_gets_the_commit(self, make_repo, land_tasks, sound, sparse_index):
        repo = make_repo(**{"TODO.md": BASE, "in/TODO.md": BASE, "out/TODO.md": BASE, "out/deep/x": "x"})
        repo.git("config", "index.sparse", sparse_index)
        repo.git("sparse-checkout", "set", "--cone", "in")
        out = repo.git("rev-parse", "HEAD:out")
        assert_lands(repo, land_tasks, "in/TODO.md")
        assert not (repo.root / "out").exists()
        assert repo.git("rev-parse", "HEAD:out") == out
        assert repo.status() == []
        sound(repo)

    def test_a_submodule_is_a_repository_of_its_own(self, make_repo, land_tasks, sound):
        inner = make_repo("inner", **{"TODO.md": BASE})
        outer = make_repo("outer", **{"TODO.md": BASE})
        outer.git("submodule", "--quiet", "add", str(inner.root), "lib")
        outer.commit("Add a submodule")
        module = type(outer)(outer.root / "lib")
        assert discover(str(module.root)).root == str(module.root)
        assert_lands(module, land_tasks)
        assert outer.status() == [" M lib"]
        assert outer.read("TODO.md") == BASE.encode()
        sound(module)

    def test_crlf_stays_in_the_work_tree_and_lf_in_the_repository(self, make_repo, land_tasks, sound):
        repo = make_repo()
        repo.git("config", "core.autocrlf", "true")
        crlf = BASE.replace("\n", "\r\n").encode()
        repo.commit(**{"TODO.md": crlf, "other.txt": "a\r\nb\r\n"})
        assert repo.head("TODO.md") == BASE.encode()
        landing = land_tasks(repo, "two")
        assert len(landing.commits) == 1
        assert repo.head("TODO.md") == repo.index("TODO.md") == DONE
        assert repo.read("TODO.md") == crlf.replace(b"[ ] two", b"[x] two")
        assert repo.status() == []
        sound(repo)

    def test_line_ends_and_filters_by_attribute_are_kept(self, make_repo, land_tasks):
        repo = make_repo()
        repo.commit(**{".gitattributes": "*.md text eol=crlf ident\n", "TODO.md": "<!-- $Id$ -->\n\n" + BASE})
        (repo.root / "TODO.md").unlink()
        repo.git("checkout", "-q", "TODO.md")
        before = repo.read("TODO.md")
        assert b"\r\n" in before
        assert b"$Id: " in before
        land_tasks(repo, "two")
        assert repo.head("TODO.md") == b"<!-- $Id$ -->\n\n" + DONE
        assert repo.read("TODO.md") == before.replace(b"[ ] two", b"[x] two")
        assert repo.status() == []

    def test_content_that_is_encrypted_in_the_repository_is_ticked_where_it_stands(
        self, make_repo, land_tasks
    ):
        repo = make_repo()
        repo.git("config", "filter.hide.clean", "tr 'A-Za-z [' '\\200-\\263\\300\\301'")
        repo.git("config", "filter.hide.smudge", "tr '\\200-\\263\\300\\301' 'A-Za-z ['")
        repo.commit(**{".gitattributes": "TODO.md filter=hide\n", "TODO.md": BASE})
        hidden = repo.head("TODO.md")
        assert b"one" not in hidden
        landing = land_tasks(repo, "two")
        assert landing.commits == ()
        assert landing.ticked == {"id-two"}
        assert repo.head("TODO.md") == hidden
        assert repo.read("TODO.md") == DONE
        assert repo.status() == [" M TODO.md"]

    def test_a_repository_of_sha256_gets_the_commit(self, make_repo, land_tasks, sound):
        repo = make_repo("repo", "--object-format=sha256", **{"TODO.md": BASE, "a/b/c": "c"})
        assert len(repo.git("rev-parse", "HEAD")) == 64
        assert_lands(repo, land_tasks)
        sound(repo)

    def test_a_git_directory_outside_of_the_work_tree_gets_the_commit(
        self, make_repo, land_tasks, monkeypatch, tmp_path
    ):
        repo = make_repo(**{"TODO.md": BASE})
        shutil.move(repo.root / ".git", tmp_path / "hidden.git")
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "hidden.git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(repo.root))
        found = discover(str(repo.root))
        assert (found.root, found.explicit) == (str(repo.root), True)
        (repo.root / ".git").mkdir()  # no repository, and so passed over
        assert_lands(repo, land_tasks)

    def test_variables_of_a_calling_hook_do_not_lead_a_landing_elsewhere(
        self, make_repo, land_tasks, monkeypatch, tmp_path
    ):
        repo = make_repo(**{"TODO.md": BASE})
        with monkeypatch.context() as patch:
            patch.setenv("GIT_DIR", ".git")
            patch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere/index"))
            patch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "nowhere"))
            patch.setenv("GIT_PREFIX", "sub/")
            patch.chdir(repo.root)
            landing = land_tasks(repo, "two")
        assert len(landing.commits) == 1
        assert repo.index("TODO.md") == DONE
        assert repo.status() == []
        assert not (tmp_path / "nowhere").exists()


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "docs/a b.md",
            'qu"ote\\back.md',
            "new\nline\there.md",
            ":(glob)*.md",
            "-dash.md",
            "ünïcode/☃.md",
            "$HOME/~x.md",
        ],
    )
    def test_todo_files_with_odd_names_get_their_ticks(self, make_repo, land_tasks, sound, name):
        repo = make_repo(**{name: BASE, "x.md": "x\n", f"{name}.d/y": "y\n"})
        assert_lands(repo, land_tasks, name)
        assert repo.git("diff", "--name-only", "-z", "HEAD^", "HEAD").rstrip("\0") == name
        sound(repo)

    def test_a_todo_file_whose_name_is_not_utf_8_gets_its_tick(self, make_repo, land_tasks, sound):
        repo = make_repo(**{"a.md": "a\n"})
        name = os.fsdecode(b"caf\xe9.md")
        repo.write(name, BASE)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", "Odd")
        landing = land_tasks(repo, "two", file=name)
        assert len(landing.commits) == 1
        assert repo.status() == []
        assert repo.read(name) == DONE
        sound(repo)

    def test_the_mode_of_the_file_stays(self, make_repo, land_tasks):
        repo = make_repo()
        repo.write("TODO.md", BASE).chmod(0o755)
        repo.commit()
        assert_lands(repo, land_tasks)
        assert repo.git("ls-tree", "HEAD", "TODO.md").startswith("100755 ")
        assert (repo.root / "TODO.md").stat().st_mode & 0o777 == 0o755

    def test_trees_keep_gits_order(self, make_repo, land_tasks, sound):
        """A folder sorts as if its name ended in a slash."""
        names = [
            "a",
            "a.b/x",
            "ab/x",
            "a-b/x",
            "a0",
            "z/TODO.md",
            "z.md",
            "z-/x",
            "z0/x",
        ]
        repo = make_repo(**dict.fromkeys(names, BASE))
        assert_lands(repo, land_tasks, "z/TODO.md")
        sound(repo)


class TestIndexes:
    @pytest.mark.parametrize("version", ["2", "3", "4"])
    def test_an_index_of_each_version_gets_its_tick(self, make_repo, land_tasks, sound, version):
        repo = make_repo(**{"TODO.md": BASE, "a/b": "b", "a/c": "c"})
        repo.git("update-index", "--index-version", version)
        repo.write("new", "n")
        repo.git("add", "-N", "new")
        land_tasks(repo, "two")
        assert repo.index("TODO.md") == DONE
        assert repo.status() == [" A new"]
        if version == "4":
            assert (repo.root / ".git/index").read_bytes()[7] == 4
        sound(repo)

    def test_a_split_index_gets_its_tick(self, make_repo, land_tasks, sound):
        repo = make_repo(**{f"d/{n}": str(n) for n in range(50)}, **{"TODO.md": BASE})
        repo.git("update-index", "--split-index")
        repo.write("d/7", "staged\n")
        repo.git("add", "d/7")
        land_tasks(repo, "two")
        assert repo.status() == ["M  d/7"]
        assert len(repo.git("ls-files").splitlines()) == 51
        assert list((repo.root / ".git").glob("sharedindex.*"))
        sound(repo)

    def test_what_git_remembers_in_the_index_survives(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE, "a/b": "b", "c/d": "d"})
        repo.git("update-index", "--untracked-cache")
        repo.write("untracked/file", "u")
        repo.status()
        assert b"UNTR" in (repo.root / ".git/index").read_bytes()
        lands_before = repo.git("rev-parse", "HEAD")
        land_tasks(repo, "two")
        data = (repo.root / ".git/index").read_bytes()
        assert b"UNTR" in data
        assert b"TREE" in data
        assert repo.git("rev-parse", "HEAD^") == lands_before
        assert repo.status() == ["?? untracked/file"]

    def test_a_repository_without_an_index_gets_the_commit(self, make_repo, land_tasks):
        repo = make_repo(**{"TODO.md": BASE})
        (repo.root / ".git/index").unlink()
        landing = land_tasks(repo, "two")
        assert len(landing.commits) == 1
        assert repo.head("TODO.md") == repo.read("TODO.md") == DONE
        assert not (repo.root / ".git/index").exists()
