"""Scenes of several handwritten digits, with the box and the label of each, for `digits_detector.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from scripts.train.digits_cnn import Digits, Pixels, ink_field, random_grid, warp

Ink = NDArray[np.float32]  # [H, W], 0..1, cut to the digit

MOST = 6  # digits in a scene
SIZES = (14.0, 44.0)  # pixels of a digit's longer side, in a scene of 96 × 96
GAP = 2  # pixels between two boxes
TRIES = 30  # to find room for a digit
CONTRAST = (0.3, 0.9)  # of the ink with the middle of the background, of 1
FAINT = 0.25  # ink below it does not count for the box


@dataclass(frozen=True)
class Scene:
    """A picture `[S, S] uint8`, boxes `[n, 4]` (y_min, x_min, y_max, x_max) in its pixels, and a digit for each."""

    picture: Pixels
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]


def cut(ink: Ink) -> Ink:
    """Cut ink to the smallest box that holds all of it that is not faint."""
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def as_scanned(digits: Digits) -> list[tuple[Ink, int]]:
    """Return the digits as they were scanned, enlarged."""
    inks = [cut(ink_field(picture)) for picture in digits.pictures]
    return list(zip(inks, map(int, digits.labels), strict=True))


def bent(digits: Digits, copies: int, rng: np.random.Generator) -> list[tuple[Ink, int]]:
    """Return the digits turned, slanted and bent a little, `copies` times each."""
    fields = torch.from_numpy(np.stack([ink_field(picture) for picture in digits.pictures]))
    found = []
    for _ in range(copies):
        bent_fields = warp(fields, 0.0, random_grid(len(fields), 56, 0.6, rng)).clamp(0, 1).numpy()
        found += [(cut(ink), int(label)) for ink, label in zip(bent_fields, digits.labels, strict=True)]
    return found


def background(size: int, rng: np.random.Generator) -> Ink:
    """Return a lightness 0..1 that changes smoothly from side to side, `[size, size]`."""
    coarse = (rng.uniform(0.1, 0.9) + rng.uniform(-0.2, 0.2, (3, 3))).clip(0, 1).astype(np.float32)
    return np.array(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))


def scene(digits: list[tuple[Ink, int]], size: int, rng: np.random.Generator) -> Scene:
    """Paste 1 to `MOST` random digits where there is room, lighter or darker than the background, and add noise."""
    picture, boxes, labels = background(size, rng), list[tuple[int, int, int, int]](), []
    count = int(rng.integers(1, MOST + 1))
    least, most = map(math.log, SIZES)
    sides = np.exp(rng.uniform(least, most, count)) * size / 96
    for side in sorted(sides, reverse=True):
        ink, label = digits[rng.integers(len(digits))]
        box = _room(ink, side, boxes, size, rng)
        if box is not None:
            _paste(picture, ink, box, rng)
            boxes.append(box)
            labels.append(label)
    noisy = picture + rng.normal(0, rng.uniform(0, 0.06), picture.shape)
    return Scene(
        (noisy.clip(0, 1) * 255).round().astype(np.uint8), np.array(boxes, np.float32), np.array(labels, np.int64)
    )


def _room(
    ink: Ink, side: float, boxes: list[tuple[int, int, int, int]], size: int, rng: np.random.Generator
) -> tuple[int, int, int, int] | None:
    height, width = (max(3, round(length * side / max(ink.shape))) for length in ink.shape)
    for _ in range(TRIES):
        y, x = int(rng.integers(size - height + 1)), int(rng.integers(size - width + 1))
        if all(y > b[2] + GAP or b[0] > y + height + GAP or x > b[3] + GAP or b[1] > x + width + GAP for b in boxes):
            return y, x, y + height, x + width
    return None


def _paste(picture: Ink, ink: Ink, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """Blend ink into the picture, at a lightness that stands out from what is there."""
    y, x, bottom, right = box
    cover = np.asarray(Image.fromarray(ink).resize((right - x, bottom - y), Image.Resampling.BICUBIC)).clip(0, 1)
    place = picture[y:bottom, x:right]
    middle = float(place.mean())
    contrast = rng.uniform(*CONTRAST)
    signs = [sign for sign in (-1, 1) if 0 <= middle + sign * contrast <= 1] or [1 if middle < 0.5 else -1]
    lightness = np.clip(middle + rng.choice(signs) * contrast, 0, 1)
    place += cover * (lightness - place)
