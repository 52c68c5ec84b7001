from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from catalog.card import Tolerance
from converters.to_onnx import serialize
from edge.golden import Golden
from edge.runtimes import RUNTIMES
from edge.verify import compare, verify
from tests.graphs import convnet

TOLERANCE = Tolerance(precision="fp32", absolute_tolerance=1e-5, top1_agreement=1.0)


@pytest.fixture
def golden(tmp_path):
    path = tmp_path / "source.onnx"
    path.write_bytes(serialize(convnet()))
    session = RUNTIMES["onnxruntime"].load(path)
    images = np.random.default_rng(1).random((4, 1, 1, 8, 8), np.float32)
    return [Golden(f"sample {i}", {"image": image}, session({"image": image})) for i, image in enumerate(images)]


def change(name: str, edit) -> ir.Model:
    """Return the network with one constant edited."""
    model = convnet()
    value = model.graph.initializers[name]
    value.const_value = ir.tensor(edit(value.const_value.numpy().copy()), name=name)
    return model


def scale_one(weights):
    weights.flat[np.abs(weights).argmax()] *= 1.01
    return weights


FAULTS = {
    "one weight changed by 1 %": ("f", scale_one),
    "two channels swapped": ("w", lambda w: w[[1, 0, *range(2, 8)]]),
    "the bias dropped": ("g", np.zeros_like),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault, golden, tmp_path):
    """A converter that changes a model a little does not get its file published."""
    path = tmp_path / "faulty.onnx"
    path.write_bytes(serialize(change(*FAULTS[fault])))
    row = verify(path, "onnxruntime", golden, TOLERANCE)
    assert row.status == "failed"
    assert "golden output" in row.reason


def test_the_same_model_passes_with_its_figures(golden, tmp_path):
    """A good file is shown with how near it came."""
    path = tmp_path / "same.onnx"
    path.write_bytes(serialize(convnet()))
    row = verify(path, "onnxruntime", golden, TOLERANCE)
    assert (row.status, row.max_abs, row.ppm, row.top1) == ("passed", 0.0, 0.0, 1.0)


def test_a_file_that_does_not_load_fails_with_the_runtimes_words(golden, tmp_path):
    """A broken file is reported, not skipped."""
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    row = verify(path, "onnxruntime", golden, TOLERANCE)
    assert row.status == "failed"
    assert row.reason


def test_a_runtime_that_is_not_here_is_not_run(golden, tmp_path):
    """Nothing passes that did not run."""
    assert verify(tmp_path / "any.onnx", "some-other-runtime", golden, TOLERANCE).status == "not run"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_outputs_that_are_not_numbers_fail(bad):
    """NaN is never within tolerance."""
    row = compare([(np.array([[1.0, bad]]), np.array([[1.0, 2.0]]))], TOLERANCE, runtime="any", version="1")
    assert row.status == "failed"


def test_another_shape_fails_and_names_both():
    """A transposed output is not compared element by element."""
    row = compare([(np.zeros((2, 1)), np.zeros((1, 2)))], TOLERANCE, runtime="any", version="1")
    assert row.status == "failed"
    assert "[1, 2]" in row.reason
    assert "[2, 1]" in row.reason


def test_the_winner_is_found_where_axes_of_one_follow_the_classes():
    """Classifiers that end in a pool give [1, classes, 1, 1]; two classes that are swapped are noticed there too."""
    scores = np.array([0.1, 0.5, 0.4], np.float32).reshape(1, 3, 1, 1)
    loose = Tolerance(precision="fp32", absolute_tolerance=1.0, top1_agreement=1.0)
    same = compare([(scores, scores)], loose, runtime="onnxruntime", version="1")
    swapped = compare([(scores[:, [0, 2, 1]], scores)], loose, runtime="onnxruntime", version="1")
    assert (same.status, same.top1) == ("passed", 1.0)
    assert (swapped.status, swapped.top1) == ("failed", 0.0)
