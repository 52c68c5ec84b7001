"""A model manifest of MLModelScope: its file with an MD5, one input with preprocessing, and the layers it reads.

Source: https://github.com/rai-project/dlframework, framework/predictor/image_predictor.go for what the parameters mean:
dimensions are [channels, height, width] whatever the layout, and a pixel becomes (pixel - mean) / scale.
"""

from __future__ import annotations

import re
from typing import Any

from catalog.importing.draft import OTHER_FORMAT, Draft, only
from catalog.importing.metadata import Value, parse_yaml
from catalog.names import listed

TASKS = {
    "classification": "image-classification",
    "boundingbox": "object-detection",
    "semanticsegment": "image-segmentation",
    "enhancement": "image-to-image",
}
DTYPES = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool")
AXES = {"CHW": ("channel", "y", "x"), "HWC": ("y", "x", "channel")}
LAYOUTS = {"CHW": "nchw", "HWC": "nhwc"}
VERSION = re.compile(r"\d+(\.\d+){0,2}")
FIGURES = re.compile(r"(?i)top-?[15]|map|accuracy|psnr|miou|iou")
STATED = ("dimensions", "color_mode", "layout", "mean", "scale")  # what the steps are made of
CLAIM = (
    "The steps are what MLModelScope's manifest states, and a claim until it has run: try them on pictures with known"
    " answers."
)


def draft(text: str, choice: str | None) -> Draft:
    """Draft a card of a manifest; the steps of an image are those it states, marked as claims."""
    manifest = parse_yaml(text)
    made = Draft(only(manifest.need("name"), choice))
    made.card["name"] = made.name
    made.put("version", _version(manifest.get("version").text()))
    made.put_description(manifest.get("description").prose())
    made.put_license(manifest.get("license").text(), "the manifest")
    inputs, outputs = _side(manifest, "input"), _side(manifest, "output")
    kind = outputs[0].get("type").text() if outputs else ""
    is_image = bool(inputs) and inputs[0].get("type").text() == "image"
    made.put_task(TASKS.get(kind) if is_image else None, kind)
    _weights(made, manifest.need("framework"), manifest.need("model"))
    made.put("inputs", [_input(made, f"inputs[{index}]", value) for index, value in enumerate(inputs)])
    layers = [(output, layer) for output in outputs for layer in _layers(output)]
    made.put("outputs", [_output(made, f"outputs[{index}]", *pair) for index, pair in enumerate(layers)])
    if layers:
        _labels(made, layers[0][0].get("parameters"))
    _references(made, manifest.get("references").texts())
    _attributes(made, manifest.get("attributes"))
    return made


def _side(manifest: Value, side: str) -> list[Value]:
    """Return the inputs or outputs, which manifests write as `output` or `outputs`, one or a list."""
    return (manifest.get(f"{side}s") or manifest.get(side)).one_or_more()


def _version(text: str) -> str:
    """Return 1.0 as 1.0.0, and what is no version as it is, for the check to say so."""
    return ".".join([*text.split("."), "0", "0"][:3]) if VERSION.fullmatch(text) else text


def _weights(made: Draft, framework: Value, model: Value) -> None:
    base, path = model.get("base_url").text(), model.need("graph_path").text()
    url = path if "://" in path or not base else f"{base.rstrip('/')}/{path}"
    made.put_source_format(path)
    if "source.format" in made.notes:
        about = f"{framework.get('name').text()} {framework.get('version').text()}".strip()
        made.notes["source.format"] = f"{path} is of {about}: {OTHER_FORMAT}"
    if model.get("is_archive").text().lower() == "true":
        made.notes["source.url"] = f"{path} is in the archive {base}: publish the file by itself"
    elif weights := model.get("weights_path").text():
        made.notes["source.url"] = f"{url} needs {weights} beside it: {OTHER_FORMAT}"
    else:
        made.card.setdefault("source", {}).update(made.address("source", "url", url))
    md5 = model.get("graph_checksum").text()
    checked = f"compare its MD5, {md5}, then " if md5 else ""
    made.notes["source.bytes"] = "the size of the file"
    made.notes["source.sha256"] = f"download the file, {checked}run sha256sum on it"


def _input(made: Draft, field: str, value: Value) -> dict[str, Any]:
    parameters = value.get("parameters")
    tensor = _tensor(made, field, value, parameters.get("input_layer") or parameters.get("layer_name"))
    if value.get("type").text() != "image":
        made.notes[f"{field}.axes"] = f"the manifest says {_said(parameters, ('dimensions', 'layout'))}"
        return tensor
    layout, sizes = parameters.get("layout").text(), [size.whole() for size in parameters.get("dimensions").items()]
    if layout in AXES and len(sizes) == len(AXES[layout]):
        by_name = dict(zip(AXES["CHW"], sizes, strict=True))
        tensor["axes"] = [{"name": "batch"}, *({"name": name, "size": by_name[name]} for name in AXES[layout])]
        made.notes[f"{field}.axes[0].size"] = "the manifest leaves the batch out of `dimensions`: read the model file"
    else:
        made.notes[f"{field}.axes"] = f"the manifest says {_said(parameters, ('dimensions', 'layout'))}"
    tensor["steps"] = _steps(parameters, sizes)
    made.comments["inputs"] = CLAIM
    made.notes[f"{field}.steps"] = f"claimed by the manifest: {_said(parameters, STATED)}; not how to crop or resample"
    return tensor


