"""What the training scripts share: fixed seeds, a clean ONNX file, and the small files beside a card."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
import yaml
from onnx import numpy_helper, parser
from PIL import Image
from torch import Tensor, nn

from catalog import vocab
from catalog.card import Card
from edge.evaluate import Accuracy, evaluate
from edge.runtimes import RUNTIMES

MODELS = Path(__file__).resolve().parents[2] / "catalog" / "models"
OPSET = 17
IR_VERSION = 8  # the one that ONNX 1.12 introduced together with opset 17


def seed(value: int) -> np.random.Generator:
    """Fix every source of chance; one thread, since the number of threads decides the order of additions."""
    random.seed(value)
    torch.manual_seed(value)
    torch.use_deterministic_algorithms(mode=True)
    torch.set_num_threads(1)
    return np.random.default_rng(value)


def fit(
    net: nn.Module,
    batches: Iterable[tuple[Tensor, ...]],
    loss: Callable[..., Tensor],
    *,
    steps: int,
    learning_rate: float,
) -> None:
    """Take a step of AdamW for each of `steps` batches, at a rate that rises over the first tenth and then falls to 0.

    `loss` maps the tensors of a batch to what shall become small. `net` is left as it will be used, in evaluation mode.
    """
    optimizer = torch.optim.AdamW(net.parameters(), learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=0.1)
    for step, batch in enumerate(batches):
        optimizer.zero_grad()
        error = loss(*batch)
        error.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}: {error.item():.3f}", flush=True)
    net.eval()


def save_onnx(path: Path, graph: str, weights: Mapping[str, torch.Tensor | npt.NDArray[np.generic]]) -> str:
    """Write one checked ONNX file and return its SHA-256.

    `graph` is a graph in ONNX's textual syntax, such as
    `mlp (float[1,4] row) => (float[1,3] logits) { logits = Gemm <transB = 1> (row, w, b) }`;
    `weights` holds the constants it names. Nothing of the machine or of torch gets into the file.
    Source of the syntax: https://github.com/onnx/onnx/blob/main/docs/Syntax.md
    """
    parsed = parser.parse_graph(graph)
    arrays = {name: np.ascontiguousarray(np.asarray(value)) for name, value in weights.items()}
    parsed.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())
    model = onnx.helper.make_model(
        parsed, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="edgewise"
    )
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def write_jsonl(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write one JSON object a line, UTF-8."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode `[H, W] or [H, W, 3] uint8` as PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()


def data_uri(image: bytes, kind: str = "png") -> str:
    """Return an encoded picture as a `data:` address."""
    return f"data:image/{kind};base64," + base64.b64encode(image).decode("ascii")


def read_card(name: str) -> Card:
    """Read the card whose files are being made."""
    return Card.model_validate(yaml.safe_load((MODELS / name / "card.yaml").read_text("utf-8")))


def measure(card: Card) -> list[Accuracy]:
    """Measure the card's figures on its `model.onnx` in onnxruntime, end to end, as the build will."""
    folder, task = MODELS / card.id, vocab.tasks()[card.pipeline_tag]
    session = RUNTIMES["onnxruntime"].load(folder / "model.onnx")
    return [evaluate(card, folder, claim, task, session, is_source=True) for claim in card.evaluation]
