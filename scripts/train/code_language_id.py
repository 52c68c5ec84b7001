"""Trains the classifier of `catalog/models/code-language-id` again: `python -m scripts.train.code_language_id`.

Reads the projects of `code_corpus.py`, draws windows of them at random (`code_windows.py`), and trains a small network
on bytes; two laptop cores need about ten minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and
`SOURCES.md` into the card's folder and prints the metrics.

No layer before the maximum has a bias and byte 0 embeds to zeros, so padding gives zeros throughout and, after ReLU,
never wins the maximum: a text has the same logits however many zeros follow it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from catalog.card import Step
from edge.steps import run_steps
from scripts.train.code_corpus import LANGUAGES, SourceFile, read_corpus
from scripts.train.code_windows import LONGEST, Sampler, Window, disguised, random_length
from scripts.train.common import MODELS, measure, read_card, save_onnx, seed, write_jsonl

NAME = "code-language-id"
FOLDER = MODELS / NAME
SPLITS = ("train", "validation", "test")
LABELS = sorted(LANGUAGES, key=str.lower)
STEPS, BATCH, LEARNING_RATE = 5000, 128, 4e-3
EVALUATED, TESTED, CALIBRATED = 20, 200, 3  # windows of each language
REACH = 15  # bytes that a position of the last convolution sees on either side of its own
SEED = 11
GRAPH = f"""
code_language_id (uint8[1,{LONGEST}] bytes) => (float[1,{len(LABELS)}] logits) {{
  index = Cast <to = 6> (bytes)
  embedded = Gather (embedding, index)
  image = Reshape (embedded, image_shape)
  channels_first = Transpose <perm = [0,3,1,2]> (image)
  conv0 = Conv <pads = [0,3,0,3], strides = [1,2]> (channels_first, conv0_weight)
  relu0 = Relu (conv0)
  conv1 = Conv <pads = [0,2,0,2], strides = [1,2]> (relu0, conv1_weight)
  relu1 = Relu (conv1)
  conv2 = Conv <pads = [0,2,0,2], strides = [1,2]> (relu1, conv2_weight)
  relu2 = Relu (conv2)
  largest = GlobalMaxPool (relu2)
  features = Flatten (largest)
  logits = Gemm (features, dense_weight, dense_bias)
}}
"""  # an embedding is laid out as one row of an image, channels last, which the mobile formats keep


def build() -> nn.ModuleDict:
    """Make the network's layers with their first weights."""
    shapes = {"conv0": (24, 64, 7), "conv1": (64, 64, 5), "conv2": (64, 160, 5)}
    layers: dict[str, nn.Module] = {
        name: nn.Conv1d(before, after, width, stride=2, padding=width // 2, bias=False)
        for name, (before, after, width) in shapes.items()
    }
    for convolution in layers.values():
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    embedding, dense = nn.Embedding(256, 24, padding_idx=0), nn.Linear(160, len(LABELS))
    return nn.ModuleDict({"embedding": embedding, **layers, "dropout": nn.Dropout(0.1), "dense": dense})


def run(network: nn.ModuleDict, text: Tensor) -> Tensor:
    """From bytes `[N, L] uint8`, L a multiple of 8, to logits `[N, C]`."""
    x = network["embedding"](text.int()).transpose(1, 2)
    for name in ("conv0", "conv1", "conv2"):
        x = network[name](x).relu()
    return network["dense"](network["dropout"](x.amax(dim=2)))


def encoded(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Encode as the card's step does, `[N, L] uint8`, but with few zeros after the longest text."""
    rows = np.concatenate([run_steps([Step(id="encode_bytes", kwargs={"length": LONGEST})], text) for text in texts])
    seen = int(np.flatnonzero(rows.max(axis=0)).max()) + 1 + REACH
    return rows[:, : -(-seen // 8) * 8]


def batches(sampler: Sampler, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield windows of one length a batch, `[N, L] uint8`, and the index `[N] int64` of their language."""
    for _ in range(STEPS):
        length = random_length(rng)
        classes = rng.integers(len(LABELS), size=BATCH)
        texts = [disguised(sampler.draw(LABELS[label], length, rng).text, rng) for label in classes]
        yield torch.from_numpy(encoded(texts)), torch.from_numpy(classes)


def train(sampler: Sampler, rng: np.random.Generator) -> nn.ModuleDict:
    """Fit the network on random windows; the learning rate rises for a tenth of the steps, then falls to zero."""
    network = build()
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.1)
    for step, (texts, classes) in enumerate(batches(sampler, rng), 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(run(network, texts), classes, label_smoothing=0.05)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step} of {STEPS}: loss {loss.item():.3f}", flush=True)
    network.eval()
    return network


def export(network: nn.ModuleDict) -> str:
    """Write `model.onnx` and return its SHA-256; convolutions become two-dimensional, over rows of height 1."""
    state = network.state_dict()
    weights = {f"conv{i}_weight": state[f"conv{i}.weight"][:, :, None] for i in range(3)}
    weights["embedding"] = state["embedding.weight"]
    weights["image_shape"] = torch.tensor([1, 1, LONGEST, network["embedding"].embedding_dim])
    weights["dense_weight"], weights["dense_bias"] = state["dense.weight"].T, state["dense.bias"]
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def predict(network: nn.ModuleDict, windows: Iterable[Window]) -> list[str]:
    """Name the language of each window."""
    with torch.no_grad():
        logits = [run(network, torch.from_numpy(encoded([window.text])))[0] for window in windows]
    return [LABELS[int(row.argmax())] for row in logits]


def report(windows: Sequence[Window], predicted: Sequence[str]) -> None:
    """Print accuracy by length, recall by language and the commonest mistakes."""
    right = np.array([window.file.language == label for window, label in zip(windows, predicted, strict=True)])
    sizes = np.array([len(window.text.encode()) for window in windows])
    print(f"test split: {right.mean():.4f} of {len(right)} windows")
    for low, high in pairwise([0, 128, 256, 512, LONGEST + 1]):
        inside = (sizes >= low) & (sizes < high)
        print(f"  {low} to {high - 1} bytes: {right[inside].mean():.3f} of {inside.sum()}")
    for label in LABELS:
        mine = np.array([window.file.language == label for window in windows])
        print(f"  {label}: recall {right[mine].mean():.3f} of {mine.sum()}")
    pairs = zip((window.file.language for window in windows), predicted, strict=True)
    print("  taken for another:", Counter((a, b) for a, b in pairs if a != b).most_common(12))


def report_sizes(files: Iterable[SourceFile]) -> None:
    """Print how many projects and files of each language each split has."""
    projects: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for file in files:
        projects[file.language, file.package.split].append(file.package.project)
    for label in LABELS:
        found = [projects[label, split] for split in SPLITS]
        print(f"  {label}:", ", ".join(f"{len(set(names))} projects, {len(names)} files" for names in found))


def write_sources(parts: Mapping[str, Sequence[Window]]) -> None:
    """Write `SOURCES.md`: where each committed snippet comes from and its licence."""
    lines = [
        "# Where the snippets come from",
        "",
        "Each line of the two files is a piece of a file in a Debian package, under the licences that its package's",
        "`copyright` file gives for all of its upstream files; there the holders of the copyright are named, too.",
    ]
    for name, windows in parts.items():
        lines += [
            "",
            f"## {name}",
            "",
            "| line | language | package | version | file | licence |",
            "|---|---|---|---|---|---|",
        ]
        for number, window in enumerate(windows, 1):
            file = window.file
            cells = [str(number), file.language, file.package.package, file.package.version, file.path, file.license]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    (FOLDER / "SOURCES.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_examples(splits: Mapping[str, Sequence[SourceFile]]) -> None:
    """Write the committed snippets, all from projects whose licence is permissive."""
    rng = np.random.default_rng(SEED)
    free = {split: Sampler((file for file in files if file.license), LABELS) for split, files in splits.items()}
    evaluation, calibration = free["test"].fixed(EVALUATED, rng), free["train"].fixed(CALIBRATED, rng)
    rows = ({"input": window.text, "expected": window.file.language} for window in evaluation)
    write_jsonl(FOLDER / "evaluation.jsonl", rows)
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": window.text} for window in calibration))
    write_sources({"evaluation.jsonl": evaluation, "calibration.jsonl": calibration})


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng = seed(SEED)
    torch.set_num_threads(1)  # a network this small only waits for a second thread
    files = read_corpus()
    report_sizes(files)
    splits = {split: [file for file in files if file.package.split == split] for split in SPLITS}
    write_examples(splits)
    network = train(Sampler(splits["train"], LABELS), rng)
    print("model.onnx sha256", export(network))
    windows = Sampler(splits["test"], LABELS).fixed(TESTED, np.random.default_rng(SEED))
    report(windows, predict(network, windows))
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} committed snippets: {figure.value:.4f}, {figure.status}")


if __name__ == "__main__":
    main()