def _steps(parameters: Value, sizes: list[int]) -> list[dict[str, Any]]:
    """Return the steps that a manifest states for an image, each only if it does."""
    steps: list[dict[str, Any]] = [{"id": "decode_image"}]
    if mode := parameters.get("color_mode").text():
        steps.append({"id": "to_color_space", "kwargs": {"space": mode.lower()}})
    if len(sizes) == len(AXES["CHW"]):
        steps.append({"id": "resize", "kwargs": {"width": sizes[2], "height": sizes[1]}})
    if parameters.get("mean") or parameters.get("scale"):
        channels = sizes[0] if len(sizes) == len(AXES["CHW"]) else 3
        numbers = {
            "mean": _numbers(parameters.get("mean"), channels, 0),
            "std": _numbers(parameters.get("scale"), channels, 1),
        }
        steps.append({"id": "normalize", "kwargs": numbers})
    if layout := LAYOUTS.get(parameters.get("layout").text()):
        steps.append({"id": "to_layout", "kwargs": {"layout": layout}})
    return steps


def _numbers(value: Value, channels: int, otherwise: float) -> list[float]:
    """Return a number a channel; one number stands for all, and MLModelScope's own value for none."""
    if isinstance(value.value, list):
        return [item.number() for item in value.items()]
    return [value.number() if value else otherwise] * min(max(channels, 1), 4)


def _layers(output: Value) -> list[Value]:
    """Return the layers that an output is read from, such as `boxes_layer`."""
    parameters = output.get("parameters")
    return [parameters.get(key) for key in parameters.names() if key.endswith("_layer") or key == "layer_name"]


def _output(made: Draft, field: str, output: Value, layer: Value) -> dict[str, Any]:
    parameters = output.get("parameters")
    made.notes[f"{field}.axes"] = "a manifest has no shape of outputs: read the model file"
    if transform := parameters.get("probabilities_transform").text():
        made.notes[f"{field}.steps"] = f"the manifest says probabilities_transform: {transform}"
    return _tensor(made, field, output, layer)


def _labels(made: Draft, parameters: Value) -> None:
    """Note where the names of the classes are, which the manifest gives once for all layers of an output."""
    if url := parameters.get("features_url").text():
        checksum = parameters.get("features_checksum").text()
        about = f", whose MD5 should be {checksum}" if checksum else ""
        made.notes["outputs[0].labels"] = f"the names in {url}{about}, at the output that counts classes"


def _tensor(made: Draft, field: str, value: Value, layer: Value) -> dict[str, Any]:
    """Return name, type and description; a layer that is a number is a place in the file, not a name."""
    tensor: dict[str, Any] = {}
    name, dtype = layer.text(), value.get("parameters").get("element_type").text()
    if name and not name.isdigit():
        tensor["id"] = name
    else:
        made.notes[f"{field}.id"] = f"the manifest says {name or 'nothing'}: read the model file"
    if dtype in DTYPES:
        tensor["dtype"] = dtype
    else:
        made.notes[f"{field}.dtype"] = f"the manifest says {dtype or 'nothing'}: read the model file"
    if described := value.get("description").text():
        tensor["description"] = described
    return tensor


def _said(parameters: Value, keys: tuple[str, ...]) -> str:
    """Return what a manifest says of some parameters, and which it leaves out."""
    told = [f"{key} {_shown(parameters.get(key))}" for key in keys if parameters.get(key)]
    left = [key for key in keys if not parameters.get(key)]
    return "; ".join([", ".join(told) or "nothing", *([f"nothing of {listed(left)}"] if left and told else [])])


def _shown(value: Value) -> str:
    return ", ".join(value.texts()) if isinstance(value.value, list) else value.text()


def _references(made: Draft, references: list[str]) -> None:
    if references:
        told = " ".join(references)
        made.notes["provenance"] = f"the manifest refers to {told}"
        made.notes["cite"] = f"the manifest refers to {told}"


def _attributes(made: Draft, attributes: Value) -> None:
    """Take over the data it was trained on; note the figures, which the build believes only when measured."""
    if name := attributes.get("training_dataset").text():
        made.card["datasets"] = [{"name": name, "role": "training"}]
    figures = [f"{key} {attributes.get(key).text()}" for key in attributes.names() if FIGURES.fullmatch(key)]
    if figures:
        made.notes["evaluation"] = f"claimed, and to be measured before the card says it: {', '.join(figures)}"
