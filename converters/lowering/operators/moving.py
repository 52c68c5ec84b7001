"""Operators that move data about: shapes, slices, paddings, joins."""

from __future__ import annotations

import numpy as np

from converters.errors import MalformedModel
from converters.lowering import arithmetic as a
from converters.lowering import padding
from converters.lowering import shapes as s
from converters.lowering import tables as t
from converters.lowering.builder import INT32, LARGEST
from converters.lowering.node import Node, lowers
from converters.lowering.reshaping import reshape, reshape_to
from converters.lowering.value import Atom, Atoms, Value, flatten


@lowers("Reshape")
def reshape_(node: Node) -> Value:
    """Change the shape: 0 copies a size (unless `allowzero`), -1 takes what is left."""
    x = node.x
    shape = node[1] if "shape" not in node.attributes else node.builder.constant(np.array(node.attributes["shape"]))
    entries = node.builder.elements_of(shape)
    if entries is None:
        return _reshape_at_run_time(node, shape)
    copies = not node.attribute("allowzero", 0)
    wanted: list[Atoms | None] = []
    for i, entry in enumerate(entries):
        if isinstance(entry, Atom):
            wanted.append((entry,))
        elif entry == 0 and copies:
            wanted.append(_copied(node, i))
        else:
            wanted.append(None if entry == -1 else (Atom(entry),))
    return reshape_to(x, wanted)


def _copied(node: Node, dim: int) -> Atoms:
    if dim >= node.x.rank:
        raise MalformedModel(node.where, f"shape entry {dim} copies a size that the input lacks", "correct the shape")
    return node.x.dims[dim] if node.x.data is None else (Atom(node.x.shape[dim]),)


def _reshape_at_run_time(node: Node, shape: Value) -> Value:
    """Reshape to sizes that the model computes: only the rank has to be known."""
    rank = shape.shape[0]
    if node.declared is not None and None not in node.declared and node.x.data is None:
        return reshape(node.x, [size or 0 for size in node.declared])
    if rank is None:
        raise node.refuse("even the rank of its result is known only at run time", "fix the model's input shapes")
    builder = node.builder
    sizes = builder.tensor(a.cast(shape, INT32))
    tensor = builder.emit("RESHAPE", [builder.tensor(node.x)], [sizes], shape=(None,) * rank)
    return builder.value(tensor)


@lowers("Flatten")
def flatten_(node: Node) -> Value:
    """Merge into two dimensions: those before `axis`, and those from it on."""
    axis = int(node.attribute("axis", 1))
    axis = axis + node.x.rank if axis < 0 else axis
    if node.x.data is not None:
        return reshape(node.x, [int(np.prod(node.x.data.shape[:axis])), -1])
    return node.x.with_dims([flatten(node.x.dims[:axis]), flatten(node.x.dims[axis:])])


@lowers("Transpose")
def transpose(node: Node) -> Value:
    """Reorder dimensions; by default reverse them."""
    return s.transpose(node.x, node.attribute("perm", [*range(node.x.rank)][::-1]))


@lowers("Squeeze")
def squeeze(node: Node) -> Value:
    """Remove dimensions of size 1: those named, or all."""
    axes = node.ints(1, "axes")
    if axes == []:
        raise node.refuse("an empty list of axes is read as none and as all", "leave the axes out")
    return s.squeeze(node.x, [d for d, size in enumerate(node.x.shape) if size == 1] if axes is None else axes)


@lowers("Unsqueeze")
def unsqueeze(node: Node) -> Value:
    """Insert dimensions of size 1."""
    return s.unsqueeze(node.x, node.ints(1, "axes") or [])


@lowers("Concat")
def concat(node: Node) -> Value:
    """Join along an axis."""
    values = [value for value in node.inputs if value is not None]
    result = s.concat(values, node.axis(0))
    parts = [node.builder.elements_of(value) for value in values]
    known = [entry for part in parts if part is not None for entry in part]
    return result if None in parts or result.data is not None else node.builder.symbolic(result, known)


@lowers("Slice")
def slice_(node: Node) -> Value:
    """Return x[start:end:step] along axes."""
    starts, ends = node.ints(1, "starts"), node.ints(2, "ends")
    if starts is None or ends is None:
        raise MalformedModel(node.where, "Slice lacks its starts or ends", "correct the model")
    axes, steps = node.ints(3, "axes"), node.ints(4, "steps")
    axes = [*range(len(starts))] if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    rows = zip(axes, starts, ends, steps, strict=True)
    ranges = {axis % node.x.rank: _python_slice(start, end, step) for axis, start, end, step in rows}
    result = s.slice_(node.x, ranges)
    if node.x.elements is not None and 0 in ranges:
        return node.builder.symbolic(result, node.x.elements[ranges[0]])
    return result


def _python_slice(start: int, end: int, step: int) -> slice:
    """Translate ONNX's bounds: an end below -size means past the front when stepping backwards."""
    limit = 2**31 - 1
    open_end = (step > 0 and end >= LARGEST) or (step < 0 and end <= -LARGEST)  # no axis is that long
    return slice(start if abs(start) < limit else None, None if open_end else end, step)


