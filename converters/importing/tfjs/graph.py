"""A TF.js graph model as an ONNX graph: the nodes that its outputs need, each by its row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import onnx_ir as ir

from converters.edge_graph import Array
from converters.errors import MalformedModel, Refusal
from converters.importing.files import AGAIN, Json, stated
from converters.importing.net import Net
from converters.importing.tfjs.attributes import decode
from converters.importing.tfjs.node import Node
from converters.importing.tfjs.operators.table import TABLE

CUT = "cut the graph into parts without it, or export a model without it"


class Source(NamedTuple):
    """An output of a node."""

    node: str
    output: int


def source(reference: str) -> Source:
    """Return what an entry of a node's `input` refers to.

    >>> source("split:1"), source("x")
    (Source(node='split', output=1), Source(node='x', output=0))
    """
    name, _, output = reference.partition(":")
    return Source(name, int(output.rpartition(":")[2] or 0))


@dataclass
class Reading:
    """One walk over a graph; `results` holds the outputs of the nodes so far."""

    nodes: Mapping[str, Json]
    weights: Mapping[str, Array]
    net: Net
    results: dict[str, list[ir.Value]] = field(default_factory=dict)

    def visit(self, name: str) -> None:
        """Read one node whose operands are there."""
        node = self.nodes[name]
        self.net.where = where_of(node)
        if name in self.results:
            return
        with stated(self.net.where):
            if node["op"] == "Const":
                self.results[name] = [self._constant(name)]
                return
            if node["op"] not in TABLE:
                near = get_close_matches(node["op"], TABLE, 1)
                hint = f"; {near[0]} has one" if near else ""
                raise Refusal(node["op"], self.net.where, f"ONNX has no counterpart here{hint}", CUT)
            attributes = {key: decode(value) for key, value in node.get("attr", {}).items() if not key.startswith("_")}
            inputs = [self._operand(reference) for reference in _operands(node)]
            result = TABLE[node["op"]](Node(self.net, node["op"], name, inputs, attributes))
        self.results[name] = [result] if isinstance(result, ir.Value) else [*result]

    def _constant(self, name: str) -> ir.Value:
        if name not in self.weights:
            raise MalformedModel(self.net.where, "its value is not among the weights", AGAIN)
        return self.net.constant(self.weights[name], name=name)

    def _operand(self, reference: str) -> ir.Value:
        made = self.results[source(reference).node]
        if source(reference).output >= len(made):
            raise self.net.malformed(f"its input {reference!r} does not exist: the node has {len(made)} outputs")
        return made[source(reference).output]

    def output(self, reference: str) -> ir.Value:
        """Return what an output of the model refers to."""
        return self._operand(reference)


def where_of(node: Json) -> str:
    """Return what errors call a node."""
    return f"{node.get('op')} node {node.get('name')!r}"


def _operands(node: Json) -> list[str]:
    """Return a node's inputs without those that only say what runs first."""
    return [reference for reference in node.get("input", ()) if not reference.startswith("^")]


def read_graph(model: Json, weights: Mapping[str, Array]) -> ir.Model:
    """Return the ONNX model of `model.json` and its weights.

    Inputs and outputs bear the signature's names, or those of the nodes where there is none. Raises `Refusal` for
    operators outside the table, `MalformedModel` for a graph that contradicts itself.
    """
    with stated("modelTopology"):
        nodes = {str(node["name"]): node for node in model["modelTopology"]["node"]}
        inputs, outputs = _boundary(model, nodes)
    if {*inputs} & {*outputs}:
        names = ", ".join(sorted({*inputs} & {*outputs}))
        raise Refusal("signature", "signature", f"{names} names both an input and an output", "rename one of them")
    reading = Reading(nodes, weights, Net([*inputs, *outputs]))
    for name, node in inputs.items():
        _add_input(reading, name, nodes[node], only=len(inputs) == 1)
    for name in _in_order(nodes, [source(reference).node for reference in outputs.values()]):
        reading.visit(name)
    return reading.net.finish([(name, reading.output(reference)) for name, reference in outputs.items()])


def _boundary(model: Json, nodes: Mapping[str, Json]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the public names of inputs and outputs: input → node, output → reference."""
    signature = model.get("signature") or (model.get("userDefinedMetadata") or {}).get("signature") or {}
    inputs = {name: source(entry["name"]).node for name, entry in (signature.get("inputs") or {}).items()}
    outputs = {name: str(entry["name"]) for name, entry in (signature.get("outputs") or {}).items()}
    read = {source(reference).node for node in nodes.values() for reference in _operands(node)}
    if not inputs:
        inputs = {name: name for name, node in nodes.items() if node["op"] == "Placeholder"}
    if not outputs:
        outputs = {name: name for name, node in nodes.items() if name not in read and node["op"] != "Placeholder"}
    for name in (*inputs.values(), *(source(reference).node for reference in outputs.values())):
        if name not in nodes:
            raise MalformedModel("signature", f"it names the node {name!r}, which is not in the graph", AGAIN)
    return inputs, outputs


def _add_input(reading: Reading, name: str, node: Json, *, only: bool) -> None:
    """Add an input; the first size of the only one is called N where it varies."""
    reading.net.where = where_of(node)
    with stated(reading.net.where):
        attributes = {key: decode(value) for key, value in node["attr"].items()}
        sizes = attributes["shape"]
    if sizes is None:
        raise reading.net.refuse("the rank of this input is not stated", "export it with the shape of every input")
    named = [("N" if only and i == 0 else None) if size is None else size for i, size in enumerate(sizes)]
    reading.results[str(node["name"])] = [reading.net.input(name, attributes["dtype"], named)]


def _in_order(nodes: Mapping[str, Json], wanted: list[str]) -> Iterator[str]:
    """Yield the nodes that the outputs need, each after its operands."""
    edges: dict[str, list[str]] = {}
    pending = [*wanted]
    while pending:
        name = pending.pop()
        if name not in edges:
            with stated(where_of(nodes[name])):
                edges[name] = [source(reference).node for reference in _operands(nodes[name])]
            missing = next((operand for operand in edges[name] if operand not in nodes), None)
            if missing is not None:
                why = f"its input {missing!r} is not in the graph"
                raise MalformedModel(where_of(nodes[name]), why, AGAIN)
            pending += edges[name]
    try:
        yield from TopologicalSorter(edges).static_order()
    except CycleError as error:
        if any(nodes[name].get("op") == "NextIteration" for name in error.args[1]):
            raise Refusal("NextIteration", where_of(nodes[error.args[1][0]]), "it is part of a loop", CUT) from error
        circle = " → ".join(error.args[1])
        raise MalformedModel("modelTopology", f"its nodes form a circle: {circle}", AGAIN) from error
