"""A Keras configuration with its weights as an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.errors import MalformedModel, Refusal
from converters.importing.files import AGAIN, Json, stated
from converters.importing.keras.calls import Call, Operand, calls_of, in_order, is_operation, references
from converters.importing.keras.layer import Build, Layer
from converters.importing.keras.layers.table import OPERATIONS, TABLE
from converters.importing.keras.weights import Place, Weights, key_of
from converters.importing.net import Net

FUNCTIONAL = ("Functional", "Model")
MODELS = (*FUNCTIONAL, "Sequential")
TYPES = {
    **dict.fromkeys(("float16", "bfloat16", "float32", "float64"), ir.DataType.FLOAT),
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32"), ir.DataType.INT32),
    "int64": ir.DataType.INT64,
    "bool": ir.DataType.BOOL,
}


def read_model(topology: Json, weights: Weights, version: str) -> ir.Model:
    """Return the ONNX model of `{class_name, config}`; `version` is the Keras that wrote it, such as `2.0.5`.

    Inputs bear the names of their layers, and outputs too, where a second one of a layer ends in `_1`. All computes in
    float32. Raises `Refusal` for layers outside the table, `MalformedModel` for what contradicts itself.
    """
    with stated("model_config"):
        major = version.split(".")[0]
        whole = _outermost(topology)
        inputs = {layer["config"].get("name") or layer["name"]: layer for layer in _input_layers(whole)}
        outputs = _output_names(whole)
    if {*inputs} & {*outputs}:
        names = ", ".join(sorted({*inputs} & {*outputs}))
        raise Refusal("model", "model_config", f"{names} is both an input and an output", "rename one of them")
    walk = Walk(Net([*inputs, *outputs]), weights, int(major) if major.isdigit() else 2, ())
    values = [walk.input(name, layer) for name, layer in inputs.items()]
    with stated("model_config"):
        results = walk.model(whole, values)
    return walk.net.finish([*zip(outputs, results, strict=True)])


def _outermost(topology: Json) -> Json:
    """Return the model with an input layer, which a Sequential may leave out."""
    if topology.get("class_name") not in MODELS:
        why = f"it is a {topology.get('class_name')!r}, whose layers are not stated"
        raise Refusal("model", "model_config", why, "save a Sequential or functional model")
    if topology["class_name"] in FUNCTIONAL:
        return topology
    config = _sequence(topology["config"])
    layers = config["layers"]
    if not layers:
        raise MalformedModel("model_config", "it has no layers", AGAIN)
    if layers[0]["class_name"] != "InputLayer":
        first = layers[0]["config"]
        shape = _batch_shape(first) or config.get("build_input_shape")
        name = f"{first.get('name', 'model')}_input"
        layers = [
            {"class_name": "InputLayer", "config": {"name": name, "batch_shape": shape, **_dtype(first)}},
            *layers,
        ]
    return {"class_name": "Sequential", "config": {**config, "layers": layers}}


def _sequence(config: Any) -> Json:
    """Return a Sequential's configuration, which early versions write as the list of layers alone."""
    return {"layers": config} if isinstance(config, list) else config


def _dtype(config: Json) -> Json:
    return {"dtype": config["dtype"]} if "dtype" in config else {}


def _batch_shape(config: Json) -> list[int | None] | None:
    return config.get("batch_shape") or config.get("batch_input_shape")


def _input_layers(model: Json) -> list[Json]:
    config = model["config"]
    if model["class_name"] == "Sequential":
        return [config["layers"][0]]
    layers = {layer["name"]: layer for layer in config["layers"]}
    return [layers[reference.call.layer] for reference in references(config["input_layers"])]


def _output_names(model: Json) -> list[str]:
    config = model["config"]
    if model["class_name"] == "Sequential":
        last = config["layers"][-1]
        return [str(last["config"].get("name") or last.get("name") or "output")]
    names: list[str] = []
    for reference in references(config["output_layers"]):
        name, number = reference.call.layer, 1
        while name in names:
            name, number = f"{reference.call.layer}_{number}", number + 1
        names.append(name)
    return names


