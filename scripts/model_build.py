"""One model's way from card to verified files, each step kept by the digest of what went into it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog import source
from catalog.card import Card, Sample, Tolerance
from catalog.vocab import step_files
from converters.formats import FORMATS, Format
from edge.runtimes import RUNTIMES, state
from scripts.cache import Cache, file_digest, tree_digest

RUNTIME_TOOLS = ("ai-edge-litert", "onnxruntime", "numpy", "pillow")
EXPORT_TOOLS = ("ai-edge-litert", "onnx", "onnx-ir", "onnxruntime", "onnxconverter-common", "numpy", "pillow")


@dataclass(frozen=True)
class Artefact:
    """One format in one precision: a folder of files and where they came from."""

    format: Format
    precision: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        """Return the files, the one to load first."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Row:
    """An artefact with what its runs gave."""

    artefact: Artefact
    parity: list[dict[str, Any]]  # one for each runtime of its format
    accuracy: list[dict[str, Any]]  # one for each figure of the card that names a file


def plan(card: Card) -> list[tuple[Format, str]]:
    """List the artefacts of a card: fp32 and each of its precisions, in every format that has it."""
    precisions = dict.fromkeys(["fp32", *card.edge.precisions])
    return [(row, precision) for precision in precisions for row in FORMATS.values() if precision in row.recipes]


def count_steps(card: Card) -> int:
    """Count the steps that a build of this card reports: its own three, and three an artefact."""
    return 3 + 3 * len(plan(card))


