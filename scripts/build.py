"""The order of a build: cards, models, stage, site. Nothing is published unless everything passed."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.card import Card
from catalog.check import card_folders, check_all, load
from catalog.problem import Problem
from catalog.source import SourceError, UnreachableError
from catalog.vocab import tasks
from edge.runtimes.browser import BROWSER
from scripts import model_build, plan, stage, vendor
from scripts.cache import ROOT, Cache, file_digest, only_build, point, tree_digest
from scripts.report import parity

CATALOG = ROOT / "catalog" / "models"
UNBUILT = "unbuilt"  # the status of a card whose weights a build takes where they are, and never downloads
SHELL = ("mkdocs", "mkdocs-material", "jinja2", "markdown", "nh3", "pymdown-extensions")


class BuildError(Exception):
    """What stops a build: problems in cards, or rows that did not pass."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True)
class Report:
    """What a build did."""

    site: Path
    models: list[dict[str, Any]]  # as in `api/v1/models/<id>.json`
    steps_made: int  # the others were found finished

    @property
    def unbuilt(self) -> dict[str, str]:
        """Models whose weights could not be had though their cards do not expect that, and why."""
        missing = [model for model in self.models if model["unbuilt"] and model["card"]["status"] != UNBUILT]
        return {model["card"]["id"]: model["unbuilt"] for model in missing}

    @property
    def checks(self) -> list[dict[str, Any]]:
        """The rows of what was built, each an artefact in a runtime."""
        return [row for model in self.models if not model["unbuilt"] for row in parity(model)]

    @property
    def not_run(self) -> list[dict[str, Any]]:
        """Those of them that were not run, for want of a runtime."""
        return [row for row in self.checks if row["status"] == "not run"]


Cards = Sequence[tuple[Card, Path]]  # each with its folder


def build(
    out: Path, cards: Cards, progress: Callable[[str], None] = lambda _: None, *, offline: bool = False
) -> Report:
    """Build `cards` into `out/site`, which changes in one step and only when every row passed.

    A model whose weights cannot be had is shown with the results committed beside its card. `progress` is called as
    each of the `count_steps(cards)` steps begins; `offline` forbids the network.
    """
    with only_build(out), closing(BROWSER):
        cache = Cache(out / "cache")
        models = [_model(card, folder, cache, progress, offline) for card, folder in cards]
        reports = [_api(card.id, model) for (card, _), model in zip(cards, models, strict=True)]
        refuse_failures(reports)
        staged = _stage(models, cache, progress)
        site = _site(staged, cards, cache, progress)
        point(out / "site", site)
        cache.prune()
    return Report(out / "site", reports, cache.made)


def count_steps(cards: Cards) -> int:
    """Return how many times a build of these cards reports progress: nothing is run."""
    return 2 + sum(plan.count_steps(card) for card, _ in cards)


def read_cards(catalog: Path = CATALOG, ids: Sequence[str] | None = None) -> Cards:
    """Return every card that is not withdrawn, or those named, or raise with all problems of all cards."""
    folders = card_folders(catalog)
    problems = check_all([catalog])
    if problems:
        raise BuildError(f"{len(problems)} problems in the cards", problems)
    cards = {card.id: (card, folder) for folder in folders if (card := load(folder)).status != "withdrawn"}
    if unknown := [name for name in ids or [] if name not in cards]:
        raise BuildError(f"{unknown[0]}: no such model: choose one of {', '.join(cards)}")
    return [cards[name] for name in ids or cards]


def refuse_failures(models: Sequence[dict[str, Any]]) -> None:
    """Raise for every parity row that failed and every figure that came out otherwise than its card claims."""
    failures = [
        f"{row['model']} {row['format']} {row['precision']} in {row['runtime']}: {row['reason']}"
        for model in models
        for row in parity(model)
        if row["status"] == "failed"
    ]
    failures += [
        f"{model['card']['id']} {row['format']}: the card claims {figure['metric']} {figure['claimed']:g}, "
        f"measured {figure['value']:.6g} on {figure['samples']} samples: correct the card or the model"
        for model in models
        for row in model["artefacts"]
        for figure in row["accuracy"]
        if figure["status"] == "differs"
    ]
    if failures:
        raise BuildError("not published, since these did not pass:\n  " + "\n  ".join(failures))


