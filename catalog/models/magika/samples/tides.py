"""Tides from a table of constituents: heights above datum at any hour."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Constituent:
    """One part of the tide."""

    name: str
    amplitude: float  # metres
    speed: float  # degrees an hour
    phase: float  # degrees


CONSTITUENTS = [
    Constituent("M2", 1.32, 28.984104, 64.0),
    Constituent("S2", 0.41, 30.0, 98.5),
    Constituent("N2", 0.27, 28.43973, 41.2),
    Constituent("K1", 0.11, 15.041069, 172.9),
]


def height(hour: float, mean: float = 1.9) -> float:
    """Return the height in metres at an hour since midnight."""
    return mean + sum(c.amplitude * math.cos(math.radians(c.speed * hour - c.phase)) for c in CONSTITUENTS)


def main() -> None:
    """Print a day, or as many hours as the first argument says."""
    hours = range(int(sys.argv[1]) if len(sys.argv) > 1 else 24)
    for hour in hours:
        metres = height(hour)
        print(f"{hour:02d}:00  {metres:5.2f} m  {'#' * round(10 * metres)}")


if __name__ == "__main__":
    main()
