"""From one type of number to another; a row for each type that results, as in `cast int32`.

Half-precision numbers stay in a `Tensor`, rounded to 11 bits; the app's runtime packs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import size_of
from edge.native.language import (
    INFINITY,
    Doubles,
    Ints,
    f32,
    f64,
    fail,
    is_nan,
    long,
    new_bytes,
    new_doubles,
    new_floats,
    new_ints,
    new_longs,
    rint,
)
from edge.native.records import ByteTensor, IntTensor, LongTensor, Tensor

LONGS_END = 9223372036854775808.0  # 2 to the 63, one more than the largest of 64 bits
LARGEST_HALF = 65504.0
LARGEST_INT = 2147483647
LEAST_INT = -2147483647 - 1
SMALLEST_HALF = 5.960464477539063e-8  # 2 to the -24, the distance of the smallest numbers


def wide(x: Tensor) -> Doubles:
    """The numbers, rounded half to even; NaN is refused."""
    data = new_doubles(len(x.data))
    for i in range(len(x.data)):
        if is_nan(x.data[i]):
            fail("cast", "numbers", "NaN")
        data[i] = rint(f64(x.data[i]))
    return data


def within(data: Doubles, low: int, high: int) -> Ints:
    """Whole numbers limited to low..high."""
    found = new_ints(len(data))
    for i in range(len(data)):
        found[i] = int(max(f64(low), min(f64(high), data[i])))
    return found


def to_int8(x: Tensor) -> IntTensor:
    """Rounded half to even, limited to 8 bits."""
    return IntTensor(x.shape, within(wide(x), -128, 127))


def to_int16(x: Tensor) -> IntTensor:
    """Rounded half to even, limited to 16 bits."""
    return IntTensor(x.shape, within(wide(x), -32768, 32767))


def to_int32(x: Tensor) -> IntTensor:
    """Rounded half to even, limited to 32 bits."""
    return IntTensor(x.shape, within(wide(x), LEAST_INT, LARGEST_INT))


def to_uint8(x: Tensor) -> ByteTensor:
    """Rounded half to even, limited to 0..255."""
    values = within(wide(x), 0, 255)
    data = new_bytes(len(values))
    for i in range(len(values)):
        data[i] = values[i]
    return ByteTensor(x.shape, data)


def to_int64(x: Tensor) -> LongTensor:
    """Rounded half to even, limited to 64 bits."""
    values = wide(x)
    data = new_longs(len(values))
    for i in range(len(values)):
        if values[i] >= LONGS_END:
            data[i] = long(9223372036854775807)
        elif values[i] <= -LONGS_END:
            data[i] = -long(9223372036854775807) - long(1)
        else:
            data[i] = long(values[i])
    return LongTensor(x.shape, data)


def to_float16(x: Tensor) -> Tensor:
    """Rounded to half precision, kept in single precision."""
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = half(x.data[i])
    return Tensor(x.shape, data)


def half(x: f32) -> f32:
    """The nearest number of 11 bits, of two equally near the even one; above 65504 infinite."""
    size = abs(f64(x))
    if is_nan(x) or size == INFINITY:
        return x
    unit = SMALLEST_HALF
    while size >= unit * 2048.0:
        unit *= 2.0
    rounded = rint(f64(x) / unit) * unit
    if abs(rounded) > LARGEST_HALF:
        return f32(INFINITY if x > f32(0.0) else -INFINITY)
    return f32(rounded)


def to_float32(x: Tensor) -> Tensor:
    """The same numbers."""
    return x


def floats_of_ints(x: IntTensor) -> Tensor:
    """Whole numbers, rounded to single precision."""
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(x.data[i])
    return Tensor(x.shape, data)


def longs_of_ints(x: IntTensor) -> LongTensor:
    """The same whole numbers in 64 bits."""
    data = new_longs(len(x.data))
    for i in range(len(x.data)):
        data[i] = long(x.data[i])
    return LongTensor(x.shape, data)


def narrowed(x: LongTensor, low: int, high: int) -> IntTensor:
    """Whole numbers limited to low..high."""
    data = new_ints(len(x.data))
    for i in range(len(x.data)):
        data[i] = int(max(long(low), min(long(high), x.data[i])))
    return IntTensor(x.shape, data)


def int8_of_longs(x: LongTensor) -> IntTensor:
    """Limited to 8 bits."""
    return narrowed(x, -128, 127)


def int16_of_longs(x: LongTensor) -> IntTensor:
    """Limited to 16 bits."""
    return narrowed(x, -32768, 32767)


def int32_of_longs(x: LongTensor) -> IntTensor:
    """Limited to 32 bits."""
    return narrowed(x, LEAST_INT, LARGEST_INT)


def floats_of_longs(x: LongTensor) -> Tensor:
    """Whole numbers, rounded to single precision."""
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(x.data[i])
    return Tensor(x.shape, data)


def same_longs(x: LongTensor) -> LongTensor:
    """The same numbers."""
    return x


def same_ints(x: IntTensor) -> IntTensor:
    """The same numbers."""
    return x


def constant_ints(value: float, shape: Ints) -> IntTensor:
    """An array filled with one whole number of at most 32 bits."""
    data = new_ints(size_of(shape))
    for i in range(len(data)):
        data[i] = int(value)
    return IntTensor(shape, data)


def constant(value: float, shape: Ints) -> Tensor:
    """An array filled with one number."""
    data = new_floats(size_of(shape))
    for i in range(len(data)):
        data[i] = f32(value)
    return Tensor(shape, data)


def constant_float16(value: float, shape: Ints) -> Tensor:
    """An array filled with one number, rounded to half precision."""
    return to_float16(constant(value, shape))


def constant_bytes(value: float, shape: Ints) -> ByteTensor:
    """An array filled with one whole number 0..255."""
    return to_uint8(constant(value, shape))


def constant_longs(value: float, shape: Ints) -> LongTensor:
    """An array filled with one whole number of at most 32 bits."""
    return longs_of_ints(constant_ints(value, shape))


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "cast float32": (to_float32, floats_of_ints, floats_of_longs),
    "cast float16": (to_float16,),
    "cast int8": (to_int8, int8_of_longs),
    "cast int16": (to_int16, int16_of_longs),
    "cast int32": (to_int32, same_ints, int32_of_longs),
    "cast uint8": (to_uint8,),
    "cast int64": (to_int64, longs_of_ints, same_longs),
    "constant float32": (constant,),
    "constant float16": (constant_float16,),
    "constant int8": (constant_ints,),
    "constant int16": (constant_ints,),
    "constant int32": (constant_ints,),
    "constant uint8": (constant_bytes,),
    "constant int64": (constant_longs,),
}
