"""From named values to tensors."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError, StepWarning, described

FLOAT32_MAX = float(np.finfo(np.float32).max)


def columns(value: object, columns: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
    """Put named values into the order of `columns`: `[1, N] float32`.

    A missing, unknown, non-numeric or infinite value is a `StepError`, one outside its range a `StepWarning`.
    """
    if not isinstance(value, Mapping):
        raise StepError("columns", "named values", described(value), "pass a mapping of column names to numbers")
    names = [column["name"] for column in columns]
    unknown = [str(name) for name in value if name not in names]
    missing = [name for name in names if name not in value]
    if unknown or missing:
        got = ", ".join([f"unknown {name}" for name in unknown] + [f"no {name}" for name in missing])
        raise StepError("columns", f"the values {', '.join(names)}", got, "give each of them once")
    return np.array([[_number(column, value[column["name"]]) for column in columns]], np.float32)


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
