"""Depthwise networks that quantise badly, as tests want them."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from onnx import parser

RNG = np.random.default_rng(3)
IMAGES = [RNG.random((1, 4, 8, 8)).astype(np.float32) for _ in range(24)]
CALIBRATION = [{"x": image} for image in IMAGES[:12]]
UNSEEN = [{"x": image} for image in IMAGES[12:]]
BLOCK = """
<ir_version: 8, opset_import: ["" : 17]>
block (float[1, 4, 8, 8] x) => (float[1, 5] y)
<float[8, 4, 1, 1] w1, float[8] b1, float[8, 1, 3, 3] w2, float[8] b2, float[8, 8, 1, 1] w3, float[8, 5] w4,
 float lowest, float limit>
{ one = Conv(x, w1, b1)
  one_clipped = ACTIVATION1
  two = Conv<group = 8, pads = [1, 1, 1, 1]>(one_clipped, w2, b2)
  two_clipped = ACTIVATION2
  three = Conv(two_clipped, w3)
  mean = GlobalAveragePool(three)
  flat = Flatten(mean)
  y = Gemm(flat, w4) }
"""
RELU = {"ACTIVATION1": "Relu(one)", "ACTIVATION2": "Relu(two)"}
RELU6 = {"ACTIVATION1": "Clip(one, lowest, limit)", "ACTIVATION2": "Clip(two, lowest, limit)"}


def depthwise(activations: dict[str, str], spread: float = 30.0) -> ir.Model:
    """A pointwise, a depthwise and a pointwise convolution, whose channels' weights differ `spread`-fold."""
    text = BLOCK
    for place, activation in activations.items():
        text = text.replace(place, activation)
    proto, rng = parser.parse_model(text), np.random.default_rng(4)
    uneven = np.geomspace(1 / spread, 1, 8)
    arrays = {
        "w1": rng.normal(0.2, 1, (8, 4, 1, 1)) * uneven[:, None, None, None],
        "b1": rng.normal(0, 0.1, 8) * uneven,
        "w2": rng.normal(0.2, 1, (8, 1, 3, 3)) * uneven[::-1, None, None, None],
        "b2": rng.normal(0, 0.1, 8),
        "w3": rng.normal(0, 1, (8, 8, 1, 1)),
        "w4": rng.normal(0, 1, (8, 5)),
        "lowest": np.float32(0),
        "limit": np.float32(6),
    }
    used = {name for node in proto.graph.node for name in node.input}
    for name in used & arrays.keys():
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(arrays[name], np.float32), name))
    del proto.graph.value_info[:]
    return ir.from_proto(onnx.shape_inference.infer_shapes(proto))


def outputs(model: ir.Model, samples: list[dict[str, np.ndarray]]) -> np.ndarray:
    """What onnxruntime gives for each sample, `[samples, 5]`."""
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, feeds)[0] for feeds in samples])
