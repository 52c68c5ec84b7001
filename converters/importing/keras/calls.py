"""How layers are connected: which call of a layer reads which results, in the ways in which Keras has written it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


Operand = Reference | float  # numbers stand in arithmetic between layers only
IGNORED = ("mask", "training", "name")  # arguments that change nothing here


def references(value: Any) -> list[Reference]:
    """Return what `input_layers` or `output_layers` name: `["x", 0, 0]`, or a list or an object of such.

    >>> references(["x", 0, 0])
    [Reference(call=Call(layer='x', number=0), output=0)]
    """
    if isinstance(value, Mapping):
        value = [*value.values()]
    rows = [value] if value and isinstance(value[0], str) else value
    return [Reference(Call(str(row[0]), int(row[1])), int(row[2])) for row in rows]


def calls_of(layers: Sequence[Json]) -> dict[Call, list[Operand]]:
    """Return all calls with what they read, numbered as references number them.

    Raises `MalformedModel` for one that reads what is not there; `Refusal` for a call with further arguments.
    """
    found: dict[str, list[list[Operand]]] = {}
    for layer in layers:
        with stated(f"layer {layer['name']!r}"):
            entries = layer.get("inbound_nodes") or [[]]
            found[layer["name"]] = [_read(call, layer["name"], is_operation(layer)) for call in entries]
    last = {name: len(rows) - 1 for name, rows in found.items()}
    for reference in _references(operand for rows in found.values() for row in rows for operand in row):
        if reference.call.layer not in found:
            why = f"a layer reads {reference.call.layer!r}, which is not in the model"
            raise MalformedModel("layers", why, AGAIN)
        last[reference.call.layer] = max(last[reference.call.layer], reference.call.number)
    # Nested models count from 1: their first call is the one that made them.
    return {
        Call(name, last[name] - len(rows) + 1 + i): row for name, rows in found.items() for i, row in enumerate(rows)
    }


def is_operation(layer: Json) -> bool:
    """Tell whether an entry is no layer, but arithmetic that the author wrote between layers.

    A `.h5` of Keras 3 leaves the module out; but layers are configured, and operations have a name alone.
    """
    return layer["class_name"] == "TFOpLambda" or ".ops." in str(layer.get("module")) or [*layer["config"]] == ["name"]


def _references(operands: Iterable[Operand]) -> Iterator[Reference]:
    return (operand for operand in operands if isinstance(operand, Reference))


def _read(call: Any, name: str, with_numbers: bool) -> list[Operand]:
    """Return what one call reads: Keras 1 and 2 write rows, Keras 3 the arguments as they are."""
    if isinstance(call, Mapping):
        operands, further = [*_operands(call["args"])], call.get("kwargs", {})
    else:
        rows = [call] if call and isinstance(call[0], str) else call  # written so for a call of one tensor
        operands = [*references([row[:3] for row in rows])]
        further = {key: value for row in rows if len(row) > 3 for key, value in row[3].items()}
    if with_numbers and "y" in further:
        operands += _operands(further.pop("y"))
    given = [key for key, value in further.items() if key not in IGNORED and value not in (None, [], False)]
    if given:
        why = f"it is called with {', '.join(map(str, given))}"
        raise Refusal("layer", f"layer {name!r}", why, "use a model without such arguments")
    return operands if with_numbers else [*_references(operands)]


def _operands(value: Any) -> Iterator[Operand]:
    """Yield the tensors and numbers of a call's arguments."""
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        yield from references(value["config"]["keras_history"])
    elif isinstance(value, list) and value and isinstance(value[0], str):
        yield from references(value[:3])
    elif isinstance(value, list):
        for entry in value:
            yield from _operands(entry)
    elif isinstance(value, int | float):
        yield float(value)


def in_order(calls: Mapping[Call, Sequence[Operand]], wanted: Sequence[Reference]) -> Iterator[Call]:
    """Yield the calls that some results need, each after what it reads."""
    edges: dict[Call, list[Call]] = {}
    pending = [reference.call for reference in wanted]
    while pending:
        call = pending.pop()
        if call not in calls:
            why = f"call {call.number} of layer {call.layer!r} is read, which is not in the model"
            raise MalformedModel("layers", why, AGAIN)
        if call not in edges:
            edges[call] = [reference.call for reference in _references(calls[call])]
            pending += edges[call]
    try:
        yield from TopologicalSorter(edges).static_order()
    except CycleError as error:
        circle = " → ".join(call.layer for call in error.args[1])
        raise MalformedModel("layers", f"they form a circle: {circle}", AGAIN) from error
