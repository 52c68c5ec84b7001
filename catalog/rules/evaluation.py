"""Figures: of a metric that the task has, in its units, on data that the card names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from catalog.card import Evaluation
from catalog.context import Context
from catalog.names import advise, listed, shown
from catalog.problem import Problem

METRICS = {  # of a task's result
    "classes": ("accuracy", "top5_accuracy"),
    "detections": ("mean_average_precision",),
    "embedding": ("recall_at_1",),
    "image": ("psnr",),
    "keypoints": ("keypoint_error",),
    "mask": ("iou",),
    "numbers": ("mae", "rmse", "r2"),
    "segments": ("frame_accuracy",),
}
UNBOUNDED = ("psnr", "mae", "rmse")  # the others are fractions
WIDEST = 0.05  # of a fraction; a figure that may be further off says little


def check_metric(context: Context) -> Iterator[Problem]:
    """Require metrics that fit what the task gives."""
    known = METRICS.get(context.task.get("result", ""))
    for pattern in ("evaluation.*.metric", "accuracy_budget.metric"):
        for where, metric in context.each(pattern, str):
            if known and metric not in known:
                expected, cure = f"{listed(known)} for this task", advise(metric, known, "choose one of these")
                yield context.document.problem(
                    where, "metric-disagrees", expected=expected, got=shown(metric), cure=cure
                )


def check_range(context: Context) -> Iterator[Problem]:
    """Require fractions to lie in 0..1, and tolerances that leave the figure a meaning."""
    for where, claim in context.each("evaluation.*", Evaluation):
        if claim.metric in UNBOUNDED:
            continue
        for name, value in {"value": claim.value, **claim.baseline}.items():
            if not 0 <= value <= 1:
                place = (*where, name) if name == "value" else (*where, "baseline", name)
                expected, cure = "a fraction from 0 to 1", "divide a percentage by 100"
                yield context.document.problem(place, "metric-range", expected=expected, got=f"{value}", cure=cure)
        if claim.tolerance > WIDEST:
            place, expected, cure = (*where, "tolerance"), f"at most {WIDEST}", "measure on more samples, or claim less"
            yield context.document.problem(
                place, "tolerance-wide", expected=expected, got=f"{claim.tolerance}", cure=cure
            )


def check_dataset(context: Context) -> Iterator[Problem]:
    """Require figures on data that `datasets` describes."""
    names = [name for _, name in context.each("datasets.*.name", str)]
    for where, text in context.each("evaluation.*.dataset", str):
        if not any(name in text for name in names):
            expected, cure = f"the name of an entry of `datasets`: {listed(names)}", "name it, and the split"
            yield context.document.problem(where, "dataset-unknown", expected=expected, got=shown(text), cure=cure)


def check_tolerances(context: Context) -> Iterator[Problem]:
    """Require one tolerance a precision, not two."""
    counts = Counter(precision for _, precision in context.each("verification.tolerance.*.precision", str))
    for precision in (precision for precision, count in counts.items() if count > 1):
        where, expected, got = ("verification", "tolerance"), f"one row for {precision}", f"{counts[precision]}"
        yield context.document.problem(
            where, "tolerance-repeated", expected=expected, got=got, cure="delete one of them"
        )
