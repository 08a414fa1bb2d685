"""bubblewrap around a processor: what it keeps out, with the real program."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.clones import bubblewrap
from mdtodo.clones.environment import clone_environment
from mdtodo.clones.sandbox import SandboxError, sandbox, wrap
from mdtodo.execution.processors.python_program import visible
from tests.clones.conftest import everything
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clones.conftest import Bench

WHY_NOT = bubblewrap.missing()
needs_bubblewrap = pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "")


class Inside:
    """Runs commands in the sandbox of a clone, as whoever has `home` as their home."""

    def __init__(self, bench: Bench, home: Path) -> None:
        self.bench, self.home = bench, home
        self.path = os.environ["PATH"]
        self.writable: tuple[str, ...] = ()

    def __call__(
        self, *argv: str, code: int | None = 0, env: dict[str, str] | None = None, **more: object
    ) -> str:
        """Standard output and error of a command, a string of which the shell reads."""
        slot = self.bench.slot
        place = sandbox(slot, self.bench.source, real_home=str(self.home), **more)
        place = place._replace(writable=self.writable)
        base = {b"PATH": os.fsencode(self.path), b"HOME": os.fsencode(self.home)}
        made = clone_environment(base, (), home=slot.home, temporary=slot.temporary)
        made |= {os.fsencode(name): os.fsencode(value) for name, value in (env or {}).items()}
        run = argv if len(argv) > 1 else ("/bin/sh", "-c", argv[0])
        line = wrap(run, place, made, slot.tree)
        done = subprocess.run(line, env=made, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        output = (done.stdout + done.stderr).decode(errors="replace")
        assert code is None or done.returncode == code, output
        return output.removesuffix("\n")


@pytest.fixture
def inside(bench: Bench, tmp_path: Path) -> Inside:
    home = tmp_path / "ada"
    for name, text in {
        ".ssh/id": "SECRET",
        ".gitconfig": "[user]\n\tname = Ada\n",
        ".config/agent/key": "KEY",
        ".local/bin/tool": "#!/bin/sh\necho tool\n",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (home / ".local/bin/tool").chmod(0o755)
    return Inside(bench, home)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that is not below a place for temporary files, nor in a home: everybody's, but for writing."""
    with tempfile.TemporaryDirectory(dir="/opt" if os.access("/opt", os.W_OK) else "/var/tmp") as name:
        yield Path(name)


@needs_bubblewrap
def test_a_sandbox_writes_in_its_clone_its_temporary_folder_and_its_home(
    inside: Inside, bench: Bench
) -> None:
    inside(
        "echo x > new; echo x > $TMPDIR/t; echo x > ~/.rc; echo x > /tmp/u; echo x > /var/tmp/v; echo x > /dev/shm/w"
    )
    assert (bench.tree / "new").read_text() == "x\n"
    # and where its folders are mounted, which are in the machine's folder for temporary files here
    assert {"t", "u", "v"} <= set(os.listdir(bench.slot.temporary))
    assert os.listdir(bench.slot.home) == [".rc"]


@needs_bubblewrap
@pytest.mark.parametrize(
    "target",
    [
        *("{victim}/a.txt", "{victim}/new", "{root}/a.txt", "{root}/.git/refs/heads/evil", "{home}/.bashrc"),
        *("/etc/evil", "/usr/bin/evil", "/evil", "/run/evil", "{clones}/evil", "{objects}/evil"),
        *("{slot}/git/config", "{slot}/lock"),
    ],
)
def test_a_sandbox_writes_nowhere_else(inside: Inside, bench: Bench, target: str) -> None:
    places = {"victim": bench.victim, "root": bench.repo.root, "home": inside.home, "slot": bench.slot.folder}
    places |= {"clones": Path(bench.slot.folder).parent, "objects": bench.source.objects}
    path = Path(target.format(**places))
    before = {folder: everything(folder) for folder in (bench.repo.root, inside.home)}
    inside(f"mkdir -p '{path.parent}'; echo evil > '{path}'; rm -rf '{path.parent}'", code=None)
    assert not path.exists() or b"evil" not in path.read_bytes()
    assert Path(bench.source.objects).is_dir()
    assert {folder: everything(folder) for folder in before} == before


@needs_bubblewrap
def test_the_checkout_other_clones_and_the_rest_of_the_home_are_not_seen(
    inside: Inside, bench: Bench
) -> None:
    root, slot = bench.repo.root, bench.slot.folder
    for folder, names in {
        root: ".git",
        root / ".git": "objects",
        slot: "home tmp tree",
        inside.home: "",
    }.items():
        assert inside(f"ls -A {folder}").split() == names.split()
    assert "SECRET" not in inside(f"cat {inside.home}/.ssh/id ~/.ssh/id", code=None)
    assert inside("echo $HOME; ls -A ~") == bench.slot.home


