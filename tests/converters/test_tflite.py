"""TFLite files of small models: shapes, layouts, precisions, and what is refused."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

from converters.errors import ConversionError, Refusal
from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tflite.native import to_native
from converters.tflite.target import TARGET
from converters.to_tflite import convert_file, export
from tests.conformance.litert import compare, run
from tests.conformance.runner import Outcome, run_all
from tests.converters.random_graphs import random_model

HEADER = '<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1]>'
WEIGHTS = {"w": (8, 3, 3, 3), "v": (8, 4), "b": (4,), "k": (8, 8, 3, 3), "s": (8,)}
SMALL_CNN = """g (float[N, 3, 8, 8] x) => (float[N, 4] y) {
    a = Conv<pads = [1, 1, 1, 1]>(x, w)
    r = Relu(a)
    p = GlobalAveragePool(r)
    f = Flatten(p)
    y = Gemm(f, v, b)
}"""


def parsed(text: str) -> onnx.ModelProto:
    """Return the model that a text describes, with random weights for the names in `WEIGHTS` that it uses."""
    model = onnx.parser.parse_model(HEADER + text)
    rng = np.random.default_rng(0)
    used = {name for node in model.graph.node for name in node.input}
    for name, shape in WEIGHTS.items():
        if name in used:
            array = rng.standard_normal(shape).astype(np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return model


def tflite(model: onnx.ModelProto, precision: str = "fp32") -> bytes:
    """Return the converted file."""
    return export(ir.from_proto(model), precision=precision).files[".tflite"]


def kinds(model: onnx.ModelProto) -> Counter[str]:
    """Count the operators of the converted model."""
    return Counter(op.kind for op in fuse(lower(ir.from_proto(model), TARGET)).ops)


def reference(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return onnxruntime's outputs, without its optimiser, which in 1.31 fuses Pad into MaxPool wrongly."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return list(onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feeds))


def difference(model: onnx.ModelProto, shape: tuple[int, ...]) -> str | None:
    """Say how LiteRT's outputs for a random input differ from onnxruntime's; None if they agree."""
    feeds = {model.graph.input[0].name: np.random.default_rng(1).standard_normal(shape).astype(np.float32)}
    return compare(run(tflite(model), feeds), reference(model, feeds))


DYNAMIC = {
    "batch of a classifier": (SMALL_CNN, (5, 3, 8, 8)),
    "height and width": (
        """g (float[1, 3, H, W] x) => (float[1, 8, A, B] y) {
            a = Conv<pads = [1, 1, 1, 1]>(x, w)
            p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(a)
            c = Conv<pads = [1, 1, 1, 1]>(p, k)
            g = Sigmoid(c)
            y = Mul(c, g)
        }""",
        (1, 3, 12, 6),
    ),
    "a shape computed from a shape": (
        """g (float[N, 3, 8, 8] x) => (float[N, M] y) {
            a = Conv(x, w)
            h = Shape(a)
            i = Constant<value_ints = [0]>()
            n = Gather(h, i)
            m = Constant<value_ints = [-1]>()
            t = Concat<axis = 0>(n, m)
            y = Reshape(a, t)
        }""",
        (3, 3, 8, 8),
    ),
    "two axes of a sequence": (
        """g (float[N, T, 8] x) => (float[N, T, 4] y) {
            h = Constant<value_ints = [0, 0, 2, 4]>()
            a = Reshape(x, h)
            t = Transpose<perm = [0, 2, 1, 3]>(a)
            u = Transpose<perm = [0, 2, 3, 1]>(a)
            d = MatMul(t, u)
            p = Softmax<axis = -1>(d)
            o = MatMul(p, t)
            q = Transpose<perm = [0, 2, 1, 3]>(o)
            j = Constant<value_ints = [0, 0, 8]>()
            z = Reshape(q, j)
            y = MatMul(z, v)
        }""",
        (3, 7, 8),
    ),
}


@pytest.mark.parametrize("case", DYNAMIC)
def test_sizes_may_be_left_open(case: str) -> None:
    """One file serves inputs of any size where the model leaves a size open."""
    text, shape = DYNAMIC[case]
    assert difference(parsed(text), shape) is None


def test_open_sizes_are_marked_in_the_file() -> None:
    """Runtimes see -1 in the shape signature, and can resize."""
    (detail,) = Interpreter(model_content=tflite(parsed(SMALL_CNN))).get_input_details()
    assert detail["name"] == "x"
    assert detail["shape_signature"].tolist() == [-1, 3, 8, 8]


def test_inputs_and_outputs_keep_names_and_order() -> None:
    """The file offers the ONNX model's names, so that callers need not guess."""
    model = parsed("g (float[2] second, float[2] first) => (float[2] b, float[2] a) { a = Neg(first) b = Neg(second) }")
    runner = Interpreter(model_content=tflite(model)).get_signature_runner("serving_default")
    ones = np.ones(2, np.float32)
    result = runner(first=ones, second=2 * ones)
    assert {name: value.tolist() for name, value in result.items()} == {"a": [-1, -1], "b": [-2, -2]}


