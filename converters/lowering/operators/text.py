"""Counting n-grams."""

from __future__ import annotations

import functools

import numpy as np

from converters.edge_graph import Array
from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.indexing import static_shape
from converters.lowering.node import Node, lowers
from converters.lowering.shapes import concat, gather, slice_, unsqueeze
from converters.lowering.value import Value


@lowers("TfIdfVectorizer")
def tf_idf(node: Node) -> Value:
    """How often each n-gram of a pool occurs, with gaps of up to `max_skip_count`, as counts, flags or weights."""
    if "pool_int64s" not in node.attributes:
        raise node.refuse("words as strings have no counterpart", "use token numbers")
    pool, starts = (np.asarray(node.attributes[name]) for name in ("pool_int64s", "ngram_counts"))
    sizes = [*starts[1:], len(pool)]
    columns = []
    for n, (start, stop) in enumerate(zip(starts, sizes, strict=True), 1):
        grams = pool[start:stop].reshape(-1, n)
        wanted = node.attributes["min_gram_length"] <= n <= node.attributes["max_gram_length"]
        if len(grams):
            columns.append(_count(node, grams, wanted))
    order = np.argsort(np.asarray(node.attributes["ngram_indexes"]))
    counts = gather(concat(columns, -1), node.builder.constant(order.astype(np.int32)), -1)
    return _weighted(node, counts, order)


def _count(node: Node, grams: Array, wanted: bool) -> Value:
    """Return `[..., grams]` counts; zeros for lengths that are not wanted."""
    x = a.cast(node.x, np.dtype(np.int32))
    length, n = static_shape(x)[-1], grams.shape[1]
    total = node.builder.constant(t.zeros((*static_shape(x)[:-1], len(grams))))
    skips = range(1 if n == 1 else int(node.attributes["max_skip_count"]) + 1)
    for step in (skip + 1 for skip in skips):
        places = length - (n - 1) * step
        if places <= 0 or not wanted:
            continue
        words = [slice_(x, {x.rank - 1: slice(i * step, i * step + places)}) for i in range(n)]
        same = [a.equal(unsqueeze(word, [x.rank]), grams[:, i].astype(np.int32)) for i, word in enumerate(words)]
        hits = functools.reduce(a.logical_and, same)
        total = total + a.sum_(a.cast(hits, a.FLOAT32), [-2], keepdims=False)
    return total


def _weighted(node: Node, counts: Value, order: Array) -> Value:
    mode = node.attributes["mode"]
    given = node.attribute("weights")
    weights = np.ones(len(order), np.float32) if given is None else np.asarray(given, np.float32)[order]
    if mode == "TF":
        return counts
    present = counts if mode == "TFIDF" else a.cast(a.greater(counts, 0.0), a.FLOAT32)
    return present * weights
