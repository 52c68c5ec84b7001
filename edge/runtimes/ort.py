"""ONNX Runtime on the CPU, for `.onnx` and `.ort` files."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from edge.runtimes import Session, Tensors


def options(threads: int = 1) -> onnxruntime.SessionOptions:
    """Return the settings of every session: exact 8-bit products, so that numbers come out the same everywhere.

    Without `x64quantprecision` processors without VNNI add pairs of products in 16 bits, which overflow.
    """
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = threads
    chosen.add_session_config_entry("session.x64quantprecision", "1")
    chosen.log_severity_level = 3  # errors; a warning about an unused initialiser concerns nobody here
    return chosen


def session(model: Path | bytes, chosen: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    """Return onnxruntime's own session on the CPU, of a file or its bytes."""
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, chosen, providers=["CPUExecutionProvider"])


def load(path: Path, *, threads: int = 1) -> Session:
    """Load a file; on one thread numbers come out the same each time."""
    loaded = session(path, options(threads))
    names = [output.name for output in loaded.get_outputs()]

    def run(inputs: Tensors) -> Tensors:
        return dict(zip(names, loaded.run(names, inputs), strict=True))

    return run
