"""The invalid cards: `<expected code>--<what is wrong>` → the valid card it starts from, and what is done to it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx

Edit = Callable[[Path], object]


def text(old: str, new: str) -> Edit:
    """Replace what stands once in the card."""

    def edit(folder: Path) -> None:
        path = folder / "card.yaml"
        before = path.read_text("utf-8")
        if before.count(old) != 1:
            raise ValueError(f"{path}: expected {old!r} once, got it {before.count(old)} times")
        path.write_text(before.replace(old, new), "utf-8")

    return edit


def start(new: str) -> Edit:
    """Put text before the card."""
    return lambda folder: (folder / "card.yaml").write_text(new + (folder / "card.yaml").read_text("utf-8"), "utf-8")


def end(new: bytes) -> Edit:
    """Put bytes after the card."""
    return lambda folder: (folder / "card.yaml").write_bytes((folder / "card.yaml").read_bytes() + new)


def whole(new: str) -> Edit:
    """Replace the card."""
    return lambda folder: (folder / "card.yaml").write_text(new, "utf-8")


def file(name: str, data: bytes) -> Edit:
    """Replace a file beside the card."""
    return lambda folder: (folder / name).write_bytes(data)


def line(name: str, row: object) -> Edit:
    """Add a line to a JSON Lines file."""
    return lambda folder: (folder / name).write_text(
        (folder / name).read_text("utf-8") + json.dumps(row) + "\n", "utf-8"
    )


def restamp(folder: Path) -> None:
    """Write the model's digest and size into the card."""
    data, card = (folder / "model.onnx").read_bytes(), folder / "card.yaml"
    text = re.sub(r"sha256: [^\s}]+", f"sha256: {hashlib.sha256(data).hexdigest()}", card.read_text("utf-8"))
    card.write_text(re.sub(r"(?m)^  bytes: \S+$", f"  bytes: {len(data)}", text), "utf-8")


def zero_digest(folder: Path) -> None:
    """Write a digest into the card that no file has."""
    card = folder / "card.yaml"
    card.write_text(re.sub(r"sha256: [^\s}]+", f"sha256: {'f' * 64}", card.read_text("utf-8")), "utf-8")


def add_input(folder: Path) -> None:
    """Give the model a second input."""
    model = onnx.load(folder / "model.onnx")
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, [1, 8]))
    onnx.save(model, folder / "model.onnx")


def link_outside(folder: Path) -> None:
    """Replace the model by a link to the same file of the valid card."""
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").symlink_to("../../../valid/tiny-text/model.onnx")


def rename(folder: Path) -> None:
    """Give the folder another name."""
    shutil.move(folder, folder.with_name("another"))


BOMB = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n"
DRAFT, TEXT, IMAGE, UPSCALE, TABLE = "tiny-draft", "tiny-text", "tiny-image", "tiny-upscale", "tiny-table"
FILE, SOUND = "tiny-file", "tiny-sound"
TASK = "pipeline_tag: text-classification"
SHA = "sha256: 00a1b2c3d4e5f60718293a4b5c6d7e8f00a1b2c3d4e5f60718293a4b5c6d7e8f\n"
CLASSES = "axes: [{name: batch, size: 1}, {name: class, size: 2}]"
LABELS = "labels: [letters, digits]"
LIMIT = "It reads the first eight bytes only."
DATE = "date: 2026-01-31"
CITE = 'cite:\n  - {text: "A. Author. Letters or digits. 2026.", doi: 10.1234/letters}\n'

