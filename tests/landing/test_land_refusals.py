"""Where a landing cannot be made, it says so in a sentence, and nothing has changed."""

from __future__ import annotations

import os
import threading

import pytest

from mdtodo.errors import GitError, InputError
from tests.tools import ssh_key

BASE = "- [ ] one\n- [ ] two\n- [ ] three\n"


@pytest.fixture
def todo(make_repo):
    return make_repo(**{"TODO.md": BASE, "a.txt": "a\n"})


def assert_refused(repo, land_tasks, match: str, **options) -> GitError:
    """The landing is refused with this sentence; HEAD, index, files and status are as they were."""

    def everything():
        index = repo.root / ".git/index"
        refs = repo.git("for-each-ref"), repo.git("rev-parse", "-q", "--verify", "HEAD", check=False)
        return refs, index.read_bytes(), repo.read("TODO.md"), (repo.root / ".git/index.lock").exists()

    before = everything()
    with pytest.raises(GitError, match=match) as caught:
        land_tasks(repo, "two", **options)
    assert everything() == before
    assert not [name for name in os.listdir(repo.root / ".git") if "mdtodo-" in name]
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3
    return caught.value


class TestOperations:
    def test_a_landing_during_a_merge_is_refused(self, todo, land_tasks):
        todo.git("checkout", "-q", "-b", "side")
        todo.commit(**{"a.txt": "side\n"})
        todo.git("checkout", "-q", "main")
        todo.commit(**{"a.txt": "main\n"})
        todo.git("merge", "-q", "side", check=False)
        assert_refused(todo, land_tasks, "a merge is in progress")
        assert land_tasks(todo, "two", commit=False).ticked == {"id-two"}

    @pytest.mark.parametrize("command", ["rebase", "cherry-pick", "revert"])
    def test_a_landing_during_a_rebase_cherry_pick_or_revert_is_refused(self, todo, land_tasks, command):
        todo.git("checkout", "-q", "-b", "side")
        todo.commit(**{"a.txt": "side\n"})
        todo.git("checkout", "-q", "main")
        todo.commit(**{"a.txt": "main\n"})
        todo.git(command, "side", check=False)
        assert_refused(todo, land_tasks, f"a {command} is in progress")

    def test_a_landing_during_a_bisect_is_refused(self, todo, land_tasks):
        todo.git("bisect", "start")
        assert_refused(todo, land_tasks, "a bisect is in progress")


class TestIdentityAndSignature:
    def test_a_landing_without_an_identity_is_refused(self, todo, land_tasks, monkeypatch, tmp_path):
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
        todo.git("config", "user.useConfigOnly", "true")
        error = assert_refused(todo, land_tasks, "no email was given and auto-detection is disabled")
        assert "user.name" in (error.hint or "")

    def test_no_identity_is_needed_where_there_is_nothing_to_commit(
        self, repo, land_tasks, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
        repo.git("config", "user.useConfigOnly", "true")
        repo.write("TODO.md", BASE)
        repo.git("add", "TODO.md")
        assert land_tasks(repo, "two").ticked == {"id-two"}
        assert b"[x] two" in repo.index("TODO.md")

    def test_an_empty_name_in_the_environment_is_refused(self, todo, land_tasks, monkeypatch):
        monkeypatch.setenv("GIT_AUTHOR_NAME", "")
        assert_refused(todo, land_tasks, "empty ident name")

    def test_a_signature_that_fails_stops_the_landing(self, todo, land_tasks):
        todo.git("config", "commit.gpgsign", "true")
        todo.git("config", "gpg.program", "/bin/false")
        assert_refused(todo, land_tasks, "failed to sign|gpg failed")

    @pytest.mark.tools
    def test_a_commit_is_signed_where_git_is_configured_to(self, todo, land_tasks, sound, tmp_path):
        key = ssh_key(tmp_path / "key")
        todo.git("config", "gpg.format", "ssh")
        todo.git("config", "user.signingKey", str(key))
        todo.git("config", "commit.gpgsign", "yes")
        todo.git("config", "i18n.commitEncoding", "ISO-8859-1")
        landing = land_tasks(todo, "two")
        assert "-----BEGIN SSH SIGNATURE-----" in todo.git("cat-file", "commit", landing.commits[0])
        todo.write("signers", f"ada@example.com {key.with_suffix('.pub').read_text()}")
        (todo.root / "signers").rename(tmp_path / "signers")
        todo.git("-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}", "verify-commit", "HEAD")
        assert todo.status() == []
        sound(todo)


class TestLocks:
    def test_an_index_lock_of_another_git_is_told(self, todo, land_tasks):
        lock = todo.root / ".git/index.lock"
        lock.write_bytes(b"")
        assert_refused(todo, land_tasks, "another git process holds .*index.lock", patience=0.05)
        assert lock.read_bytes() == b""

    def test_an_index_lock_that_goes_away_in_time_is_waited_for(self, todo, land_tasks):
        lock = todo.root / ".git/index.lock"
        lock.write_bytes(b"")
        timer = threading.Timer(0.1, lock.unlink)
        timer.start()
        landing = land_tasks(todo, "two", patience=60.0)
        timer.join()
        assert len(landing.commits) == 1
        assert todo.status() == []

    def test_a_lock_on_the_branch_is_told(self, todo, land_tasks, monkeypatch):
        monkeypatch.setattr("mdtodo.landing.land.PATIENCE", 0.05)
        lock = todo.root / ".git/refs/heads/main.lock"
        lock.write_bytes(b"")
        assert_refused(todo, land_tasks, "cannot lock ref")
        assert lock.exists()


class TestHooks:
    def test_no_hook_of_the_repository_runs(self, todo, land_tasks):
        hooks = todo.root / ".git/hooks"
        hooks.mkdir(exist_ok=True)
        names = ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "reference-transaction")
        for name in (*names, "post-index-change", "pre-auto-gc"):
            (hooks / name).write_text(f"#!/bin/sh\ntouch {todo.root}/ran-{name}\nexit 1\n")
            (hooks / name).chmod(0o755)
        landing = land_tasks(todo, "two")
        assert len(landing.commits) == 1
        assert not list(todo.root.glob("ran-*"))

    def test_no_hook_of_a_configured_folder_runs(self, todo, land_tasks):
        hook = todo.write("myhooks/pre-commit", "#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        todo.git("config", "core.hooksPath", "myhooks")
        assert len(land_tasks(todo, "two").commits) == 1


class TestDisks:
    def test_a_todo_file_that_cannot_be_written_is_made_up_for(self, todo, land_tasks, monkeypatch):
        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            patch.setattr(os, "pwrite", full)
            with pytest.raises(InputError, match=r"^TODO\.md: cannot be written: No space left on device$"):
                land_tasks(todo, "two")
        assert todo.read("TODO.md") == BASE.encode()
        landing = land_tasks(todo, "two")
        assert (landing.commits, landing.ticked) == ((), {"id-two"})
        assert todo.commits() == 2
        assert todo.status() == []

    def test_a_git_directory_that_cannot_be_written_is_told(self, todo, land_tasks, monkeypatch):
        """Like a full disk or a missing permission, which a privileged test cannot have."""

        def no_space(*arguments: object, **words: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("mdtodo.git.index.index_copy._copy", no_space)
        assert_refused(todo, land_tasks, "No space left on device")
