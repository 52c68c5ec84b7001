"""Reductions over axes, and what divides by them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from converters.importing.tflite.held import Laid
from converters.importing.tflite.node import Node, imports, moved

REDUCTIONS: Mapping[str, str] = {
    "MEAN": "ReduceMean",
    "SUM": "ReduceSum",
    "REDUCE_MAX": "ReduceMax",
    "REDUCE_MIN": "ReduceMin",
    "REDUCE_PROD": "ReduceProd",
}
SMALLEST_NORM = 1e-6  # by which L2_NORMALIZATION divides at least


@imports(*REDUCTIONS)
def reduce(node: Node) -> Laid:
    """Reduce the axes that a constant names."""
    return _reduced(node, REDUCTIONS[node.op.kind], None)


@imports("REDUCE_ANY", "REDUCE_ALL")
def reduce_conditions(node: Node) -> Laid:
    """Tell whether any is true, or all are: the largest or the smallest of 0 and 1."""
    kind = "ReduceMax" if node.op.kind == "REDUCE_ANY" else "ReduceMin"
    return _reduced(node, kind, np.int32)


def _reduced(node: Node, kind: str, dtype: type[np.generic] | None) -> Laid:
    rank, keep = len(node.shape(0)), bool(node.attribute("keep_dims"))
    axes = sorted({node.axis(axis, rank) for axis in node.ints(1, "axes")})
    second = node.operand(0).prefers_second and (keep or not _reorders(axes, rank))
    b, x = node.builder, node.operand(0).real(second=second)
    if dtype is not None:
        x = b.cast(x, dtype)
    y = b.op(kind, x, b.constant(moved(axes, rank, second=second)), keepdims=int(keep), noop_with_empty_axes=1)
    y = y if dtype is None else b.cast(y, np.bool_)
    return Laid(y, second and keep)


def _reorders(axes: list[int], rank: int) -> bool:
    """Tell whether dropping the axes leaves the channels before others, when they come second."""
    return rank - 1 not in axes and len(set(range(1, rank - 1)) - set(axes)) > 0


@imports("ARG_MAX", "ARG_MIN")
def argument(node: Node) -> ir.Value:
    """Return where along an axis the largest or smallest entry is, the first of equal ones."""
    kind = "ArgMax" if node.op.kind == "ARG_MAX" else "ArgMin"
    axis = node.axis(node.ints(1, "axis")[0], len(node.shape(0)))
    return node.builder.cast(node.builder.op(kind, node.x, axis=axis, keepdims=0), node.op.outputs[0].dtype)


@imports("SOFTMAX")
def softmax(node: Node) -> Laid:
    """Normalise exp(beta · x) over the last axis."""
    beta = float(node.attribute("beta", 1.0))
    return _along_channels(node, "Softmax", beta)


@imports("LOG_SOFTMAX")
def log_softmax(node: Node) -> Laid:
    """Normalise over the last axis."""
    return _along_channels(node, "LogSoftmax", 1.0)


def _along_channels(node: Node, kind: str, beta: float) -> Laid:
    second, b = node.operand(0).prefers_second, node.builder
    x = node.operand(0).real(second=second)
    x = x if beta == 1 else b.op("Mul", x, b.constant(beta))
    [axis] = moved([-1], len(node.shape(0)), second=second)
    return Laid(b.op(kind, x, axis=axis), second)


@imports("L2_NORMALIZATION")
def l2_normalization(node: Node) -> Laid:
    """Divide by the norm over the last axis, which counts as 1e-6 at least."""
    second, b = node.operand(0).prefers_second, node.builder
    x = node.operand(0).real(second=second)
    axes = b.constant(moved([-1], len(node.shape(0)), second=second))
    norm = b.op("Max", b.op("ReduceL2", x, axes, keepdims=1), b.constant(SMALLEST_NORM))
    return Laid(b.op("Div", x, norm), second)


@imports("CUMSUM")
def cumulated(node: Node) -> ir.Value:
    """Sum what comes before along an axis, with the entry itself or without, from either end."""
    options = {name: int(bool(node.attribute(name))) for name in ("exclusive", "reverse")}
    return node.builder.op("CumSum", node.x, node[1], **options)
