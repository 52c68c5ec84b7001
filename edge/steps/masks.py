"""From a model's tensors to a class or an opacity for each pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STEPS: Mapping[str, Callable[..., Any]] = {}
