"""From a detector's tensors to boxes in the picture.

*Boxes* are a mapping: `boxes` `[N, 4] float32`, `(y_min, x_min, y_max, x_max)` in pixels of the model's picture, and
`scores` `[N, K] float32`. Everything is computed in float64 and rounded at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.context import Context
from edge.steps.errors import StepError, choice, described

Doubles = NDArray[np.float64]
Boxes = dict[str, NDArray[Any]]


def _output(step: str, outputs: object, name: str, width: int | None) -> Doubles:
    """Return an output `[1, N, width]` as `[N, width]`; any width if None."""
    if not isinstance(outputs, Mapping):
        raise StepError(step, "the outputs by name", described(outputs), "use it as the first step of `result`")
    if name not in outputs:
        raise StepError(step, f"one of the outputs {', '.join(outputs)}", repr(name), "write the name of an output")
    x = np.asarray(outputs[name])
    if x.ndim != 3 or x.shape[0] != 1 or x.dtype.kind not in "iuf" or (width is not None and x.shape[2] != width):
        raise StepError(step, f"{name} of shape [1, N, {width or 'K'}]", described(x), "check the card's outputs")
    if not np.isfinite(x).all():
        raise StepError(step, "numbers", f"NaN or infinity in {name}", "check the model's input")
    return np.asarray(x[0], np.float64)


def _boxes(step: str, y: Doubles, x: Doubles, half_height: Doubles, half_width: Doubles, scores: Doubles) -> Boxes:
    corners = np.stack([y - half_height, x - half_width, y + half_height, x + half_width], axis=1)
    return _named(step, corners, scores)


def _named(step: str, corners: Doubles, scores: Doubles) -> Boxes:
    if len(corners) != len(scores):
        got = f"{len(corners)} boxes and {len(scores)} rows of scores"
        raise StepError(step, "as many boxes as rows of scores", got, "check the outputs that the step names")
    return {"boxes": corners.astype(np.float32), "scores": scores.astype(np.float32)}


def _cells(strides: Sequence[int], width: int, height: int) -> tuple[Doubles, Doubles, Doubles]:
    """Return row, column and stride of every cell of grids that cover the picture, `[N]` each."""
    grids = []
    for stride in strides:
        rows, columns = np.indices((math.ceil(height / stride), math.ceil(width / stride)), dtype=np.float64)
        grids.append((rows.ravel(), columns.ravel(), np.full(rows.size, float(stride))))
    row, column, pixels = (np.concatenate(parts) for parts in zip(*grids, strict=True))
    return row, column, pixels


def _fits(step: str, cells: int, rows: int) -> None:
    if cells != rows:
        raise StepError(step, f"{cells} rows, one a cell", f"{rows}", "correct width, height or strides")


def decode_grid_boxes(value: object, output: str, width: int, height: int, strides: Sequence[int]) -> Boxes:
    """Decode YOLOX's `[1, N, 5 + K]`: x, y, width, height, objectness and class scores of each cell."""
    x = _output("decode_grid_boxes", value, output, None)
    row, column, stride = _cells(strides, width, height)
    _fits("decode_grid_boxes", len(row), len(x))
    half_width, half_height = (np.exp(x[:, i]) * stride / 2 for i in (2, 3))
    scores = x[:, 4:5] * x[:, 5:]
    y, x_ = (x[:, 1] + row) * stride, (x[:, 0] + column) * stride
    return _boxes("decode_grid_boxes", y, x_, half_height, half_width, scores)


