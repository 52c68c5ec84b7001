"""TensorFlow SavedModel → ONNX graph, by tf2onnx. Needs the extra `tensorflow`, 2 GB.

A SavedModel is a program: TensorFlow may read and write files for it, so read only what you trust. It runs in a process
of its own, which ends with its memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import onnx_ir as ir

from converters import graph
from converters.errors import ConversionError, Refusal, in_file
from converters.importing.extras import need
from converters.importing.net import OPSET

EXTRA = "tensorflow"
SIGNATURE = "serving_default"
LONGEST = 1800  # seconds


def load(path: Path) -> ir.Model:
    """Return the model of a folder with `saved_model.pb`: its signature `serving_default`, under the names it gives.

    Raises `ConversionError` for a folder that is none, or where TensorFlow is not installed; `Refusal` for what
    TensorFlow or tf2onnx cannot read.
    """
    with in_file(path):
        if not (path / "saved_model.pb").is_file():
            raise ConversionError("path", "it is no folder with a saved_model.pb", "name the folder of the SavedModel")
        need(EXTRA, "tensorflow", "tf2onnx")
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "model.onnx")
            _convert(path.resolve(), target)
            return ir.from_proto(ir.to_proto(graph.load(target)))  # the folder goes, so the weights come into memory


def _convert(source: Path, target: Path) -> None:
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", source, "--output", target, "--opset", OPSET]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, and paths as arguments
            [*map(str, command), "--tag", "serve", "--signature_def", SIGNATURE],
            check=False, capture_output=True, text=True, errors="replace", timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        why = f"TensorFlow had not read it after {LONGEST} seconds"
        raise Refusal("model", "saved_model.pb", why, "use a smaller model") from error
    if done.returncode or not target.is_file():
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        why = f"tf2onnx cannot translate its signature {SIGNATURE!r} ({last})"
        raise Refusal("model", "saved_model.pb", why, "export it with this signature, from operators that ONNX has")
