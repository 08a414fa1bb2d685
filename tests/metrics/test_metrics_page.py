"""docs/metrics.md: every name is there, and what it tells Prometheus to do is what Prometheus takes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client", reason="the package prometheus-client is not installed")

from mdtodo.config.settings import Config
from mdtodo.core.activity import Activity
from mdtodo.metrics.families import encoded, families
from mdtodo.metrics.figures import RunFigures, figures
from mdtodo.planning.plan import plan
from mdtodo.storage.totals import BOUNDS, Totals
from tests.tools import require

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def names() -> dict[str, str]:
    """Each family, with its type, as Prometheus reads it."""
    nothing = Totals({}, dict.fromkeys((*BOUNDS, None), 0), 0.0)
    found = figures(plan([], Config()), Config(), Activity(), nothing, project="p").figures
    text, _ = encoded(families([found], RunFigures("p", 0, 0.0, 0.0)))
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text.decode(), re.MULTILINE))


def test_the_table_has_each_name_with_its_type() -> None:
    assert dict(re.findall(r"^\| `(mdtodo_\w+)` \| (\w+) \|", PAGE, re.MULTILINE)) == names()


def test_alerts_are_on_names_that_are_there() -> None:
    used = set(re.findall(r"mdtodo_\w+", block("groups:")))
    known = {one for name in names() for one in (name, f"{name}_bucket", f"{name}_sum", f"{name}_count")}
    assert used
    assert used <= known


@pytest.mark.tools
@pytest.mark.parametrize(("begins", "check"), [("groups:", "rules"), ("scrape_configs:", "config")])
def test_promtool_takes_what_the_page_shows(tmp_path: Path, begins: str, check: str) -> None:
    promtool = require("promtool", "prometheus")
    (tmp_path / "file.yml").write_text(block(begins))
    options = ["--syntax-only"] if check == "config" else []
    done = subprocess.run(
        [promtool, "check", check, *options, tmp_path / "file.yml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def block(begins: str) -> str:
    """The block of YAML that begins so."""
    found = re.search(rf"^```yaml\n({begins}\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]
