"""What each layer's rounding does to the results, found once for a model and used to choose what stays in float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from quantize.prepared import Array, Feeds, prepared, values
from quantize.static import Static, simplify

SAMPLES = 16  # of calibration: a ratio of energies needs no more
EXACT = {"Relu", "Clip", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "MaxPool", "Identity", "Cast"}


@dataclass(frozen=True)
class Sensitivity:
    """A layer and the ratio of signal to noise of the results in dB when it alone is quantised; less is worse."""

    layer: str  # the name of its result
    snr: float


def sensitivities(model: ir.Model, calibration: Sequence[Feeds]) -> list[Sensitivity]:
    """Measure every layer that rounds, with a scale a channel, on calibration samples; the most sensitive first."""
    samples = calibration[:SAMPLES]
    outputs = [value.name or "" for value in model.graph.outputs]
    with prepared(model) as (source, _path, _target):
        simplify(source)
        names = [node.name or "" for node in source.graph if node.op_type not in EXACT]
    exact = list(values(model, outputs, samples))
    found = [
        Sensitivity(name, _snr(exact, list(values(Static()(model, samples, only=[name]), outputs, samples))))
        for name in names
    ]
    return sorted(found, key=lambda one: (one.snr, one.layer))


def _snr(exact: Sequence[Mapping[str, Array]], got: Sequence[Mapping[str, Array]]) -> float:
    """Return 10 log10(Σ exact² / Σ (got - exact)²) in dB over all outputs, each weighing the same; inf for equals."""
    ratios = []
    for name in exact[0]:
        pairs = [(one[name].astype(np.float64), other[name]) for one, other in zip(exact, got, strict=True)]
        signal = sum(float(np.sum(one**2)) for one, _ in pairs)
        noise = sum(float(np.sum((other - one) ** 2)) for one, other in pairs)
        ratios.append(noise / signal if signal else float(noise > 0))
    mean = float(np.mean(ratios))
    return -10 * float(np.log10(mean)) if mean > 0 else float("inf")
