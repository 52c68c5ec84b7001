"""What a TF.js model is as ONNX: the same numbers under the same names, or an error that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from converters import graph
from converters.errors import ConversionError, MalformedModel, Refusal
from converters.from_tfjs import load
from converters.to_tfjs import export
from tests.converters.random_graphs import random_model
from tests.graphs import convnet
from tests.shared import mirrored, published

GOLDEN = Path(__file__).parents[1] / "golden" / "tfjs"
Json = dict[str, Any]


def run(model: ir.Model, feeds: dict[str, Any]) -> dict[str, Any]:
    """What onnxruntime computes, by name."""
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString())
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


def round_trip(model: ir.Model, folder: Path, precision: str = "fp32") -> ir.Model:
    """The model after it was written for TF.js and read again."""
    export(model, precision=precision).write(folder / "model")
    return load(folder / "model" / "model.json")


def compare(got: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Hold results to 1e-5, and names, their order and shapes to equality."""
    assert [*got] == [*wanted]
    for name, want in wanted.items():
        assert got[name].shape == want.shape, name
        np.testing.assert_allclose(got[name], want, rtol=1e-5, atol=1e-5, err_msg=name)


# ---- what others wrote


@pytest.mark.parametrize("name", [folder.name for folder in sorted(GOLDEN.glob("*_*")) if folder.is_dir()])
def test_models_of_others_give_their_own_numbers(name: str) -> None:
    """Layers models that TF.js saved, and graphs that TensorFlow wrote, compute what these computed."""
    expected = json.loads((GOLDEN / name / "expected.json").read_text("utf-8"))
    arrays = {
        side: {key: np.array(row["data"], row["dtype"]).reshape(row["shape"]) for key, row in rows.items()}
        for side, rows in expected.items()
    }
    compare(run(load(GOLDEN / name / "model.json"), arrays["inputs"]), arrays["outputs"])


# ---- what we wrote


@pytest.mark.parametrize("seed", range(40))
def test_what_the_converter_wrote_is_read_back(seed: int, tmp_path: Path) -> None:
    """Random graphs compute the same after they went to TF.js and came back."""
    model = ir.from_proto(random_model(seed))
    (x,) = model.graph.inputs
    sizes = [int(size) for size in x.shape or ()]
    feeds = {"x": np.random.default_rng(seed).standard_normal(sizes).astype(np.float32)}
    compare(run(round_trip(model, tmp_path), feeds), run(model, feeds))


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["squeezenet-1.0-fp32", "mnist-8", "ultraface-rfb-320", "nanodet-m-416", "super-resolution-3x"]
)
def test_published_models_are_read_back(name: str, tmp_path: Path) -> None:
    """Published networks compute the same within 1e-5 after they went to TF.js and came back."""
    model = graph.load(mirrored(published(name)["sha256"]))
    inputs = [value for value in model.graph.inputs if not value.is_initializer()]
    rng = np.random.default_rng(0)
    feeds = {x.name: rng.random([d if isinstance(d, int) else 1 for d in x.shape or ()], np.float32) for x in inputs}
    compare(run(round_trip(model, tmp_path), feeds), run(model, feeds))


@pytest.mark.parametrize(("precision", "error"), [("fp16", 2**-11), ("uint8", 1 / 255), ("uint16", 1 / 65535)])
def test_quantised_weights_are_widened(precision: str, error: float, tmp_path: Path) -> None:
    """Weights stored small come back as float32, each within a step of what it was."""
    exact, coded = (round_trip(convnet(), tmp_path / name, name) for name in ("fp32", precision))
    pairs = [
        (value.const_value.numpy(), coded.graph.initializers[name].const_value.numpy())
        for name, value in exact.graph.initializers.items()
        if value.const_value is not None and value.dtype == ir.DataType.FLOAT
    ]
    assert sum(weight.size for weight, _ in pairs) > 1000
    for weight, stored in pairs:
        assert stored.dtype == np.float32
        assert np.abs(stored - weight).max() <= error * max(np.ptp(weight), np.abs(weight).max())


def test_transposes_between_layers_cancel(tmp_path: Path) -> None:
    """Channels come last in TF.js and second in ONNX; a network has to be turned at its ends only."""
    model = round_trip(convnet(), tmp_path)
    assert [node.op_type for node in model.graph].count("Transpose") <= 2
    assert {"Conv", "Relu", "MaxPool"} <= {node.op_type for node in model.graph}


# ---- faults


def in_nodes(change: Callable[[list[Json]], object]) -> Callable[[Json, Path], object]:
    """A change of the graph's nodes."""
    return lambda model, _: change(model["modelTopology"]["node"])


def first(nodes: list[Json], op: str) -> Json:
    """The first node of an operator."""
    return next(node for node in nodes if node["op"] == op)


def shards(model: Json) -> list[str]:
    """The list of shards of the only group."""
    paths: list[str] = model["weightsManifest"][0]["paths"]
    return paths


def weight(model: Json, index: int) -> Json:
    """An entry of the manifest."""
    entry: Json = model["weightsManifest"][0]["weights"][index]
    return entry


def kernel(model: Json) -> Json:
    """The entry of the convolution's filter."""
    return next(entry for entry in model["weightsManifest"][0]["weights"] if len(entry["shape"]) == 4)


def loop(nodes: list[Json]) -> None:
    """Let the first convolution read what a loop hands on to its next round."""
    convolution = first(nodes, "_FusedConv2D")
    nodes.append({"name": "next", "op": "NextIteration", "input": [convolution["name"]]})
    convolution["input"][0] = "next"


