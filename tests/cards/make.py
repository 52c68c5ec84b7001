"""Writes the small files beside the valid cards, and the invalid cards out of the valid ones.

Run it from the root of the repository after changing a card or a row of `faults.py`: `python -m tests.cards.make`.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, parser
from PIL import Image

from tests.cards.faults import FAULTS, restamp
from tests.golden.steps.cases import wavs

HERE = Path(__file__).parent
VALID, INVALID = HERE / "valid", HERE / "invalid"
GRAPHS = {
    "tiny-text": "g (float[1,8] values) => (float[1,2] logits) { logits = MatMul (values, w) }",
    "tiny-file": (
        "g (int32[1,8] bytes) => (float[1,2] scores)"
        " { middle = Constant <value_float = 128.0> () f = Cast <to = 1> (bytes)"
        "   d = Sub (f, middle) scores = MatMul (d, w) }"
    ),
    "tiny-image": "g (float[1,1,4,4] image) => (float[1,2] scores) { f = Flatten (image) scores = MatMul (f, w) }",
    "tiny-opacity": "g (float[1,1,4,4] image) => (float[1,1,4,4] opacity) { opacity = Relu (image) }",
    "tiny-upscale": (
        "g (float[1,3,y,x] image) => (float[1,3,yy,xx] larger)"
        " { four = Concat <axis = 1> (image, image, image, image)"
        '   larger = DepthToSpace <blocksize = 2, mode = "DCR"> (four) }'
    ),
    "tiny-table": "g (float[1,2] row) => (float[1,2] logits) { logits = MatMul (row, w) }",
    "tiny-sound": (
        "g (float[1,80] chunk, float[2,1] before) => (float[1,1] loud, float[2,1] now)"
        " { sizes = Abs (chunk) most = ReduceMax <axes = [1]> (sizes) now = Concat <axis = 0> (most, most)"
        "   both = Concat <axis = 0> (before, most) loud = ReduceMax <axes = [0]> (both) }"
    ),
}
WEIGHTS = {
    "tiny-text": np.stack([np.ones(8), -np.ones(8)], axis=1) / 8,
    "tiny-file": np.stack([-np.ones(8), np.ones(8)], axis=1) / 1024,
    "tiny-image": np.stack([-np.ones(16), np.ones(16)], axis=1) / 16,
    "tiny-table": np.array([[-1.0, 1.0], [0.5, -0.5]]),
}
STEPS = wavs.wav(bytes([128] * 160 + [227] * 160 + [128] * 80), bits=8, rate=1000)  # loud from 0.16 to 0.32 s
HIGH = bytes(range(248, 256))  # no text in UTF-8
QUIET = wavs.wav(bytes([137] * 80), bits=8, rate=1000)
LINES = {
    "tiny-text/evaluation.jsonl": [{"input": "words", "expected": "letters"}, {"input": "1234", "expected": "digits"}],
    "tiny-text/calibration.jsonl": [{"input": "other"}, {"input": "987"}],
    "tiny-sound/evaluation.jsonl": [
        {"input": "samples/steps.wav", "expected": [{"start": 0.2, "end": 0.5, "label": "loud"}]}
    ],
    "tiny-sound/calibration.jsonl": [{"input": "data:audio/wav;base64," + base64.b64encode(QUIET).decode()}],
    "tiny-file/evaluation.jsonl": [
        {"input": "samples/high.bin", "expected": "high"},
        {"input": "data:application/octet-stream;base64,AAEC", "expected": "low"},
    ],
    "tiny-file/calibration.jsonl": [{"input": "data:application/octet-stream;base64,AwQF"}],
    "tiny-image/evaluation.jsonl": [{"input": "samples/dark.png", "expected": "dark"}],
}


def main() -> None:
    """Write every file that is not written by hand."""
    for name in GRAPHS:
        write_model(VALID / name)
    for path in (VALID / "tiny-image" / "samples" / "dark.png", VALID / "tiny-upscale" / "dark.png"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png())
    (VALID / "tiny-sound" / "samples" / "steps.wav").write_bytes(STEPS)
    (VALID / "tiny-file" / "samples" / "high.bin").write_bytes(HIGH)
    (VALID / "tiny-image" / "labels.txt").write_text("dark\nlight\n", "utf-8")
    for name, rows in LINES.items():
        (VALID / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    write_invalid()


def write_model(folder: Path) -> None:
    """Write `model.onnx`, and its digest and size into the card."""
    graph = parser.parse_graph(GRAPHS[folder.name])
    if folder.name in WEIGHTS:
        graph.initializer.append(numpy_helper.from_array(WEIGHTS[folder.name].astype(np.float32), "w"))
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    restamp(folder)


def png() -> bytes:
    """Return a grey square of 4 by 4 pixels."""
    file = io.BytesIO()
    Image.new("L", (4, 4), 40).save(file, "PNG", optimize=True)
    return file.getvalue()


def write_invalid() -> None:
    """Write one folder a row of `FAULTS`: the card it starts from, with one thing made wrong."""
    shutil.rmtree(INVALID, ignore_errors=True)
    for name, (base, *edits) in FAULTS.items():
        folder = INVALID / name / base
        shutil.copytree(VALID / base, folder)
        for edit in edits:
            edit(folder)


if __name__ == "__main__":
    main()
