"""LiteRT on the CPU, for `.tflite` files: the runtime of phones, in Python."""

from __future__ import annotations

from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from edge.runtimes import Session, Tensors


def load(path: Path) -> Session:
    """Load a file with one thread; inputs of other sizes than the last ones are allocated anew."""
    runner = Interpreter(model_path=str(path), num_threads=1).get_signature_runner()

    def run(inputs: Tensors) -> Tensors:
        return dict(runner(**inputs))

    return run
