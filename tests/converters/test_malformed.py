"""Broken and hostile files: each ends in an error that names the place, quickly and in little memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.converters.corpus.confined import CONVERTERS, convert_confined
from tests.converters.corpus.faults import FAULTS, Fault

pytestmark = pytest.mark.parametrize("converter", CONVERTERS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_broken_file_is_refused_with_the_place_of_the_fault(fault: Fault, converter: str, tmp_path: Path):
    """Whoever gets a broken file reads where it is broken, and finds no half-made result."""
    source, target = fault.write(tmp_path), tmp_path / "converted"
    outcome = convert_confined(converter, source, target)
    assert outcome.status in ("refused", "malformed"), outcome
    assert fault.says in outcome.detail
    assert not target.exists()
