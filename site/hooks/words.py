"""Figures, shapes, steps and licences in words a reader takes in at a glance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
METRICS = {
    "accuracy": ("Accuracy", "percent"),
    "top5_accuracy": ("Top-5 accuracy", "percent"),
    "psnr": ("PSNR", "dB"),
    "mean_average_precision": ("Mean average precision", "percent"),
    "iou": ("IoU", "percent"),
    "keypoint_error": ("Error of the points, of the diagonal", "percent"),
    "mae": ("MAE", ""),
    "rmse": ("RMSE", ""),
    "frame_accuracy": ("Frame accuracy", "percent"),
    "recall_at_1": ("Nearest one right", "percent"),
}
BUCKETS = (
    (1e5, "Under 100 kB"),
    (1e6, "100 kB to 1 MB"),
    (1e7, "1 to 10 MB"),
    (1e8, "10 to 100 MB"),
    (float("inf"), "Over 100 MB"),
)
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "decode_image": ("decode the picture, upright, transparency over white", {}),
    "to_color_space": ("convert to {space}", {}),
    "invert": ("invert light and dark", {}),
    "crop_to_content": ("crop to the content above {threshold} and centre it in a square", {"threshold": 64}),
    "resize": ("resize to {width} × {height} pixels ({filter})", {"filter": "bilinear"}),
    "fit_within": ("shrink to fit {width} × {height} pixels ({filter})", {"filter": "bicubic"}),
    "resize_short_side": ("resize the shorter side to {size} pixels ({filter})", {"filter": "bilinear"}),
    "center_crop": ("cut {width} × {height} pixels out of the middle", {}),
    "letterbox": ("fit into {width} × {height} pixels, filled up with {fill}", {"fill": 114}),
    "scale_linear": ("multiply by {gain:.6g}, add {offset:.6g}", {"gain": 1.0, "offset": 0.0}),
    "normalize": ("subtract the mean and divide by the standard deviation of each channel", {}),
    "to_layout": ("add the batch axis, order {layout}", {}),
    "cast": ("convert to {dtype}", {}),
    "encode_bytes": ("take the first {length} bytes as UTF-8, fill up with {pad}", {"pad": 0}),
    "byte_windows": ("take the first {begin} and the last {end} bytes", {}),
    "word_ids": ("look the words up in {vocabulary}", {}),
    "tokenize": ("cut into the tokens of {file}", {}),
    "pad_tokens": ("cut or fill up to {length} with {pad}", {"pad": 0}),
    "token_mask": ("mark the tokens that are not {pad}", {"pad": 0}),
    "columns": ("put the named values in order", {}),
    "softmax": ("softmax", {}),
    "top_k": ("keep the {k} best labels", {"k": 5}),
    "clip": ("limit to {min}…{max}", {}),
    "constant": ("the constant {value:g}", {}),
    "reshape": ("reshape to {shape}", {}),
    "sigmoid": ("sigmoid", {}),
    "decode_grid_boxes": ("decode the boxes of grids of {strides} pixels a cell", {}),
    "decode_dfl_boxes": ("decode the distances of grids of {strides} pixels a cell", {}),
    "decode_prior_boxes": ("decode offsets from prior boxes of {sizes} pixels", {}),
    "take_boxes": ("take the boxes in {boxes} with the scores in {scores}", {}),
    "take_detections": ("take the boxes that the model has selected", {}),
    "drop_class": ("leave out class {index}", {"index": 0}),
    "nms": (
        "of boxes that overlap by more than {iou}, keep the best; from a score of {score}",
        {"iou": 0.5, "score": 0.25},
    ),
    "place_boxes": ("place the boxes in the original picture", {}),
    "take_points": ("take {columns} numbers a point, {order}", {"columns": 2, "order": "xy"}),
    "find_peaks": ("find the peak of each map", {}),
    "place_points": ("place the points in the original picture", {}),
    "argmax_mask": ("take the class with the highest score for each pixel", {}),
    "place_mask": ("place the classes in the original picture", {}),
    "place_opacity": ("place the opacity in the original picture; opaque from {threshold}", {"threshold": 0.5}),
    "pool": ("take the {kind} of each channel", {"kind": "mean"}),
    "l2_normalize": ("scale to length 1", {}),
    "to_numbers": ("name the numbers", {}),
    "image_to_original": ("take the borders away, resize to the original", {}),
    "recolor": ("take the colours of the original", {}),
    "decode_audio": ("decode the WAV file", {}),
    "to_mono": ("mix the channels to one", {}),
    "resample": ("resample to {rate} Hz", {}),
    "fit_length": ("cut or fill up with zeros to {length}, aligned at the {align}", {"align": "start"}),
    "crop_to_loudest": ("cut to the loudest {length} samples", {}),
    "frame": ("cut into frames of {length}, one every {step}", {}),
    "window": ("apply a {kind} window", {}),
    "spectrum": ("take the spectrum by a Fourier transform of {fft} points", {}),
    "mel": ("sum under {bands} mel bands from {low:g} to {high:g} Hz ({scale})", {"scale": "htk"}),
    "log": ("take the logarithm, base {base}", {"base": "e"}),
    "mean_over_rows": ("average over time", {}),
    "segments": ("join rows of {step:g} s with a score of at least {threshold:g} to stretches", {"threshold": 0.5}),
    "peaks": ("keep the peaks of at least {threshold:g}, {distance:g} s apart", {"threshold": 0.5, "distance": 0.0}),
    "to_image": ("round to a picture of 8 bits a channel", {}),
}


@dataclass(frozen=True)
class Verdict:
    """What a licence allows: `level` 0 (free of conditions) to 5 (unknown to this table)."""

    level: int
    short: str
    text: str


PERMISSIVE = Verdict(1, "Commercial use allowed", "Use, change and sell it; keep the copyright notice.")
SHARE_ALIKE = Verdict(3, "Share alike", "Commercial use allowed; what you build on it must carry the same licence.")
NON_COMMERCIAL = Verdict(4, "No commercial use", "Not for commercial use; name the authors.")
UNKNOWN = Verdict(5, "Read the licence", "This licence has no short form here: read its text before use.")
LICENCES = {
    "CC0-1.0": Verdict(0, "No conditions", "The authors waived their rights: use it for anything."),
    "Unlicense": Verdict(0, "No conditions", "The authors waived their rights: use it for anything."),
    "0BSD": Verdict(0, "No conditions", "Use it for anything, without a notice."),
    **dict.fromkeys(["MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "MIT-0", "PSF-2.0"], PERMISSIVE),
    "Apache-2.0": Verdict(
        1, "Commercial use allowed", "Use, change and sell it; keep the notices, state your changes. Grants patents."
    ),
    "CC-BY-4.0": Verdict(2, "Commercial use allowed", "Use, change and sell it; name the authors and your changes."),
    **dict.fromkeys(["CC-BY-SA-4.0", "MPL-2.0", "LGPL-3.0-only", "GPL-2.0-only", "GPL-3.0-only"], SHARE_ALIKE),
    **dict.fromkeys(["GPL-2.0-or-later", "GPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later"], SHARE_ALIKE),
    **dict.fromkeys(["CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0"], NON_COMMERCIAL),
}


def verdict(expression: str) -> Verdict:
    """Give the strictest verdict among the licences that an SPDX expression names."""
    names = re.split(r"\s+(?:AND|OR|WITH)\s+|[()\s]+", expression)
    return max((LICENCES.get(name, UNKNOWN) for name in names if name), key=lambda v: v.level, default=UNKNOWN)


def size(count: int) -> str:
    """Write a number of bytes with three significant digits; 1 kB is 1,000 bytes."""
    unit, name = next(((u, n) for u, n in UNITS if count >= u), (1, "bytes"))
    return f"{count / unit:.3g} {name}" if count < 999.5 * unit else f"{count / unit:.0f} {name}"


def bucket(count: int) -> str:
    """Name the range of download sizes that a number of bytes lies in."""
    return next(name for limit, name in BUCKETS if count < limit)


def figure(value: float | None) -> str:
    """Write a deviation: `3.1e-7`, or `0.047` from a thousandth up; an absent one is a dash."""
    if value is None:
        return "–"
    return f"{value:.3g}" if value == 0 or value >= 1e-3 else f"{value:.1e}".replace("e-0", "e-")


def share(value: float | None) -> str:
    """Write a fraction 0..1 as a percentage; an absent one is a dash."""
    return "–" if value is None else f"{100 * value:.4g} %"


def metric_name(metric: str) -> str:
    """Give the title of a metric."""
    return METRICS.get(metric, (metric, ""))[0]


def metric_value(value: float | None, metric: str) -> str:
    """Write a metric's value in its own unit."""
    unit = METRICS.get(metric, (metric, ""))[1]
    if value is None or unit == "percent":
        return share(value)
    return f"{value:.4g} {unit}".rstrip()


def step(row: Mapping[str, Any]) -> str:
    """Say in words what a step of a card does; a step without words here is given by name and parameters."""
    words, defaults = STEPS.get(row["id"], ("", {}))
    try:
        return words.format_map({**defaults, **row["kwargs"]}) or _call(row)
    except (KeyError, ValueError, TypeError):
        return _call(row)


def _call(row: Mapping[str, Any]) -> str:
    return f"{row['id']} {', '.join(f'{k} = {v}' for k, v in row['kwargs'].items())}".strip()


def axis_size(axis: Mapping[str, Any]) -> str:
    """Write an axis' size: `8`, or `16…1024` and the step where it is not 1."""
    length = axis["size"]
    if isinstance(length, int):
        return str(length)
    step_text = f" in steps of {length['step']}" if length["step"] != 1 else ""
    return f"{length['min']}…{length['max']}{step_text}"


FILTERS = {
    "size": size,
    "bucket": bucket,
    "figure": figure,
    "share": share,
    "metric_name": metric_name,
    "metric_value": metric_value,
    "step": step,
    "axis_size": axis_size,
    "verdict": verdict,
}
