"""Photos of a printed page on something, made here, with the page's four corners, for `document_corners.py`.

A page is lines of text, headings, pictures and rules that are drawn; what lies around it is a photo or a plain or
striped surface. Perspective, light, shadow, blur and noise are put on both.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float64]  # [4, 2]: y, x as fractions; upper left, upper right, lower right, lower left

LONG_SIDE = 320  # pixels of a page's texture
INSIDE = (0.015, 0.985)  # where corners may lie
LEAST_AREA = 0.15  # of the picture
TILT = np.radians(28)
RIM = 4  # pixels round a texture
SUPERSAMPLING = 1.5  # before the scene is reduced to its size


@dataclass(frozen=True)
class Scene:
    """A picture `[S, S, 3] uint8`, and the corners of the page in it, or None without a page."""

    picture: Pixels
    corners: Corners | None


def page(rng: np.random.Generator) -> Image.Image:
    """Draw a page of random words."""
    width = round(LONG_SIDE / rng.uniform(1.25, 1.65))
    paper = tuple(int(v) for v in rng.integers(222, 256) - rng.integers(0, 14, 3))
    sheet = Image.new("RGB", (width, LONG_SIDE), paper)
    pen, margin, y = ImageDraw.Draw(sheet), int(rng.integers(12, 36)), int(rng.integers(12, 44))
    ink = tuple(int(v) for v in rng.integers(0, 90) + rng.integers(0, 25, 3))
    columns = int(rng.integers(1, 3))
    for index in rng.choice(len(PARTS), size=12, p=SHARES):
        if y > LONG_SIDE - 2 * margin:
            break
        y = PARTS[index](pen, (margin, y, width - margin), columns, ink, rng) + int(rng.integers(4, 14))
    return sheet


Span = tuple[int, int, int]  # left, top, right
Ink = tuple[int, ...]


def _words(length: int, rng: np.random.Generator) -> str:
    letters = rng.choice(list(string.ascii_lowercase + "     "), length)
    return "".join(letters).strip() or "a"


def _text(pen: ImageDraw.ImageDraw, span: Span, columns: int, ink: Ink, rng: np.random.Generator) -> int:
    left, top, right = span
    size, count = int(rng.integers(6, 11)), int(rng.integers(2, 9))
    font, step = ImageFont.load_default(size), (right - left) / columns
    for line in range(count):
        for column in range(columns):
            length = step * (0.93 if line < count - 1 else rng.uniform(0.3, 0.9))
            words = _words(int(length / size * 2), rng)
            pen.text((left + column * step, top + 1.35 * size * line), words, fill=ink, font=font)
    return top + int(1.35 * size * count)


def _heading(pen: ImageDraw.ImageDraw, span: Span, _: int, ink: Ink, rng: np.random.Generator) -> int:
    left, top, right = span
    size = int(rng.integers(12, 24))
    words = _words(int(rng.uniform(0.3, 0.9) * (right - left) / size * 1.8), rng).upper()
    pen.text((left, top), words, fill=ink, font=ImageFont.load_default(size))
    return top + int(1.3 * size)


def _picture(pen: ImageDraw.ImageDraw, span: Span, _: int, __: Ink, rng: np.random.Generator) -> int:
    left, top, right = span
    width, height = int(rng.uniform(0.3, 1) * (right - left)), int(rng.integers(25, 90))
    for part in np.linspace(0, 1, 6):
        colour = tuple(int(v) for v in rng.integers(40, 230, 3))
        pen.rectangle((left, top + int(part * height), left + width, top + height), fill=colour)
    return top + height


def _table(pen: ImageDraw.ImageDraw, span: Span, _: int, ink: Ink, rng: np.random.Generator) -> int:
    left, top, right = span
    rows, columns, step = int(rng.integers(2, 7)), int(rng.integers(2, 6)), int(rng.integers(9, 15))
    for row in range(rows + 1):
        pen.line((left, top + row * step, right, top + row * step), fill=ink)
    for column in np.linspace(left, right, columns + 1):
        pen.line((column, top, column, top + rows * step), fill=ink)
    return top + rows * step


PARTS = [_text, _heading, _picture, _table]
SHARES = [0.62, 0.16, 0.1, 0.12]


def surface(size: int, photos: Sequence[Image.Image], rng: np.random.Generator) -> Image.Image:
    """Return what lies around the page: part of a photo, or a plain or striped surface."""
    if rng.random() < 0.6:
        photo = photos[int(rng.integers(len(photos)))]
        side = int(rng.uniform(0.35, 1) * min(photo.size))
        left, top = (int(rng.integers(length - side + 1)) for length in photo.size)
        part = photo.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
        pixels = np.asarray(part, np.float32)[:, :: rng.choice([-1, 1])]
        gain, shift = rng.uniform(0.5, 1.1) * rng.uniform(0.8, 1.2, 3), rng.uniform(-25, 25)
        return Image.fromarray((pixels * gain + shift).clip(0, 255).astype(np.uint8))
    colours = rng.integers(20, 215) + rng.uniform(-25, 25, (2, 3))
    stripes = np.sin(np.linspace(0, rng.uniform(5, 120), size) + rng.normal(0, 0.3, size)) * rng.choice([0, 0.5])
    weight = (0.5 + stripes)[None, :, None] + rng.normal(0, 0.1, (size, 1, 1))
    pixels = (colours[0] * weight + colours[1] * (1 - weight)).clip(0, 255) + np.zeros((size, size, 1))
    return Image.fromarray(pixels.astype(np.uint8)).rotate(90 * int(rng.integers(4)))


def corners(aspect: float, rng: np.random.Generator) -> Corners:
    """Return the corners of a sheet of height over width `aspect`, seen from somewhere; drawn until it fits."""
    while True:
        height = rng.uniform(0.4, 1.2)
        half = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * np.array([height, height / aspect]) / 2
        angle = rng.normal(0, TILT / 2.5)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        seen = half @ turn * rng.uniform(0.75, 1.0, 2)
        seen = seen / (1 + seen @ rng.uniform(-0.45, 0.45, 2))[:, None] + rng.uniform(0.36, 0.64, 2)
        y, x = seen.T
        area = abs(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2
        if seen.min() > INSIDE[0] and seen.max() < INSIDE[1] and area > LEAST_AREA and abs(angle) < TILT:
            return np.asarray(seen)


def perspective(places: Corners, width: int, height: int) -> list[float]:
    """Return Pillow's eight coefficients, which lead from places (y, x) in pixels to those in a sheet with its rim."""
    low, right_end, lower_end = RIM, width + RIM, height + RIM
    sheet = [(low, low), (low, right_end), (lower_end, right_end), (lower_end, low)]
    rows, right = [], []
    for (y, x), (v, u) in zip(places, sheet, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return [float(v) for v in np.linalg.solve(np.array(rows, np.float64), np.array(right, np.float64))]


def scene(pages: Sequence[Image.Image], photos: Sequence[Image.Image], size: int, rng: np.random.Generator) -> Scene:
    """Lay a page on a surface, light it, and take the photo; one in 25 scenes has no page."""
    large = round(size * SUPERSAMPLING)
    ground = np.asarray(surface(large, photos, rng), np.float32)
    sheet = pages[int(rng.integers(len(pages)))].rotate(90 * int(rng.integers(4)), expand=True)
    places = corners(sheet.height / sheet.width, rng) if rng.random() > 0.04 else None
    if places is not None:
        ground = _laid(ground, sheet, places * large, rng)
    picture = Image.fromarray((ground * _light(large, rng)).clip(0, 255).astype(np.uint8))
    blurred = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.3) * large / 192))
    small = np.asarray(blurred.resize((size, size), Image.Resampling.BILINEAR), np.float32)
    noisy = small + rng.normal(0, rng.uniform(0, 7), small.shape)
    return Scene(noisy.clip(0, 255).round().astype(np.uint8), places)


