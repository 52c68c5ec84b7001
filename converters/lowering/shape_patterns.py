"""Patterns of the shapes of operands, such as `N C ...; C; C` for a value and two vectors of its channels.

One pattern for each operand, separated by `;`. A number is that size; a letter is a size that is the same wherever the
letter stands; `3H` is three times it; `...` are any dimensions, and `...X` are the same wherever they stand. `O?` is a
vector of O entries, or a single number; `scalar` and `any` are what they say. ` | ` separates choices.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from converters.lowering.value import Value

Shape = tuple[int | None, ...]
Bound = dict[str, int | Shape]


def contradiction(choices: str, shapes: Sequence[Shape | None], named: dict[str, int]) -> str | None:
    """Say that no choice fits these shapes (None: the operand is left out) and these named sizes; None if one does."""
    for choice in choices.split(" | "):
        bound: Bound = dict(named)
        pairs = zip(choice.split("; "), shapes, strict=False)
        if all(shape is None or _fits(pattern, shape, bound) for pattern, shape in pairs):
            return None
    given = "; ".join("none" if shape is None else " ".join(map(str, shape)) or "scalar" for shape in shapes)
    known = f" with {', '.join(f'{name} = {size}' for name, size in named.items())}" if named else ""
    return f"its operands have the shapes {given}, where {choices} are expected{known}"


def _fits(pattern: str, shape: Shape, bound: Bound) -> bool:
    if pattern == "any":
        return True
    if pattern.endswith("?"):
        return shape in ((), (1,)) or _fits(pattern[:-1], shape, bound)
    tokens = [] if pattern == "scalar" else pattern.split()
    open_end = tokens[-1:] and tokens[-1].startswith("...")
    fixed = tokens[:-1] if open_end else tokens
    if len(shape) < len(fixed) or (len(shape) > len(fixed) and not open_end):
        return False
    if not all(_agrees(token, size, bound) for token, size in zip(fixed, shape, strict=False)):
        return False
    rest = shape[len(fixed) :]
    return not open_end or tokens[-1] == "..." or _same(bound.setdefault(tokens[-1], rest), rest)


def _agrees(token: str, size: int | None, bound: Bound) -> bool:
    """Bind the token's letter to the size, or compare with what it is bound to; unknown sizes agree with all."""
    if size is None:
        return True
    factor, letter = _parts(token)
    if not letter or size % factor:
        return size == factor
    return bound.setdefault(letter, size // factor) == size // factor


def _parts(token: str) -> tuple[int, str]:
    number, letter = re.fullmatch(r"(\d*)([A-Z]?)", token).groups()  # type: ignore[union-attr]
    return int(number or 1), letter


def _same(first: int | Shape, second: Shape) -> bool:
    return isinstance(first, tuple) and equal(first, second)


# ---- of two shapes, and of constants


def within(sizes: Shape, outer: Shape) -> bool:
    """Tell whether a shape can be broadcast to another without widening it."""
    if len(sizes) > len(outer):
        return False
    pairs = zip(reversed(sizes), reversed(outer), strict=False)
    return all(None in (mine, other) or mine in (1, other) for mine, other in pairs)


def equal(first: Shape, second: Shape) -> bool:
    """Tell whether two shapes may be the same."""
    return len(first) == len(second) and all(a == b or None in (a, b) for a, b in zip(first, second, strict=True))


def outside(value: Value | None, most: int | None) -> bool:
    """Tell whether a constant has entries outside 0..most."""
    data = None if value is None else value.data
    return data is not None and most is not None and not bool(((data >= 0) & (data <= most)).all())
