"""What every converter returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Exported:
    """The files of one artefact, by the ending that follows `<id>-<version>.<precision>`.

    A format of one file has one entry (`{".onnx": …}`); one of several files uses names with a folder
    (`{".tfjs/model.json": …, ".tfjs/weights.bin": …}`).
    """

    files: Mapping[str, bytes]
