"""Which inputs and outputs are images whose channels come second, so that a layout can put them last.

Those with 4 or 5 axes that an operator on images (a row of `CHANNELS_SECOND`) reads or makes, directly or through
operators that leave axes where they are (`KEEPING`). So what a model transposes itself, a table or a state keeps its
axes. Only the main graph is looked at, not what is inside loops and branches.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from converters.errors import ConversionError
from converters.layouts import LAYOUTS
from converters.lowering.operators.elementwise import BINARY, UNARY, WITH_ATTRIBUTES

RANKS = (4, 5)

# Of each the first input and the first output are images.
CHANNELS_SECOND = {
    "AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose", "DepthToSpace", "GlobalAveragePool",
    "GlobalLpPool", "GlobalMaxPool", "GridSample", "GroupNormalization", "InstanceNormalization", "LRN", "LpPool",
    "MaxPool", "MaxRoiPool", "MaxUnpool", "QLinearAveragePool", "QLinearConv", "QLinearGlobalAveragePool", "RoiAlign",
    "SpaceToDepth",
}  # fmt: skip
KEEPING = {
    *UNARY, *BINARY, *WITH_ATTRIBUTES, "Cast", "CastLike", "Clip", "Concat", "DequantizeLinear", "Dropout", "Gelu",
    "LogSoftmax", "LpNormalization", "Mean", "Mod", "PRelu", "Pad", "Pow", "QLinearAdd", "QLinearConcat",
    "QLinearLeakyRelu", "QLinearMul", "QLinearSigmoid", "QuantizeLinear", "Resize", "Slice", "Softmax", "Split", "Tile",
    "Upsample", "Where",
}  # fmt: skip
REDUCING = {  # these keep axes too, unless told to drop what they reduce
    "ArgMax", "ArgMin", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
}  # fmt: skip


def channels_last(rank: int) -> list[int]:
    """Return the order of axes that puts the second one last.

    >>> channels_last(4)
    [0, 2, 3, 1]
    """
    return [0, *range(2, rank), 1]


def public_images(graph: ir.Graph, layout: str) -> frozenset[str]:
    """Return the names of the inputs and outputs that `layout` puts channels last.

    Raises `ConversionError` for a layout that does not exist, or that would change nothing.
    """
    if layout not in LAYOUTS:
        raise ConversionError("layout", f"there is no {layout!r}", f"choose one of {', '.join(LAYOUTS)}")
    if layout == "keep":
        return frozenset()
    images = _images(graph)
    public = [value for value in (*graph.inputs, *graph.outputs) if value.shape is None or len(value.shape) in RANKS]
    names = frozenset(value.name or "" for value in public if value in images)
    if not names:
        why = "no input or output is an image whose channels come second, so nhwc would change nothing"
        raise ConversionError("layout", why, "choose keep")
    return names


def _images(graph: ir.Graph) -> set[ir.Value]:
    """Return what operators on images read and make, and what lies like it, whatever its rank."""
    users = [node for node in graph if node.op_type in CHANNELS_SECOND]
    pending = [value for node in users for value in (*node.inputs[:1], *node.outputs[:1])]
    found: set[ir.Value] = set()
    while pending:
        value = pending.pop()
        if value is not None and value not in found and not _is_constant(value):
            found.add(value)
            pending += [other for node in _users(value) for other in (*node.inputs, *node.outputs)]
    return found


def _users(value: ir.Value) -> Iterator[ir.Node]:
    """Yield the nodes that read or make a value and leave its axes where they are."""
    for node in (value.producer(), *value.consumers()):
        if node is not None and (node.op_type in KEEPING or (node.op_type in REDUCING and _keeps_dims(node))):
            yield node


def _keeps_dims(node: ir.Node) -> bool:
    keepdims = node.attributes.get("keepdims")
    return keepdims is None or bool(keepdims.value)


def _is_constant(value: ir.Value) -> bool:
    """Tell whether a value may serve nodes that have nothing to do with each other."""
    maker = value.producer()
    return value.is_initializer() or (maker is not None and not any(maker.inputs))
