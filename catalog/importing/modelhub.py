"""The config.json of a model of ModelHub.AI: what it is for, its publication, and what its server takes and gives.

Source: https://modelhub.readthedocs.io, "Contribute Your Model to Modelhub"
"""

from __future__ import annotations

import re

from catalog.importing.draft import Draft, only
from catalog.importing.metadata import Value, parse_json

TASKS = {"label_list": "image-classification", "mask_image": "image-segmentation"}  # type of the output → task
DOI = re.compile(r"10\.\d{4,9}/[^\s\"{},]+")
SIZES = ("channels", "height", "width")


def draft(text: str, choice: str | None) -> Draft:
    """Draft a card of a config; its limits are those of what the server takes, not sizes of the model's tensors."""
    config = parse_json(text)
    meta, model = config.need("meta"), config.need("model")
    made = Draft(only(meta.need("name"), choice))
    made.card["name"] = made.name
    made.put_description(model.get("description").prose())
    _task(made, meta, model.need("io"))
    made.notes["license"] = "the config names none: read the file contrib_src/license/model, two folders above it"
    made.put("provenance", made.address("provenance", "origin", model.get("provenance").text()))
    made.put_source_format(model.get("format").text())
    made.notes["source.url"] = "init/init.json of the model's repository may name them; or `source.file` with the file"
    made.notes["source.bytes"] = "the size of the file, beside an address"
    made.notes["inputs"] = (
        f"the server takes {_inputs(model.get('io').need('input'))}; read the tensors in the model file"
    )
    outputs = "; ".join(map(_output, model.get("io").need("output").items()))
    made.notes["outputs"] = f"the server gives {outputs}; read the tensors in the model file"
    _publication(made, config.get("publication"))
    if source := meta.get("data_source").text():
        made.notes["datasets"] = f"the config says {source}"
    return made


def _task(made: Draft, meta: Value, io: Value) -> None:
    said = ", ".join(filter(None, (meta.get("task").text(), meta.get("task_extended").text())))
    kinds = {output.get("type").text() for output in io.need("output").items()}
    takes_images = all(kind.startswith("image/") for kind in io.need("input").get("format").texts())
    known = [TASKS[kind] for kind in kinds if kind in TASKS]
    made.put_task(known[0] if takes_images and len(kinds) == len(known) == 1 else None, said)


def _inputs(value: Value) -> str:
    """Say what the server takes: one input, or several by name."""
    named = [key for key in value.names() if isinstance(value.value[key], dict)]
    parts = [f"`{name}`: {_limits(value.get(name))}" for name in named] or [_limits(value)]
    return "; ".join(parts)


def _limits(value: Value) -> str:
    limits = value.get("dim_limits").items()
    names = SIZES if len(limits) == len(SIZES) else ()
    told = [
        " ".join(filter(None, (name, *(f"{key} {limit.get(key).whole()}" for key in ("min", "max") if limit.get(key)))))
        for name, limit in zip(names or [""] * len(limits), limits, strict=True)
    ]
    return ", ".join([" or ".join(value.get("format").texts()), *told])


def _output(value: Value) -> str:
    described = value.get("description").text()
    return f"`{value.get('name').text()}` ({value.get('type').text()}{f': {described}' if described else ''})"


def _publication(made: Draft, publication: Value) -> None:
    """Cite the publication; who wrote it need not have made these weights."""
    title, authors = publication.get("title").text(), publication.get("authors").text()
    if not title:
        return
    venue = publication.get("source").text() or publication.get("journal").text()
    parts = (authors, title, ", ".join(filter(None, (venue, publication.get("year").text()))))
    url, doi = publication.get("url").text(), DOI.search(publication.get("bibtex").text())
    text = ". ".join(part.rstrip(".") for part in parts if part) + "."
    made.card["cite"] = [{"text": text, **({"doi": doi[0]} if doi else {}), **made.address("cite[0]", "url", url)}]
    if authors:
        made.notes["authors"] = f"the publication is by {authors}: name them if they made these weights"
