"""Edge graph → `model.json` and `weights.bin`.

Format: `io/types.ts` (`ModelJSON`) of @tensorflow/tfjs-core 4.22, `graph-model` topology. One shard, because the
runtime waits for the headers of all shards before it reads any, which dead-locks on seven or more over HTTP/1.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from converters.edge_graph import Graph, Tensor
from converters.tfjs.nodes import Json, Nodes, Shape, dtype_name, encode
from converters.tfjs.operators.table import emit
from converters.tfjs.weights import SHARD, pack


def serialize(graph: Graph, precision: str) -> dict[str, bytes]:
    """Return the two files by name. Equal graphs give equal bytes.

    Raises `Refusal` for what TF.js cannot express.
    """
    nodes = Nodes()
    for tensor in graph.inputs:
        nodes.bind(tensor, nodes.add("Placeholder", name=tensor.name, dtype=tensor.dtype, shape=Shape(tensor.shape)))
    for op in graph.ops:
        emit(nodes, op)
    manifest, weights = pack(nodes.weights, precision)
    model = {
        "format": "graph-model",
        "generatedBy": "edgewise",
        "convertedBy": "edgewise",
        "signature": {
            "inputs": _signature(nodes, graph.inputs),
            "outputs": _signature(nodes, graph.outputs),
        },
        "modelTopology": {"node": nodes.graph, "library": {}, "versions": {}},
        "weightsManifest": manifest,
    }
    return {"model.json": json.dumps(model, separators=(",", ":"), allow_nan=False).encode(), SHARD: weights}


def _signature(nodes: Nodes, tensors: Iterable[Tensor]) -> Json:
    """Map public names to nodes; the runtime takes and gives tensors by public name."""
    return {tensor.name: _entry(nodes, tensor) for tensor in tensors}


def _entry(nodes: Nodes, tensor: Tensor) -> Json:
    name = nodes.name(tensor)
    return {
        "name": name if ":" in name else f"{name}:0",
        "dtype": dtype_name(tensor.dtype),
        "tensorShape": encode(Shape(tensor.shape))["shape"],
    }
