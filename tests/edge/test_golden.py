from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import onnx
from onnx import parser

from catalog.card import Sample, Tensor
from edge import golden

MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
shift (uint8[1,4] letters, uint8 by) => (uint8[1,4] out) { out = Add (letters, by) }
"""
ROW = [{"name": "batch", "size": 1}, {"name": "token", "size": 4}]


def test_a_single_number_stays_one(tmp_path: Path):
    """An input without axes, such as a sample rate, is kept without axes: runtimes refuse a row of one for it."""
    rows = [
        {"id": "letters", "dtype": "uint8", "axes": ROW, "steps": [{"id": "encode_bytes", "kwargs": {"length": 4}}]},
        {"id": "by", "dtype": "uint8", "axes": []}
        | {"steps": [{"id": "constant", "kwargs": {"value": 1, "dtype": "uint8"}}]},
    ]
    card = SimpleNamespace(
        inputs=[Tensor.model_validate(row) for row in rows],
        outputs=[Tensor.model_validate({"id": "out", "dtype": "uint8", "axes": ROW})],
        samples=[Sample(title="A word", text="HAL", license="CC0-1.0")],
        result=[],
    )
    onnx.save(parser.parse_model(MODEL), tmp_path / "shift.onnx")
    golden.write(card, tmp_path, tmp_path / "shift.onnx", tmp_path)  # type: ignore[arg-type]
    [kept] = golden.read(tmp_path)
    assert {name: value.shape for name, value in kept.inputs.items()} == {"letters": (1, 4), "by": ()}
    assert bytes(kept.outputs["out"][0]) == b"IBM\x01"
