"""What the 8-bit recipes do to a graph before they quantise it."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import parser

from quantize import affine
from quantize.recipes import apply
from quantize.rounding import keeping_sum

RNG = np.random.default_rng(0)
IMAGES = [RNG.standard_normal((1, 4, 6, 6)).astype(np.float32) for _ in range(8)]
CALIBRATION = [{"x": image} for image in IMAGES]
JOINED = """
<ir_version: 8, opset_import: ["" : 13]>
joined (float[1, 4, 6, 6] x) => (float[1, 8, 6, 6] y)
<float[8] gamma, float[8] beta, float[8] mean, float[8] variance, float[8, 1, 1] factor, float[1, 8, 1, 1] term>
{ positive = Relu(x)
  both = Concat<axis = 1>(positive, x)
  normal = BatchNormalization(both, gamma, beta, mean, variance)
  scaled = Mul(factor, normal)
  moved = Add(scaled, term)
  y = Relu(moved) }
"""


def model(text: str) -> ir.Model:
    """Return a model of ONNX's textual syntax; what it declares and does not compute is drawn between 1/2 and 3/2."""
    proto, rng = parser.parse_model(text), np.random.default_rng(1)
    for value in proto.graph.value_info:
        shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        array = rng.uniform(0.5, 1.5, shape).astype(np.float32)
        proto.graph.initializer.append(onnx.numpy_helper.from_array(array, value.name))
    return ir.from_proto(onnx.shape_inference.infer_shapes(proto))


def outputs(graph: ir.Model) -> np.ndarray:
    session = onnxruntime.InferenceSession(ir.to_proto(graph).SerializeToString())
    return np.concatenate([session.run(None, {"x": image})[0] for image in IMAGES])


@pytest.mark.parametrize("shape", [(7, 3, 3), (2, 4096), (1, 1), (5,), (0,)])
def test_rounding_keeps_the_sum_and_moves_no_entry_by_a_whole_step(shape):
    """A channel's weights do not drift to one side, and each stays next to its exact value."""
    exact = RNG.normal(0.2, 30, shape).astype(np.float32)
    rounded = keeping_sum(exact)
    assert (rounded == np.rint(rounded)).all()
    assert (np.abs(rounded - exact) < 1).all()
    assert abs(float((rounded - exact).sum(dtype=np.float64))) <= 0.5 + 1e-6


def test_a_normalisation_that_no_convolution_absorbs_becomes_one_and_computes_the_same():
    """Batch normalisation, factor and term after a Concat are one operator, which 8 bits can compute."""
    source, folded = model(JOINED), model(JOINED)
    affine.to_convolutions(folded)
    assert [node.op_type for node in folded.graph] == ["Relu", "Concat", "Conv", "Relu"]
    np.testing.assert_allclose(outputs(folded), outputs(source), rtol=1e-5, atol=1e-5)


def test_a_relu_survives_beside_a_negative_operand_of_a_concat():
    """In 8 bits a Relu is nothing but the lower end of its range: sharing the range of a Concat must not lose it."""
    text = """
    <ir_version: 8, opset_import: ["" : 13]>
    joined (float[1, 4, 6, 6] x) => (float[1, 8, 6, 6] y) <float[4, 4, 1, 1] weight>
    { either = Conv(x, weight)
      positive = Relu(either)
      y = Concat<axis = 1>(positive, x) }
    """
    quantised = outputs(apply("w8a8_per_channel_minmax", model(text), CALIBRATION))
    assert quantised[:, :4].min() == 0 > quantised[:, 4:].min()


def test_a_concat_of_results_with_different_ranges_only_moves_bytes():
    """Operands that nothing else reads have the scale of the result, so none of them is rounded twice."""
    text = """
    <ir_version: 8, opset_import: ["" : 13]>
    joined (float[1, 4, 6, 6] x) => (float[1, 8, 6, 6] y) <float[4, 4, 1, 1] narrow, float[4, 4, 3, 3] wide>
    { a = Conv(x, narrow)
      b = Conv<pads = [1, 1, 1, 1]>(x, wide)
      y = Concat<axis = 1>(a, b) }
    """
    quantised = apply("w8a8_per_channel_minmax", model(text), CALIBRATION).graph
    (concat,) = [node for node in quantised if node.op_type == "Concat"]
    readers = [use.node for use in concat.outputs[0].uses()]
    scales = [node.inputs[1].const_value.numpy() for node in [*(v.producer() for v in concat.inputs), *readers]]
    assert len(scales) == 3
    assert len({float(scale) for scale in scales}) == 1
