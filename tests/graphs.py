"""Small graphs that tests build by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper

from converters.formats import FORMATS


def convnet(seed: int = 0, *, classes: int = 10) -> ir.Model:
    """Convolution, ReLU, pooling, fully connected: `image` [1, 1, 8, 8] to `logits` [1, classes], seeded weights."""
    rng = np.random.default_rng(seed)
    constants = {
        "w": rng.normal(0, 0.3, (8, 1, 3, 3)),
        "b": rng.normal(0, 0.1, 8),
        "f": rng.normal(0, 0.1, (8 * 16, classes)),
        "g": rng.normal(0, 0.1, classes),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["v"]),
        helper.make_node("Gemm", ["v", "f", "g"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "convnet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return ir.from_proto(model)


def write(model: ir.Model, form: str, folder: Path) -> Path:
    """Export a model into a folder that holds nothing else; return the file to load."""
    for ending, data in FORMATS[form].export(model, precision="fp32").files.items():
        path = folder / f"model{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return min(path for path in folder.rglob("*") if path.is_file())
