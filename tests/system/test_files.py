"""Reading, making and replacing one file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from mdtodo.errors import EditError, InputError
from mdtodo.system import atomic_file, files, process_identity


class TestRead:
    def test_a_folder_named_like_a_todo_file_is_refused(self, make_repo):
        repo = make_repo(x="x")
        (repo.root / "TODO.md").mkdir()
        with pytest.raises(InputError, match=r"^TODO\.md: is a folder"):
            files.read(str(repo.root), "TODO.md")

    def test_a_pipe_does_not_hang(self, tmp_path):
        os.mkfifo(tmp_path / "TODO.md")
        with pytest.raises(InputError, match="is something else, not a file"):
            files.read(str(tmp_path), "TODO.md")

    def test_a_missing_file_is_refused_unless_it_is_optional(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read: No such file"):
            files.read(str(tmp_path), "TODO.md")
        assert files.read_optional(str(tmp_path), "TODO.md") is None
        (tmp_path / "TODO.md").write_bytes(b"\xff")
        assert files.read_optional(str(tmp_path), "TODO.md") == b"\xff"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_a_file_that_may_not_be_read_is_refused(self, tmp_path):
        (tmp_path / "TODO.md").write_text("x")
        (tmp_path / "TODO.md").chmod(0)
        with pytest.raises(InputError, match="cannot be read: Permission denied"):
            files.read(str(tmp_path), "TODO.md")


class TestReplace:
    def test_a_replaced_file_has_the_new_content_and_the_old_mode_and_attributes(self, tmp_path):
        path = tmp_path / "TODO.md"
        path.write_bytes(b"old")
        path.chmod(0o640)
        files.replace(str(tmp_path), "TODO.md", b"old", b"new\r\n")
        assert path.read_bytes() == b"new\r\n"
        assert path.stat().st_mode & 0o777 == 0o640
        assert os.listdir(tmp_path) == ["TODO.md"]

    def test_a_file_behind_a_symlink_is_replaced_and_the_link_stays(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "real/x.md").write_bytes(b"old")
        (tmp_path / "TODO.md").symlink_to("real/x.md")
        files.replace(str(tmp_path), "TODO.md", b"old", b"new")
        assert (tmp_path / "TODO.md").is_symlink()
        assert (tmp_path / "real/x.md").read_bytes() == b"new"

    @pytest.mark.parametrize("now", [b"saved by an editor", b"", None])
    def test_a_file_that_changed_since_it_was_read_is_left(self, tmp_path, now):
        path = tmp_path / "TODO.md"
        if now is not None:
            path.write_bytes(now)
        with pytest.raises((EditError, InputError)):
            files.replace(str(tmp_path), "TODO.md", b"old", b"new")
        assert (path.read_bytes() if path.exists() else None) == now
        assert os.listdir(tmp_path) == (["TODO.md"] if now is not None else [])

    @pytest.mark.parametrize("saves", [1, 2, 3])
    def test_a_save_at_the_last_moment_is_given_back_its_name(self, tmp_path, monkeypatch, saves):
        """Editors that save by renaming do so between our last look and our rename: the newest must stay."""
        path = tmp_path / "TODO.md"
        path.write_bytes(b"old")
        exchange, left = atomic_file.exchange, list(range(saves))

        def exchange_after_a_save(one: str, other: str) -> bool:
            if left:
                (tmp_path / "editor").write_bytes(b"save %d" % left.pop(0))
                (tmp_path / "editor").rename(path)
            return exchange(one, other)

        monkeypatch.setattr(atomic_file, "exchange", exchange_after_a_save)
        with pytest.raises(EditError, match="changed on disk"):
            files.replace(str(tmp_path), "TODO.md", b"old", b"newer")
        assert path.read_bytes() == b"save %d" % (saves - 1)
        assert os.listdir(tmp_path) == ["TODO.md"]

    def test_a_file_system_without_exchange_gets_a_rename(self, tmp_path, monkeypatch):
        monkeypatch.setattr(atomic_file, "exchange", lambda one, other: False)
        (tmp_path / "TODO.md").write_bytes(b"old")
        files.replace(str(tmp_path), "TODO.md", b"old", b"new")
        assert (tmp_path / "TODO.md").read_bytes() == b"new"
        assert os.listdir(tmp_path) == ["TODO.md"]

    def test_readers_always_see_a_whole_file(self, tmp_path):
        path = tmp_path / "TODO.md"
        contents = [bytes([65 + n]) * 50_000 for n in range(2)]
        path.write_bytes(contents[0])
        seen, stop = set(), threading.Event()

        def look() -> None:
            while not stop.is_set():
                seen.add(path.read_bytes())

        reader = threading.Thread(target=look)
        reader.start()
        for n in range(60):
            files.replace(str(tmp_path), "TODO.md", contents[n % 2], contents[(n + 1) % 2])
        stop.set()
        reader.join()
        assert seen <= set(contents)

    def test_saves_of_an_editor_are_never_lost(self, tmp_path, monkeypatch):
        """An editor saves by renaming, line after line, while we add ours: each save of its is there to
        stay. (It may be away for the moment in which we find out that we were not the last.)
        """
        path = tmp_path / "TODO.md"
        path.write_bytes(b"")
        editor = (
            "import os, sys, time\n"
            "path, text = sys.argv[1], b''\n"
            "for n in range(800):\n"
            "    line = b'editor %d\\n' % n\n"
            "    with open(path + '.new', 'wb') as f: f.write(text + line)\n"
            "    os.rename(path + '.new', path)\n"
            "    deadline = time.monotonic() + 60\n"
            "    while True:\n"
            "        with open(path, 'rb') as f: text = f.read()\n"
            "        if line in text: break\n"
            "        assert time.monotonic() < deadline, line\n"
        )
        monkeypatch.setattr(os, "fsync", lambda fd: None)  # so that we meet the editor often
        process = subprocess.Popen([sys.executable, "-c", editor, str(path)])
        while process.poll() is None:
            was = path.read_bytes()
            try:
                files.replace(str(tmp_path), "TODO.md", was, was + b"ours\n")
            except EditError:
                continue
        assert process.returncode == 0
        lines = [line for line in path.read_bytes().split(b"\n") if line.startswith(b"editor")]
        assert lines == [b"editor %d" % n for n in range(800)]

    @pytest.mark.parametrize("new", [b"new", b"newer"])
    def test_a_file_that_cannot_be_written_is_told(self, tmp_path, monkeypatch, new):
        (tmp_path / "TODO.md").write_bytes(b"old")

        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(InputError, match=r"^TODO\.md: cannot be written: No space left on device$"):
            files.replace(str(tmp_path), "TODO.md", b"old", new)
        assert (tmp_path / "TODO.md").read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["TODO.md"]


class TestCreateAndSweep:
    def test_create_makes_the_folders_of_a_file(self, tmp_path):
        files.create(str(tmp_path), "docs/deep/TODO.md", b"# New\n")
        assert (tmp_path / "docs/deep/TODO.md").read_bytes() == b"# New\n"
        assert os.listdir(tmp_path / "docs/deep") == ["TODO.md"]

    def test_create_never_overwrites(self, tmp_path):
        (tmp_path / "TODO.md").write_bytes(b"mine")
        with pytest.raises(EditError, match=r"^TODO\.md: already exists"):
            files.create(str(tmp_path), "TODO.md", b"new")
        assert (tmp_path / "TODO.md").read_bytes() == b"mine"
        assert os.listdir(tmp_path) == ["TODO.md"]

    def test_create_below_a_file_is_refused(self, tmp_path):
        (tmp_path / "docs").write_bytes(b"a file")
        with pytest.raises((InputError, EditError)):
            files.create(str(tmp_path), "docs/TODO.md", b"new")

    def test_sweep_takes_what_dead_processes_left(self, tmp_path):
        program = "from mdtodo.system import process_identity; print(process_identity.current())"
        gone = subprocess.check_output([sys.executable, "-c", program], text=True).strip()
        for name in (
            f".a.md.mdtodo-{gone}",
            f".b.md.mdtodo-{process_identity.current()}",
            ".c.md.mdtodo-unknown-1-0",
        ):
            (tmp_path / name).write_text("x")
        atomic_file.sweep(str(tmp_path), ["a.md", "nowhere/b.md"])
        assert sorted(os.listdir(tmp_path)) == [
            f".b.md.mdtodo-{process_identity.current()}",
            ".c.md.mdtodo-unknown-1-0",
        ]


class TestSwappedWhileItGoesOn:
    """Somebody puts a symlink that leads out in the place of the file, or of a folder above it."""

    @pytest.fixture
    def place(self, tmp_path):
        for folder in ("root/docs/deep", "outside/deep"):
            (tmp_path / folder).mkdir(parents=True)
            (tmp_path / folder / "TODO.md").write_bytes(b"- [ ] a\n")
        return tmp_path

    @staticmethod
    def swap(place, part: str) -> None:
        there = place / "root" / part
        os.rename(there, place / "away")
        os.symlink(place / "outside" / os.path.relpath(part, "docs"), there)

    @pytest.mark.parametrize("part", ["docs", "docs/deep", "docs/deep/TODO.md"])
    def test_a_folder_that_is_swapped_for_a_link_before_reading_or_writing_is_refused(self, place, part):
        root = str(place / "root")
        self.swap(place, part)
        with pytest.raises(InputError, match="points outside the work tree"):
            files.read(root, "docs/deep/TODO.md")
        with pytest.raises(InputError, match="points outside the work tree"):
            files.replace(root, "docs/deep/TODO.md", b"- [ ] a\n", b"- [x] a\n")
        if not part.endswith("TODO.md"):
            with pytest.raises(InputError, match="has a symlink or a file above it now"):
                files.create(root, "docs/deep/new.md", b"new")
        assert sorted(os.listdir(place / "outside/deep")) == ["TODO.md"]
        assert (place / "outside/deep/TODO.md").read_bytes() == b"- [ ] a\n"

    @pytest.mark.parametrize("part", ["docs", "docs/deep", "docs/deep/TODO.md"])
    @pytest.mark.parametrize("moment", ["file.begun", "file.filled", "file.swapped"])
    def test_a_folder_that_is_swapped_for_a_link_while_a_file_is_written_is_refused(
        self, place, monkeypatch, part, moment
    ):
        def failpoint(name: str) -> None:
            if name == moment:
                self.swap(place, part)

        monkeypatch.setattr(atomic_file, "failpoint", failpoint)
        try:
            files.replace(str(place / "root"), "docs/deep/TODO.md", b"- [ ] a\n", b"- [x] a\n")
        except (EditError, InputError):
            assert part.endswith("TODO.md")
        assert sorted(os.listdir(place / "outside/deep")) == ["TODO.md"]
        assert (place / "outside/deep/TODO.md").read_bytes() == b"- [ ] a\n"

    def test_folders_that_are_links_inside_of_the_work_tree_are_followed(self, place):
        root = str(place / "root")
        os.symlink("docs/deep", place / "root/link")
        os.symlink("link/TODO.md", place / "root/other.md")
        for number, path in enumerate(("link/TODO.md", "other.md", "docs/deep/TODO.md")):
            before = files.read(root, path)
            files.replace(root, path, before, b"%d\n" % number)
            assert (place / "root/docs/deep/TODO.md").read_bytes() == b"%d\n" % number
        assert (place / "root/other.md").is_symlink()
