"""Channel shuffles in TFLite: grouped convolutions read channels where they lie."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import numpy_helper

from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tflite.target import TARGET
from converters.to_tflite import export
from tests.conformance.litert import compare, run

HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'
BOUNDARY = 2  # transposes, of the input and of the output
DEPTHWISE = "d = Conv<group = {channels}, pads = [1, 1, 1, 1]>(s, e, v)"
NORMALISED = "n = BatchNormalization(s, v, v, v, v)  r = Relu(n)  t = Add(r, v4)  d = Conv<group = {channels}>(t, e)"
HALVED = "d = Conv<group = {channels}, pads = [1, 1, 1, 1], strides = [2, 2]>(s, e)"


def shuffled(
    channels: int, groups: int, *, readers: int = 0, between: str = "d = Identity(s)", size: int = 1, batch: str = "1"
) -> onnx.ModelProto:
    """Return a grouped convolution, a shuffle that makes `s`, what makes `d` of it, and another grouped convolution.

    Between them there may be filters `e` and vectors `v` of one entry a channel. `size` is the last filter's.
    """
    readers = readers or groups
    text = f"""g (float[{batch}, {channels}, 9, 8] x) => (float[N, {channels}, H, W] y) {{
        a = Conv<group = {groups}>(x, w, v)
        b = Reshape(a, cut)
        c = Transpose<perm = [0, 2, 1, 3, 4]>(b)
        s = Reshape(c, whole)
        {between.format(channels=channels)}
        y = Conv<group = {readers}>(d, k, v)
    }}"""
    rng = np.random.default_rng(0)
    arrays = {
        "w": rng.standard_normal((channels, channels // groups, 1, 1), np.float32),
        "k": rng.standard_normal((channels, channels // readers, size, size), np.float32),
        "e": rng.standard_normal((channels, 1, 3, 3), np.float32),
        "v": rng.random(channels, np.float32) + 0.5,
        "cut": np.array([0, groups, channels // groups, 9, 8]),
        "whole": np.array([0, channels, 9, 8]),
    }
    arrays["v4"] = arrays["v"].reshape(1, channels, 1, 1)
    model = onnx.parser.parse_model(HEADER + text)
    used = {name for node in model.graph.node for name in node.input}
    model.graph.initializer.extend(numpy_helper.from_array(arrays[name], name) for name in sorted(used & {*arrays}))
    return model


def transposes_inside(model: onnx.ModelProto, images: int = 1) -> int:
    """Check LiteRT's numbers against onnxruntime's, and count the transposes between the first and the last."""
    _, channels, height, width = (dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim)
    feeds = {"x": np.random.default_rng(1).standard_normal((images, channels, height, width), np.float32)}
    wanted = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    assert compare(run(export(ir.from_proto(model), precision="fp32").files[".tflite"], feeds), list(wanted)) is None
    kinds = Counter(op.kind for op in fuse(lower(ir.from_proto(model), TARGET)).ops)
    return kinds["TRANSPOSE"] - BOUNDARY


ABSORBED = {
    "parts of one size": shuffled(32, 4),
    "through a depthwise convolution": shuffled(32, 4, between=DEPTHWISE),
    "through one that halves the image": shuffled(32, 4, between=HALVED),
    "more groups after than before": shuffled(32, 2, readers=8),
    "fewer groups after than before": shuffled(32, 8, readers=2),
    "parts of 2 and 3": shuffled(40, 4),
    "parts of 2 and 3 through a depthwise convolution": shuffled(40, 4, between=DEPTHWISE),
    "parts of 2 and 3 through a normalisation": shuffled(40, 4, between=NORMALISED),
    "parts of 6 and 7 of three groups": shuffled(60, 3, between=HALVED),
    "parts of 8 and 9 for two groups of four": shuffled(68, 4, readers=2, between=DEPTHWISE),
}
MOVED = {
    "a filter of more than one pixel": shuffled(32, 4, size=3),
    "parts that would grow by a third": shuffled(24, 4),
    "parts of 2 and 3 behind an operator that may mix channels": shuffled(40, 4, between="d = Softmax<axis = 1>(s)"),
}


@pytest.mark.parametrize("case", ABSORBED)
def test_a_shuffle_between_groups_moves_nothing(case: str) -> None:
    """A convolution of single pixels takes shuffled channels from where they lie, and its numbers stay the same."""
    assert transposes_inside(ABSORBED[case]) == 0


@pytest.mark.parametrize("case", MOVED)
def test_other_shuffles_keep_their_numbers(case: str) -> None:
    """What cannot be read in place is transposed, and the numbers stay the same."""
    assert transposes_inside(MOVED[case]) >= 1


@pytest.mark.parametrize("channels", [32, 40])
def test_a_shuffle_of_any_number_of_images_moves_nothing(channels: int) -> None:
    """The number of images may be left open."""
    assert transposes_inside(shuffled(channels, 4, between=DEPTHWISE, batch="N"), images=3) == 0


def test_what_others_read_before_a_shuffle_stays() -> None:
    """A result from before the shuffle that is an output too keeps its channels, also where parts differ in size."""
    model = shuffled(40, 4, between=DEPTHWISE)
    model.graph.output.append(onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, [1, 40, 9, 8]))
    transposes_inside(model)
