"""What a catalog's file gives: a card of what its metadata says, and notes on what it does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, get_args

from catalog import vocab
from catalog.card import Slug
from catalog.importing.metadata import MetadataError, Value
from catalog.licenses import is_respelled, known_ids, named
from catalog.names import advise, listed, shown

LONGEST_SUMMARY = 160
SLUG, LONGEST_SLUG = re.compile(get_args(Slug)[1].pattern), get_args(Slug)[1].max_length
FORMATS = {  # ending of a file's name → `source.format`
    ".onnx": "onnx",
    ".tflite": "tflite",
    ".h5": "keras",
    ".keras": "keras",
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".pth.tar": "pytorch",
}
OTHER_FORMAT = "export it to ONNX first"


@dataclass
class Draft:
    """A card's fields as the metadata gives them, for `catalog.importing.card` to complete and write."""

    name: str
    card: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # field → what the metadata says of it, or where to look
    comments: dict[str, str] = field(default_factory=dict)  # key of the card → what stands above it in the file

    def put(self, key: str, value: Any) -> None:
        """Set a field if the metadata says anything."""
        if value not in (None, "", [], {}):
            self.card[key] = value

    def put_license(self, text: str, where: str) -> None:
        """Set the licence in SPDX's spelling, or note what the metadata says."""
        if not text:
            self.notes["license"] = f"{where} names none: read it on the model's page"
            return
        expression = named(text)
        if expression is None:
            otherwise = "no licence of SPDX's list bears that name: read it on the model's page"
            self.notes["license"] = f"{where} says `{text}`: {advise(text, known_ids(), otherwise)}"
            return
        self.card["license"] = expression
        if not is_respelled(text, expression):
            self.notes["license"] = f"{where} says `{text}`, which SPDX reads as `{expression}`: confirm it"

    def put_task(self, task: str | None, said: str) -> None:
        """Set the task if it is one of Edgewise's, or note what the metadata says."""
        if task in vocab.tasks():
            self.card["pipeline_tag"] = task
        else:
            advice = advise(said, vocab.tasks(), f"choose one of {listed(vocab.tasks())}")
            self.notes["pipeline_tag"] = f"{said or 'nothing is said of the task'}: {advice}"

    def put_description(self, text: str) -> None:
        """Set the summary, or where the text is too long for one, the description."""
        line = " ".join(text.split())
        if len(line) <= LONGEST_SUMMARY:
            self.put("summary", line)
        else:
            self.card["description"] = text
            self.notes["summary"] = "say in one sentence what `description` says"

    def address(self, field: str, key: str, url: str) -> dict[str, str]:
        """Return an address as a part of a mapping of the card; note one without https at `field`, and leave it out."""
        if url.startswith("http://"):
            self.notes[f"{field}.{key}"] = f"the metadata says {url}: give an address that answers over https"
        return {key: url} if url and not url.startswith("http://") else {}

    def put_source_format(self, file_name: str) -> None:
        """Set the weights' format by the ending of their file, or note that it is none of Edgewise's."""
        ending = next((ending for ending in FORMATS if file_name.lower().endswith(ending)), None)
        if ending:
            self.card.setdefault("source", {})["format"] = FORMATS[ending]
        elif file_name:
            self.notes["source.format"] = f"the metadata says `{file_name}`, which is none of these: {OTHER_FORMAT}"


def slug(text: str) -> str:
    """Return text as a name of lower-case letters, digits, `-` and `.`, of at most 64 characters; it may be empty."""
    plain = re.sub(r"[^a-z0-9.]+", "-", text.casefold())
    return re.sub(r"[-.]*-[-.]*|\.{2,}", "-", plain)[:LONGEST_SLUG].strip("-.")


def is_slug(text: str) -> bool:
    """Say whether a text can be a card's id."""
    return SLUG.fullmatch(text) is not None and len(text) <= LONGEST_SLUG


def folder_name(name: str) -> str:
    """Return the card's id made of a model's name; raise MetadataError for a name that none can be made of."""
    made = "" if re.search(r"[/\\]|\.\.", name) else slug(name)
    if not is_slug(made):
        expected, cure = "a name with letters or digits, and no path", "give the card's folder with -o"
        raise MetadataError("name", expected=expected, got=shown(name), cure=cure)
    return made


def only(name: Value, choice: str | None) -> str:
    """Return the name of the one model that a file describes; raise MetadataError when another is asked for."""
    found = name.text()
    if choice is not None and choice.casefold() != found.casefold():
        expected, cure = f"`{found}`, the one model in the file", "leave --model out"
        raise MetadataError("--model", expected=expected, got=shown(choice), cure=cure)
    return found
