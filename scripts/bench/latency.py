"""Times .tflite files of one model in LiteRT, one thread, in turns, and compares what they return with onnxruntime.

`python -m scripts.bench.latency MODEL.onnx NAME=FILE.tflite ...` prints one JSON object; it is a program of its own so
that a file that crashes LiteRT, or the memory of a large model, does not touch the benchmark.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter

SECONDS = 15.0  # for the timed turns of one model in one order
TURNS = 25  # at most
WARM_UP = 2


def load(path: Path, feed: Any) -> Interpreter:
    """Return an interpreter that holds `feed` ([N, C, H, W] float32), given as [N, H, W, C] where the file asks so."""
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    (detail,) = interpreter.get_input_details()
    fits = list(detail["shape"]) == list(feed.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(detail["index"], feed if fits else np.ascontiguousarray(feed.transpose(0, 2, 3, 1)))
    for _ in range(WARM_UP):
        interpreter.invoke()
    return interpreter


def cosine(interpreter: Interpreter, expected: Any) -> float:
    """Return the cosine between the output and `expected`, whichever of the two layouts the output has."""
    (detail,) = interpreter.get_output_details()
    got = interpreter.get_tensor(detail["index"])
    if got.shape != expected.shape and got.ndim == 4:
        got = got.transpose(0, 3, 1, 2)
    a, b = got.ravel().astype(np.float64), expected.ravel().astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def time_in_turns(interpreters: dict[str, Interpreter]) -> dict[str, dict[str, list[float]]]:
    """Return wall and processor milliseconds of every turn: A B C, A B C, … until the time is up."""
    times: dict[str, dict[str, list[float]]] = {name: {"wall_ms": [], "cpu_ms": []} for name in interpreters}
    end = time.perf_counter() + SECONDS
    for turn in range(TURNS):
        if turn >= 3 and time.perf_counter() > end:
            break
        for name, interpreter in interpreters.items():
            wall, cpu = time.perf_counter(), time.process_time()
            interpreter.invoke()
            times[name]["wall_ms"].append((time.perf_counter() - wall) * 1e3)
            times[name]["cpu_ms"].append((time.process_time() - cpu) * 1e3)
    return times


def load_all(files: dict[str, Path], feed: Any) -> tuple[dict[str, Interpreter], dict[str, str]]:
    """Return the interpreters of the files that LiteRT runs, and for the others why it does not."""
    loaded: dict[str, Interpreter] = {}
    errors: dict[str, str] = {}
    for name, path in files.items():
        try:
            loaded[name] = load(path, feed)
        except (RuntimeError, ValueError) as error:
            errors[name] = f"LiteRT: {error}"[:300]
    return loaded, errors


def main(source: Path, files: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Return for each name its times and cosine, or an `error`.

    Everything is done in both orders: of two copies of one file, the one loaded first takes up to 2 % longer.
    """
    session = ort.InferenceSession(source, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    feed = np.random.default_rng(0).standard_normal(given.shape, np.float32)
    expected = session.run(None, {given.name: feed})[0]
    report: dict[str, dict[str, Any]] = {name: {"wall_ms": [], "cpu_ms": []} for name in files}
    for order in (files, dict(reversed(files.items()))):
        loaded, errors = load_all(order, feed)
        report |= {name: {"error": why} for name, why in errors.items()}
        for name, times in time_in_turns(loaded).items():
            report[name]["cosine"] = cosine(loaded[name], expected)
            for key, values in times.items():
                report[name][key] += values
    return report


if __name__ == "__main__":
    pairs = (argument.split("=", 1) for argument in sys.argv[2:])
    print(json.dumps(main(Path(sys.argv[1]), {name: Path(file) for name, file in pairs})))
