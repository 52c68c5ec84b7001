"""The table of recipes: each takes an ONNX graph and gives a smaller one in the same operators' meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from quantize import weights
from quantize.prepared import Feeds
from quantize.static import Static


@dataclass(frozen=True)
class Recipe:
    """One row: `make(model, calibration)` returns a new model and leaves its argument alone."""

    name: str
    make: Callable[[ir.Model, Sequence[Feeds]], ir.Model]
    needs_calibration: bool = False


def apply(name: str, model: ir.Model, calibration: Sequence[Feeds]) -> ir.Model:
    """Apply the recipe called `name`; `calibration` holds one mapping of input tensors a sample."""
    recipe = RECIPES[name]
    if recipe.needs_calibration and not calibration:
        raise ValueError(
            f"recipe {name} sets its ranges on real inputs and got none: "
            "name a JSON Lines file as edge.calibration in the card, or a folder of .npz files as --calibration"
        )
    return recipe.make(model, calibration)


def _same(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    return model


# Equalised layers differ less between channels; corrected ones do not shift a channel's mean.
STATIC = {
    "w8a8_per_tensor_minmax": Static(per_channel=False),
    "w8a8_per_tensor_percentile": Static(per_channel=False, method="Percentile"),
    "w8a8_per_tensor_entropy": Static(per_channel=False, method="Entropy"),
    "w8a8_per_tensor_minmax_equalized": Static(per_channel=False, equalized=True),
    "w8a8_per_tensor_minmax_equalized_corrected": Static(per_channel=False, equalized=True, corrected=True),
    "w8a8_per_channel_minmax": Static(),
    "w8a8_per_channel_minmax_corrected": Static(corrected=True),
    "w8a8_per_channel_minmax_equalized": Static(equalized=True),
    "w8a8_per_channel_minmax_equalized_corrected": Static(equalized=True, corrected=True),
    "w8a8_per_channel_percentile": Static(method="Percentile"),
    "w8a8_per_channel_percentile_equalized_corrected": Static(method="Percentile", equalized=True, corrected=True),
    "w8a8_per_channel_entropy": Static(method="Entropy"),
}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("none", _same),
        Recipe("fp16", weights.fp16),
        Recipe("int8_dynamic", weights.int8_dynamic),
        Recipe("w8_per_channel", weights.w8),
        Recipe("w4_block32", weights.w4),
        *(Recipe(name, static, needs_calibration=True) for name, static in STATIC.items()),
    )
}