def decode_dfl_boxes(
    value: object, scores: Sequence[str], distances: Sequence[str], width: int, height: int, strides: Sequence[int]
) -> Boxes:
    """Decode NanoDet's class scores `[1, n, K]` and distributions of distances `[1, n, 4 · bins]`, a stride each."""
    step = "decode_dfl_boxes"
    if not len(scores) == len(distances) == len(strides):
        got = f"{len(scores)}, {len(distances)} and {len(strides)}"
        raise StepError(step, "as many scores and distances as strides", got, "name one of each a stride")
    classes = np.concatenate([_output(step, value, name, None) for name in scores])
    bins = np.concatenate([_output(step, value, name, None) for name in distances])
    row, column, stride = _cells(strides, width, height)
    _fits(step, len(row), len(bins))
    sides = bins.reshape(len(bins), 4, -1)
    powers = np.exp(sides - sides.max(axis=2, keepdims=True))
    mean = (powers * np.arange(sides.shape[2])).sum(axis=2) / powers.sum(axis=2) * stride[:, None]
    y, x = (row + 0.5) * stride, (column + 0.5) * stride
    corners = np.stack([y - mean[:, 1], x - mean[:, 0], y + mean[:, 3], x + mean[:, 2]], axis=1)
    return _named(step, corners, classes)


def decode_prior_boxes(
    value: object,
    boxes: str,
    scores: str,
    width: int,
    height: int,
    strides: Sequence[int],
    sizes: Sequence[float],
    counts: Sequence[int],
    variances: Sequence[float] = (0.1, 0.2),
) -> Boxes:
    """Decode SSD's offsets `[1, N, 4]` from prior boxes, which are squares round the middles of cells."""
    step = "decode_prior_boxes"
    if len(counts) != len(strides) or sum(counts) != len(sizes) or len(variances) != 2:
        got = f"{len(counts)} counts of {sum(counts)} sizes for {len(strides)} strides and {len(sizes)} sizes"
        raise StepError(step, "a count for each stride, and two variances", got, "correct counts, sizes or variances")
    y, x, prior = _priors(width, height, strides, sizes, counts)
    offsets = _output(step, value, boxes, 4)
    _fits(step, len(y), len(offsets))
    centre, side = variances
    half_width, half_height = (prior * np.exp(side * offsets[:, i]) / 2 for i in (2, 3))
    y, x = y + centre * offsets[:, 1] * prior, x + centre * offsets[:, 0] * prior
    return _boxes(step, y, x, half_height, half_width, _output(step, value, scores, None))


def _priors(
    width: int, height: int, strides: Sequence[int], sizes: Sequence[float], counts: Sequence[int]
) -> tuple[Doubles, Doubles, Doubles]:
    parts, begun = [], 0
    for stride, count in zip(strides, counts, strict=True):
        row, column, pixels = _cells([stride], width, height)
        own = np.asarray(sizes[begun : begun + count], np.float64)
        y, x = ((place + 0.5) * pixels for place in (row, column))
        parts.append((np.repeat(y, count), np.repeat(x, count), np.tile(own, len(row))))
        begun += count
    y, x, side = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return y, x, side


ORDERS: Mapping[str, Callable[[Doubles], Doubles]] = {
    "yxyx": lambda b: b,
    "xyxy": lambda b: b[:, [1, 0, 3, 2]],
    "cxcywh": lambda b: np.stack(
        [b[:, 1] - b[:, 3] / 2, b[:, 0] - b[:, 2] / 2, b[:, 1] + b[:, 3] / 2, b[:, 0] + b[:, 2] / 2], axis=1
    ),
}


def take_boxes(
    value: object, boxes: str, scores: str, order: str = "xyxy", width: float = 1, height: float = 1
) -> Boxes:
    """Take boxes `[1, N, 4]` that the model decoded, times `width` and `height`, and class scores `[1, N, K]`."""
    given = choice("take_boxes", "order", ORDERS, order)(_output("take_boxes", value, boxes, 4))
    return _named("take_boxes", given * [height, width, height, width], _output("take_boxes", value, scores, None))


def take_detections(
    value: object, boxes: str, classes: str, scores: str, width: int, height: int, context: Context
) -> Boxes:
    """Take what TFLite's postprocessing gives: boxes `[1, N, 4]`, classes and scores `[1, N]`, one class a box."""
    step = "take_detections"
    if context.labels is None:
        raise StepError(step, "labels", "none", "give the output of classes its labels in the card")
    corners = _output(step, value, boxes, 4) * [height, width, height, width]
    rows = {name: np.asarray(value[name])[..., None] for name in (classes, scores) if name in value}  # type: ignore[index,operator]
    index, score = (_output(step, rows, name, 1)[:, 0] for name in (classes, scores))
    table = np.zeros((len(index), len(context.labels)))
    known = (index >= 0) & (index < len(context.labels))
    table[np.flatnonzero(known), index[known].astype(int)] = score[known]
    return _named(step, corners, table)


