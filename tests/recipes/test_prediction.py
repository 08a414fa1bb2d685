"""The recipe `prediction`: papermill, or jupyter-execute, on notebooks that predict; the real tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recipes.notebooks import READS_DATA, notebook

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench


def test_notebooks_that_run_pass(bench: Bench) -> None:
    bench.write(**{"notebooks/Predict.ipynb": notebook(READS_DATA), "data/numbers.txt": "2\n5\n"})
    bench.write(**{"train.ipynb": notebook("1/0")})
    bench.pip("papermill")
    assert "sum 7" in bench.run("prediction", code=0).said


def test_a_notebook_that_raises_fails_at_once(bench: Bench) -> None:
    bench.write(**{"Forecast Inference.ipynb": notebook("assert 1 > 2", "print('ran')")})
    bench.pip("papermill")
    said = bench.run("prediction", code=1).said
    assert "AssertionError" in said
    assert "ran\n" not in said


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**{"predict.ipynb": notebook("1")})
    said = bench.run("prediction", code=77).said
    assert "papermill is not installed: pip install papermill ipykernel" in said
    assert "jupyter-execute is not installed: pip install nbclient ipykernel" in said


def test_without_a_notebook_nothing_is_checked(bench: Bench) -> None:
    bench.write(**{"predict.py": "pass\n"})
    bench.pip("papermill")
    assert "*[Pp]redict*.ipynb" in bench.run("prediction", code=77).said
