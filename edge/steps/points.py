"""From a model's tensors to places in the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STEPS: Mapping[str, Callable[..., Any]] = {}