@lowers("Split")
def split(node: Node) -> list[Value]:
    """Cut an axis into given or (nearly) equal pieces."""
    axis = node.axis(0)
    size = node.x.shape[axis]
    sizes = node.ints(1, "split")
    if sizes is None and size is None:
        raise node.refuse("the size of its axis is known only at run time", "fix the input shapes of the model")
    if sizes is None:
        count = int(node.attribute("num_outputs", len(node.outputs)))
        piece = -(-(size or 0) // count)
        sizes = [min(piece, max(0, (size or 0) - i * piece)) for i in range(count)]
    return s.split(node.x, sizes, axis)


@lowers("Expand")
def expand(node: Node) -> Value:
    """Broadcast to a shape, and the shape to the operand."""
    elements = node.builder.elements_of(node[1])
    if elements is None:
        raise node.refuse("its shape is computed when the model runs", "fix the input shapes of the model")
    return s.broadcast_to(node.x, [(e,) if isinstance(e, Atom) else (Atom(e),) for e in elements])


@lowers("Tile")
def tile(node: Node) -> Value:
    """Repeat as a whole."""
    repeats = node.ints(1, "repeats")
    if repeats is None:
        raise MalformedModel(node.where, "Tile lacks its repeats", "correct the model")
    return s.tile(node.x, repeats)


@lowers("Pad")
def pad(node: Node) -> Value:
    """Pad with a constant, the edge, a mirror or the other side; negative widths cut off."""
    widths = node.ints(1, "pads") or node.ints(1, "paddings") or []
    axes = node.ints(3, "axes")
    axes = [*range(node.x.rank)] if axes is None else axes
    pairs = {axis % node.x.rank: (widths[i], widths[i + len(axes)]) for i, axis in enumerate(axes)}
    for d, (b, e) in pairs.items():
        if (size := node.x.shape[d]) is not None and min(b, 0) + min(e, 0) < -size:
            raise MalformedModel(node.where, f"it cuts more than the {size} entries of axis {d}", "correct the pads")
    cut = {d: slice(max(0, -b) or None, -max(0, -e) or None) for d, (b, e) in pairs.items() if min(b, e) < 0}
    x = s.slice_(node.x, cut)
    added = {d: (max(b, 0), max(e, 0)) for d, (b, e) in pairs.items() if max(b, e) > 0}
    mode = node.attribute("mode", "constant")
    if mode != "constant" and 0 in x.shape:
        raise node.refuse("there is nothing to repeat in a tensor without entries", "use a model without empty tensors")
    if mode == "constant":
        return padding.pad(x, added, _pad_value(node, node.get(2)))
    for dim, width in added.items():
        x = PAD_MODES[mode](x, dim, *width)
    return x


def _pad_value(node: Node, value: Value | None) -> float | Value:
    if value is None:
        return float(node.attribute("value", 0.0))
    return value if value.data is None else float(value.data.reshape(()))


def _gathered(x: Value, dim: int, before: int, after: int, mode: str) -> Value:
    size = x.shape[dim]
    if size is None:
        raise x.builder.refuse("the padded size is known only at run time", "fix the input shapes of the model")
    if mode == "reflect" and max(before, after) >= size:
        why = f"it mirrors {max(before, after)} of the {size} entries of axis {dim}, beyond the last"
        raise MalformedModel(x.builder.where, why, "correct the pads")
    index = t.pad(t.arange(size), [(before, after)], mode=mode)
    return s.gather(x, x.builder.constant(index.astype(np.int32)), dim)


PAD_MODES = {
    "edge": lambda x, d, b, e: _gathered(x, d, b, e, "edge"),
    "reflect": lambda x, d, b, e: _gathered(x, d, b, e, "reflect"),
    "wrap": lambda x, d, b, e: _gathered(x, d, b, e, "wrap"),
}


@lowers("DepthToSpace")
def depth_to_space(node: Node) -> Value:
    """Turn channels into blocks of pixels."""
    if node.x.rank != 4 or node.x.shape[1] is None:
        raise node.refuse("its input is no image with a known number of channels", "fix the input shapes of the model")
    block, column_first = node.attribute("blocksize"), node.attribute("mode", "DCR") == "DCR"
    depth = node.x.shape[1] // block**2
    split = [block, block, depth] if column_first else [depth, block, block]
    x = reshape_to(node.x, [node.x.dims[0], *((Atom(size),) for size in split), *node.x.dims[2:]])
    x = s.transpose(x, [0, 3, 4, 1, 5, 2] if column_first else [0, 1, 4, 2, 5, 3])
    return s.merge_dims(s.merge_dims(x, 4, 6), 2, 4)


@lowers("SpaceToDepth")
def space_to_depth(node: Node) -> Value:
    """Turn blocks of pixels into channels."""
    block = node.attribute("blocksize")
    x = node.x
    for dim in (3, 2):
        size = x.shape[dim]
        if size is None:
            raise node.refuse("its spatial size is known only at run time", "fix the input shapes of the model")
        wanted = [*x.dims[:dim], (Atom(size // block),), (Atom(block),), *x.dims[dim + 1 :]]
        x = reshape_to(x, wanted)
    return s.merge_dims(s.transpose(x, [0, 3, 5, 1, 2, 4]), 1, 4)
