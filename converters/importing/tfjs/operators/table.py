"""The table: one row for each operator of TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from converters.importing.tfjs.node import Node, Read
from converters.importing.tfjs.operators import arithmetic, boxes, moving, products, slicing


def row(op: str, **attributes: str) -> Read:
    """Return the reading of an operator with the same operands; `attributes` map ONNX's names to TensorFlow's."""

    def read(node: Node) -> ir.Value:
        options = {ours: node.attributes[theirs] for ours, theirs in attributes.items() if theirs in node.attributes}
        return node.net.add(op, [*node.inputs], **options)

    return read


def same(node: Node) -> list[ir.Value]:
    """Pass the operands on."""
    return [*node.inputs]


# Operators that are called the same in ONNX.
SAME_NAME = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Elu", "Equal", "Erf", "Exp",
    "Floor", "Greater", "Less", "Log", "Mul", "Neg", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign",
    "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Tan", "Tanh",
)  # fmt: skip

TABLE: Mapping[str, Read] = {
    **{name: row(name) for name in SAME_NAME},
    **dict.fromkeys(("Identity", "IdentityN", "Snapshot", "StopGradient", "PreventGradient", "CheckNumerics"), same),
    "Add": row("Add"),
    "AddN": row("Sum"),
    "AddV2": row("Add"),
    "All": products.logical("ReduceMin"),
    "Any": products.logical("ReduceMax"),
    "ArgMax": products.arg("ArgMax"),
    "ArgMin": products.arg("ArgMin"),
    "Atan2": arithmetic.atan2,
    "AvgPool": products.pool("AveragePool"),
    "AvgPool3D": products.pool("AveragePool"),
    "BatchMatMul": products.batch_matmul,
    "BatchMatMulV2": products.batch_matmul,
    "BatchToSpaceND": slicing.batch_to_space,
    "BiasAdd": arithmetic.bias_add,
    "BroadcastTo": moving.broadcast,
    "Cast": arithmetic.cast,
    "ClipByValue": arithmetic.clip,
    "Concat": moving.concat(0),
    "ConcatV2": moving.concat(-1),
    "Conv2D": products.convolution,
    "Conv2DBackpropInput": products.transposed,
    "Conv3D": products.convolution,
    "Cumsum": products.cumsum,
    "DepthToSpace": moving.depth_to_space,
    "DepthwiseConv2d": products.depthwise,
    "DepthwiseConv2dNative": products.depthwise,
    "Div": arithmetic.divide,
    "Einsum": products.einsum,
    "ExpandDims": moving.expand_dims,
    "Expm1": arithmetic.expm1,
    "Fill": moving.fill,
    "FloorDiv": arithmetic.floor_divide,
    "FloorMod": arithmetic.floor_modulo,
    "FusedBatchNorm": products.batch_norm,
    "FusedBatchNormV2": products.batch_norm,
    "FusedBatchNormV3": products.batch_norm,
    "FusedDepthwiseConv2dNative": products.depthwise,
    "Gather": moving.gather,
    "GatherNd": moving.gather_nd,
    "GatherV2": moving.gather,
    "GreaterEqual": row("GreaterOrEqual"),
    "Inv": row("Reciprocal"),
    "IsNan": row("IsNaN"),
    "LRN": products.local_response,
    "LeakyRelu": row("LeakyRelu", alpha="alpha"),
    "LessEqual": row("LessOrEqual"),
    "Log1p": arithmetic.log1p,
    "LogSoftmax": row("LogSoftmax"),
    "LogicalAnd": row("And"),
    "LogicalNot": row("Not"),
    "LogicalOr": row("Or"),
    "LogicalXor": row("Xor"),
    "MatMul": products.matmul,
    "Max": products.reduction("ReduceMax"),
    "MaxPool": products.pool("MaxPool"),
    "MaxPool3D": products.pool("MaxPool"),
    "Maximum": row("Max"),
    "Mean": products.reduction("ReduceMean"),
    "Min": products.reduction("ReduceMin"),
    "Minimum": row("Min"),
    "MirrorPad": moving.mirror_pad,
    "Mod": arithmetic.floor_modulo,
    "NonMaxSuppressionV2": boxes.suppress,
    "NonMaxSuppressionV3": boxes.suppress,
    "NonMaxSuppressionV4": boxes.suppress_padded,
    "NonMaxSuppressionV5": boxes.suppress_scored,
    "NotEqual": arithmetic.not_equal,
    "OneHot": moving.one_hot,
    "OnesLike": arithmetic.filled_like(1),
    "Pack": moving.pack,
    "Pad": moving.pad,
    "PadV2": moving.pad,
    "Prelu": row("PRelu"),
    "Prod": products.reduction("ReduceProd"),
    "Range": moving.range_,
    "Rank": moving.rank,
    "RealDiv": arithmetic.divide,
    "Relu6": arithmetic.relu6,
    "Reshape": moving.reshape,
    "ResizeBilinear": products.resize("linear"),
    "ResizeNearestNeighbor": products.resize("nearest"),
    "ReverseV2": slicing.reverse,
    "Rint": row("Round"),
    "Rsqrt": arithmetic.reciprocal_root,
    "ScatterNd": moving.scatter_nd,
    "Select": moving.select,
    "SelectV2": moving.select,
    "Shape": moving.shape,
    "Size": moving.size,
    "Slice": slicing.slice_,
    "Softmax": row("Softmax"),
    "SpaceToBatchND": slicing.space_to_batch,
    "SpaceToDepth": moving.space_to_depth,
    "Split": slicing.split,
    "SplitV": slicing.split_v,
    "Square": arithmetic.square,
    "SquaredDifference": arithmetic.squared_difference,
    "Squeeze": moving.squeeze,
    "StridedSlice": slicing.strided_slice,
    "Sum": products.reduction("ReduceSum"),
    "Tile": moving.tile,
    "TopKV2": products.top_k,
    "Transpose": moving.transpose,
    "Unpack": slicing.unpack,
    "Where": moving.where,
    "ZerosLike": arithmetic.filled_like(0),
    "_FusedConv2D": products.convolution,
    "_FusedMatMul": products.matmul,
}
