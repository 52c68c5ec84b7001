"""The table: one row for each kind of edge operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from converters.edge_graph import Array, Op
from converters.errors import Refusal
from converters.tfjs.nodes import Nodes, operand
from converters.tfjs.operators import arithmetic, bits, moving, products

Emit = Callable[[Nodes, Op], str]


def row(name: str, **attributes: str) -> Emit:
    """Return the emitter of an operator with the same operands; `attributes` map its names to the edge graph's."""

    def emit(w: Nodes, op: Op) -> str:
        return w.add(name, w.operands(op), **{key: op.attributes[field] for key, field in attributes.items()})

    return emit


# Activations that follow an operator, and the kinds that apply some of them by themselves.
ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")
FUSING = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}

TABLE: Mapping[str, Emit] = {
    "ABS": arithmetic.absolute,
    "ADD": row("AddV2"),
    "ARG_MAX": row("ArgMax"),
    "ARG_MIN": row("ArgMin"),
    "ATAN2": row("Atan2"),
    "AVERAGE_POOL_2D": products.pool("AvgPool"),
    "BATCH_MATMUL": products.batch_matmul,
    "BITWISE_XOR": bits.bitwise_xor,
    "BROADCAST_TO": row("BroadcastTo"),
    "CAST": arithmetic.cast,
    "CEIL": row("Ceil"),
    "CONCATENATION": moving.concat,
    "CONV_2D": products.conv_2d,
    "CONV_3D": products.conv_3d,
    "CONV_3D_TRANSPOSE": products.conv_3d_transpose,
    "COS": row("Cos"),
    "CUMSUM": row("Cumsum", exclusive="exclusive", reverse="reverse"),
    "DEPTHWISE_CONV_2D": products.depthwise_conv_2d,
    "DEPTH_TO_SPACE": moving.depth_to_space,
    "DIV": arithmetic.divide,
    "ELU": row("Elu"),
    "EQUAL": row("Equal"),
    "EXP": row("Exp"),
    "FLOOR": row("Floor"),
    "FLOOR_DIV": arithmetic.floor_divide,
    "FLOOR_MOD": row("FloorMod"),
    "FULLY_CONNECTED": products.fully_connected,
    "GATHER": moving.gather,
    "GATHER_ND": row("GatherNd"),
    "GELU": arithmetic.gelu,
    "GREATER": row("Greater"),
    "GREATER_EQUAL": row("GreaterEqual"),
    "HARD_SWISH": arithmetic.hard_swish,
    "LEAKY_RELU": row("LeakyRelu", alpha="alpha"),
    "LESS": row("Less"),
    "LESS_EQUAL": row("LessEqual"),
    "LOCAL_RESPONSE_NORMALIZATION": row("LRN", depth_radius="radius", bias="bias", alpha="alpha", beta="beta"),
    "LOG": row("Log"),
    "LOGICAL_AND": row("LogicalAnd"),
    "LOGICAL_NOT": row("LogicalNot"),
    "LOGICAL_OR": row("LogicalOr"),
    "LOGISTIC": row("Sigmoid"),
    "LOG_SOFTMAX": row("LogSoftmax"),
    "MAXIMUM": row("Maximum"),
    "MAX_POOL_2D": products.pool("MaxPool"),
    "MEAN": row("Mean", keep_dims="keep_dims"),
    "MINIMUM": row("Minimum"),
    "MIRROR_PAD": row("MirrorPad", mode="mode"),
    "MUL": row("Mul"),
    "NEG": arithmetic.negate,
    "NON_MAX_SUPPRESSION_V4": moving.non_max_suppression,
    "NOT_EQUAL": row("NotEqual"),
    "PAD": moving.pad,
    "PADV2": moving.pad,
    "POW": row("Pow"),
    "PRELU": arithmetic.prelu,
    "RANGE": moving.range_,
    "REDUCE_ALL": row("All", keep_dims="keep_dims"),
    "REDUCE_ANY": row("Any", keep_dims="keep_dims"),
    "REDUCE_MAX": row("Max", keep_dims="keep_dims"),
    "REDUCE_MIN": row("Min", keep_dims="keep_dims"),
    "REDUCE_PROD": row("Prod", keep_dims="keep_dims"),
    **dict.fromkeys(ACTIVATIONS, arithmetic.activation),
    "RESHAPE": row("Reshape"),
    "RESIZE_BILINEAR": row("ResizeBilinear", align_corners="align_corners", half_pixel_centers="half_pixel_centers"),
    "RESIZE_NEAREST_NEIGHBOR": row(
        "ResizeNearestNeighbor", align_corners="align_corners", half_pixel_centers="half_pixel_centers"
    ),
    "REVERSE_V2": row("ReverseV2"),
    "RIGHT_SHIFT": bits.right_shift,
    "ROUND": row("Round"),
    "RSQRT": row("Rsqrt"),
    "SCATTER_ND": row("ScatterNd"),
    "SELECT_V2": row("SelectV2"),
    "SHAPE": row("Shape"),
    "SIGN": row("Sign"),
    "SIN": row("Sin"),
    "SLICE": row("Slice"),
    "SOFTMAX": row("Softmax"),
    "SPACE_TO_DEPTH": moving.space_to_depth,
    "SPLIT_V": row("SplitV"),
    "SQRT": row("Sqrt"),
    "SQUARE": row("Square"),
    "STABLEHLO_AND": bits.bitwise_and,
    "STRIDED_SLICE": moving.strided_slice,
    "SUB": row("Sub"),
    "SUM": row("Sum", keep_dims="keep_dims"),
    "TANH": row("Tanh"),
    "TILE": row("Tile"),
    "TOPK_V2": row("TopKV2"),
    "TRANSPOSE": row("Transpose"),
    "TRANSPOSE_CONV": products.transpose_conv,
    "WHERE": row("Where"),
}

# What an operator gives whose operand has no entries: the wasm kernels return whatever lies in memory.
EMPTY: Mapping[str, float] = {
    "SUM": 0,
    "REDUCE_PROD": 1,
    "REDUCE_MAX": -np.inf,
    "REDUCE_MIN": np.inf,
    "REDUCE_ANY": False,
    "REDUCE_ALL": True,
    "MEAN": np.nan,
    "BATCH_MATMUL": 0,
}


def emit(w: Nodes, op: Op) -> None:
    """Write one operator, and say which nodes stand for its results.

    Raises `Refusal` for what TF.js cannot express.
    """
    if op.kind not in TABLE:
        raise Refusal(op.kind, op.where, "TF.js has no counterpart", "use a model without this operator")
    name = w.constant(_of_nothing(op)) if _reads_nothing(op) else TABLE[op.kind](w, op)
    activation = op.attributes.get("fused_activation_function")
    if activation in ACTIVATIONS and not (op.kind in FUSING and activation in products.FUSED):
        name = arithmetic.activate(w, activation, name)
    for i, tensor in enumerate(op.outputs):
        w.bind(tensor, f"{name}:{i}" if i else name)


def _reads_nothing(op: Op) -> bool:
    return op.kind in EMPTY and 0 in operand(op, 0).shape and None not in op.outputs[0].shape


def _of_nothing(op: Op) -> Array:
    result = op.outputs[0]
    value = EMPTY[op.kind]
    if result.dtype.kind in "iu" and np.isinf(value):
        limits = np.iinfo(result.dtype)
        value = limits.max if value > 0 else limits.min
    return np.full([size or 0 for size in result.shape], value, result.dtype)
