"""Random ONNX graphs of operators that move data about, for finding layouts that are resolved wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = tuple[int, ...]
LARGEST = 4096  # entries of a tensor


@dataclass
class Graph:
    """A graph under construction: every value so far with its shape."""

    rng: np.random.Generator
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    values: dict[str, Shape] = field(default_factory=dict)

    def pick(self, *, rank: int | None = None) -> str | None:
        """Return one of the values, later ones more often."""
        names = [name for name, shape in self.values.items() if rank is None or len(shape) == rank]
        if not names:
            return None
        weights = np.arange(1, len(names) + 1) ** 2.0
        return str(self.rng.choice(names, p=weights / weights.sum()))

    def constant(self, array: np.ndarray) -> str:
        """Add a constant and return its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def floats(self, shape: Shape) -> str:
        """Add a constant of random floats and return its name."""
        return self.constant(self.rng.standard_normal(shape).astype(np.float32))

    def add(self, op: str, inputs: list[str], shape: Shape, **attributes: Any) -> None:
        """Add a node whose result has this shape, unless that is too large or empty."""
        if 0 < math.prod(shape) <= LARGEST:
            name = f"v{len(self.values)}"
            self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
            self.values[name] = shape


def _unary(g: Graph) -> None:
    name = g.pick()
    if name is not None:
        g.add(str(g.rng.choice(["Relu", "Sigmoid", "Neg", "Identity"])), [name], g.values[name])


def _transpose(g: Graph) -> None:
    name = g.pick()
    if name is not None and g.values[name]:
        order = g.rng.permutation(len(g.values[name])).tolist()
        g.add("Transpose", [name], tuple(g.values[name][i] for i in order), perm=order)


def _reshape(g: Graph) -> None:
    name = g.pick()
    if name is None:
        return
    factors = [p for size in g.values[name] for p in _primes(size)]
    if g.rng.random() < 0.3:
        g.rng.shuffle(factors)
    cuts = sorted(g.rng.integers(0, len(factors) + 1, g.rng.integers(0, 5)).tolist())
    pieces = [factors[a:b] for a, b in zip([0, *cuts], [*cuts, len(factors)], strict=True)]
    shape = tuple(math.prod(piece) for piece in pieces)
    g.add("Reshape", [name, g.constant(np.array(shape, np.int64))], shape)


