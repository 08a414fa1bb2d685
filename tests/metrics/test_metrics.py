"""Metrics: what they say of a clone, that counters never fall, and a file that no disk can keep a run from ending."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("prometheus_client", reason="the package prometheus-client is not installed")

from prometheus_client.parser import text_string_to_metric_families

from mdtodo.config.settings import Config
from mdtodo.core.activity import Activity, InHand, Phase, Runner, RunnerState
from mdtodo.git.repository import discover
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.metrics.families import encoded, families
from mdtodo.metrics.figures import RunFigures, figures
from mdtodo.metrics.ready_since import ready_since
from mdtodo.planning.plan import plan
from mdtodo.storage.state import StateStore
from mdtodo.storage.totals import BOUNDS, Totals
from tests.processes import eventually
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Call = Callable[..., Said]

CONFIG = """\
[processors.ok]
run = "true"
[processors.bad]
run = "false"
[processors.slow]
run = "touch ../began; while [ ! -e ../go ]; do sleep 0.02; done"
"""
TODO = "- [ ] one id:one run:ok !high\n- [ ] two id:two run:bad\n- [ ] three id:three\n- [ ] four after:three run:ok\n"
NO_TOTALS = Totals({}, dict.fromkeys((*BOUNDS, None), 0), 0.0)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Values by name, then the labels' values without the project, in the order of their names."""
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = [value for name, value in sorted(one.labels.items()) if name != "project"]
            found[one.name, *labels] = one.value
    return found


@pytest.fixture
def ran(repo: Checkout, inside: Call, tmp_path: Path) -> dict[tuple[str, ...], float]:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    inside("run", "--metrics-file", str(tmp_path / "m.prom"), code=1)
    return samples((tmp_path / "m.prom").read_text())


