"""From an encoded sound to frames of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STEPS: Mapping[str, Callable[..., Any]] = {}
