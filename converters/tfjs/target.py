"""What the wasm kernels of TF.js 4.22 compute right: a row for each kind, found by running each on each type and rank.

TF.js holds float32, int32 and bool. All other types are held in one of these: float16 in float32, the whole numbers in
int32. A kernel given a type that it lacks does not fail but returns what lies in memory, so a type missing here is a
wrong result there: comparing wasm with the cpu backend found bool to be wrong in reversing, strided slices, selection
and top-k, and int32 to be wrong in one-hot, matrix products and everything transcendental.
"""

from __future__ import annotations

from collections.abc import Mapping

from converters.lowering.target import Support, Target

F = ("float32",)
INTS = ("int32", "int64")
B = ("bool",)
NUMBERS = (*F, *INTS)
# Moving entries about needs no arithmetic: the narrow types travel in the type that holds them.
WITHOUT_BOOL = (*NUMBERS, "float16", "int8", "uint8", "int16", "uint16")
ANY = (*WITHOUT_BOOL, *B)

ROWS: Mapping[str, Support] = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "POW", "FLOOR_DIV", "FLOOR_MOD",
                     "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"), Support(NUMBERS, 6)),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL"), Support((*NUMBERS, *B), 6)),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"), Support(B, 6)),
    **dict.fromkeys(("EXP", "LOG", "SQRT", "RSQRT", "SIN", "COS", "TANH", "LOGISTIC", "RELU", "RELU6", "FLOOR", "CEIL",
                     "ROUND", "SQUARE", "ELU", "LEAKY_RELU", "HARD_SWISH", "GELU", "RELU_N1_TO_1", "PRELU",
                     "ATAN2"), Support(F, 6)),
    **dict.fromkeys(("ABS", "NEG", "SIGN"), Support(NUMBERS, 6)),
    "CAST": Support(ANY, 8),
    **dict.fromkeys(("RESHAPE", "SHAPE"), Support(ANY, 8)),
    **dict.fromkeys(("TRANSPOSE", "SLICE", "STRIDED_SLICE", "GATHER", "GATHER_ND", "SCATTER_ND", "CONCATENATION",
                     "TILE", "BROADCAST_TO", "PAD", "PADV2", "MIRROR_PAD"), Support(ANY, 6)),
    **dict.fromkeys(("SELECT_V2", "REVERSE_V2"), Support(WITHOUT_BOOL, 6)),
    **dict.fromkeys(("SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "CUMSUM", "ARG_MAX", "ARG_MIN",
                     "TOPK_V2"), Support(NUMBERS, 6)),
    **dict.fromkeys(("REDUCE_ANY", "REDUCE_ALL"), Support(B, 6)),
    **dict.fromkeys(("MEAN", "SOFTMAX", "LOG_SOFTMAX", "FULLY_CONNECTED", "BATCH_MATMUL"), Support(F, 6)),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "AVERAGE_POOL_2D", "MAX_POOL_2D",
                     "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH",
                     "LOCAL_RESPONSE_NORMALIZATION"), Support(F, 4)),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), Support(F, 5)),
    "WHERE": Support(B, 6),
    "RANGE": Support(NUMBERS, 1),
    "NON_MAX_SUPPRESSION_V4": Support(F, 4),
    **dict.fromkeys(("BITWISE_XOR", "STABLEHLO_AND", "RIGHT_SHIFT"), Support(("int32",), 5)),
}  # fmt: skip

TARGET = Target("TF.js", ROWS, grouped=False)
