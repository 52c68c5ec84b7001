"""From scores in time to stretches of sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STEPS: Mapping[str, Callable[..., Any]] = {}
