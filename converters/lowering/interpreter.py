"""Walks an ONNX graph node by node and lowers each: folds constants, unfolds functions, runs subgraphs in place."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import onnx_ir as ir

from converters.edge_graph import Graph
from converters.errors import ConversionError, MalformedModel, Refusal
from converters.graph import ensure_checked
from converters.lowering import operators  # noqa: F401 - fills the table of lowerings
from converters.lowering.boundary import dtype_of, read_input, sizes_of, write_output
from converters.lowering.builder import MOST_MADE, Builder, widened
from converters.lowering.conditions import check_operands
from converters.lowering.folding import fold
from converters.lowering.functions import defaults, standard_function
from converters.lowering.images import public_images
from converters.lowering.inference import Stated, check, infer
from converters.lowering.node import LOWERINGS, Node
from converters.lowering.tables import TooLarge
from converters.lowering.target import Target
from converters.lowering.value import Atom, Value

Scope = MutableMapping[str, Value]
MOST_TURNS = 120_000
WIDEST = 8  # times that weights may grow: from 4 bits to 32
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
STEPWISE = {"Attention"}  # whose steps are larger than what goes in and comes out: each is folded by itself
# Folded by their own lowerings: those rearrange views of a large constant, where evaluation would copy it, and look at
# indices, which evaluation takes on trust.
VIEWS = {"Cast", "CastLike", "Constant", "DequantizeLinear", "Flatten", "GatherElements", "Identity", "If", "Loop",
         "Reshape", "Scan", "Shape", "Squeeze", "Transpose", "Unsqueeze"}  # fmt: skip


def lower(model: ir.Model, target: Target, layout: str = "keep") -> Graph:
    """Return the edge graph of a model, which is checked unless it was when it was loaded.

    Inputs and outputs keep ONNX's names, order, types and, unless `layout` says otherwise, axes (see `images.py`).
    Raises `Refusal` for what the target cannot express, `MalformedModel` for what contradicts itself, and
    `ConversionError` for a layout that does not apply.
    """
    ensure_checked(model)
    last = public_images(model.graph, layout)
    builder = Builder(target)
    builder.most = MOST_MADE + WIDEST * _weights(model)
    interpreter = Interpreter(builder, model)
    scope: Scope = {}
    symbols: dict[str, Atom] = {}
    for value in model.graph.inputs:
        if value.name not in model.graph.initializers:
            scope[value.name or ""] = read_input(builder, value, symbols, last)
    outputs = interpreter.run_graph(model.graph, scope, dict(model.opset_imports), {})
    for declared, output in zip(model.graph.outputs, outputs, strict=True):
        with _blaming(f"output {declared.name!r}", f"a result of shape {list(output.shape)}"):
            builder.graph.outputs.append(write_output(builder, output, declared, last))
    _check_numbers(builder.graph)
    return builder.graph


@contextmanager
def _blaming(where: str, what: str) -> Iterator[None]:
    """Whatever a contradictory model makes Python say becomes an error that names the place."""
    try:
        yield
    except ConversionError:
        raise
    except Exception as error:  # a lowering and the libraries under it raise whatever they meet
        why = f"{what} is contradictory ({type(error).__name__}: {error})"
        raise MalformedModel(where, why, "check the model with onnx.checker; if it passes, report this") from error


def _check_numbers(graph: Graph) -> None:
    """Refuse what neither target's files can hold."""
    for op in graph.ops:
        for name, number in op.attributes.items():
            if isinstance(number, int) and not -(2**31) <= number < 2**31:
                why = f"its {name} would be {number:,}, beyond 32 bits"
                raise Refusal(op.kind, op.where, why, "use a model with smaller numbers")


