"""LiteRT on the CPU, for `.tflite` files: the runtime of phones, in Python."""

from __future__ import annotations

from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from edge.runtimes import Session, Tensors


def load(path: Path, *, threads: int = 1) -> Session:
    """Load a file; inputs of other sizes than the last ones are allocated anew."""
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    if not interpreter.get_signature_list():
        return _by_tensors(interpreter)
    runner = interpreter.get_signature_runner()

    def run(inputs: Tensors) -> Tensors:
        return dict(runner(**inputs))

    return run


def _by_tensors(interpreter: Interpreter) -> Session:
    """Run a file without a signature, as older converters wrote them: tensors go by the names in the graph."""
    inputs = {row["name"]: row["index"] for row in interpreter.get_input_details()}
    outputs = {row["name"]: row["index"] for row in interpreter.get_output_details()}

    def run(given: Tensors) -> Tensors:
        for name, value in given.items():
            interpreter.resize_tensor_input(inputs[name], value.shape)
        interpreter.allocate_tensors()
        for name, value in given.items():
            interpreter.set_tensor(inputs[name], value)
        interpreter.invoke()
        return {name: interpreter.get_tensor(index) for name, index in outputs.items()}

    return run
