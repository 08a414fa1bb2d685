"""Declared outputs go with the tick, or there is no tick; and what a person saves meanwhile stays theirs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


#: What the processor does after it has written its output is in a script beside the repository.
CONFIG = """\
[processors.o]
run = "echo again >> ../ran; echo new > out.txt; sh ../then"
outputs = ["out.txt"]
timeout = "{timeout}"
"""
#: The same by a pattern: it names what it writes before it writes it.
PATTERN = """\
[processors.o]
run = '''echo again >> ../ran; echo '{{"output": "out.txt"}}' >> "$MDTODO_OUTPUT"; echo new > out.txt; sh ../then'''
outputs = ["*.txt"]
timeout = "{timeout}"
"""
TODO = "- [ ] Changelog run:o id:o\n"
DONE = TODO.replace("[ ]", "[x]").encode()


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")


def then(repo: Checkout, script: str) -> None:
    (repo.root.parent / "then").write_text(script)


def ran(repo: Checkout) -> int:
    return len((repo.root.parent / "ran").read_text().splitlines())


def start(repo: Checkout, config: str = CONFIG, timeout: str = "1m", todo: str = TODO) -> None:
    config = config.format(timeout=timeout)
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config, "out.txt": "old\n", "other": "o\n"})


def begin(repo: Checkout, *args: str) -> subprocess.Popen[bytes]:
    """A run that has come to its script."""
    run = subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run", *args],
        cwd=repo.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for(lambda: (repo.root.parent / "begun").exists())
    return run


def kill_all(run: subprocess.Popen[bytes]) -> None:
    """At once, as when the power goes; nobody of it has the time to write anything down."""
    import psutil

    everything = [*psutil.Process(run.pid).children(recursive=True), psutil.Process(run.pid)]
    for end in (psutil.Process.suspend, psutil.Process.kill):
        for process in everything:
            with suppress(psutil.NoSuchProcess):
                end(process)


def after_exit(code: int) -> Callable[[Checkout], None]:
    def fail(repo: Checkout) -> None:
        then(repo, f"exit {code}\n")
        subprocess.run(
            [sys.executable, "-m", "mdtodo", "run"], cwd=repo.root, capture_output=True, check=False
        )

    return fail


def after_timeout(repo: Checkout) -> None:
    config = repo.read(".mdtodo.toml").decode()
    then(repo, "sleep 60\n")
    for text in (config.replace('"1m"', '"0.3s"'), config):
        repo.write(".mdtodo.toml", text)
        repo.git("commit", "-q", "-m", "Time", ".mdtodo.toml")
        if text != config:
            run = [sys.executable, "-m", "mdtodo", "run"]
            subprocess.run(run, cwd=repo.root, capture_output=True, check=False)


def after(end: Callable[[subprocess.Popen[bytes]], None]) -> Callable[[Checkout], None]:
    def fail(repo: Checkout) -> None:
        then(repo, "touch ../begun; sleep 60\n")
        with begin(repo) as run:
            end(run)
            run.wait(30)

    return fail


FAILURES: dict[str, Callable[[Checkout], None]] = {
    "exit 1": after_exit(1),
    "exit 75": after_exit(75),
    "exit 77": after_exit(77),
    "a timeout": after_timeout,
    "Ctrl-C": after(lambda run: run.send_signal(signal.SIGINT)),
    "kill -9": after(lambda run: run.kill()),
    "kill -9 of everything": after(kill_all),
}


@pytest.mark.parametrize("config", [CONFIG, PATTERN], ids=["name", "pattern"])
@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
@pytest.mark.sample(5)
def test_outputs_of_a_failed_attempt_are_committed_with_the_next_success(
    repo: Checkout, mdtodo: Mdtodo, fail: Callable[[Checkout], None], config: str
) -> None:
    start(repo, config)
    fail(repo)
    assert repo.status() == [" M out.txt"]
    assert ran(repo) == 1
    then(repo, "")
    mdtodo("run")
    assert ran(repo) == 2
    assert repo.head("out.txt") == b"new\n"
    assert repo.head("TODO.md") == DONE
    assert repo.git("show", "--format=", "--name-only").split() == ["TODO.md", "out.txt"]
    assert repo.status() == []


@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
@pytest.mark.sample(3)
def test_what_a_person_makes_of_a_failed_attempts_output_is_theirs(
    repo: Checkout, mdtodo: Mdtodo, fail: Callable[[Checkout], None]
) -> None:
    start(repo)
    fail(repo)
    time.sleep(1.1)  # a file that changes within a second of a killed attempt's last sign may be its own
    repo.write("out.txt", "new\nand mine\n")
    then(repo, "")
    said = mdtodo("run", code=1)
    assert "out.txt is one of its outputs, and it has changes that are not committed" in said.err
    assert ran(repo) == 1
    assert repo.read("out.txt") == b"new\nand mine\n"
    assert repo.head("out.txt") == b"old\n"
    assert repo.head("TODO.md").startswith(b"- [ ] ")
    repo.git("checkout", "-q", "out.txt")
    mdtodo("run")
    assert (repo.head("TODO.md"), repo.head("out.txt")) == (DONE, b"new\n")


@pytest.mark.parametrize("state", ["changed", "staged", "untracked"])
def test_a_task_whose_output_a_person_changed_is_not_started(
    repo: Checkout, mdtodo: Mdtodo, state: str
) -> None:
    start(repo)
    then(repo, "")
    if state == "untracked":
        repo.git("rm", "-q", "--cached", "out.txt")
        repo.git("commit", "-q", "-m", "Untrack")
    repo.write("out.txt", "mine\n")
    if state == "staged":
        repo.git("add", "out.txt")
    before = repo.status()
    said = mdtodo("run", "--json", code=1)
    assert [task["outcome"] for task in said.json["tasks"]] == ["failed"]
    assert not (repo.root.parent / "ran").exists()
    assert (repo.status(), repo.read("out.txt"), repo.read("TODO.md")) == (before, b"mine\n", TODO.encode())
    assert "failed:" not in repo.read("TODO.md").decode()


@pytest.mark.parametrize("push", ["change", "stage"])
def test_what_a_person_saves_in_an_output_before_the_landing_is_not_committed(
    repo: Checkout, mdtodo: Mdtodo, push: str
) -> None:
    config = CONFIG + '[processors.slow]\nrun = "touch ../begun; while test ! -e ../go; do sleep .01; done"\n'
    start(repo, config, todo=TODO + "- [ ] p\n  - [ ] q run:o id:q\n- [ ] slow run:slow after:o,q\n")
    then(repo, "")
    with begin(repo) as run:
        repo.write("out.txt", "new\nand mine\n")
        if push == "stage":
            repo.git("add", "out.txt")
        (repo.root.parent / "go").touch()
        said = run.communicate(timeout=30)[1].decode()
    assert run.returncode == 1
    assert "out.txt: it was changed after the end of its task" in said
    assert (
        repo.head("TODO.md")
        == repo.read("TODO.md")
        == TODO.encode() + (b"- [ ] p\n  - [ ] q run:o id:q\n- [x] slow run:slow after:o,q\n")
    )
    assert (repo.head("out.txt"), repo.read("out.txt")) == (b"old\n", b"new\nand mine\n")
    with StateStore.open(discover(str(repo.root)), create=False) as state:
        assert state.unlanded() == ()
        assert {entry.task_id: entry.outcome for entry in state.history()}["o"] == "failed"


def test_a_persons_files_below_a_pattern_of_outputs_are_not_committed(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, '[processors.o]\nrun = "echo api > docs/api.md; sh ../then"\noutputs = ["docs/**"]\n')
    repo.commit("Docs", **{"docs/guide.md": "guide\n"})
    then(repo, """echo '{"output": "docs/api.md"}' >> "$MDTODO_OUTPUT"; touch ../begun; sleep .5""")
    with begin(repo) as run:
        repo.write("docs/guide.md", "guide, by a person\n")
        repo.write("docs/draft.md", "draft\n")
        said = run.communicate(timeout=30)[1].decode()
    assert run.returncode == 1
    assert "docs/draft.md, docs/guide.md changed while it ran, and its processor did not name" in said
    assert repo.status() == [" M docs/guide.md", "?? docs/api.md", "?? docs/draft.md"]
    assert repo.head("TODO.md").startswith(b"- [ ] Changelog run:o id:o failed:1")
    then(repo, """echo '{"output": "docs/api.md"}' >> "$MDTODO_OUTPUT" """)
    mdtodo("run")
    assert repo.git("show", "--format=", "--name-only").split() == ["TODO.md", "docs/api.md"]
    assert repo.status() == [" M docs/guide.md", "?? docs/draft.md"]


@pytest.mark.parametrize("name", ["other", "../out.txt", "/etc/passwd", "TODO.md", ".git/config"])
def test_a_name_that_is_no_declared_output_is_told(repo: Checkout, mdtodo: Mdtodo, name: str) -> None:
    start(repo, PATTERN)
    then(repo, f"""echo '{{"output": "{name}"}}' >> "$MDTODO_OUTPUT" """)
    said = mdtodo("run")
    assert f"{name} is none of the outputs that its processor declares" in said.err
    assert repo.git("show", "--format=", "--name-only").split() == ["TODO.md", "out.txt"]


def test_outputs_may_be_named_by_their_absolute_path(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, PATTERN)
    then(repo, """echo new > b.txt; echo "{\\"output\\": \\"$PWD/./b.txt\\"}" >> "$MDTODO_OUTPUT" """)
    mdtodo("run")
    assert repo.git("show", "--format=", "--name-only").split() == ["TODO.md", "b.txt", "out.txt"]


@pytest.mark.parametrize("commit", ["run", "task"])
def test_tasks_that_write_the_same_file_take_turns(repo: Checkout, mdtodo: Mdtodo, commit: str) -> None:
    """And one that fails takes nothing away from those that did not."""
    todo = "".join(f"- [ ] {name} run:o id:{name}\n" for name in "abcdef")
    config = f'commit = "{commit}"\n' + CONFIG.replace("echo new > out.txt; ", "")
    start(repo, config, todo=todo)
    then(
        repo,
        'read line < out.txt; sleep .05; echo "$line $MDTODO_TASK_TITLE" > out.txt; test $MDTODO_TASK_TITLE != c',
    )
    mdtodo("run", "-j4", code=1)
    done = todo.replace("[ ]", "[x]").replace("[x] c run:o id:c", "[ ] c run:o id:c failed:1")
    assert repo.head("TODO.md").decode() == done
    assert repo.head("out.txt") == repo.read("out.txt") == b"old a b c d e f\n"
    assert repo.status() == []


def test_what_a_killed_attempt_wrote_late_is_its_own_output(repo: Checkout, mdtodo: Mdtodo) -> None:
    """As long as it gives signs of life, and after that a person's save is not."""
    start(repo)
    then(repo, "sleep 1.7; echo late > out.txt; touch ../begun; sleep 60\n")
    with begin(repo) as run:
        kill_all(run)
        run.wait(30)
    time.sleep(1.5)
    then(repo, "cat out.txt > ../found")
    mdtodo("run")
    assert repo.head("out.txt") == b"new\n"
    assert repo.status() == []


