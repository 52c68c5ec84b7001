"""Changing the rate of a sound by a windowed sinc.

Source: the filter `sinc_interp_hann` of torchaudio.functional.resample, after J. O. Smith, Digital Audio Resampling,
https://ccrma.stanford.edu/~jos/resample/.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CROSSINGS = 32  # zero crossings of the sinc on each side
ROLLOFF = 0.95  # cutoff as a fraction of the lower of the two Nyquist frequencies


def resampled(samples: NDArray[np.float32], old: int, new: int) -> NDArray[np.float32]:
    """Return `[ceil(T * new / old), …] float32` at the rate `new` for `[T, …]` at `old`; zeros lie around the sound.

    With L/M = new/old in lowest terms and c = ROLLOFF * min(1, L/M), sample n of the result is the sum over k of
    x[k] * h(k - n M/L), where h(u) = c sinc(c u) cos²(pi c u / (2 CROSSINGS)) for |c u| < CROSSINGS and 0 beyond,
    and sinc(v) = sin(pi v) / (pi v). Sums are in float64.
    """
    if old == new:
        return samples
    divisor = math.gcd(old, new)
    up, down = new // divisor, old // divisor
    count = -(-len(samples) * up // down)
    reach = math.ceil(CROSSINGS / (ROLLOFF * min(1, up / down)))
    edges = [(reach, reach + down), *[(0, 0)] * (samples.ndim - 1)]
    padded = np.pad(samples.astype(np.float64), edges)
    result = np.empty((count, *samples.shape[1:]), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    for phase in range(min(up, count)):
        first, rest = divmod(phase * down, up)
        rows = result[phase::up]
        rows[:] = windows[first::down][: len(rows)] @ _kernel(rest / up, up / down, reach)
    return result


def _kernel(fraction: float, ratio: float, reach: int) -> NDArray[np.float64]:
    """Return h at the 2 reach + 1 input samples around a place `fraction` of a sample after the middle one."""
    cutoff = ROLLOFF * min(1, ratio)
    v = cutoff * (np.arange(-reach, reach + 1) - fraction)
    window = np.cos(np.pi * v / (2 * CROSSINGS)) ** 2
    return np.where(np.abs(v) < CROSSINGS, cutoff * np.sinc(v) * window, 0.0)
