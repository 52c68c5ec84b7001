"""What the kernels of LiteRT 2.3 compute: a row for each kind, found by running each on each type and rank."""

from __future__ import annotations

from collections.abc import Mapping

from converters.lowering.target import Support, Target

F = "float32"
I = "int32"
L = "int64"
B = "bool"
INTS = ("int32", "int64")
NUMBERS = (F, I, L)
ANY = (F, I, L, "int8", "uint8", "int16", B)

ROWS: Mapping[str, Support] = {
    **dict.fromkeys(("ADD", "SUB", "MUL"), Support(NUMBERS, 6)),
    **dict.fromkeys(("DIV",), Support((F, I), 5)),
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), Support(NUMBERS, 5)),
    **dict.fromkeys(("POW", "FLOOR_DIV", "FLOOR_MOD"), Support((F, I), 4)),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL"), Support((*NUMBERS, B), 4)),
    **dict.fromkeys(("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"), Support(NUMBERS, 4)),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR"), Support((B,), 4)),
    "LOGICAL_NOT": Support((B,), 8),
    **dict.fromkeys(("EXP", "LOG", "SQRT", "RSQRT", "SIN", "COS", "TANH", "LOGISTIC", "RELU", "RELU6", "FLOOR", "CEIL",
                     "ROUND", "SQUARE", "ELU", "LEAKY_RELU", "HARD_SWISH", "GELU", "RELU_N1_TO_1"), Support((F,), 8)),
    "ABS": Support((F, I), 8),
    "NEG": Support(NUMBERS, 8),
    "SIGN": Support((F, I), 8),
    "ATAN2": Support((F,), 4),
    "PRELU": Support((F,), 4),
    "CAST": Support((*ANY, "float16", "float64", "uint16", "uint32"), 8),
    "RESHAPE": Support((*ANY, "float16", "uint32", "uint16"), 8),
    "TRANSPOSE": Support((*ANY, "float16"), 6),
    "SHAPE": Support(ANY, 8),
    "SLICE": Support(ANY, 5),
    "STRIDED_SLICE": Support(ANY, 5),
    "GATHER": Support(ANY, 8),
    "GATHER_ND": Support(ANY, 8),
    "SCATTER_ND": Support(ANY, 8),
    "CONCATENATION": Support(ANY, 8),
    "PAD": Support((F, I, L), 5),
    "PADV2": Support((F, I, L), 5),
    "MIRROR_PAD": Support((F, I, L), 8),
    "TILE": Support((F, I, L, B), 8),
    "BROADCAST_TO": Support(ANY, 8),
    "SELECT_V2": Support(ANY, 5),
    **dict.fromkeys(("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), Support((F, I, L), 8)),
    **dict.fromkeys(("REDUCE_ANY", "REDUCE_ALL"), Support((B,), 8)),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), Support((F, I), 8)),
    "CUMSUM": Support(NUMBERS, 8),
    "TOPK_V2": Support(NUMBERS, 8),
    "SOFTMAX": Support((F,), 8),
    "LOG_SOFTMAX": Support((F,), 8),
    "FULLY_CONNECTED": Support((F,), 8),
    "BATCH_MATMUL": Support((F,), 5),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "AVERAGE_POOL_2D", "MAX_POOL_2D",
                     "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH",
                     "LOCAL_RESPONSE_NORMALIZATION"), Support((F,), 4)),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), Support((F,), 5)),
    "WHERE": Support((B,), 8),
    "BITWISE_XOR": Support(("int8", "uint8", "int16", "int32"), 8),
    "RIGHT_SHIFT": Support(("int8", "uint8", "int16", "int32"), 8),
    "NON_MAX_SUPPRESSION_V4": Support((F,), 4),
    "RANGE": Support((F, I, L), 1),
    "REVERSE_V2": Support(ANY, 8),
    "REVERSE_SEQUENCE": Support((F, I, L), 8),
    "QUANTIZE": Support((F,), 8),
    "DEQUANTIZE": Support(("int8", "uint8", "int16", "float16"), 8),
}  # fmt: skip

TARGET = Target("TFLite", ROWS)
