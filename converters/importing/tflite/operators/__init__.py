"""Imports by theme. Importing this package enters all of them into the table `node.IMPORTS`."""

from converters.importing.tflite.operators import (
    detection,
    elementwise,
    gathering,
    images,
    matrix,
    moving,
    reduction,
    signal,
    slicing,
)

__all__ = [
    "detection",
    "elementwise",
    "gathering",
    "images",
    "matrix",
    "moving",
    "reduction",
    "signal",
    "slicing",
]