@dataclass
class Interpreter:
    """Lowers the nodes of one model into one builder."""

    builder: Builder
    model: ir.Model
    turns: int = 0  # nodes lowered, each as often as its loop or function runs
    inside: str = ""  # the nodes whose functions are being written out

    def run_graph(self, graph: ir.Graph, scope: Scope, opsets: dict[str, int], outer: Mapping[str, Any]) -> list[Value]:
        """Lower a graph whose inputs stand in `scope`, and return its outputs.

        `outer` are the attributes of the function around it, which its nodes may refer to.
        """
        for name, initializer in graph.initializers.items():
            scope[name] = self._constant(initializer)
        self._run_nodes(graph, scope, opsets, outer)
        return [self._lookup(scope, value, "the graph's outputs") for value in graph.outputs]

    def _constant(self, initializer: ir.Value) -> Value:
        where = f"initializer {initializer.name!r}"
        if initializer.const_value is None:
            raise MalformedModel(where, "it has no data", "export the model again with its weights")
        dtype_of(initializer.const_value.dtype, where)
        with _blaming(where, "its data"):
            return self.builder.weight(initializer.const_value.numpy())

    def _lookup(self, scope: Scope, value: ir.Value | None, where: str) -> Value:
        name = "" if value is None else value.name or ""
        if name not in scope:
            raise MalformedModel(where, f"nothing produces {name!r}", "correct the model: the name is never defined")
        return scope[name]

    def _run_nodes(
        self, nodes: Iterable[ir.Node], scope: Scope, opsets: dict[str, int], outer: Mapping[str, Any]
    ) -> None:
        for node in nodes:
            where = f"{self.inside}{node.op_type} node {node.name or (node.outputs[0].name if node.outputs else '')!r}"
            inputs = [None if value is None else self._lookup(scope, value, where) for value in node.inputs]
            self._count(where)
            call = self._call(node, inputs, scope, opsets, outer, where)
            results = self._guarded(call)
            scope.update(zip(call.outputs, results, strict=False))

    def _count(self, where: str) -> None:
        """End what loops in loops, and functions of functions, would make of a small file."""
        self.turns += 1
        if self.turns > MOST_TURNS:
            why = f"written out, the model has more than {MOST_TURNS:,} nodes"
            raise Refusal("model", where, why, "use fewer turns in its loops")

    def _call(
        self,
        node: ir.Node,
        inputs: Sequence[Value | None],
        scope: Scope,
        opsets: dict[str, int],
        outer: Mapping[str, Any],
        where: str,
    ) -> Node:
        def run(graph: ir.Graph, operands: Sequence[Value]) -> list[Value]:
            inner: Scope = ChainMap({}, scope)
            inner.update({v.name or "": operand for v, operand in zip(graph.inputs, operands, strict=False)})
            return self.run_graph(graph, inner, opsets, outer)

        domain = "" if node.domain == "ai.onnx" else node.domain
        version = opsets.get(domain, opsets.get("ai.onnx", 1) if not domain else 1)
        outputs = [value.name or "" for value in node.outputs]
        attributes = {name: _attribute(attr, outer) for name, attr in node.attributes.items()}
        known = {name: value for name, value in attributes.items() if value is not None}
        declared = sizes_of(node.outputs[0].shape) if node.outputs else None
        return Node(self.builder, node.op_type, domain, version, where, inputs, outputs, known, declared, run)

    def _guarded(self, node: Node) -> Sequence[Value]:
        shapes = ", ".join(str(list(value.shape)) for value in node.inputs if value is not None)
        with _blaming(node.where, f"{node.op} of operands {shapes}"):
            self.builder.where, self.builder.operator = node.where, node.op
            stated = infer(node)
            check_operands(node)
            try:
                results = self._lower(node, stated)
            except TooLarge as error:
                raise node.refuse(str(error), "use smaller sizes") from None
            _check_sizes(node, results)
            check(node, stated, results)
            return results

    def _lower(self, node: Node, stated: Sequence[Stated]) -> Sequence[Value]:
        if (node.domain, node.op) not in LOWERINGS or node.op not in VIEWS:
            known = all(value.data is not None for value in node.inputs if value is not None)
            if known and not node.domain and node.op not in RANDOM | STEPWISE:
                return [self.builder.constant(widened(array)) for array in fold(node, stated)]
        local = self.model.functions.get((node.domain, node.op, ""))
        if local is not None:
            return self._run_function(local, node)
        lowering = LOWERINGS.get((node.domain, node.op))
        if lowering is not None:
            result = lowering(node)
            return [result] if isinstance(result, Value) else result
        function = standard_function(node)
        if function is None:
            raise node.refuse(f"{self.builder.target.name} has no counterpart", "use a model without this operator")
        return self._run_function(function, replace(node, attributes={**defaults(node), **node.attributes}))

    def _run_function(self, function: ir.Function, node: Node) -> list[Value]:
        scope: Scope = {v.name or "": x for v, x in zip(function.inputs, node.inputs, strict=False) if x is not None}
        given = {name: attr.value for name, attr in function.attributes.items() if attr.value is not None}
        before, self.inside = self.inside, f"{node.where}: "
        self._run_nodes(function, scope, dict(function.opset_imports), {**given, **node.attributes})
        self.inside = before
        wanted = len(node.outputs)
        return [self._lookup(scope, value, node.where) for value in function.outputs[:wanted]]


def _weights(model: ir.Model) -> int:
    """Return how many bytes the weights take."""
    values = model.graph.initializers.values()
    return sum(value.const_value.nbytes for value in values if value.const_value is not None)


def _check_sizes(node: Node, results: Sequence[Value]) -> None:
    for shape in (value.shape for value in results):
        if any(size is not None and size < 0 for size in shape):
            raise MalformedModel(node.where, f"its result has the shape {list(shape)}", "correct the model's sizes")


def _attribute(attr: ir.Attr, outer: Mapping[str, Any]) -> Any:
    if attr.is_ref():
        return outer.get(attr.ref_attr_name or "")
    value = attr.value
    return value.numpy() if isinstance(value, ir.TensorProtocol) else value
