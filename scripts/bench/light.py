"""`python -m scripts.bench.light`: how close the light models stay to onnxruntime in every precision of TFLite.

The nine graphs that ship with onnx, random weights, ten random images. Figures go to `build/bench/light.json`; the
last column asks onnxruntime the same of the 8-bit graph that `w8a8` was made from: what it loses, the recipe loses.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer

from tests.conformance.light import NAMES, converted, cosine, expected, image, light_model, quantized

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
KEPT = Path(__file__).parent / "results" / "light.json"
Logits = list[Any]  # one `[1000]` float32 an image


def measure(name: str, seed: int, inputs: int) -> dict[str, Any]:
    """Return the figures of one model with the weights of one seed."""
    model, images = light_model(name, seed), [image(number) for number in range(inputs)]
    want = expected(model, images)
    eight_bits = quantized(model)
    got = {precision: converted(model, precision, images) for precision in ("fp32", "fp16", "int8_dynamic")}
    got["w8a8"] = converted(eight_bits, "w8a8", images)
    got["w8a8 in onnxruntime"] = expected(eight_bits, images)
    rows = {key: _compare(want, logits) for key, logits in got.items()}
    return {"model": name, "seed": seed, "inputs": inputs, "margin": _margin(want), "precisions": rows}


def _compare(want: Logits, got: Logits) -> dict[str, Any]:
    """Return the worst cosine, the largest error relative to the largest logit, and how often the winner is the same.

    `noise` is the median error of a logit relative to the spread of an image's logits, to hold against `margin`.
    """
    pairs = list(zip(want, got, strict=True))
    return {
        "cosine": round(min(cosine(w, g) for w, g in pairs), 7),
        "error": float(f"{max(np.abs(w - g).max() / np.abs(w).max() for w, g in pairs):.3g}"),
        "noise": round(median(float((w - g).std() / w.std()) for w, g in pairs), 5),
        "top1": sum(int(w.argmax() == g.argmax()) for w, g in pairs),
    }


def _margin(want: Logits) -> float:
    """Return the median lead of the best logit over the second best, relative to the spread of the logits."""
    best = [np.sort(w)[-2:] for w in want]
    return round(median(float((b[1] - b[0]) / w.std()) for b, w in zip(best, want, strict=True)), 4)


def line(row: dict[str, Any]) -> str:
    """Return one line a precision: model, seed, margin, precision, cosine, error, noise, winners kept."""
    start = f"{row['model']:13} seed {row['seed']}  margin {row['margin']:.3f}  "
    return "\n".join(
        f"{start}{name:20} cosine {r['cosine']:.6f}  error {r['error']:.1e}  noise {r['noise']:.4f}"
        f"  top-1 {r['top1']}/{row['inputs']}"
        for name, r in row["precisions"].items()
    )


def main(
    models: Annotated[str, typer.Option(help="Names, with commas.")] = ",".join(NAMES),
    seeds: Annotated[int, typer.Option(min=1, help="Draws of weights: 0, 1, …")] = 1,
    inputs: Annotated[int, typer.Option(min=1, help="Random images.")] = 10,
    write: Annotated[bool, typer.Option(help=f"Also write {KEPT.relative_to(ROOT)}.")] = False,
) -> None:
    """Measure, print a table, and write `build/bench/light.json`."""
    rows = []
    for name in models.split(","):
        for seed in range(seeds):
            rows.append(measure(name, seed, inputs))
            typer.echo(line(rows[-1]))
    BUILD.mkdir(parents=True, exist_ok=True)
    for path in [BUILD / "light.json", *([KEPT] if write else [])]:
        path.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
