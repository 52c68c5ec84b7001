"""Writes the golden vectors of the steps from the Python implementation: `python -m tests.golden.steps.write`.

Both languages must reproduce them. A file a step: `[{"case", "job", "outcome"}]` in the form of `tests/steps/codec.py`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edge.steps.numbers import cast
from tests.steps.codec import in_python, job

FOLDER = Path(__file__).parent
Case = tuple[str, dict[str, Any], Any]  # what it shows, parameters, input

FILTERS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
INTEGERS = ("int8", "uint8", "int16", "int32", "int64")
EXTREMES = np.array([-np.inf, -1e30, -300, -2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 254.5, 300, 1e30, np.inf], np.float32)
HALVES = np.array([1 / 3, -1e-8, 6e-8, 6.1e-5, 65504, 65519.9, 65520, -1e9, 2049, 2051, 0.99999], np.float32)


def noise(*shape: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return uint8 noise of the shape, the same every time."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def scores(*shape: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return float32 noise around 0."""
    return (np.random.default_rng(seed).standard_normal(shape) * 3).astype(np.float32)


def encoded(image: Image.Image, **options: Any) -> bytes:
    """Encode as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def turned(orientation: int) -> bytes:
    """Return a PNG with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(noise(2, 3, 3)), exif=exif)


def pngs() -> list[Case]:
    """Every kind of PNG that Pillow writes, each alpha, each orientation, and files that are none."""
    colour, gray, deep = (
        Image.fromarray(noise(5, 7, 3)),
        Image.fromarray(noise(5, 7)),
        noise(5, 7).astype(np.uint16) * 257,
    )
    ramp = np.stack([noise(16, 16), np.arange(256, dtype=np.uint8).reshape(16, 16)], axis=2)
    whole = encoded(colour)
    palette = colour.quantize(7)
    images: dict[str, bytes] = {
        "rgb": whole,
        "grey": encoded(gray),
        "one bit": encoded(gray.convert("1")),
        "palette of 7": encoded(palette),
        "palette of 2": encoded(colour.quantize(2)),
        "palette of 70": encoded(Image.fromarray(noise(9, 9, 3)).quantize(70)),
        "palette with alpha": encoded(palette, transparency=bytes([0, 128, 255])),
        "grey with one clear level": encoded(gray, transparency=int(noise(5, 7)[2, 3])),
        "rgb with one clear colour": encoded(colour, transparency=tuple(map(int, noise(5, 7, 3)[2, 3]))),
        "rgba": encoded(Image.fromarray(noise(7, 8, 4))),
        "grey and each alpha": encoded(Image.fromarray(ramp, "LA")),
        "16-bit grey": encoded(Image.fromarray(deep + np.uint16(100))),
        "one pixel": encoded(Image.new("RGB", (1, 1), "red")),
        "cut short": whole[:-40],
        "a text": b"<svg></svg>",
        "nothing": b"",
        "above 16 megapixels": encoded(Image.new("1", (4001, 4000)), compress_level=9),
    }
    images |= {f"turned {orientation}": turned(orientation) for orientation in range(10)}
    return [(name, {}, data) for name, data in images.items()]


