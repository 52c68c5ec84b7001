"""Cases of the steps for encoded images and pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from edge.steps import Context
from edge.steps.context import Frame
from tests.golden.steps.cases.common import Case, Cases, noise

FILTERS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
CUT = Context(frame=Frame(40, 30, 9, 8, scale_y=2.0, scale_x=1.5, offset_y=3.0, offset_x=-4.5))
HWC = noise(3, 4, 3).astype(np.float32)


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
    return [Case(name, {}, data) for name, data in images.items()]


def blob(height: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return `[12, 9, 1]` with a bright rectangle on a dim ground."""
    image = noise(12, 9, 1) // 4
    image[3 : 3 + height, 2 : 2 + width] = 200
    return image


CASES: Cases = {
    "decode_image": pngs,
    "to_color_space": lambda: (
        [Case(space, {"space": space}, noise(6, 5, 3)) for space in ("rgb", "bgr", "gray", "ycbcr", "y")]
        + [
            Case("already grey", {"space": "gray"}, noise(6, 5, 1)),
            Case("unknown space", {"space": "lab"}, noise(6, 5, 3)),
        ]
    ),
    "invert": lambda: [Case("colour", {}, noise(3, 4, 3)), Case("grey", {}, noise(3, 4, 1)), Case("floats", {}, HWC)],
    "crop_to_content": lambda: [
        Case("tall", {}, blob(7, 2)),
        Case("wide", {"threshold": 100}, blob(2, 5)),
        Case("one pixel", {"threshold": 199}, blob(1, 1)),
        Case("part of a larger picture", {"threshold": 100}, blob(7, 2), CUT),
        Case("nothing above", {"threshold": 200}, blob(3, 3)),
        Case("colour", {}, noise(3, 4, 3)),
    ],
    "resize": lambda: [
        *[Case(f"{f}, smaller", {"width": 5, "height": 4, "filter": f}, noise(9, 11, 3)) for f in FILTERS],
        *[Case(f"{f}, larger", {"width": 8, "height": 7, "filter": f}, noise(4, 3, 1)) for f in FILTERS],
        Case("bilinear unless said", {"width": 4, "height": 4}, noise(9, 9, 1)),
        Case("one side only", {"width": 4, "height": 9}, noise(9, 9, 1)),
        Case("part of a larger picture", {"width": 4, "height": 5}, noise(9, 8, 1), CUT),
        Case("no change", {"width": 9, "height": 9}, noise(9, 9, 1)),
        Case("unknown filter", {"width": 4, "height": 4, "filter": "cubic"}, noise(9, 9, 1)),
        Case("no image", {"width": 4, "height": 4}, HWC),
    ],
    "resize_short_side": lambda: [
        Case("tall", {"size": 5}, noise(13, 9, 3), CUT),
        Case("wide", {"size": 20, "filter": "bicubic"}, noise(6, 9, 1)),
        Case("thin", {"size": 4}, noise(1, 9, 1)),
        Case("far too thin", {"size": 300}, noise(1, 200, 1)),
        Case("no image", {"size": 4}, HWC),
    ],
    "center_crop": lambda: [
        Case("odd rest", {"width": 4, "height": 5}, noise(9, 8, 3), CUT),
        Case("all of it", {"width": 8, "height": 9}, noise(9, 8, 1)),
        Case("too small", {"width": 9, "height": 9}, noise(9, 8, 1)),
    ],
    "letterbox": lambda: [
        Case("wide", {"width": 12, "height": 12}, noise(5, 9, 3), CUT),
        Case("tall, at the start", {"width": 8, "height": 8, "align": "start", "fill": 0}, noise(13, 9, 1), CUT),
        Case("enlarged", {"width": 9, "height": 30, "filter": "nearest"}, noise(4, 3, 1)),
        Case("thin", {"width": 6, "height": 6}, noise(1, 90, 3)),
        Case("unknown alignment", {"width": 6, "height": 6, "align": "end"}, noise(4, 4, 3)),
    ],
    "fit_within": lambda: [
        Case("by width", {"width": 6, "height": 6}, noise(9, 13, 3)),
        Case("by height", {"width": 9, "height": 5, "filter": "box"}, noise(9, 11, 1)),
        Case("never to nothing", {"width": 4, "height": 4}, noise(1, 40, 1)),
        Case("part of a larger picture", {"width": 4, "height": 4}, noise(9, 8, 1), CUT),
        Case("never larger", {"width": 40, "height": 40}, noise(3, 4, 3)),
    ],
}
