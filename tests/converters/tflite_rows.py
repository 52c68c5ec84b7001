"""Operators of TFLite that our own exporter does not write, or not so: a row is a name and what makes the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tests.converters.tflite_files import constant, one_op, renamed, tensor

IMAGE = [1, 6, 5, 4]
# Options of the operator that selects boxes.
POST = {"y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0, "max_detections": 10,
        "max_classes_per_detection": 1, "num_classes": 5,
        "nms_score_threshold": 0.3, "nms_iou_threshold": 0.5}  # fmt: skip


def floats(*shape: int) -> np.ndarray:
    """Random numbers, the same ones for each shape."""
    return np.random.default_rng(shape).normal(0, 0.5, shape).astype(np.float32)


def ints(*values: int):
    return constant(list(values), "int32")


def scalar(value: int):
    return constant(value, "int32")


def unary(kind: str, shape: list[int] = IMAGE, **options):
    return lambda: one_op(kind, [tensor(shape)], [tensor(shape)], **options)


def binary(kind: str, dtype: str = "float32", other=(1,), result: str | None = None):
    def make() -> bytes:
        return one_op(kind, [tensor([2, 3, 4], dtype), tensor([*other], dtype)], [tensor([2, 3, 4], result or dtype)])

    return make


def convolution(kind: str, filters: np.ndarray, out: list[int], **options):
    defaults = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "fused_activation_function": "NONE",
                "dilation_w_factor": 1, "dilation_h_factor": 1}  # fmt: skip
    count = filters.shape[3] if kind.startswith("DEPTHWISE") else filters.shape[0]
    return lambda: one_op(
        kind, [tensor(IMAGE), constant(filters), constant(floats(count))], [tensor(out)], **(defaults | options)
    )


def pool(kind: str, out: list[int], **options):
    window = {"padding": "SAME", "stride_w": 2, "stride_h": 2, "filter_width": 3, "filter_height": 3,
              "fused_activation_function": "NONE"}  # fmt: skip
    return lambda: renamed(one_op("MAX_POOL_2D", [tensor(IMAGE)], [tensor(out)], **(window | options)), kind)


def sliced(begin: list[int], end: list[int], steps: list[int], out: list[int], **masks: int):
    operands = [ints(*begin), ints(*end), ints(*steps)]
    return lambda: one_op("STRIDED_SLICE", [tensor([4, 5, 6]), *operands], [tensor(out)], **masks)


def resized(kind: str, size: tuple[int, int], **options):
    return lambda: one_op(kind, [tensor(IMAGE), ints(*size)], [tensor([1, *size, 4])], **options)


ROWS: Mapping[str, Callable[[], bytes]] = {
    "ADD_N": lambda: one_op("ADD_N", [tensor([3]), tensor([3]), tensor([3])], [tensor([3])]),
    "ELU": unary("ELU"),
    "RELU_0_TO_1": unary("RELU_0_TO_1"),
    "LOG_SOFTMAX": unary("LOG_SOFTMAX", [3, 5]),
    "SOFTMAX of twice the operand": unary("SOFTMAX", [3, 5], beta=2.0),
    "GELU by tanh": unary("GELU", approximate=True),
    "L2_NORMALIZATION": unary("L2_NORMALIZATION"),
    "LOCAL_RESPONSE_NORMALIZATION": unary("LOCAL_RESPONSE_NORMALIZATION", radius=1, bias=1.0, alpha=0.3, beta=0.6),
    "ZEROS_LIKE": unary("ZEROS_LIKE"),
    "SQUARED_DIFFERENCE": binary("SQUARED_DIFFERENCE"),
    "ADD with an activation": lambda: one_op(
        "ADD", [tensor(IMAGE), tensor([4])], [tensor(IMAGE)], fused_activation_function="RELU_N1_TO_1"),
    "FLOOR_DIV of floats": binary("FLOOR_DIV"),
    "FLOOR_DIV of whole numbers": binary("FLOOR_DIV", "int32"),
    "FLOOR_MOD of floats": binary("FLOOR_MOD"),
    "FLOOR_MOD of whole numbers": binary("FLOOR_MOD", "int32"),
    "DIV of whole numbers": binary("DIV", "int32"),
    "ATAN2": binary("ATAN2", other=(2, 3, 4)),
    "NOT_EQUAL": binary("NOT_EQUAL", result="bool"),
    "SELECT by rows": lambda: one_op(
        "SELECT", [constant([True, False, True], "bool"), tensor([3, 2]), tensor([3, 2])], [tensor([3, 2])]),
    "SQUEEZE of all": lambda: one_op("SQUEEZE", [tensor([1, 3, 1, 2])], [tensor([3, 2])]),
    "SQUEEZE of one": lambda: one_op("SQUEEZE", [tensor([1, 3, 1, 2])], [tensor([1, 3, 2])], squeeze_dims=[-2]),
    "EXPAND_DIMS": lambda: one_op("EXPAND_DIMS", [tensor([3, 2]), scalar(-1)], [tensor([3, 2, 1])]),
    "RESHAPE by an option": lambda: one_op("RESHAPE", [tensor([3, 4])], [tensor([2, 6])], new_shape=[2, -1]),
    "PACK": lambda: one_op("PACK", [tensor([3, 2]), tensor([3, 2])], [tensor([3, 2, 2])], axis=-1, values_count=2),
    "UNPACK": lambda: one_op(
        "UNPACK", [tensor([3, 2, 4])], [tensor([3, 4]), tensor([3, 4])], axis=1, num=2),
    "SPLIT": lambda: one_op(
        "SPLIT", [scalar(-1), tensor([3, 4])], [tensor([3, 2]), tensor([3, 2])], num_splits=2),
    "SPLIT_V": lambda: one_op(
        "SPLIT_V", [tensor([3, 6]), ints(1, -1, 2), scalar(1)],
        [tensor([3, 1]), tensor([3, 3]), tensor([3, 2])], num_splits=3),
    "FILL": lambda: one_op("FILL", [ints(2, 3), tensor([])], [tensor([2, 3])]),
    "ONE_HOT": lambda: one_op(
        "ONE_HOT", [tensor([5], "int32"), scalar(4), constant(2.0), constant(-1.0)], [tensor([5, 4])], axis=-1),
    "EMBEDDING_LOOKUP": lambda: one_op(
        "EMBEDDING_LOOKUP", [ints(3, 0, 1), constant(floats(4, 3)), ], [tensor([3, 3])]),
    "GATHER with batch axes": lambda: one_op(
        "GATHER", [tensor([2, 5, 3]), constant([[0, 4], [2, 1]], "int32")], [tensor([2, 2, 3])], axis=1, batch_dims=1),
    "MIRROR_PAD": lambda: one_op(
        "MIRROR_PAD", [tensor([3, 4]), constant([[1, 1], [2, 0]], "int32")], [tensor([5, 6])], mode="REFLECT"),
    "SPACE_TO_DEPTH": lambda: one_op("SPACE_TO_DEPTH", [tensor([1, 4, 6, 3])], [tensor([1, 2, 3, 12])], block_size=2),
    "DEPTH_TO_SPACE": lambda: one_op("DEPTH_TO_SPACE", [tensor([1, 2, 3, 12])], [tensor([1, 4, 6, 3])], block_size=2),
    "SPACE_TO_BATCH_ND": lambda: one_op(
        "SPACE_TO_BATCH_ND", [tensor([1, 5, 6, 3]), ints(2, 3), constant([[0, 1], [2, 1]], "int32")],
        [tensor([6, 3, 3, 3])]),
    "BATCH_TO_SPACE_ND": lambda: one_op(
        "BATCH_TO_SPACE_ND", [tensor([6, 3, 3, 3]), ints(2, 3), constant([[0, 1], [2, 1]], "int32")],
        [tensor([1, 5, 6, 3])]),
    "STRIDED_SLICE with masks": sliced(
        [1, 1, -1], [0, 5, 0], [1, 2, -2], [3, 2, 3], begin_mask=0, end_mask=5, shrink_axis_mask=0),
    "STRIDED_SLICE that drops axes": sliced([-1, 0, 2], [0, 5, 3], [1, 1, 1], [5], shrink_axis_mask=5, begin_mask=2),
    "STRIDED_SLICE with lengths": sliced([1, 0, 2], [2, 5, 3], [1, 1, 1], [2, 5, 3], offset=True),
    "CONV_2D of a step wider than its window": convolution(
        "CONV_2D", floats(3, 1, 2, 4), [1, 2, 2, 3], stride_w=3, stride_h=3),
    "CONV_2D with an activation": convolution(
        "CONV_2D", floats(3, 3, 3, 4), [1, 3, 3, 3], stride_w=2, stride_h=2, fused_activation_function="RELU6"),
    "CONV_2D in groups": convolution("CONV_2D", floats(6, 3, 3, 2), [1, 6, 5, 6]),
    "CONV_2D, dilated": convolution(
        "CONV_2D", floats(3, 2, 3, 4), [1, 6, 5, 3], dilation_w_factor=2, dilation_h_factor=3),
    "DEPTHWISE_CONV_2D": convolution("DEPTHWISE_CONV_2D", floats(1, 3, 2, 8), [1, 4, 4, 8],
                                     depth_multiplier=2, padding="VALID"),
    "AVERAGE_POOL_2D over an edge": pool("AVERAGE_POOL_2D", [1, 3, 3, 4]),
    "L2_POOL_2D": pool("L2_POOL_2D", [1, 2, 2, 4], padding="VALID"),
    "MAX_POOL_2D of every other pixel": pool("MAX_POOL_2D", [1, 3, 3, 4], filter_width=1, filter_height=1),
    "RESIZE_BILINEAR": resized("RESIZE_BILINEAR", (9, 7)),
    "RESIZE_BILINEAR by corners": resized("RESIZE_BILINEAR", (9, 7), align_corners=True),
    "RESIZE_BILINEAR by centres": resized("RESIZE_BILINEAR", (4, 7), half_pixel_centers=True),
    "RESIZE_NEAREST_NEIGHBOR": resized("RESIZE_NEAREST_NEIGHBOR", (9, 7)),
    "RESIZE_NEAREST_NEIGHBOR by corners": resized("RESIZE_NEAREST_NEIGHBOR", (9, 7), align_corners=True),
    "RESIZE_NEAREST_NEIGHBOR by centres": resized("RESIZE_NEAREST_NEIGHBOR", (4, 7), half_pixel_centers=True),
    "TRANSPOSE_CONV": lambda: one_op(
        "TRANSPOSE_CONV", [ints(1, 12, 10, 3), constant(floats(3, 3, 3, 4)), tensor(IMAGE)], [tensor([1, 12, 10, 3])],
        padding="SAME", stride_w=2, stride_h=2),
    "TRANSPOSE_CONV of what no window touches": lambda: one_op(
        "TRANSPOSE_CONV", [ints(1, 12, 10, 3), constant(floats(3, 1, 1, 4)), tensor(IMAGE)], [tensor([1, 12, 10, 3])],
        padding="SAME", stride_w=2, stride_h=2),
    "FULLY_CONNECTED that keeps axes": lambda: one_op(
        "FULLY_CONNECTED", [tensor([2, 3, 4]), constant(floats(5, 4)), constant(floats(5))], [tensor([2, 3, 5])],
        keep_num_dims=True, fused_activation_function="RELU"),
    "FULLY_CONNECTED that flattens": lambda: one_op(
        "FULLY_CONNECTED", [tensor([2, 3, 4]), constant(floats(5, 4)), None], [tensor([6, 5])]),
    "BATCH_MATMUL of transposed matrices": lambda: one_op(
        "BATCH_MATMUL", [tensor([2, 4, 3]), tensor([2, 5, 4])], [tensor([2, 3, 5])], adj_x=True, adj_y=True),
    "REDUCE_ANY": lambda: one_op("REDUCE_ANY", [tensor([3, 4], "bool"), ints(-1)], [tensor([3], "bool")]),
    "MEAN of channels": lambda: one_op("MEAN", [tensor(IMAGE), ints(3)], [tensor([1, 6, 5])], keep_dims=False),
    "SCATTER_ND of one place twice": lambda: one_op(
        "SCATTER_ND", [constant([[1], [3], [1]], "int32"), tensor([3, 2]), ints(4, 2)], [tensor([4, 2])]),
    "TOPK_V2 of equal entries": lambda: one_op(
        "TOPK_V2", [tensor([9], "int32"), scalar(6)], [tensor([6], "int32"), tensor([6], "int32")]),
    "CUMSUM from the end": lambda: one_op(
        "CUMSUM", [tensor([3, 4]), scalar(1)], [tensor([3, 4])], exclusive=True, reverse=True),
    "SHAPE": lambda: one_op("SHAPE", [tensor([3, 4])], [tensor([2], "int32")], out_type=np.dtype("int32")),
    "WHERE": lambda: one_op("WHERE", [tensor([3, 4], "bool")], [tensor([None, 2], "int64")]),
    "REVERSE_V2": lambda: one_op("REVERSE_V2", [tensor([3, 4]), ints(-1, 0)], [tensor([3, 4])]),
    "SLICE to the end": lambda: one_op("SLICE", [tensor([3, 4]), ints(1, 0), ints(-1, 2)], [tensor([2, 2])]),
}  # fmt: skip
