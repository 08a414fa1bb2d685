"""With `signers` only what an allowed key has signed proves anything."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import Mdtodo
    from tests.conftest import Checkout

pytestmark = pytest.mark.skipif(
    subprocess.run(["sh", "-c", "command -v ssh-keygen"], capture_output=True, check=False).returncode != 0,
    reason="needs ssh-keygen",
)


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


def make_key(path: Path) -> str:
    """A new key; its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_name(path.name + ".pub").read_text().rsplit(" ", 1)[0].strip()


def sign_with(repo: Checkout, key: Path) -> None:
    for name, value in {"gpg.format": "ssh", "user.signingKey": str(key), "commit.gpgSign": "true"}.items():
        repo.git("config", name, value)


def allow(public: str) -> str:
    return f'ada@example.com namespaces="git" {public}\n'


@pytest.fixture
def signed(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> Checkout:
    """A repository whose signers file allows one key, which has signed the receipt of the first task."""
    public = make_key(tmp_path / "ci")
    repo.commit(
        **{
            "TODO.md": "- [ ] one run:a\n- [ ] two run:a\n",
            ".mdtodo.toml": 'signers = "allowed"\nproof = "require"\n[processors.a]\nrun = "true"\n',
            "allowed": allow(public),
        }
    )
    sign_with(repo, tmp_path / "ci")
    mdtodo("run", "--limit", "1")
    repo.git("config", "commit.gpgSign", "false")
    return repo


def named(mdtodo: Mdtodo, *args: str) -> list[int]:
    findings = mdtodo("check", "--json", *args, code=None).json["findings"]
    return [one["line"] for one in findings if one["code"] == "unproven"]


def test_a_signed_receipt_counts_and_another_does_not(signed: Checkout, mdtodo: Mdtodo) -> None:
    assert named(mdtodo) == []
    mdtodo("run")
    assert named(mdtodo) == [2]
    assert "no allowed signer has signed its receipt" in mdtodo("check", code=1).out


def test_a_key_that_the_change_allows_does_not_count(
    signed: Checkout, mdtodo: Mdtodo, tmp_path: Path
) -> None:
    signed.write("allowed", allow(make_key(tmp_path / "evil")))
    sign_with(signed, tmp_path / "evil")
    mdtodo("run")
    assert named(mdtodo) == [2], "the file of the work tree has no say"


def test_whoever_leaves_the_file_loses_what_he_signed(
    signed: Checkout, mdtodo: Mdtodo, tmp_path: Path
) -> None:
    signed.commit("Another key", allowed=allow(make_key(tmp_path / "other")))
    assert named(mdtodo) == [1]


def test_a_file_that_is_not_there_allows_nobody(signed: Checkout, mdtodo: Mdtodo) -> None:
    signed.git("rm", "-q", "allowed")
    signed.commit("No file")
    assert named(mdtodo) == [1]


def test_what_was_kept_holds_only_for_the_same_signers(signed: Checkout, mdtodo: Mdtodo) -> None:
    assert named(mdtodo) == named(mdtodo) == []
    allowed = signed.read("allowed")
    signed.commit("Nobody", allowed="")
    assert named(mdtodo) == [1]
    signed.commit("As before", allowed=allowed)
    assert named(mdtodo) == []
