"""Where two ONNX files of one model part: every tensor inside them, on the same input, in the order of execution.

Both run in onnxruntime without its optimisations, so that each tensor of the file exists and its layers can be told
apart. Tensors are matched by name, and a tensor that is quantised is taken as the next layers read it, after its
DequantizeLinear: a ReLU may live in that clipping alone. What subgraphs of If, Loop and Scan hold is not looked into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from pydantic import BaseModel

from edge.runtimes import Tensors, ort


class Layer(BaseModel):
    """One tensor that both files have, and how far the second's lies from the first's.

    `relative_error` is |b − a| / |a| in Euclid's norm; None, like `cosine`, where they cannot be compared: other
    shapes, or NaN or infinite elements that are not the same in both. `note` says which.
    """

    tensor: str
    node: str
    operator: str
    shape: list[int]
    cosine: float | None
    relative_error: float | None
    note: str | None = None


@dataclass(frozen=True)
class Divergence:
    """The layers in the first file's order; `unmatched` are its tensors of which the second has none by that name."""

    layers: Sequence[Layer]
    unmatched: Sequence[str]
    threshold: float

    @property
    def first(self) -> Layer | None:
        """Return the first layer where they part beyond the threshold."""
        return next((row for row in self.layers if _parted(row, self.threshold)), None)


def diverge(a: Path, b: Path, inputs: Tensors, threshold: float) -> Divergence:
    """Run two ONNX files, the first of them the reference, on one input; layers part beyond a relative `threshold`.

    Raises what onnxruntime raises, and ValueError where a file is no `.onnx`, or where they share no tensor by name.
    """
    for path in (a, b):
        if path.suffix != ".onnx":
            raise ValueError(f"{path.name}: expected an .onnx file: layers of other formats are not compared")
    (nodes, first), (_, second) = _tensors(a, inputs), _tensors(b, inputs)
    layers = [
        _compare(name, node, first[name], second[name])
        for node in nodes
        for name in node.output
        if name in first and name in second
    ]
    if not layers:
        raise ValueError(f"{a.name} and {b.name} share no tensor by name: compare files of one model, of one build")
    return Divergence(layers, [name for name in first if name not in second], threshold)


def _tensors(path: Path, inputs: Tensors) -> tuple[Sequence[onnx.NodeProto], Tensors]:
    """Return the nodes in order of execution and every number that they put out."""
    model = onnx.load(path)
    given = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in given)
    chosen = ort.options()
    chosen.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    found = ort.session(model.SerializeToString(), chosen).run(names, inputs)
    numbers = {name: value for name, value in zip(names, found, strict=True) if _is_numeric(value)}
    return model.graph.node, numbers | {name: numbers[read] for name, read in _as_read(model.graph.node).items()}


def _as_read(nodes: Sequence[onnx.NodeProto]) -> dict[str, str]:
    """Return for each tensor that is quantised what stands for it from there on."""
    restored = {node.input[0]: node.output[0] for node in nodes if node.op_type == "DequantizeLinear"}
    pairs = ((node.input[0], node.output[0]) for node in nodes if node.op_type == "QuantizeLinear")
    return {name: restored[quantised] for name, quantised in pairs if quantised in restored}


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def _compare(name: str, node: onnx.NodeProto, a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Layer:
    row = Layer(
        tensor=name, node=node.name, operator=node.op_type, shape=list(a.shape), cosine=None, relative_error=None
    )
    if a.shape != b.shape:
        return row.model_copy(update={"note": f"shape {list(b.shape)} in the second"})
    want, got = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    finite = np.isfinite(want) & np.isfinite(got)
    if not np.array_equal(want[~finite], got[~finite], equal_nan=True):
        return row.model_copy(update={"note": "other elements are NaN or infinite"})
    want, got = want[finite], got[finite]
    size, other, error = (float(np.linalg.norm(part)) for part in (want, got, got - want))
    figures = {
        "cosine": float(want @ got) / (size * other) if size and other else float(size == other),
        "relative_error": error / size if size else (0.0 if not error else None),
        "note": "the first is all zero" if error and not size else None,
    }
    return row.model_copy(update=figures)


def _parted(row: Layer, threshold: float) -> bool:
    return row.relative_error is None or row.relative_error > threshold
