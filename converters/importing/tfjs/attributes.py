"""Attributes of TensorFlow's nodes as TF.js writes them: protobuf's JSON, in which bytes are base64.

Source: `operation_mapper.ts` of @tensorflow/tfjs-converter 4.22.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import onnx_ir as ir

from converters.importing.files import Json

# TensorFlow's types, and what TF.js holds them in; some writers state numbers (types.proto) instead of names.
TYPES = {
    **dict.fromkeys(("DT_FLOAT", "DT_HALF", "DT_DOUBLE", 1, 2, 19), ir.DataType.FLOAT),
    **dict.fromkeys(("DT_INT32", "DT_INT64", "DT_INT8", "DT_UINT8", "DT_INT16", 3, 4, 5, 6, 9), ir.DataType.INT32),
    **dict.fromkeys(("DT_BOOL", 10), ir.DataType.BOOL),
}


def _text(value: Any) -> str:
    return base64.b64decode(value).decode() if isinstance(value, str) else bytes(value).decode()


def _type(value: Any) -> ir.DataType:
    if value not in TYPES:
        raise ValueError(f"type {value} has no counterpart in TF.js")
    return TYPES[value]


def sizes(value: Json) -> list[int | None] | None:
    """Return the sizes of a shape, None for those that vary; None if not even their count is stated."""
    if value.get("unknownRank"):
        return None
    numbers = [int(dim.get("size", 0)) for dim in value.get("dim", ())]
    return [None if number < 0 else number for number in numbers]


READ: Mapping[str, Callable[[Any], Any]] = {
    "b": bool, "f": float, "i": int, "s": _text, "shape": sizes, "type": _type, "tensor": lambda value: value,
    "func": lambda value: value,
}  # fmt: skip


def decode(attribute: Json) -> Any:
    """Return an attribute's value; those of an empty list, which has no type, are none.

    >>> decode({"list": {"i": ["1", "2"]}}), decode({"s": "U0FNRQ=="})
    ([1, 2], 'SAME')
    """
    if "list" in attribute:
        return [READ[key](value) for key, values in attribute["list"].items() for value in values]
    (found,) = (key for key in attribute if key in READ)
    return READ[found](attribute[found])