FAULTS: dict[str, tuple[str, *tuple[Edit, ...]]] = {
    # not YAML, or YAML that readers disagree on
    "yaml-syntax--unclosed-list": (DRAFT, text("[letters, digits]", "[letters, digits")),
    "yaml-syntax--colon-in-plain-text": (DRAFT, text("name: Tiny draft", "name: Tiny: draft")),
    "yaml-syntax--escape-outside-unicode": (DRAFT, text("Tiny draft", r'"\U99999999"')),
    "tab--indentation": (DRAFT, text("  format: onnx", "\tformat: onnx")),
    "tab--at-the-end": (DRAFT, text("status: draft\n", "status: draft\t\n")),
    "duplicate-key--license": (DRAFT, text("license: MIT\n", "license: MIT\nlicense: Apache-2.0\n")),
    "duplicate-key--in-a-step": (DRAFT, text("{k: 2}", "{k: 2, k: 3}")),
    "yaml-alias--bomb": (
        DRAFT,
        text("limitations:", "config:\n  " + BOMB.replace("\n", "\n  ").rstrip() + "\nlimitations:"),
    ),
    "yaml-tag--python-object": (DRAFT, text("name: Tiny draft", "name: !!python/object/apply:os.system [id]")),
    "several-documents--two": (DRAFT, end(b"---\nid: second\n")),
    "not-utf8--latin-1": (DRAFT, end(b"description: caf\xe9\n")),
    "not-a-mapping--list": (DRAFT, whole("- schema_version: 1\n")),
    "empty-card--comment-only": (DRAFT, whole("# nothing yet\n")),
    "too-deep--brackets": (DRAFT, end(b"config: {a: " + b"[" * 40 + b"]" * 40 + b"}\n")),
    "key-not-text--list-as-key": (DRAFT, end(b"config:\n  ? [a, b]\n  : 1\n")),
    "not-finite--nan": (DRAFT, text("{length: 8}", "{length: .nan}")),
    "not-finite--overflow": (DRAFT, end(b"config: {large: 1e999}\n")),
    "ambiguous-scalar--yes": (DRAFT, end(b"config: {fast: yes}\n")),
    "ambiguous-scalar--norway": (DRAFT, end(b"language: [no]\n")),
    "ambiguous-scalar--octal": (DRAFT, text("bytes: 1234", "bytes: 0755")),
    "control-character--escaped": (DRAFT, text("Tiny draft", r'"Tiny\u0007draft"')),
    "control-character--raw": (DRAFT, text("Tiny draft", "Tiny\x07draft")),
    "control-character--right-to-left": (DRAFT, text("Tiny draft", r'"Tiny \u202Etfard"')),
    "control-character--lone-surrogate": (DRAFT, text("Tiny draft", r'"Tiny \uD800"')),
    # the card's types
    "missing-key--schema-version": (DRAFT, text("schema_version: 1\n", "")),
    "missing-key--authors": (DRAFT, text("authors: [{name: A. Author}]\n", "")),
    "missing-key--url-without-sha256": (DRAFT, text("  " + SHA, "")),
    "unknown-key--near-name": (DRAFT, text("summary: ", "sumary: "), end(b"summary: Twice.\n")),
    "unknown-key--in-an-axis": (DRAFT, text("{name: token, size: 8}", "{name: token, size: 8, sise: 8}")),
    "unknown-key--in-a-range": (
        UPSCALE,
        text("{min: 2, step: 2, max: 1024}}\n      - {name: x", "{min: 2, steps: 2, max: 1024}}\n      - {name: x"),
    ),
    "wrong-type--name-is-a-number": (DRAFT, text("name: Tiny draft", "name: 12")),
    "wrong-type--quoted-date": (DRAFT, text(DATE, 'date: "2026-01-31"')),
    "wrong-type--no-such-day": (DRAFT, text(DATE, "date: 2026-02-30")),
    "wrong-type--one-author-not-in-a-list": (DRAFT, text("[{name: A. Author}]", "{name: A. Author}")),
    "wrong-type--size-in-quotes": (DRAFT, text("size: 8", 'size: "8"')),
    "not-one-of--dtype": (DRAFT, text("dtype: uint8", "dtype: unit8")),
    "not-one-of--status-in-capitals": (DRAFT, text("status: draft", "status: Draft")),
    "not-one-of--axis-name": (DRAFT, text("name: token", "name: tokens")),
    "not-one-of--precision": (DRAFT, end(b"edge: {precisions: [int8]}\n")),
    "not-one-of--format": (DRAFT, text("format: onnx", "format: onxx")),
    "not-one-of--schema-version": (DRAFT, text("schema_version: 1", "schema_version: 2")),
    "not-a-version--two-parts": (DRAFT, text("version: 0.1.0", 'version: "0.1"')),
    "not-a-sha256--short": (DRAFT, text(SHA, "sha256: 00a1b2\n")),
    "not-a-sha256--capitals": (DRAFT, text(SHA, SHA[:8] + SHA[8:].upper())),
    "not-a-url--javascript": (DRAFT, text("url: https://example.org/model.onnx", 'url: "javascript:alert(1)"')),
    "not-a-slug--spaces": (DRAFT, end(b"tags: [Two Words]\n")),
    "path-leaves-folder--dots": (TEXT, text("file: model.onnx", "file: ../tiny-text/model.onnx")),
    "path-leaves-folder--absolute": (TEXT, text("file: evaluation.jsonl", "file: /etc/passwd")),
    "path-leaves-folder--backslash": (IMAGE, text("labels: labels.txt", r"labels: ..\labels.txt")),
    "out-of-range--negative-tolerance": (TEXT, text("absolute_tolerance: 1e-5", "absolute_tolerance: -1")),
    "too-long--summary": (DRAFT, text("weights lie elsewhere", "weights lie " + "far, " * 40 + "elsewhere")),
    "too-short--no-authors": (UPSCALE, text("authors: [{name: A. Author}]", "authors: []")),
    # across the card
    "id-disagrees--folder": (DRAFT, rename),
    "date-in-future--year-9000": (DRAFT, text(DATE, "date: 9000-01-31")),
    "task-unknown--capitals": (DRAFT, text(TASK, "pipeline_tag: Text-Classification")),
    "task-unknown--near-name": (DRAFT, text(TASK, "pipeline_tag: text-clasification")),
    "license-unknown--typing-error": (DRAFT, text("license: MIT", "license: MTI")),
    "license-unknown--of-a-sample": (
        TEXT,
        text("expected: letters, license: CC0-1.0", "expected: letters, license: CC-0"),
    ),
    "license-syntax--trailing-and": (DRAFT, text("license: MIT", "license: MIT AND")),
    "license-spelling--lower-case": (DRAFT, text("license: MIT", "license: mit or apache-2.0")),
    "license-spelling--deprecated": (DRAFT, text("license: MIT", "license: GPL-2.0")),
    "license-note-missing--own-licence": (DRAFT, text("license: MIT", "license: LicenseRef-mine")),
    "licenses-contradict--weights": (TEXT, text("{weights: MIT,", "{weights: CC-BY-NC-4.0,")),
    "step-unknown--near-name": (DRAFT, text("id: softmax", "id: soft_max")),
    "step-unknown--capitals": (DRAFT, text("id: softmax", "id: Softmax")),
    "step-wrong-side--softmax-on-input": (DRAFT, text("{id: encode_bytes, kwargs: {length: 8}}", "{id: softmax}")),
    "step-kwarg-unknown--near-name": (TEXT, text("length: 8, pad", "length: 8, pads")),
    "step-kwarg-missing--length": (DRAFT, text("kwargs: {length: 8}", "kwargs: {}")),
    "step-kwarg-invalid--text-for-integer": (DRAFT, text("length: 8", "length: eight")),
    "step-kwarg-invalid--true-for-integer": (DRAFT, text("length: 8", "length: true")),
    "step-kwarg-invalid--choice": (IMAGE, text("filter: box", "filter: boxy")),
    "step-kwarg-invalid--too-small": (IMAGE, text("std: [0.25]", "std: [0]")),
    "step-kwarg-invalid--columns": (TABLE, text("min: 0, max: 60", "min: 60, max: 0")),
    "step-width--means": (TABLE, text("mean: [10, 5.0]", "mean: [10, 5.0, 1]")),
    "label-count--three-for-two": (TEXT, text(LABELS, "labels: [letters, digits, signs]")),
    "label-count--no-class-axis": (DRAFT, text("name: class", "name: index")),
    "label-repeated--twice": (DRAFT, text(LABELS, "labels: [letters, letters]")),
    "tolerance-missing--int8": (TEXT, text("[fp16]", "[fp16, w8a8]")),
    "data-overlap--sample": (TEXT, line("calibration.jsonl", {"input": "catalogs"})),
    "missing-to-publish--cite": (TEXT, text(CITE, "")),
    "missing-to-publish--labels": (
        TEXT,
        text(LABELS, "description: No labels."),
        text(", expected: letters", ""),
        text(", expected: digits", ""),
    ),
    "sample-kind--text-for-image": (IMAGE, text("file: samples/dark.png", "text: dark")),
    "sample-kind--text-for-file": (FILE, text("file: samples/high.bin", "text: high")),
    "sample-ambiguous--both": (TEXT, text("text: catalogs,", "text: catalogs, file: evaluation.jsonl,")),
    "sample-columns--typing-error": (TABLE, text("wind: 1.5", "wint: 1.5")),
    "expected-not-a-label--sample": (TEXT, text("expected: letters", "expected: letter")),
    "expected-not-a-label--evaluation-line": (TEXT, line("evaluation.jsonl", {"input": "a", "expected": "letter"})),
    "line-invalid--no-json": (TEXT, file("calibration.jsonl", b"{input: words}\n")),
    "line-invalid--image-outside": (IMAGE, line("evaluation.jsonl", {"input": "../card.png", "expected": "dark"})),
    "line-invalid--sound-outside": (SOUND, line("evaluation.jsonl", {"input": "../card.wav", "expected": []})),
    "line-invalid--file-outside": (FILE, line("evaluation.jsonl", {"input": "../card.bin", "expected": "low"})),
    "data-overlap--a-file": (FILE, line("calibration.jsonl", {"input": "samples/high.bin"})),
    "data-overlap--a-sound": (SOUND, line("calibration.jsonl", {"input": "samples/steps.wav"})),
    "state-unknown--typing-error": (SOUND, text("state_of: now", "state_of: new")),
    "state-disagrees--size": (SOUND, text("state_of: now", "state_of: loud")),
    "state-with-steps--stream": (SOUND, text("state_of: now", "state_of: now\n    stream: true")),
    "data-overlap--calibration": (TEXT, line("calibration.jsonl", {"input": "1234"})),
    "metric-disagrees--psnr-of-classes": (TEXT, text("metric: accuracy", "metric: psnr")),
    "metric-range--per-cent": (TEXT, text("value: 1.0", "value: 98.5")),
    "tolerance-wide--half": (TEXT, text("tolerance: 0.01, dataset", "tolerance: 0.5, dataset")),
    "tolerance-repeated--fp32": (TEXT, text("precision: fp16", "precision: fp32"), text("[fp16]", "[]")),
    "dataset-unknown--other-name": (TEXT, text('dataset: "Ten words, all"', "dataset: Eleven words")),
    "html-in-prose--script": (DRAFT, text(LIMIT, "It runs <script>alert(1)</script>.")),
    "html-in-prose--image": (DRAFT, text(LIMIT, "See <img src=x onerror=alert(1)>.")),
    "link-scheme--javascript": (DRAFT, text(LIMIT, '"See [this](javascript:alert(1))."')),
    "link-scheme--hidden-by-an-entity": (DRAFT, text(LIMIT, '"See [this](java&#115;cript:alert(1))."')),
    "link-scheme--data": (DRAFT, text(LIMIT, '"[a]: data:text/html,hello"')),
    # files
    "file-missing--near-name": (TEXT, text("file: evaluation.jsonl", "file: evaluations.jsonl")),
    "file-missing--script": (
        TEXT,
        text("{origin: this repository,", "{origin: this repository, script: scripts/none.py,"),
    ),
    "file-empty--sample": (IMAGE, file("samples/dark.png", b"")),
    "path-leaves-folder--symbolic-link": (TEXT, link_outside),
    "source-ambiguous--file-and-url": (
        TEXT,
        text("file: model.onnx", "file: model.onnx\n  url: https://example.org/m.onnx"),
    ),
    "bytes-missing--url": (DRAFT, text("  bytes: 1234\n", "")),
    "sha256-disagrees--other-file": (TABLE, zero_digest),
    "bytes-disagree--other-size": (TEXT, text("  bytes: ", "  bytes: 1")),
    "model-unreadable--corrupt": (TEXT, file("model.onnx", b"\x08\x08no ONNX at all"), restamp),
    "axes-disagree--size": (TEXT, text("{name: token, size: 8}", "{name: token, size: 9}")),
    "axes-disagree--rank": (TEXT, text("[{name: batch, size: 1}, {name: token, size: 8}]", "[{name: token, size: 8}]")),
    "axes-disagree--fixed-for-dynamic": (UPSCALE, text("{name: y, size: {min: 1, max: 512}}", "{name: y, size: 512}")),
    "dtype-disagrees--uint8": (TEXT, text("id: values\n    dtype: float32", "id: values\n    dtype: uint8")),
    "tensor-unknown--typing-error": (TEXT, text("id: logits", "id: logit")),
    "tensor-missing--second-input": (TEXT, add_input, restamp),
    "size-range--max-below-min": (
        UPSCALE,
        text("{name: y, size: {min: 1, max: 512}}", "{name: y, size: {min: 9, max: 5}}"),
    ),
}
