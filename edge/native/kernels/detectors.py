"""From a detector's tensors to boxes in the model's pixels; see `catalog/vocab/steps/boxes.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import doubles_of, singles_of
from edge.native.language import INFINITY, Doubles, Ints, Strings, exp, f64, fail, is_nan, new_doubles, new_floats
from edge.native.records import Boxes, Tensor


def rows_of(step: str, x: Tensor, axes: int, width: int) -> int:
    """How many rows an output `[1, N, width]` or `[1, N]` of finite numbers has; of any width if 0."""
    if len(x.shape) != axes:
        fail(step, f"an output of {axes} axes", f"{len(x.shape)}")
    if x.shape[0] != 1:
        fail(step, "the output of one picture", f"{x.shape[0]}")
    if width > 0 and x.shape[2] != width:
        fail(step, f"{width} numbers a row", f"{x.shape[2]}")
    for i in range(len(x.data)):
        if is_nan(x.data[i]) or abs(f64(x.data[i])) == INFINITY:
            fail(step, "numbers", "NaN or infinity")
    return x.shape[1]


def cells_of(step: str, strides: Ints, width: int, height: int, rows: int) -> Doubles:
    """Row, column and stride of every cell of grids that cover the picture; there must be so many."""
    count = 0
    for g in range(len(strides)):
        count += cells_in(strides[g], width, height)
    if count != rows:
        fail(step, f"{count} rows, one a cell", f"{rows}")
    found = new_doubles(3 * count)
    cell = 0
    for g in range(len(strides)):
        columns = rounded_up(width, strides[g])
        for i in range(cells_in(strides[g], width, height)):
            found[3 * cell] = i // columns
            found[3 * cell + 1] = i % columns
            found[3 * cell + 2] = strides[g]
            cell += 1
    return found


def cells_in(stride: int, width: int, height: int) -> int:
    """How many cells of a grid cover the picture."""
    return rounded_up(height, stride) * rounded_up(width, stride)


def rounded_up(a: int, b: int) -> int:
    """a / b, rounded up."""
    return (a + b - 1) // b


def around(centres: Doubles) -> Doubles:
    """Boxes of y, x, height and width as corners."""
    corners = new_doubles(len(centres))
    for i in range(0, len(centres), 4):
        for side in range(2):
            corners[i + side] = centres[i + side] - centres[i + 2 + side] / 2.0
            corners[i + 2 + side] = centres[i + side] + centres[i + 2 + side] / 2.0
    return corners


def boxes_of(step: str, corners: Doubles, scores: Doubles, rows: int, classes: int) -> Boxes:
    """Boxes and so many rows of scores, rounded to single precision."""
    if len(corners) != 4 * rows:
        fail(step, "as many boxes as rows of scores", f"{len(corners) // 4} boxes and {rows} rows of scores")
    return Boxes(singles_of(corners), singles_of(scores), classes)


def decode_grid_boxes(output: Tensor, width: int, height: int, strides: Ints) -> Boxes:
    """YOLOX's `[1, N, 5 + K]`: x, y, width, height, objectness and class scores of each cell."""
    rows = rows_of("decode_grid_boxes", output, 3, 0)
    cells = cells_of("decode_grid_boxes", strides, width, height, rows)
    length = output.shape[2]
    if length < 5:
        fail("decode_grid_boxes", "at least 5 numbers a cell", f"{length}")
    classes = length - 5
    centres = new_doubles(4 * rows)
    scores = new_doubles(rows * classes)
    for i in range(rows):
        stride = cells[3 * i + 2]
        first = i * length
        centres[4 * i] = (f64(output.data[first + 1]) + cells[3 * i]) * stride
        centres[4 * i + 1] = (f64(output.data[first]) + cells[3 * i + 1]) * stride
        centres[4 * i + 2] = exp(f64(output.data[first + 3])) * stride
        centres[4 * i + 3] = exp(f64(output.data[first + 2])) * stride
        for k in range(classes):
            scores[i * classes + k] = f64(output.data[first + 4]) * f64(output.data[first + 5 + k])
    return boxes_of("decode_grid_boxes", around(centres), scores, rows, classes)


def decode_dfl_boxes(scores: list[Tensor], distances: list[Tensor], width: int, height: int, strides: Ints) -> Boxes:
    """NanoDet's class scores `[1, n, K]` and distributions of distances `[1, n, 4 bins]`, a stride each."""
    step = "decode_dfl_boxes"
    if len(scores) != len(strides) or len(distances) != len(strides):
        fail(step, f"{len(strides)} scores and distances", f"{len(scores)} and {len(distances)}")
    classes = joined(step, scores)
    sides = joined(step, distances)
    rows = sides.shape[1]
    cells = cells_of(step, strides, width, height, rows)
    bins = sides.shape[2] // 4
    if bins == 0 or sides.shape[2] != 4 * bins:
        fail(step, "as many bins for each of 4 sides", f"{sides.shape[2]} numbers a row")
    corners = new_doubles(4 * rows)
    for i in range(rows):
        stride = cells[3 * i + 2]
        y = (cells[3 * i] + 0.5) * stride
        x = (cells[3 * i + 1] + 0.5) * stride
        first = i * 4 * bins
        corners[4 * i] = y - mean_bin(sides, first + bins, bins) * stride
        corners[4 * i + 1] = x - mean_bin(sides, first, bins) * stride
        corners[4 * i + 2] = y + mean_bin(sides, first + 3 * bins, bins) * stride
        corners[4 * i + 3] = x + mean_bin(sides, first + 2 * bins, bins) * stride
    return boxes_of(step, corners, doubles_of(classes), classes.shape[1], classes.shape[2])


