"""Broken and hostile files: each ends in an error that names the place, quickly and in little memory."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters.errors import ConversionError
from converters.graph import load
from tests.conformance.runner import Outcome
from tests.converters.corpus.confined import CONVERTERS, attempt, convert_confined
from tests.converters.corpus.disagreement import DISAGREEMENTS
from tests.converters.corpus.faults import FAULTS, Fault
from tests.converters.corpus.models import model, node
from tests.converters.corpus.mutation import mutate
from tests.converters.corpus.unusual import UNUSUAL

FOUND = sorted(Path(__file__).with_name("corpus").glob("found/*.onnx"))
VALID = model(node("Conv", "x w"), inputs={"x": [1, 1, 8, 8]}, tensors={"w": np.ones((1, 1, 3, 3), np.float32)})
del VALID.opset_import[1:]  # so that the last field of the file is one it cannot do without
BYTES = VALID.SerializeToString()
ENDS = {"converted", "refused", "malformed"}

each_converter = pytest.mark.parametrize("converter", CONVERTERS)


@each_converter
@pytest.mark.parametrize("fault", [*FAULTS, *DISAGREEMENTS], ids=lambda fault: fault.name)
def test_a_broken_file_is_refused_with_the_place_of_the_fault(fault: Fault, converter: str, tmp_path: Path):
    """Whoever gets a broken file reads which file and where it is broken, and finds no half-made result."""
    source, target = fault.write(tmp_path), tmp_path / "converted"
    outcome = convert_confined(converter, source, target)
    assert outcome.status in ("refused", "malformed"), outcome
    assert str(source) in outcome.detail
    assert fault.says in outcome.detail
    assert not target.exists()


@each_converter
@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_file_is_converted_or_refused(name: str, converter: str, tmp_path: Path):
    """What nobody expects in a model ends like any other model, in a message of moderate length if it is refused."""
    source, target = tmp_path / "model.onnx", tmp_path / "converted"
    source.write_bytes(UNUSUAL[name].SerializeToString())
    outcome = convert_confined(converter, source, target)
    assert outcome.status in ENDS, outcome
    assert target.exists() == (outcome.status == "converted")
    assert len(outcome.detail) < 2000


@each_converter
@pytest.mark.parametrize("source", FOUND, ids=lambda source: source.stem)
def test_what_fuzzing_once_broke_ends_properly(source: Path, converter: str, tmp_path: Path):
    """Files that made a converter crash, hang, run out of memory or say nothing useful do so no more."""
    outcome = convert_confined(converter, source, tmp_path / "converted")
    assert outcome.status in ENDS, outcome


@each_converter
def test_a_failed_conversion_keeps_the_result_of_an_earlier_one(converter: str, tmp_path: Path):
    """A broken new version of a model does not destroy the file that was converted from the old one."""
    good, bad, target = tmp_path / "good.onnx", tmp_path / "bad.onnx", tmp_path / "converted"
    good.write_bytes(BYTES)
    bad.write_bytes(BYTES[: len(BYTES) // 2])
    assert attempt(CONVERTERS[converter], good, target) == Outcome("converted")
    before = _contents(target)
    assert attempt(CONVERTERS[converter], bad, target).status == "malformed"
    assert _contents(target) == before


def _contents(target: Path) -> dict[str, bytes]:
    paths = [target, *target.rglob("*")]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


@given(st.integers(0, len(BYTES) - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_truncated_file_is_malformed(tmp_path: Path, length: int):
    """However a download breaks off, the message names the file."""
    source = tmp_path / "model.onnx"
    source.write_bytes(BYTES[:length])
    with pytest.raises(ConversionError, match=re.escape(str(source))):
        load(source)


@each_converter
@given(st.integers(0, 2**31))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_a_changed_file_ends_properly(converter: str, tmp_path: Path, seed: int):
    """Whatever is changed in a valid file, it is converted, refused or called malformed."""
    source = tmp_path / "model.onnx"
    source.write_bytes(mutate([BYTES], seed))
    outcome = attempt(CONVERTERS[converter], source, tmp_path / "converted")
    assert outcome.status in ENDS, outcome
