from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from edge.examples import Example
from edge.metrics import METRICS

UPPER, LOWER, ELSEWHERE = [0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], [0.0, 0.6, 0.2, 0.8]


def found(box, label="cat", score=0.9):
    return {"box": box, "label": label, "score": score}


def there(*boxes, label="cat"):
    return Example(b"", [{"box": box, "label": label} for box in boxes])


def measured(*pairs):
    return METRICS["mean_average_precision"](pairs)


def test_finding_everything_and_nothing_else_is_perfect():
    """Boxes that overlap well and bear the right label count fully, whatever their order."""
    assert measured(([found(LOWER), found([0.0, 0.0, 0.5, 0.45])], there(UPPER, LOWER))) == 1


def test_what_is_missed_and_what_is_wrong_cost():
    """Half of the boxes found: half. A surer false alarm before the right one halves its precision."""
    assert measured(([found(UPPER)], there(UPPER, LOWER))) == 0.5
    assert measured(([found(ELSEWHERE, score=0.95), found(UPPER)], there(UPPER))) == 0.5
    assert measured(([], there(UPPER))) == 0


def test_a_box_counts_once():
    """The same object found twice is one hit and one false alarm, which costs only what comes after it."""
    pair = ([found(UPPER), found(UPPER, score=0.8), found(LOWER, score=0.7)], there(UPPER, LOWER))
    assert measured(pair) == pytest.approx((1 + 2 / 3) / 2)


def test_labels_are_averaged_and_pictures_kept_apart():
    """A box in the wrong picture or of the wrong label is a false alarm."""
    pictures = [([found(UPPER, "dog")], there(UPPER)), ([], there(UPPER, label="dog"))]
    assert measured(*pictures) == 0


def test_the_error_of_points_is_a_share_of_the_diagonal():
    """A point that is off by the whole diagonal counts 1, one in its place 0."""
    expected = [{"label": "a", "y": 0.0, "x": 0.0}, {"label": "b", "y": 0.5, "x": 0.5}]
    result = [{"label": "b", "y": 0.5, "x": 0.5}, {"label": "a", "y": 1.0, "x": 1.0}]
    assert METRICS["keypoint_error"]([(result, Example(b"", expected))]) == pytest.approx(0.5)


def mask(rows, palette=None):
    """An encoded mask of these classes."""
    image = Image.fromarray(np.array(rows, np.uint8))
    if palette is not None:
        image.putpalette(palette)
    file = io.BytesIO()
    image.save(file, "PNG")
    return Example(b"", file.getvalue())


def classes(rows):
    return {"classes": np.array(rows, np.uint8)}


def test_a_mask_counts_every_class_alike_however_small():
    """A pixel of a rare class weighs as much as all of the ground; classes that do not occur weigh nothing."""
    right = mask([[0, 0, 0], [0, 7, 9]])
    assert METRICS["iou"]([(classes([[0, 0, 0], [0, 7, 9]]), right)]) == 1
    assert METRICS["iou"]([(classes([[0, 0, 0], [7, 7, 9]]), right)]) == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)


def test_masks_are_counted_together():
    """A class that is small in one picture and large in another has one figure, over all pixels."""
    pairs = [(classes([[1, 0, 0, 0]]), mask([[0, 0, 0, 0]])), (classes([[1, 1, 1, 1]]), mask([[1, 1, 1, 1]]))]
    assert METRICS["iou"](pairs) == pytest.approx((3 / 4 + 4 / 5) / 2)


def test_a_mask_with_a_palette_counts_by_its_places():
    """As PASCAL VOC writes them: class 1 is class 1, whatever colour it is shown in."""
    coloured = mask([[0, 1], [1, 2]], palette=[0, 0, 0, 128, 0, 0, 0, 128, 0])
    assert METRICS["iou"]([(classes([[0, 1], [1, 2]]), coloured)]) == 1


@pytest.mark.parametrize(
    ("expected", "message"),
    [(mask([[0, 1]]), r"expected a mask of \(1, 2\), got \(2, 2\)"), (Example(b"", "cat"), "iou needs an image")],
)
def test_a_mask_that_cannot_be_compared_is_refused(expected, message):
    """Another size, or no mask at all, is no figure."""
    with pytest.raises((TypeError, ValueError), match=message):
        METRICS["iou"]([(classes([[0, 1], [1, 1]]), expected)])


def test_the_nearest_other_example_should_have_the_same_label():
    """Only the direction counts, never the example itself; of three of which two belong together, two are right."""
    rows = [([1, 0.1], "cat"), ([50, 0], "cat"), ([0.0, 3], "dog")]
    results = [(np.array([row], np.float32), Example(b"", label)) for row, label in rows]
    assert METRICS["recall_at_1"](results) == pytest.approx(2 / 3)


def test_a_vector_of_zeros_is_near_to_nothing():
    """A dead embedding is no figure out of the air, nor a warning."""
    rows = [([0, 0], "cat"), ([1, 0], "dog"), ([1, 0.2], "dog")]
    results = [(np.array(row, np.float32), Example(b"", label)) for row, label in rows]
    assert METRICS["recall_at_1"](results) == pytest.approx(2 / 3)
