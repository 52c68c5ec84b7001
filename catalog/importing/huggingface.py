"""A model's README.md of Hugging Face: the YAML between its first two lines of `---`, and its first heading.

Source: https://huggingface.co/docs/hub/model-cards
"""

from __future__ import annotations

import re

from catalog.importing.draft import Draft, slug
from catalog.importing.metadata import MetadataError, Value, parse_yaml
from catalog.names import listed, shown

HUB = "https://huggingface.co/"
FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^# +(.+?) *#*\r?$", re.MULTILINE)
REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
CODE = re.compile(r"[a-z]{2,3}")
TASKS = {"image-feature-extraction": "feature-extraction"}  # where another name is ours
ANY_FEATURES = "feature-extraction"  # there of texts too
MOST_FIGURES = 12


def draft(text: str, choice: str | None) -> Draft:
    """Draft a card of a README; `choice` is the repository, `owner/name`, which the README itself does not name."""
    found = FRONT_MATTER.match(text)
    if found is None:
        expected, cure = "YAML between two lines of `---` at the top", "take the README.md of the model's repository"
        raise MetadataError("file", expected=expected, got=shown(text.strip()[:40]), cure=cure)
    metadata = parse_yaml(found[1])
    made = Draft(_name(metadata, text[found.end() :], choice))
    made.card["name"] = made.name
    made.put("tags", list(dict.fromkeys(filter(None, map(slug, _tags(metadata))))))
    task = metadata.get("pipeline_tag").text()
    made.put_task(None if task == ANY_FEATURES else TASKS.get(task, task), task)
    if task == ANY_FEATURES:
        made.notes["pipeline_tag"] = f"the README says {task}, which may be of texts: here it takes images"
    _licence(made, metadata)
    _languages(made, metadata.get("language").texts())
    _provenance(made, metadata, choice)
    made.put("datasets", [_dataset(name) for name in metadata.get("datasets").texts()])
    _figures(made, metadata.get("model-index"))
    return made


def _name(metadata: Value, body: str, choice: str | None) -> str:
    """Return the model's name: of the repository, the model index, or the first heading."""
    if choice is not None and not REPOSITORY.fullmatch(choice):
        expected, cure = "a repository `owner/name`", "copy it from the address of the model's page"
        raise MetadataError("--model", expected=expected, got=shown(choice), cure=cure)
    indexed = [model.get("name").text() for model in metadata.get("model-index").items()]
    headings = [" ".join(heading.split()) for heading in HEADING.findall(body)]
    names = [name.rpartition("/")[2] for name in (choice or "", *indexed) if name and ".." not in name]
    if not (names or headings):
        cure = "give the model's repository with --model owner/name"
        raise MetadataError("file", expected="a heading, or a name in `model-index`", got="neither", cure=cure)
    return (names or headings)[0]


def _tags(metadata: Value) -> list[str]:
    """Return the tags and the library, without those of the form `region:us`, which machines write."""
    return [tag for tag in (*metadata.get("library_name").texts(), *metadata.get("tags").texts()) if ":" not in tag]


def _licence(made: Draft, metadata: Value) -> None:
    texts = metadata.get("license").texts()
    if texts == ["other"]:
        texts = metadata.get("license_name").texts() or texts
    if len(texts) > 1:
        made.notes["license"] = f"the README says {listed(texts)}: join them with AND or OR, as the page means it"
        return
    made.put_license("".join(texts), "the README")
    link = metadata.get("license_link").text()
    if link and "license" in made.notes:
        made.notes["license"] += f"; its text: {link}"


def _languages(made: Draft, texts: list[str]) -> None:
    codes = [text.lower() for text in texts if CODE.fullmatch(text.lower())]
    others = [text for text in texts if not CODE.fullmatch(text.lower())]
    made.put("language", codes)
    if others:
        made.notes["language"] = f"the README says {listed(others)} too: write codes of languages"


def _provenance(made: Draft, metadata: Value, choice: str | None) -> None:
    bases = metadata.get("base_model").texts()
    page = f"{HUB}{choice}" if choice else ""
    made.put(
        "provenance", {**({"origin": page} if page else {}), **({"base_model": ", ".join(bases)} if bases else {})}
    )
    library = metadata.get("library_name").text()
    where = f"{page}/tree/main" if page else "the tab *Files* of the model's page"
    told = f"; the library is {library}, so export to ONNX may come first" if library not in ("", "onnx") else ""
    made.notes["source"] = f"{where} names the files, each with size and SHA-256{told}"
    for side in ("inputs", "outputs"):
        made.notes[side] = "a README has none: read the model file, for example with Netron"


def _dataset(name: str) -> dict[str, str]:
    is_repository = REPOSITORY.fullmatch(name) is not None
    return {"name": name, "role": "training", **({"url": f"{HUB}datasets/{name}"} if is_repository else {})}


def _figures(made: Draft, index: Value) -> None:
    """Note the figures: the build believes only what it measures."""
    told = [
        f"{metric.get('name').text() or metric.get('type').text()} {metric.get('value').text()}"
        f" on {result.get('dataset').get('name').text() or result.get('dataset').get('type').text()}"
        for model in index.items()
        for result in model.get("results").items()
        for metric in result.get("metrics").items()
    ]
    if told:
        shown_ones = "; ".join(told[:MOST_FIGURES]) + (f"; … ({len(told)} in all)" if told[MOST_FIGURES:] else "")
        made.notes["evaluation"] = f"claimed, and to be measured before the card says it: {shown_ones}"
