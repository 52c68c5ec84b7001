"""TensorFlow.js model → ONNX graph, without TensorFlow: graph models and layers models."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

from converters.errors import MalformedModel, in_file
from converters.importing.files import AGAIN, Json, parse_json, read_bytes
from converters.importing.keras.model import read_model
from converters.importing.keras.weights import Named
from converters.importing.tfjs.graph import read_graph
from converters.importing.tfjs.weights import read_weights


def load(path: Path) -> ir.Model:
    """Return the model of a `model.json`, whose shards lie in its folder.

    Inputs and outputs keep the file's names, types and axes; quantised weights are widened to float32. Raises
    `MalformedModel` for a file that contradicts itself or lacks a part, `Refusal` for what has no counterpart.
    """
    with in_file(path):
        model = parse_json(read_bytes(path), "bytes")
        weights = read_weights(model.get("weightsManifest") or [], path.parent)
        topology = model.get("modelTopology")
        if not isinstance(topology, dict):
            raise MalformedModel("modelTopology", "it is missing", AGAIN)
        if "node" in topology:
            return read_graph(model, weights)
        config = topology.get("model_config", topology)
        if isinstance(config, str):
            config = parse_json(config, "model_config")
        return read_model(config, Named(weights), _version(topology))


def _version(topology: Json) -> str:
    """Return the Keras whose definitions count: TF.js' own layers follow Keras 2."""
    version = str(topology.get("keras_version", "2"))
    return "2" if version.startswith("tfjs") else version
