"""Checks cards: every problem of a card, of the files it names, and between cards, at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from catalog.card import Card
from catalog.context import Context, is_inside
from catalog.document import Document
from catalog.loader import load as load_document
from catalog.problem import Problem
from catalog.rules import RULES
from catalog.schema import check_schema

NAME = "card.yaml"


class CardError(ValueError):
    """A card that cannot be used, with all its problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def check(folder: Path) -> list[Problem]:
    """Return all problems of the card in a folder, in the order of its lines; none when it is right."""
    return _check(folder)[1]


def load(folder: Path) -> Card:
    """Return the card in a folder; raise CardError with all problems when there is one."""
    document, problems = _check(folder)
    if problems:
        raise CardError(problems)
    return Card.model_validate(document.data)


def check_all(paths: Iterable[Path]) -> list[Problem]:
    """Return the problems of all cards at `paths`, which are card folders, card files or folders of card folders."""
    folders = find_cards(paths)
    checked = [_check(folder) for folder in folders]
    problems = [problem for _, found in checked for problem in found]
    return problems + _same_ids([document for document, _ in checked])


def find_cards(paths: Iterable[Path]) -> list[Path]:
    """Return the card folders at `paths`, each once; a folder that holds no card at all counts as a card's own."""
    found = [folder for path in paths for folder in _folders(path)]
    return list({folder.resolve(): folder for folder in found}.values())


def _folders(path: Path) -> list[Path]:
    if path.name == NAME:
        return [path.parent]
    if (path / NAME).exists():
        return [path]
    return card_folders(path) or [path]


def card_folders(catalog: Path) -> list[Path]:
    """Return the folders in `catalog` that hold a card, by name."""
    return sorted(card.parent for card in catalog.glob(f"*/{NAME}"))


def _check(folder: Path) -> tuple[Document, list[Problem]]:
    path = folder / NAME
    if not is_inside(path, folder) or not path.is_file():
        cure = f"add it, or name a folder that holds one; `{NAME}` is no link out of the folder"
        return Document(str(path)), [Problem(str(path), 0, "card", "a card", "no such file", cure, "card-missing")]
    document = load_document(path)
    if document.data is None:
        return document, document.problems
    context = Context(folder, document)
    ruled = [problem for rule in RULES for problem in rule(context)]
    problems = document.problems + check_schema(document) + ruled
    return document, sorted(problems, key=lambda problem: (problem.file != document.file, problem.line))


def _same_ids(documents: Sequence[Document]) -> list[Problem]:
    """Report each card whose id an earlier card has."""
    seen: dict[str, str] = {}
    problems = []
    for document in documents:
        card_id = document.data.get("id") if document.data else None
        if isinstance(card_id, str) and seen.setdefault(card_id, document.file) != document.file:
            cure, got = "choose another id for one of them", f"`{card_id}`, which {seen[card_id]} has too"
            expected = "an id that no other card has"
            problems.append(document.problem(("id",), "id-taken", expected=expected, got=got, cure=cure))
    return problems
