"""Writes the graph models of this folder anew, with TensorFlow: `python -m tests.golden.tfjs.write_graphs`.

Each is TensorFlow's own graph with its variables frozen, laid out as the converter of TF.js does: constants in a shard,
the graph as JSON. `expected.json` holds inputs and what TensorFlow computes of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

HERE = Path(__file__).parent
RNG = np.random.default_rng(0)


def _weights(*shape: int) -> tf.Variable:
    return tf.Variable(RNG.normal(0, 0.3, shape).astype(np.float32))


def images() -> tuple[Callable[..., dict[str, tf.Tensor]], dict[str, tf.TensorSpec]]:
    """What networks on images consist of, each operator by itself."""
    kernel, deep, bias = _weights(3, 3, 3, 4), _weights(3, 3, 3, 2), _weights(4)
    wide, back = _weights(3, 3, 4, 4), _weights(3, 3, 2, 4)
    scale, offset, mean = _weights(4), _weights(4), _weights(4)
    variance = tf.Variable(RNG.uniform(0.5, 1.5, 4).astype(np.float32))

    def compute(image: tf.Tensor) -> dict[str, tf.Tensor]:
        x = tf.nn.relu6(tf.nn.bias_add(tf.nn.conv2d(image, kernel, 2, "SAME"), bias))
        normal, *_ = tf.compat.v1.nn.fused_batch_norm(x, scale, offset, mean, variance, 0.01, is_training=False)
        dilated = tf.nn.conv2d(x, wide, 1, "SAME", dilations=2)
        blocks = tf.batch_to_space(tf.nn.conv2d(tf.space_to_batch(x, [2, 2], [[2, 2], [2, 3]]), wide, 1, "VALID"),
                                   [2, 2], [[0, 0], [0, 1]])  # fmt: skip
        return {
            "normal": normal,
            "dilated": dilated,
            "blocks": blocks,
            "deep": tf.nn.depthwise_conv2d(image, deep, [1, 1, 1, 1], "SAME"),
            "back": tf.nn.conv2d_transpose(x, back, [1, 8, 10, 2], 2, "SAME"),
            "means": tf.nn.avg_pool2d(image, 3, 2, "SAME"),
            "most": tf.nn.max_pool2d(image, 3, 2, "VALID"),
            "smooth": tf.image.resize(x, [7, 9]),
            "corners": tf.compat.v1.image.resize_bilinear(x, [7, 9], align_corners=True),
            "near": tf.image.resize(x, [7, 9], "nearest"),
            "near_old": tf.compat.v1.image.resize_nearest_neighbor(x, [7, 9]),
            "mirrored": tf.pad(image, [[0, 0], [2, 1], [1, 2], [0, 0]], "SYMMETRIC"),
            "reflected": tf.pad(image, [[0, 0], [2, 1], [1, 2], [0, 0]], "REFLECT"),
            "padded": tf.pad(image, [[0, 0], [2, 1], [1, 2], [0, 0]], constant_values=0.5),
            "shuffled": tf.nn.depth_to_space(x, 2),
            "deeper": tf.nn.space_to_depth(image, 2),
            "lrn": tf.nn.local_response_normalization(x, 2, 1.5, 0.3, 0.6),
            "mean": tf.reduce_mean(x, [1, 2]),
        }

    return compute, {"image": tf.TensorSpec([1, 8, 10, 3], tf.float32)}


def tables() -> tuple[Callable[..., dict[str, tf.Tensor]], dict[str, tf.TensorSpec]]:
    """What moves and compares numbers, for a batch of any size: shapes are computed when the model runs."""
    matrix = _weights(6, 5)

    def compute(x: tf.Tensor, index: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = tf.shape(x)[0]
        whole = tf.cast(x * 5, tf.int32)
        values, places = tf.math.top_k(x, 2)
        return {
            "reshaped": tf.reshape(x, tf.stack([batch, 2, 3])),
            "product": tf.nn.softmax(tf.matmul(x, matrix)),
            "turned": tf.einsum("bi,ij->jb", x, matrix),
            "gathered": tf.gather(x, index, axis=1),
            "hot": tf.one_hot(index, 6, on_value=2.0, off_value=-1.0),
            "values": values,
            "places": places,
            "cut": tf.concat(tf.split(x, [1, 3, 2], axis=1)[::-1], axis=1),
            "unstacked": tf.add_n(tf.unstack(x, axis=1)),
            "strided": x[:, ::-2],
            "ellipsis": x[..., tf.newaxis, 1:-1],
            "last": x[:, -1],
            "tiled": tf.tile(x[:, tf.newaxis], [1, 2, 1]),
            "chosen": tf.where(x > 0, x, tf.zeros_like(x)),
            "summed": tf.cumsum(x, axis=1, exclusive=True, reverse=True),
            "best": tf.argmax(x, axis=1, output_type=tf.int32),
            "whole": whole // 3,
            "rest": tf.math.floormod(whole, 3),
            "rounded": tf.round(x * 2) + tf.math.floormod(x, 0.7),
            "all": tf.reduce_all(x > -9, axis=1),
            "difference": tf.math.squared_difference(x, tf.reduce_max(x, axis=1, keepdims=True)),
            "filled": tf.fill(tf.stack([batch, 2]), 7.0),
            "reversed": tf.reverse(x, [1]),
            "angle": tf.atan2(x, tf.reverse(x, [1])),
            "clipped": tf.clip_by_value(x, -0.5, 0.5),
            "leaky": tf.nn.leaky_relu(x, 0.3) + tf.math.rsqrt(tf.abs(x) + 1) + tf.math.log1p(tf.abs(x)),
        }

    return compute, {"x": tf.TensorSpec([None, 6], tf.float32), "index": tf.TensorSpec([3], tf.int32)}


def boxes() -> tuple[Callable[..., dict[str, tf.Tensor]], dict[str, tf.TensorSpec]]:
    """Boxes that overlap, suppressed in each way."""

    def compute(corners: tf.Tensor, scores: tf.Tensor) -> dict[str, tf.Tensor]:
        boxes = tf.concat([corners, corners + 1.5], axis=1)
        limits = {"max_output_size": 9, "iou_threshold": 0.3, "score_threshold": 0.2, "pad_to_max_output_size": True}
        padded, valid = tf.raw_ops.NonMaxSuppressionV4(boxes=boxes, scores=scores, **limits)
        kept, found, count = tf.raw_ops.NonMaxSuppressionV5(boxes=boxes, scores=scores, soft_nms_sigma=0.0, **limits)
        plain = tf.image.non_max_suppression(boxes, scores, 4, 0.5)
        return {"padded": padded, "valid": valid, "plain": plain, "kept": kept, "found": found, "count": count}

    return compute, {"corners": tf.TensorSpec([12, 2], tf.float32), "scores": tf.TensorSpec([12], tf.float32)}


def _array(array: Any) -> dict[str, Any]:
    return {"shape": [*array.shape], "dtype": array.dtype.name, "data": array.reshape(-1).tolist()}


def write(name: str, compute: Callable[..., dict[str, tf.Tensor]], specs: dict[str, tf.TensorSpec]) -> None:
    """Write one model."""
    function = tf.function(compute).get_concrete_function(*specs.values())
    frozen = convert_variables_to_constants_v2(function)
    graph, shard, weights = MessageToDict(frozen.graph.as_graph_def()), bytearray(), []
    for node in frozen.graph.as_graph_def().node:
        if node.op == "Const":
            array = tf.make_ndarray(node.attr["value"].tensor)
            weights.append({"name": node.name, "shape": [*array.shape], "dtype": array.dtype.name})
            shard += array.tobytes()
    for node in graph["node"]:
        if node["op"] == "Const":
            node["attr"]["value"]["tensor"] = {"dtype": node["attr"]["dtype"]["type"]}
        node.get("attr", {}).pop("_output_shapes", None)
    names = sorted(function.structured_outputs)  # the order in which TensorFlow flattens them
    signature = {
        "inputs": {name: {"name": tensor.name} for name, tensor in zip(specs, frozen.inputs, strict=True)},
        "outputs": {name: {"name": tensor.name} for name, tensor in zip(names, frozen.outputs, strict=True)},
    }
    feeds = {
        key: (RNG.integers(0, 6, spec.shape) if spec.dtype == tf.int32
              else RNG.normal(size=[size or 2 for size in spec.shape])).astype(spec.dtype.as_numpy_dtype)
        for key, spec in specs.items()
    }  # fmt: skip
    results = {key: value.numpy() for key, value in function(*map(tf.constant, feeds.values())).items()}
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    model = {"format": "graph-model", "modelTopology": graph, "signature": signature,
             "weightsManifest": [{"paths": ["weights.bin"], "weights": weights}]}  # fmt: skip
    expected = {"inputs": feeds, "outputs": {key: results[key] for key in names}}
    (folder / "weights.bin").write_bytes(shard)
    (folder / "model.json").write_text(json.dumps(model, separators=(",", ":")))
    (folder / "expected.json").write_text(
        json.dumps({side: {key: _array(value) for key, value in row.items()} for side, row in expected.items()})
    )


if __name__ == "__main__":
    for make in (images, tables, boxes):
        write(f"graph_{make.__name__}", *make())
