"""What the standard asks of operands and onnx's shape inference does not: mostly one row an operator.

A runtime meets a contradiction when it runs the node. A converted file would run it too, on what lies beyond the end of
a tensor, so it is sought here.
"""

from __future__ import annotations

from collections.abc import Mapping

from converters.errors import MalformedModel
from converters.lowering.contradictions import CONTRADICTIONS
from converters.lowering.node import Node
from converters.lowering.shape_patterns import contradiction

Sizes = dict[str, int]

# Operators whose second operand is a vector of axes or sizes.
BY_VECTOR = ("Expand", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
             "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Reshape", "Split", "Squeeze")  # fmt: skip
# Operator → the shapes of its operands: see `shape_patterns`.
SHAPES: Mapping[str, str] = {
    "AffineGrid": "N 2 3; 4 | N 3 4; 5",
    "Attention": "B A S E; B K T E; B K T V; any; B K P E; B K P V; B | B S A; B T K; B T V; any; B H P E; B H P F; B",
    "BatchNormalization": "N C ...; C; C; C; C",
    "Clip": "...; scalar; scalar",
    "Compress": "...; K",
    "Conv": "N C ...; O I ...; O",
    "ConvInteger": "N C ...; O I ...; 1?; O?",
    "ConvTranspose": "N C ...; C ...",
    "CumSum": "...; 1?",
    "DeformConv": "N C ...; O I ...; N A P Q; O; N M P Q",
    "GRU": "S B I; D 3H I; D 3H H; D 6H; B; D B H",
    "GRU batch first": "B S I; D 3H I; D 3H H; D 6H; B; B D H",
    "GridSample": "N C H W; N P Q 2 | N C D H W; N O P Q 3",
    "InstanceNormalization": "N C ...; C; C",
    "Loop": "1?; 1?",
    "LSTM": "S B I; D 4H I; D 4H H; D 8H; B; D B H; D B H; D 3H",
    "LSTM batch first": "B S I; D 4H I; D 4H H; D 8H; B; B D H; B D H; D 3H",
    "MaxUnpool": "...X; ...X; K",
    "NonMaxSuppression": "B N 4; B C N; 1?; 1?; 1?",
    "OneHot": "...; 1?; 2",
    "QLinearConv": "N C ...; 1?; 1?; O I ...; O?; O?; 1?; 1?; O",
    "Pad": "...; P; 1?; A",
    "RNN": "S B I; D H I; D H H; D 2H; B; D B H",
    "RNN batch first": "B S I; D H I; D H H; D 2H; B; B D H",
    "ReverseSequence": "A B ...; A | A B ...; B",
    "RoiAlign": "N C H W; R 4; R",
    "RotaryEmbedding": "B N S H; P Q; P Q; B S | B N S H; B S Q; B S Q | B S H; P Q; P Q; B S | B S H; B S Q; B S Q",
    **dict.fromkeys(BY_VECTOR, "...; K"),
    "STFT": "B L 1; 1?; W; 1? | B L 2; 1?; W; 1? | B L; 1?; W; 1?",
    "Scatter": "...; ...X; ...X",
    "ScatterElements": "...; ...X; ...X",
    "Slice": "...; K; K; K; K",
    "TensorScatter": "B ...; B ...; B",
    "TopK": "...; 1",
    "Trilu": "...; 1?",
}


def check_operands(node: Node) -> None:
    """Raise `MalformedModel` at the first condition that a node of the standard breaks."""
    if node.domain:
        return
    row = SHAPES.get(f"{node.op} batch first" if node.attribute("layout", 0) else node.op)
    problem = (
        None if row is None else contradiction(row, [None if v is None else v.shape for v in node.inputs], _named(node))
    )
    if problem is None and node.op in CONTRADICTIONS:
        problem = next(CONTRADICTIONS[node.op](node), None)
    if problem:
        raise MalformedModel(node.where, problem, "correct the model's shapes")


def _named(node: Node) -> Sizes:
    """Return the sizes that attributes state."""
    if node.op not in ("GRU", "LSTM", "RNN"):
        return {}
    directions = {"D": 2 if node.attribute("direction", "forward") == "bidirectional" else 1}
    return directions | ({"H": int(node.attribute("hidden_size"))} if "hidden_size" in node.attributes else {})
