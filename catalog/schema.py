"""Says in plain words where a card's data departs from its types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from catalog.card import Card, Doi, FileName, LanguageCode, Semver, Sha256, Slug, Url
from catalog.document import Document, Where
from catalog.names import advise, listed, same_but_case, shown
from catalog.problem import Problem

QUOTES = "put it in quotes"
DATE = "write it as YYYY-MM-DD, without quotes"


@dataclass(frozen=True)
class Fault:
    """What one kind of pydantic error is called, and how it reads; `{name}` fields come from its context."""

    code: str
    expected: str
    cure: str


FAULTS = {
    "missing": Fault("missing-key", "the key `{key}`", "add it"),
    "string_type": Fault("wrong-type", "text", QUOTES),
    "string_unicode": Fault("control-character", "text without surrogates", "delete them"),
    "int_type": Fault("wrong-type", "a whole number", "write digits, without quotes"),
    "float_type": Fault("wrong-type", "a number", "write digits, without quotes"),
    "bool_type": Fault("wrong-type", "true or false", "use true or false, without quotes"),
    "list_type": Fault("wrong-type", "a list", "write one `- ` entry a line"),
    "dict_type": Fault("wrong-type", "a mapping of keys", "write `key: value` lines below it"),
    "model_type": Fault("wrong-type", "a mapping of keys", "write `key: value` lines below it"),
    "date_type": Fault("wrong-type", "a date", DATE),
    "literal_error": Fault("not-one-of", "{expected}", "choose one of these"),
    "string_too_long": Fault("too-long", "at most {max_length} characters", "shorten it"),
    "string_too_short": Fault("too-short", "some text", "write it, or delete the key"),
    "too_short": Fault("too-short", "at least {min_length} entry", "add one"),
    "too_long": Fault("too-long", "at most {max_length} entries", "delete some"),
    "greater_than": Fault("out-of-range", "a number above {gt}", "correct it"),
    "greater_than_equal": Fault("out-of-range", "a number of at least {ge}", "correct it"),
    "less_than": Fault("out-of-range", "a number below {lt}", "correct it"),
    "less_than_equal": Fault("out-of-range", "a number of at most {le}", "correct it"),
}
FILE_NAME = get_args(FileName)[1].pattern
SHA256_CURE = "run sha256sum on the file and copy its answer"
NOT_A_SHA256 = Fault("not-a-sha256", "64 lower-case hexadecimal digits", SHA256_CURE)
FORMS = {
    get_args(kind)[1].pattern: fault
    for kind, fault in (
        (Slug, Fault("not-a-slug", "a name of lower-case letters, digits, `-` and `.`", "write it like `digits-cnn`")),
        (Semver, Fault("not-a-version", "a version such as 1.0.0", "write three numbers")),
        (Sha256, NOT_A_SHA256),
        (Url, Fault("not-a-url", "an address that begins with https://", "link the page over https")),
        (Doi, Fault("not-a-doi", "a DOI such as 10.1234/name", "leave out what stands before `10.`")),
        (
            LanguageCode,
            Fault("not-a-language", "an ISO 639 code such as `en`", "write two or three lower-case letters"),
        ),
        (
            FileName,
            Fault("not-a-file-name", "a file name of letters, digits, `.`, `_`, `-` and `/`", "rename the file"),
        ),
    )
}
OUTSIDE = Fault("path-leaves-folder", "a path inside the card's folder", "copy the file into the card's folder")
OTHER_PATTERN = Fault("wrong-form", "text of the form {pattern}", "correct it")
OTHER = Fault("invalid-value", "{msg}", "correct it")


def check_schema(document: Document) -> list[Problem]:
    """Return a problem for each place where the data departs from the card's types."""
    try:
        Card.model_validate(document.data)
    except ValidationError as error:
        return list(_problems(document, error.errors(include_url=False)))
    return []


