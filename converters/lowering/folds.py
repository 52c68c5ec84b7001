"""What kinds of the edge graph compute, by numpy: so are their constant operands folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from converters.edge_graph import Array

Fold = Callable[..., Array]


def _truncated_division(x: Array, y: Array) -> Array:
    return np.trunc(x / y) if np.issubdtype(x.dtype, np.integer) else np.divide(x, y)


FOLDS: Mapping[str, Fold] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "DIV": _truncated_division,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "POW": np.power,
    "NEG": np.negative,
    "ABS": np.abs,
    "EXP": np.exp,
    "LOG": np.log,
    "SQRT": np.sqrt,
    "RSQRT": lambda x: 1 / np.sqrt(x),
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "SQUARE": np.square,
    "SIN": np.sin,
    "COS": np.cos,
    "TANH": np.tanh,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "LOGICAL_AND": np.logical_and,
    "LOGICAL_OR": np.logical_or,
    "LOGICAL_NOT": np.logical_not,
    "FLOOR_MOD": np.mod,
    "FLOOR_DIV": np.floor_divide,
}
