"""Who signed a commit, whatever the clone and the environment say of it. For each fake, plain git's word stands beside
ours: `G` is a good signature.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import MdtodoError
from mdtodo.git import signatures
from mdtodo.git.repository import discover
from mdtodo.git.signatures import find_signers, read_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

CI = "ci@example.com"
REAL = shutil.which("ssh-keygen") or ""
KINDS = {"ci": "ed25519", "evil": "ed25519", "ecdsa": "ecdsa", "rsa": "rsa"}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of private keys, named as in KINDS."""
    folder = tmp_path_factory.mktemp("keys")
    for name, kind in KINDS.items():
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True)
    return folder


def line(keys: Path, name: str = "ci", who: str = CI, options: str = "") -> str:
    """A line of an allowed signers file."""
    return f"{who} {options} {(keys / f'{name}.pub').read_text()}"


def signed(repo: Checkout, keys: Path, name: str = "ci", message: str = "Signed", **env: str) -> str:
    """A commit with a signature by that key."""
    sign = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.program={REAL}", "-c", f"user.signingKey={keys / name}")
    env.setdefault("GIT_COMMITTER_EMAIL", CI)
    repo.git(*sign, "commit", "-q", "-S", "--allow-empty", "-m", message, **env)
    return repo.git("rev-parse", "HEAD")


def raw(repo: Checkout, data: str) -> str:
    return repo.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=data)


def signer(repo: Checkout, oid: str, signers: str) -> str | None:
    return find_signers(read_signed(discover(str(repo.root)), [oid]), signers.encode()).get(oid)


def says_git(repo: Checkout, oid: str, signers: str) -> str:
    """What `git log` says of a commit where the configuration names the signers file, as a person sets it up."""
    path = repo.write(".git/signers", signers)
    if not repo.git("config", "gpg.ssh.allowedSignersFile", check=False):
        repo.git("config", "gpg.ssh.allowedSignersFile", str(path))
    return repo.git("log", "-1", "--format=%G?", oid, check=False)


class TestGood:
    @pytest.mark.parametrize("name", ["ci", "ecdsa", "rsa"])
    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    def test_a_signature_of_an_allowed_signer(self, make_repo, keys, name, algorithm):
        repo = make_repo("repo", f"--object-format={algorithm}")
        repo.commit()
        oid = signed(repo, keys, name, "Signed\n\nMdtodo-Run: r1")
        assert says_git(repo, oid, line(keys, name)) == "G"
        assert signer(repo, oid, line(keys, name)) == CI

    def test_many_at_once_are_told_apart(self, repo, keys):
        oids = [signed(repo, keys, name, name * 3000) for name in ("ci", "evil", "rsa", "ecdsa")]
        unsigned = repo.commit()
        signers = line(keys) + line(keys, "rsa", "rsa@example.com") + line(keys, "ecdsa", f"b@x,{CI}")
        found = read_signed(
            discover(str(repo.root)), [*oids, unsigned, "0" * 40, repo.git("rev-parse", "HEAD:")]
        )
        assert [*found] == oids
        expected = {oids[0]: CI, oids[2]: "rsa@example.com", oids[3]: CI}
        assert find_signers(found, signers.encode()) == expected

    @pytest.mark.parametrize(
        ("principals", "expected"),
        [
            (CI, CI),
            (f"a@example.com,{CI}", CI),
            ("*@example.com", CI),
            ("a@example.com", "a@example.com"),
            ("-x,b@example.com", "-x"),
            ("*@example.org,a@example.com", "*@example.org"),
            (f"*@example.com,!{CI}", "*@example.com"),
            (f"!{CI},*@example.com", "*@example.com"),
        ],
    )
    def test_the_principal_is_the_committer_or_else_the_key_s_first(self, repo, keys, principals, expected):
        assert signer(repo, signed(repo, keys), line(keys, who=principals)) == expected

    @pytest.mark.parametrize(
        "committer", ["", "*@example.com", "-x", "ci@example.com\\", "Größe@example.com"]
    )
    def test_a_committer_who_is_no_principal_is_told_apart(self, repo, keys, committer):
        oid = signed(repo, keys, GIT_COMMITTER_EMAIL=committer)
        assert says_git(repo, oid, line(keys)) == "G"
        assert signer(repo, oid, line(keys)) == CI

    def test_comments_bad_lines_and_line_ends_of_windows(self, repo, keys):
        signers = f"# a comment\n\nno key\n{line(keys, 'evil', 'x@y')}{line(keys)}".replace("\n", "\r\n")
        assert signer(repo, signed(repo, keys), signers) == CI


