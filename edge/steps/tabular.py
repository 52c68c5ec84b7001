"""From named values to tensors."""

from __future__ import annotations

import difflib
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError, StepWarning, described

FLOAT32_MAX = float(np.finfo(np.float32).max)


def columns(value: object, columns: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
    """Put named values into the order of `columns`, a category as one number each: `[1, N] float32`.

    A missing, unknown, non-numeric or infinite value and an unknown category are `StepError`s, a number outside its
    range is a `StepWarning`.
    """
    if not isinstance(value, Mapping):
        raise StepError("columns", "named values", described(value), "pass a mapping of column names to numbers")
    names = [column["name"] for column in columns]
    unknown = [str(name) for name in value if name not in names]
    missing = [name for name in names if name not in value]
    if unknown or missing:
        got = ", ".join([f"unknown {name}" for name in unknown] + [f"no {name}" for name in missing])
        raise StepError("columns", f"the values {', '.join(names)}", got, "give each of them once")
    return np.array([[number for column in columns for number in _numbers(column, value[column["name"]])]], np.float32)


def _numbers(column: Mapping[str, Any], value: object) -> list[float]:
    categories = column.get("categories")
    if categories is None:
        return [_number(column, value)]
    if value not in categories:
        near = difflib.get_close_matches(str(value), categories, n=1)
        cure = f"did you mean {near[0]}?" if near else "write one of them"
        raise StepError("columns", f"{column['name']} to be one of {', '.join(categories)}", repr(value), cure)
    return [float(category == value) for category in categories]


def _number(column: Mapping[str, Any], value: object) -> float:
    name, low, high = column["name"], column.get("min", -math.inf), column.get("max", math.inf)
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not is_number or not abs(value) <= FLOAT32_MAX:  # type: ignore[arg-type] # NaN compares false
        raise StepError("columns", f"a finite number for {name}", repr(value), "write digits with a decimal point")
    if not low <= value <= high:
        message = f"columns: {name} is {value}; the model was made for {low} to {high}"
        warnings.warn(message, StepWarning, stacklevel=2)
    return float(value)  # type: ignore[arg-type]


STEPS: Mapping[str, Callable[..., Any]] = {
    "columns": columns,
}
