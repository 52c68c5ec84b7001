from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, numpy_helper

from converters import to_tfjs, to_tflite
from converters.errors import MalformedModel
from converters.exported import Exported
from converters.graph import LARGE, ensure_checked, load
from tests.converters.corpus.models import external, model, node, tensor


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


@pytest.mark.parametrize("export", [to_tflite.export, to_tfjs.export])
def test_a_model_in_memory_is_checked_as_a_file_is(export: Callable[..., Exported]):
    """Whoever hands over a model that contradicts itself reads the same as of its file, not of a half-made result."""
    broken = model(node("ReduceSum", "x", keepdims=2))
    with pytest.raises(MalformedModel, match=r"the_node.*keepdims is 2"):
        export(ir.from_proto(broken), precision="fp32")


def test_checking_a_model_in_memory_leaves_its_weights_alone():
    """Weights are neither read nor copied to check a model, so that it costs no memory."""
    large = ir.from_proto(model(node("MatMul", "x w"), inputs={"x": [1, 2**15]}, tensors={"w": np.ones((2**15, 1))}))
    shape = ir.Shape([2**15, 2**15])
    unread = ir.LazyTensor(lambda: pytest.fail("it was read"), ir.DataType.FLOAT, shape, name="w")
    large.graph.initializers["w"].const_value = unread
    ensure_checked(large)
    assert large.graph.initializers["w"].const_value is unread


def test_data_outside_the_folder_of_a_model_in_memory_are_refused(tmp_path: Path):
    """A model that was opened by other means cannot make a conversion read any file of the machine."""
    (tmp_path / "model").mkdir()
    (tmp_path / "secret").write_bytes(bytes(16))
    opened = ir.from_proto(model(node("Add", "x w"), tensors={"w": external("../secret")}))
    weight = opened.graph.initializers["w"].const_value
    assert isinstance(weight, ir.ExternalTensor)
    weight.base_dir = tmp_path / "model"
    with pytest.raises(MalformedModel, match=r"'w'.*outside the folder"):
        to_tflite.export(opened, precision="fp32")
