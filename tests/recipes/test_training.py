"""The recipe `training`: dvc on recorded training, papermill or jupyter-execute on notebooks; the real tools."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.recipes.notebooks import READS_DATA, notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.recipes.conftest import Bench

PREPARATION = """\
stages:
  prepare:
    cmd: sort -n raw.txt > numbers.txt
    deps: [raw.txt]
    outs: [numbers.txt]
"""

PIPELINE = """\
stages:
  train_model:
    cmd: wc -l < data/numbers.txt > model.txt; echo training; read _ < "$GATE"
    deps: [data/numbers.txt]
    outs: [model.txt]
"""


@contextmanager
def training(bench: Bench) -> Iterator[None]:
    """While it lasts, DVC carries out the stage that trains; afterwards it is done."""
    gate = bench.home / "gate"
    os.mkfifo(gate)
    opened = os.open(gate, os.O_RDWR)
    with subprocess.Popen(
        ["dvc", "repro"],
        cwd=bench.repo.root,
        env=bench.environment | {"GATE": str(gate)},
        executable=bench.bin / "dvc",
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "training\n" in iter(process.stdout.readline, ""), "the stage never began"
        try:
            yield
        finally:
            os.write(opened, b"\n")
            process.stdout.read()
        assert process.wait(60) == 0
    os.close(opened)


def test_training_passes_until_the_data_changes_or_the_model_is_gone(bench: Bench) -> None:
    bench.pip("dvc")
    bench.system("sort", "wc")
    bench.write(**{".dvc/config": "", ".dvc/.gitignore": "/tmp\n/cache\n"})
    bench.write(**{"data/dvc.yaml": PREPARATION, "dvc.yaml": PIPELINE, "data/raw.txt": "2\n1\n"})
    with training(bench):
        assert "is busy" in bench.run("training", code=75).said
    bench.write()
    assert "up to date" in bench.run("training", code=0).said

    bench.write(**{"data/raw.txt": "3\n"})
    said = bench.run("training", code=1).said
    assert "modified:           data/raw.txt" in said, "of the stage before, which training rests on"
    assert "dvc exited 0, but" in said
    assert bench.repo.read("model.txt").strip() == b"2", "nothing is trained"

    bench.write(**{"data/raw.txt": "2\n1\n"})
    (bench.repo.root / "model.txt").unlink()
    assert "deleted:            model.txt" in bench.run("training", code=1).said

    bench.write(
        **{"dvc.yaml": PIPELINE + "    frozen: true\n", "model.txt": "2\n", "data/numbers.txt": "1\n2\n"}
    )
    said = bench.run("training", code=1).said
    assert "is frozen" in said
    assert "are up to date" in said, "DVC compares nothing of a frozen stage"


def test_a_pipeline_that_trains_nothing_is_not_looked_at(bench: Bench) -> None:
    bench.pip("dvc", "papermill")
    bench.write(
        **{".dvc/config": "", "dvc.yaml": PIPELINE.replace("train_model", "report").replace("model", "x")}
    )
    said = bench.run("training", code=77).said
    assert "dvc: no file here matches dvc.yaml with the content that it reads" in said


def test_a_pipeline_without_the_configuration_of_dvc_is_not_looked_at(bench: Bench) -> None:
    bench.pip("dvc")
    bench.write(**{"dvc.yaml": PIPELINE})
    assert "dvc has no configuration here: .dvc/config" in bench.run("training", code=77).said


def test_a_notebook_that_runs_passes(bench: Bench) -> None:
    bench.write(**{"notebooks/01 Train.ipynb": notebook(READS_DATA), "data/numbers.txt": "2\n5\n"})
    bench.write(**{"constraints.ipynb": notebook("1/0"), "a/train-checkpoint.ipynb": notebook("1/0")})
    bench.pip("papermill")
    assert "sum 7" in bench.run("training", code=0).said


def test_without_papermill_jupyter_executes_notebooks_and_one_that_raises_fails(bench: Bench) -> None:
    bench.write(**{"a_train.ipynb": notebook("import os", "1/0", "os.remove('a_train.ipynb')")})
    bench.pip("jupyter-execute")
    assert "ZeroDivisionError" in bench.run("training", code=1).said


def test_a_notebook_without_code_proves_nothing(bench: Bench) -> None:
    bench.write(**{"train.ipynb": notebook("# How to train", kind="markdown")})
    bench.pip("papermill")
    assert "papermill: no file here matches" in bench.run("training", code=77).said


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**{".dvc/config": "", "dvc.yaml": PIPELINE, "train.ipynb": notebook("1")})
    said = bench.run("training", code=77).said
    assert "dvc is not installed: pip install dvc" in said
    assert "papermill is not installed: pip install papermill ipykernel" in said
    assert "jupyter-execute is not installed: pip install nbclient ipykernel" in said


def test_without_a_pipeline_or_a_notebook_nothing_is_checked(bench: Bench) -> None:
    bench.write(**{"train.py": "pass\n"})
    bench.pip("dvc", "papermill", "jupyter-execute")
    said = bench.run("training", code=77).said
    assert "dvc.yaml" in said
    assert "*[Tt]rain*.ipynb" in said
