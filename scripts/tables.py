"""A task's result as people read it: a row a finding, or all of it in a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """One row a kind of result; a line of text holds the first `told` cells of each finding."""

    columns: Cells
    rows: Callable[[Any], list[Cells]]
    told: int


def line(kind: str, result: Any) -> str:
    """Say a result in one line."""
    findings = FINDINGS[kind]
    return ", ".join(" ".join(filter(None, row[: findings.told])) for row in findings.rows(result)) or "nothing"


def table(kind: str, result: Any) -> str:
    """Lay a result out in columns under their names; scores and places are fractions."""
    rows = FINDINGS[kind].rows(result)
    if not rows:
        return "nothing"
    lines = [FINDINGS[kind].columns, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in lines)


def _each(*cells: Callable[[Mapping[str, Any]], str]) -> Callable[[Any], list[Cells]]:
    return lambda rows: [tuple(cell(row) for cell in cells) for row in rows]


def _label(row: Mapping[str, Any]) -> str:
    return str(row["label"])


def _fraction(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: "" if row[name] is None else f"{row[name]:.3f}"


def _seconds(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: f"{row[name]:.2f}"


def _side(place: int) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: f"{row['box'][place]:.3f}"


def _shares(mask: Mapping[str, Any]) -> list[Cells]:
    """Give the classes of a mask, the largest first."""
    classes: Any = mask["classes"]
    shares: Sequence[float] = np.bincount(classes.ravel(), minlength=len(mask["labels"])) / classes.size
    found = sorted(((share, label) for share, label in zip(shares, mask["labels"], strict=True) if share), reverse=True)
    return [(label, f"{100 * share:.1f} %") for share, label in found]


FINDINGS: Mapping[str, Findings] = {
    "classes": Findings(("label", "score"), _each(_label, _fraction("score")), 2),
    "detections": Findings(
        ("label", "score", "top", "left", "bottom", "right"),
        _each(_label, _fraction("score"), *map(_side, range(4))),
        2,
    ),
    "embedding": Findings(("embedding",), lambda vector: [(f"{np.size(vector)} numbers",)], 1),
    "image": Findings(("image",), lambda pixels: [(f"a picture of {pixels.shape[1]} × {pixels.shape[0]} pixels",)], 1),
    "keypoints": Findings(
        ("point", "x", "y", "score"), _each(_label, _fraction("x"), _fraction("y"), _fraction("score")), 3
    ),
    "mask": Findings(("class", "share"), _shares, 2),
    "numbers": Findings(
        ("name", "value", "unit"),
        _each(lambda row: row["name"], lambda row: f"{row['value']:.4g}", lambda row: row["unit"] or ""),
        3,
    ),
    "segments": Findings(
        ("label", "from (s)", "to (s)", "score"),
        _each(_label, _seconds("start"), _seconds("end"), _fraction("score")),
        3,
    ),
}
