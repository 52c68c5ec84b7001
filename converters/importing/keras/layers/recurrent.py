"""LSTM, GRU, and Bidirectional around them.

Keras' gates are i, f, c, o (LSTM) and z, r, h (GRU); ONNX's are i, o, f, c and z, r, h. Sequences are `[N, T, C]` in
Keras and `[T, N, C]` in ONNX.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Array
from converters.importing.keras.layer import Build, Layer
from converters.importing.keras.layers.activations import hard_sigmoid_slope, name_of

ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2)}  # where ONNX's gates lie among Keras'
STATES = {"LSTM": 2, "GRU": 1}
FUNCTIONS = {
    "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "hard_sigmoid": "HardSigmoid", "softsign": "Softsign",
    "softplus": "Softplus",
}  # fmt: skip


def recurrent(kind: str) -> Build:
    """Return LSTM or GRU. Results are the sequence `[N, T, units]` or its last entry, then states where asked for."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> list[ir.Value]:
        backwards = bool(layer.option("go_backwards", False))
        if backwards and layer.option("return_sequences", False):
            raise layer.net.refuse("its sequence runs backwards", "wrap it in Bidirectional, or reverse the sequence")
        return _run(layer, kind, layer.only(inputs), backwards)

    return build


def _run(layer: Layer, kind: str, x: ir.Value, backwards: bool) -> list[ir.Value]:
    if layer.option("stateful", False):
        raise layer.net.refuse("it keeps its state from call to call", "make its states inputs and outputs")
    net, use_bias, units = layer.net, layer.option("use_bias", True), int(layer.config["units"])
    arrays = [
        net.array(value) for value in layer.constants("kernel", "recurrent_kernel", *(["bias"] if use_bias else []))
    ]
    weights = [net.constant(_gates(array, kind, units)[None], name=f"{layer.name}/{name}")
               for name, array in zip("WR", arrays, strict=False)]  # fmt: skip
    resets_after = kind == "GRU" and bool(layer.option("reset_after", layer.version >= 3))
    bias = (
        [net.constant(_bias(layer, arrays[2], kind, units, resets_after), name=f"{layer.name}/B")] if use_bias else []
    )
    options = {"linear_before_reset": int(resets_after)} if kind == "GRU" else {}
    y, *states = net.add_all(
        kind,
        [net.transpose(x, [1, 0, 2]), *weights, *bias],
        1 + STATES[kind],
        hidden_size=units,
        direction="reverse" if backwards else "forward",
        **_functions(layer, kind),
        **options,
    )
    states = [net.add("Squeeze", [state, net.constant([0], np.int64)]) for state in states]
    sequence = net.transpose(net.add("Squeeze", [y, net.constant([1], np.int64)]), [1, 0, 2])
    result = sequence if layer.option("return_sequences", False) else states[0]
    return [result, *(states if layer.option("return_state", False) else [])]


def _gates(array: Array, kind: str, units: int) -> Array:
    """Return a matrix `[C, gates · units]` as `[gates · units, C]`, gates in ONNX's order."""
    pieces = array.reshape(-1, len(ORDER[kind]), units)[:, ORDER[kind]]
    return np.ascontiguousarray(pieces.reshape(len(pieces), -1).T)


def _bias(layer: Layer, array: Array, kind: str, units: int, separate: bool) -> Array:
    """Return the biases `[1, 2 · gates · units]`: of the input, then of the state, which most layers have not."""
    if array.ndim != 1 + separate:
        raise layer.net.malformed(f"its bias has the shape {list(array.shape)}, and reset_after is {separate}")
    rows = array.reshape(-1, len(ORDER[kind]), units)[:, ORDER[kind]].reshape(-1, len(ORDER[kind]) * units)
    both = rows if separate else np.concatenate([rows, np.zeros_like(rows)])
    return both.reshape(1, -1)


def _functions(layer: Layer, kind: str) -> dict[str, Any]:
    """Return ONNX's attributes for the activations of gates and of states."""
    names = [name_of(layer, "recurrent_activation"), name_of(layer, "activation")]
    unknown = [name for name in names if name not in FUNCTIONS]
    if unknown:
        raise layer.net.refuse(
            f"its activation {unknown[0]!r} has no counterpart", f"use one of {', '.join(FUNCTIONS)}"
        )
    chosen = [names[0], *[names[1]] * STATES[kind]]
    slopes = [hard_sigmoid_slope(layer)] * chosen.count("hard_sigmoid")
    options = {"activation_alpha": slopes, "activation_beta": [0.5] * len(slopes)} if slopes else {}
    return {"activations": [FUNCTIONS[name] for name in chosen], **options}


def bidirectional(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Run a recurrent layer in both directions, and merge what both give at each time."""
    inner = layer.config["layer"]
    kind = inner["class_name"]
    if kind not in ORDER or inner["config"].get("return_state"):
        raise layer.net.refuse(
            f"it runs a {kind} both ways, or asks for states", "use LSTM or GRU without return_state"
        )
    half = len(layer.weights) // 2
    parts = [layer.part(inner["config"], weights) for weights in (layer.weights[:half], layer.weights[half:])]
    x = layer.only(inputs)
    (ahead,), (back,) = (_run(part, kind, x, backwards) for part, backwards in zip(parts, (False, True), strict=True))
    mode = layer.option("merge_mode", "concat")
    if mode not in MERGED:
        raise layer.net.refuse(f"its merge_mode is {mode}", f"use one of {', '.join(MERGED)}")
    options = {"axis": layer.net.rank(ahead) - 1} if mode == "concat" else {}
    return layer.net.add(MERGED[mode], [ahead, back], **options)


MERGED = {"ave": "Mean", "concat": "Concat", "mul": "Mul", "sum": "Add"}

LAYERS: Mapping[str, Build] = {
    "Bidirectional": bidirectional,
    "GRU": recurrent("GRU"),
    "LSTM": recurrent("LSTM"),
}
