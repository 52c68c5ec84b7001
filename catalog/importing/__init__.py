"""Drafts of cards from other catalogs' metadata: a file a catalog, each with the same function, and a row here."""

from __future__ import annotations

from collections.abc import Callable

from catalog.importing import huggingface, mlmodelscope, modelhub, onnx_hub
from catalog.importing.draft import Draft
from catalog.importing.metadata import MetadataError
from catalog.names import advise, listed, shown

CATALOGS: dict[str, Callable[[str, str | None], Draft]] = {
    "onnx-hub": onnx_hub.draft,
    "huggingface": huggingface.draft,
    "modelhub": modelhub.draft,
    "mlmodelscope": mlmodelscope.draft,
}


def draft(catalog: str, text: str, choice: str | None) -> Draft:
    """Draft a card from the text of a catalog's file; `choice` names one model where a file has several.

    Raises MetadataError when the text is no such file; it says so when the file is one of another catalog here.
    """
    if catalog not in CATALOGS:
        cure = advise(catalog, CATALOGS, "name one of these")
        raise MetadataError("catalog", expected=listed(CATALOGS), got=shown(catalog), cure=cure)
    try:
        return CATALOGS[catalog](text, choice)
    except MetadataError as error:
        is_choice = error.where == "--model"
        others = [] if is_choice else [other for other in CATALOGS if other != catalog and _reads(other, text)]
        if others:
            error.cure = f"it is a file of {listed(others)}: name that catalog instead"
        raise


def _reads(catalog: str, text: str) -> bool:
    try:
        CATALOGS[catalog](text, None)
    except MetadataError as error:
        return error.where == "--model"  # a file of several models
    return True