class ModelBuild:
    """The steps of one card; `report(text)` is called as each begins."""

    def __init__(
        self,
        card: Card,
        folder: Path,
        task: Mapping[str, str],
        cache: Cache,
        report: Callable[[str], None],
        *,
        offline: bool = False,
    ) -> None:
        self.card, self.task = card, task
        self._card_folder, self._cache, self._report, self._offline = folder, cache, report, offline
        self._facts = card.model_dump(mode="json")

    def step(self, name: str, inputs: Mapping[str, object], make: Callable[[Path], None], **needs: Any) -> Path:
        """Run one step through the cache."""
        self._report(f"{self.card.id}: {name}")
        return self._cache.step(name, inputs, make, **needs)

    @cached_property
    def folder(self) -> Path:
        """Return the folder that holds every file the card names: its own, or one with what others publish added."""
        if not self.card.files:
            return self._card_folder

        def make(target: Path) -> None:
            source.gather(self.card, self._card_folder, target, offline=self._offline)

        named = {name: file.sha256 for name, file in self.card.files.items()}
        inputs = {"folder": tree_digest(self._card_folder), "files": named}
        return self._cache.step("files", inputs, make, code=())

    @cached_property
    def source(self) -> Path:
        """Return the source's file; raise `catalog.source.UnreachableError` where it cannot be had."""
        return source.fetch(self.card.source, self.folder, offline=self._offline)

    @cached_property
    def _samples(self) -> dict[str, str]:
        named = [sample.file for sample in self.card.samples if sample.file]
        return {name: file_digest(self.folder / name) for name in named}

    @cached_property
    def _named(self) -> dict[str, str]:
        """Digests of the files that steps name; what runs steps depends on them."""
        return {name: file_digest(self.folder / name) for name in step_files(self.card)}

    @cached_property
    def golden(self) -> Path:
        """Return the folder of golden vectors."""

        def make(target: Path) -> None:
            from edge import golden

            golden.write(self.card, self.folder, self.source, target)

        inputs = {"card": self._facts, "samples": self._samples, "source": self.card.source.sha256, **self._named}
        return self.step("golden", inputs, make, code=("edge",), tools=RUNTIME_TOOLS)

    @cached_property
    def rows(self) -> list[Row]:
        """Export every artefact, run it in its runtimes, and measure it."""
        return [self._row(artefact) for artefact in self.artefacts]

    @cached_property
    def artefacts(self) -> list[Artefact]:
        """Export every artefact."""
        return [Artefact(row, precision, self._export(row, precision)) for row, precision in plan(self.card)]

    def _row(self, artefact: Artefact) -> Row:
        parity = self.parity(artefact)
        runs = all(row["status"] != "failed" for row in parity)
        return Row(artefact, parity, self._accuracy(artefact) if runs else [])

    def _export(self, row: Format, precision: str) -> Path:
        recipe, calibration = row.recipes[precision], self.card.edge.calibration

        def make(target: Path) -> None:
            import onnx_ir as ir

            from quantize import recipes

            model = recipes.apply(recipe, ir.load(self.source), self._calibration())
            for ending, data in row.export(model, precision=precision).files.items():
                path = target / f"{self.card.id}-{self.card.version}.{precision}{ending}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

        inputs = {
            "name": [self.card.id, self.card.version, row.name, precision, recipe],
            "source": self.card.source.sha256,
            "calibration": file_digest(self.folder / calibration) if calibration else None,
            "inputs": [self._facts["inputs"], self._named],
        }
        return self.step("export", inputs, make, code=("converters", "quantize", "edge/steps"), tools=EXPORT_TOOLS)

    def _calibration(self) -> list[Any]:
        from edge.examples import of_file
        from edge.pipeline import Pipeline

        if self.card.edge.calibration is None:
            return []
        examples = of_file(self.folder / self.card.edge.calibration, self.task)
        pipeline = Pipeline(self.card, self.folder)
        return [pipeline.tensors(example.input, pipeline.context()) for example in examples]

    def parity(self, artefact: Artefact) -> list[dict[str, Any]]:
        """Run an artefact in each of its runtimes that is here; it runs again where one has come, gone or changed."""
        tolerance = self.tolerance(artefact.precision)

        def make(target: Path) -> None:
            from edge import golden, verify

            vectors = golden.read(self.golden)
            rows = [verify.verify(artefact.files[0], name, vectors, tolerance) for name in artefact.format.runtimes]
            _write_json(target / "verify.json", [row.model_dump(mode="json") for row in rows])

        inputs = {
            "artefact": artefact.folder.name,
            "golden": self.golden.name,
            "tolerance": tolerance.model_dump(mode="json"),
        }
        inputs |= {"runtimes": {name: state(name) for name in artefact.format.runtimes}}
        folder = self.step("verify", inputs, make, code=("edge",), tools=RUNTIME_TOOLS)
        rows: list[dict[str, Any]] = _read_json(folder / "verify.json")
        return rows

    def tolerance(self, precision: str) -> Tolerance:
        """Return what the card allows a precision."""
        rows = self.card.verification.tolerance if self.card.verification else []
        found = [row for row in rows if row.precision == precision]
        return found[0] if found else Tolerance(precision=precision, absolute_tolerance=1e-5)

    def _accuracy(self, artefact: Artefact) -> list[dict[str, Any]]:
        """Measure the card's figures in the format's first runtime: nothing where it is not here."""
        claims = [claim for claim in self.card.evaluation if claim.file]
        runtime = RUNTIMES[artefact.format.runtimes[0]]

        def make(target: Path) -> None:
            from edge.evaluate import evaluate

            session = runtime.load(artefact.files[0])
            is_source = artefact.precision == "fp32"
            rows = [
                evaluate(self.card, self.folder, claim, self.task, session, is_source=is_source)
                for claim in ([] if runtime.missing() else claims)
            ]
            _write_json(target / "eval.json", [row.model_dump(mode="json") for row in rows])

        inputs = {
            "artefact": artefact.folder.name,
            "card": self._facts,
            "steps": self._named,
            "data": [file_digest(self.folder / claim.file) for claim in claims if claim.file],
            "runtime": state(runtime.name),
        }
        folder = self.step("evaluate", inputs, make, code=("edge",), tools=RUNTIME_TOOLS)
        rows: list[dict[str, Any]] = _read_json(folder / "eval.json")
        return rows

    def api(self) -> dict[str, Any]:
        """Return what `api/v1/models/<id>.json` holds, but for the bundles."""
        from importlib.metadata import version

        return {
            "api": 1,
            "unbuilt": None,
            "card": self._facts,
            "task": {"id": self.card.pipeline_tag, **self.task},
            **self.description,
            "labels": self.labels,
            "artefacts": [self._artefact_row(row) for row in self.rows],
            "golden": [self._golden_row(row) for row in _read_json(self.golden / "index.json")],
            "samples": [sample_row(self.card.id, sample) for sample in self.card.samples],
            "tools": {name: version(name) for name in EXPORT_TOOLS},
        }

    @cached_property
    def labels(self) -> dict[str, list[str]]:
        """Return the labels of each output that has any."""
        from edge.pipeline import labels_of

        found = {output.id: labels_of(output, self.folder) for output in self.card.outputs}
        return {name: labels for name, labels in found.items() if labels}

    @cached_property
    def description(self) -> dict[str, Any]:
        """Return the counts of `converters.describe`."""

        def make(target: Path) -> None:
            import onnx_ir as ir

            from converters.describe import describe

            _write_json(target / "description.json", asdict(describe(ir.load(self.source))))

        inputs = {"source": self.card.source.sha256}
        folder = self.step("describe", inputs, make, code=("converters",), tools=("onnx-ir",))
        row: dict[str, Any] = _read_json(folder / "description.json")
        return row

    def _artefact_row(self, row: Row) -> dict[str, Any]:
        artefact = row.artefact
        main, *further = [self._part(path, artefact.folder) for path in artefact.files]
        return {
            "format": artefact.format.name,
            "precision": artefact.precision,
            "recipe": artefact.format.recipes[artefact.precision],
            **main,
            "bytes": sum(path.stat().st_size for path in artefact.files),
            "download_bytes": sum(len(gzip.compress(path.read_bytes(), 6)) for path in artefact.files),
            "further": further,
            "runtimes": list(artefact.format.runtimes),
            "parity": row.parity,
            "accuracy": row.accuracy,
        }

    def _part(self, path: Path, folder: Path) -> dict[str, str]:
        place = f"models/{self.card.id}/files/{path.relative_to(folder).as_posix()}"
        return {"file": place, "sha256": file_digest(path)}

    def _golden_row(self, row: dict[str, Any]) -> dict[str, Any]:
        def placed(paths: dict[str, str]) -> dict[str, str]:
            return {name: f"models/{self.card.id}/golden/{path}" for name, path in paths.items()}

        return {"sample": row["sample"], "inputs": placed(row["inputs"]), "outputs": placed(row["outputs"])}


def sample_row(model_id: str, sample: Sample) -> dict[str, Any]:
    """Return a sample as the API gives it, its file as the site has it."""
    place = f"models/{model_id}/samples/{Path(sample.file).name}" if sample.file else None
    return sample.model_dump(mode="json") | {"file": place}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
