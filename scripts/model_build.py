"""One model's way from card to verified files, each step kept by the digest of what went into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog import source
from catalog.card import Card, Tolerance
from catalog.vocab import step_files
from edge.runtimes import RUNTIMES, state
from scripts.api_rows import artefact_row, golden_row, refusal_row, sample_row
from scripts.cache import Cache, file_digest, tree_digest
from scripts.plan import PUBLISHED, Artefact, Export, Row, plan

RUNTIME_TOOLS = ("ai-edge-litert", "onnxruntime", "numpy", "pillow")
REFUSAL = "refusal.txt"  # what an export leaves instead of files
EXPORT_TOOLS = ("ai-edge-litert", "onnx", "onnx-ir", "onnxruntime", "onnxconverter-common", "numpy", "pillow")


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
    def model(self) -> Path:
        """Return the source as ONNX, with the sizes that the card fixes."""

        def make(target: Path) -> None:
            from scripts.imported import save

            save(self.card, self.source, target / "model.onnx")

        inputs = {"source": self._facts["source"], "inputs": self._facts["inputs"]}
        return (
            self.step("import", inputs, make, code=("converters", "scripts/imported.py"), tools=EXPORT_TOOLS)
            / "model.onnx"
        )

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

            golden.write(self.card, self.folder, self.model, target)

        inputs = {"card": self._facts, "samples": self._samples, "model": self._model_digest, **self._named}
        return self.step("golden", inputs, make, code=("edge",), tools=RUNTIME_TOOLS)

    @cached_property
    def rows(self) -> list[Row]:
        """Export every artefact, run it in its runtimes, and measure it."""
        return [self._row(artefact) for artefact in self.artefacts]

    @cached_property
    def artefacts(self) -> list[Artefact]:
        """Export every artefact; those that their format refuses say why."""
        return [self._export(export) for export in plan(self.card)]

    def _row(self, artefact: Artefact) -> Row:
        if artefact.refusal:
            return Row(artefact, [], [])
        parity = self.parity(artefact)
        runs = all(row["status"] != "failed" for row in parity)
        return Row(artefact, parity, self._accuracy(artefact) if runs else [])

    def _export(self, export: Export) -> Artefact:
        calibration = self.card.edge.calibration

        def make(target: Path) -> None:
            from converters.errors import Refusal

            try:
                files = self._files(export)
            except Refusal as refusal:
                (target / REFUSAL).write_text(f"{refusal}\n", "utf-8")
                return
            for ending, data in files.items():
                path = target / f"{self.card.id}-{self.card.version}.{export.precision}{ending}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

        inputs = {
            "name": [self.card.id, self.card.version, export.format.name, export.precision, export.recipe],
            "model": self._model_digest,
            "calibration": file_digest(self.folder / calibration) if calibration else None,
            "inputs": [self._facts["inputs"], self._named],
        }
        code = ("converters", "quantize", "edge/steps")
        folder = self.step("export", inputs, make, code=code, tools=EXPORT_TOOLS)
        refusal = folder / REFUSAL
        return Artefact(export, folder, refusal.read_text("utf-8").strip() if refusal.exists() else None)

    def _files(self, export: Export) -> Mapping[str, bytes]:
        if export.recipe == PUBLISHED:
            return {f".{export.format.name}": self.source.read_bytes()}
        import onnx_ir as ir

        from quantize import recipes

        model = recipes.apply(export.recipe, ir.load(self.model), self._calibration())
        return export.format.export(model, precision=export.precision).files

    @cached_property
    def _model_digest(self) -> str:
        return self.model.parent.name

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
        export = artefact.export
        tolerance = self.tolerance(export.precision)

        def make(target: Path) -> None:
            from edge import golden, verify

            vectors = golden.read(self.golden)
            rows = [verify.verify(artefact.files[0], name, vectors, tolerance) for name in export.format.runtimes]
            _write_json(target / "verify.json", [row.model_dump(mode="json") for row in rows])

        inputs = {
            "artefact": artefact.folder.name,
            "golden": self.golden.name,
            "tolerance": tolerance.model_dump(mode="json"),
        }
        inputs |= {"runtimes": {name: state(name) for name in export.format.runtimes}}
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
        runtime = RUNTIMES[artefact.export.format.runtimes[0]]

        def make(target: Path) -> None:
            from edge.evaluate import evaluate

            session = runtime.load(artefact.files[0])
            is_source = artefact.export.precision == self.card.source.precision
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
            "artefacts": [artefact_row(self.card.id, row) for row in self.rows if not row.artefact.refusal],
            "refused": [refusal_row(row.artefact) for row in self.rows if row.artefact.refusal],
            "golden": [golden_row(self.card.id, row) for row in _read_json(self.golden / "index.json")],
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

            _write_json(target / "description.json", asdict(describe(ir.load(self.model))))

        inputs = {"model": self._model_digest}
        folder = self.step("describe", inputs, make, code=("converters",), tools=("onnx-ir",))
        row: dict[str, Any] = _read_json(folder / "description.json")
        return row


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
