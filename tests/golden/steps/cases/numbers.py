"""Cases of the steps for arithmetic."""

from __future__ import annotations

import numpy as np

from edge.steps.numbers import cast
from tests.golden.steps.cases.common import Case, Cases, noise, scores

INTEGERS = ("int8", "uint8", "int16", "int32", "int64")
EXTREMES = np.array([-np.inf, -1e30, -300, -2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 254.5, 300, 1e30, np.inf], np.float32)
HALVES = np.array([1 / 3, -1e-8, 6e-8, 6.1e-5, 65504, 65519.9, 65520, -1e9, 2049, 2051, 0.99999], np.float32)
HWC = noise(3, 4, 3).astype(np.float32)

CASES: Cases = {
    "scale_linear": lambda: [
        Case("bytes to 0..1", {"gain": 1 / 255}, noise(3, 4, 3)),
        Case("floats", {"gain": 1.1, "offset": -0.3}, scores(2, 5)),
        Case("nothing", {}, scores(2, 5).astype(np.float16)),
        Case("long integers", {"gain": 0.5, "offset": 1}, np.array([-(2**62), 3, 2**40], np.int64)),
        Case("too large", {"gain": 1e38}, EXTREMES),
        Case("a text", {}, "1.5"),
    ],
    "normalize": lambda: [
        Case("ImageNet", {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}, noise(3, 4, 3)),
        Case("columns", {"mean": [0.1, -2], "std": [0.3, 7]}, scores(1, 2)),
        Case("wrong number", {"mean": [0], "std": [1]}, scores(1, 2)),
    ],
    "to_layout": lambda: [
        *[
            Case(f"{x.dtype} {layout}", {"layout": layout}, x)
            for layout in ("nchw", "nhwc")
            for x in (noise(2, 4, 3), HWC)
        ],
        Case("too few axes", {"layout": "nchw"}, scores(2, 5)),
        Case("unknown layout", {"layout": "chw"}, HWC),
    ],
    "cast": lambda: [
        *[Case(f"float32 to {dtype}", {"dtype": dtype}, EXTREMES) for dtype in (*INTEGERS, "float16", "float32")],
        *[
            Case(f"int64 to {d}", {"dtype": d}, np.array([-(2**63), -129, 7, 2**53 + 1], np.int64))
            for d in (*INTEGERS, "float32")
        ],
        *[Case(f"uint8 to {dtype}", {"dtype": dtype}, noise(8)) for dtype in (*INTEGERS, "float16")],
        Case("rounding to float16", {"dtype": "float16"}, HALVES),
        Case("float16 to float32", {"dtype": "float32"}, cast(HALVES, "float16")),
        Case("float16 to int8", {"dtype": "int8"}, cast(HALVES, "float16")),
        Case("truth", {"dtype": "float32"}, np.array([True, False])),
        Case("NaN to float16", {"dtype": "float16"}, np.array([np.nan], np.float32)),
        Case("NaN to int8", {"dtype": "int8"}, np.array([np.nan], np.float32)),
        Case("unknown type", {"dtype": "float8"}, EXTREMES),
    ],
    "constant": lambda: [
        Case("a scalar", {"value": 16000, "dtype": "int64"}, "anything"),
        Case("an array", {"value": 0.1, "dtype": "float16", "shape": [2, 3]}, None),
        Case("unknown type", {"value": 1, "dtype": "text"}, None),
    ],
    "reshape": lambda: [
        Case("more axes", {"shape": [1, 2, 6]}, noise(3, 4)),
        Case("what is left", {"shape": [2, -1]}, HWC),
        Case("too many", {"shape": [5, 5]}, HWC),
        Case("no fit", {"shape": [5, -1]}, HWC),
        Case("two unknown", {"shape": [-1, -1]}, HWC),
        Case("no array", {"shape": [1]}, "text"),
    ],
    "clip": lambda: [
        Case("floats", {"min": -0.1, "max": 2.3}, np.append(EXTREMES, np.float32(np.nan))),
        Case("float16", {"min": -0.1, "max": 2.3}, cast(EXTREMES, "float16")),
        Case("bytes", {"min": 3.5, "max": 1000}, noise(3, 4, 3)),
        Case("long integers", {"min": -5, "max": 2.5}, np.array([-(2**63), -5, 2, 3, 2**63 - 1], np.int64)),
    ],
}
