from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from converters.formats import FORMATS
from edge.runtimes import RUNTIMES
from tests.graphs import convnet

IMAGE = np.random.default_rng(1).random((1, 1, 8, 8), np.float32)
ROWS = [row for row in FORMATS.values() if row.name in {"onnx", "ort"}]


def write(folder: Path, row_name: str, model: ir.Model) -> Path:
    (ending, data), *_ = FORMATS[row_name].export(model, precision="fp32").files.items()
    path = folder / f"model{ending}"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_exported_file_gives_the_numbers_of_the_graph(row, tmp_path):
    """What is downloaded computes what the source computes."""
    source = tmp_path / "source.onnx"
    ir.save(convnet(), source)
    expected = RUNTIMES["onnxruntime"].load(source)({"image": IMAGE})["logits"]
    got = RUNTIMES["onnxruntime"].load(write(tmp_path, row.name, convnet()))({"image": IMAGE})["logits"]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("operator", ["Relu", "Sigmoid", "Softmax", "Tanh", "Exp", "Abs", "Softplus", "Elu"])
def test_an_ort_file_loads_whatever_operators_it_names(operator, tmp_path):
    """The runtime refuses a flatbuffer whose numbers are misaligned, which depends on the lengths of all names."""
    model = convnet()
    last = ir.node(operator, [model.graph.outputs[0]])
    model.graph.append(last)
    model.graph.outputs[0], last.outputs[0].name = last.outputs[0], "probabilities"
    last.outputs[0].shape, last.outputs[0].dtype = ir.Shape([1, 10]), ir.DataType.FLOAT
    outputs = RUNTIMES["onnxruntime"].load(write(tmp_path, "ort", model))({"image": IMAGE})
    assert outputs["probabilities"].shape == (1, 10)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_two_processes_write_the_same_bytes(row):
    """A second export elsewhere can be compared by its sha256."""
    code = (
        "import hashlib; from converters.formats import FORMATS; from tests.graphs import convnet;"
        f"files = FORMATS['{row.name}'].export(convnet(), precision='fp32').files;"
        "print([hashlib.sha256(data).hexdigest() for data in files.values()])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2", "3")
    ]
    assert len({run.stdout for run in runs}) == 1


def test_notes_that_exporters_leave_do_not_reach_the_file():
    """A file never tells the paths and names of the machine that made it."""
    model = convnet()
    model.producer_name = model.doc_string = "/home/somebody/train.py"
    for node in model.graph:
        node.doc_string = "/home/somebody/train.py"
        node.metadata_props["source"] = "/home/somebody/train.py"
    data = FORMATS["onnx"].export(model, precision="fp32").files[".onnx"]
    assert b"somebody" not in data
