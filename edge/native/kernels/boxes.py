"""Boxes of a detector, from the model's pixels to the original; see `catalog/vocab/steps/boxes.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import beginning
from edge.native.kernels.places import at_x, at_y
from edge.native.language import Floats, Ints, Strings, descending, f64, fail, new_doubles, new_floats, new_ints
from edge.native.records import Boxes, Detection, Frame, Kept


def drop_class(x: Boxes, index: int) -> Boxes:
    """The boxes without the scores of one class."""
    if index >= x.classes:
        fail("drop_class", f"a class below {x.classes}", f"{index}")
    left = x.classes - 1
    scores = new_floats(len(x.boxes) // 4 * left)
    for i in range(len(scores)):
        before = i % left
        scores[i] = x.scores[i // left * x.classes + (before if before < index else before + 1)]
    return Boxes(x.boxes, scores, left)


def nms(x: Boxes, score: float, iou: float, max: int, class_wise: bool) -> Kept:
    """The best boxes that overlap no better one of their class by more than iou."""
    places = candidates(x, score, class_wise)
    scores = new_doubles(len(places))
    for i in range(len(places)):
        scores[i] = f64(x.scores[places[i]])
    order = descending(scores)
    kept = new_ints(len(places))
    count = 0
    for i in range(len(places)):
        place = places[order[i]]
        if count < max and is_free(x, place, kept, count, iou, class_wise):
            kept[count] = place
            count += 1
    boxes = new_floats(4 * count)
    best = new_floats(count)
    classes = new_ints(count)
    for i in range(count):
        for side in range(4):
            boxes[4 * i + side] = x.boxes[kept[i] // x.classes * 4 + side]
        best[i] = x.scores[kept[i]]
        classes[i] = kept[i] % x.classes
    return Kept(boxes, best, classes)


def candidates(x: Boxes, score: float, class_wise: bool) -> Ints:
    """The places of the scores that are high enough; of each box only the best one unless class-wise."""
    wanted = new_ints(len(x.scores))
    count = 0
    for i in range(len(x.scores)):
        if f64(x.scores[i]) >= score and (class_wise or is_best(x, i)):
            wanted[count] = i
            count += 1
    return beginning(wanted, count)


def is_best(x: Boxes, place: int) -> bool:
    """Whether a score is its box's highest, of equal ones the first."""
    first = place // x.classes * x.classes
    for i in range(first, first + x.classes):
        if x.scores[i] > x.scores[place] or (x.scores[i] == x.scores[place] and i < place):
            return False
    return True


def is_free(x: Boxes, place: int, kept: Ints, count: int, iou: float, class_wise: bool) -> bool:
    """Whether a box overlaps none of those kept, of its own class if class-wise, by more than iou."""
    for i in range(count):
        if not class_wise or kept[i] % x.classes == place % x.classes:
            if overlap(x.boxes, place // x.classes, kept[i] // x.classes) > iou:
                return False
    return True


def overlap(boxes: Floats, a: int, b: int) -> float:
    """Intersection over union of two boxes; 0 where both are empty."""
    height = min(f64(boxes[4 * a + 2]), f64(boxes[4 * b + 2])) - max(f64(boxes[4 * a]), f64(boxes[4 * b]))
    width = min(f64(boxes[4 * a + 3]), f64(boxes[4 * b + 3])) - max(f64(boxes[4 * a + 1]), f64(boxes[4 * b + 1]))
    common = max(height, 0.0) * max(width, 0.0)
    union = area(boxes, a) + area(boxes, b) - common
    return common / union if union > 0.0 else 0.0


def area(boxes: Floats, i: int) -> float:
    """The area of a box; 0 where it is turned inside out."""
    height = f64(boxes[4 * i + 2]) - f64(boxes[4 * i])
    width = f64(boxes[4 * i + 3]) - f64(boxes[4 * i + 1])
    return max(height, 0.0) * max(width, 0.0)


def place_boxes(x: Kept, labels: Strings, frame: Frame) -> list[Detection]:
    """The boxes in fractions of the original picture, cut off at its edge."""
    found: list[Detection] = []
    for i in range(len(x.classes)):
        if x.classes[i] >= len(labels):
            fail("place_boxes", f"a class below {len(labels)}, the number of labels", f"{x.classes[i]}")
        sides = new_doubles(4)
        for side in range(4):
            place = f64(x.boxes[4 * i + side])
            sides[side] = within_picture(at_y(frame, place) if side % 2 == 0 else at_x(frame, place))
        found.append(Detection(sides[0], sides[1], sides[2], sides[3], labels[x.classes[i]], f64(x.scores[i])))
    return found


def within_picture(x: float) -> float:
    """A number limited to 0..1."""
    return min(max(x, 0.0), 1.0)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "drop_class": (drop_class,),
    "nms": (nms,),
    "place_boxes": (place_boxes,),
}
