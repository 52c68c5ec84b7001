"""A metric over any choice of its samples, quickly enough for a bootstrap: what one sample adds is found once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from edge.metrics import METRICS, Results, average_precision, found, mean_overlap, nearest_is_right, overlap_counts

Resampled = Callable[[NDArray[np.int64]], float]  # places of samples, `[n]`, which may come more than once → value
MEANS = {"accuracy", "top5_accuracy", "psnr", "keypoint_error", "mae"}  # of what the metric gives for each sample


def resampled(metric: str, results: Results) -> Resampled:
    """Return the metric as a function of places in `results`."""
    if metric in MEANS:
        return mean_of(np.array([METRICS[metric]([one]) for one in results]))
    return SPECIAL[metric](results) if metric in SPECIAL else _whole(metric, results)


def mean_of(scores: NDArray[np.float64]) -> Resampled:
    """Return the mean of the scores `[samples]` at given places."""
    return lambda places: float(scores[places].mean())


def _whole(metric: str, results: Results) -> Resampled:
    return lambda places: METRICS[metric]([results[place] for place in places])


def _overlap(results: Results) -> Resampled:
    counts = np.array([overlap_counts(result, example) for result, example in results])
    return lambda places: mean_overlap(counts[places])


def _precision(results: Results) -> Resampled:
    labels = sorted({row["label"] for _, example in results for row in example.expected})
    pictures = {label: [found(*one, label) for one in results] for label in labels}

    def of(places: NDArray[np.int64]) -> float:
        chosen = [[pictures[label][place] for place in places] for label in labels]
        return float(np.mean([average_precision(rows) for rows in chosen if any(count for _, _, count in rows)]))

    return of


def _recall(results: Results) -> Resampled:
    """Look for neighbours among all samples: in a resample, the nearest other one is often the same one again."""
    return mean_of(nearest_is_right(results).astype(np.float64))


SPECIAL: Mapping[str, Callable[[Results], Resampled]] = {
    "iou": _overlap,
    "mean_average_precision": _precision,
    "recall_at_1": _recall,
}
