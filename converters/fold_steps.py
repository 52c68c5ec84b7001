"""Puts the element-wise steps around a model into its graph: the file then takes pixels and gives probabilities.

Steps come as names and parameters, with the meaning of `catalog/vocab/steps/`. Of an input the last ones are folded, of
an output the first ones, as far as `INPUTS` and `OUTPUTS` have rows. Inputs and outputs keep their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from converters.errors import ConversionError, MalformedModel

OLDEST_OPSET = 8  # from which on Max and Min broadcast
NCHW = (0, 3, 1, 2)  # of [N, H, W, C]


class Step(Protocol):
    """A step as a card writes it."""

    @property
    def id(self) -> str:
        """Name in the vocabulary."""

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """Parameters; those left out take the vocabulary's defaults."""


@dataclass(frozen=True)
class Left:
    """A step that an application still has to do."""

    id: str
    kwargs: Mapping[str, Any]


Steps = Sequence[Step]
AS_PIXELS = Left("to_layout", {"layout": "nhwc"})  # how a picture enters a graph that orders its axes itself


def fold(
    model: ir.Model, inputs: Mapping[str, Steps], outputs: Mapping[str, Steps], dtype_of: Callable[[Steps], str]
) -> tuple[dict[str, Steps], dict[str, Steps]]:
    """Fold into `model`, which is changed, and return the steps that are left of each input and output.

    Requires opset 8 and inputs and outputs of these names. `dtype_of` says what the steps that are left of an input
    give. An image enters as `[N, H, W, C]`, so that of its `to_layout` the one to `nhwc` is left. Ensures that what is
    left and the graph together give what all steps and the old graph gave, but for rounding in float32.
    Raises `ConversionError` where the steps of an input do not give the type that the graph takes.
    """
    _require(model, inputs, outputs)
    left_of_inputs = {name: _fold_input(model.graph, name, steps, dtype_of) for name, steps in inputs.items()}
    left_of_outputs = {name: _fold_output(model.graph, name, steps) for name, steps in outputs.items()}
    return left_of_inputs, left_of_outputs


def _require(model: ir.Model, inputs: Mapping[str, Steps], outputs: Mapping[str, Steps]) -> None:
    opset = model.opset_imports.get("", 0)
    if opset < OLDEST_OPSET:
        raise ConversionError(
            "opset", f"steps fold into opset {OLDEST_OPSET} or later, this is {opset}", "convert it up"
        )
    for named, values in ((inputs, model.graph.inputs), (outputs, model.graph.outputs)):
        for name in set(named) - {value.name for value in values}:
            raise MalformedModel(f"tensor {name!r}", "the card has it and the graph has not", "correct the card")


def _fold_input(graph: ir.Graph, name: str, steps: Steps, dtype_of: Callable[[Steps], str]) -> Steps:
    first = len(steps)
    while first and _has(INPUTS, steps[first - 1], ir.DataType.FLOAT):
        first -= 1
    kept, folded = steps[:first], steps[first:]
    old = next(value for value in graph.inputs if value.name == name)
    if not folded or old.shape is None or old.dtype is None:
        return steps
    order = NCHW if any(step.kwargs.get("layout") == "nchw" for step in folded) else range(len(old.shape))
    shape = ir.Shape([old.shape[order.index(axis)] for axis in range(len(old.shape))])
    new = ir.Value(name=name, shape=shape, type=ir.TensorType(ir.DataType.from_numpy(np.dtype(dtype_of(kept)))))
    old.name = f"{name}/prepared"
    chain = _Chain(graph, new)
    for step in folded:
        INPUTS[step.id].build(chain, **step.kwargs)
    if chain.dtype != old.dtype:
        why = f"the steps of input {name!r} give {chain.dtype.name}, and the graph takes {old.dtype.name}"
        raise ConversionError(f"input {name!r}", why, "correct the card, for example with cast")
    graph.inputs[graph.inputs.index(old)] = new
    ir.convenience.replace_all_uses_with(old, chain.value, replace_graph_outputs=True)
    chain.insert(at_start=True)
    return [*kept, AS_PIXELS] if any(step.id == "to_layout" for step in folded) else kept


def _fold_output(graph: ir.Graph, name: str, steps: Steps) -> Steps:
    old = next(value for value in graph.outputs if value.name == name)
    if old.shape is None or old.dtype is None or old.is_graph_input():
        return steps
    chain, count = _Chain(graph, old), 0
    while count < len(steps) and _has(OUTPUTS, steps[count], chain.dtype):
        OUTPUTS[steps[count].id].build(chain, **steps[count].kwargs)
        count += 1
    if chain.value is not old:
        old.name, chain.value.name = f"{name}/raw", name
        graph.outputs[graph.outputs.index(old)] = chain.value
        chain.insert(at_start=False)
    return steps[count:]


