"""Broken and hostile TFLite files: each ends in an error that names the place, quickly and in little memory."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters.errors import ConversionError, MalformedModel
from converters.from_tflite import load
from tests.converters.corpus.confined import attempt, confined
from tests.converters.corpus.tflite_faults import FAULTS, FILE, VALID, Fault
from tests.converters.tflite_rows import ROWS

FILES = [VALID, *(make() for make in ROWS.values())]


def read(source: Path, _target: Path) -> None:
    """Import a file; nothing is written."""
    load(source)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_broken_file_is_refused_with_the_place_of_the_fault(fault: Fault, tmp_path: Path):
    """Whoever gets a broken file reads which file and where it is broken."""
    source = tmp_path / FILE
    source.write_bytes(fault.data)
    outcome = confined(read, source, tmp_path)
    assert outcome.status in ("refused", "malformed"), outcome
    assert str(source) in outcome.detail
    assert fault.says in outcome.detail
    assert len(outcome.detail) < 2000


def test_the_file_that_faults_are_made_from_is_valid(tmp_path: Path):
    """What is refused above is refused for its fault."""
    source = tmp_path / FILE
    source.write_bytes(VALID)
    assert len(load(source).graph) > 0


def test_a_missing_file_is_named(tmp_path: Path):
    """The message says which path cannot be read, and why."""
    with pytest.raises(MalformedModel, match=r"nowhere\.tflite: path: cannot be read \(No such file"):
        load(tmp_path / "nowhere.tflite")


@given(st.integers(0, len(VALID) - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_truncated_file_is_malformed(tmp_path: Path, length: int):
    """However a download breaks off, the message names the file."""
    source = tmp_path / FILE
    source.write_bytes(VALID[:length])
    with pytest.raises(ConversionError, match=re.escape(str(source))):
        load(source)


@given(st.integers(0, 2**31))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_a_changed_file_ends_properly(tmp_path: Path, seed: int):
    """Whatever bytes are changed in a valid file, it is imported, refused or called malformed."""
    rng = np.random.default_rng(seed)
    data = bytearray(FILES[rng.integers(len(FILES))])
    for place in rng.integers(0, len(data), rng.integers(1, 6)):
        data[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
    source = tmp_path / FILE
    source.write_bytes(bytes(data))
    outcome = attempt(read, source, tmp_path)
    assert outcome.status in ("converted", "refused", "malformed"), outcome
