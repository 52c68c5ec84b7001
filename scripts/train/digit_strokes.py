"""Digits as pen strokes, in styles that the scanned digits lack: a 1 with a foot, a 7 without a bar, an open 4.

Each style is a list of strokes and each stroke a list of control points in a unit box, x to the right and y down; a
smooth curve runs through them. A repeated point makes a corner.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Points = npt.NDArray[np.float64]

STYLES: dict[int, list[list[list[tuple[float, float]]]]] = {
    0: [
        [[(0.5, 0.0), (0.16, 0.25), (0.14, 0.7), (0.5, 1.0), (0.86, 0.7), (0.84, 0.25), (0.5, 0.0)]],
        [[(0.65, 0.05), (0.3, 0.1), (0.18, 0.55), (0.4, 0.98), (0.75, 0.8), (0.8, 0.3), (0.5, 0.02)]],
    ],
    1: [
        [[(0.5, 0.0), (0.5, 0.5), (0.48, 1.0)]],
        [[(0.22, 0.3), (0.52, 0.0), (0.52, 0.0), (0.5, 1.0)]],
        [[(0.24, 0.22), (0.5, 0.0), (0.5, 0.0), (0.5, 1.0)], [(0.15, 1.0), (0.85, 1.0)]],
        [[(0.5, 0.0), (0.5, 1.0)], [(0.2, 0.98), (0.8, 1.0)]],
    ],
    2: [
        [[(0.18, 0.25), (0.45, 0.0), (0.8, 0.22), (0.55, 0.6), (0.15, 0.98), (0.15, 0.98), (0.88, 0.97)]],
        [[(0.2, 0.15), (0.6, 0.02), (0.75, 0.35), (0.2, 0.9), (0.25, 1.0), (0.5, 0.88), (0.9, 1.0)]],
    ],
    3: [
        [[(0.2, 0.12), (0.6, 0.0), (0.74, 0.25), (0.42, 0.46), (0.8, 0.65), (0.7, 0.94), (0.2, 0.92)]],
        [[(0.18, 0.0), (0.8, 0.0), (0.8, 0.0), (0.45, 0.38), (0.45, 0.38), (0.85, 0.7), (0.5, 1.0), (0.15, 0.85)]],
    ],
    4: [
        [[(0.62, 0.0), (0.1, 0.68), (0.1, 0.68), (0.92, 0.68)], [(0.64, 0.3), (0.64, 1.0)]],
        [[(0.18, 0.0), (0.16, 0.52), (0.16, 0.52), (0.85, 0.5)], [(0.8, 0.05), (0.76, 1.0)]],
        [[(0.3, 0.0), (0.12, 0.5), (0.4, 0.58), (0.85, 0.45)], [(0.75, 0.1), (0.6, 1.0)]],
    ],
    5: [
        [
            [(0.3, 0.0), (0.26, 0.42), (0.26, 0.42), (0.7, 0.42), (0.8, 0.75), (0.5, 1.0), (0.18, 0.9)],
            [(0.3, 0.0), (0.82, 0.0)],
        ],
        [[(0.8, 0.02), (0.3, 0.0), (0.3, 0.0), (0.2, 0.48), (0.2, 0.48), (0.65, 0.4), (0.78, 0.75), (0.2, 0.98)]],
    ],
    6: [
        [[(0.7, 0.0), (0.28, 0.35), (0.2, 0.75), (0.5, 1.0), (0.8, 0.75), (0.55, 0.5), (0.22, 0.72)]],
        [[(0.45, 0.0), (0.22, 0.6), (0.45, 1.0), (0.76, 0.82), (0.6, 0.58), (0.26, 0.7)]],
    ],
    7: [
        [[(0.12, 0.02), (0.85, 0.0), (0.85, 0.0), (0.55, 0.45), (0.38, 1.0)]],
        [[(0.12, 0.0), (0.88, 0.0), (0.88, 0.0), (0.4, 1.0)], [(0.28, 0.5), (0.82, 0.48)]],
        [[(0.15, 0.2), (0.15, 0.2), (0.18, 0.0), (0.18, 0.0), (0.84, 0.02), (0.84, 0.02), (0.5, 1.0)]],
    ],
    8: [
        [[(0.72, 0.12), (0.42, 0.0), (0.28, 0.26), (0.72, 0.68), (0.5, 1.0), (0.25, 0.72), (0.7, 0.3), (0.72, 0.1)]],
        [
            [(0.5, 0.0), (0.25, 0.22), (0.5, 0.46), (0.75, 0.22), (0.5, 0.0)],
            [(0.5, 0.46), (0.18, 0.74), (0.5, 1.0), (0.82, 0.74), (0.5, 0.46)],
        ],
    ],
    9: [
        [[(0.78, 0.25), (0.5, 0.0), (0.22, 0.28), (0.5, 0.52), (0.78, 0.22), (0.78, 0.22), (0.7, 1.0)]],
        [[(0.76, 0.15), (0.4, 0.02), (0.25, 0.4), (0.65, 0.46), (0.78, 0.2), (0.74, 0.7), (0.3, 1.0)]],
    ],
}


def curve(points: Points, samples: int = 12) -> Points:
    """Return `[(N - 1) * samples + 1, 2]` points of the Catmull-Rom spline through `[N, 2]` control points."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.arange(samples)[:, None] / samples
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*pieces, points[-1:]])


def random_affine(rng: np.random.Generator) -> Points:
    """Return a `[2, 2]` matrix that narrows, slants and turns, as hands do."""
    turn, slant, width = rng.uniform(-0.2, 0.2), rng.uniform(-0.25, 0.25), rng.uniform(0.4, 1.2)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(rotation @ np.array([[width, slant], [0.0, 1.0]]))


def draw(digit: int, rng: np.random.Generator, size: int = 128) -> npt.NDArray[np.uint8]:
    """Draw `[size, size] uint8`, black ink on white, in a random style, slant and brush width."""
    image = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(image)
    matrix, scale, brush = random_affine(rng), 0.6 * size, rng.uniform(0.025, 0.12) * size
    for stroke in STYLES[digit][rng.integers(len(STYLES[digit]))]:
        control = np.array(stroke) + rng.normal(0, 0.03, (len(stroke), 2))
        line = (curve(control) - 0.5) @ matrix.T * scale + size / 2
        pen.line([tuple(point) for point in line], fill=0, width=round(brush))
        for x, y in line:
            pen.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), fill=0)
    return np.asarray(image)
