"""Golden vectors as calls of kernels: which kernel takes a value, with which arguments, and what it should give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalog import vocab
from edge.native.generate import Kernel, kernels, parameters
from edge.native.language import RefusedError
from edge.native.records import Frame, Picture, Tensor
from tests.steps.codec import decode

GOLDEN = Path(__file__).parents[2] / "golden" / "steps"
WHOLE = Frame(1, 1, 1, 1, 1.0, 1.0, 0.0, 0.0)
RECORDS = {"Picture": Picture, "Tensor": Tensor}


@dataclass(frozen=True)
class Call:
    """One golden vector, for the kernel that takes its type of value."""

    name: str
    kernel: Kernel
    arguments: Sequence[Any]
    outcome: Mapping[str, Any]

    def in_python(self) -> Any:
        """Run the kernel here; None where it refuses."""
        try:
            with np.errstate(all="ignore"):
                return self.kernel(*self.arguments)
        except RefusedError:
            return None


def calls() -> Iterator[Call]:
    """Return the vectors whose value some kernel takes."""
    for step, found in sorted(kernels().items()):
        for vector in json.loads((GOLDEN / f"{step}.json").read_text("utf-8")):
            call = _call(step, found, vector)
            if call is not None:
                yield call


def _call(step: str, found: Sequence[Kernel], vector: Mapping[str, Any]) -> Call | None:
    job = vector["job"]
    value = as_record(decode(job["value"]), job["frame"])
    kernel = next((one for one in found if next(iter(parameters(one).values())) == type(value).__name__), None)
    if kernel is None or not _has_choices(step, job["steps"][0]["kwargs"]):
        return None
    given = {name: row.default for name, row in vocab.steps()[step].params.items()} | job["steps"][0]["kwargs"]
    given |= {"labels": job["labels"], "frame": Frame(**(job["frame"] or vars(WHOLE)))}
    rest = [given[name] for name in list(parameters(kernel))[1:]]
    return Call(f"{step}: {vector['case']}", kernel, [value, *rest], vector["outcome"])


def _has_choices(step: str, kwargs: Mapping[str, Any]) -> bool:
    """A card's check refuses other texts before any code is generated."""
    return all(not row.choices or kwargs.get(name, row.default) in row.choices for name, row in _params(step))


def _params(step: str) -> Iterator[tuple[str, Any]]:
    yield from vocab.steps()[step].params.items()


def as_record(value: Any, frame: Mapping[str, Any] | None) -> Any:
    """Turn a vector's value into the record that kernels take; other values as they are."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype == np.uint8 and value.ndim == 3:
        return Picture(*value.shape, bytearray(value.tobytes()), Frame(**frame) if frame else WHOLE)
    return Tensor(list(value.shape), value.reshape(-1)) if value.dtype == np.float32 else value


def assert_same(got: Any, outcome: Mapping[str, Any]) -> None:
    """Bytes and texts equal, floats within 1e-5, a refusal is a refusal, and the frame is the same."""
    if "refused" in outcome:
        assert got is None, outcome["refused"]
        return
    want = decode(outcome["value"])
    if isinstance(got, Picture):
        assert (got.height, got.width, got.channels) == want.shape
        assert got.data == want.tobytes()
        if outcome["frame"]:
            np.testing.assert_allclose(flat(got.frame), list(outcome["frame"].values()))
    elif isinstance(want, np.ndarray):
        assert got.shape == list(want.shape)
        np.testing.assert_allclose(list(got.data), want.reshape(-1), rtol=1e-5, atol=1e-5)
    else:
        flattened = [part for row in want for part in row.values()]
        np.testing.assert_array_equal(
            [x for x in flat(got) if isinstance(x, str)], [x for x in flattened if isinstance(x, str)]
        )
        np.testing.assert_allclose(_numbers(flat(got)), _numbers(flattened), rtol=1e-5, atol=1e-5)


def _numbers(parts: Sequence[Any]) -> list[float]:
    return [float(part) for part in parts if not isinstance(part, str)]


def flat(value: Any) -> list[Any]:
    """Return a record's or list's parts, one after the other."""
    if is_dataclass(value):
        return [part for one in fields(value) for part in flat(getattr(value, one.name))]
    if isinstance(value, list | np.ndarray):
        return [part for one in value for part in flat(one)]
    return [value]
