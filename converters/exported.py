"""What every converter returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Exported:
    """The files of one artefact, by the ending that follows `<id>-<version>.<precision>`.

    A format of one file has one entry (`{".onnx": …}`); one of several files uses names with a folder
    (`{".tfjs/model.json": …, ".tfjs/weights.bin": …}`).
    """

    files: Mapping[str, bytes]

    def write(self, target: Path) -> list[Path]:
        """Write the one file as `target`, or several into the folder `target`; return what was written."""
        if len(self.files) == 1:
            return [_write(target, data) for data in self.files.values()]
        return [_write(target / Path(name).name, data) for name, data in self.files.items()]


def _write(path: Path, data: bytes) -> Path:
    """Write under another name, then rename, so that a file that is there is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(data)
    return unfinished.replace(path)
