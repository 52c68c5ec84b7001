"""What is wrong with nodes on sequences: signals, words, recurrent cells and attention; see `contradictions`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from converters.lowering.node import Node
from converters.lowering.shape_patterns import outside


def attended(node: Node) -> Iterator[str]:
    """See that the mask is that of queries and keys, and that query heads share the others evenly."""
    mask, plain = node.get(3), node.x.rank == 4
    if mask is not None and not 2 <= mask.rank <= 4:
        yield f"its mask has the shape {list(mask.shape)}"
    stated = (int(node.attribute(f"{kind}_num_heads", 0)) for kind in ("q", "kv"))
    queries, keys = (node.x.shape[1], node[1].shape[1]) if plain else stated
    if queries is not None and keys is not None and (keys < 1 or queries % keys):
        yield f"{queries} query heads cannot share {keys} others"
    if not 0 <= int(node.attribute("qk_matmul_output_mode", 0)) <= 3:
        yield f"its qk_matmul_output_mode is {node.attribute('qk_matmul_output_mode')}"


def components(node: Node) -> Iterator[str]:
    """See that the last axis holds real or complex numbers."""
    if node.x.rank < 2 or node.x.shape[-1] not in (1, 2, None):
        yield f"the last axis of {list(node.x.shape)} holds neither real nor complex numbers"


def frames(node: Node) -> Iterator[str]:
    """See that frames advance, have their window's length, and fit into the signal."""
    step, length = node.ints(1, "frame_step"), node.ints(3, "frame_length")
    if step is not None and step[0] < 1:
        yield f"its frame_step is {step[0]}"
    window = node.get(2)
    if length is not None and window is not None and window.shape != (length[0],):
        yield f"its window has the shape {list(window.shape)}, and its frames {length[0]} entries"
    long = length[0] if length is not None else None if window is None else window.shape[0]
    if long is None or long < 1 or (node.x.shape[1] is not None and long > node.x.shape[1]):
        yield f"frames of {long} entries cannot be cut from {node.x.shape[1]}"


def grams(node: Node) -> Iterator[str]:
    """See that the lengths of n-grams that are wanted are among those that are counted."""
    least, most = (int(node.attribute(f"{name}_gram_length", 1)) for name in ("min", "max"))
    if not 1 <= least <= most <= len(node.attribute("ngram_counts", [])) or node.attribute("max_skip_count", 0) < 0:
        yield f"its n-grams of {least} to {most} words are not those that it counts"


def pool(node: Node) -> Iterator[str]:
    """See that the pool is cut into whole n-grams, each with an index of its own."""
    starts, pool = node.attribute("ngram_counts", []), node.attribute("pool_int64s", [])
    sizes = [stop - start for start, stop in itertools.pairwise([*starts, len(pool)])]
    if list(starts[:1]) != [0] or min(sizes) < 0 or any(size % n for n, size in enumerate(sizes, 1)):
        yield f"its ngram_counts {list(starts)} do not cut {len(pool)} words into n-grams"
    places = node.attribute("ngram_indexes", [])
    if sorted(places) != [*range(sum(size // n for n, size in enumerate(sizes, 1)))]:
        yield "its ngram_indexes do not number its n-grams from 0 on"


def lengths(node: Node) -> Iterator[str]:
    """See that each sequence has a length, and none more than there is."""
    time, batch = int(node.attribute("time_axis", 0)), int(node.attribute("batch_axis", 1))
    if {time, batch} != {0, 1} or node.x.rank < 2:
        yield "its axes are not the first two"
    elif node[1].shape != (node.x.shape[batch],) and None not in (*node[1].shape, node.x.shape[batch]):
        yield f"it has {node[1].shape[0]} lengths for {node.x.shape[batch]} sequences"
    elif outside(node[1], node.x.shape[time]):
        yield f"its lengths exceed the {node.x.shape[time]} entries of axis {time}"


def rotated(node: Node) -> Iterator[str]:
    """See that there are as many angles as pairs of numbers to rotate, for each position that is named."""
    heads = int(node.attribute("num_heads", 0)) or 1
    width = node.x.shape[-1] if node.x.rank == 4 else None if node.x.shape[-1] is None else node.x.shape[-1] // heads
    rotated = int(node.attribute("rotary_embedding_dim", 0)) or width
    if rotated is not None and node[1].shape[-1] is not None and (node[1].shape[-1] or 0) * 2 != rotated:
        yield f"it rotates {rotated} numbers by {node[1].shape[-1]} angles"
    places, rows = node.get(3), node[1].shape[0]
    if outside(places, None if rows is None else rows - 1):
        yield f"its positions lie outside the {rows} that have angles"


def steps(node: Node) -> Iterator[str]:
    """See that constant lengths of sequences are no longer than these."""
    lengths, steps = node.get(4), node.x.shape[1 if node.attribute("layout", 0) else 0]
    if outside(lengths, steps):
        yield f"its lengths exceed {steps} steps"


def written(node: Node) -> Iterator[str]:
    """See that constant places to write to leave room for what is written."""
    axis, places = int(node.attribute("axis", -2)), node.get(2)
    size, length = (value.shape[axis % value.rank] for value in (node.x, node[1]))
    if None not in (size, length):
        room = (size or 0) - (length or 0 if node.attribute("mode", "linear") == "linear" else 1)
        if outside(places, room):
            yield f"it writes {length} entries of {size} beyond the end"
