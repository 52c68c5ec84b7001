from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

from converters.graph import LARGE, load
from tests.converters.corpus.models import model, node, tensor


@pytest.mark.parametrize("bits", [4, 8, 16, 32])
def test_a_large_weight_is_read_as_it_was_written(bits: int, tmp_path: Path):
    """Weights that stay in the file have the same entries as those that are read at once, whatever their type."""
    dtype = {4: TensorProto.INT4, 8: TensorProto.UINT8, 16: TensorProto.BFLOAT16, 32: TensorProto.FLOAT}[bits]
    data = np.random.default_rng(bits).integers(0, 100, 2 * LARGE, np.uint8).tobytes()
    weight = tensor("w", [2 * LARGE * 8 // bits], dtype, raw_data=data)
    path = tmp_path / "model.onnx"
    path.write_bytes(model(node("Cast", "w", to=1), inputs={}, tensors={"w": weight}, opset=21).SerializeToString())
    read = load(path).graph.initializers["w"].const_value
    assert read is not None
    np.testing.assert_array_equal(read.numpy().astype(np.float32), numpy_helper.to_array(weight).astype(np.float32))
