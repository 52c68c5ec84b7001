"""Models that others publish, ready to run through their cards alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.published_cards import Published


@pytest.fixture(scope="session")
def model(mirror: Path | None) -> Callable[[str], Published]:
    """A function from a model's id to the model, imported when first asked for; skips where weights are absent."""
    if mirror is None:
        pytest.skip("no weights that others publish are here")
    return cache(Published)
