"""Resampling along one axis as a matrix: which input entries make up each output entry, and with what weight.

Source: the ONNX standard, operator Resize, and its reference implementation onnx/reference/ops/op_resize.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from converters.lowering import tables as t

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sampling:
    """How one axis is resampled: `size` entries to `output`, by ONNX's attributes."""

    size: int
    output: int
    scale: float
    mode: str  # nearest, linear, cubic
    coordinates: str  # coordinate_transformation_mode
    rounding: str = "round_prefer_floor"  # nearest_mode
    cubic: float = -0.75
    exclude_outside: bool = False
    antialias: bool = False
    region: tuple[float, float] = (0.0, 1.0)  # of tf_crop_and_resize

    def positions(self) -> Floats:
        """Return where in the input each output entry lies."""
        return COORDINATES[self.coordinates](self, t.arange(self.output, dtype=np.float64))

    def indices(self) -> npt.NDArray[np.int64]:
        """Return the input entry that `nearest` takes for each output entry."""
        x = self.positions()
        return np.clip(ROUNDINGS[self.rounding](x), 0, self.size - 1).astype(np.int64)

    def outside(self) -> npt.NDArray[np.bool_]:
        """Tell which output entries take the extrapolation value."""
        x = self.positions()
        return (self.coordinates == "tf_crop_and_resize") & ((x < 0) | (x > self.size - 1))

    def matrix(self) -> Matrix:
        """Return `[output, size]` weights of the modes that mix entries."""
        return _weights(self).astype(np.float32)

    def is_identity(self) -> bool:
        """Tell whether each output entry is the input entry of its place."""
        if self.size != self.output or self.outside().any():
            return False
        return np.array_equal(self.indices() if self.mode == "nearest" else self.positions(), t.arange(self.size))


def _half_pixel_symmetric(s: Sampling, x: Floats) -> Floats:
    adjustment = s.output / (s.scale * s.size)
    centre = s.size / 2
    return centre * (1 - adjustment) + (x + 0.5) / s.scale - 0.5


def _align_corners(s: Sampling, x: Floats) -> Floats:
    length = s.scale * s.size  # before rounding
    return x * (s.size - 1) / (length - 1) if length > 1 else np.zeros_like(x)


def _crop(s: Sampling, x: Floats) -> Floats:
    start, end = s.region
    if s.output == 1:
        return np.full_like(x, 0.5 * (start + end) * (s.size - 1))
    return start * (s.size - 1) + x * (end - start) * (s.size - 1) / (s.output - 1)


COORDINATES: Mapping[str, Callable[[Sampling, Floats], Floats]] = {
    "half_pixel": lambda s, x: (x + 0.5) / s.scale - 0.5,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": lambda s, x: (x + 0.5) / s.scale - 0.5 if s.output > 1 else np.zeros_like(x),
    "align_corners": _align_corners,
    "asymmetric": lambda s, x: x / s.scale,
    "tf_crop_and_resize": _crop,
}
ROUNDINGS: Mapping[str, Callable[[Floats], Floats]] = {
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


def _kernel(s: Sampling, distance: Floats) -> Floats:
    """Return the weight at a distance, in input entries: a triangle, or Keys' cubic."""
    d: Floats = np.abs(distance)
    if s.mode == "linear":
        return np.clip(1 - d, 0, None)
    a = s.cubic
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, np.zeros_like(d)))


def _weights(s: Sampling) -> Floats:
    x = s.positions()
    stretch = min(s.scale, 1.0) if s.antialias else 1.0
    reach = int(np.ceil((1 if s.mode == "linear" else 2) / stretch))
    taps = t.outer(np.add, np.floor(x), t.arange(reach + 2, start=-reach))
    weights = _kernel(s, (taps - x[:, None]) * stretch)
    inside = (taps >= 0) & (taps <= s.size - 1)
    if s.exclude_outside:
        weights = np.where(inside, weights, 0)
    if s.exclude_outside or s.antialias:
        weights /= weights.sum(1, keepdims=True)
    result = t.zeros((s.output, s.size), np.float64)
    rows = np.broadcast_to(t.arange(s.output)[:, None], taps.shape)
    np.add.at(result, (rows, np.clip(taps, 0, s.size - 1).astype(np.int64)), weights)
    return result


def tflite_positions(size: int, output: int, *, align_corners: bool, half_pixel: bool) -> Floats:
    """Return where TFLite's RESIZE operators place each output entry."""
    scale = (size - 1) / (output - 1) if align_corners and output > 1 else size / output
    x = t.arange(output, dtype=np.float64)
    return (x + 0.5) * scale - 0.5 if half_pixel else x * scale


def tflite_nearest(size: int, output: int, *, align_corners: bool, half_pixel: bool) -> npt.NDArray[np.int64]:
    """Return the entry that TFLite's RESIZE_NEAREST_NEIGHBOR takes for each output entry, in float32 as it does."""
    scale = np.float32((size - 1) / (output - 1) if align_corners and output > 1 else size / output)
    x = t.arange(output, dtype=np.float32) + np.float32(0.5 if half_pixel else 0)
    index: npt.NDArray[np.int64] = np.floor(x * scale + np.float32(0.5 if align_corners else 0)).astype(np.int64)
    return index.clip(0, size - 1)
