"""How a card's figures are measured: a row a metric, over results and what would have been right."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.examples import Example
from edge.steps import wav
from edge.steps.boxes import overlaps

Results = Sequence[tuple[Any, Example]]


def _accuracy_within(k: int) -> Callable[[Results], float]:
    """Share of examples that have their label, or one of several that are right, among the k best."""
    return lambda results: float(np.mean([_is_among(result[:k], example.expected) for result, example in results]))


def _is_among(best: Sequence[Mapping[str, Any]], expected: str | Sequence[str]) -> bool:
    right = {expected} if isinstance(expected, str) else set(expected)
    return not right.isdisjoint(row["label"] for row in best)


FRAME = 0.01  # seconds of a recording that count as one answer


def frame_accuracy(results: Results) -> float:
    """Share of the time of all recordings, in frames of 10 ms, that has the label it should have, or none."""
    pairs = [
        (_frames(result, seconds), _frames(example.expected, seconds)) for result, example, seconds in _timed(results)
    ]
    return float(np.mean(np.concatenate([got == right for got, right in pairs])))


def _timed(results: Results) -> Iterator[tuple[Any, Example, float]]:
    for result, example in results:
        if not isinstance(example.expected, list) or not isinstance(example.input, bytes):
            expected = "a sound as `input` and its segments, [{start, end, label}], as `expected`"
            raise TypeError(f"frame_accuracy needs {expected}, got {example.expected!r}: correct the evaluation file")
        yield result, example, wav.read(example.input).seconds


def _frames(segments: Sequence[Mapping[str, Any]], seconds: float) -> NDArray[np.object_]:
    """Return the label in the middle of each frame of a sound; None where there is none."""
    middles = (np.arange(max(1, round(seconds / FRAME))) + 0.5) * FRAME
    labels = np.full(len(middles), None, object)
    for segment in segments:
        labels[(segment["start"] <= middles) & (middles < segment["end"])] = segment["label"]
    return labels


def psnr(results: Results) -> float:
    """Mean over images of 10 log10(255² / MSE) in dB, on 8-bit RGB."""
    return float(np.mean([_psnr_of(result, example) for result, example in results]))


def _psnr_of(result: Any, example: Example) -> float:
    expected = np.asarray(_image("psnr", example).convert("RGB"), np.float64)
    error = np.mean((result.astype(np.float64) - expected) ** 2)
    return float(10 * np.log10(255**2 / error))


def _image(metric: str, example: Example) -> Image.Image:
    if not isinstance(example.expected, bytes):
        expected = f"{metric} needs an image to compare with"
        raise TypeError(f"{expected}, got {example.expected!r}: name its file as `expected`")
    return Image.open(io.BytesIO(example.expected))


LEAST_OVERLAP = 0.5  # IoU of a detection with what is there


def mean_average_precision(results: Results) -> float:
    """Mean over labels of the area under precision over recall, at IoU 0.5, with precision made monotonic.

    `expected` is a list of `{box, label}`. Source: PASCAL VOC 2010, all-point interpolation; each true box counts once.
    """
    labels = sorted({row["label"] for _, example in results for row in example.expected})
    return float(np.mean([average_precision([found(*one, label) for one in results]) for label in labels]))


Found = tuple[NDArray[np.float64], NDArray[np.bool_], int]  # scores, best first; which are right; how many there are


def found(result: Any, example: Example, label: str) -> Found:
    """Return the detections of a label in one picture."""
    true = [row["box"] for row in example.expected if row["label"] == label]
    rows = sorted((row for row in result if row["label"] == label), key=lambda row: -row["score"])
    taken: set[int] = set()
    hits = [_hits(true, row["box"], taken) for row in rows]
    return np.array([row["score"] for row in rows], np.float64), np.array(hits, np.bool_), len(true)


def average_precision(pictures: Sequence[Found]) -> float:
    """Return the area under precision over recall of one label, which some of the pictures have."""
    scores, right, counts = zip(*pictures, strict=True)
    hits = np.concatenate(right)[np.argsort(-np.concatenate(scores), kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[hits].sum() / sum(counts))


def _hits(true: Sequence[Sequence[float]], box: Sequence[float], taken: set[int]) -> bool:
    """Take the true box that overlaps this one most, unless it is taken or the overlap too small."""
    if not true:
        return False
    shares = overlaps(np.asarray(box, np.float64), np.asarray(true, np.float64))
    place = int(shares.argmax())
    if shares.max() < LEAST_OVERLAP or place in taken:
        return False
    taken.add(place)
    return True


def keypoint_error(results: Results) -> float:
    """Mean distance of points from where they should be, as a fraction of the picture's diagonal.

    `expected` is a list of `{label, y, x}` in fractions of the picture, so pictures count as squares.
    """
    return float(np.mean([_distance(result, example.expected) for result, example in results]))


def _distance(result: Any, expected: Any) -> float:
    found = {row["label"]: (row["y"], row["x"]) for row in result}
    distances = [math.dist(found[row["label"]], (row["y"], row["x"])) for row in expected]
    return float(np.mean(distances)) / math.sqrt(2)


def iou(results: Results) -> float:
    """Mean over the classes that occur of intersection over union, counted over all pixels of all pictures.

    `expected` is an encoded picture as large as the input; its grey levels, or places in its palette, are the classes.
    """
    return mean_overlap(np.array([overlap_counts(result, example) for result, example in results]))


def overlap_counts(result: Any, example: Example) -> NDArray[np.int64]:
    """Return for each of 256 classes the pixels that have it in both masks, and in either: `[2, 256]`."""
    got, wanted = result["classes"], _classes(example)
    if got.shape != wanted.shape:
        raise ValueError(f"iou: expected a mask of {wanted.shape}, got {got.shape}: make both as large as the input")
    hits, found, there = (np.bincount(part.ravel(), minlength=256) for part in (got[got == wanted], got, wanted))
    return np.stack([hits, found + there - hits])


def mean_overlap(counts: NDArray[np.int64]) -> float:
    """Return the mean intersection over union of the classes that occur, from `[pictures, 2, 256]` counts."""
    shared, either = counts.sum(axis=0)
    present = either > 0
    return float(np.mean(shared[present] / either[present]))


def _classes(example: Example) -> NDArray[np.uint8]:
    image = _image("iou", example)
    return np.asarray(image if image.mode == "P" else image.convert("L"))


def recall_at_1(results: Results) -> float:
    """Share of examples whose nearest other one, by the cosine of their embeddings, has the same label."""
    return float(np.mean(nearest_is_right(results)))


def nearest_is_right(results: Results) -> NDArray[np.bool_]:
    """Tell for each example whether its nearest other one has its label."""
    vectors = np.stack([np.ravel(result) for result, _ in results]).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(lengths > 0, lengths, 1)  # a vector of zeros is as near to all
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    labels = np.array([example.expected for _, example in results])
    right: NDArray[np.bool_] = labels[likeness.argmax(axis=1)] == labels
    return right


def _numbers(measure: Callable[[Any, Any], float]) -> Callable[[Results], float]:
    """Return a metric of the first number of each result; `expected` is what it should be."""

    def metric(results: Results) -> float:
        got, wanted = zip(*((result[0]["value"], example.expected) for result, example in results), strict=True)
        return float(measure(np.array(got, np.float64), np.array(wanted, np.float64)))

    return metric


METRICS: Mapping[str, Callable[[Results], float]] = {
    "accuracy": _accuracy_within(1),
    "top5_accuracy": _accuracy_within(5),
    "psnr": psnr,
    "mean_average_precision": mean_average_precision,
    "keypoint_error": keypoint_error,
    "iou": iou,
    "recall_at_1": recall_at_1,
    "mae": _numbers(lambda got, wanted: np.mean(np.abs(got - wanted))),
    "rmse": _numbers(lambda got, wanted: np.sqrt(np.mean((got - wanted) ** 2))),
    "r2": _numbers(lambda got, wanted: 1 - np.sum((got - wanted) ** 2) / np.sum((wanted - wanted.mean()) ** 2)),
    "frame_accuracy": frame_accuracy,
}

LOWER_IS_BETTER = {"keypoint_error", "mae", "rmse"}
