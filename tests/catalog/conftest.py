"""The cards that the tests of the catalog start from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

CARDS = Path(__file__).parents[1] / "cards"
VALID = sorted((CARDS / "valid").iterdir())
INVALID = sorted((CARDS / "invalid").iterdir())


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a card's folder to where it may be changed."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / folder.name))

    return copy
