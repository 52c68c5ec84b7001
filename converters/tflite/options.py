"""Edge operators → TFLite operator codes and option tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.edge_graph import DType, Op

# Kinds whose option table is not called after them.
OPTIONS_NAMES: Mapping[str, str] = {
    "MAX_POOL_2D": "Pool2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "SUM": "ReducerOptions",
    "MEAN": "ReducerOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "TOPK_V2": "TopKV2Options",
    "SELECT_V2": "SelectV2Options",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "LOCAL_RESPONSE_NORMALIZATION": "LocalResponseNormalizationOptions",
}


def dtype_code(dtype: DType) -> int:
    """Return TFLite's number for an element type."""
    return int(getattr(schema.TensorType, dtype.name.upper()))


ENCODERS: Mapping[str, Callable[[Any], int]] = {
    "padding": lambda name: int(getattr(schema.Padding, name)),
    "fused_activation_function": lambda name: int(getattr(schema.ActivationFunctionType, name)),
    "mode": lambda name: int(getattr(schema.MirrorPadMode, name)),
    "in_data_type": dtype_code,
    "out_data_type": dtype_code,
    "out_type": dtype_code,
    "output_type": dtype_code,
    "idx_out_type": dtype_code,
}


@cache
def _options_class(kind: str) -> tuple[str, type[Any] | None, int, int]:
    """Return the operator's option table: its name, class, and its numbers in the two unions (0 where absent)."""
    camel = "".join(part.capitalize() for part in kind.split("_")).replace("2d", "2D").replace("3d", "3D")
    name = OPTIONS_NAMES.get(kind, f"{camel}Options")
    first, second = (getattr(union, name, 0) for union in (schema.BuiltinOptions, schema.BuiltinOptions2))
    return name, getattr(schema, f"{name}T", None), int(first), int(second)


def set_options(target: schema.OperatorT, op: Op, attributes: Mapping[str, Any]) -> None:
    """Fill an operator's option table from its attributes.

    Raises AttributeError for an attribute that the table does not have, which is a mistake of the lowering.
    """
    name, table, first, second = _options_class(op.kind)
    if table is None or not (first or second):
        if attributes:
            raise AttributeError(f"{op.kind} has no options ({name}), yet got {sorted(attributes)}")
        return
    options = table()
    for key, value in attributes.items():
        field = _camel(key)
        if not hasattr(options, field):
            raise AttributeError(f"{name} has no field {field}")
        setattr(options, field, ENCODERS[key](value) if key in ENCODERS else value)
    if first:
        target.builtinOptionsType, target.builtinOptions = first, options
    else:
        target.builtinOptions2Type, target.builtinOptions2 = second, options


@cache
def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def operator_code(kind: str) -> schema.OperatorCodeT:
    """Return the entry of the model's table of operators for a kind."""
    code = schema.OperatorCodeT()
    number = int(getattr(schema.BuiltinOperator, kind))
    code.builtinCode = number
    code.deprecatedBuiltinCode = min(number, 127)
    code.version = VERSIONS.get(kind, 1)
    return code


# Versions of kinds of which the first version lacks a type or option that is used here.
VERSIONS: Mapping[str, int] = {"BROADCAST_TO": 2}

EMPTY = np.zeros(1, np.uint8)
