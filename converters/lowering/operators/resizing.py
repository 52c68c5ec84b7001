"""Resize and Upsample: TFLite's own operators where they compute the same, and else weights along each axis."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from converters.lowering import arithmetic as a
from converters.lowering.interpolation import Sampling, tflite_nearest, tflite_positions
from converters.lowering.layout import in_order, isolate
from converters.lowering.node import Node, lowers
from converters.lowering.operators.convolution import channels_first
from converters.lowering.products import fully_connected
from converters.lowering.shapes import gather, transpose, vector
from converters.lowering.value import Value

FLAGS = ((False, True), (False, False), (True, False))  # align_corners, half_pixel_centers


@lowers("Upsample")
def upsample(node: Node) -> Value:
    """Resize by asymmetric coordinates, rounded down."""
    scales = node.attributes.get("scales") or node.constant(1, "scales")
    samplings = {
        dim: Sampling(
            size or 0,
            int(np.floor((size or 0) * scale)),
            float(scale),
            node.attribute("mode", "nearest"),
            "asymmetric",
            "floor",
        )
        for dim, (size, scale) in enumerate(zip(node.x.shape, scales, strict=True))
    }
    return resample(node, node.x, samplings)


@lowers("Resize")
def resize(node: Node) -> Value:
    """Resample some axes to given sizes or by given scales."""
    x = node.x
    axes = [axis % x.rank for axis in node.attribute("axes") or range(x.rank)]
    if any(x.shape[axis] is None for axis in axes):
        return _resize_unknown(node, axes)
    first = 1 if node.version < 11 else 2
    scales, sizes = node.constant(first, "scales"), node.constant(3, "sizes")
    region = node.constant(1, "region") if node.version >= 11 else None
    scales = None if scales is None or not scales.size else scales
    if scales is None and sizes is None:
        raise node.refuse("it has neither scales nor sizes", "correct the model")
    rows = _sizes_and_scales(node, axes, scales, sizes)
    if node.version < 11:
        return resample(
            node,
            x,
            {
                d: Sampling(x.shape[d] or 0, o, s, node.attribute("mode", "nearest"), "asymmetric", "floor")
                for d, (o, s) in rows.items()
            },
        )
    samplings = {}
    for i, (dim, (output, scale)) in enumerate(rows.items()):
        crop = (0.0, 1.0) if region is None or not region.size else (float(region[i]), float(region[i + len(axes)]))
        samplings[dim] = _sampling(node, x.shape[dim] or 0, output, scale, crop)
    return resample(node, x, samplings)


def _sampling(node: Node, size: int, output: int, scale: float, region: tuple[float, float]) -> Sampling:
    return Sampling(
        size,
        output,
        scale,
        node.attribute("mode", "nearest"),
        node.attribute("coordinate_transformation_mode", "half_pixel"),
        node.attribute("nearest_mode", "round_prefer_floor"),
        float(node.attribute("cubic_coeff_a", -0.75)),
        bool(node.attribute("exclude_outside", 0)),
        bool(node.attribute("antialias", 0)),
        region,
    )


def _sizes_and_scales(
    node: Node, axes: list[int], scales: np.ndarray | None, sizes: np.ndarray | None
) -> dict[int, tuple[int, float]]:
    """Return output size and scale of each resampled dimension."""
    present = [node.x.shape[axis] or 0 for axis in axes]
    if scales is not None:
        return {d: (int(np.floor(n * float(s))), float(s)) for d, n, s in zip(axes, present, scales, strict=True)}
    assert sizes is not None
    ratios = [int(wanted) / n for n, wanted in zip(present, sizes, strict=True)]
    policy = node.attribute("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return {d: (int(w), r) for d, w, r in zip(axes, sizes, ratios, strict=True)}
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    return {d: (int(np.floor(n * ratio + 0.5)), ratio) for d, n in zip(axes, present, strict=True)}


def resample(node: Node, x: Value, samplings: Mapping[int, Sampling]) -> Value:
    """Resample dimensions one after the other, or two at once with the target's operator."""
    active = {d: s for d, s in samplings.items() if not _is_identity(s)}
    native = _native(x, active)
    if native is not None:
        return native
    dtype = x.dtype
    for dim, sampling in active.items():
        if sampling.mode == "nearest":
            x = gather(x, node.builder.constant(sampling.indices().astype(np.int32)), dim)
        else:
            x = _weighted(a.cast(x, a.FLOAT32), dim, sampling.matrix())
        if sampling.outside().any():
            mask = sampling.outside().reshape([-1] + [1] * (x.rank - 1 - dim))
            fill = float(node.attribute("extrapolation_value", 0.0))
            x = a.select(node.builder.constant(mask), node.builder.constant(np.array(fill, x.dtype)), x)
    return a.cast(x, dtype)


