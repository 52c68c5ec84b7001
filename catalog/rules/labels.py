"""Labels: one for each class of an output, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from catalog.card import Tensor
from catalog.context import Context
from catalog.names import shown
from catalog.problem import Problem

# Result → axis that an output may have or not.
STEPS_COUNT = {"detections": "class", "keypoints": "point", "mask": "class"}


def check_labels(context: Context) -> Iterator[Problem]:
    """Require labels that say something and are told apart."""
    for side in ("inputs", "outputs"):
        for where, tensor in context.each(f"{side}.*", Tensor):
            counts = Counter(label.strip() for label in context.labels(tensor) or [])
            for label in (label for label, count in counts.items() if count > 1 or not label):
                got = f"{shown(label)} {counts[label]} times" if label else "an empty label"
                place, cure = (*where, "labels"), "name each class by itself; delete empty lines"
                expected = "each label once, none of them empty"
                yield context.document.problem(place, "label-repeated", expected=expected, got=got, cure=cure)


def check_label_count(context: Context) -> Iterator[Problem]:
    """Require as many labels as the axis that counts them is long.

    Detectors and landmark models may mix these with other numbers on one axis, an opacity has none: there the steps
    count (`place_boxes`, `place_points`, `place_mask`, `place_opacity`).
    """
    result = context.task.get("result", "")
    name = STEPS_COUNT.get(result, "class")
    for where, tensor in context.each("outputs.*", Tensor):
        labels, sizes = context.labels(tensor), [axis.size for axis in tensor.axes if axis.name == name]
        if labels is None or sizes == [len(labels)] or (not sizes and result in STEPS_COUNT):
            continue
        place = (*where, "labels")
        expected = (
            f"{sizes[0]} labels, the size of the axis `{name}`" if sizes else f"an axis named `{name}` for the labels"
        )
        cure = (
            "give the labels in the order of the output" if sizes else f"name the axis that counts the classes `{name}`"
        )
        yield context.document.problem(place, "label-count", expected=expected, got=f"{len(labels)} labels", cure=cure)
