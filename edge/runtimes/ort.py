"""ONNX Runtime on the CPU, for `.onnx` and `.ort` files."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from edge.runtimes import Session, Tensors


def load(path: Path) -> Session:
    """Load a file with one thread, whose sums come out in the same order each time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors; a warning about an unused initialiser concerns nobody here
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Tensors) -> Tensors:
        return dict(zip(names, session.run(names, inputs), strict=True))

    return run