class TestTheFile:
    def test_metrics_say_what_the_run_came_to_and_how_the_clone_is(self, ran) -> None:
        assert ran["mdtodo_run_exit_code",] == 1
        assert ran["mdtodo_tasks", "high", "done"] == 1
        assert ran["mdtodo_tasks", "medium", "ready"] == 1  # it failed, and is tried again
        assert ran["mdtodo_tasks", "medium", "manual"] == 1
        assert ran["mdtodo_tasks", "medium", "blocked"] == 1
        assert ran["mdtodo_task_runs_total", "done"] == 1
        assert ran["mdtodo_task_runs_total", "failed"] == 1
        assert ran["mdtodo_task_run_duration_seconds_count",] == 2
        assert ran["mdtodo_task_run_duration_seconds_bucket", "+Inf"] == 2
        assert ran["mdtodo_queue_tasks", "medium"] == 1
        assert ran["mdtodo_unlanded_results",] == 0
        assert ran["mdtodo_last_landed_timestamp_seconds",] <= ran["mdtodo_run_finished_timestamp_seconds",]

    def test_no_id_is_a_label(self, ran, repo: Checkout) -> None:
        values = {value for key in ran for value in key[1:]}
        assert not values & {"one", "two", "three", "four"}
        assert not [value for value in values if value.startswith("20")]

    def test_a_disk_that_is_full_is_a_sentence_and_the_exit_code_is_that_of_the_run(
        self, repo: Checkout, tmp_path: Path
    ) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": CONFIG})
        target = tmp_path / "m.prom"
        target.write_text("# as it was\n")
        # as /dev/full, but it has a name beside it too: the limit is set when the run is over
        code = (
            "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "from mdtodo.metrics import textfile\nwrite = textfile.write_textfile\n"
            "def full(*args):\n"
            "    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
            "    write(*args)\n"
            "textfile.write_textfile = full\n"
            "from mdtodo.cli import main\nmain(['run', '--metrics-file', sys.argv[1]])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(target)], cwd=repo.root, capture_output=True, text=True
        )
        assert done.returncode == 0
        assert f"{target}: the metrics cannot be written: File too large" in done.stderr
        assert target.read_text() == "# as it was\n"
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("m.prom")] == ["m.prom"]
        assert repo.head("TODO.md").startswith(b"- [x]")

    @pytest.mark.parametrize("name", ["folder.prom", "missing/m.prom", "pipe.prom"])
    def test_a_place_that_takes_no_file_is_a_sentence(
        self, repo: Checkout, inside: Call, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "folder.prom").mkdir()
        os.mkfifo(tmp_path / "pipe.prom")
        repo.commit("Base", **{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": CONFIG})
        said = inside("run", "--metrics-file", str(tmp_path / name))
        assert "the metrics cannot be written" in said.err
        assert repo.head("TODO.md").startswith(b"- [x]")

    def test_a_run_that_cannot_begin_says_so_in_the_file(
        self, repo: Checkout, inside: Call, tmp_path: Path
    ) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": "jobs = -1\n"})
        inside("run", "--metrics-file", str(tmp_path / "m.prom"), code=3)
        found = samples((tmp_path / "m.prom").read_text())
        assert found["mdtodo_run_exit_code",] == 3
        assert ("mdtodo_tasks", "high", "done") not in found

    def test_no_list_is_overwritten(self, repo: Checkout, inside: Call) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] a\n"})
        assert "is a list of tasks" in inside("run", "--metrics-file", "TODO.md", code=2).err
        assert repo.read("TODO.md") == b"- [ ] a\n"

    def test_a_name_that_the_collector_passes_over_is_told_and_a_dry_run_writes_nothing(
        self, repo: Checkout, inside: Call
    ) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": CONFIG})
        inside("run", "--dry-run", "--metrics-file", "m.prom")
        assert not (repo.root / "m.prom").exists()
        assert "end in .prom" in inside("run", "--metrics-file", "m.txt").err
        assert (repo.root / "m.txt").exists()

    def test_without_the_library_nothing_is_run(
        self, repo: Checkout, inside: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": CONFIG})
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        said = inside("run", "--metrics-file", "m.prom", code=3)
        assert "pip install 'git-mdtodo[metrics]'" in said.err
        assert repo.head("TODO.md").startswith(b"- [ ]")

    @pytest.mark.tools
    def test_promtool_finds_nothing_wrong(self, repo: Checkout, inside: Call, tmp_path: Path) -> None:
        promtool = require("promtool", "prometheus")
        repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
        inside("run", "--metrics-file", str(tmp_path / "m.prom"), code=1)
        with open(tmp_path / "m.prom", "rb") as file:
            done = subprocess.run([promtool, "check", "metrics"], stdin=file, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class TestFigures:
    def test_the_families_are_a_pure_function_of_plan_and_activity(self) -> None:
        tasks = "- [ ] a id:a run:p lane:x\n- [ ] b id:b run:p lane:x\n- [ ] c id:c run:p lane:x after:a\n- [/] d\n"
        made = plan(read_tasks({"TODO.md": parse(tasks.encode())}), Config(), leased=frozenset("a"))
        now = Activity(
            in_hand=(InHand("a", "w", "r", "p", 1, 0.0, None, Phase.LANDING),),
            runners=tuple(
                Runner(name, "host", 1, None, 0.0, 0.0, state)
                for name, state in (
                    ("w", RunnerState.LIVE),
                    ("x", RunnerState.SILENT),
                    ("y", RunnerState.GONE),
                )
            ),
        )
        found = figures(made, Config(lanes={"x": 2}), now, NO_TOTALS, project="p").figures
        assert found.tasks["landing", "medium"] == 1
        assert sum(found.tasks.values()) == 4
        assert found.lanes["x"] == (0, 2, 0) or found.lanes["x"].capacity == 2
        assert found.runners == {"live": 1, "silent": 1}

    def test_each_series_is_there_once_for_each_clone(self) -> None:
        made = plan(read_tasks({"TODO.md": parse(b"- [ ] a\n")}), Config())
        clones = [
            figures(made, Config(), Activity(), NO_TOTALS, project=one).figures for one in ("p", 'q"\\\n')
        ]
        text, kind = encoded(families(clones, RunFigures("p", 0, 1.0, 2.0)))
        assert kind.startswith("text/plain")
        seen = Counter(line.rpartition(" ")[0] for line in text.decode().splitlines() if line[:1] != "#")
        assert max(seen.values()) == 1
        labels = [one.labels for f in text_string_to_metric_families(text.decode()) for one in f.samples]
        assert {one["project"] for one in labels if "project" in one} == {"p", 'q"\\\n'}
        assert encoded(families(clones), "application/openmetrics-text;version=1.0.0")[0].endswith(b"# EOF\n")

    def test_since_when_a_task_is_ready(self) -> None:
        tasks = "- [x] a id:a\n- [ ] b id:b after:a\n- [ ] c id:c\n- [ ] d id:d\n"
        made = plan(read_tasks({"TODO.md": parse(tasks.encode())}), Config())
        first = ready_since(made, ["b", "c", "d"], {"a": 50.0, "d": 70.0}, {}, now=100.0)
        assert first == {"b": 50.0, "c": 100.0, "d": 70.0}
        # it is kept until it is not ready any more, or has run and failed again
        later = ready_since(made, ["b", "c", "d"], {"d": 180.0}, first, now=200.0)
        assert later == {"b": 50.0, "c": 100.0, "d": 180.0}
        day = plan(read_tasks({"TODO.md": parse(b"- [ ] e id:e from:2026-11-30 after:a\n")}), Config())
        assert ready_since(day, ["e"], {"a": 50.0}, {}, now=1.8e9) == {"e": 1795996800.0}
        assert ready_since(made, ["c"], {}, {"c": 999.0}, now=300.0) == {"c": 300.0}  # the clock was set back

    def test_the_age_of_the_queue_grows_while_nobody_takes_what_is_ready(
        self, repo: Checkout, inside: Call, tmp_path: Path
    ) -> None:
        repo.commit(
            "Base", **{"TODO.md": "- [ ] a id:a run:ok\n- [ ] b id:b run:ok\n", ".mdtodo.toml": CONFIG}
        )
        ages = []
        for _ in range(2):
            inside("run", "a", "--metrics-file", str(tmp_path / "m.prom"))
            ages.append(samples((tmp_path / "m.prom").read_text())["mdtodo_queue_age_seconds",])
        assert 0 <= ages[0] < ages[1]
        inside("run", "--metrics-file", str(tmp_path / "m.prom"))
        assert samples((tmp_path / "m.prom").read_text())["mdtodo_queue_age_seconds",] == 0

    def test_a_lease_that_a_killed_run_leaves_counts_when_it_is_taken_over(
        self, repo: Checkout, inside: Call, tmp_path: Path
    ) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] a id:a run:slow\n", ".mdtodo.toml": CONFIG})
        process = subprocess.Popen([sys.executable, "-m", "mdtodo", "run"], cwd=repo.root)
        eventually(lambda: (repo.root.parent / "began").exists())
        process.kill()
        process.wait(60)
        (repo.root.parent / "go").touch()
        for _ in range(2):  # the second time nothing was left
            inside("run", "--metrics-file", str(tmp_path / "m.prom"))
            assert samples((tmp_path / "m.prom").read_text())["mdtodo_lease_takeovers_total",] == 1

    def test_counters_do_not_fall_when_the_state_forgets_old_results(
        self, ran, repo: Checkout, inside: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mdtodo.storage.runs.KEPT", 0)
        inside("run", "--metrics-file", str(tmp_path / "m.prom"), code=1)
        with StateStore.open(discover(str(repo.root))) as state:
            assert state.history() == ()
        found = samples((tmp_path / "m.prom").read_text())
        assert found["mdtodo_task_runs_total", "failed"] == 2
        assert found["mdtodo_task_runs_total", "done"] == 1
        assert found["mdtodo_task_run_duration_seconds_count",] == 3


def test_the_library_is_imported_for_metrics_alone(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": CONFIG})
    code = "import sys\nfrom mdtodo.cli import main\ntry:\n    main(['run'])\nexcept SystemExit:\n    print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=repo.root, capture_output=True, text=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"prometheus_client", "apprise", "urllib.request", "mdtodo.notify.sender"} & loaded