def _primes(number: int) -> list[int]:
    divisor = next((d for d in range(2, number + 1) if number % d == 0), None)
    return [] if divisor is None else [divisor, *_primes(number // divisor)]


def _binary(g: Graph) -> None:
    x = g.pick()
    if x is None:
        return
    fitting = [name for name, shape in g.values.items() if _fits(shape, g.values[x])]
    y = str(g.rng.choice(fitting))
    if g.rng.random() < 0.3:
        kept = g.values[x][int(g.rng.integers(0, len(g.values[x]) + 1)) :]
        y = g.floats(tuple(size if g.rng.random() < 0.6 else 1 for size in kept))
        shape = g.values[x]
    else:
        shape = tuple(np.broadcast_shapes(g.values[x], g.values[y]))
    operands = [x, y] if g.rng.random() < 0.5 else [y, x]
    g.add(str(g.rng.choice(["Add", "Mul", "Sub", "Max"])), operands, shape)


def _fits(first: Shape, second: Shape) -> bool:
    try:
        np.broadcast_shapes(first, second)
    except ValueError:
        return False
    return True


def _concat(g: Graph) -> None:
    x = g.pick()
    if x is None or not g.values[x]:
        return
    shape = g.values[x]
    axis = int(g.rng.integers(0, len(shape)))
    fitting = [n for n, s in g.values.items() if len(s) == len(shape) and _but(s, axis) == _but(shape, axis)]
    others = [str(name) for name in g.rng.choice(fitting, 2)]
    total = shape[axis] + sum(g.values[name][axis] for name in others)
    g.add("Concat", [x, *others], (*shape[:axis], total, *shape[axis + 1 :]), axis=axis)


def _but(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])


def _slice(g: Graph) -> None:
    name = g.pick()
    if name is None or not g.values[name]:
        return
    shape = g.values[name]
    axis = int(g.rng.integers(0, len(shape)))
    start, step = int(g.rng.integers(0, shape[axis])), int(g.rng.choice([1, 1, 2, -1]))
    stop = shape[axis] if step > 0 else -shape[axis] - 1
    length = len(range(*slice(start, None, step).indices(shape[axis])))
    bounds = [g.constant(np.array([value], np.int64)) for value in (start, stop, axis, step)]
    g.add("Slice", [name, *bounds], (*shape[:axis], length, *shape[axis + 1 :]))


def _reduce(g: Graph) -> None:
    name = g.pick()
    if name is None or not g.values[name]:
        return
    shape = g.values[name]
    axes = sorted(g.rng.choice(len(shape), int(g.rng.integers(1, len(shape) + 1)), replace=False).tolist())
    keep = bool(g.rng.random() < 0.6)
    kept = tuple(1 if d in axes else s for d, s in enumerate(shape) if keep or d not in axes)
    op = str(g.rng.choice(["ReduceMean", "ReduceMax"]))
    g.add(op, [name, g.constant(np.array(axes, np.int64))], kept, keepdims=int(keep))


def _softmax(g: Graph) -> None:
    name = g.pick()
    if name is not None and g.values[name]:
        g.add("Softmax", [name], g.values[name], axis=int(g.rng.integers(0, len(g.values[name]))))


def _convolution(g: Graph) -> None:
    name = g.pick(rank=4)
    if name is None or min(g.values[name][2:]) < 2:
        return
    n, c, h, w = g.values[name]
    outputs = int(g.rng.choice([1, 2, c, 4]))
    same = bool(g.rng.random() < 0.5)
    kernel, size = (3, (h, w)) if same else (2, (h - 1, w - 1))
    weight = g.floats((outputs, c, kernel, kernel))
    g.add("Conv", [name, weight], (n, outputs, *size), pads=[1] * 4 if same else [0] * 4)


def _pool(g: Graph) -> None:
    name = g.pick(rank=4)
    if name is not None and min(g.values[name][2:]) >= 2:
        n, c, h, w = g.values[name]
        op = str(g.rng.choice(["MaxPool", "AveragePool"]))
        g.add(op, [name], (n, c, h // 2, w // 2), kernel_shape=[2, 2], strides=[2, 2])


def _matmul(g: Graph) -> None:
    x = g.pick()
    if x is None or not g.values[x]:
        return
    shape = g.values[x]
    fitting = [
        n for n, s in g.values.items() if len(s) == len(shape) > 1 and s[:-2] == shape[:-2] and s[-2] == shape[-1]
    ]
    if fitting and g.rng.random() < 0.5:
        y = str(g.rng.choice(fitting))
        g.add("MatMul", [x, y], (*shape[:-1], g.values[y][-1]))
    else:
        columns = int(g.rng.integers(1, 5))
        g.add("MatMul", [x, g.floats((shape[-1], columns))], (*shape[:-1], columns))


def _units(g: Graph) -> None:
    """Insert or remove dimensions of size 1."""
    name = g.pick()
    if name is None:
        return
    shape = g.values[name]
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    if ones and g.rng.random() < 0.5:
        axis = int(g.rng.choice(ones))
        g.add("Squeeze", [name, g.constant(np.array([axis], np.int64))], _but(shape, axis))
    elif len(shape) < 6:
        axis = int(g.rng.integers(0, len(shape) + 1))
        g.add("Unsqueeze", [name, g.constant(np.array([axis], np.int64))], (*shape[:axis], 1, *shape[axis:]))


def _pad(g: Graph) -> None:
    name = g.pick()
    if name is not None and g.values[name]:
        widths = g.rng.integers(0, 2, (2, len(g.values[name])))
        shape = tuple(size + int(extra) for size, extra in zip(g.values[name], widths.sum(0), strict=True))
        g.add("Pad", [name, g.constant(widths.reshape(-1).astype(np.int64))], shape)


def _gather(g: Graph) -> None:
    name = g.pick()
    if name is None or not g.values[name]:
        return
    shape = g.values[name]
    axis = int(g.rng.integers(0, len(shape)))
    count: Shape = () if g.rng.random() < 0.4 else (2,)
    index = np.asarray(g.rng.integers(-shape[axis], shape[axis], count), np.int64)
    g.add("Gather", [name, g.constant(index)], (*shape[:axis], *count, *shape[axis + 1 :]), axis=axis)


STEPS: tuple[Callable[[Graph], None], ...] = (
    _unary, _transpose, _transpose, _reshape, _reshape, _binary, _binary, _concat, _slice, _reduce, _softmax,
    _convolution, _convolution, _pool, _matmul, _units, _pad, _gather,
)  # fmt: skip


def random_model(seed: int) -> onnx.ModelProto:
    """Return a model of about eight random operators; its outputs are all values that nothing reads."""
    rng = np.random.default_rng(seed)
    graph = Graph(rng)
    shape = tuple(int(size) for size in rng.choice([1, 2, 3, 4, 6], int(rng.integers(1, 5))))
    graph.values["x"] = shape if rng.random() < 0.5 else (1, *(int(s) for s in rng.choice([2, 4, 6], 3)))
    start = helper.make_tensor_value_info("x", TensorProto.FLOAT, graph.values["x"])
    while len(graph.nodes) < 8:
        STEPS[int(rng.integers(0, len(STEPS)))](graph)
    read = {name for node in graph.nodes for name in node.input}
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in graph.values.items()
        if name not in read
    ]
    proto = helper.make_graph(graph.nodes, "random", [start], outputs, graph.constants)
    return helper.make_model(proto, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