def _laid(
    ground: NDArray[np.float32], sheet: Image.Image, places: Corners, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Put the sheet onto the ground, with the shadow that it throws there."""
    size = (ground.shape[1], ground.shape[0])
    coefficients = perspective(places, *sheet.size)
    paper = tuple(int(v) for v in np.asarray(sheet)[0, 0])
    rimmed = ImageOps.expand(sheet, RIM, paper)  # what lies beyond the edge mixes into it
    cover = Image.new("L", size)
    ImageDraw.Draw(cover).polygon([(x, y) for y, x in places], fill=255)
    shift = [int(v) for v in rng.integers(-5, 6, 2)]
    shadow = np.asarray(cover.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 6))), np.float32)[..., None] / 255
    shaded = ground * (1 - rng.uniform(0, 0.55) * np.roll(shadow, shift, (0, 1)))
    laid = np.asarray(rimmed.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR))
    mask = np.asarray(cover, np.float32)[..., None] / 255
    return np.asarray(shaded * (1 - mask) + laid * rng.uniform(0.75, 1) * mask, np.float32)


def _light(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return how brightly each place is lit, `[size, size, 3]`: smooth, coloured, at times with a shadow across."""
    coarse = Image.fromarray(rng.uniform(0.6, 1.15, (3, 3)).astype(np.float32))
    light = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
    if rng.random() < 0.35:
        shade = Image.new("L", (size, size), 255)
        points = [(float(x), float(y)) for x, y in rng.uniform(-0.5, 1.5, (3, 2)) * size]
        ImageDraw.Draw(shade).polygon(points, fill=int(rng.integers(110, 220)))
        soft = shade.filter(ImageFilter.GaussianBlur(size * rng.uniform(0.01, 0.08)))
        light = light * np.asarray(soft, np.float32) / 255
    return np.asarray(light[..., None] * rng.uniform(0.88, 1.05, 3), np.float32)
