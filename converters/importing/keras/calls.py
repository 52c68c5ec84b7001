"""How layers are connected: which call of a layer reads which results, in the ways in which Keras has written it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from converters.errors import MalformedModel, Refusal
from converters.importing.files import AGAIN, Json, stated


class Call(NamedTuple):
    """A layer may be called several times."""

    layer: str
    number: int


class Reference(NamedTuple):
    """One result of a call."""

    call: Call
    output: int


def references(value: Any) -> list[Reference]:
    """Return what `input_layers` or `output_layers` name: `["x", 0, 0]`, or a list or an object of such.

    >>> references(["x", 0, 0])
    [Reference(call=Call(layer='x', number=0), output=0)]
    """
    if isinstance(value, Mapping):
        value = [*value.values()]
    rows = [value] if value and isinstance(value[0], str) else value
    return [Reference(Call(str(row[0]), int(row[1])), int(row[2])) for row in rows]


def calls_of(layers: Sequence[Json]) -> dict[Call, list[Reference]]:
    """Return all calls with what they read, numbered as references number them.

    Raises `MalformedModel` for one that reads what is not there; `Refusal` for a call with further arguments.
    """
    found: dict[str, list[list[Reference]]] = {}
    for layer in layers:
        with stated(f"layer {layer['name']!r}"):
            found[layer["name"]] = [[*_read(call, layer["name"])] for call in _entries(layer)] or [[]]
    last = {name: len(rows) - 1 for name, rows in found.items()}
    for reference in (reference for rows in found.values() for row in rows for reference in row):
        if reference.call.layer not in found:
            why = f"a layer reads {reference.call.layer!r}, which is not in the model"
            raise MalformedModel("layers", why, AGAIN)
        last[reference.call.layer] = max(last[reference.call.layer], reference.call.number)
    # Nested models count from 1: their first call is the one that made them.
    return {
        Call(name, last[name] - len(rows) + 1 + i): row for name, rows in found.items() for i, row in enumerate(rows)
    }


def _entries(layer: Json) -> list[Any]:
    entries = layer.get("inbound_nodes") or []
    return [entries] if entries and _is_row(entries[0]) else entries  # written so for a call of one tensor


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _read(call: Any, name: str) -> Iterator[Reference]:
    """Yield what one call reads: Keras 1 and 2 write rows, Keras 3 the arguments as they are."""
    if isinstance(call, Mapping):
        yield from _tensors(call["args"])
        further = {key: value for key, value in call.get("kwargs", {}).items() if [*_tensors(value)] and key != "mask"}
    else:
        rows = [call] if _is_row(call) else call
        yield from references([row[:3] for row in rows])
        further = {
            key: value for row in rows for key, value in (row[3] if len(row) > 3 else {}).items() if key != "mask"
        }
        further = {key: value for key, value in further.items() if key != "training" and value is not None}
    if further:
        why = f"it is called with {', '.join(map(str, further))}"
        raise Refusal("layer", f"layer {name!r}", why, "use a model without such arguments")


def _tensors(value: Any) -> Iterator[Reference]:
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        yield from references(value["config"]["keras_history"])
    elif isinstance(value, list):
        for entry in value:
            yield from _tensors(entry)


def in_order(calls: Mapping[Call, Sequence[Reference]], wanted: Sequence[Reference]) -> Iterator[Call]:
    """Yield the calls that some results need, each after what it reads."""
    edges: dict[Call, list[Call]] = {}
    pending = [reference.call for reference in wanted]
    while pending:
        call = pending.pop()
        if call not in calls:
            why = f"call {call.number} of layer {call.layer!r} is read, which is not in the model"
            raise MalformedModel("layers", why, AGAIN)
        if call not in edges:
            edges[call] = [reference.call for reference in calls[call]]
            pending += edges[call]
    try:
        yield from TopologicalSorter(edges).static_order()
    except CycleError as error:
        circle = " → ".join(call.layer for call in error.args[1])
        raise MalformedModel("layers", f"they form a circle: {circle}", AGAIN) from error
