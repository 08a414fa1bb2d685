"""Who signed a commit, by an allowed signers file of the caller's: nothing that the clone or the environment says
has a part in it.

`git log --format=%G?` would ask the configuration which program checks signatures, by which file. Here the commit is
read as bytes, its id is computed from them, and what it signs is given to `ssh-keygen -Y verify` itself: that of the
system (`PLACES`), in an environment of its own. So git is only asked for bytes.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import MdtodoError
from mdtodo.git.objects import object_id
from mdtodo.git.repository import batch_answers, start_program
from mdtodo.git.true_history import read_history
from mdtodo.system.process import PIPE, available_cpus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mdtodo.git.repository import Repository
    from mdtodo.system.process import Process

#: Where ssh-keygen is looked for, and nowhere else: PATH may begin with a folder of the change that is judged.
#: The first is that of Debian, Ubuntu, Fedora, Alpine, the BSDs and macOS, the last two are those of NixOS and Nix.
PLACES = ("/usr/bin", "/bin", "/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin")


class SignedCommit(NamedTuple):
    """A commit with a signature of ssh, whether it holds or not: the bytes that are signed, the signature, the
    committer's e-mail and the seconds since 1970 that the committer gave."""

    payload: bytes
    signature: bytes
    committer: str
    seconds: int


def read_signed(repo: Repository, oids: Collection[str]) -> dict[str, SignedCommit]:
    """Those of these commits, named by full ids, that have a signature of ssh.

    Not one whose bytes do not give its id (git shows a loose object as it finds it), nor one that is not formed as
    git forms commits: git reads no parents where the signature stands before them.
    """
    asked = [oid for oid in oids if _OID.fullmatch(oid)]
    names = "".join(f"{oid}\n" for oid in asked).encode()
    answers = batch_answers(read_history(repo, "cat-file", "--batch", "--buffer", stdin=names))
    found: dict[str, SignedCommit] = {}
    for oid, answer in zip(asked, answers, strict=True):
        algorithm = "sha1" if len(oid) == 40 else "sha256"
        if answer is not None and object_id(algorithm, "commit", answer[1]) == oid:
            signed = _taken_apart(oid, answer[1])
            if signed is not None:
                found[oid] = signed
    return found


def find_signers(commits: Mapping[str, SignedCommit], signers: bytes) -> dict[str, str]:
    """The principal of `signers` who signed each of these commits; those without a good signature are left out.

    `signers` are the bytes of a file as git's `gpg.ssh.allowedSignersFile` names it. The principal is the committer's
    e-mail where the file lets the key speak for it, otherwise the first one that the file has for the key; so the
    committer may be somebody else, and the caller compares. A signature counts in the namespace `git` alone.
    `valid-after` and `valid-before` are compared with the committer's date, which whoever signs can choose: a key that
    has come into wrong hands has to be deleted from the file. They are read in UTC.

    Raises MdtodoError where there is no ssh-keygen, or it cannot work.
    """
    if not commits:
        return {}
    program = ssh_keygen()
    with TemporaryDirectory(prefix="mdtodo-") as folder:
        tool = _Verifier(program, folder, commits, signers)
        found = tool.verified(
            {oid: one.committer for oid, one in commits.items() if tool.may_be(one.committer)}
        )
        others = tool.principals([oid for oid in commits if oid not in found])
        while others := {oid: names for oid, names in others.items() if names and oid not in found}:
            found |= tool.verified({oid: names.pop(0) for oid, names in others.items()})
    return found


def ssh_keygen() -> str:
    """The path of the system's ssh-keygen. Raises MdtodoError where there is none."""
    for folder in PLACES:
        path = os.path.join(folder, "ssh-keygen")
        if os.access(path, os.X_OK):
            return path
    raise MdtodoError(
        f"signatures cannot be checked: no ssh-keygen in {', '.join(PLACES)}",
        hint="install OpenSSH (openssh-client, openssh-clients, openssh-keygen); PATH is not searched for it",
    )


