"""What the standard asks of operands and onnx's shape inference does not: mostly one row an operator.

A runtime meets a contradiction when it runs the node. A converted file would run it too, on what lies beyond the end of
a tensor, so it is sought here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from converters.errors import MalformedModel
from converters.lowering.node import Node
from converters.lowering.shape_patterns import contradiction
from converters.lowering.value import Dim

Sizes = dict[str, int]

# Operator → the shapes of its operands: see `shape_patterns`.
SHAPES: Mapping[str, str] = {
    "AffineGrid": "N 2 3; 4 | N 3 4; 5",
    "Attention": "B A S E; B K T E; B K T V; any; B K P E; B K P V | B S A; B T K; B T V; any; B H P E; B H P F",
    "BatchNormalization": "N C ...; C; C; C; C",
    "Clip": "...; scalar; scalar",
    "Compress": "...; K",
    "Conv": "N C ...; O I ...; O",
    "ConvInteger": "N C ...; O I ...; 1?; O?",
    "ConvTranspose": "N C ...; C ...",
    "CumSum": "...; 1?",
    "DeformConv": "N C ...; O I ...; N ...; O; N ...",
    "GRU": "S B I; D 3H I; D 3H H; D 6H; B; D B H",
    "GRU batch first": "B S I; D 3H I; D 3H H; D 6H; B; B D H",
    "GridSample": "N C H W; N P Q 2 | N C D H W; N O P Q 3",
    "InstanceNormalization": "N C ...; C; C",
    "LSTM": "S B I; D 4H I; D 4H H; D 8H; B; D B H; D B H; D 3H",
    "LSTM batch first": "B S I; D 4H I; D 4H H; D 8H; B; B D H; B D H; D 3H",
    "MaxUnpool": "...X; ...X; K",
    "NonMaxSuppression": "B N 4; B C N; 1?; 1?; 1?",
    "OneHot": "...; 1?; 2",
    "QLinearConv": "N C ...; 1?; 1?; O I ...; O?; O?; 1?; 1?; O",
    "RNN": "S B I; D H I; D H H; D 2H; B; D B H",
    "RNN batch first": "B S I; D H I; D H H; D 2H; B; B D H",
    "ReverseSequence": "A B ...; A | A B ...; B",
    "RoiAlign": "N C H W; R 4; R",
    "RotaryEmbedding": "B N S H; P Q; P Q; B S | B N S H; B S Q; B S Q | B S H; P Q; P Q; B S | B S H; B S Q; B S Q",
    "STFT": "B ...; 1?; W; 1?",
    "Scatter": "...; ...X; ...X",
    "ScatterElements": "...; ...X; ...X",
    "TensorScatter": "B ...; B ...; B",
    "TopK": "...; 1",
    "Trilu": "...; 1?",
}


def check_operands(node: Node) -> None:
    """Raise `MalformedModel` at the first condition that a node of the standard breaks."""
    if node.domain:
        return
    row = SHAPES.get(f"{node.op} batch first" if node.attribute("layout", 0) else node.op)
    problem = (
        None if row is None else contradiction(row, [None if v is None else v.shape for v in node.inputs], _named(node))
    )
    problem = problem or next(CONDITIONS.get(node.op, _nothing)(node), None)
    if problem:
        raise MalformedModel(node.where, problem, "correct the model's shapes")


def _nothing(_node: Node) -> Iterator[str]:
    return iter(())


def _named(node: Node) -> Sizes:
    """Return the sizes that attributes state."""
    if node.op not in ("GRU", "LSTM", "RNN"):
        return {}
    directions = {"D": 2 if node.attribute("direction", "forward") == "bidirectional" else 1}
    return directions | ({"H": int(node.attribute("hidden_size"))} if "hidden_size" in node.attributes else {})


# ---- conditions that no pattern says


def _within(sizes: tuple[Dim, ...], outer: tuple[Dim, ...]) -> bool:
    """Tell whether a shape can be broadcast to another without widening it."""
    if len(sizes) > len(outer):
        return False
    pairs = zip(reversed(sizes), reversed(outer), strict=False)
    return all(None in (mine, other) or mine in (1, other) for mine, other in pairs)


def _equal(first: tuple[Dim, ...], second: tuple[Dim, ...]) -> bool:
    """Tell whether two shapes may be the same."""
    return len(first) == len(second) and all(a == b or None in (a, b) for a, b in zip(first, second, strict=True))


def _parameters_within(node: Node) -> Iterator[str]:
    """See that what scales or shifts a normalised operand does not widen it."""
    if node.op == "PRelu" and node.version < 7:  # there a vector is one slope a channel
        return
    axis = 0 if node.op == "PRelu" else node.axis(-1)
    inner = node.x.shape if node.op == "PRelu" else node.x.shape[axis:]
    for value in node.inputs[1:]:
        if value is not None and not _within(value.shape, inner):
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
    sizes = node.ints(1, "split")
    if sizes is not None and (min(sizes, default=0) < 0 or (size is not None and sum(sizes) != size)):
        yield f"its pieces {sizes} do not make up the {size} entries of axis {axis}"


def _scales(node: Node) -> Iterator[str]:
    """See that scale and zero point have one entry, one for each index of the axis, or one for each block."""
    scale, zero = node[1], node.get(2)
    if zero is not None and zero.shape != scale.shape and None not in (*zero.shape, *scale.shape):
        yield f"its scale has the shape {list(scale.shape)}, and its zero point {list(zero.shape)}"
    if scale.rank == 0 or scale.shape == (1,):
        return
    axis = node.axis(1) if node.x.rank > 1 else 0
    size, block = node.x.shape[axis : axis + 1], int(node.attribute("block_size", 0))
    if scale.rank == 1 and scale.shape != size and None not in (*scale.shape, *size):
        yield f"it has {scale.shape[0]} scales for {size} entries of axis {axis}"
    if scale.rank > 1:
        wanted = [s if d != axis or s is None or not block else -(-s // block) for d, s in enumerate(node.x.shape)]
        if not block or not _equal(scale.shape, tuple(wanted)):
            yield f"scales of shape {list(scale.shape)} do not fit {wanted}"


def _updates(node: Node) -> Iterator[str]:
    """See that each place of ScatterND has its slice."""
    x, indices, updates = (value.shape for value in (node.x, node[1], node[2]))
    depth = indices[-1] if indices else None
    wanted = None if depth is None else (*indices[:-1], *x[depth:])
    if wanted is not None and not _equal(updates, wanted):
        yield f"its updates have the shape {list(updates)}, and its indices ask for {list(wanted)}"


def _lengths(node: Node) -> Iterator[str]:
    time, batch = int(node.attribute("time_axis", 0)), int(node.attribute("batch_axis", 1))
    if {time, batch} != {0, 1} or node.x.rank < 2:
        yield "its axes are not the first two"
    elif node[1].shape != (node.x.shape[batch],) and None not in (*node[1].shape, node.x.shape[batch]):
        yield f"it has {node[1].shape[0]} lengths for {node.x.shape[batch]} sequences"
    elif node[1].data is not None and not ((node[1].data >= 0) & (node[1].data <= (node.x.shape[time] or 0))).all():
        yield f"its lengths exceed the {node.x.shape[time]} entries of axis {time}"


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
    """See that there is one positive scale or size for each axis, and something to scale."""
    axes = node.attribute("axes") or range(node.x.rank)
    if len({int(axis) % max(node.x.rank, 1) for axis in axes}) < len(axes):
        yield f"its axes {list(axes)} repeat"
    for value in node.inputs[1:]:
        scales = None if value is None or value.dtype.kind != "f" else value.data
        if scales is not None and scales.size == len(axes) and not (scales > 0).all():
            yield f"its scales {scales.tolist()} are not positive"
    if 0 in node.x.shape:
        yield "its operand has no entries"


def _columns(node: Node) -> Iterator[str]:
    """See that there are as many blocks as fit into the image."""
    image, block = (node.ints(i, name) or [] for i, name in ((1, "image_shape"), (2, "block_shape")))
    count = len(image)
    dilations, strides = (node.attribute(name) or [1] * count for name in ("dilations", "strides"))
    pads = node.attribute("pads") or [0] * (2 * count)
    if not (len(block) == len(dilations) == len(strides) == count and len(pads) == 2 * count and min(strides) > 0):
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


def _frames(node: Node) -> Iterator[str]:
    step, length = node.ints(1, "frame_step"), node.ints(3, "frame_length")
    if step is not None and step[0] < 1:
        yield f"its frame_step is {step[0]}"
    window = node.get(2)
    if length is not None and window is not None and window.shape != (length[0],):
        yield f"its window has the shape {list(window.shape)}, and its frames {length[0]} entries"
    long = length[0] if length is not None else None if window is None else window.shape[0]
    if long is None or long < 1 or (node.x.shape[1] is not None and long > node.x.shape[1]):
        yield f"frames of {long} entries cannot be cut from {node.x.shape[1]}"


def _grams(node: Node) -> Iterator[str]:
    least, most = (int(node.attribute(f"{name}_gram_length", 1)) for name in ("min", "max"))
    if not 1 <= least <= most <= len(node.attribute("ngram_counts", [])):
        yield f"its n-grams of {least} to {most} words are not those that it counts"


def _norm(node: Node) -> Iterator[str]:
    if node.attribute("p", 2) not in (1, 2):
        yield f"its p is {node.attribute('p')}, and there are 1 and 2"


def _groups(node: Node) -> Iterator[str]:
    groups, channels = int(node.attribute("num_groups", 1)), node.x.shape[1]
    if groups < 1 or (channels is not None and channels % groups):
        yield f"its {channels} channels are no multiple of its {groups} groups"


def _unpooled(node: Node) -> Iterator[str]:
    wanted = node.ints(2, "output_shape")
    if wanted is not None and (len(wanted) != node.x.rank or not _within(node.x.shape[:2], tuple(wanted[:2]))):
        yield f"its output_shape is {wanted}, and its operand's shape {list(node.x.shape)}"


Condition = Callable[[Node], Iterator[str]]
CONDITIONS: Mapping[str, Condition] = {
    "AffineGrid": _grid,
    "Col2Im": _columns,
    **dict.fromkeys(("Conv", "ConvInteger", "ConvTranspose", "DeformConv", "QLinearConv"), _filters),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _blocks),
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), _scales),
    **dict.fromkeys(("Div", "Mod"), _divisors),
    "GroupNormalization": _groups,
    **dict.fromkeys(("LayerNormalization", "PRelu", "RMSNormalization"), _parameters_within),
    "LpNormalization": _norm,
    "MaxUnpool": _unpooled,
    "ReverseSequence": _lengths,
    **dict.fromkeys(("Resize", "Upsample"), _resized),
    "STFT": _frames,
    "ScatterND": _updates,
    "Split": _pieces,
    "TfIdfVectorizer": _grams,
}
