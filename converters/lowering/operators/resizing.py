"""Resize and Upsample: the target's own operators where they compute the same, and else weights along each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from converters.edge_graph import Array
from converters.lowering import arithmetic as a
from converters.lowering.channels import as_it_lies
from converters.lowering.interpolation import Sampling, tflite_nearest, tflite_positions
from converters.lowering.node import Node, lowers
from converters.lowering.products import fully_connected
from converters.lowering.shapes import gather, merge_dims, tile, transpose, unsqueeze, vector
from converters.lowering.value import Value

FLAGS = ((False, True), (False, False), (True, False))  # align_corners, half_pixel_centers
Target = tuple[int, float]  # size of the output, scale


@lowers("Resize", "Upsample")
def resize(node: Node) -> Value:
    """Resample some axes to given sizes or by given scales."""
    x = node.x
    axes = [axis % x.rank for axis in node.attribute("axes") or range(x.rank)]
    scales = _scales(node)
    if any(x.shape[axis] is None for axis in axes):
        return _repeated(node, axes, scales)
    targets = _by_scales(x, axes, scales) if scales is not None else _by_sizes(node, axes)
    region = node.constant(1, "region") if node.version >= 11 else None
    starts, ends = (
        ([0.0] * len(axes), [1.0] * len(axes)) if region is None or not region.size else region.reshape(2, -1)
    )
    rows = zip(axes, starts, ends, strict=True)
    samplings = {d: _sampling(node, x.shape[d] or 0, targets[d], (float(low), float(high))) for d, low, high in rows}
    return _resample(node, x, samplings)


def _scales(node: Node) -> Array | None:
    """Return the scales: an attribute at first, then the second operand, and the third from opset 11 on."""
    if "scales" in node.attributes:
        return np.asarray(node.attributes["scales"])
    scales = node.constant(1 if node.version < 11 else 2, "scales")
    return None if scales is None or not scales.size else scales


def _by_scales(x: Value, axes: Sequence[int], scales: Array) -> dict[int, Target]:
    rows = zip(axes, scales.tolist(), strict=True)
    return {dim: (int(np.floor((x.shape[dim] or 0) * scale)), scale) for dim, scale in rows}


def _by_sizes(node: Node, axes: Sequence[int]) -> dict[int, Target]:
    sizes = node.ints(3, "sizes")
    if sizes is None:
        raise node.refuse("it has neither scales nor sizes", "correct the model")
    present = [node.x.shape[axis] or 1 for axis in axes]
    ratios = [wanted / size for size, wanted in zip(present, sizes, strict=True)]
    policy = node.attribute("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return dict(zip(axes, zip(sizes, ratios, strict=True), strict=True))
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    return {dim: (int(np.floor(size * ratio + 0.5)), ratio) for dim, size in zip(axes, present, strict=True)}


def _sampling(node: Node, size: int, target: Target, region: tuple[float, float]) -> Sampling:
    old = node.version < 11  # which has one way to place and round
    return Sampling(
        size,
        *target,
        node.attribute("mode", "nearest"),
        "asymmetric" if old else node.attribute("coordinate_transformation_mode", "half_pixel"),
        "floor" if old else node.attribute("nearest_mode", "round_prefer_floor"),
        float(node.attribute("cubic_coeff_a", -0.75)),
        bool(node.attribute("exclude_outside", 0)),
        bool(node.attribute("antialias", 0)),
        region,
    )


def _resample(node: Node, x: Value, samplings: Mapping[int, Sampling]) -> Value:
    """Resample dimensions one after the other, or two at once with the target's operator."""
    active = {dim: sampling for dim, sampling in samplings.items() if not sampling.is_identity()}
    native = _native(x, active)
    if native is not None:
        return native
    dtype = x.dtype
    for dim, sampling in active.items():
        x = _along(x, dim, sampling)
        if sampling.outside().any():
            mask = sampling.outside().reshape([-1] + [1] * (x.rank - 1 - dim))
            fill = float(node.attribute("extrapolation_value", 0.0))
            x = a.select(node.builder.constant(mask), node.builder.constant(fill, x.dtype), x)
    return a.cast(x, dtype)


def _along(x: Value, dim: int, sampling: Sampling) -> Value:
    """Resample one dimension: pick entries, or multiply by a constant `[output, size]`."""
    if sampling.mode == "nearest":
        return gather(x, x.builder.constant(sampling.indices().astype(np.int32)), dim)
    order = [d for d in range(x.rank) if d != dim] + [dim]
    weights = x.builder.constant(sampling.matrix().T)
    y = fully_connected(transpose(a.cast(x, a.FLOAT32), order), weights, None)
    return transpose(y, [int(place) for place in np.argsort(order)])


def _native(x: Value, active: Mapping[int, Sampling]) -> Value | None:
    """Use RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR if some of their flags mean the same as ONNX's attributes."""
    modes = {s.mode for s in active.values()}
    if x.rank != 4 or not set(active) <= {2, 3} or len(modes) != 1 or x.dtype != a.FLOAT32:
        return None
    kind = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "linear": "RESIZE_BILINEAR"}.get(modes.pop())
    if kind is None or any(s.outside().any() for s in active.values()):
        return None
    fitting = [flags for flags in FLAGS if all(_agrees(s, *flags) for s in active.values())]
    return _emit(kind, x, active, *fitting[0]) if fitting else None


def _agrees(s: Sampling, align: bool, half: bool) -> bool:
    if s.mode == "nearest":
        return np.array_equal(s.indices(), tflite_nearest(s.size, s.output, align_corners=align, half_pixel=half))
    mine = tflite_positions(s.size, s.output, align_corners=align, half_pixel=half)
    plain = not s.antialias and not s.exclude_outside
    return plain and np.allclose(np.clip(s.positions(), 0, s.size - 1), np.clip(mine, 0, s.size - 1), atol=1e-6)


def _emit(kind: str, x: Value, active: Mapping[int, Sampling], align: bool, half: bool) -> Value:
    image = as_it_lies(x)
    tensor = image.tensor
    height, width = (active[d].output if d in active else x.shape[d] or 0 for d in (2, 3))
    result = x.builder.emit(
        kind,
        [tensor],
        [vector(height, width)],
        shape=(tensor.shape[0], height, width, tensor.shape[3]),
        align_corners=align,
        half_pixel_centers=half,
    )
    return image.result(result)


def _repeated(node: Node, axes: Sequence[int], scales: Array | None) -> Value:
    """Repeat the entries of axes whose size is known only at run time a whole number of times."""
    x = node.x
    whole = scales is not None and np.array_equal(scales, np.rint(scales))
    if scales is None or not whole or node.attribute("mode", "nearest") != "nearest":
        raise node.refuse("its sizes are known only at run time", "fix the input shapes of the model")
    for dim, scale in zip(axes, scales.astype(int).tolist(), strict=True):
        if scale > 1:
            repeats = [scale if d == dim + 1 else 1 for d in range(x.rank + 1)]
            x = merge_dims(tile(unsqueeze(x, [dim + 1]), repeats), dim, dim + 2)
    return x