@pytest.mark.parametrize(
    ("options", "date", "expected"),
    [
        ('valid-before="20260101"', "2025-12-31T23:59:59Z", CI),
        ('valid-before="20260101"', "2026-01-01T00:00:01Z", None),
        ('valid-after="20260101"', "2025-12-31T23:59:59Z", None),
        ('valid-after="20260101"', "2026-01-01T00:00:01Z", CI),
        ('valid-before="20260101000000Z"', "2025-12-31T23:59:59Z", CI),
        ('valid-before="20260101000000Z"', "2026-01-01T00:00:01Z", None),
        ('namespaces="git"', "2026-01-01T00:00:00Z", CI),
        ('namespaces="file"', "2026-01-01T00:00:00Z", None),
        ("cert-authority", "2026-01-01T00:00:00Z", None),
    ],
)
def test_options_of_the_signers_file_by_the_committer_s_date_in_utc(
    repo: Checkout, keys: Path, monkeypatch: pytest.MonkeyPatch, options: str, date: str, expected: str | None
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    oid = signed(repo, keys, GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE="2026-01-01T12:00:00Z")
    assert signer(repo, oid, line(keys, options=options)) == expected


class TestBad:
    def test_unsigned_unknown_or_no_signers(self, repo, keys):
        assert signer(repo, repo.commit(), line(keys)) is None
        oid = signed(repo, keys, "evil")
        assert signer(repo, oid, line(keys)) is None
        assert signer(repo, oid, "") is None

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("Signed", "Forged"),
            ("tree ", "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent "),
            (CI, "ada@example.com"),
            ("\n\n", "\nencoding latin1\n\n"),
            ("END SSH", "END PGP"),
        ],
    )
    def test_changed_after_it_was_signed(self, repo, keys, old, new):
        data = repo.git("cat-file", "commit", signed(repo, keys)) + "\n"
        assert signer(repo, raw(repo, data), line(keys)) == CI
        assert signer(repo, raw(repo, data.replace(old, new, 1)), line(keys)) is None

    def test_signed_for_another_purpose(self, repo, keys, tmp_path):
        """A signature that the key has given a file proves no commit."""
        data = repo.git("cat-file", "commit", repo.commit()) + "\n"
        (tmp_path / "file").write_text(data)
        sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(keys / "ci"), "-n"]
        for namespace, expected in (("file", None), ("git", CI)):
            subprocess.run([*sign, namespace, str(tmp_path / "file")], check=True, stderr=subprocess.DEVNULL)
            signature = (tmp_path / "file.sig").read_text().strip().replace("\n", "\n ")
            (tmp_path / "file.sig").unlink()
            oid = raw(repo, data.replace("\n\n", f"\ngpgsig {signature}\n\n", 1))
            assert signer(repo, oid, line(keys)) == expected

    def test_two_signatures(self, repo, keys):
        data = repo.git("cat-file", "commit", signed(repo, keys)) + "\n"
        header = data[data.index("gpgsig ") : data.index("\n\n") + 1]
        assert signer(repo, raw(repo, data.replace(header, header * 2)), line(keys)) is None


#: Says of everything that it is signed well, by a program of ssh's or of gpg's.
LIAR = """\
#!/bin/sh
case "$*" in
*find-principals*) echo ci@example.com ;;
*status-fd*) printf '[GNUPG:] GOODSIG 00 ci\\n[GNUPG:] TRUST_ULTIMATE\\n' ;;
*) echo 'Good "git" signature for ci@example.com with ED25519 key SHA256:x' ;;
esac
"""


def liar(repo: Checkout, name: str) -> Path:
    path = repo.write(name, LIAR)
    path.chmod(0o755)
    return path