def circle(nodes: list[Json]) -> None:
    """Let the first convolution read what follows from it."""
    first(nodes, "_FusedConv2D")["input"][0] = nodes[-1]["name"]


FAULTS: dict[str, tuple[Callable[[Json, Path], object], type[ConversionError], str]] = {
    "a missing shard": (lambda _, f: (f / "weights.bin").unlink(), MalformedModel, r"weights\.bin'.*missing"),
    "a shard that is cut short": (
        lambda _, f: (f / "weights.bin").write_bytes((f / "weights.bin").read_bytes()[:99]), MalformedModel,
        r"weight 'n\d+'.*takes bytes.*weights\.bin has 99"),
    "a shard that is too long": (
        lambda _, f: (f / "weights.bin").write_bytes((f / "weights.bin").read_bytes() + b"more"), MalformedModel,
        r"weightsManifest, group 0.*take [\d,]+ bytes"),
    "a shard outside the folder": (
        lambda m, _: shards(m).__setitem__(0, "../weights.bin"), MalformedModel, r"\.\./weights\.bin.*outside"),
    "an absolute shard": (lambda m, _: shards(m).__setitem__(0, "/etc/passwd"), MalformedModel, "passwd.*outside"),
    "a shard behind a link": (
        lambda _, f: ((f / "weights.bin").unlink(), (f / "weights.bin").symlink_to("/etc/passwd")), MalformedModel,
        "outside"),
    "a shard that is a number": (lambda m, _: shards(m).__setitem__(0, 7), MalformedModel, "expected a file's name"),
    "a weight of a negative size": (
        lambda m, _: weight(m, 0).update(shape=[-1]), MalformedModel, r"weight 'n\d+'.*\[-1\]"),
    "a weight of texts": (lambda m, _: weight(m, 0).update(dtype="string"), Refusal, "its type is string"),
    "a weight without a name": (lambda m, _: weight(m, 0).pop("name"), MalformedModel, "lacks 'name'"),
    "a constant without a value": (
        lambda m, _: m.update(weightsManifest=[]), MalformedModel, r"Const node 'n\d+'.*not among the weights"),
    "an unknown operator": (
        in_nodes(lambda n: first(n, "_FusedConv2D").update(op="_FusedConv2d")), Refusal,
        r"_FusedConv2d node 'n\d+'.*_FusedConv2D has one"),
    "an operator of control flow": (
        in_nodes(lambda n: first(n, "_FusedConv2D").update(op="TensorListReserve")), Refusal, "TensorListReserve"),
    "a fused step without counterpart": (
        in_nodes(lambda n: first(n, "_FusedConv2D")["attr"].update(fused_ops={"list": {"s": ["RnVzc3k="]}})), Refusal,
        "its fused Fussy"),
    "a loop": (in_nodes(loop), Refusal, "NextIteration cannot be converted: it is part of a loop"),
    "nodes in a circle": (in_nodes(circle), MalformedModel, "circle: .* → "),
    "an input that is not there": (
        in_nodes(lambda n: first(n, "_FusedConv2D")["input"].__setitem__(0, "nowhere")), MalformedModel,
        "'nowhere' is not in the graph"),
    "an output that is not there": (
        in_nodes(lambda n: first(n, "_FusedConv2D")["input"].__setitem__(0, "image:7")), MalformedModel,
        "'image:7' does not exist"),
    "an operator without its operands": (
        in_nodes(lambda n: first(n, "MaxPool").update(input=[])), MalformedModel, "MaxPool lacks its input 0"),
    "operands that do not fit": (
        lambda m, _: kernel(m).update(shape=[3, 1, 3, 8]), MalformedModel, "takes 3 channels, and x has 1"),
    "an attribute of no type": (
        in_nodes(lambda n: first(n, "MaxPool")["attr"].update(ksize={})), MalformedModel, "MaxPool node"),
    "a signature of what is not there": (
        lambda m, _: m["signature"]["outputs"]["logits"].update(name="gone:0"), MalformedModel, "the node 'gone'"),
    "no topology": (lambda m, _: m.pop("modelTopology"), MalformedModel, "modelTopology: it is missing"),
    "a topology without nodes": (lambda m, _: m.update(modelTopology={"node": 3}), MalformedModel, "modelTopology"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str, tmp_path: Path) -> None:
    """A person reads which file, which node or weight, what is wrong with it, and what to do."""
    change, error, message = FAULTS[fault]
    export(convnet(), precision="fp32").write(tmp_path)
    path = tmp_path / "model.json"
    model = json.loads(path.read_text("utf-8"))
    change(model, tmp_path)
    path.write_text(json.dumps(model), "utf-8")
    with pytest.raises(error, match=rf"model\.json: .*{message}.*Cure: "):
        load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[1]", "expected a JSON object, got list"),
        ("[" * 100_000, "not JSON"),
        ("\x00PK", "not JSON"),
    ],
)
def test_files_that_are_no_models_are_refused(text: str, message: str, tmp_path: Path) -> None:
    """Whatever the bytes are, the message names the file."""
    (tmp_path / "model.json").write_text(text, "utf-8")
    with pytest.raises(MalformedModel, match=rf"model\.json: .*{message}"):
        load(tmp_path / "model.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A wrong path is no fault of the model."""
    with pytest.raises(ConversionError, match=r"gone\.json.*cannot be read"):
        load(tmp_path / "gone.json")