def blob(height: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return `[12, 9, 1]` with a bright rectangle on a dim ground."""
    image = noise(12, 9, 1) // 4
    image[3 : 3 + height, 2 : 2 + width] = 200
    return image


COLUMNS = [{"name": "length", "unit": "cm", "min": 0, "max": 10}, {"name": "width", "unit": "cm", "min": 0, "max": 5}]
ROW = {"width": 0.1, "length": 7}
HWC = noise(3, 4, 3).astype(np.float32)

CASES: Mapping[str, Callable[[], list[Case]]] = {
    "decode_image": pngs,
    "to_color_space": lambda: (
        [(space, {"space": space}, noise(6, 5, 3)) for space in ("rgb", "bgr", "gray")]
        + [("already grey", {"space": "gray"}, noise(6, 5, 1)), ("unknown space", {"space": "lab"}, noise(6, 5, 3))]
    ),
    "invert": lambda: [("colour", {}, noise(3, 4, 3)), ("grey", {}, noise(3, 4, 1)), ("floats", {}, HWC)],
    "crop_to_content": lambda: [
        ("tall", {}, blob(7, 2)),
        ("wide", {"threshold": 100}, blob(2, 5)),
        ("one pixel", {"threshold": 199}, blob(1, 1)),
        ("nothing above", {"threshold": 200}, blob(3, 3)),
        ("colour", {}, noise(3, 4, 3)),
    ],
    "resize": lambda: [
        *[(f"{f}, smaller", {"width": 5, "height": 4, "filter": f}, noise(9, 11, 3)) for f in FILTERS],
        *[(f"{f}, larger", {"width": 8, "height": 7, "filter": f}, noise(4, 3, 1)) for f in FILTERS],
        ("bilinear unless said", {"width": 4, "height": 4}, noise(9, 9, 1)),
        ("one side only", {"width": 4, "height": 9}, noise(9, 9, 1)),
        ("no change", {"width": 9, "height": 9}, noise(9, 9, 1)),
        ("unknown filter", {"width": 4, "height": 4, "filter": "cubic"}, noise(9, 9, 1)),
        ("no image", {"width": 4, "height": 4}, HWC),
    ],
    "fit_within": lambda: [
        ("by width", {"width": 6, "height": 6}, noise(9, 13, 3)),
        ("by height", {"width": 9, "height": 5, "filter": "box"}, noise(9, 11, 1)),
        ("never to nothing", {"width": 4, "height": 4}, noise(1, 40, 1)),
        ("never larger", {"width": 40, "height": 40}, noise(3, 4, 3)),
    ],
    "scale_linear": lambda: [
        ("bytes to 0..1", {"gain": 1 / 255}, noise(3, 4, 3)),
        ("floats", {"gain": 1.1, "offset": -0.3}, scores(2, 5)),
        ("nothing", {}, scores(2, 5).astype(np.float16)),
        ("long integers", {"gain": 0.5, "offset": 1}, np.array([-(2**62), 3, 2**40], np.int64)),
        ("too large", {"gain": 1e38}, EXTREMES),
        ("a text", {}, "1.5"),
    ],
    "normalize": lambda: [
        ("ImageNet", {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}, noise(3, 4, 3)),
        ("columns", {"mean": [0.1, -2], "std": [0.3, 7]}, scores(1, 2)),
        ("wrong number", {"mean": [0], "std": [1]}, scores(1, 2)),
    ],
    "to_layout": lambda: [
        *[(f"{x.dtype} {layout}", {"layout": layout}, x) for layout in ("nchw", "nhwc") for x in (noise(2, 4, 3), HWC)],
        ("too few axes", {"layout": "nchw"}, scores(2, 5)),
        ("unknown layout", {"layout": "chw"}, HWC),
    ],
    "cast": lambda: [
        *[(f"float32 to {dtype}", {"dtype": dtype}, EXTREMES) for dtype in (*INTEGERS, "float16", "float32")],
        *[
            (f"int64 to {d}", {"dtype": d}, np.array([-(2**63), -129, 7, 2**53 + 1], np.int64))
            for d in (*INTEGERS, "float32")
        ],
        *[(f"uint8 to {dtype}", {"dtype": dtype}, noise(8)) for dtype in (*INTEGERS, "float16")],
        ("rounding to float16", {"dtype": "float16"}, HALVES),
        ("float16 to float32", {"dtype": "float32"}, cast(HALVES, "float16")),
        ("float16 to int8", {"dtype": "int8"}, cast(HALVES, "float16")),
        ("truth", {"dtype": "float32"}, np.array([True, False])),
        ("NaN to float16", {"dtype": "float16"}, np.array([np.nan], np.float32)),
        ("NaN to int8", {"dtype": "int8"}, np.array([np.nan], np.float32)),
        ("unknown type", {"dtype": "float8"}, EXTREMES),
    ],
    "clip": lambda: [
        ("floats", {"min": -0.1, "max": 2.3}, np.append(EXTREMES, np.float32(np.nan))),
        ("float16", {"min": -0.1, "max": 2.3}, cast(EXTREMES, "float16")),
        ("bytes", {"min": 3.5, "max": 1000}, noise(3, 4, 3)),
        ("long integers", {"min": -5, "max": 2.5}, np.array([-(2**63), -5, 2, 3, 2**63 - 1], np.int64)),
    ],
    "encode_bytes": lambda: [
        ("short", {"length": 8}, "héllo"),
        ("cut within a character", {"length": 6}, "naïve€"),
        ("padded with 255", {"length": 9, "pad": 255}, "a😀"),
        ("lone surrogates", {"length": 16}, "\ud800a\udc00\udc00b\ud83d"),
        ("nothing", {"length": 3}, ""),
        ("no text", {"length": 3}, 7),
    ],
    "columns": lambda: [
        ("in order", {"columns": COLUMNS}, ROW),
        ("outside the range", {"columns": COLUMNS}, ROW | {"length": 10.5}),
        ("missing", {"columns": COLUMNS}, {"width": 1}),
        ("unknown", {"columns": COLUMNS}, ROW | {"depth": 1}),
        ("a text", {"columns": COLUMNS}, ROW | {"length": "7"}),
        ("a truth", {"columns": COLUMNS}, ROW | {"length": True}),
        ("too large", {"columns": COLUMNS}, ROW | {"length": 1e39}),
        ("no names", {"columns": COLUMNS}, [7, 0.1]),
    ],
    "softmax": lambda: [
        ("rows", {}, scores(2, 5)),
        ("far apart", {}, np.array([[1000, -1000, 999, -np.inf]], np.float32)),
        ("one class", {}, np.array([[3]], np.float32)),
        ("half precision", {}, scores(1, 4).astype(np.float16)),
        ("NaN", {}, np.array([[np.nan, 1]], np.float32)),
        ("infinity", {}, np.array([[np.inf, 1]], np.float32)),
        ("nothing", {}, np.zeros((1, 0), np.float32)),
    ],
    "top_k": lambda: [
        ("five unless said", {}, scores(1, 8)),
        ("ties keep order", {"k": 4}, np.array([[0, 1, 1, 0, 1, -0.0, 0, -np.inf]], np.float32)),
        ("more than there are", {"k": 100}, scores(1, 8, seed=1)),
        ("bytes", {"k": 3}, noise(1, 8)),
        ("wrong number", {}, scores(1, 7)),
        ("NaN", {}, np.full((1, 8), np.nan, np.float32)),
    ],
    "to_image": lambda: [
        ("nchw", {"layout": "nchw"}, scores(1, 3, 4, 5) / 5 + np.float32(0.5)),
        ("nhwc", {"layout": "nhwc"}, scores(1, 4, 5, 1) / 5 + np.float32(0.5)),
        ("halves", {"layout": "nhwc"}, ((np.arange(256) - 0.5) / 255).astype(np.float32).reshape(1, 16, 16, 1)),
        ("other layout", {"layout": "nchw"}, scores(1, 4, 5, 3)),
        ("two images", {"layout": "nhwc"}, scores(2, 4, 5, 3)),
        ("NaN", {"layout": "nhwc"}, np.full((1, 1, 1, 1), np.nan, np.float32)),
    ],
}
LABELS = {"top_k": list("abcdefgh")}


def vectors(step: str) -> list[dict[str, Any]]:
    """Make the cases of one step and what Python says to each."""
    jobs = [
        (name, job([{"id": step, "kwargs": kwargs}], value, LABELS.get(step))) for name, kwargs, value in CASES[step]()
    ]
    return [{"case": name, "job": one, "outcome": in_python(one)} for name, one in jobs]


def main() -> None:
    """Write a file a step."""
    for step in CASES:
        lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors(step))
        (FOLDER / f"{step}.json").write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    main()
