from __future__ import annotations

import pytest

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
