"""Matrix products."""

from __future__ import annotations

import numpy as np

from converters.edge_graph import Array, Tensor
from converters.errors import MalformedModel
from converters.lowering import arithmetic as a
from converters.lowering.layout import arrange, wide
from converters.lowering.shapes import squeeze, swap_last, unsqueeze
from converters.lowering.value import Atoms, Value, flatten, size_of

EXACT = 2**24  # float32 holds all whole numbers up to here


def matmul(x: Value, y: Value, bias: Value | None = None) -> Value:
    """Numpy's matmul, plus a constant bias of one entry a column."""
    if x.rank == 1:
        return squeeze(matmul(unsqueeze(x, [0]), y, bias), [-2 if y.rank > 1 else 0])
    if y.rank == 1:
        return squeeze(matmul(x, unsqueeze(y, [1]), bias), [-1])
    inner = x.shape[-1], y.shape[-2]
    if None not in inner and inner[0] != inner[1]:
        why = f"matrices of shapes {list(x.shape)} and {list(y.shape)} cannot be multiplied"
        raise MalformedModel(x.builder.where, why, "correct the model's shapes")
    if x.dtype.kind in "iu":
        return _integer_matmul(x, y)
    if y.rank == 2 and y.data is not None:
        return fully_connected(x, y, bias)
    product = _batch_matmul(x, y)
    return product if bias is None else product + bias


def fully_connected(x: Value, weight: Value, bias: Value | None) -> Value:
    """X `[..., K]` times a constant `[K, N]`, whose rows are put in the order in which x already lies."""
    builder, view = x.builder, x.builder.view(x)
    inner = set(wide(view.dims[-1]))
    rows = [tuple(atom for atom in group if atom not in inner) for group in view.axes]
    outer = [group for group in rows if wide(group)] or [()]
    if len(outer) >= builder.target.max_rank("FULLY_CONNECTED"):
        outer = [flatten(outer)]
    columns = tuple(atom for atom in flatten(view.axes) if atom in inner)
    tensor = arrange(view, [*outer, columns])
    count = weight.array.shape[1]
    operands: list[Tensor | None] = [tensor, _filter(weight, wide(view.dims[-1]), columns), _bias(bias, count)]
    result = Tensor(x.dtype, (*tensor.shape[:-1], count))
    options = {"keep_num_dims": len(outer) > 1, "fused_activation_function": "NONE"}
    builder.compute_dtype("FULLY_CONNECTED", x.dtype)
    builder.append("FULLY_CONNECTED", operands, [result], options)
    last = (builder.atom(result, len(outer)),)
    return builder.laid_out(result, [*view.dims[:-1], last], [*outer, last])


def _filter(weight: Value, logical: Atoms, present: Atoms) -> Tensor:
    """Return the weight as `[N, K]` with K in the order of `present`; the data stay a view."""
    rows, count = weight.array.shape

    def put_in_order(data: Array) -> Array:
        split = data.reshape([*(atom.size or 1 for atom in logical), count])
        return split.transpose([len(logical), *(logical.index(atom) for atom in present)])

    stored = weight.rearranged(put_in_order if logical != present else np.transpose)
    return Tensor(weight.dtype, (count, rows), stored.data, scale=stored.scale)


def _bias(bias: Value | None, count: int) -> Tensor:
    data = np.zeros(count, np.float32) if bias is None or bias.data is None else bias.data
    return Tensor(np.dtype(np.float32), (count,), np.ascontiguousarray(np.broadcast_to(data.reshape(-1), (count,))))


def _batch_matmul(x: Value, y: Value) -> Value:
    builder = x.builder
    left, right = builder.view(x), builder.view(y)
    transposed = _is_transposed(right)
    stored = swap_last(right) if transposed else right
    operands = [arrange(left, left.dims), arrange(stored, stored.dims)]
    if operands[0] is operands[1]:  # XNNPACK in LiteRT 2.3 miscomputes a transposed tensor times itself
        operands[1] = builder.emit(
            "RESHAPE", [operands[1]], [builder.exact_sizes(stored.dims)], shape=operands[1].shape
        )
    rank = max(x.rank, y.rank)
    mine, theirs = (((),) * (rank - v.rank) + v.dims for v in (left, right))
    batch = [m if size_of(m) != 1 else t for m, t in zip(mine[:-2], theirs[:-2], strict=True)]
    groups = [*batch, mine[-2], theirs[-1]]
    result = builder.emit(
        "BATCH_MATMUL", operands, shape=[size_of(group) for group in groups], adj_x=False, adj_y=transposed
    )
    groups = list(builder.distinct(result, groups))
    return builder.laid_out(result, groups, groups)


def _is_transposed(view: Value) -> bool:
    """Tell whether the value lies in memory with its last two dimensions swapped."""
    here = wide(flatten(view.axes))
    return here != wide(flatten(view.dims)) and here == wide(flatten(swap_last(view).dims))


def _integer_matmul(x: Value, y: Value) -> Value:
    """Multiply whole numbers exactly: in float32 where no sum can exceed 2^24, and else by products and sums."""
    depth = y.shape[-2]
    bound = _largest(x) * _largest(y)
    if depth is not None and depth * bound <= EXACT:
        return a.cast(matmul(a.cast(x, a.FLOAT32), a.cast(y, a.FLOAT32)), x.dtype)
    return a.sum_(unsqueeze(x, [x.rank]) * unsqueeze(y, [y.rank - 2]), [-2], keepdims=False)


def _largest(x: Value) -> int:
    """Return a bound of the magnitudes in an integer value."""
    if x.data is not None:
        return int(np.abs(x.data.astype(np.int64)).max(initial=0))
    return 2**31 if x.bound is None else x.bound
