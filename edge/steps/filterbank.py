"""Mel filters: triangles over the frequencies of a spectrum, evenly spaced as the ear hears pitch.

Source: librosa.filters.mel. HTK's scale is 2595 log10(1 + f / 700) (The HTK Book 3.4, 5.6); Slaney's is linear below
1000 Hz, 3 / 200 a hertz, and logarithmic above, 27 / ln 6.4 (M. Slaney, Auditory Toolbox, 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BREAK, BREAK_MEL = 1000.0, 15.0  # where Slaney's scale turns logarithmic
LOG_STEP = np.log(6.4) / 27


def _slaney(hertz: Floats) -> Floats:
    above = BREAK_MEL + np.log(np.maximum(hertz, BREAK) / BREAK) / LOG_STEP
    return np.where(hertz < BREAK, hertz * BREAK_MEL / BREAK, above)


def _slaney_back(mel: Floats) -> Floats:
    return np.where(mel < BREAK_MEL, mel * BREAK / BREAK_MEL, BREAK * np.exp(LOG_STEP * (mel - BREAK_MEL)))


# hertz → mel, and back
SCALES: Mapping[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "htk": (lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (10 ** (m / 2595) - 1)),
    "slaney": (_slaney, _slaney_back),
}
# edges in hertz, `[bands + 2]` → factor a band
NORMS: Mapping[str, Callable[[Floats], Floats]] = {
    "none": lambda edges: np.ones(len(edges) - 2),
    "slaney": lambda edges: 2 / (edges[2:] - edges[:-2]),
}


def edges(
    bands: int, low: float, high: float, scale: tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]
) -> Floats:
    """Return where the triangles begin, peak and end, in hertz, `[bands + 2]`: three neighbours make one."""
    to_mel, to_hertz = scale
    first, last = to_mel(np.array([low, high], np.float64))
    return to_hertz(first + (last - first) * np.arange(bands + 2) / (bands + 1))


def triangles(bins: int, rate: int, edges: Floats) -> Floats:
    """Return weights `[bins, bands]`, 0 to 1 and back to 0; bin i lies at i rate / (2 (bins - 1)) hertz."""
    frequencies = np.arange(bins)[:, None] * rate / (2 * (bins - 1))
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling))
