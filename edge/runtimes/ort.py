"""ONNX Runtime on the CPU, for `.onnx` and `.ort` files."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from edge.runtimes import Session, Tensors


def load(path: Path) -> Session:
    """Load a file with one thread and exact 8-bit products, so that numbers come out the same each time and everywhere.

    Without `x64quantprecision` processors without VNNI add pairs of products in 16 bits, which overflow.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 3  # errors; a warning about an unused initialiser concerns nobody here
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Tensors) -> Tensors:
        return dict(zip(names, session.run(names, inputs), strict=True))

    return run
