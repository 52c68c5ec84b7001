"""TensorFlow.js model → ONNX graph, without TensorFlow: graph models and layers models."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

from converters.errors import MalformedModel, in_file
from converters.importing.files import AGAIN, parse_json, read_bytes
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
        return read_graph(model, weights)
