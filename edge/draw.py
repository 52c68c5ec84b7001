"""Draws results: what a model found, over the picture that it was given."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

GOLDEN_ANGLE = 137.5  # degrees between the hues of neighbouring labels: never twice the same
MASK_OPACITY = 0.6


def colour_of(index: int) -> Colour:
    """Return the colour of the label at this place; the test-drive's is the same."""
    red, green, blue = colorsys.hls_to_rgb((210 + index * GOLDEN_ANGLE) % 360 / 360, 0.5, 0.84)
    return round(255 * red), round(255 * green), round(255 * blue)


def _picture(picture: Pixels | None) -> Image.Image:
    if picture is None:
        raise ValueError("there is no picture to draw on")
    return Image.fromarray(picture)


def _pen(image: Image.Image) -> tuple[ImageDraw.ImageDraw, int, Any]:
    """Return what draws, a line width and a font that suit the size of the picture."""
    side = max(image.size)
    return ImageDraw.Draw(image), max(2, side // 250), ImageFont.load_default(max(11, side // 45))


def detections(result: Sequence[Mapping[str, Any]], picture: Pixels | None) -> Image.Image:
    """Draw a box with its label and score for each object."""
    image = _picture(picture)
    pen, width, font = _pen(image)
    names = sorted({row["label"] for row in result})
    for row in reversed(result):  # the surest last, on top
        top, left, bottom, right = (part * image.size[1 - i % 2] for i, part in enumerate(row["box"]))
        colour = colour_of(names.index(row["label"]))
        pen.rectangle((left, top, right, bottom), outline=colour, width=width)
        _caption(pen, font, (left, top), f"{row['label']} {row['score']:.2f}", colour)
    return image


def _caption(pen: ImageDraw.ImageDraw, font: Any, place: tuple[float, float], text: str, colour: Colour) -> None:
    pen.rectangle(pen.textbbox(place, text, font=font), fill=colour)
    pen.text(place, text, font=font, fill="white")


def keypoints(result: Sequence[Mapping[str, Any]], picture: Pixels | None) -> Image.Image:
    """Draw a dot with its label at each point; of many points the dots alone."""
    image = _picture(picture)
    pen, width, font = _pen(image)
    for index, row in enumerate(result):
        x, y, size = row["x"] * image.width, row["y"] * image.height, 1.5 * width
        pen.ellipse((x - size, y - size, x + size, y + size), fill=colour_of(index), outline="white")
        if len(result) <= 30:
            pen.text(
                (x + size + 2, y - size), row["label"], font=font, fill="white", stroke_width=2, stroke_fill="black"
            )
    return image


def mask(result: Mapping[str, Any], picture: Pixels | None) -> Image.Image:
    """Paint each class but the first in its colour."""
    image = np.asarray(_picture(picture), np.float64)
    colours = np.array([colour_of(index) for index in range(256)], np.float64)[result["classes"]]
    shown = (result["classes"] > 0)[..., None] * MASK_OPACITY
    return Image.fromarray(np.round(image * (1 - shown) + colours * shown).astype(np.uint8))


def image(result: Pixels, _: Pixels | None) -> Image.Image:
    """Return the picture that the model made."""
    return Image.fromarray(result[..., 0] if result.shape[2] == 1 else result)


def classes(result: Sequence[Mapping[str, Any]], picture: Pixels | None) -> Image.Image:
    """Write the classes into a corner, best first."""
    drawn = _picture(picture)
    pen, _, font = _pen(drawn)
    lines = "\n".join(f"{row['label']} {row['score']:.2f}" for row in result[:3])
    pen.multiline_text((4, 4), lines, font=font, fill="white", stroke_width=2, stroke_fill="black")
    return drawn


DRAWINGS: Mapping[str, Callable[[Any, Pixels | None], Image.Image]] = {
    "classes": classes,
    "detections": detections,
    "image": image,
    "keypoints": keypoints,
    "mask": mask,
}
