"""The manifest of the ONNX model zoo, ONNX_HUB_MANIFEST.json: a list of files, each with digest and signature.

Source: https://github.com/onnx/onnx/blob/main/docs/Hub.md, `onnx.hub` for the addresses of its files
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from catalog.context import FILE_NAME
from catalog.importing.draft import Draft, slug
from catalog.importing.metadata import CORRECT, MetadataError, Value, parse_json
from catalog.names import listed, near, shown

PAGES = "https://github.com/onnx/models/tree/main/"
BYTES = "https://media.githubusercontent.com/media/onnx/models/main/"  # files in Git LFS
DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}
TASKS = {  # tag → task; the others of the zoo's tags, such as "body analysis", stand for several
    "classification": "image-classification",
    "super resolution": "image-to-image",
    "style transfer": "image-to-image",
}


def draft(text: str, choice: str | None) -> Draft:
    """Draft a card of one entry, chosen by its name or its file; raise MetadataError when that is not one entry."""
    data = parse_json(text)
    entry = _choose(data.items() if isinstance(data.value, list) else [data], choice)
    made = Draft(entry.need("model").text())
    made.card["name"] = made.name
    tags = entry.need("metadata").get("tags").texts()
    made.put("tags", list(dict.fromkeys(filter(None, map(slug, tags)))))
    made.put_task(next((TASKS[tag] for tag in tags if tag in TASKS), None), ", ".join(tags))
    _weights(made, entry)
    ports = entry.get("metadata").get("io_ports")
    for side in ("inputs", "outputs"):
        tensors = [_tensor(made, f"{side}[{index}]", port) for index, port in enumerate(ports.get(side).items())]
        made.put(side, tensors)
        if tensors:
            made.notes[f"{side}[0].steps"] = "the manifest has none: the model's page may; check them by running"
        else:
            made.notes[side] = "the manifest has none for this file: read the model file, for example with Netron"
    made.notes["license"] = "the manifest names none: read it on the model's page"
    return made


def _choose(entries: Sequence[Value], choice: str | None) -> Value:
    """Return the entry of that name, file name or path; the only one if there is no choice to make."""
    files = {_path(entry): entry for entry in entries}
    wanted = (choice or "").casefold()
    found = [
        entry
        for path, entry in files.items()
        if choice is None
        or wanted in (entry.need("model").text().casefold(), path.name.casefold(), str(path).casefold())
    ]
    if len(found) == 1:
        return found[0]
    if not entries:
        raise MetadataError("file", expected="an entry of a model", got="an empty list", cure=CORRECT)
    names = [entry.need("model").text() for entry in found or entries]
    if len(set(names)) > 1 or not found:
        known = list(dict.fromkeys(names))
        offered = near(choice, known) if choice else known
        got, cure = shown(choice), f"give one with --model, such as {listed(offered or known)}"
        raise MetadataError("--model", expected=f"one of {len(known)} models", got=got, cure=cure)
    variants = [f"{_path(entry).name} (opset {entry.get('opset_version').text()})" for entry in found]
    expected, cure = "one file", f"give the file's name with --model: {listed(variants)}"
    raise MetadataError("--model", expected=expected, got=f"{len(found)} files of `{names[0]}`", cure=cure)


def _path(entry: Value) -> PurePosixPath:
    """Return the path of an entry's file in the zoo's repository; raise MetadataError when it leads elsewhere."""
    value = entry.need("model_path")
    if not FILE_NAME.fullmatch(value.text()):
        raise MetadataError(value.where, expected="a path in the zoo", got=shown(value.text()), cure=CORRECT)
    return PurePosixPath(value.text())


def _weights(made: Draft, entry: Value) -> None:
    path, metadata = _path(entry), entry.need("metadata")
    made.card["provenance"] = {"origin": f"{PAGES}{path.parent.parent}"}
    made.put_source_format(path.name)
    made.card.setdefault("source", {})["url"] = f"{BYTES}{path}"
    made.card["source"]["bytes"] = metadata.need("model_bytes").whole()
    made.card["source"]["sha256"] = metadata.need("model_sha").text()
    made.notes["source.url"] = "the manifest names no commit: write one instead of `main`, which may change"


def _tensor(made: Draft, field: str, port: Value) -> dict[str, object]:
    """Return a tensor with the sizes of its axes; the manifest has no names for them."""
    kind, sizes = port.need("type").text(), port.get("shape").items()
    if kind not in DTYPES:
        made.notes[f"{field}.dtype"] = f"the manifest says `{kind}`, which no card can say"
    told = ", ".join(size.text() or "?" for size in sizes)
    ranges = "" if all(isinstance(size.value, int) for size in sizes) else ", and give a range where no number stands"
    made.notes[f"{field}.axes"] = f"the manifest has the shape [{told}]: name each axis{ranges}"
    axes = [{"size": size.whole()} if isinstance(size.value, int) else {} for size in sizes]
    known = {"dtype": DTYPES[kind]} if kind in DTYPES else {}
    return {"id": port.need("name").text(), **known, "axes": axes}
