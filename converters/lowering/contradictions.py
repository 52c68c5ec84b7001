"""What no pattern of shapes says: functions that yield what is wrong with a node. The table at the end names them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping

from converters.lowering import sequences
from converters.lowering.node import Node
from converters.lowering.shape_patterns import equal, outside, within


def _parameters_within(node: Node) -> Iterator[str]:
    """See that what scales or shifts a normalised operand does not widen it."""
    if node.op == "PRelu" and node.version < 7:  # there a vector is one slope a channel
        return
    axis = 0 if node.op == "PRelu" else node.axis(-1)
    inner = node.x.shape if node.op == "PRelu" else node.x.shape[axis:]
    for value in node.inputs[1:]:
        if value is not None and not within(value.shape, inner):
            yield f"a parameter of shape {list(value.shape)} does not fit {list(inner)}"


def _divisors(node: Node) -> Iterator[str]:
    """See that whole numbers are not divided by a constant 0, and reals not by the rule of whole numbers."""
    y = node[1]
    if y.dtype.kind in "iu" and y.data is not None and not y.data.all():
        yield "it divides whole numbers by 0"
    if node.op == "Mod" and y.dtype.kind == "f" and not node.attribute("fmod", 0):
        yield "real numbers need fmod=1"


def _blocks(node: Node) -> Iterator[str]:
    block = int(node.attribute("blocksize"))
    sizes = [node.x.shape[1]] if node.op == "DepthToSpace" else list(node.x.shape[2:])
    unit = block**2 if node.op == "DepthToSpace" else block
    if block < 1 or any(size is not None and size % unit for size in sizes):
        yield f"sizes {sizes} are no multiples of {unit}"


def _pieces(node: Node) -> Iterator[str]:
    axis, size = node.axis(0), node.x.shape[node.axis(0)]
    sizes, count = node.ints(1, "split"), len(node.outputs)
    if sizes is not None and (len(sizes) != count or min(sizes) < 0 or (size is not None and sum(sizes) != size)):
        yield f"its {count} pieces {sizes} do not make up the {size} entries of axis {axis}"
    if sizes is None and size is not None and (count - 1) * -(-size // count) >= size > 0:
        yield f"{size} entries of axis {axis} cannot be cut into {count} pieces of which only the last is smaller"


def _scales(node: Node) -> Iterator[str]:
    """See that scale and zero point have one entry, one for each index of the axis, or one for each block."""
    scale, zero = node[1], node.get(2)
    single = zero is None or {zero.shape, scale.shape} <= {(), (1,)}
    if zero is not None and not single and not equal(zero.shape, scale.shape):
        yield f"its scale has the shape {list(scale.shape)}, and its zero point {list(zero.shape)}"
    if scale.rank == 0 or scale.shape == (1,):
        return
    axis = node.axis(1) if node.x.rank > 1 else 0
    size, block = node.x.shape[axis : axis + 1], int(node.attribute("block_size", 0))
    if scale.rank == 1 and scale.shape != size and None not in (*scale.shape, *size):
        yield f"it has {scale.shape[0]} scales for {size} entries of axis {axis}"
    if scale.rank == 1 and block:
        yield f"its {scale.shape[0]} scales are those of an axis, and its block_size {block} those of blocks"
    if scale.rank > 1:
        wanted = [s if d != axis or s is None or not block else -(-s // block) for d, s in enumerate(node.x.shape)]
        if not block or not equal(scale.shape, tuple(wanted)):
            yield f"scales of shape {list(scale.shape)} do not fit {wanted}"


def _updates(node: Node) -> Iterator[str]:
    """See that each place of ScatterND has its slice."""
    x, indices, updates = (value.shape for value in (node.x, node[1], node[2]))
    depth = indices[-1] if indices else None
    wanted = None if depth is None else (*indices[:-1], *x[depth:])
    if wanted is not None and not equal(updates, wanted):
        yield f"its updates have the shape {list(updates)}, and its indices ask for {list(wanted)}"


def _filters(node: Node) -> Iterator[str]:
    """See that a stated window is the filter's, and what is added to the output less than a step."""
    place = 3 if node.op == "QLinearConv" else 1
    kernel, filters = node.attribute("kernel_shape"), list(node[place].shape[2:])
    if kernel is not None and list(kernel) != filters and None not in filters:
        yield f"its kernel_shape is {list(kernel)}, and its filter's {filters}"
    if node.op == "ConvTranspose":
        outputs, group, bias = node[1].shape[1], int(node.attribute("group", 1)), node.get(2)
        if None not in (outputs, node.x.shape[1]) and (node.x.shape[1] or 0) % max(group, 1):
            yield f"its {node.x.shape[1]} channels are no multiple of its {group} groups"
        if bias is not None and outputs is not None and bias.shape not in ((outputs * group,), (None,)):
            yield f"its bias has the shape {list(bias.shape)}, and there are {outputs * group} outputs"
        count = len(filters)
        steps, spread = (node.attribute(name) or [1] * count for name in ("strides", "dilations"))
        added = node.attribute("output_padding") or [0] * count
        if any(not 0 <= extra < max(pair) for extra, *pair in zip(added, steps, spread, strict=False)):
            yield f"its output_padding {list(added)} is not less than its strides or dilations"