def test_outputs_of_a_first_attempt_are_committed_with_the_second(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, CONFIG + 'retries = 1\nretry_delay = "0.1s"\n')
    then(repo, "test $MDTODO_ATTEMPT = 2")
    mdtodo("run")
    assert (ran(repo), repo.head("TODO.md"), repo.head("out.txt")) == (2, DONE, b"new\n")


def test_what_a_person_writes_to_an_output_between_two_attempts_is_theirs(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(repo, CONFIG + 'retries = 1\nretry_delay = "2s"\n')
    then(repo, "touch ../begun; exit 1")
    with begin(repo) as run:
        wait_for(lambda: any((repo.root / ".git/mdtodo/left").glob("*")))
        repo.write("out.txt", "mine\n")
        assert "out.txt is one of its outputs" in run.communicate(timeout=30)[1].decode()
    assert (run.returncode, ran(repo)) == (1, 1)
    assert (repo.read("out.txt"), repo.head("out.txt")) == (b"mine\n", b"old\n")


def test_a_save_after_a_task_was_committed_is_a_change_on_top_of_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    """What was committed stays so; the save is a change on top of it."""
    slow = '[processors.slow]\nrun = "touch ../begun; while test ! -e ../go; do sleep .01; done"\n'
    todo = TODO + "- [ ] slow run:slow after:o\n- [ ] q run:o after:o !low\n"
    start(repo, 'commit = "task"\n' + CONFIG + slow, todo=todo)
    then(repo, "")
    with begin(repo, "-j1") as run:
        repo.write("out.txt", "mine\n")
        (repo.root.parent / "go").touch()
        said = run.communicate(timeout=30)[1].decode()
    assert "out.txt is one of its outputs" in said
    assert run.returncode == 1
    assert repo.head("TODO.md").splitlines()[0] + b"\n" == DONE
    assert repo.head("TODO.md").splitlines()[2] == b"- [ ] q run:o after:o !low"
    assert (repo.head("out.txt"), repo.read("out.txt")) == (b"new\n", b"mine\n")


def test_an_output_of_two_tasks_is_committed_as_the_one_that_succeeded_left_it(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    """What it left stays in the work tree; what the others left is committed with their ticks."""
    config = CONFIG.replace(
        "echo new > out.txt", "echo $MDTODO_TASK_TITLE >> out.txt; test $MDTODO_TASK_TITLE != b"
    )
    start(repo, config.replace("; sh ../then", ""), todo="- [ ] a run:o\n- [ ] b run:o\n")
    mdtodo("run", code=1)
    assert repo.head("out.txt") == b"old\na\n"
    assert repo.read("out.txt") == b"old\na\nb\n"
    assert repo.status() == [" M out.txt"]
    assert repo.head("TODO.md") == b"- [x] a run:o\n- [ ] b run:o failed:1\n"


def test_a_result_that_stands_is_no_tick_without_its_outputs(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, CONFIG + 'inputs = ["other"]\n')
    then(repo, "")
    mdtodo("run", "--no-commit")
    repo.git("checkout", "-q", "TODO.md")
    assert repo.status() == [" M out.txt"]
    mdtodo("run")
    assert ran(repo) == 2
    assert (repo.head("TODO.md"), repo.head("out.txt")) == (DONE, b"new\n")


def test_what_a_verification_wrote_is_an_output_of_the_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, todo=TODO.replace("[ ]", "[x]"))
    then(repo, "")
    mdtodo("verify")
    assert repo.status() == [" M out.txt"]
    repo.write("TODO.md", TODO)
    repo.git("commit", "-q", "-m", "Again", "TODO.md")
    mdtodo("run")
    assert repo.head("out.txt") == b"new\n"
    assert repo.status() == []


def test_a_full_disk_leaves_both_or_none(repo: Checkout, mdtodo: Mdtodo) -> None:
    """No file may grow beyond a size at which neither the journal nor an object can be written."""
    start(repo)
    then(repo, "")
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
sys.argv = ["mdtodo", "run"]
from mdtodo.cli import main
main(["run"])
"""
    for size in (20, 200, 2000, 20000, 60000):
        said = subprocess.run(
            [sys.executable, "-c", code, str(size)], cwd=repo.root, capture_output=True, check=False
        )
        assert b"bug in mdtodo" not in said.stderr, said.stderr
        both = repo.head("TODO.md") == DONE, repo.head("out.txt") == b"new\n"
        assert both in ((True, True), (False, False)), said
    mdtodo("run")
    assert (repo.head("TODO.md"), repo.head("out.txt")) == (DONE, b"new\n")
    assert repo.status() == []
    assert repo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""


#: A processor that names nothing of what its pattern fits.
UNNAMED = """\
[processors.o]
run = "echo again >> ../ran; echo new > out.txt; sh ../then"
outputs = ["*.txt"]
timeout = "{timeout}"
"""


@pytest.mark.parametrize("fail", {"exit 0": after_exit(0), **FAILURES}.values(), ids=["exit 0", *FAILURES])
@pytest.mark.sample(3)
def test_an_unnamed_output_of_an_earlier_attempt_keeps_the_box_open(
    repo: Checkout, mdtodo: Mdtodo, fail: Callable[[Checkout], None]
) -> None:
    start(repo, UNNAMED)
    fail(repo)
    then(repo, "")
    said = mdtodo("run", code=1)
    assert ran(repo) == 2
    assert "out.txt changed while it ran, and its processor did not name what it wrote" in said.err
    assert b"- [ ] Changelog" in repo.head("TODO.md")
    assert repo.head("out.txt") == b"old\n"
    repo.git("commit", "-q", "-m", "A person takes it", "out.txt")
    mdtodo("run")
    assert repo.head("TODO.md").startswith(b"- [x] Changelog")


def ignored(repo: Checkout) -> None:
    repo.git("rm", "-q", "--cached", "out.txt")
    repo.commit("Ignore it", **{".gitignore": "out.txt\n"})


def nested(repo: Checkout) -> None:
    repo.git("init", "-q", "other-repository")
    repo.git("-C", "other-repository", "commit", "-q", "--allow-empty", "-m", "Its own")
    repo.commit(
        "Nested",
        **{".mdtodo.toml": CONFIG.format(timeout="1m").replace("out.txt", "other-repository/out.txt")},
    )


HIDDEN: dict[str, tuple[Callable[[Checkout], object], str]] = {
    "ignored": (ignored, "git ignores it"),
    "in another repository": (nested, "it is in another repository"),
    "skip-worktree": (
        lambda repo: repo.git("update-index", "--skip-worktree", "out.txt"),
        "--no-skip-worktree",
    ),
    "assume-unchanged": (
        lambda repo: repo.git("update-index", "--assume-unchanged", "out.txt"),
        "--no-assume-unchanged",
    ),
}


@pytest.mark.parametrize(("hide", "sentence"), HIDDEN.values(), ids=HIDDEN)
def test_a_named_output_that_git_does_not_see_is_no_tick_without_it(
    repo: Checkout, mdtodo: Mdtodo, hide: Callable[[Checkout], object], sentence: str
) -> None:
    start(repo)
    then(repo, "")
    hide(repo)
    assert sentence in mdtodo("run", code=1).err
    assert repo.head("TODO.md") == TODO.encode()


def test_a_hidden_output_that_did_not_change_is_in_nobodys_way(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo)
    then(repo, "echo old > out.txt")
    repo.git("update-index", "--skip-worktree", "out.txt")
    mdtodo("run")
    assert repo.head("TODO.md") == DONE


def test_an_output_that_no_git_can_commit_stops_nothing_but_its_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, todo=f"{TODO}- [ ] Another run:b\n")
    repo.commit("B", **{".mdtodo.toml": CONFIG.format(timeout="1m") + '[processors.b]\nrun = "true"\n'})
    then(repo, "rm out.txt; mkfifo out.txt")
    said = mdtodo("run", code=1)
    assert "out.txt: git cannot commit it" in said.err
    assert repo.head("TODO.md") == b"- [ ] Changelog run:o id:o\n- [x] Another run:b\n"
