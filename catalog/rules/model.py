"""The model file against the inputs and outputs of the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from catalog.card import Axis, SizeRange, Source, Tensor
from catalog.context import Context
from catalog.document import Where
from catalog.names import advise, listed
from catalog.problem import Problem
from catalog.rules.files import MAX_MODEL

if TYPE_CHECKING:
    from catalog.signature import Signature

FIXED, DYNAMIC = "write that size", "write `size: {min: …, step: …, max: …}`"


def check_sizes(context: Context) -> Iterator[Problem]:
    """Require ranges that hold a size, and whose steps end at the largest."""
    for side in ("inputs", "outputs"):
        for where, size in context.each(f"{side}.*.axes.*.size", SizeRange):
            if size.max < size.min or (size.max - size.min) % size.step:
                expected, got = "`max` to be `min` plus a multiple of `step`", f"{size.min}, {size.step}, {size.max}"
                cure = "correct `min`, `step` or `max`"
                yield context.document.problem(where, "size-range", expected=expected, got=got, cure=cure)


def check_states(context: Context) -> Iterator[Problem]:
    """Require of a state the type and sizes of the output it gets, and no steps, which nothing would run."""
    outputs = {tensor.id: tensor for _, tensor in context.each("outputs.*", Tensor)}
    for where, tensor in context.each("inputs.*", Tensor):
        if tensor.state_of is None:
            continue
        output = outputs.get(tensor.state_of)
        if output is None:
            place, cure = (*where, "state_of"), advise(tensor.state_of, outputs, "name an output")
            expected, got = f"an output: {listed(outputs)}", f"`{tensor.state_of}`"
            yield context.document.problem(place, "state-unknown", expected=expected, got=got, cure=cure)
        elif _type(tensor) != _type(output):
            expected, got, cure = f"{_type(output)}, as `{output.id}`", _type(tensor), "describe both as in the file"
            yield context.document.problem(where, "state-disagrees", expected=expected, got=got, cure=cure)
        if tensor.steps or tensor.stream:
            expected, got = "neither `steps` nor `stream` beside `state_of`", "one of them"
            cure = "delete it: the value comes from the run before"
            yield context.document.problem(where, "state-with-steps", expected=expected, got=got, cure=cure)


def _type(tensor: Tensor) -> str:
    return f"{tensor.dtype} {_sizes([None if isinstance(axis.size, SizeRange) else axis.size for axis in tensor.axes])}"


def check_signature(context: Context) -> Iterator[Problem]:
    """Require a file that opens and has the inputs and outputs that the card tells of."""
    source = context.one("source", Source)
    path = context.file(source.file) if source and source.file and source.format == "onnx" else None
    if path is None or not 0 < path.stat().st_size <= MAX_MODEL:
        return
    from catalog import signature  # onnx takes 0.1 s to import

    try:
        sides = zip(("inputs", "outputs"), signature.read(path), strict=True)
    except signature.UnreadableModelError as error:
        expected, cure = "an ONNX file that opens", "export the model again, as one file"
        where = ("source", "file")
        yield context.document.problem(where, "model-unreadable", expected=expected, got=f"{error}", cure=cure)
        return
    for side, found in sides:
        yield from _check_side(context, side, found)


def _check_side(context: Context, side: str, found: Sequence[Signature]) -> Iterator[Problem]:
    by_name = {tensor.name: tensor for tensor in found}
    told = list(context.each(f"{side}.*", Tensor))
    for where, tensor in told:
        if tensor.id in by_name:
            yield from _check_tensor(context, where, tensor, by_name[tensor.id])
        else:
            cure = advise(tensor.id, by_name, "write the name that the file has")
            expected, got = f"{listed(by_name)}, as in the file", f"`{tensor.id}`"
            yield context.document.problem((*where, "id"), "tensor-unknown", expected=expected, got=got, cure=cure)
    ids = [tensor_id for _, tensor_id in context.each(f"{side}.*.id", str)]
    if len(ids) < len(found) and set(ids) <= set(by_name):
        missing = [name for name in by_name if name not in ids]
        expected, got = f"an entry for {listed(missing)} of the file", f"{len(ids)} of {len(found)}"
        yield context.document.problem((side,), "tensor-missing", expected=expected, got=got, cure="describe it too")


def _check_tensor(context: Context, where: Where, tensor: Tensor, found: Signature) -> Iterator[Problem]:
    if tensor.dtype != found.dtype:
        expected = f"{found.dtype}, as in the file"
        cure = f"write `dtype: {found.dtype}`"
        yield context.document.problem(
            (*where, "dtype"), "dtype-disagrees", expected=expected, got=tensor.dtype, cure=cure
        )
    if found.shape is None:
        return
    if len(tensor.axes) != len(found.shape):
        expected, got = f"{len(found.shape)} axes, as in the file: {_sizes(found.shape)}", f"{len(tensor.axes)}"
        where = (*where, "axes")
        yield context.document.problem(
            where, "axes-disagree", expected=expected, got=got, cure="name each axis of the file"
        )
        return
    for index, (axis, size) in enumerate(zip(tensor.axes, found.shape, strict=True)):
        yield from _check_axis(context, (*where, "axes", index, "size"), axis, size)


def _check_axis(context: Context, where: Where, axis: Axis, size: int | None) -> Iterator[Problem]:
    is_range = isinstance(axis.size, SizeRange)
    if is_range != (size is None) or (not is_range and axis.size != size):
        expected = "a range, since the file leaves this size open" if size is None else f"{size}, as in the file"
        got = f"a range for the axis `{axis.name}`" if is_range else f"{axis.size} for the axis `{axis.name}`"
        cure = DYNAMIC if size is None else FIXED
        yield context.document.problem(where, "axes-disagree", expected=expected, got=got, cure=cure)


def _sizes(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in shape) + "]"