def _model(card: Card, folder: Path, cache: Cache, progress: Callable[[str], None], offline: bool) -> Path:
    offline = offline or card.status == UNBUILT
    build = model_build.ModelBuild(card, folder, tasks()[card.pipeline_tag], cache, progress, offline=offline)
    try:
        return _built(build)
    except UnreachableError as error:
        reason = str(error)
    except SourceError as error:
        raise BuildError(f"{card.id}: {error}") from error
    inputs = {"folder": tree_digest(folder), "reason": reason}
    return build.step(
        "unbuilt",
        inputs,
        lambda target: stage.stage_unbuilt(card, folder, reason, target),
        code=("catalog", "edge", "scripts"),
    )


def _built(build: model_build.ModelBuild) -> Path:
    inputs = {
        "folder": tree_digest(build.folder),
        "golden": build.golden.name,
        "description": build.description,
        "artefacts": [(row.artefact.folder.name, row.parity, row.accuracy) for row in build.rows],
    }
    return build.step(
        "stage", inputs, lambda target: stage.stage_model(build, target), code=("catalog", "edge", "scripts")
    )


def _api(model_id: str, model: Path) -> dict[str, Any]:
    api: dict[str, Any] = json.loads((model / stage.API / "models" / f"{model_id}.json").read_text("utf-8"))
    return api


def _stage(models: Sequence[Path], cache: Cache, progress: Callable[[str], None]) -> Path:
    progress("catalog: stage")
    measured = {name: file_digest(path) for name, path in stage.MEASURED.items()}
    inputs = {"models": [model.name for model in models], "measured": measured}
    return cache.step(
        "catalog", inputs, lambda target: stage.stage_catalog(models, target), code=("catalog", "scripts")
    )


def _site(staged: Path, cards: Cards, cache: Cache, progress: Callable[[str], None]) -> Path:
    progress("catalog: pages")
    newest = max((card.provenance.date for card, _ in cards), default=datetime.date(1980, 1, 1))

    def make(target: Path) -> None:
        run_mkdocs(staged, target, newest)
        for part in ("api", "models"):
            shutil.copytree(staged / part, target / part, dirs_exist_ok=True)
        shutil.copytree(ROOT / "site" / "assets", target / "static", dirs_exist_ok=True)
        vendor.copy(ROOT / "site" / "node_modules", target / "static" / "vendor")

    sources = [tree_digest(ROOT / "site" / part) for part in ("assets", "content", "hooks", "templates")]
    inputs = {
        "stage": staged.name,
        "sources": sources,
        "config": file_digest(ROOT / "mkdocs.yml"),
        "url": os.environ.get("EDGEWISE_SITE_URL"),
        "node": file_digest(ROOT / "site" / "package-lock.json"),
    }
    return cache.step("site", inputs, make, code=("scripts",), tools=SHELL)


def run_mkdocs(staged: Path, target: Path, date: datetime.date) -> None:
    """Run mkdocs on the stage; its dates come from the cards, so that equal inputs give equal bytes."""
    epoch = datetime.datetime.combine(date, datetime.time(), datetime.UTC).timestamp()
    environment = os.environ | {
        "EDGEWISE_STAGE": str(staged.resolve()),
        "SOURCE_DATE_EPOCH": str(int(epoch)),
        "PYTHONHASHSEED": "0",
        "NO_MKDOCS_2_WARNING": "1",
    }
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target.resolve())]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BuildError(f"mkdocs could not make the pages:\n{done.stderr}")