def joined(step: str, parts: list[Tensor]) -> Tensor:
    """Outputs `[1, n, K]`, one behind the other."""
    rows = 0
    width = parts[0].shape[2]
    for p in range(len(parts)):
        rows += rows_of(step, parts[p], 3, width)
    data = new_floats(rows * width)
    done = 0
    for p in range(len(parts)):
        for i in range(len(parts[p].data)):
            data[done + i] = parts[p].data[i]
        done += len(parts[p].data)
    return Tensor([1, rows, width], data)


def mean_bin(x: Tensor, first: int, bins: int) -> float:
    """The mean of 0, 1, … under the softmax of so many numbers."""
    largest = f64(x.data[first])
    for i in range(bins):
        largest = max(largest, f64(x.data[first + i]))
    total = 0.0
    weighted = 0.0
    for i in range(bins):
        power = exp(f64(x.data[first + i]) - largest)
        total += power
        weighted += power * i
    return weighted / total


def decode_prior_boxes(
    boxes: Tensor,
    scores: Tensor,
    width: int,
    height: int,
    strides: Ints,
    sizes: Doubles,
    counts: Ints,
    variances: Doubles,
) -> Boxes:
    """SSD's offsets `[1, N, 4]` from prior boxes, which are squares round the middles of cells."""
    step = "decode_prior_boxes"
    total = 0
    for g in range(len(counts)):
        total += counts[g]
    if len(counts) != len(strides) or total != len(sizes) or len(variances) != 2:
        fail(step, "a count for each stride, and two variances", f"{len(counts)} counts of {total} sizes")
    rows = rows_of(step, boxes, 3, 4)
    priors = priors_of(step, width, height, strides, sizes, counts, rows)
    centres = new_doubles(4 * rows)
    for i in range(rows):
        side = priors[3 * i + 2]
        centres[4 * i] = priors[3 * i] + variances[0] * f64(boxes.data[4 * i + 1]) * side
        centres[4 * i + 1] = priors[3 * i + 1] + variances[0] * f64(boxes.data[4 * i]) * side
        centres[4 * i + 2] = side * exp(variances[1] * f64(boxes.data[4 * i + 3]))
        centres[4 * i + 3] = side * exp(variances[1] * f64(boxes.data[4 * i + 2]))
    found = rows_of(step, scores, 3, 0)
    return boxes_of(step, around(centres), doubles_of(scores), found, scores.shape[2])


def priors_of(step: str, width: int, height: int, strides: Ints, sizes: Doubles, counts: Ints, rows: int) -> Doubles:
    """Middle and side of every prior box: y, x and side; there must be so many."""
    count = 0
    for g in range(len(strides)):
        count += cells_in(strides[g], width, height) * counts[g]
    if count != rows:
        fail(step, f"{count} rows, one a prior box", f"{rows}")
    priors = new_doubles(3 * count)
    done = 0
    begun = 0
    for g in range(len(strides)):
        columns = rounded_up(width, strides[g])
        for i in range(cells_in(strides[g], width, height)):
            for s in range(counts[g]):
                priors[done] = (i // columns + 0.5) * strides[g]
                priors[done + 1] = (i % columns + 0.5) * strides[g]
                priors[done + 2] = sizes[begun + s]
                done += 3
        begun += counts[g]
    return priors


def take_boxes(boxes: Tensor, scores: Tensor, order: str, width: float, height: float) -> Boxes:
    """Boxes `[1, N, 4]` that the model has decoded itself, and class scores `[1, N, K]`."""
    rows = rows_of("take_boxes", boxes, 3, 4)
    y_first = order == "yxyx"
    given = new_doubles(4 * rows)
    for i in range(0, 4 * rows, 2):
        given[i] = f64(boxes.data[i if y_first else i + 1]) * height
        given[i + 1] = f64(boxes.data[i + 1 if y_first else i]) * width
    found = rows_of("take_boxes", scores, 3, 0)
    corners = around(given) if order == "cxcywh" else given
    return boxes_of("take_boxes", corners, doubles_of(scores), found, scores.shape[2])


def take_detections(boxes: Tensor, classes: Tensor, scores: Tensor, width: int, height: int, labels: Strings) -> Boxes:
    """What TFLite's postprocessing gives: boxes `[1, N, 4]`, classes and scores `[1, N]`, one class a box."""
    step = "take_detections"
    rows = rows_of(step, boxes, 3, 4)
    if rows_of(step, classes, 2, 0) != rows or rows_of(step, scores, 2, 0) != rows:
        fail(step, f"{rows} classes and scores", f"{len(classes.data)} and {len(scores.data)}")
    corners = new_doubles(4 * rows)
    table = new_doubles(rows * len(labels))
    for i in range(rows):
        for side in range(4):
            corners[4 * i + side] = f64(boxes.data[4 * i + side]) * (height if side % 2 == 0 else width)
        index = f64(classes.data[i])
        if index >= 0.0 and index < len(labels):
            table[i * len(labels) + int(index)] = f64(scores.data[i])
    return boxes_of(step, corners, table, rows, len(labels))


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "decode_grid_boxes": (decode_grid_boxes,),
    "decode_dfl_boxes": (decode_dfl_boxes,),
    "decode_prior_boxes": (decode_prior_boxes,),
    "take_boxes": (take_boxes,),
    "take_detections": (take_detections,),
}
