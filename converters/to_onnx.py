"""ONNX graph → `.onnx` file."""

from __future__ import annotations

import onnx_ir as ir

from converters.exported import Exported
from converters.layouts import only_keep


def export(
    model: ir.Model,
    *,
    precision: str,  # noqa: ARG001 - the graph is in its precision already
    layout: str = "keep",
) -> Exported:
    """Return `{".onnx": bytes}`: the graph alone, without the notes that exporters leave in it.

    Raises `ConversionError` for a layout other than `keep`.
    """
    only_keep(layout, "onnx")
    return Exported({".onnx": serialize(model)})


def serialize(model: ir.Model) -> bytes:
    """Serialise without doc strings, stack traces and producer names: equal graphs give equal bytes."""
    proto = ir.to_proto(model)
    proto.producer_name, proto.producer_version, proto.doc_string, proto.domain = "edgewise", "", "", ""
    del proto.metadata_props[:]
    for entry in (*proto.graph.node, *proto.graph.initializer, *proto.graph.value_info, proto.graph):
        entry.doc_string = ""
        del entry.metadata_props[:]
    return bytes(proto.SerializeToString(deterministic=True))
