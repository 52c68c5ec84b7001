from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edge.divergence import diverge

DIGITS = Path(__file__).parents[2] / "catalog/models/digits-cnn/model.onnx"
IMAGE = {"image": np.random.default_rng(0).random((1, 1, 8, 8), np.float32)}
WEIGHTED = [node for node in onnx.load(DIGITS).graph.node if node.op_type in ("Conv", "Gemm")]


def changed(constant: str, edit, path: Path) -> Path:
    """Write the digits network with one constant edited."""
    model = onnx.load(DIGITS)
    (weights,) = (each for each in model.graph.initializer if each.name == constant)
    weights.CopyFrom(numpy_helper.from_array(edit(numpy_helper.to_array(weights).copy()), constant))
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("node", WEIGHTED, ids=lambda node: node.output[0])
def test_a_planted_fault_is_found_at_its_layer(node, tmp_path):
    """Where one layer's weights are 10 % too large, that layer is named, and all before it agree to the last bit."""
    found = diverge(
        DIGITS, changed(node.input[1], lambda weights: weights * np.float32(1.1), tmp_path / "faulty.onnx"), IMAGE, 0.01
    )
    assert found.first.tensor == node.output[0]
    before = [row for row in found.layers[: found.layers.index(found.first)] if row.relative_error]
    assert before == []
    assert found.unmatched == []


def test_a_model_does_not_part_from_itself():
    """Every layer of two equal files is equal, in the order in which the file runs them."""
    found = diverge(DIGITS, DIGITS, IMAGE, 0.0)
    assert found.first is None
    assert [row.tensor for row in found.layers] == [n.output[0] for n in onnx.load(DIGITS).graph.node]
    assert all(row.cosine == pytest.approx(1) for row in found.layers)


def test_numbers_that_are_none_count_as_parted(tmp_path):
    """A NaN cannot hide in a norm."""
    first = WEIGHTED[0]
    path = changed(first.input[1], lambda weights: weights * np.float32(np.nan), tmp_path / "nan.onnx")
    found = diverge(DIGITS, path, IMAGE, 0.1)
    assert found.first.tensor == first.output[0]
    assert "NaN" in found.first.note


def test_a_tensor_that_was_renamed_is_listed(tmp_path):
    """What could not be compared is said, not left out."""
    model = onnx.load(DIGITS)
    name = model.graph.node[0].output[0]
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = ["other" if each == name else each for each in names]
    onnx.save(model, tmp_path / "renamed.onnx")
    found = diverge(DIGITS, tmp_path / "renamed.onnx", IMAGE, 0.1)
    assert found.unmatched == [name]
    assert found.first is None


def test_other_formats_are_refused_by_name():
    """Only ONNX files are compared, and nothing pretends otherwise."""
    with pytest.raises(ValueError, match=re.escape("model.tflite: expected an .onnx file")):
        diverge(DIGITS, Path("model.tflite"), IMAGE, 0.1)
