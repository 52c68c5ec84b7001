"""Models whose parts are sound by themselves and disagree, and models that ask for constants of any size.

onnxruntime refuses nearly all of the first, at the latest when it runs; only a limit keeps the others in memory.
Every row is `name, node, shapes of the inputs, constants, opset`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto

from tests.converters.corpus.faults import NODE, Fault, row
from tests.converters.corpus.models import model, node

F = np.float32
Row = tuple[str, NodeProto, dict[str, list[int]], dict[str, Any], int]


def ints(*entries: int) -> np.ndarray:
    return np.array(entries, np.int64)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, F)


def one(entry: float) -> np.ndarray:
    return np.array(entry, F if isinstance(entry, float) else np.int64)


NONE = np.array([], F)
X, IMAGE, WIDE, SOUND = {"x": [4, 4]}, {"x": [1, 4, 6, 6]}, {"x": [2**14, 2**14]}, {"x": [1, 2**24, 1]}
STEPS = {"x": [5, 1, 3]}
LSTM = {"w": ones(1, 8, 3), "r": ones(1, 8, 2)}
BOXES = {"b": ones(1, 6, 4), "s": ones(1, 1, 6), "m": ints(2)}

DISAGREEING: list[Row] = [
    # indices
    ("Gather beyond the end", node("Gather", "x w"), X, {"w": ints(0, 4)}, 17),
    ("Gather before the front", node("Gather", "x w"), X, {"w": ints(-5)}, 17),
    ("GatherElements beyond the end", node("GatherElements", "x w"), X, {"w": ints(9, 9).reshape(1, 2)}, 17),
    ("GatherElements wider than its data", node("GatherElements", "x w"), X, {"w": np.zeros((1, 5), np.int64)}, 17),
    ("GatherND beyond the end", node("GatherND", "x w"), X, {"w": ints(0, 4).reshape(1, 2)}, 17),
    ("GatherND of too many coordinates", node("GatherND", "x w"), X, {"w": ints(0, 0, 0).reshape(1, 3)}, 17),
    ("GatherND of batches that differ", node("GatherND", "x w", batch_dims=1), X, {"w": ints(0, 1).reshape(2, 1)}, 17),
    ("GatherND of fewer than no batches", node("GatherND", "x w", batch_dims=-2), X, {"w": ints(0, 1).reshape(2, 1)}, 17),
    ("ScatterElements beyond the end", node("ScatterElements", "x w u"), X,
     {"w": ints(7).reshape(1, 1), "u": ones(1, 1)}, 17),
    ("ScatterElements to one place twice", node("ScatterElements", "x w u"), X,
     {"w": ints(1, -3).reshape(2, 1), "u": ones(2, 1)}, 17),
    ("ScatterElements of other updates", node("ScatterElements", "x w u"), X,
     {"w": ints(1).reshape(1, 1), "u": ones(1, 2)}, 17),
    ("GatherElements of constants beyond the end", node("GatherElements", "c w"), {},
     {"c": ones(2, 2), "w": ints(2).reshape(1, 1)}, 17),
    ("ScatterND beyond the end", node("ScatterND", "x w u"), X, {"w": ints(4).reshape(1, 1), "u": ones(1, 4)}, 17),
    ("ScatterND of other updates", node("ScatterND", "x w u"), X, {"w": ints(0).reshape(1, 1), "u": ones(1, 3)}, 17),
    ("MaxUnpool beyond the end", node("MaxUnpool", "x w", kernel_shape=[2]), {"x": [1, 1, 2]},
     {"w": ints(0, 99).reshape(1, 1, 2)}, 17),
    ("MaxUnpool before the front", node("MaxUnpool", "x w", kernel_shape=[2]), {"x": [1, 1, 2]},
     {"w": ints(0, -1).reshape(1, 1, 2)}, 17),
    ("MaxUnpool of other indices", node("MaxUnpool", "x w", kernel_shape=[2]), {"x": [1, 1, 2]},
     {"w": ints(0).reshape(1, 1, 1)}, 17),
    ("MaxUnpool to less than there is", node("MaxUnpool", "x w s", kernel_shape=[2], strides=[2]), {"x": [1, 1, 2]},
     {"w": ints(0, 1).reshape(1, 1, 2), "s": ints(1, 1, 3)}, 17),
    ("TensorScatter beyond the end", node("TensorScatter", "x u w"), {"x": [1, 1, 4, 2]},
     {"u": ones(1, 1, 2, 2), "w": ints(3)}, 24),
    ("RotaryEmbedding of a position without angles", node("RotaryEmbedding", "x c c w"), {"x": [1, 2, 1, 4]},
     {"c": ones(5, 2), "w": ints(5).reshape(1, 1)}, 23),
    ("RotaryEmbedding of too many angles", node("RotaryEmbedding", "x c c w"), {"x": [1, 2, 1, 4]},
     {"c": ones(5, 3), "w": ints(0).reshape(1, 1)}, 23),
    ("ReverseSequence of a length beyond the end", node("ReverseSequence", "x w"), X, {"w": ints(1, 2, 3, 5)}, 17),
    ("ReverseSequence of too few lengths", node("ReverseSequence", "x w"), X, {"w": ints(1, 2, 3)}, 17),
    ("CumSum along an axis that is not there", node("CumSum", "x w"), X, {"w": one(2)}, 17),
    ("CumSum of constants along such an axis", node("CumSum", "w a"), X, {"w": ones(2, 2), "a": one(-3)}, 17),
    # sizes
    ("Einsum of sizes that differ", node("Einsum", "x w", equation="ij,jk->ik"), X, {"w": ones(3, 2)}, 17),
    ("Einsum of a size that is broadcast", node("Einsum", "x w", equation="ij,jk->ik"), X, {"w": ones(1, 2)}, 17),
    ("Split into less than there is", node("Split", "x w", "y z"), X, {"w": ints(1, 2)}, 17),
    ("Split into more pieces than entries", node("Split", "x", "y a b c d", num_outputs=5), X, {}, 18),
    ("Slice of other axes than starts", node("Slice", "x w w a"), X, {"w": ints(0, 1), "a": ints(0)}, 17),
    ("Slice by numbers that are no vectors", node("Slice", "x w e"), X, {"w": one(0), "e": one(1)}, 17),
    ("Reshape to nothing", node("Reshape", "x w", allowzero=1), X, {"w": ints(0, 4)}, 17),
    ("Reshape by a number", node("Reshape", "x w"), X, {"w": one(-1)}, 17),
    ("Squeeze by a number", node("Squeeze", "x w"), {"x": [1, 4]}, {"w": one(0)}, 17),
    ("ReduceSum by a number", node("ReduceSum", "x w"), X, {"w": one(0)}, 17),
    ("Transpose of fewer axes", node("Transpose", "x", perm=[1, 0]), {"x": [1, 2, 3]}, {}, 17),
    ("Pad that mirrors more than there is", node("Pad", "x w", mode="reflect"), X, {"w": ints(0, 0, 0, 4)}, 17),
    ("Compress by more than there is", node("Compress", "x w", axis=0), X, {"w": np.ones(5, bool)}, 17),
    ("Compress by a matrix", node("Compress", "x w", axis=0), X, {"w": np.ones((2, 2), bool)}, 17),
    ("OneHot of three values", node("OneHot", "w d v"), {}, {"w": ints(0), "d": one(3), "v": ones(3)}, 17),
    ("TopK of a number", node("TopK", "x w", "y z"), X, {"w": one(2)}, 17),
    ("Clip to a vector", node("Clip", "x w"), X, {"w": ones(4)}, 17),
    ("DepthToSpace of too few channels", node("DepthToSpace", "x", blocksize=3), IMAGE, {}, 17),
    ("SpaceToDepth of other blocks", node("SpaceToDepth", "x", blocksize=4), IMAGE, {}, 17),
    ("BatchNormalization of fewer channels", node("BatchNormalization", "x w w w w"), IMAGE, {"w": ones(1)}, 17),
    ("InstanceNormalization of fewer channels", node("InstanceNormalization", "x w w"), IMAGE, {"w": ones(1)}, 17),
    ("LayerNormalization by more than there is", node("LayerNormalization", "x w"), {"x": [1, 4]}, {"w": ones(4, 4)}, 17),
    ("PRelu of more slopes", node("PRelu", "x w"), {"x": [1, 4]}, {"w": ones(4, 4)}, 17),
    ("Conv of another kernel_shape", node("Conv", "x w", kernel_shape=[2, 2]), IMAGE, {"w": ones(1, 4, 3, 3)}, 17),
    ("Conv of fewer biases", node("Conv", "x w b"), IMAGE, {"w": ones(2, 4, 3, 3), "b": ones(1)}, 17),
    ("ConvTranspose of other channels", node("ConvTranspose", "x w"), IMAGE, {"w": ones(3, 1, 3, 3)}, 17),
    ("ConvTranspose that adds a whole step", node("ConvTranspose", "x w", output_padding=[1, 1]), IMAGE,
     {"w": ones(4, 1, 3, 3)}, 17),
    ("ConvTranspose to more than its steps reach", node("ConvTranspose", "x w", output_shape=[9, 9]), IMAGE,
     {"w": ones(4, 1, 3, 3)}, 17),
    ("Gemm that adds more than a matrix", node("Gemm", "x w c"), X, {"w": ones(4, 2), "c": ones(1, 1, 2)}, 17),
    ("MaxPool of negative pads", node("MaxPool", "x", kernel_shape=[2, 2], pads=[-1, 0, 0, 0]), IMAGE, {}, 17),
    ("AveragePool of padding alone", node("AveragePool", "x", kernel_shape=[2, 2], pads=[2, 0, 0, 0]), IMAGE, {}, 17),
    ("LSTM of other weights", node("LSTM", "x w r", "y", hidden_size=3), STEPS, LSTM, 17),
    ("LSTM of one direction where two are stated", node("LSTM", "x w r", "y", hidden_size=2, direction="bidirectional"),
     STEPS, LSTM, 17),
    ("LSTM of too long a sequence", node("LSTM", "x w r b l", "y", hidden_size=2), STEPS,
     LSTM | {"b": ones(1, 16), "l": np.array([6], np.int32)}, 17),
    ("QuantizeLinear of too few scales", node("QuantizeLinear", "x w z"), X, {"w": ones(3), "z": np.zeros(3, np.int8)}, 17),
    ("QuantizeLinear of another zero point", node("QuantizeLinear", "x w z"), X, {"w": ones(4), "z": np.zeros(1, np.int8)}, 17),
    ("NonMaxSuppression of fewer boxes", node("NonMaxSuppression", "b s m"), {}, BOXES | {"s": ones(1, 1, 5)}, 17),
    ("GridSample of other coordinates", node("GridSample", "x w"), IMAGE, {"w": ones(1, 2, 2, 3)}, 17),
    ("AffineGrid of another batch", node("AffineGrid", "x w"), {"x": [2, 2, 3]}, {"w": ints(3, 1, 2, 2)}, 20),
    ("Col2Im of too few blocks", node("Col2Im", "x w b"), {"x": [1, 4, 3]}, {"w": ints(4, 4), "b": ints(2, 2)}, 18),
    ("STFT that does not advance", node("STFT", "x w e l"), {"x": [1, 16, 1]}, {"w": one(0), "e": ones(4), "l": one(4)}, 17),
    ("DFT of three components", node("DFT", "x"), {"x": [1, 8, 3]}, {}, 17),
    ("Resize by nothing", node("Resize", "x e e w"), IMAGE, {"e": NONE, "w": ints(1, 4, 0, 6)}, 17),
    ("Attention with a vector as mask", node("Attention", "x x x w"), {"x": [1, 1, 4, 2]}, {"w": ones(4)}, 23),
    ("Attention of heads that do not divide", node("Attention", "x w w"), {"x": [1, 3, 4, 2]}, {"w": ones(1, 2, 4, 2)}, 23),
    # numbers
    ("ReduceSum that keeps twice", node("ReduceSum", "x", keepdims=2), X, {}, 17),
    ("whole numbers divided by zero", node("Div", "w z"), {}, {"w": ints(1), "z": ints(0)}, 17),
    ("Mod of real numbers as if whole", node("Mod", "x w"), X, {"w": ones(1)}, 17),
    ("LRN over fewer than no channels", node("LRN", "x", size=-1), IMAGE, {}, 17),
    ("LpPool by no norm", node("LpPool", "x", p=0, kernel_shape=[2, 2]), IMAGE, {}, 17),
    ("LpNormalization by a third norm", node("LpNormalization", "x", p=3), X, {}, 17),
]  # fmt: skip

GROWING: list[Row] = [
    ("DFT of 32,768 points", node("DFT", "x", axis=1), {"x": [1, 2**15, 1]}, {}, 17),
    ("DFT padded to a million points", node("DFT", "x w", axis=1), {"x": [1, 8, 1]}, {"w": one(2**20)}, 17),
    ("STFT of 17 million frames", node("STFT", "x a w"), SOUND, {"a": one(1), "w": ones(2**10)}, 17),
    *((f"{name}Window of 2^33", node(f"{name}Window", "w"), {}, {"w": one(2**33)}, 17)
      for name in ("Blackman", "Hamming", "Hann")),
    ("HannWindow of 2^25", node("HannWindow", "w"), {}, {"w": one(2**25)}, 17),
    ("MelWeightMatrix of 32 GiB", node("MelWeightMatrix", "a b c d e"), {},
     {"a": one(2**14), "b": one(2**20), "c": one(8000), "d": one(0.0), "e": one(4000.0)}, 17),
    ("Trilu of 256 MiB", node("Trilu", "x"), WIDE, {}, 17),
    ("EyeLike of an input of 1 GiB", node("EyeLike", "x"), WIDE, {}, 17),
    ("Hardmax over 2^27", node("Hardmax", "x"), {"x": [2**27]}, {}, 17),
    ("Resize by a matrix of 2^27", node("Resize", "x e w", mode="cubic"), {"x": [1, 1, 2**13, 2]},
     {"e": NONE, "w": np.array([1, 1, 2, 1], F)}, 17),
    ("Resize of a constant to 1 GiB", node("Resize", "c e w"), {},
     {"c": ones(1, 1, 2, 2), "e": NONE, "w": np.array([1, 1, 2**13, 2**13], F)}, 17),
    ("Upsample of a constant to 1 GiB", node("Upsample", "c w"), {},
     {"c": ones(1, 1, 2, 2), "w": np.array([1, 1, 2**13, 2**13], F)}, 9),
    ("MaxPool with indices of 2^36", node("MaxPool", "x", "y z", kernel_shape=[64, 64]), {"x": [1, 1, 2**12, 2**12]}, {}, 17),
    ("Pad with the edge to 2^27", node("Pad", "x w", mode="edge"), {"x": [4]}, {"w": ints(0, 2**27)}, 17),
    ("ReverseSequence of 2^27", node("ReverseSequence", "x w"), {"x": [2**20, 2**7]}, {"w": np.ones(2**7, np.int64)}, 17),
    ("RoiAlign of 10^12 points", node("RoiAlign", "x r b", output_height=1000, output_width=1000, sampling_ratio=1000),
     IMAGE, {"r": ones(1, 4), "b": ints(0)}, 17),
    ("ConvTranspose of a filter of 2^34", node("ConvTranspose", "x w", dilations=[60000, 60000]), IMAGE,
     {"w": ones(4, 1, 3, 3)}, 17),
    ("LSTM of 2^27 sequences", node("LSTM", "x w r", hidden_size=2), {"x": [1, 2**26, 3]}, LSTM, 17),
    ("Einsum of constants to 1 GiB", node("Einsum", "w w", equation="i,j->ij"), {}, {"w": ones(2**14)}, 17),
    ("Where of constants to 1 GiB", node("Where", "c a b"), {},
     {"c": np.ones((2**14, 1), bool), "a": ones(1, 2**14), "b": ones(1)}, 17),
    ("CenterCropPad of a constant to 1 GiB", node("CenterCropPad", "w s"), {}, {"w": ones(2, 2), "s": ints(2**14, 2**14)}, 18),
    ("Attention of constants through 1 GiB", node("Attention", "w w w"), {}, {"w": ones(1, 1, 2**14, 1)}, 23),
    ("Range of real numbers over 4 GB", node("Range", "a b c"), {}, {"a": one(0.0), "b": one(1.0), "c": one(1e-9)}, 17),
]  # fmt: skip


def _fault(name: str, op: NodeProto, inputs: dict[str, list[int]], tensors: dict[str, Any], opset: int) -> Fault:
    made: ModelProto = model(op, inputs=inputs, tensors=tensors, opset=opset)
    return row(name, NODE, made)


DISAGREEMENTS = [_fault(*entry) for entry in (*DISAGREEING, *GROWING)]
