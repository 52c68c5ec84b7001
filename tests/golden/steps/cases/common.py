"""What the cases of several kinds are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edge.steps import Context


@dataclass(frozen=True)
class Case:
    """One input of a step: what it shows, the parameters, the value, and what the run knows beside it."""

    name: str
    kwargs: Mapping[str, Any]
    value: Any
    context: Context = field(default_factory=Context)


Cases = Mapping[str, Callable[[], list[Case]]]  # step → its cases


def noise(*shape: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return uint8 noise of the shape, the same every time."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def scores(*shape: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return float32 noise around 0."""
    return (np.random.default_rng(seed).standard_normal(shape) * 3).astype(np.float32)
