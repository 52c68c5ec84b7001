"""From an encoded image to `[H, W, C] uint8`. Pillow defines what decoding and resizing mean."""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from edge.steps.context import Context
from edge.steps.errors import StepError, choice, described, image_array

Pixels = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 16_000_000
# What Pillow raises for bytes that are no whole image, by format and by where they break off.
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)

FILTERS: Mapping[str, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

# EXIF 2.32, tag 0x0112: what turns the stored pixels upright. Other values mean the same as 1.
UPRIGHT: Mapping[int, Callable[[Pixels], Pixels]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


def decode_image(value: object, context: Context) -> Pixels:
    """Decode the bytes of a PNG, JPEG, WebP, GIF (first frame) or BMP file to `[H, W, 3] uint8`, RGB, upright.

    Transparency is laid over white: `(c * a + 255 * (255 - a) + 127) // 255`. Of 16-bit samples the high byte counts.
    Colour profiles are not applied. Raises `StepError` above `MAX_PIXELS` before any pixel is decoded.
    """
    if not isinstance(value, bytes | bytearray | memoryview):
        raise StepError("decode_image", "the bytes of an image file", described(value), "read the file as bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata: the pixels are all that counts here
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            pixels = _decode(bytes(value))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_large("far more") from None
        except StepError:
            raise
        except UNREADABLE as error:
            reason = "no such format" if isinstance(error, UnidentifiedImageError) else str(error)
            got = f"{len(value)} bytes that Pillow cannot read ({reason})"
            cure = "use a whole, undamaged file; convert other formats to PNG"
            raise StepError("decode_image", "a PNG, JPEG, WebP, GIF or BMP image", got, cure) from error
    context.decoded(pixels)
    return pixels


def _decode(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(f"{image.width} x {image.height}")
        orientation = _orientation(image)
        image.load()
        pixels = _rgb(image)
    return np.ascontiguousarray(UPRIGHT.get(orientation, UPRIGHT[1])(pixels))


def _too_large(got: str) -> StepError:
    cure = "make the image smaller before it is decoded"
    return StepError("decode_image", f"at most 16 megapixels ({MAX_PIXELS} pixels)", got, cure)


def _orientation(image: Image.Image) -> int:
    image.info.pop("xmp", None)  # where Pillow looks when there is no EXIF tag, and browsers do not
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except UNREADABLE:
        return 1


def _rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):  # 16-bit grey
        return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _gray(rgb: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(rgb).convert("L"))[..., None]


def _ycbcr(rgb: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(rgb).convert("YCbCr"))


COLOR_SPACES: Mapping[str, Callable[[Pixels], Pixels]] = {
    "rgb": lambda rgb: rgb,
    "bgr": lambda rgb: np.ascontiguousarray(rgb[..., ::-1]),
    "gray": _gray,
    "ycbcr": _ycbcr,
    "y": lambda rgb: _ycbcr(rgb)[..., :1],
}


def to_color_space(value: object, space: str) -> Pixels:
    """Turn `[H, W, 3] uint8` RGB into `[H, W, 3]` (`rgb`, `bgr`, `ycbcr`) or `[H, W, 1]` (`gray`, `y`: BT.601)."""
    rgb = image_array("to_color_space", value, channels=(3,))
    return choice("to_color_space", "space", COLOR_SPACES, space)(rgb)


def invert(value: object) -> Pixels:
    """Return 255 minus each value of `[H, W, C] uint8`."""
    return 255 - image_array("invert", value)


def crop_to_content(value: object, context: Context, threshold: int = 64) -> Pixels:
    """Cut `[H, W, 1] uint8` to the values above `threshold`, centred on 0 in a square: `[S, S, 1] uint8`."""
    gray = image_array("crop_to_content", value, channels=(1,))
    rows = np.flatnonzero((gray > threshold).any(axis=(1, 2)))
    cols = np.flatnonzero((gray > threshold).any(axis=(0, 2)))
    first_row, first_col = (int(rows[0]), int(cols[0])) if rows.size else (0, 0)
    content = gray[first_row : rows[-1] + 1, first_col : cols[-1] + 1] if rows.size else gray
    height, width, _ = content.shape
    side = max(height, width)
    square = np.zeros((side, side, 1), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = content
    context.cut(first_row - top, first_col - left, side, side)
    return square


def resize(value: object, width: int, height: int, context: Context, filter: str = "bilinear") -> Pixels:  # noqa: A002 - the card's word
    """Resize `[H, W, C] uint8` (C 1 or 3) to `[height, width, C] uint8` with Pillow's antialiased filter."""
    return _resized("resize", image_array("resize", value), width, height, filter, context)


def fit_within(value: object, width: int, height: int, context: Context, filter: str = "bicubic") -> Pixels:  # noqa: A002 - the card's word
    """Shrink `[H, W, C] uint8` (C 1 or 3) to at most `[height, width, C]`, keeping its aspect; never enlarge."""
    pixels = image_array("fit_within", value)
    old_height, old_width, _ = pixels.shape
    scale = min(width / old_width, height / old_height, 1.0)
    new_width, new_height = (max(1, math.floor(side * scale + 0.5)) for side in (old_width, old_height))
    return _resized("fit_within", pixels, new_width, new_height, filter, context)


def resize_short_side(value: object, size: int, context: Context, filter: str = "bilinear") -> Pixels:  # noqa: A002 - the card's word
    """Resize `[H, W, C] uint8` (C 1 or 3): the shorter side to `size` pixels, the other to `long * size // short`."""
    pixels = image_array("resize_short_side", value)
    height, width, _ = pixels.shape
    short = min(height, width)
    new_height, new_width = (max(1, side * size // short) for side in (height, width))
    if new_height * new_width > MAX_PIXELS:
        expected = f"a result of at most 16 megapixels ({MAX_PIXELS} pixels)"
        cure = "cut a piece out of the long, narrow picture first"
        raise StepError("resize_short_side", expected, f"{new_width} x {new_height}", cure)
    return _resized("resize_short_side", pixels, new_width, new_height, filter, context)


def center_crop(value: object, width: int, height: int, context: Context) -> Pixels:
    """Cut `[height, width, C]` out of the middle of `[H, W, C] uint8`; a smaller picture is a `StepError`."""
    pixels = image_array("center_crop", value)
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    if top < 0 or left < 0:
        expected = f"a picture of at least {width} × {height} pixels"
        raise StepError("center_crop", expected, described(pixels), "put a step before it that enlarges")
    context.cut(top, left, height, width)
    return pixels[top : top + height, left : left + width]


def letterbox(
    value: object,
    width: int,
    height: int,
    context: Context,
    filter: str = "bilinear",  # noqa: A002 - the card's word
    fill: int = 114,
    align: str = "center",
) -> Pixels:
    """Fit all of `[H, W, C] uint8` into `[height, width, C]`, keeping its aspect, with a border of `fill`."""
    pixels = image_array("letterbox", value)
    old_height, old_width, channels = pixels.shape
    scale = min(width / old_width, height / old_height)
    new_width, new_height = (max(1, math.floor(side * scale + 0.5)) for side in (old_width, old_height))
    resized = _resized("letterbox", pixels, new_width, new_height, filter, context)
    share = choice("letterbox", "align", ALIGNMENTS, align)
    top, left = ((rest * share) // 2 for rest in (height - new_height, width - new_width))
    boxed = np.full((height, width, channels), fill, np.uint8)
    boxed[top : top + new_height, left : left + new_width] = resized
    context.cut(-top, -left, height, width)
    return boxed


ALIGNMENTS: Mapping[str, int] = {"center": 1, "start": 0}  # halves of the rest that lie before the picture


def resample(step: str, pixels: Pixels, width: int, height: int, name: str) -> Pixels:
    """Resize `[H, W, C] uint8` (C 1 or 3) as `resize` does, without a note in the context."""
    return _resized(step, pixels, width, height, name, Context())


def _resized(step: str, pixels: Pixels, width: int, height: int, name: str, context: Context) -> Pixels:
    resampling = choice(step, "filter", FILTERS, name)
    old_height, old_width, channels = pixels.shape
    context.resized(height, width)
    # Which pass goes first shows in the result. Before Pillow 13 it was always the horizontal one; now see Resample.c.
    vertical_first = old_height - height > max(0, 2 * (old_width - width))
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    image = image.resize((old_width, height) if vertical_first else (width, old_height), resampling)
    return np.asarray(image.resize((width, height), resampling)).reshape(height, width, channels)


STEPS: Mapping[str, Callable[..., Any]] = {
    "decode_image": decode_image,
    "to_color_space": to_color_space,
    "invert": invert,
    "crop_to_content": crop_to_content,
    "resize": resize,
    "fit_within": fit_within,
    "resize_short_side": resize_short_side,
    "center_crop": center_crop,
    "letterbox": letterbox,
}
