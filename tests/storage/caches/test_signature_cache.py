"""What ssh-keygen said of a commit is asked once, and believed only of the very bytes and signers that it was said of."""

from __future__ import annotations

import shutil
import zlib
from typing import TYPE_CHECKING

import pytest

from mdtodo.git import signatures
from mdtodo.git.repository import discover
from mdtodo.storage.caches.signature_cache import signed_by
from tests.git.test_signatures import CI, REAL, keys, line, signed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Checkout

__all__ = ["keys"]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for each call of ssh-keygen."""
    (tmp_path / "bin").mkdir()
    log, program = tmp_path / "asked", tmp_path / "bin/ssh-keygen"
    log.write_text("")
    program.write_text(f'#!/bin/sh\necho "$2" >> {log}\nexec {REAL} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(signatures, "PLACES", (str(program.parent),))
    return log


def calls(asked: Path) -> list[str]:
    """Since it was asked last."""
    lines = asked.read_text().split()
    asked.write_text("")
    return sorted(lines)


def by(repo: Checkout, oids: list[str], signers: str) -> list[str | None]:
    found = signed_by(discover(str(repo.root)), oids, signers.encode())
    assert [*found] == oids
    return [*found.values()]


def test_a_commit_is_verified_once_for_each_signers_file(repo: Checkout, keys: Path, asked: Path) -> None:
    good, evil, none = signed(repo, keys), signed(repo, keys, "evil"), repo.commit()
    signers, both = line(keys), line(keys) + line(keys, "evil", "evil@example.com")
    verify = "verify"
    assert by(repo, [good, evil, none], signers) == [CI, None, None]
    assert calls(asked) == ["find-principals", verify, verify]
    assert by(repo, [none, evil, good], signers) == [None, None, CI]
    assert calls(asked) == []
    later = signed(repo, keys)
    assert by(repo, [later, good], signers) == [CI, CI]
    assert calls(asked) == [verify]
    assert by(repo, [good, evil], both) == [CI, "evil@example.com"]
    assert calls(asked) == ["find-principals", verify, verify, verify]
    assert by(repo, [good, evil, later], signers) == [CI, None, CI]
    assert calls(asked) == []


def test_deleting_what_is_remembered_costs_time_alone(repo: Checkout, keys: Path, asked: Path) -> None:
    oid = signed(repo, keys)
    folder = repo.root / ".git/mdtodo/signatures"
    for _ in range(2):
        assert by(repo, [oid], line(keys)) == [CI]
        assert calls(asked) == ["verify"]
        shutil.rmtree(folder)


def test_another_ssh_keygen_is_asked_anew(repo: Checkout, keys: Path, asked: Path) -> None:
    oid = signed(repo, keys)
    assert by(repo, [oid], line(keys)) == [CI]
    program = asked.parent / "bin/ssh-keygen"
    program.write_text(program.read_text() + "\n")
    assert by(repo, [oid], line(keys)) == [CI]
    assert calls(asked) == ["verify", "verify"]


def test_a_remembered_commit_whose_bytes_have_changed_is_signed_by_nobody(
    repo: Checkout, keys: Path, asked: Path
) -> None:
    oid = signed(repo, keys, message="Signed")
    assert by(repo, [oid], line(keys)) == [CI]
    data = repo.git_bytes("cat-file", "commit", oid).replace(b"\nSigned", b"\nForged")
    path = repo.root / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"commit %d\0" % len(data) + data))
    assert repo.git("log", "-1", "--format=%s", oid) == "Forged"
    assert by(repo, [oid], line(keys)) == [None]


def test_where_nothing_is_signed_no_ssh_keygen_is_needed(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(signatures, "PLACES", (str(tmp_path),))
    assert by(repo, [repo.commit()], "") == [None]
    assert by(repo, [], "") == []
    assert not (repo.root / ".git/mdtodo").exists()