def program_of_ssh(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    repo.git("config", "gpg.ssh.program", str(liar(repo, "liar")))
    return signed(repo, keys, "evil")


def program_of_gpg(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    repo.git("config", "gpg.program", str(liar(repo, "liar")))
    repo.git("config", "gpg.minTrustLevel", "undefined")
    data = repo.git("cat-file", "commit", signed(repo, keys, "evil"))
    return raw(repo, data.replace("SSH SIGNATURE", "PGP SIGNATURE"))


def first_in_path(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    liar(repo, "bin/ssh-keygen")
    patch.setenv("PATH", f"{repo.root / 'bin'}:{os.environ['PATH']}")
    return signed(repo, keys, "evil")


def file_of_the_change(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    repo.git("config", "gpg.ssh.allowedSignersFile", "signers")
    repo.commit("Allow me", signers=line(keys, "evil"))
    return signed(repo, keys, "evil")


def config_by_count(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    path = repo.write("signers", line(keys, "evil"))
    patch.setenv("GIT_CONFIG_COUNT", "1")
    patch.setenv("GIT_CONFIG_KEY_0", "gpg.ssh.allowedSignersFile")
    patch.setenv("GIT_CONFIG_VALUE_0", str(path))
    return signed(repo, keys, "evil")


def config_by_option(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    path = repo.write("signers", line(keys, "evil"))
    patch.setenv("GIT_CONFIG_PARAMETERS", f"'gpg.ssh.allowedSignersFile={path}'")
    return signed(repo, keys, "evil")


def included_by_home(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    repo.write("home/more", f'[gpg "ssh"]\n\tprogram = {liar(repo, "liar")}\n')
    config = Path(os.environ["GIT_CONFIG_GLOBAL"]).read_text()
    repo.write("home/.gitconfig", f"{config}[include]\n\tpath = more\n")
    patch.delenv("GIT_CONFIG_GLOBAL")
    patch.setenv("HOME", str(repo.root / "home"))
    return signed(repo, keys, "evil")


def replaced(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    good, evil = signed(repo, keys), repo.commit("Unsigned")
    repo.git("replace", evil, good)
    return evil


def loose_object(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    """The file of a commit without a signature has the bytes of one that has one."""
    good, evil = signed(repo, keys), repo.commit("Unsigned")
    write_loose(repo, evil, repo.git_bytes("cat-file", "commit", good))
    return evil


def write_loose(repo: Checkout, oid: str, data: bytes) -> None:
    path = repo.root / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"commit %d\0" % len(data) + data))


def signature_before_parents(repo: Checkout, keys: Path, patch: pytest.MonkeyPatch) -> str:
    """What is signed is the same, but git sees a commit without parents."""
    repo.commit("First")
    data = repo.git("cat-file", "commit", signed(repo, keys)) + "\n"
    header = data[data.index("gpgsig ") : data.index("\n\n") + 1]
    oid = raw(repo, data.replace(header, "").replace("parent ", f"{header}parent ", 1))
    assert repo.git("rev-list", oid) == oid
    return oid


FAKES = [
    *(program_of_ssh, program_of_gpg, first_in_path, file_of_the_change, config_by_count, config_by_option),
    *(included_by_home, replaced, loose_object, signature_before_parents),
]


@pytest.mark.parametrize("fake", FAKES)
def test_a_fake_that_git_takes_for_good(
    repo: Checkout,
    keys: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake: Callable[[Checkout, Path, pytest.MonkeyPatch], str],
) -> None:
    repo.commit()
    oid = fake(repo, keys, monkeypatch)
    assert says_git(repo, oid, line(keys)) == "G"
    assert signer(repo, oid, line(keys)) is None


def test_configuration_takes_no_good_signature_away(repo: Checkout, keys: Path) -> None:
    oid = signed(repo, keys)
    for name, value in (
        ("gpg.ssh.revocationFile", str(keys / "ci.pub")),
        ("gpg.ssh.program", "/bin/false"),
        ("gpg.format", "nonsense"),
        ("log.showSignature", "true"),
    ):
        repo.git("config", name, value)
    assert says_git(repo, oid, line(keys)) != "G"
    assert signer(repo, oid, line(keys)) == CI


class TestCannotBeChecked:
    def test_no_ssh_keygen(self, repo, keys, monkeypatch, tmp_path):
        oid = signed(repo, keys)
        monkeypatch.setattr(signatures, "PLACES", (str(tmp_path), str(tmp_path / "bin")))
        with pytest.raises(
            MdtodoError, match=r"signatures cannot be checked: no ssh-keygen in /.*, /"
        ) as error:
            signer(repo, oid, line(keys))
        assert "install OpenSSH" in str(error.value.hint)
        assert signer(repo, repo.commit(), line(keys)) is None, "nothing is signed: nothing is needed"

    @pytest.mark.parametrize(
        "script",
        ["kill -9 $$", "echo unknown option >&2; exit 1", "echo No user exists for uid 7 >&2; exit 255"],
    )
    def test_an_ssh_keygen_that_cannot_work_says_nothing_of_the_signature(
        self, repo, keys, monkeypatch, tmp_path, script
    ):
        oids = [signed(repo, keys, message=message) for message in "abcde"]
        (tmp_path / "ssh-keygen").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "ssh-keygen").chmod(0o755)
        monkeypatch.setattr(signatures, "PLACES", (str(tmp_path),))
        with pytest.raises(MdtodoError, match="signatures cannot be checked"):
            find_signers(read_signed(discover(str(repo.root)), oids), line(keys).encode())

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
    def test_a_user_without_a_name(self, tmp_path_factory):
        """As in a container that runs as any uid: ssh-keygen refuses, with the exit code of a bad signature."""
        done = subprocess.run([REAL, "-Y", "find-principals"], user=54321, capture_output=True, check=False)
        assert (done.returncode, done.stderr.split(b"\r")[0].split(b"\n")[0]) == (
            255,
            b"No user exists for uid 54321",
        )


def test_importing_it_is_cheap_where_nothing_is_signed() -> None:
    asked = "import sys, mdtodo.storage.caches.signature_cache; print('subprocess' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "False\n"