def _problems(document: Document, errors: Sequence[ErrorDetails]) -> Iterator[Problem]:
    """Join the errors of a union's branches at one place; of a place and one inside it, only the inner counts."""
    places: dict[Where, list[ErrorDetails]] = {}
    for error in errors:
        places.setdefault(_place(document.data, error), []).append(error)
    outer = {where[:length] for where in places for length in range(len(where))}
    for where, found in places.items():
        if where not in outer and not document.is_broken(where):
            yield _translate(document, where, found)


def _place(data: Any, error: ErrorDetails) -> Where:
    """Return the path of an error in the data, without the names of union branches that pydantic puts into it."""
    where: Where = ()
    for part in error["loc"]:
        is_key = isinstance(data, dict) and part in data
        if is_key or (isinstance(data, list) and isinstance(part, int)):
            where, data = (*where, part), data[part]
    missing = error["loc"][-1:] if error["type"] == "missing" else ()
    return where + missing


def _translate(document: Document, where: Where, errors: Sequence[ErrorDetails]) -> Problem:
    """Make one problem of the errors at one place."""
    special = SPECIAL.get(errors[0]["type"])
    if special and len(errors) == 1:
        return special(document, where, errors[0])
    rows = [(_fault(error), error) for error in errors]
    of_right_kind = [row for row in rows if row[0].code != "wrong-type"] or rows
    fault, error = of_right_kind[0]
    value = error["input"]
    return document.problem(
        where,
        fault.code,
        expected=" or ".join(dict.fromkeys(_expected(fault, error) for fault, error in of_right_kind)),
        got="nothing" if error["type"] == "missing" else shown(value),
        cure=fault.cure,
        replacement=value.lower() if fault is NOT_A_SHA256 and isinstance(value, str) and len(value) == 64 else None,
    )


def _fault(error: ErrorDetails) -> Fault:
    if error["type"] != "string_pattern_mismatch":
        return FAULTS.get(error["type"], OTHER)
    pattern, value = error["ctx"]["pattern"], str(error["input"])
    leaves = value.startswith(("/", "~")) or "\\" in value or ":" in value or ".." in value.split("/")
    return OUTSIDE if pattern == FILE_NAME and leaves else FORMS.get(pattern, OTHER_PATTERN)


def _expected(fault: Fault, error: ErrorDetails) -> str:
    return fault.expected.format(**error.get("ctx", {}), key=error["loc"][-1], msg=error["msg"])


def _unknown_key(document: Document, where: Where, _: ErrorDetails) -> Problem:
    known, key = _keys_at(where[:-1]), str(where[-1])
    cure = advise(key, known, "delete it, or move it under `config`")
    return document.problem(where, "unknown-key", expected=listed(known), got=f"`{key}`", cure=cure)


def _not_one_of(document: Document, where: Where, error: ErrorDetails) -> Problem:
    known, value = re.findall(r"'([^']*)'", error["ctx"]["expected"]), error["input"]
    return document.problem(
        where,
        "not-one-of",
        expected=listed(known) or error["ctx"]["expected"],
        got=shown(value),
        cure=advise(str(value), known, "choose one of these"),
        replacement=same_but_case(str(value), known),
    )


SPECIAL: dict[str, Callable[[Document, Where, ErrorDetails], Problem]] = {
    "extra_forbidden": _unknown_key,
    "literal_error": _not_one_of,
    "enum": _not_one_of,
}


def _keys_at(where: Where) -> list[str]:
    """Return the keys that the card's types know at a path."""
    models: list[type[BaseModel]] = [Card]
    for part in where:
        if isinstance(part, str):
            fields = [model.model_fields[part] for model in models if part in model.model_fields]
            models = [model for field in fields for model in _models_in(field.annotation)]
    return [name for model in models for name in model.model_fields]


def meaning(where: Where) -> str:
    """Return what the card's types say about the field at a path such as `("inputs", 0, "axes")`; empty if nothing."""
    models: list[type[BaseModel]] = [Card]
    told = ""
    for part in (part for part in where if isinstance(part, str)):
        found = [model.model_fields[part] for model in models if part in model.model_fields]
        told = (found[0].description or "") if found else ""
        models = [model for field in found for model in _models_in(field.annotation)]
    return told


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation such as `list[Axis] | None` mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