class _Chain:
    """Nodes one after the other, each working on what the last one gave."""

    def __init__(self, graph: ir.Graph, value: ir.Value) -> None:
        self._graph, self._prefix = graph, value.name
        self._nodes: list[ir.Node] = []
        self.value = value

    @property
    def dtype(self) -> ir.DataType:
        """Type of the present value; each was given one."""
        return ir.DataType(self.value.dtype or ir.DataType.UNDEFINED)

    @property
    def axes(self) -> int:
        """How many axes the present value has; each step leaves as many."""
        return len(self.value.shape or ())

    def cast(self, dtype: ir.DataType) -> None:
        """Convert to a type, where it is another."""
        if dtype != self.dtype:
            self.then("Cast", to=dtype.value)
            self.value.type = ir.TensorType(dtype)

    def then(self, operator: str, *constants: npt.NDArray[Any], **attributes: Any) -> None:
        """Add a node with the present value and the constants as inputs, whose output has the same type and shape."""
        name = f"{self._prefix}/step_{len(self._nodes)}"
        operands = [self._constant(f"{name}_{i}", constant) for i, constant in enumerate(constants)]
        output = ir.Value(name=name, shape=self.value.shape, type=self.value.type)
        self._nodes.append(ir.node(operator, [self.value, *operands], attributes, outputs=[output], name=name))
        self.value = output

    def _constant(self, name: str, array: npt.NDArray[Any]) -> ir.Value:
        value = ir.Value(
            name=name, shape=ir.Shape(array.shape), type=ir.TensorType(ir.DataType.from_numpy(array.dtype)),
            const_value=ir.tensor(array, name=name),
        )  # fmt: skip
        self._graph.register_initializer(value)
        return value

    def insert(self, *, at_start: bool) -> None:
        """Put the nodes into the graph."""
        if at_start and len(self._graph):
            self._graph.insert_before(self._graph[0], self._nodes)
        else:
            self._graph.extend(self._nodes)


def _scale_linear(chain: _Chain, gain: float = 1.0, offset: float = 0.0) -> None:
    chain.cast(ir.DataType.FLOAT)
    if gain != 1:
        chain.then("Mul", np.asarray(gain, np.float32))
    if offset != 0:
        chain.then("Add", np.asarray(offset, np.float32))


def _normalize(chain: _Chain, mean: Sequence[float], std: Sequence[float]) -> None:
    chain.cast(ir.DataType.FLOAT)
    chain.then("Sub", np.asarray(mean, np.float32))
    chain.then("Div", np.asarray(std, np.float32))


def _to_layout(chain: _Chain, layout: str) -> None:
    if layout == "nchw":
        shape = chain.value.shape or ()
        chain.then("Transpose", perm=NCHW)
        chain.value.shape = ir.Shape([shape[axis] for axis in NCHW])


def _to_color_space(chain: _Chain, space: str) -> None:
    if space == "bgr":
        chain.then("Gather", np.array([2, 1, 0], np.int64), axis=chain.axes - 1)


def _cast(chain: _Chain, dtype: str) -> None:
    chain.cast(FLOATS[dtype])


def _softmax(chain: _Chain) -> None:
    chain.cast(ir.DataType.FLOAT)
    chain.then("Softmax", axis=chain.axes - 1)


def _sigmoid(chain: _Chain) -> None:
    chain.cast(ir.DataType.FLOAT)
    chain.then("Sigmoid")


def _clip(chain: _Chain, min: float, max: float) -> None:  # noqa: A002 - the card's words
    kind = chain.dtype.numpy()
    chain.then("Max", np.asarray(min, kind))
    chain.then("Min", np.asarray(max, kind))


FLOATS = {"float32": ir.DataType.FLOAT, "float16": ir.DataType.FLOAT16}


@dataclass(frozen=True)
class Row:
    """How one step becomes nodes, and with which parameters, on a value of which type, that is exact."""

    build: Callable[..., None]
    fits: Callable[[Mapping[str, Any], ir.DataType], bool] = lambda *_: True


SCALE = Row(_scale_linear)
CAST = Row(_cast, lambda kwargs, _: kwargs["dtype"] in FLOATS)
INPUTS: Mapping[str, Row] = {
    "scale_linear": SCALE,
    "normalize": Row(_normalize),
    "to_layout": Row(_to_layout),
    "cast": CAST,
    "to_color_space": Row(_to_color_space, lambda kwargs, _: kwargs["space"] in ("rgb", "bgr")),
}
OUTPUTS: Mapping[str, Row] = {
    "softmax": Row(_softmax),
    "sigmoid": Row(_sigmoid),
    "clip": Row(_clip, lambda _, dtype: dtype in FLOATS.values()),
    "scale_linear": SCALE,
    "cast": CAST,
}


def _has(table: Mapping[str, Row], step: Step, dtype: ir.DataType) -> bool:
    return step.id in table and table[step.id].fits(step.kwargs, dtype)