@needs_bubblewrap
def test_a_checkout_outside_of_all_homes_is_hidden_too(inside: Inside, bench: Bench, elsewhere: Path) -> None:
    other = elsewhere / "checkout"
    (other / "src").mkdir(parents=True)
    (other / "src/secret").write_text("SECRET")
    inside.bench = bench._replace(source=bench.source._replace(root=str(other)))
    assert inside(f"ls -A {elsewhere}; ls -A {other}") == "checkout"
    assert "Read-only" in inside(f"touch {other}/x", code=None)


@needs_bubblewrap
def test_git_works_on_the_objects_of_the_repository(inside: Inside, bench: Bench) -> None:
    script = (
        "git log --format=%s && echo c > c && git add c && git -c user.name=a -c user.email=b commit -qm New"
    )
    assert inside(script) == "Base"
    # what it knows of the repository is where the objects are, and nothing there can be changed
    push = "git push $(dirname $(cat .git/objects/info/alternates)) HEAD:refs/heads/evil"
    assert "evil" not in bench.repo.git("for-each-ref") + inside(push, code=128).replace(push, "")
    assert bench.repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


@needs_bubblewrap
def test_objects_that_the_repository_borrows_are_seen(inside: Inside, bench: Bench, tmp_path: Path) -> None:
    bench.repo.git("clone", "-q", "--shared", str(bench.repo.root), str(tmp_path / "second"))
    second = bench.source._replace(common_dir=str(tmp_path / "second/.git"), root=str(tmp_path / "second"))
    inside.bench = bench._replace(source=second)
    bench.slot.show(second, bench.repo.git("rev-parse", "HEAD"))
    assert inside("git log --format=%s") == "Base"
    assert inside(f"ls -A {bench.repo.root}/.git") == "objects"


@needs_bubblewrap
def test_without_network_there_is_none_and_with_it_there_is(inside: Inside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        inside(sys.executable, "-c", code, readable=visible())
        assert "refused" in inside(sys.executable, "-c", code, code=1, network=False, readable=visible())


@needs_bubblewrap
@pytest.mark.parametrize("kind", ["hidden", "seen", "abstract"])
def test_no_socket_of_the_machine_can_be_reached(
    inside: Inside, tmp_path: Path, elsewhere: Path, kind: str
) -> None:
    address = {"hidden": str(tmp_path / "s"), "seen": str(elsewhere / "s"), "abstract": f"\0{tmp_path}"}[kind]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect({address!r})"
        # abstract ones belong to the network
        network = kind != "abstract"
        assert "Error" in inside(sys.executable, "-c", connect, code=1, network=network, readable=visible())


@needs_bubblewrap
def test_no_process_outside_is_seen_and_no_right_of_root_is_left(inside: Inside) -> None:
    assert "No such process" in inside(f"kill -0 {os.getpid()}", code=1)
    assert inside("ls -d /proc/[0-9]* | wc -l") in ("3", "4")
    assert inside("grep CapEff /proc/self/status").split()[1] == "0" * 16
    inside("unshare --user --map-root-user true && exit 0 || exit 7", code=7)
    assert inside("cat /etc/shadow 2>/dev/null | grep -c :", code=1) == "0"


@needs_bubblewrap
def test_the_environment_is_not_on_the_command_line(inside: Inside) -> None:
    script = "echo $API_KEY; tr '\\0' ' ' < /proc/1/cmdline | grep -c 's[e]cret'"
    assert inside(script, code=1, env={"API_KEY": "secret"}) == "secret\n0"


@needs_bubblewrap
def test_descriptors_of_ours_do_not_reach_inside(inside: Inside) -> None:
    with tempfile.TemporaryFile():
        assert inside("ls /proc/self/fd").split() == ["0", "1", "2", "3"]  # 3 is that of ls


@needs_bubblewrap
def test_parts_of_the_home_are_shown_and_written(inside: Inside, bench: Bench) -> None:
    shown = [".config/agent", ".not-there"]
    assert (
        inside("cat ~/.config/agent/key; echo new > ~/.config/agent/token; ls -A ~/.config", shown=shown)
        == "KEYagent"
    )
    assert (inside.home / ".config/agent/token").read_text() == "new\n"


@needs_bubblewrap
def test_a_part_of_the_home_that_holds_the_clones_or_the_checkout_is_refused(
    inside: Inside, bench: Bench
) -> None:
    place = bench.repo.root.relative_to(inside.home.parent)
    inside.home = inside.home.parent
    with pytest.raises(SandboxError, match=f"home: {place} holds .*, which the sandbox is to keep out"):
        inside("true", shown=[str(place)])
    with pytest.raises(SandboxError, match="home: cache holds"):
        inside("true", shown=["cache"])


@needs_bubblewrap
def test_programs_of_the_home_are_found_with_what_they_need(inside: Inside) -> None:
    home = inside.home
    package = home / ".agent/lib/agent.sh"
    package.parent.mkdir(parents=True)
    package.write_text("#!/bin/sh\n. $(dirname $(readlink -f $0))/../lib/more\n")
    package.chmod(0o755)
    (package.parent / "more").write_text("echo $1 more\n")
    (home / ".agent/bin").mkdir()
    (home / ".agent/bin/agent").symlink_to("../lib/agent.sh")
    (home / ".local/bin/linked").symlink_to(home / ".agent/bin/agent")
    inside.path = f"{home}/.local/bin:{home}/.agent/bin:{inside.path}"
    assert inside("tool") == "tool"
    assert inside("agent") == "more"
    assert inside("ls", "-A", str(home)).split() == [".agent", ".local"]


@needs_bubblewrap
def test_programs_of_the_checkout_are_not_found(inside: Inside, bench: Bench) -> None:
    bench.repo.write(".venv/bin/evil", "#!/bin/sh\n").chmod(0o755)
    bench.repo.write(".venv/lib/x", "")
    inside.path = f"{bench.repo.root}/.venv/bin:{inside.path}"
    assert "not found" in inside("evil", code=127)


@needs_bubblewrap
def test_a_folder_that_is_linked_is_read_and_not_written(inside: Inside, bench: Bench) -> None:
    bench.repo.write("node_modules/x/index.js", "1")
    (bench.tree / "node_modules").symlink_to(bench.repo.root / "node_modules")
    readable = [str(bench.repo.root / "node_modules")]
    assert inside("cat node_modules/x/index.js", readable=readable) == "1"
    assert "Read-only" in inside("touch node_modules/x/new", code=1, readable=readable)


@needs_bubblewrap
def test_a_file_outside_can_be_given_to_be_written(inside: Inside, bench: Bench) -> None:
    file = bench.repo.write(".git/mdtodo/logs/.output-1", "")
    inside.writable = (str(file),)
    inside(f"echo said >> {file}")
    assert "Read-only" in inside(f"touch {file.parent}/other", code=1)
    assert file.read_text() == "said\n"
    assert os.listdir(file.parent) == [".output-1"]


@needs_bubblewrap
@pytest.mark.parametrize(
    ("argv", "code"), [(("no-such", "x"), 127), (("./a.txt", "x"), 126), (("sh", "-c", "exit 5"), 5)]
)
def test_exit_codes_are_those_of_a_shell(inside: Inside, argv: tuple[str, ...], code: int) -> None:
    inside(*argv, code=code)


@needs_bubblewrap
def test_what_ends_leaves_nothing_behind(inside: Inside) -> None:
    inside("setsid sleep 987654 & exit 0")
    left = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "987654"]]
    eventually(lambda: not any(one.is_running() for one in left))