def test_batch_norm_and_activation_cost_nothing() -> None:
    """Normalisation goes into the filter, the activation into the convolution; transposes stay at the boundary."""
    model = parsed(
        """g (float[1, 3, 4, 4] x) => (float[1, 8, 4, 4] y) {
            a = Conv<pads = [1, 1, 1, 1]>(x, w)
            n = BatchNormalization(a, s, s, s, q)
            r = Relu(n)
            y = Conv<pads = [1, 1, 1, 1]>(r, k)
        }"""
    )
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.full(8, 2, np.float32), "q"))
    assert kinds(model) == {"TRANSPOSE": 2, "CONV_2D": 2}
    assert difference(model, (1, 3, 4, 4)) is None


def test_a_normalisation_after_no_convolution_is_one_factor_and_one_term() -> None:
    """Factor and term by channel that follow a batch normalisation go into its own, as DenseNet's files have them."""
    model = parsed(
        """g (float[1, 4, 3, 8] x) => (float[1, 4, 3, 8] y) {
            t = Transpose<perm = [0, 3, 1, 2]>(x)
            n = BatchNormalization(t, s, s, s, q)
            m = Mul(n, c)
            a = Add(c, m)
            r = Relu(a)
            y = Transpose<perm = [0, 2, 3, 1]>(r)
        }"""
    )
    for name, shape, value in (("q", (8,), 2), ("c", (8, 1, 1), 0.3)):
        array = np.linspace(value, 2 * value, 8, dtype=np.float32).reshape(shape)
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    assert kinds(model) == {"MUL": 1, "ADD": 1}
    assert difference(model, (1, 4, 3, 8)) is None


def test_a_sum_that_rounds_is_left_alone() -> None:
    """Adding 2^23 and taking it away again rounds to whole numbers: merged, the two terms would do nothing."""
    model = parsed("g (float[1, 8] x) => (float[1, 8] y) { a = Add(x, big) y = Add(a, negative) }")
    for name, value in (("big", 2**23), ("negative", -(2**23))):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([value], np.float32), name))
    assert difference(model, (1, 8)) is None


def test_a_transposed_sum_keeps_its_axes_apart() -> None:
    """A square tensor and its transpose have the same sizes and must not be confused."""
    model = parsed(
        "g (float[4, 4] x) => (float[4, 4] y) { t = Transpose<perm = [1, 0]>(x) a = Add(x, t) y = Mul(a, t) }"
    )
    assert difference(model, (4, 4)) is None


def _random_outcome(seed: int) -> Outcome:
    model = random_model(seed)
    shape = tuple(dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim)
    wrong = difference(model, shape)
    return Outcome("passed") if wrong is None else Outcome("wrong", f"seed {seed}: {wrong}")


def test_random_graphs_are_laid_out_right() -> None:
    """Whatever order transposes, reshapes, sums and convolutions come in, the numbers are onnxruntime's."""
    outcomes = run_all(range(300), _random_outcome)
    assert [outcome for outcome in outcomes if outcome.status != "passed"] == []


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8_dynamic"])
def test_equal_models_give_equal_bytes(precision: str) -> None:
    """A second conversion changes nothing, so that files can be cached and compared by digest."""
    assert tflite(parsed(SMALL_CNN), precision) == tflite(parsed(SMALL_CNN), precision)


@pytest.mark.parametrize(("precision", "size"), [("fp32", 4), ("fp16", 2), ("int8_dynamic", 1)])
def test_weights_that_serve_many_steps_are_stored_once(precision: str, size: int) -> None:
    """A further step of an LSTM adds its operators to the file, and not its weights again."""
    sizes = []
    for steps in (20, 40):
        text = f"g (float[{steps}, 1, 64] x) => (float[{steps}, 1, 1, 64] y) {{ y = LSTM<hidden_size = 64>(x, r, r) }}"
        model = parsed(text)
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones((1, 256, 64), np.float32), "r"))
        sizes.append(len(tflite(model, precision)))
    assert (sizes[1] - sizes[0]) / 20 < 256 * 64 * size / 2


def test_what_cannot_be_said_exactly_is_refused_by_name() -> None:
    """The message names the operator, the node, the reason and what to do."""
    model = parsed("g (float[3] x) => (float[M] y) { y = Unique(x) }")
    with pytest.raises(Refusal, match=r"Unique node 'y'.*TFLite has no counterpart.*Cure: ") as caught:
        tflite(model)
    assert caught.value.operator == "Unique"


