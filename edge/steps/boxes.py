"""From a detector's tensors to boxes in the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STEPS: Mapping[str, Callable[..., Any]] = {}
