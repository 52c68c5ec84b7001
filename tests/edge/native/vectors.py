"""Golden vectors as calls of kernels: which kernel takes a value, with which arguments, and what it should give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalog import vocab
from edge.native.chain import KEEP_TYPE, SHARED
from edge.native.kernels.given import number_cell, text_cell
from edge.native.kernels.numbers import WIDENED
from edge.native.language import RefusedError
from edge.native.records import (
    Boxes,
    ByteTensor,
    Column,
    Frame,
    IntTensor,
    Kept,
    LongTensor,
    Picture,
    Sound,
    Tensor,
)
from edge.native.registry import SUBJECT, Kernel, kernels_of, parameters
from edge.steps.sound import Sound as HeardSound
from tests.steps.codec import FILES, decode

GOLDEN = Path(__file__).parents[2] / "golden" / "steps"
WHOLE = Frame(1, 1, 1, 1, 1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Call:
    """One golden vector, for the kernel that takes its type of value."""

    name: str
    step: str
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
    for path in sorted(GOLDEN.glob("*.json")):
        for vector in json.loads(path.read_text("utf-8")):
            call = _call(path.stem, vector)
            if call is not None:
                yield call


def _call(step: str, vector: Mapping[str, Any]) -> Call | None:
    """Return nothing for what generated code cannot meet: its types, or the check of the card, come before it."""
    job, kwargs = vector["job"], vector["job"]["steps"][0]["kwargs"]
    value = decode(job["value"])
    if not _has_choices(step, kwargs):
        return None
    for kernel in kernels_of(step, kwargs):
        given = _arguments(step, kernel, value, job)
        if given is not None:
            return Call(f"{step}: {vector['case']}", step, kernel, given, vector["outcome"])
    return None


def _arguments(step: str, kernel: Kernel, value: Any, job: Mapping[str, Any]) -> list[Any] | None:
    shared = _shared(job)
    kwargs = job["steps"][0]["kwargs"]
    given = []
    for name, kind in parameters(kernel).items():
        row = vocab.steps()[step].params.get(name)
        if name == SUBJECT:
            made = _subject(step, value, kind, shared["frame"])
        elif row is None:
            made = shared[name]
        elif kind in ("Tensor", "list[Tensor]"):
            made = _outputs(value, kwargs[name])
        else:
            made = _parameter(row.type, kind, kwargs.get(name, row.default))
        if made is None:
            return None
        given.append(made)
    return given


def _shared(job: Mapping[str, Any]) -> dict[str, Any]:
    frame, pixels, heard = job["frame"], decode(job["picture"]), decode(job["sound"]) if "sound" in job else None
    found = {
        "frame": Frame(**frame) if frame else None,
        "picture": None if pixels is None else picture(pixels, WHOLE),
        "seconds": heard and heard.seconds,
        "labels": job["labels"],
    }
    assert found.keys() == SHARED.keys() | {"labels"}
    return found


def _parameter(type_: str, kind: str, value: Any) -> Any:
    if kind == "list[Column]":
        return [Column(one["name"], one.get("unit") or "", one.get("categories") or []) for one in value]
    return bytearray((FILES / value).read_bytes()) if type_ == "file" else value


def _has_choices(step: str, kwargs: Mapping[str, Any]) -> bool:
    """A card's check refuses other texts before any code is generated."""
    rows = vocab.steps()[step].params.items()
    return all(not row.choices or kwargs.get(name, row.default) in row.choices for name, row in rows)


def _outputs(value: Any, names: str | Sequence[str]) -> Any:
    """Return the outputs of these names; generated code names them by variables, so they are all there."""
    if isinstance(names, str):
        return array(value[names]) if isinstance(value, Mapping) and names in value else None
    found = [_outputs(value, name) for name in names]
    return None if None in found else found


def _subject(step: str, value: Any, kind: str, frame: Frame | None) -> Any:
    """Turn a vector's value into what a kernel takes, bytes into floats where generated code does; else None."""
    record = as_record(value)
    if isinstance(record, Picture) and frame:
        record = picture(value, frame)
    name = "list[Cell]" if isinstance(record, list) else NAMES.get(type(record), type(record).__name__)
    if name == kind:
        return record
    return WIDENED[name](record) if kind == "Tensor" and name in WIDENED and step not in KEEP_TYPE else None


def as_record(value: Any) -> Any:
    """Return what an app would hold; None for what it could not."""
    return next((make(value) for fits, make in MAKERS if fits(value)), None)


NAMES: Mapping[type, str] = {bytearray: "Bytes"}


