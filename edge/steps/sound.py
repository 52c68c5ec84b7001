"""A sound that has not yet been brought to a model's rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError, described


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples `[T]` or `[T, C] float32`, of which `rate` make a second; full scale is -1..1."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """Return how long it lasts."""
        return len(self.samples) / self.rate


def sound(step: str, value: object) -> Sound:
    """Return `value` if it is a sound."""
    if not isinstance(value, Sound):
        raise StepError(step, "a sound", described(value), "put decode_audio before it")
    return value