def _is_identity(s: Sampling) -> bool:
    return s.size == s.output and not s.outside().any() and np.array_equal(s.matrix(), np.eye(s.size))


def _weighted(x: Value, dim: int, matrix: np.ndarray) -> Value:
    """Multiply a dimension by a constant `[output, size]`."""
    order = [d for d in range(x.rank) if d != dim] + [dim]
    y = fully_connected(transpose(x, order), x.builder.constant(matrix.T), None)
    return transpose(y, list(np.argsort(order)))


def _native(x: Value, active: Mapping[int, Sampling]) -> Value | None:
    """Use RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR if some of their flags mean the same as ONNX's attributes."""
    modes = {s.mode for s in active.values()}
    if x.rank != 4 or not active or not set(active) <= {2, 3} or len(modes) > 1 or x.dtype != a.FLOAT32:
        return None
    kind = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "linear": "RESIZE_BILINEAR"}.get(modes.pop())
    if kind is None or any(s.outside().any() for s in active.values()):
        return None
    for align, half in FLAGS:
        if all(_agrees(s, align, half) for s in active.values()):
            return _emit(kind, x, active, align, half)
    return None


def _agrees(s: Sampling, align: bool, half: bool) -> bool:
    if s.mode == "nearest":
        return np.array_equal(s.indices(), tflite_nearest(s.size, s.output, align_corners=align, half_pixel=half))
    mine = tflite_positions(s.size, s.output, align_corners=align, half_pixel=half)
    plain = not s.antialias and not s.exclude_outside
    return plain and np.allclose(np.clip(s.positions(), 0, s.size - 1), np.clip(mine, 0, s.size - 1), atol=1e-6)


def _emit(kind: str, x: Value, active: Mapping[int, Sampling], align: bool, half: bool) -> Value:
    tensor = in_order(x, [0, 2, 3, 1])
    height, width = (active[d].output if d in active else x.shape[d] or 0 for d in (2, 3))
    result = x.builder.emit(
        kind,
        [tensor],
        [vector(height, width)],
        shape=(tensor.shape[0], height, width, tensor.shape[3]),
        align_corners=align,
        half_pixel_centers=half,
    )
    return channels_first(x, result)


def _resize_unknown(node: Node, axes: list[int]) -> Value:
    """Repeat the entries of axes whose size is known only at run time a whole number of times."""
    scales = node.constant(1 if node.version < 11 else 2, "scales")
    x = node.x
    simple = node.attribute("mode", "nearest") == "nearest"
    if scales is None or not simple or any(float(s) != int(s) for s in scales):
        raise node.refuse("its sizes are known only at run time", "fix the input shapes of the model")
    for dim, scale in zip(axes, scales, strict=True):
        if int(scale) > 1:
            x = _repeated(x, dim, int(scale))
    return x


def _repeated(x: Value, dim: int, count: int) -> Value:
    from converters.lowering.shapes import merge_dims, tile, unsqueeze

    return merge_dims(
        tile(unsqueeze(x, [dim + 1]), [count if d == dim + 1 else 1 for d in range(x.rank + 1)]), dim, dim + 2
    )


__all__ = ["isolate"]
