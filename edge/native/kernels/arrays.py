"""What the kernels share: parts of arrays, shapes, and numbers in another precision."""

from __future__ import annotations

from edge.native.language import Doubles, Floats, Ints, f32, f64, fail, is_nan, new_doubles, new_floats, new_ints
from edge.native.records import Tensor


def refuse_nan(step: str, x: Tensor) -> None:
    """Refuse what holds NaN."""
    for i in range(len(x.data)):
        if is_nan(x.data[i]):
            fail(step, "numbers", "NaN")


def doubles_of(x: Tensor) -> Doubles:
    """The values in double precision, which is exact."""
    data = new_doubles(len(x.data))
    for i in range(len(x.data)):
        data[i] = f64(x.data[i])
    return data


def singles_of(values: Doubles) -> Floats:
    """The values rounded to single precision."""
    data = new_floats(len(values))
    for i in range(len(values)):
        data[i] = f32(values[i])
    return data


def beginning(values: Ints, count: int) -> Ints:
    """The first so many values."""
    found = new_ints(count)
    for i in range(count):
        found[i] = values[i]
    return found


def with_rows(shape: Ints, rows: int) -> Ints:
    """A shape with another size of its first axis."""
    found = new_ints(len(shape))
    for axis in range(len(shape)):
        found[axis] = rows if axis == 0 else shape[axis]
    return found


def size_of(shape: Ints) -> int:
    """How many elements a shape holds."""
    size = 1
    for i in range(len(shape)):
        size *= shape[i]
    return size
