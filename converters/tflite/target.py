"""What the kernels of LiteRT 2.3 compute: a row for each kind, found by running each on each type and rank.

8-bit and 16-bit integers stand here only where a kernel takes them without quantisation parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

from converters.lowering.target import Support, Target

F32, I32, I64 = "float32", "int32", "int64"
SMALL = ("int8", "uint8", "int16")
NUMBERS = (F32, I32, I64)
STORED = (*NUMBERS, *SMALL, "bool")
EVERY = (*STORED, "float16", "float64", "uint16", "uint32")

FLOAT_UNARY = ("EXP", "LOG", "SQRT", "RSQRT", "SIN", "COS", "TANH", "LOGISTIC", "RELU", "RELU6", "RELU_N1_TO_1",
               "FLOOR", "CEIL", "ROUND", "SQUARE", "LEAKY_RELU", "HARD_SWISH", "GELU")  # fmt: skip
IMAGES = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESIZE_BILINEAR",
          "RESIZE_NEAREST_NEIGHBOR", "LOCAL_RESPONSE_NORMALIZATION")  # fmt: skip

ROWS: Mapping[str, Support] = {
    **dict.fromkeys(FLOAT_UNARY, Support((F32,), 6)),
    **dict.fromkeys(IMAGES, Support((F32,), 4)),
    **dict.fromkeys(("ADD", "MUL"), Support(NUMBERS, 6)),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), Support((F32,), 5)),
    **dict.fromkeys(("DIV", "FLOOR_DIV", "POW"), Support((F32, I32), 4)),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL"), Support((*NUMBERS, "bool"), 6)),
    **dict.fromkeys(("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "SUB"), Support(NUMBERS, 6)),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"), Support(("bool",), 6)),
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), Support((*NUMBERS, *SMALL), 6)),
    **dict.fromkeys(("REDUCE_ANY", "REDUCE_ALL"), Support(("bool",), 6)),
    **dict.fromkeys(("REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), Support((*NUMBERS, *SMALL), 6)),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), Support((F32, I32, "int8", "uint8"), 6)),
    **dict.fromkeys(("BITWISE_XOR", "RIGHT_SHIFT"), Support((I32, *SMALL), 6)),
    **dict.fromkeys(("PAD", "PADV2"), Support(STORED, 5)),
    **dict.fromkeys(("RESHAPE", "SHAPE", "SLICE", "STRIDED_SLICE", "SELECT_V2", "TILE"), Support(EVERY, 6)),
    **dict.fromkeys(("GATHER", "GATHER_ND", "CONCATENATION", "REVERSE_V2", "TRANSPOSE"), Support(STORED, 6)),
    **dict.fromkeys(("UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN"), Support((F32, I32), 6)),
    "ABS": Support((F32, "int16", I32), 6),
    "ATAN2": Support((F32,), 6),
    "BATCH_MATMUL": Support((F32,), 5),
    "BROADCAST_TO": Support(STORED, 6),
    "CAST": Support(EVERY, 6),
    "CUMSUM": Support(NUMBERS, 6),
    "DEQUANTIZE": Support(("int8", "uint8", "int16", "float16"), 6),
    "FLOOR_MOD": Support(NUMBERS, 4),
    "FULLY_CONNECTED": Support((F32,), 6),
    "MEAN": Support((F32,), 6),
    "MIRROR_PAD": Support(STORED, 6),
    "NEG": Support((*NUMBERS, "int8", "int16"), 6),
    "NON_MAX_SUPPRESSION_V4": Support((F32,), 4),
    "PRELU": Support((F32,), 6),
    "QUANTIZE": Support((F32,), 6),
    "RANGE": Support(NUMBERS, 1),
    "SCATTER_ND": Support((*NUMBERS, "int8", "uint8", "bool"), 6),
    "SIGN": Support((F32, I32), 6),
    "SOFTMAX": Support((F32,), 6),
    "STABLEHLO_AND": Support((I32, I64, *SMALL, "bool"), 6),
    "STABLEHLO_SHIFT_LEFT": Support((I32, "int8", "int16"), 6),
    "SUM": Support(NUMBERS, 6),
    "TOPK_V2": Support((*NUMBERS, *SMALL), 6),
    "WHERE": Support(("bool",), 6),
}

# ShuffleNet with grouped convolutions takes 2.45 ms and 5.5 MB in LiteRT (one thread); without groups it takes 3.88 ms
# and 10.2 MB.
TARGET = Target("TFLite", ROWS, grouped=True)
