"""Digits drawn by hand: outlines in several styles, as a round brush leaves them on a canvas."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterator

from PIL import Image, ImageDraw

Point = tuple[float, float]  # x to the right, y down, both 0..1 in the digit's box
Box = tuple[int, int, int, int]
BRUSHES = (12, 16, 20, 24, 30)  # pixels
BOXES: tuple[Box, ...] = ((60, 40, 220, 240), (90, 60, 190, 220), (30, 30, 250, 260), (70, 60, 210, 210))
CANVAS = 280


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Return 25 points of an ellipse's arc; angles in degrees, clockwise from three o'clock."""
    angles = [math.radians(start + (end - start) * i / 24) for i in range(25)]
    return [(cx + rx * math.cos(angle), cy + ry * math.sin(angle)) for angle in angles]


# fmt: off
STYLES: dict[str, list[list[list[Point]]]] = {  # digit → styles → strokes
    "0": [[arc(.5, .5, .32, .48, -90, 270)], [arc(.5, .5, .42, .45, -120, 240)]],
    "1": [[[(.5, 0), (.5, 1)]], [[(.25, .25), (.55, 0), (.55, 1)]],
          [[(.3, .2), (.5, 0), (.5, 1)], [(.25, 1), (.75, 1)]], [[(.6, 0), (.42, 1)]]],
    "2": [[[*arc(.5, .28, .3, .28, -170, 40), (.2, 1), (.85, 1)]],
          [[(.2, .2), (.35, .03), (.65, .03), (.8, .25), (.7, .5), (.2, .97), (.85, .97)]]],
    "3": [[arc(.45, .26, .3, .26, -150, 90) + arc(.45, .75, .35, .25, -90, 150)],
          [[(.2, .02), (.75, .02), (.45, .4), *arc(.45, .7, .33, .3, -80, 150)]]],
    "4": [[[(.6, 0), (.15, .65), (.9, .65)], [(.65, .35), (.65, 1)]],
          [[(.2, 0), (.2, .5), (.8, .5)], [(.75, 0), (.75, 1)]],
          [[(.68, 1), (.68, 0), (.12, .68), (.92, .68)]]],
    "5": [[[(.8, 0), (.25, 0), (.22, .45), *arc(.45, .7, .35, .3, -110, 140)]],
          [[(.75, .02), (.3, .05), (.25, .42), *arc(.42, .68, .32, .3, -100, 120)]]],
    "6": [[[(.65, 0), (.4, .2), (.25, .5), *arc(.5, .72, .28, .27, 180, 540)]],
          [[(.45, 0), (.22, .45), *arc(.48, .7, .27, .28, 170, 530)]]],
    "7": [[[(.15, 0), (.85, 0), (.4, 1)]], [[(.15, .02), (.85, .02), (.45, 1)], [(.3, .5), (.75, .5)]]],
    "8": [[arc(.5, .25, .25, .25, 90, 450) + arc(.5, .75, .32, .25, -90, 270)],
          [arc(.5, .27, .3, .27, 90, 450) + arc(.5, .76, .3, .24, -90, 270)]],
    "9": [[[*arc(.5, .3, .28, .28, 0, -360), (.78, .3), (.72, 1)]],
          [[*arc(.48, .28, .28, .26, -20, -360), (.76, .25), (.74, .6), (.55, 1)]]],
}
# fmt: on


def drawings(seed: int = 5) -> Iterator[tuple[str, bytes]]:
    """Yield (digit, PNG) for every style and brush, each in another box, tilted and with a trembling hand."""
    rng = random.Random(seed)
    for digit, styles in STYLES.items():
        for strokes in styles:
            for brush in BRUSHES:
                yield digit, draw(strokes, brush, rng.choice(BOXES), rng.choice((-0.1, 0.0, 0.1, 0.2)), rng)


def draw(strokes: list[list[Point]], brush: int, box: Box, tilt: float, rng: random.Random) -> bytes:
    """Draw dark ink on a white canvas of 280 × 280 pixels."""
    image = Image.new("L", (CANVAS, CANVAS), 255)
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = box
    for stroke in strokes:
        shaken = [
            (x + tilt * (0.5 - y) + rng.uniform(-0.012, 0.012), y + rng.uniform(-0.012, 0.012)) for x, y in stroke
        ]
        points = [(left + x * (right - left), top + y * (bottom - top)) for x, y in shaken]
        pen.line(points, fill=0, width=brush, joint="curve")
        for x, y in points:
            pen.ellipse([x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2], fill=0)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