@needs_bubblewrap
@pytest.mark.parametrize("name", ["tree", "tmp", "home"])
def test_a_link_in_the_place_of_a_folder_is_refused(inside: Inside, bench: Bench, name: str) -> None:
    place = Path(bench.slot.folder) / name
    place.rename(place.with_name("moved"))
    place.symlink_to(bench.victim)
    with pytest.raises(SandboxError, match=f"/{name} is not a folder"):
        inside("echo evil > a.txt")


@needs_bubblewrap
@pytest.mark.parametrize("root", ["/", "/usr", "/etc"])
def test_what_nothing_could_start_without_is_not_hidden(inside: Inside, bench: Bench, root: str) -> None:
    inside.bench = bench._replace(source=bench.source._replace(root=root))
    with pytest.raises(SandboxError, match=f"nothing could start in a sandbox that hides {root}$"):
        inside("true")


def test_without_the_program_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert bubblewrap.missing() == (
        "`sandbox` needs bubblewrap: no program bwrap in PATH; install the package bubblewrap"
        if sys.platform == "linux"
        else "`sandbox` needs bubblewrap, which is for Linux alone"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux alone")
@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("setting up uid map: Permission denied", "AppArmor"),
        (
            "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
            "raise",
        ),
        ("Creating new namespace failed: Operation not permitted", "forbidden"),
        ("No permissions to create new namespace, likely because the kernel does not allow", "container"),
        ("Can't mount proc on /newroot/proc: Operation not permitted", "systempaths"),
        ("something new", ""),
    ],
)
def test_what_bubblewrap_refuses_is_quoted_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, advice: str
) -> None:
    program = tmp_path / "bwrap"
    program.write_text(f'#!/bin/sh\necho "bwrap: {said}" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sentence = bubblewrap.missing()
    assert sentence is not None
    assert sentence.startswith(f"bubblewrap cannot make a sandbox here: {said}")
    assert advice in sentence


@needs_bubblewrap
def test_an_older_bubblewrap_serves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bwrap"
    real = bubblewrap.bubblewrap()[0]
    program.write_text(
        '#!/bin/sh\nfor one; do case $one in --disable-userns) echo "bwrap: Unknown option $one" >&2; exit 1;; esac; done\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert bubblewrap.missing() is None
    assert "--disable-userns" not in bubblewrap.bubblewrap()
