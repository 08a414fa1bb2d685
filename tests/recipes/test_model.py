"""The recipe `model`: onnx's checker on ONNX models, modelscan on pickled ones. Both are the real tools."""

from __future__ import annotations

import importlib.util
import pickle
from typing import TYPE_CHECKING

from tests.tools import lacking

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recipes.conftest import Bench


def onnx_model(reads: str) -> bytes:
    """A model of one node, which reads the value of this name; the graph has `x` alone."""
    if importlib.util.find_spec("onnx") is None:
        lacking("onnx is not installed: pip install --editable '.[dev,tools]'")
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", [reads], ["y"])], "tiny", [x], [y])
    made: bytes = helper.make_model(graph).SerializeToString()
    return made


class Shell:
    """Unpickled, it runs a command."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        import os

        return os.system, ("true",)


def test_well_formed_onnx_models_pass(bench: Bench) -> None:
    bench.write(**{"models/a b.onnx": onnx_model("x"), "-c.onnx": onnx_model("x"), "bad.txt": "no model"})
    bench.pip("check-model")
    said = bench.run("model", code=0).said
    assert said.count("check-model") == 2


def test_one_malformed_onnx_model_among_good_ones_fails(bench: Bench) -> None:
    bench.write(**{"a.onnx": onnx_model("nowhere"), "b.onnx": onnx_model("x")})
    bench.pip("check-model")
    said = bench.run("model", code=1).said
    assert "input 'nowhere'" in said
    assert "b.onnx" in said, "the ones after it are checked as well"


def test_a_model_that_was_not_fetched_fails(bench: Bench) -> None:
    bench.write(**{"a.onnx": "version https://git-lfs.github.com/spec/v1\n"})
    bench.pip("check-model")
    bench.run("model", code=1)


def test_pickled_models_that_run_nothing_pass(bench: Bench) -> None:
    bench.write(**{"weights.pkl": pickle.dumps({"w": [1.0, 2.0]})})
    bench.pip("modelscan")
    assert "No issues found" in bench.run("model", code=0).said


def test_a_pickled_model_that_runs_a_command_fails(bench: Bench) -> None:
    bench.write(**{"a.joblib": pickle.dumps(Shell())})
    bench.pip("modelscan")
    assert "'system' from module 'posix'" in bench.run("model", code=1).said


def test_a_pickled_model_that_cannot_be_read_fails(bench: Bench) -> None:
    bench.write(**{"a.pkl": b"\xb4 no pickle"})
    bench.pip("modelscan")
    bench.run("model", code=3)


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**{"a.onnx": "no model", "b.pkl": pickle.dumps(1)})
    said = bench.run("model", code=77).said
    assert "check-model is not installed: pip install onnx" in said
    assert "modelscan is not installed: pip install modelscan" in said


def test_without_a_model_nothing_is_checked(bench: Bench) -> None:
    bench.write(**{"model.py": "pass\n"})
    bench.pip("check-model", "modelscan")
    assert "*.onnx" in bench.run("model", code=77).said
