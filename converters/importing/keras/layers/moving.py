"""Pools, shapes, paddings, and layers that join several tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from converters.importing import images
from converters.importing.images import Window
from converters.importing.keras.layer import Build, Layer


def nothing(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Pass x on: what the layer does, it does in training only."""
    return layer.only(inputs)


# ---- pools


def pool(op: str, grid: int) -> Build:
    """Return MaxPooling or AveragePooling over so many axes; strides are the window's unless stated."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        kernel = layer.numbers("pool_size", grid, 2)
        strides = layer.numbers("strides", grid) if layer.config.get("strides") is not None else kernel
        window = Window(strides, str(layer.option("padding", "valid")).upper())
        return images.pool(layer.net, op, layer.only(inputs), kernel, window, layer.is_last)

    return build


def global_pool(op: str) -> Build:
    """Return GlobalMaxPooling or GlobalAveragePooling: `[N, *grid, C]` to `[N, C]`."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        x = layer.only(inputs)
        first = 1 if layer.is_last else 2
        axes = [*range(first, first + layer.net.rank(x) - 2)]
        return layer.net.add(op, [x], axes=axes, keepdims=int(layer.option("keepdims", False)))

    return build


# ---- shapes


def flatten(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """`[N, ...]` to `[N, C]`, channels last."""
    x = layer.only(inputs)
    rank = layer.net.rank(x)
    if not layer.is_last and rank > 2:
        x = layer.net.transpose(x, [0, *range(2, rank), 1])
    return layer.net.add("Flatten", [x], axis=1)


def reshape(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Give each entry of the batch other axes; one size may be -1."""
    sizes = [int(size) for size in layer.config["target_shape"]]
    return layer.net.add("Reshape", [layer.only(inputs), layer.net.constant([0, *sizes], np.int64)])  # 0: as it is


def permute(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Put the axes behind the batch in another order, counted from 1."""
    order = [0, *(int(axis) for axis in layer.config["dims"])]
    if sorted(order) != [*range(layer.net.rank(inputs[0]))]:
        raise layer.net.malformed(f"its dims are {order[1:]} of rank {layer.net.rank(inputs[0])}")
    return layer.net.transpose(layer.only(inputs), order)


def repeat_vector(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """`[N, C]` to `[N, n, C]`."""
    net = layer.net
    column = net.add("Unsqueeze", [layer.only(inputs), net.constant([1], np.int64)])
    return net.add("Tile", [column, net.constant([1, int(layer.config["n"]), 1], np.int64)])


def _borders(layer: Layer, name: str, grid: int) -> list[list[int]]:
    """Return how much lies before and behind each axis, which Keras writes as a number, a row, or rows."""
    value = layer.option(name, 1)
    rows = [value] * grid if isinstance(value, int) or (grid == 1 and isinstance(value, list)) else value
    pairs = [[row, row] if isinstance(row, int) else [int(width) for width in row] for row in rows]
    if grid == 1 and len(pairs[0]) == 1:
        pairs = [pairs[0] * 2]
    if [len(pair) for pair in pairs] != [2] * grid:
        raise layer.net.malformed(f"its {name} is {value}, and it has {grid} axes")
    return pairs


def zero_padding(grid: int) -> Build:
    """Return ZeroPadding1D, 2D or 3D."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        around = [[0, 0], *_borders(layer, "padding", grid), [0, 0]]
        pairs = around if layer.is_last else [around[0], around[-1], *around[1:-1]]
        return layer.net.add("Pad", [layer.only(inputs), layer.net.constant(np.array(pairs).T.reshape(-1), np.int64)])

    return build


def cropping(grid: int) -> Build:
    """Return Cropping1D, 2D or 3D."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        net, first = layer.net, 1 if layer.is_last else 2
        pairs = _borders(layer, "cropping", grid)
        begins = [before for before, _ in pairs]
        ends = [-behind if behind else np.iinfo(np.int64).max for _, behind in pairs]
        columns = (begins, ends, [*range(first, first + grid)])
        return net.add("Slice", [layer.only(inputs), *(net.constant(column, np.int64) for column in columns)])

    return build


def up_sampling(grid: int) -> Build:
    """Return UpSampling1D, 2D or 3D: each pixel repeated, or pixels in between interpolated."""
    modes = {
        "nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", "mode": "nearest"},
        "bilinear": {"coordinate_transformation_mode": "half_pixel", "mode": "linear"},
    }

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        mode = str(layer.option("interpolation", "nearest"))
        if mode not in modes:
            raise layer.net.refuse(f"its interpolation is {mode}", f"use one of {', '.join(modes)}")
        scales = [float(factor) for factor in layer.numbers("size", grid, 2)]
        image = images.channels_second(layer.net, layer.only(inputs), layer.is_last)
        factors = layer.net.constant([1, 1, *scales], np.float32)
        return images.as_before(
            layer.net, layer.net.add("Resize", [image, None, factors], **modes[mode]), layer.is_last
        )

    return build


# ---- several tensors in, one out


def join(op: str) -> Build:
    """Return Add, Multiply and their like, of tensors of one rank."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        ranks = {layer.net.rank(x) for x in inputs}
        if len(ranks) != 1:
            raise layer.net.refuse(f"its operands have the ranks {sorted(ranks)}", "give all of them the same rank")
        total = inputs[0]
        for x in inputs[1:]:
            total = layer.net.add(op, [total, x])
        return total

    return build


def arithmetic(op: str) -> Build:
    """Return an operation on two operands, either of which may be a number."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        x, y = inputs
        return layer.net.add(op, [x, y])

    return build


def average(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Take the mean of several tensors."""
    return layer.net.add("Mean", [*inputs])


def concatenate(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Join along an axis."""
    return layer.net.add("Concat", [*inputs], axis=int(layer.option("axis", -1)) % layer.net.rank(inputs[0]))


def rescaling(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Multiply by a scale and add an offset; either is a number, or one for each channel."""
    net, x = layer.net, layer.net.cast(layer.only(inputs), ir.DataType.FLOAT)
    scale, offset = (
        net.constant(layer.option(name, number), np.float32) for name, number in (("scale", 1), ("offset", 0))
    )
    return net.add("Add", [net.add("Mul", [x, scale]), offset])


TRAINING_ONLY = (
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D",
)  # fmt: skip

LAYERS: Mapping[str, Build] = {
    **dict.fromkeys(TRAINING_ONLY, nothing),
    "Add": join("Add"),
    "Average": average,
    **{f"AveragePooling{grid}D": pool("AveragePool", grid) for grid in (1, 2, 3)},
    "Concatenate": concatenate,
    **{f"Cropping{grid}D": cropping(grid) for grid in (1, 2, 3)},
    "Flatten": flatten,
    **{f"GlobalAveragePooling{grid}D": global_pool("ReduceMean") for grid in (1, 2, 3)},
    **{f"GlobalMaxPooling{grid}D": global_pool("ReduceMax") for grid in (1, 2, 3)},
    **{f"MaxPooling{grid}D": pool("MaxPool", grid) for grid in (1, 2, 3)},
    "Maximum": join("Max"),
    "Minimum": join("Min"),
    "Multiply": join("Mul"),
    "Permute": permute,
    "RepeatVector": repeat_vector,
    "Rescaling": rescaling,
    "Reshape": reshape,
    "Subtract": join("Sub"),
    **{f"UpSampling{grid}D": up_sampling(grid) for grid in (1, 2, 3)},
    **{f"ZeroPadding{grid}D": zero_padding(grid) for grid in (1, 2, 3)},
}