def test_an_error_names_the_file(tmp_path: Path) -> None:
    """Whoever converts many files sees which one stopped."""
    source = tmp_path / "odd.onnx"
    onnx.save(parsed("g (float[3] x) => (float[M] y) { y = Unique(x) }"), source)
    with pytest.raises(ConversionError, match=r"odd\.onnx"):
        convert_file(source, tmp_path / "odd.tflite")
    assert not (tmp_path / "odd.tflite").exists()


def test_an_unknown_precision_is_refused() -> None:
    """The message lists the precisions that there are."""
    with pytest.raises(ConversionError, match="choose one of fp32, fp16, int8_dynamic, w8a8"):
        tflite(parsed(SMALL_CNN), "int3")


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Hands onnxruntime's quantiser four random images."""

    def __init__(self) -> None:
        self.images = iter(np.random.default_rng(0).standard_normal((4, 1, 3, 16, 16)).astype(np.float32))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next feed."""
        image = next(self.images, None)
        return None if image is None else {"x": image}


EVERY_QUANTISED_OPERATOR = """g (float[1, 3, 16, 16] x) => (float[1, 4] y) {
    a = Conv<pads = [1, 1, 1, 1]>(x, w)
    r = Relu(a)
    p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r)
    c = Conv<pads = [1, 1, 1, 1]>(p, k)
    g = Sigmoid(c)
    m = Mul(c, g)
    q = Add(m, p)
    n = Concat<axis = 2>(q, m)
    l = LeakyRelu<alpha = 0.1>(n)
    o = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(l)
    h = GlobalAveragePool(o)
    f = Flatten(h)
    z = Gemm(f, v, b)
    y = Softmax<axis = 1>(z)
}"""


@pytest.fixture(params=[QuantFormat.QOperator, QuantFormat.QDQ], ids=["QOperator", "QDQ"])
def quantised(request: pytest.FixtureRequest, tmp_path: Path) -> onnx.ModelProto:
    """A model in one of the forms that onnxruntime's quantiser writes."""
    source, target = tmp_path / "float.onnx", tmp_path / "quantised.onnx"
    onnx.save(parsed(EVERY_QUANTISED_OPERATOR), source)
    quantize_static(source, target, Calibration(), quant_format=request.param, per_channel=True)
    return onnx.load(target)


@pytest.mark.parametrize("precision", ["fp32", "w8a8"])
def test_quantised_graphs_keep_their_numbers(quantised: onnx.ModelProto, precision: str) -> None:
    """Both forms give onnxruntime's numbers, to one step of the 8-bit probabilities."""
    feeds = {"x": np.random.default_rng(1).standard_normal((1, 3, 16, 16)).astype(np.float32)}
    (wanted,) = reference(quantised, feeds)
    (got,) = run(tflite(quantised, precision), feeds)
    assert np.abs(got - wanted).max() <= 1.01 / 255


def test_a_quantised_graph_becomes_8_bit_operators(quantised: onnx.ModelProto) -> None:
    """Nothing between the first QUANTIZE and the last DEQUANTIZE is left in floats, whichever form the file has."""
    ops = to_native(fuse(lower(ir.from_proto(quantised), TARGET))).ops
    computing = [op for op in ops if op.kind not in ("QUANTIZE", "DEQUANTIZE", "TRANSPOSE", "RESHAPE")]
    assert {op.outputs[0].dtype.name for op in computing} == {"int8"}


PRECISE = {"Erf": math.erf, "Sinh": math.sinh, "Asinh": math.asinh, "Atanh": math.atanh, "Asin": math.asin,
           "Atan": math.atan, "Tan": math.tan, "Softplus": lambda x: math.log1p(math.exp(x)),
           "Elu": lambda x: x if x > 0 else math.expm1(x)}  # fmt: skip


@pytest.mark.parametrize("operator", PRECISE)
def test_composed_functions_are_precise_near_zero(operator: str) -> None:
    """Functions that TFLite lacks lose no digits to cancellation: 1e-6 relative, from 1e-6 to 0.9."""
    x = np.concatenate([sign * np.geomspace(1e-6, 0.9, 40) for sign in (1, -1)]).astype(np.float32)
    model = parsed(f"g (float[{len(x)}] x) => (float[{len(x)}] y) {{ y = {operator}(x) }}")
    (got,) = run(tflite(model), {"x": x})
    wanted = np.array([PRECISE[operator](float(value)) for value in x])
    assert np.abs(got / wanted - 1).max() <= 1e-6
