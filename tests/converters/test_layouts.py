"""Images with their channels last: the same numbers in another order of axes, and no transposes for it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx_ir as ir
import pytest

from converters.errors import ConversionError
from converters.formats import FORMATS
from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tfjs.rewriting import rewrite
from converters.tfjs.target import TARGET as TFJS
from converters.tflite.target import TARGET as TFLITE
from converters.to_tflite import export
from tests.conformance.litert import run
from tests.conformance.tfjs import run as run_tfjs
from tests.converters.test_tflite import parsed

CONVNET = """g (float[1, 3, 8, 8] x) => (float[1, 8, 4, 4] y) {
    a = Conv<pads = [1, 1, 1, 1]>(x, w)
    r = Relu(a)
    p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r)
    y = Conv<pads = [1, 1, 1, 1]>(p, k)
}"""
# Each with the shape of its input, and whether input and output are images.
MODELS = {
    "a convolutional network": (CONVNET, (1, 3, 8, 8), (True, True)),
    "open sizes, normalised before the first convolution": (
        """g (float[N, 3, H, W] x) => (float[N, 8, A, B] y) {
            m = Constant<value = float[1, 3, 1, 1] {0.4, 0.5, 0.6}>()
            z = Sub(x, m)
            a = Conv<pads = [1, 1, 1, 1]>(z, w)
            y = Sigmoid(a)
        }""",
        (2, 3, 6, 4),
        (True, True),
    ),
    "one channel, on which no convolution works directly": (
        """g (float[1, 3, 6, 4] x) => (float[1, 1, 6, 4] y) {
            a = Conv<pads = [1, 1, 1, 1]>(x, w)
            y = ReduceMax<axes = [1]>(a)
        }""",
        (1, 3, 6, 4),
        (True, True),
    ),
    "volumes": (
        "g (float[1, 3, 4, 6, 8] x) => (float[1, 3, 2, 3, 4] y) "
        "{ y = MaxPool<kernel_shape = [2, 2, 2], strides = [2, 2, 2]>(x) }",
        (1, 3, 4, 6, 8),
        (True, True),
    ),
    "a classifier": (
        """g (float[1, 3, 8, 8] x) => (float[1, 512] y) {
            a = Conv<pads = [1, 1, 1, 1]>(x, w)
            y = Flatten(a)
        }""",
        (1, 3, 8, 8),
        (True, False),
    ),
    "an image that the model transposes itself": (
        """g (float[1, 8, 8, 3] x) => (float[1, 8, 6, 6] y) {
            t = Transpose<perm = [0, 3, 1, 2]>(x)
            y = Conv<pads = [1, 1, 1, 1]>(t, w)
        }""",
        (1, 8, 8, 3),
        (False, True),
    ),
}


def last(array: np.ndarray) -> np.ndarray:
    """The image with its channels last."""
    return np.ascontiguousarray(np.moveaxis(array, 1, -1))


@pytest.mark.parametrize("case", MODELS)
def test_channels_last_are_the_same_numbers_in_litert(case: str) -> None:
    """What is an image is fed and read channels last; everything else stays as ONNX has it."""
    text, shape, (moves_input, moves_output) = MODELS[case]
    model, x = ir.from_proto(parsed(text)), np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    kept, moved = (export(model, precision="fp32", layout=layout).files[".tflite"] for layout in ("keep", "nhwc"))
    (wanted,) = run(kept, {"x": x})
    (got,) = run(moved, {"x": last(x) if moves_input else x})
    np.testing.assert_allclose(got, last(wanted) if moves_output else wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.browser
def test_channels_last_are_the_same_numbers_in_tfjs(tmp_path) -> None:
    """The same in a browser, where the model's signature says the order of axes."""
    for i, (case, (text, shape, (moves_input, moves_output))) in enumerate(MODELS.items()):
        model, x = ir.from_proto(parsed(text)), np.random.default_rng(1).standard_normal(shape).astype(np.float32)
        results = {}
        for layout in ("keep", "nhwc"):
            files = FORMATS["tfjs"].export(model, precision="fp32", layout=layout).files
            given = last(x) if moves_input and layout == "nhwc" else x
            results[layout] = run_tfjs(tmp_path / f"{i}-{layout}", files, {"x": given})
            assert results[layout].error == "", case
        wanted, got = (results[layout].outputs["y"] for layout in ("keep", "nhwc"))
        wanted = last(wanted) if moves_output else wanted
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5, err_msg=case)


@pytest.mark.parametrize(("target", "finish"), [(TFLITE, fuse), (TFJS, rewrite)], ids=["tflite", "tfjs"])
def test_a_convolutional_network_is_not_transposed_at_all(target, finish) -> None:
    """With channels last the runtime's own order is the file's, so nothing is left to move."""
    model = ir.from_proto(parsed(CONVNET))
    counts = [Counter(op.kind for op in finish(lower(model, target, layout)).ops) for layout in ("keep", "nhwc")]
    assert [count["TRANSPOSE"] for count in counts] == [2, 0]


@pytest.mark.parametrize("name", ["onnx", "ort"])
def test_formats_that_hold_onnx_graphs_keep_its_axes(name: str) -> None:
    """Asking for channels last in an ONNX graph is answered with the formats that have them."""
    with pytest.raises(ConversionError, match=r"axes stay as they are.*tflite or tfjs"):
        FORMATS[name].export(ir.from_proto(parsed(CONVNET)), precision="fp32", layout="nhwc")


@pytest.mark.parametrize("name", ["tflite", "tfjs"])
@pytest.mark.parametrize(
    ("layout", "text", "message"),
    [
        ("nhwc", "g (float[4, 4, 4, 4] x) => (float[4, 4, 4, 4] y) { y = Relu(x) }", "would change nothing"),
        ("hwcn", CONVNET, "choose one of keep, nhwc"),
    ],
    ids=["no image", "no layout"],
)
def test_a_layout_that_does_not_apply_is_refused(name: str, layout: str, text: str, message: str) -> None:
    """Nobody gets a file that looks converted to another layout and is not."""
    with pytest.raises(ConversionError, match=message):
        FORMATS[name].export(ir.from_proto(parsed(text)), precision="fp32", layout=layout)


def test_an_input_beside_the_image_keeps_its_axes() -> None:
    """A table of 4 axes is no image, though the same model has one."""
    text = """g (float[1, 3, 8, 8] x, float[1, 2, 3, 4] table) => (float[1, 8, 6, 6] y, float[1, 2, 4, 3] t) {
        y = Conv(x, w)
        t = Transpose<perm = [0, 1, 3, 2]>(table)
    }"""
    graph = lower(ir.from_proto(parsed(text)), TFLITE, "nhwc")
    shapes = [tensor.shape for tensor in (*graph.inputs, *graph.outputs)]
    assert shapes == [(1, 8, 8, 3), (1, 2, 3, 4), (1, 6, 6, 8), (1, 2, 4, 3)]
