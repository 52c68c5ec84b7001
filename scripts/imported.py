"""A card's weights as ONNX: imported from the format they are published in, with the sizes that the card fixes."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir
from onnx_ir.passes.common import ShapeInferencePass

from catalog.card import Card
from converters import importers
from converters.errors import MalformedModel, in_file


def load(card: Card, source: Path) -> ir.Model:
    """Return the graph of a card's source file.

    Raises `converters.errors.ConversionError` for a file that cannot be imported, or does not have the card's inputs.
    """
    with in_file(source):
        model = importers.load(source, card.source.format)
        _fix_sizes(model, card)
    return model


def save(card: Card, source: Path, target: Path) -> None:
    """Write that graph as an ONNX file."""
    ir.save(load(card, source), target)


def _fix_sizes(model: ir.Model, card: Card) -> None:
    """Give inputs whose file leaves a size open the one that the card fixes, and infer what follows from it."""
    inputs = {value.name: value for value in model.graph.inputs}
    fixed = False
    for tensor in card.inputs:
        value = inputs.get(tensor.id)
        if value is None or value.shape is None or len(value.shape) != len(tensor.axes):
            have = ", ".join(f"{name} {list(v.shape or ())}" for name, v in inputs.items())
            why = f"the card's input {tensor.id!r} with {len(tensor.axes)} axes is not among the file's: {have}"
            raise MalformedModel("graph", why, "correct the card's inputs")
        told = [axis.size if isinstance(axis.size, int) else None for axis in tensor.axes]
        sizes = [size if isinstance(size, int) else new or size for size, new in zip(value.shape, told, strict=True)]
        fixed |= sizes != list(value.shape)
        value.shape = ir.Shape(sizes)
    if fixed:
        _infer_anew(model)


def _infer_anew(model: ir.Model) -> None:
    """Forget the shapes that were written for open sizes: inference keeps what it finds."""
    for node in model.graph:
        for value in node.outputs:
            if value.shape is not None and not value.shape.is_static():
                value.shape = None
    ShapeInferencePass()(model)
