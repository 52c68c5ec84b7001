"""Steps in the graph: the same numbers, from pixels to probabilities, with the rest named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from converters.errors import ConversionError, MalformedModel
from converters.fold_steps import fold
from converters.formats import FORMATS
from edge.runtimes import RUNTIMES
from edge.steps import run_steps

FORMAT_OF = {"onnxruntime": "onnx", "litert": "tflite"}
SUM_OF_CHANNELS = """<ir_version: 8, opset_import: ["" : {opset}]>
g (float[1, 3, 4, 5] x) => (float[1, 2, 4, 5] y) {{
    w = Constant<value = float[2, 3, 1, 1] {{0.1, -0.2, 0.3, 0.02, 0.5, -0.6}}>()
    y = Conv(x, w)
}}"""
ROW = """<ir_version: 8, opset_import: ["" : 17]>
g (float[1, 3] x) => (float[1, 3] y) { y = Neg(x) }"""
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)


def steps(*rows):
    return [SimpleNamespace(id=id_, kwargs=kwargs) for id_, kwargs in rows]


def parsed(text):
    return ir.from_proto(onnx.parser.parse_model(text))


def session(model, runtime, folder):
    [path] = FORMATS[FORMAT_OF[runtime]].export(model, precision="fp32").write(folder / "model")
    return RUNTIMES[runtime].load(path)


MEAN_STD = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
BEFORE = {
    "scaled": steps(("scale_linear", {"gain": 1 / 255, "offset": -0.5}), ("to_layout", {"layout": "nchw"})),
    "blue first, as floats": steps(
        ("to_color_space", {"space": "bgr"}),
        ("cast", {"dtype": "float32"}),
        ("normalize", MEAN_STD),
        ("to_layout", {"layout": "nchw"}),
    ),
    "scaled when it is a tensor": steps(("to_layout", {"layout": "nchw"}), ("scale_linear", {"gain": 0.01})),
}
AFTER = {
    "softmax": steps(("softmax", {})),
    "sigmoid, stretched": steps(("sigmoid", {}), ("scale_linear", {"gain": 3, "offset": 1})),
    "limited": steps(("clip", {"min": -0.25, "max": 0.5}), ("cast", {"dtype": "float32"})),
}


@pytest.mark.parametrize("runtime", FORMAT_OF)
@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER.keys())
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
def test_a_graph_with_its_steps_gives_what_steps_and_graph_gave(before, after, runtime, tmp_path):
    """Pixels in, the last folded step's numbers out, to a hundred thousandth."""
    text = SUM_OF_CHANNELS.format(opset=13)
    raw = session(parsed(text), "onnxruntime", tmp_path)({"x": run_steps(before, PIXELS)})["y"]
    model = parsed(text)
    left = fold(model, {"x": before}, {"y": after}, lambda _: "uint8")
    [as_pixels] = left[0]["x"]
    assert (as_pixels.id, as_pixels.kwargs, left[1]["y"]) == ("to_layout", {"layout": "nhwc"}, [])
    got = session(model, runtime, tmp_path)({"x": PIXELS[None]})["y"]
    np.testing.assert_allclose(got, run_steps(after, raw), atol=1e-5)


def test_only_what_is_next_to_the_graph_and_exact_is_folded():
    """A resize or a rounding cast stays, and so does everything on its far side."""
    rounded = ("cast", {"dtype": "uint8"})
    before = steps(
        ("scale_linear", {"gain": 2}), ("resize", {"width": 5, "height": 4}), ("to_layout", {"layout": "nchw"}),
        ("scale_linear", {"gain": 1 / 255}),
    )  # fmt: skip
    after = steps(("scale_linear", {"gain": 255}), rounded, ("clip", {"min": 1, "max": 9}))
    seen = []
    left = fold(
        parsed(SUM_OF_CHANNELS.format(opset=13)), {"x": before}, {"y": after}, lambda s: seen.append(s) or "uint8"
    )
    assert [step.id for step in left[0]["x"]] == ["scale_linear", "resize", "to_layout"]
    assert [step.id for step in left[1]["y"]] == ["cast", "clip"]
    assert [[step.id for step in kept] for kept in seen] == [["scale_linear", "resize"]]


def test_rows_of_a_table_are_normalised_in_the_graph(tmp_path):
    """What is no picture keeps its axes."""
    before = steps(("normalize", {"mean": [1, 2, 3], "std": [4, 5, 6]}))
    model, row = parsed(ROW), np.array([[0.5, 9, -3]], np.float32)
    assert fold(model, {"x": before}, {"y": []}, lambda _: "float32") == ({"x": []}, {"y": []})
    got = session(model, "onnxruntime", tmp_path)({"x": row})["y"]
    np.testing.assert_array_equal(got, -run_steps(before, row))


def test_what_cannot_be_folded_rightly_is_refused():
    """A card that is not the graph's, steps of another type, a graph before broadcasting."""
    nothing = {"y": []}
    with pytest.raises(MalformedModel, match="'z'"):
        fold(parsed(ROW), {"z": []}, nothing, lambda _: "uint8")
    with pytest.raises(ConversionError, match="give UINT8, and the graph takes FLOAT"):
        fold(
            parsed(SUM_OF_CHANNELS.format(opset=13)),
            {"x": steps(("to_layout", {"layout": "nchw"}))},
            nothing,
            lambda _: "uint8",
        )
    with pytest.raises(ConversionError, match="opset 8 or later, this is 7"):
        fold(parsed(SUM_OF_CHANNELS.format(opset=7)), {"x": []}, nothing, lambda _: "uint8")
