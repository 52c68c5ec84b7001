"""Channel shuffles in TFLite: convolutions read channels where they lie."""

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
from converters.tflite.shuffles import without_shuffles
from converters.tflite.target import TARGET
from converters.to_tflite import export
from tests.conformance.litert import compare, run

BOUNDARY = 2  # transposes, of the input and of the output
DEPTHWISE = "d = Conv<group = {channels}, pads = [1, 1, 1, 1]>(s, e, v)"
NORMALISED = "n = BatchNormalization(s, v, v, v, v)  r = Relu(n)  t = Add(r, v4)  d = Conv<group = {channels}>(t, e)"
HALVED = "d = Conv<group = {channels}, pads = [1, 1, 1, 1], strides = [2, 2]>(s, e)"


def shuffled(
    channels: int,
    groups: int,
    *,
    makers: int = 0,
    readers: int = 0,
    between: str = "d = Identity(s)",
    size: int = 1,
    batch: str = "1",
) -> onnx.ModelProto:
    """Return a grouped convolution, a shuffle that makes `s`, what makes `d` of it, and another grouped convolution.

    Between them there may be filters `e` and vectors `v` of one entry a channel. `size` is the last filter's.
    """
    makers, readers = makers or groups, readers or groups
    text = f"""g (float[{batch}, {channels}, 9, 8] x) => (float[N, {channels}, H, W] y) {{
        a = Conv<group = {makers}>(x, w, v)
        b = Reshape(a, cut)
        c = Transpose<perm = [0, 2, 1, 3, 4]>(b)
        s = Reshape(c, whole)
        {between.format(channels=channels)}
        y = Conv<group = {readers}>(d, k, v)
    }}"""
    rng = np.random.default_rng(0)
    arrays = {
        "w": rng.standard_normal((channels, channels // makers, 1, 1), np.float32),
        "k": rng.standard_normal((channels, channels // readers, size, size), np.float32),
        "e": rng.standard_normal((channels, 1, 3, 3), np.float32),
        "v": rng.random(channels, np.float32) + 0.5,
        "cut": np.array([0, groups, channels // groups, 9, 8]),
        "whole": np.array([0, channels, 9, 8]),
    }
    arrays["v4"] = arrays["v"].reshape(1, channels, 1, 1)
    return with_weights(text, arrays)


def halved(channels: int, blocks: int, *, groups: int = 2, last: str = "y = Conv(s, z)") -> onnx.ModelProto:
    """Return blocks as ShuffleNet V2 has them: half of the channels pass, and are shuffled with those that are made.

    `last` makes `y` of the shuffled channels `s`.
    """
    half = channels // 2
    lines = ["p0 = Conv(x, w)", "m0 = Conv(x, v)"]
    for i in range(blocks):
        lines += [
            f"j{i} = Concat<axis = 1>(p{i}, m{i})",
            f"c{i} = Reshape(j{i}, cut)",
            f"t{i} = Transpose<perm = [0, 2, 1, 3, 4]>(c{i})",
            f"s{i} = Reshape(t{i}, whole)",
            f"p{i + 1}, h{i} = Split<axis = 1, num_outputs = 2>(s{i})",
            f"a{i} = Conv(h{i}, w)",
            f"r{i} = Relu(a{i})",
            f"d{i} = Conv<group = {half}, pads = [1, 1, 1, 1]>(r{i}, e)",
            f"m{i + 1} = Conv(d{i}, v)",
        ]
    lines += [f"s = Concat<axis = 1>(p{blocks}, m{blocks})", last.format(channels=channels)]
    body = "\n".join(lines)
    text = f"g (float[1, {half}, 6, 5] x) => (float[1, C, H, W] y) {{ {body} }}"
    rng = np.random.default_rng(0)
    shapes = {"w": (half, half, 1, 1), "v": (half, half, 1, 1), "e": (half, 1, 3, 3), "f": (channels, 1, 3, 3)}
    shapes["z"] = (8, channels, 1, 1)
    arrays = {name: rng.standard_normal(shape, np.float32) / shape[1] ** 0.5 for name, shape in shapes.items()}
    arrays |= {"cut": np.array([0, groups, channels // groups, 6, 5])}
    arrays |= {"whole": np.array([0, channels, 6, 5]), "tall": np.array([0, channels, 30, 1])}
    return with_weights(text, arrays)


def with_weights(text: str, arrays: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Return the model that a text describes, with those of the arrays that it uses."""
    model = onnx.parser.parse_model('<ir_version: 8, opset_import: ["" : 18]>\n' + text)
    used = {name for node in model.graph.node for name in node.input}
    model.graph.initializer.extend(numpy_helper.from_array(arrays[name], name) for name in sorted(used & {*arrays}))
    return model


def kinds_checked(model: onnx.ModelProto, images: int = 1) -> Counter[str]:
    """Check LiteRT's numbers against onnxruntime's, and count the operators."""
    _, *sizes = (dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim)
    feeds = {"x": np.random.default_rng(1).standard_normal((images, *sizes), np.float32)}
    wanted = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    assert compare(run(export(ir.from_proto(model), precision="fp32").files[".tflite"], feeds), list(wanted)) is None
    return Counter(op.kind for op in without_shuffles(fuse(lower(ir.from_proto(model), TARGET))).ops)


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
    "parts of 6 and 7 of which each comes from two groups": shuffled(60, 3, makers=6),
    "parts of 2 and 3 behind an operator that may mix channels": shuffled(40, 4, between="d = Softmax<axis = 1>(s)"),
}


@pytest.mark.parametrize("case", ABSORBED)
def test_a_shuffle_between_groups_moves_nothing(case: str) -> None:
    """A convolution of single pixels takes shuffled channels from where they lie, and its numbers stay the same."""
    assert kinds_checked(ABSORBED[case])["TRANSPOSE"] == BOUNDARY


@pytest.mark.parametrize("case", MOVED)
def test_other_shuffles_keep_their_numbers(case: str) -> None:
    """What cannot be read in place is transposed, and the numbers stay the same."""
    assert kinds_checked(MOVED[case])["TRANSPOSE"] > BOUNDARY


@pytest.mark.parametrize("channels", [32, 40])
def test_a_shuffle_of_any_number_of_images_moves_nothing(channels: int) -> None:
    """The number of images may be left open."""
    model = shuffled(channels, 4, between=DEPTHWISE, batch="N")
    assert kinds_checked(model, images=3)["TRANSPOSE"] == BOUNDARY


def test_what_others_read_before_a_shuffle_stays() -> None:
    """A result from before the shuffle that is an output too keeps its channels, also where parts differ in size."""
    model = shuffled(40, 4, between=DEPTHWISE)
    model.graph.output.append(onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, [1, 40, 9, 8]))
    kinds_checked(model)


def test_one_image_may_be_shuffled_in_two_ways() -> None:
    """Each of two convolutions gets the channels of its own shuffle."""
    other = """d = Identity(s)
        b2 = Reshape(a, cut2)
        c2 = Transpose<perm = [0, 2, 1, 3, 4]>(b2)
        s2 = Reshape(c2, whole)
        y2 = Conv<group = 4>(s2, k)"""
    model = shuffled(60, 4, makers=1, between=other)
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 2, 30, 9, 8]), "cut2"))
    model.graph.output.append(onnx.helper.make_tensor_value_info("y2", onnx.TensorProto.FLOAT, [1, 60, 9, 8]))
    assert kinds_checked(model)["TRANSPOSE"] == BOUNDARY + 1


@pytest.mark.parametrize("channels", [32, 20])
@pytest.mark.parametrize(
    "last",
    ["y = Conv(s, z)", "d = Conv<group = {channels}, pads = [1, 1, 1, 1], strides = [2, 2]>(s, f)  y = Conv(d, z)"],
    ids=["pixels", "depthwise"],
)
def test_shuffled_halves_are_not_transposed(channels: int, last: str) -> None:
    """Convolutions read what earlier blocks left, whether or not halves can be halved again, in the right order."""
    assert kinds_checked(halved(channels, blocks=4, last=last))["TRANSPOSE"] == BOUNDARY


def test_many_short_stretches_are_transposed() -> None:
    """To join a dozen stretches would cost more than a transpose."""
    assert kinds_checked(halved(64, blocks=1, groups=16))["TRANSPOSE"] > BOUNDARY


def test_a_convolution_may_read_shuffled_pixels_in_another_shape() -> None:
    """An image whose pixels were arranged anew after a shuffle is convolved in its new shape."""
    kinds_checked(halved(32, blocks=2, last="t = Reshape(s1, tall)  y = Conv(t, z)"))


def test_nothing_is_computed_twice_to_save_a_transpose() -> None:
    """A depthwise convolution of shuffled channels that a convolution and another operator read is there once."""
    last = """u = Conv(s, z)
        d = Conv<group = {channels}, pads = [1, 1, 1, 1]>(s1, f)
        c = Conv(d, z)
        r = Sigmoid(d)
        y = Concat<axis = 1>(u, c, r)"""
    assert kinds_checked(halved(32, blocks=3, last=last))["DEPTHWISE_CONV_2D"] == 3 + 1


def test_shuffled_halves_are_in_order_where_the_model_returns_them() -> None:
    """An output has its channels in the model's order, and no convolution runs twice for that."""
    kinds = kinds_checked(halved(32, blocks=3, last="y = Identity(s)"))
    assert kinds["CONV_2D"] + kinds["DEPTHWISE_CONV_2D"] == 2 + 3 * 3