class _Verifier:
    """ssh-keygen, asked about commits, as many at once as there are cores."""

    def __init__(
        self, program: str, folder: str, commits: Mapping[str, SignedCommit], signers: bytes
    ) -> None:
        self._program, self._folder, self._commits, self._signers = program, folder, commits, signers
        self._file = self._written("signers", signers)
        self._signatures = {oid: self._written(oid, one.signature) for oid, one in commits.items()}

    def may_be(self, committer: str) -> bool:
        """False where no pattern of the file can match, which spares asking."""
        return any(text in self._signers for text in (os.fsencode(committer), b"*", b"?"))

    def verified(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Those of these commits that the principal has signed who is given for each."""
        commands = ((oid, "verify", "-n", "git", "-I", name) for oid, name in asked.items())
        return {oid: asked[oid] for oid, out in self._answers(commands) if out.startswith(_GOOD)}

    def principals(self, oids: Iterable[str]) -> dict[str, list[str]]:
        """Whom the file has for the key of each of these commits' signatures; those whom it excludes are none."""
        answers = self._answers((oid, "find-principals") for oid in oids)
        lists = {oid: os.fsdecode(out).rstrip("\n").split("\n") for oid, out in answers}
        return {oid: [name for name in names if name[:1] not in ("", "!")] for oid, names in lists.items()}

    def _answers(self, commands: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, bytes]]:
        """What ssh-keygen prints for each commit and question, where it does not say no."""
        running: deque[tuple[str, Process]] = deque()
        try:
            for oid, question, *words in commands:
                if len(running) >= _AT_ONCE:
                    yield from self._answer(*running.popleft())
                running.append((oid, self._asked(oid, question, words)))
            while running:
                yield from self._answer(*running.popleft())
        finally:
            for _, process in running:
                process.kill()

    def _asked(self, oid: str, question: str, words: list[str]) -> Process:
        commit = self._commits[oid]
        then = time.strftime("%Y%m%d%H%M%S", time.gmtime(commit.seconds))
        files = ("-f", self._file, "-s", self._signatures[oid], f"-Overify-time={then}")
        process = start_program([self._program, "-Y", question, *words, *files], _ENVIRONMENT)
        if len(commit.payload) <= PIPE:
            process.feed(commit.payload, end=True)
        return process

    def _answer(self, oid: str, process: Process) -> Iterator[tuple[str, bytes]]:
        payload = self._commits[oid].payload
        code, out, err = process.finish(b"" if len(payload) <= PIPE else payload)
        if code not in (0, _NO) or b"No user exists" in err:
            words = err.decode(errors="replace").strip().split("\n")[0] or f"exit code {code}"
            raise MdtodoError(f"signatures cannot be checked: {self._program}: {words}", hint=_HINT)
        if code == 0:
            yield oid, out

    def _written(self, name: str, data: bytes) -> str:
        path = os.path.join(self._folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path


_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_AT_ONCE = available_cpus()
_GOOD = b'Good "git" signature for '
#: Its exit code where a signature is not good, and where the user has no name.
_NO = 255
_HINT = "OpenSSH 8.8 or later is needed, and a name for the user: ssh-keygen refuses a uid that passwd does not have"

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_COMMIT = re.compile(
    rb"tree [0-9a-f]+\n(?:parent [0-9a-f]+\n)*author [^\n]*\n"
    rb"committer [^\0\n<>]*<([^\0\n<>]*)> ([0-9]{1,12}) [+-][0-9]{4}\n((?:[^\n]+\n)*)\n"
)
#: A header of several lines; gitformat-signature(5) has what it stands for.
_SIGNATURE = re.compile(rb"^(gpgsig(?:-sha256)?) (.*\n(?: .*\n)*)", re.MULTILINE)


def _taken_apart(oid: str, data: bytes) -> SignedCommit | None:
    formed = _COMMIT.match(data)
    if formed is None or not 0 < int(formed[2]) < _YEAR_10000:
        return None
    headers, name = formed[3], b"gpgsig" if len(oid) == 40 else b"gpgsig-sha256"
    signatures = [value for key, value in _SIGNATURE.findall(headers) if key == name]
    if len(signatures) != 1 or not signatures[0].startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return None
    payload = data[: formed.start(3)] + _SIGNATURE.sub(b"", headers) + data[formed.end(3) :]
    signature = signatures[0].replace(b"\n ", b"\n")
    return SignedCommit(payload, signature, os.fsdecode(formed[1]), int(formed[2]))


_YEAR_10000 = 253402300800
