"""The table of faults: what is wrong, a word that the message must hold, and the bytes of such a file.

Every model has a node `the_node`, unless the file is no model at all; then the message names the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, SparseTensorProto, TensorProto, helper

from tests.converters.corpus.models import (
    call,
    external,
    function,
    graph,
    model,
    node,
    tensor,
    value,
    with_attribute,
)

FILE, NODE, WEIGHT = "model.onnx", "the_node", "'w'"
GIGABYTES = 2**29  # floats in 2 GiB
MANY = np.ones(2**18, np.float32)


@dataclass(frozen=True)
class Fault:
    """One broken file. `made` gets the folder that the file will lie in and returns what stands in it."""

    name: str
    says: str
    made: Callable[[Path], ModelProto | bytes]

    def write(self, folder: Path) -> Path:
        """Write the file and return where it is."""
        made, path = self.made(folder), folder / FILE
        path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
        return path


def row(name: str, says: str, made: ModelProto | bytes) -> Fault:
    return Fault(name, says, lambda _folder: made)


W = np.ones((4, 4), np.float32)
KERNEL = np.ones((1, 1, 3, 3), np.float32)
IMAGE = {"x": [1, 1, 8, 8]}

NO_MODELS = [
    row("empty file", "empty", b""),
    row("random bytes", FILE, np.random.default_rng(0).bytes(4096)),
    row("zeros", FILE, bytes(4096)),
    row("HTML", FILE, b"<!doctype html><html><head><title>404</title></head><body>Not found</body></html>"),
    row("model without a graph", FILE, ModelProto(ir_version=8)),
    row("graph without outputs", FILE, ModelProto(graph=helper.make_graph([], "graph", [value("x", [1])], []))),
    row("endless number", FILE, b"\x3a" + b"\xff" * 64),
    row("length beyond the file", FILE, b"\x3a\xff\xff\xff\xff\x07"),
]  # fmt: skip


def _without_opsets() -> ModelProto:
    result = model(node("Relu", "x"))
    del result.opset_import[:]
    return result


STRUCTURE = [
    row("cycle", NODE, model(node("Add", "x b", "a"), node("Add", "a x", "b"), node("Relu", "b"))),
    row("node reads itself", NODE, model(node("Add", "x y"))),
    row("undefined value", NODE, model(node("Add", "x nowhere"))),
    row("undefined output", "'y'", model(node("Relu", "x", "z"))),
    row("output defined twice", "'y'", model(node("Relu", "x"), node("Neg", "x"))),
    row("output named like an input", "'x'", model(node("Relu", "x", "x"), node("Neg", "x"))),
    row("input defined twice", "'x'", ModelProto(
        ir_version=8, opset_import=[helper.make_opsetid("", 17)],
        graph=helper.make_graph([node("Relu", "x")], "graph", [value("x", [1]), value("x", [2])], [value("y", None)]),
    )),
    row("missing initializer", WEIGHT, model(node("Gemm", "x w"))),
    row("unknown operator", "Frobnicate", model(node("Frobnicate", "x"))),
    row("unknown domain", "com.example", model(node("Relu", "x", domain="com.example"))),
    row("operator without a name", NODE, model(node("", "x"))),
    row("no opset", "opset", _without_opsets()),
    row("opset of the future", "opset", model(node("Relu", "x"), opset=10**6)),
    row("opset zero", "opset", model(node("Relu", "x"), opset=0)),
    row("negative opset", "opset", model(node("Relu", "x"), opset=-3)),
    row("operator from a later opset", NODE, model(node("Gelu", "x"), opset=7)),
    row("function that calls itself", "calls_f",
      model(call("f", "x", "y"), functions=[function("f", call("f", "a", "b"))])),
    row("functions that call each other", "calls_",
      model(call("f", "x", "y"), functions=[function("f", call("g", "a", "b")), function("g", call("f", "a", "b"))])),
    row("functions that double, 40 deep", "calls_", model(call("f0", "x", "y"), functions=[
        *(function(f"f{i}", call(f"f{i + 1}", "a", "m"), call(f"f{i + 1}", "m", "b")) for i in range(40)),
        function("f40", helper.make_node("Relu", ["a"], ["b"])),
    ])),
    row("function without its output", "f", model(call("f", "x", "y"), functions=[function("f")])),
]  # fmt: skip

NODES = [
    row("attribute of another type", "pads", model(with_attribute(
        node("Conv", "x w"), "pads", AttributeProto.STRING, s=b"all around"), inputs=IMAGE, tensors={"w": KERNEL})),
    row("attribute without a type", "axis", model(with_attribute(node("Softmax", "x"), "axis", 0, i=1))),
    row("missing attribute", "kernel_shape", model(node("MaxPool", "x"), inputs=IMAGE)),
    row("missing input", NODE, model(node("Add", "x"))),
    row("left-out input", NODE, model(helper.make_node("Add", ["x", ""], ["y"], name=NODE))),
    row("too many inputs", NODE, model(node("Relu", "x x"))),
    row("too many outputs", NODE, model(node("Relu", "x", "y z"))),
    row("Conv of a matrix", NODE, model(node("Conv", "x w"), tensors={"w": KERNEL})),
    row("Conv with too many channels", NODE, model(node("Conv", "x w"), inputs={"x": [1, 2, 8, 8]}, tensors={"w": KERNEL})),
    row("Conv with zero groups", NODE, model(node("Conv", "x w", group=0), inputs=IMAGE, tensors={"w": KERNEL})),
    row("Conv with zero strides", NODE, model(node("Conv", "x w", strides=[0, 0]), inputs=IMAGE, tensors={"w": KERNEL})),
    row("Conv with one pad", NODE, model(node("Conv", "x w", pads=[1]), inputs=IMAGE, tensors={"w": KERNEL})),
    row("Conv smaller than its kernel", NODE, model(node("Conv", "x w"), inputs={"x": [1, 1, 1, 1]}, tensors={"w": KERNEL})),
    row("Gemm of a cube", NODE, model(node("Gemm", "x w"), inputs={"x": [1, 4, 4]}, tensors={"w": W})),
    row("Gemm of sizes that differ", NODE, model(node("Gemm", "x w"), inputs={"x": [1, 5]}, tensors={"w": W})),
    row("MatMul of sizes that differ", NODE, model(node("MatMul", "x w"), inputs={"x": [1, 5]}, tensors={"w": W})),
    row("Add of sizes that differ", NODE, model(node("Add", "x w"), inputs={"x": [1, 5]}, tensors={"w": W})),
    row("Concat of ranks that differ", NODE, model(node("Concat", "x w", axis=0), inputs={"x": [4]}, tensors={"w": W})),
    row("Concat of sizes that differ", NODE, model(node("Concat", "x w", axis=0), inputs={"x": [1, 5]}, tensors={"w": W})),
    row("Concat on an axis that is not there", NODE, model(node("Concat", "x w", axis=7), tensors={"w": W})),
    row("Transpose with an axis twice", NODE, model(node("Transpose", "x", perm=[1, 1]))),
    row("Reshape to another count", NODE, model(node("Reshape", "x w"), tensors={"w": np.array([3, 5])})),
    row("Reshape by a cube", NODE, model(node("Reshape", "x w"), tensors={"w": np.ones((2, 2, 2), np.int64)})),
    row("Squeeze of a size above one", NODE, model(node("Squeeze", "x w"), tensors={"w": np.array([1])})),
    row("Split into other sizes", NODE, model(node("Split", "x w", "y z", axis=1), tensors={"w": np.array([3, 3])})),
    row("Pad by a negative fill", NODE, model(node("Pad", "x w"), tensors={"w": np.array([-9, 0, 0, 0])})),
    row("Cast to an unknown type", NODE, model(node("Cast", "x", to=77))),
    row("string tensor", "", model(node("StringNormalizer", "w", "s"), node("Relu", "x"), tensors={"w": np.array(["a", "b"], object)})),
    row("If with one branch", NODE, model(node("If", "w", then_branch=graph(node("Relu", "x", "s"))), tensors={"w": np.array(False)})),
    row("If with a number for a branch", NODE, model(
        node("If", "w", then_branch=1, else_branch=2), tensors={"w": np.array(True)})),
    row("If whose branch has no output", NODE, model(
        node("If", "w", then_branch=graph(outputs=""), else_branch=graph(outputs="")), tensors={"w": np.array(True)})),
    row("Loop whose body gives nothing", NODE, model(
        node("Loop", "w c x", body=graph(outputs="")), tensors={"w": np.array(3), "c": np.array(True)})),
    row("Loop without an end", NODE, model(
        node("Loop", "w c x", body=graph(node("Neg", "s", "t"), inputs="i c s", outputs="c t")),
        tensors={"w": np.array(2**62), "c": np.array(True)})),
    row("Scan with more inputs than it has", NODE, model(
        node("Scan", "x", body=graph(inputs="s"), num_scan_inputs=5))),
]  # fmt: skip


def _field(number: int, content: bytes) -> bytes:
    """Return one field of bytes as protobuf writes it."""
    length = [len(content) >> shift & 0x7F | 0x80 for shift in (0, 7, 14)] + [len(content) >> 21]
    return bytes([number << 3 | 2, *length]) + content


def _deep(levels: int) -> bytes:
    """Return branches in branches; the library that writes messages refuses to nest as deep as a file can."""
    inner: bytes = node("Identity", "x", "s").SerializeToString()
    branches = [AttributeProto(name=f"{name}_branch", type=AttributeProto.GRAPH) for name in ("then", "else")]
    output = _field(12, value("s", None).SerializeToString())
    for _level in range(levels):
        deep, flat = (branch.SerializeToString() for branch in branches)
        inner = node("If", "w", "s").SerializeToString() + _field(5, deep + _field(6, _field(1, inner) + output))
        inner += _field(5, flat + _field(6, output))
    outer: bytes = model(node("Identity", "s"), tensors={"w": np.array(True)}).SerializeToString()
    return outer + _field(7, _field(1, inner))


def _sparse() -> ModelProto:
    result = model(node("Add", "x w"))
    values = tensor("w", [1], float_data=[1.0])
    result.graph.sparse_initializer.append(SparseTensorProto(values=values, dims=[2**40], indices=tensor(
        "i", [1], TensorProto.INT64, int64_data=[5])))  # fmt: skip
    return result


RELU = node("Relu", "x")
SIZES = [
    row("negative size", "'x'", model(RELU, inputs={"x": [1, -4]})),
    row("huge size", "'x'", model(RELU, inputs={"x": [2**40]})),
    row("sizes whose product overflows", "'x'", model(RELU, inputs={"x": [2**33, 2**33]})),
    row("2 GiB claimed, no data", WEIGHT, model(node("Add", "x w"), tensors={"w": tensor("w", [GIGABYTES])})),
    row("2 GiB claimed, 4 bytes of data", WEIGHT,
      model(node("Add", "x w"), tensors={"w": tensor("w", [GIGABYTES], raw_data=b"abcd")})),
    row("2 GiB claimed, one number", WEIGHT,
      model(node("Add", "x w"), tensors={"w": tensor("w", [GIGABYTES], float_data=[1.0])})),
    row("2 GiB claimed in a Constant", "'value'", model(node("Constant", "", "c", value=tensor("w", [GIGABYTES])), RELU)),
    row("too much raw data", WEIGHT, model(node("Add", "x w"), tensors={"w": tensor("w", [1], raw_data=bytes(5))})),
    row("megabytes of raw data too much", WEIGHT,
      model(node("Add", "x w"), tensors={"w": tensor("w", [1], raw_data=bytes(2**21))})),
    row("negative size of a weight", WEIGHT, model(node("Add", "x w"), tensors={"w": tensor("w", [-1], raw_data=b"")})),
    row("data of another type", WEIGHT, model(node("Add", "x w"), tensors={"w": tensor("w", [1], int64_data=[1])})),
    row("weight of an unknown type", WEIGHT, model(node("Add", "x w"), tensors={"w": tensor("w", [1], 99)})),
    row("weight of no type", WEIGHT, model(node("Add", "x w"), tensors={"w": tensor("w", [1], 0)})),
    row("initializer without a name", "name", model(node("Add", "x w"), tensors={"": tensor("", [1], float_data=[1])})),
    row("sparse initializer", WEIGHT, _sparse()),
    row("branches 90 deep", FILE, _deep(90)),
    row("ConstantOfShape of a terabyte", NODE, model(node("ConstantOfShape", "w"), tensors={"w": np.array([2**38])})),
    row("Expand to 8 GiB", NODE, model(node("Expand", "w s"), tensors={"w": np.ones(1, np.float32), "s": np.array([2**31])})),
    row("Tile to 8 GiB", NODE, model(node("Tile", "w s"), tensors={"w": np.ones(1, np.float32), "s": np.array([2**31])})),
    row("Range over 8 GiB", NODE, model(
        node("Range", "a b c"), tensors={
            "a": np.array(0, np.float32), "b": np.array(2**30, np.float32), "c": np.array(1, np.float32)})),
    row("Pad to 4 GiB", NODE, model(node("Pad", "w s"), tensors={"w": np.ones(1, np.float32), "s": np.array([0, 2**30])})),
    row("Pad of an input to 2 TiB", NODE, model(node("Pad", "x s"), tensors={"s": np.array([0, 0, 0, 2**39])})),
    row("OneHot of depth 2^33", NODE, model(node("OneHot", "a d v"), tensors={
        "a": np.array([1]), "d": np.array(2**33), "v": np.array([0.0, 1.0], np.float32)})),
    row("EyeLike of 64 GiB", NODE, model(node("Constant", "", "s", value_ints=[2**17, 2**17]), node("ConstantOfShape", "s", "t"),
                                      node("EyeLike", "t"))),
    row("Resize to 4 GiB", NODE, model(
        node("Resize", "x r w"), inputs=IMAGE, tensors={
            "r": np.array([], np.float32), "w": np.array([1, 1, 2**12, 2**12], np.float32)})),
    row("outer product of 256 GiB", NODE, model(
        node("Mul", "a b"), tensors={"a": MANY[None, :], "b": MANY[:, None]})),
    row("doubling, 40 times", NODE, model(
        *(node("Concat", f"w{i} w{i}", f"w{i + 1}", axis=0) for i in range(40)), node("Identity", "w40"),
        tensors={"w0": np.ones(4, np.float32)})),
    row("loops in loops", NODE, model(
        node("Loop", "w c x", "y", body=graph(
            node("Loop", "w c s", "t", body=graph(
                node("Loop", "w c s", "t", body=graph(
                    node("Neg", "s", "t"), inputs="i c s", outputs="c t")), inputs="i c s", outputs="c t")),
            inputs="i c s", outputs="c t")),
        tensors={"w": np.array(1000), "c": np.array(True)})),
]  # fmt: skip


CONTRADICTIONS = [
    row("Einsum over unequal sizes", NODE, model(
        node("Einsum", "x w", equation="ij,jk->ik"), tensors={"w": np.ones((5, 3), np.float32)})),
    row("Einsum of a label that is nowhere", NODE, model(node("Einsum", "x", equation="ij->ik"))),
    row("Gather beyond the end", NODE, model(node("Gather", "x i", axis=1), tensors={"i": np.array([0, 4])})),
    row("Gather before the start", NODE, model(node("Gather", "x i", axis=1), tensors={"i": np.array([-5])})),
    row("GatherND beyond the end", NODE, model(node("GatherND", "x i"), tensors={"i": np.array([[0, 9]])})),
    row("GatherElements beyond the end", NODE, model(node("GatherElements", "x i", axis=1), tensors={"i": np.array([[7]])})),
    row("ScatterElements beyond the end", NODE, model(
        node("ScatterElements", "x i u", axis=1), tensors={"i": np.array([[9]]), "u": np.ones((1, 1), np.float32)})),
    row("ScatterND with too few updates", NODE, model(
        node("ScatterND", "x i u"), tensors={"i": np.array([[0, 1], [0, 2]]), "u": np.ones(3, np.float32)})),
    row("MatMul of unequal inner sizes", NODE, model(node("MatMul", "x w"), tensors={"w": np.ones((5, 2), np.float32)})),
    row("Split into pieces that are not the whole", NODE, model(
        node("Split", "x s", "y z", axis=1), tensors={"s": np.array([1, 2])})),
    row("Conv whose kernel_shape is not its filter's", NODE, model(
        node("Conv", "x k", kernel_shape=[5, 5]), inputs=IMAGE, tensors={"k": KERNEL})),
    row("DepthToSpace of channels that do not divide", NODE, model(node("DepthToSpace", "x", blocksize=2), inputs=IMAGE)),
    row("Pad that mirrors more than there is", NODE, model(
        node("Pad", "x p", mode="reflect"), tensors={"p": np.array([0, 4, 0, 0])})),
    row("whole numbers divided by 0", NODE, model(node("Cast", "x", "i", to=TensorProto.INT32), node("Div", "i z", "d"),
        node("Cast", "d", to=TensorProto.FLOAT), tensors={"z": np.array(0, np.int32)})),
    row("LSTM whose weights have other sizes", NODE, model(
        node("LSTM", "x w r", hidden_size=3), inputs={"x": [2, 1, 4]}, tensors={
            "w": np.ones((1, 12, 5), np.float32), "r": np.ones((1, 12, 3), np.float32)})),
    row("QuantizeLinear with a scale for each of other channels", NODE, model(
        node("QuantizeLinear", "x s z", "q", axis=1), node("Identity", "q"), tensors={
            "s": np.ones(3, np.float32), "z": np.zeros(3, np.uint8)})),
]  # fmt: skip
TABLES = [
    row("DFT of 32,768 entries", NODE, model(node("DFT", "x", axis=1), inputs={"x": [1, 2**15, 1]})),
    row("HannWindow of 2^33 entries", NODE, model(node("HannWindow", "n"), tensors={"n": np.array(2**33)})),
    row("BlackmanWindow of 2^33 entries", NODE, model(node("BlackmanWindow", "n"), tensors={"n": np.array(2**33)})),
    row("MelWeightMatrix of terabytes", NODE, model(node("MelWeightMatrix", "a b c d e"), tensors={
        "a": np.array(2**20), "b": np.array(2**31), "c": np.array(2**20),
        "d": np.array(0, np.float32), "e": np.array(8000, np.float32)})),
    row("Trilu of 64 GiB", NODE, model(
        node("Expand", "o s", "t"), node("Trilu", "t"), tensors={
            "o": np.ones((1, 1), np.float32), "s": np.array([2**17, 2**17])})),
]  # fmt: skip


def _beside(location: str, **fields: Any) -> Callable[[Path], ModelProto]:
    def make(folder: Path) -> ModelProto:
        (folder / "weights.bin").write_bytes(bytes(16))
        (folder / "link.bin").symlink_to("/etc/passwd")
        return model(node("Add", "x w"), tensors={"w": external(location, **fields)})

    return make


def _in_a_constant(_folder: Path) -> ModelProto:
    return model(node("Constant", "", "c", value=external("/etc/passwd")), node("Add", "x c"))


def _in_a_branch(_folder: Path) -> ModelProto:
    inside = graph(node("Add", "x w", "s"), tensors=[external("/etc/passwd")])
    return model(node("If", "c", then_branch=inside, else_branch=inside), tensors={"c": np.array(True)})


EXTERNAL = [
    Fault("absolute path", "outside", _beside("/etc/passwd")),
    Fault("path upwards", "outside", _beside("../../../../../../etc/passwd")),
    Fault("link to the outside", "outside", _beside("link.bin")),
    Fault("path with a null character", WEIGHT, _beside("weights.bin\0")),
    Fault("empty path", WEIGHT, _beside("")),
    Fault("missing file", "missing", _beside("nowhere.bin")),
    Fault("file too short", WEIGHT, _beside("weights.bin", shape=(8,), length=32)),
    Fault("length other than the shape's", WEIGHT, _beside("weights.bin", length=8)),
    Fault("no length, file too short", WEIGHT, _beside("weights.bin", shape=(8,), length=0)),
    Fault("huge offset", WEIGHT, _beside("weights.bin", offset=2**62)),
    Fault("negative offset", WEIGHT, _beside("weights.bin", offset=-8)),
    Fault("huge length", WEIGHT, _beside("weights.bin", length=2**62)),
    Fault("2 GiB claimed", WEIGHT, _beside("weights.bin", shape=(GIGABYTES,))),
    Fault("outside, in a Constant", "outside", _in_a_constant),
    Fault("outside, in a branch", "outside", _in_a_branch),
]

FAULTS = [*NO_MODELS, *STRUCTURE, *NODES, *SIZES, *CONTRADICTIONS, *TABLES, *EXTERNAL]