def picture(value: Any, frame: Frame) -> Picture:
    """Return an array `[H, W, C] uint8` as a picture that lies so in the original."""
    return Picture(*value.shape, bytearray(value.tobytes()), frame)


def array(value: Any) -> Any:
    """Return an array as the record of its type."""
    shape, data = list(value.shape), value.reshape(-1)
    if value.dtype in (np.uint8, np.bool_):
        return (
            picture(value, WHOLE)
            if value.ndim == 3 and value.shape[2] in (1, 3)
            else ByteTensor(shape, bytearray(data))
        )
    if value.dtype in (np.float32, np.float16):
        return Tensor(shape, data.astype(np.float32))
    return {np.dtype(np.int32): IntTensor, np.dtype(np.int64): LongTensor}[value.dtype](shape, data.tolist())


def _cells(value: Mapping[str, Any]) -> Any:
    """Texts and numbers as an app gives them; it cannot give a truth."""
    if any(isinstance(one, bool) for one in value.values()):
        return None
    return [text_cell(name, one) if isinstance(one, str) else number_cell(name, one) for name, one in value.items()]


def _boxes(value: Mapping[str, Any]) -> Any:
    boxes, scores = value["boxes"].reshape(-1), value["scores"].reshape(-1)
    if "classes" in value:
        return Kept(boxes, scores, value["classes"].tolist())
    return Boxes(boxes, scores, value["scores"].shape[1])


MAKERS: Sequence[tuple[Callable[[Any], bool], Callable[[Any], Any]]] = (
    (
        lambda value: isinstance(value, np.ndarray),
        array,
    ),
    (lambda value: isinstance(value, HeardSound), lambda value: Sound(array(value.samples), value.rate)),
    (lambda value: isinstance(value, bytes), bytearray),
    (lambda value: isinstance(value, str), str),
    (lambda value: isinstance(value, Mapping) and {"boxes", "scores"} <= set(value), _boxes),
    (lambda value: isinstance(value, Mapping), _cells),
)


def assert_same(got: Any, outcome: Mapping[str, Any]) -> None:
    """Bytes, whole numbers and texts equal, floats within 1e-5, the frame the same; a refusal is a refusal."""
    if "refused" in outcome:
        assert got is None, outcome["refused"]
        return
    want = decode(outcome["value"])
    if isinstance(got, Picture):
        if outcome["frame"]:
            np.testing.assert_allclose(flat(got.frame), list(outcome["frame"].values()))
        got = ByteTensor([got.height, got.width, got.channels], got.data)
    tolerance = 2e-3 if isinstance(want, np.ndarray) and want.dtype == np.float16 else 1e-5
    if isinstance(want, np.ndarray):
        assert type(got).__name__ == KINDS[want.dtype.name]
        want = (list(want.shape), want.reshape(-1).tolist())
    _assert_alike(flat(got), flat(_expected(want)), tolerance)


def _expected(want: Any) -> Any:
    """Return results as records do: a sound, boxes and masks with their sizes, a text for a unit that is not there."""
    if isinstance(want, HeardSound):
        return Sound(array(want.samples), want.rate)
    if isinstance(want, Mapping):
        return _boxes(want) if "boxes" in want else [list(want["classes"].shape), *want.values()]
    if isinstance(want, list):
        return [row | {"unit": row["unit"] or ""} if "unit" in row else row for row in want]
    return want


KINDS = {
    **dict.fromkeys(("float16", "float32"), "Tensor"),
    **dict.fromkeys(("int8", "int16", "int32"), "IntTensor"),
    "uint8": "ByteTensor",
    "int64": "LongTensor",
}


def _assert_alike(got: Sequence[Any], want: Sequence[Any], tolerance: float) -> None:
    assert [x for x in got if isinstance(x, str)] == [x for x in want if isinstance(x, str)]
    numbers = [[float(x) for x in side if not isinstance(x, str)] for side in (got, want)]
    np.testing.assert_allclose(*numbers, rtol=tolerance, atol=tolerance)
    assert [x for x in got if isinstance(x, int)] == [
        int(x) for x, y in zip(want, got, strict=True) if isinstance(y, int)
    ]


def flat(value: Any) -> list[Any]:
    """Return the parts of a record, list or mapping, one after the other; what is not there is NaN."""
    if is_dataclass(value):
        return [part for one in fields(value) for part in flat(getattr(value, one.name))]
    if isinstance(value, Mapping):
        return [part for one in value.values() for part in flat(one)]
    if isinstance(value, list | tuple | np.ndarray | bytearray):
        return [part for one in value for part in flat(one)]
    return [np.nan if value is None else value]