def _is_boxes(step: str, value: object) -> Boxes:
    if not isinstance(value, Mapping) or set(value) != {"boxes", "scores"}:
        raise StepError(step, "boxes", described(value), "put a step before it that decodes or takes them")
    return dict(value)


def drop_class(value: object, index: int = 0) -> Boxes:
    """Leave out the class `index` of `[N, K]` scores."""
    boxes = _is_boxes("drop_class", value)
    count = boxes["scores"].shape[1]
    if index >= count:
        raise StepError("drop_class", f"a class below {count}", f"{index}", "correct the index")
    return boxes | {"scores": np.delete(boxes["scores"], index, axis=1)}


def nms(
    value: object,
    score: float = 0.25,
    iou: float = 0.5,
    max: int = 100,  # noqa: A002 - the card's word
    class_wise: bool = True,
) -> Boxes:
    """Keep the best boxes that overlap no better one of their class by more than `iou`; see the vocabulary."""
    boxes = _is_boxes("nms", value)
    scores, corners = boxes["scores"].astype(np.float64), boxes["boxes"].astype(np.float64)
    wanted = scores >= score
    if not class_wise and scores.shape[1]:
        wanted &= np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
    places = np.argwhere(wanted)
    order = np.argsort(-scores[wanted], kind="stable")
    kept: list[tuple[int, int]] = []
    for index, kind in places[order]:
        rivals = [i for i, k in kept if k == kind or not class_wise]
        if not rivals or overlaps(corners[index], corners[rivals]).max() <= iou:
            kept.append((index, kind))
        if len(kept) == max:
            break
    index, kind = np.array(kept, np.int32).reshape(-1, 2).T
    return {"boxes": boxes["boxes"][index], "scores": boxes["scores"][index, kind][:, None], "classes": kind}


def overlaps(box: Doubles, others: Doubles) -> Doubles:
    """Return the intersection over union of a box with others; 0 where both are empty."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [np.prod(np.clip(b[..., 2:] - b[..., :2], 0, None), axis=-1) for b in (box, others)]
    union = areas[0] + areas[1] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0))


def place_boxes(value: object, context: Context) -> list[dict[str, Any]]:
    """Return the kept boxes as `edge.results.Detection`s, in fractions of the original picture."""
    if not isinstance(value, Mapping) or "classes" not in value:
        raise StepError("place_boxes", "the boxes kept", described(value), "put nms before it")
    if context.labels is None:
        raise StepError("place_boxes", "labels", "none", "give an output its labels in the card")
    beyond = int(value["classes"].max(initial=-1))
    if beyond >= len(context.labels):
        expected, got = f"a class below {len(context.labels)}, the number of labels", f"{beyond}"
        raise StepError("place_boxes", expected, got, "give the output a label a class, or use drop_class")
    frame = context.framed("place_boxes")
    corners = value["boxes"].astype(np.float64)
    ys = np.clip((corners[:, [0, 2]] * frame.scale_y + frame.offset_y) / frame.height, 0, 1)
    xs = np.clip((corners[:, [1, 3]] * frame.scale_x + frame.offset_x) / frame.width, 0, 1)
    rows = zip(ys, xs, value["classes"], value["scores"][:, 0], strict=True)
    return [
        {"box": [float(y[0]), float(x[0]), float(y[1]), float(x[1])], "label": context.labels[k], "score": float(s)}
        for y, x, k, s in rows
    ]


STEPS: Mapping[str, Callable[..., Any]] = {
    "decode_grid_boxes": decode_grid_boxes,
    "decode_dfl_boxes": decode_dfl_boxes,
    "decode_prior_boxes": decode_prior_boxes,
    "take_boxes": take_boxes,
    "take_detections": take_detections,
    "drop_class": drop_class,
    "nms": nms,
    "place_boxes": place_boxes,
}