@dataclass(frozen=True)
class Walk:
    """Follows a model's layers; `around` are the nested models that it is inside of."""

    net: Net
    weights: Weights
    version: int
    around: tuple[Place, ...]

    def input(self, name: str, layer: Json) -> ir.Value:
        """Add an input; the first size is the batch's, N where it varies."""
        self.net.where = f"layer {name!r} (InputLayer)"
        with stated(self.net.where):
            shape, dtype = _batch_shape(layer["config"]), layer["config"].get("dtype") or "float32"
            dtype = dtype if isinstance(dtype, str) else dtype["config"]["name"]
            if shape is None:
                raise self.net.refuse("the shape of its input is not stated", "build the model, or give it an Input")
            if dtype not in TYPES:
                raise self.net.refuse(f"its type is {dtype}", "use float32 or int32")
            sizes = [int(size) if size is not None else "N" if i == 0 else None for i, size in enumerate(shape)]
        return self.net.input(name, TYPES[dtype], sizes)

    def model(self, model: Json, inputs: Sequence[ir.Value]) -> list[ir.Value]:
        """Return the results of a model that is given its inputs."""
        if model["class_name"] == "Sequential":
            return self._sequential(_sequence(model["config"]), inputs)
        return self._functional(model["config"], inputs)

    def _sequential(self, config: Json, inputs: Sequence[ir.Value]) -> list[ir.Value]:
        values, used = [*inputs], {}  # type: ignore[var-annotated]
        for i, layer in enumerate(config["layers"]):
            name = layer["config"].get("name") or layer.get("name") or f"{layer['class_name']}_{i}"
            values = self._call(layer, Place(name, key_of(layer["class_name"], used)), values)
        return values

    def _functional(self, config: Json, inputs: Sequence[ir.Value]) -> list[ir.Value]:
        used: dict[str, int] = {}
        with stated("layers"):
            layers = {layer["name"]: layer for layer in config["layers"]}
            places = {name: Place(name, key_of(layer["class_name"], used)) for name, layer in layers.items()}
            calls = calls_of(config["layers"])
            entries, outputs = (references(config[f"{side}_layers"]) for side in ("input", "output"))
        results: dict[Call, list[ir.Value]] = {
            entry.call: [value] for entry, value in zip(entries, inputs, strict=True)
        }
        for call in in_order(calls, outputs):
            if call not in results:
                operands = [self._operand(results, operand) for operand in calls[call]]
                results[call] = self._call(layers[call.layer], places[call.layer], operands)
        return [self._operand(results, reference) for reference in outputs]

    def _operand(self, results: Mapping[Call, list[ir.Value]], reference: Operand) -> ir.Value:
        if isinstance(reference, float):
            return self.net.constant(reference, np.float32)
        values = results[reference.call]
        if reference.output >= len(values):
            why = f"result {reference.output} of layer {reference.call.layer!r} is read, which has {len(values)}"
            raise MalformedModel("layers", why, AGAIN)
        return values[reference.output]

    def _call(self, layer: Json, place: Place, inputs: Sequence[ir.Value]) -> list[ir.Value]:
        """Return the results of one layer, or of a model that stands for one."""
        kind = layer["class_name"]
        if kind in MODELS:
            return replace(self, around=(*self.around, place)).model(layer, inputs)
        if kind == "InputLayer":
            return [*inputs]
        self.net.where = f"layer {place.name!r} ({kind})"
        table: Mapping[str, Build] = TABLE
        if is_operation(layer):
            kind, table = str(layer["config"].get("function", kind)).rpartition(".")[2].lower(), OPERATIONS
        if kind not in table:
            near = get_close_matches(kind, table, 1)
            hint = f"; {near[0]} has one" if near else ""
            raise Refusal(
                kind, self.net.where, f"it has no counterpart here{hint}", "use layers of Keras that are known"
            )
        with stated(self.net.where):
            weights = [] if is_operation(layer) else self.weights.of([*self.around, place])
            result = table[kind](Layer(self.net, place.name, layer["config"], weights, self.version), inputs)
        return [result] if isinstance(result, ir.Value) else [*result]