def _resized(node: Node) -> Iterator[str]:
    """See that scales and sizes are positive, that no axis is meant twice, and that there is something to scale."""
    axes = node.attribute("axes") or range(node.x.rank)
    if len({int(axis) % max(node.x.rank, 1) for axis in axes}) < len(axes):
        yield f"its axes {list(axes)} repeat"
    factors = [value for place, value in enumerate(node.inputs) if place and not (place == 1 and node.version > 10)]
    if any(value is not None and value.data is not None and not (value.data > 0).all() for value in factors):
        yield "its scales or sizes are not positive"
    if 0 in node.x.shape:
        yield "its operand has no entries"


def _columns(node: Node) -> Iterator[str]:
    """See that there are as many blocks as fit into the image."""
    image, block = (node.ints(i, name) or [] for i, name in ((1, "image_shape"), (2, "block_shape")))
    count = len(image)
    dilations, strides = (node.attribute(name) or [1] * count for name in ("dilations", "strides"))
    pads = node.attribute("pads") or [0] * (2 * count)
    if not (
        len(block) == len(dilations) == len(strides) == count
        and len(pads) == 2 * count
        and min(*strides, *dilations) > 0
    ):
        yield f"its attributes do not fit {count} spatial axes"
        return
    rows = zip(image, block, dilations, strides, pads[:count], pads[count:], strict=True)
    fitting = math.prod(max((s + b + e - d * (k - 1) - 1) // step + 1, 0) for s, k, d, step, b, e in rows)
    width, positions = node.x.shape[-2:]
    if None not in (width, positions) and (positions != fitting or (width or 0) % max(math.prod(block), 1)):
        yield f"it has {positions} blocks of {width}, and {fitting} blocks of {block} fit into its image"


def _grid(node: Node) -> Iterator[str]:
    sizes = node[1].data
    if sizes is not None and node.x.shape[0] not in (None, int(sizes[0])):
        yield f"it has {node.x.shape[0]} matrices for {int(sizes[0])} grids"
    if sizes is not None and node.attribute("align_corners", 0) and 1 in sizes[2:]:
        yield "with align_corners, an axis of one entry has no step from corner to corner"


def _norm(node: Node) -> Iterator[str]:
    if node.attribute("p", 2) not in (1, 2):
        yield f"its p is {node.attribute('p')}, and there are 1 and 2"


def _groups(node: Node) -> Iterator[str]:
    groups, channels = int(node.attribute("num_groups", 1)), node.x.shape[1]
    if groups < 1 or (channels is not None and channels % groups):
        yield f"its {channels} channels are no multiple of its {groups} groups"


def _added(node: Node) -> Iterator[str]:
    """See that what Gemm adds does not widen its product."""
    rows = node.x.shape[1 if node.attribute("transA", 0) else 0]
    columns, added = node[1].shape[0 if node.attribute("transB", 0) else 1], node.get(2)
    if added is not None and not within(added.shape, (rows, columns)):
        yield f"what it adds has the shape {list(added.shape)}, and its product {[rows, columns]}"


def _unpooled(node: Node) -> Iterator[str]:
    if outside(node[1], 2**31 - 1):
        yield "its indices are negative, or beyond 32 bits"
    wanted = node.ints(2, "output_shape")
    if wanted is not None and (len(wanted) != node.x.rank or not equal(node.x.shape[:2], tuple(wanted[:2]))):
        yield f"its output_shape is {wanted}, and its operand's shape {list(node.x.shape)}"


def _summed(node: Node) -> Iterator[str]:
    axis = node[1].data
    if axis is not None and not -node.x.rank <= int(axis.reshape(())) < node.x.rank:
        yield f"axis {int(axis.reshape(()))} does not exist in rank {node.x.rank}"


def _permuted(node: Node) -> Iterator[str]:
    order = node.attribute("perm")
    if order is not None and sorted(order) != [*range(node.x.rank)]:
        yield f"its perm {list(order)} does not permute {node.x.rank} axes"


def _coordinates(node: Node) -> Iterator[str]:
    """See that GatherND's batches go together, and that its coordinates have no more axes than are left."""
    batch, x, indices = int(node.attribute("batch_dims", 0)), node.x.shape, node[1].shape
    if not 0 <= batch < min(len(x), len(indices)) or not equal(x[:batch], indices[:batch]):
        yield f"the first {batch} axes of {list(x)} and {list(indices)} do not go together"
    elif indices[-1] is not None and not 1 <= indices[-1] <= len(x) - batch:
        yield f"coordinates of {indices[-1]} numbers do not fit {list(x)}"


Contradiction = Callable[[Node], Iterator[str]]
CONTRADICTIONS: Mapping[str, Contradiction] = {
    "AffineGrid": _grid,
    "Attention": sequences.attended,
    "Col2Im": _columns,
    **dict.fromkeys(("Conv", "ConvInteger", "ConvTranspose", "DeformConv", "QLinearConv"), _filters),
    "CumSum": _summed,
    "DFT": sequences.components,
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _blocks),
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), _scales),
    **dict.fromkeys(("Div", "Mod"), _divisors),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), sequences.steps),
    "GatherND": _coordinates,
    "Gemm": _added,
    "GroupNormalization": _groups,
    **dict.fromkeys(("LayerNormalization", "PRelu", "RMSNormalization"), _parameters_within),
    "LpNormalization": _norm,
    "MaxUnpool": _unpooled,
    "ReverseSequence": sequences.lengths,
    **dict.fromkeys(("Resize", "Upsample"), _resized),
    "RotaryEmbedding": sequences.rotated,
    "STFT": sequences.frames,
    "ScatterND": _updates,
    "Split": _pieces,
    "TensorScatter": sequences.written,
    "TfIdfVectorizer": lambda node: itertools.chain(sequences.grams(node), sequences.pool(node)),
    "Transpose": _permuted,
}
