"""Runs TF.js graph models in a real headless Chromium: all in one page, on the wasm backend, served on loopback."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from playwright.sync_api import Browser, Page

from converters.errors import Refusal
from converters.tfjs.nodes import stored_dtype
from converters.to_tfjs import export
from tests.conformance.cases import Case
from tests.conformance.litert import compare, reference
from tests.conformance.runner import Outcome
from tests.conftest import serve

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "site" / "node_modules" / "@tensorflow"
RUNTIME = (
    "tfjs-core/dist/tf-core.min.js",
    "tfjs-converter/dist/tf-converter.min.js",
    "tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
    "tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
    "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
)
BATCH = 100  # models a call, so that a hang is noticed

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a model gave: outputs by name and the least time of the timed runs, or what went wrong."""

    outputs: Arrays
    error: str = ""
    milliseconds: float = 0


def run_cases(cases: Sequence[Case], browser: Browser, folder: Path, further: Collection[str] = ()) -> list[Outcome]:
    """Convert every test, run what was converted, and return one outcome for each test.

    Inputs named in `further` become constants, beside those that say what shape or axis is meant.
    """
    outcomes: dict[str, Outcome] = {}
    expected: dict[str, list[Any]] = {}
    for case in cases:
        model, feeds, wanted = case.baked(further)
        try:
            files = export(ir.from_proto(model), precision="fp32").files
        except Refusal as refusal:
            outcomes[case.name] = Outcome("refused", str(refusal))
        except Exception as error:  # any other exception is a mistake of the converter: reported, not raised
            outcomes[case.name] = Outcome("failed", f"convert: {type(error).__name__}: {error}")
        else:
            write(folder / case.name, files, feeds)
            expected[case.name] = wanted
    results = run_all(browser, folder, [*expected])
    for case in cases:
        if case.name in expected:
            outcomes[case.name] = _outcome(case, results[case.name], expected[case.name])
    return [outcomes[case.name] for case in cases]


def _outcome(case: Case, result: Result, wanted: list[Any]) -> Outcome:
    """Compare in the types of TF.js; where onnxruntime contradicts the test too, ask whether it agrees with us."""
    if result.error:
        return Outcome("crashed" if "RuntimeError" in result.error else "failed", f"run: {result.error}")
    actual, expected = [*result.outputs.values()], _stored(wanted)
    difference = compare(actual, expected)
    if difference is None:
        return Outcome("passed")
    control = reference(case)
    contradicted = control is not None and compare(control, wanted) is not None
    agrees = contradicted and compare(actual, _stored(control or [])) is None
    return Outcome("disputed" if agrees else "wrong", difference)


def _stored(arrays: Sequence[Any]) -> list[Any]:
    return [array.astype(stored_dtype(array.dtype)) for array in arrays]


def run_model(browser: Browser, folder: Path, model: ir.Model, feeds: Arrays, precision: str = "fp32") -> Arrays:
    """Convert one model, run it once, and return its outputs by name.

    Raises RuntimeError with what the runtime said.
    """
    write(folder / "model", export(model, precision=precision).files, feeds)
    (result,) = run_all(browser, folder, ["model"]).values()
    if result.error:
        raise RuntimeError(result.error)
    return result.outputs


def write(folder: Path, files: Mapping[str, bytes], feeds: Arrays) -> None:
    """Write a model and what to feed it."""
    folder.mkdir()
    for name, data in files.items():
        (folder / Path(name).name).write_bytes(data)
    packed = {name: _pack(value) for name, value in feeds.items()}
    (folder / "feeds.json").write_text(json.dumps(packed))


def _pack(value: Any) -> dict[str, Any]:
    stored = np.asarray(value).astype(stored_dtype(value.dtype))
    return {"dtype": stored.dtype.name, "shape": stored.shape, "data": base64.b64encode(stored.tobytes()).decode()}


def _unpack(packed: Mapping[str, Any]) -> Any:
    return np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])


def run_all(browser: Browser, folder: Path, names: Sequence[str], repeats: int = 0) -> dict[str, Result]:
    """Run models that lie in `folder`, each in a subfolder; `repeats` further runs of each are timed."""
    results: dict[str, Result] = {}
    with _served(folder) as address:
        page = _open(browser, address)
        pending = list(names)
        while pending:
            batch = page.evaluate("([names, repeats]) => runAll(names, repeats)", [pending[:BATCH], repeats])
            results |= {row["name"]: _result(row) for row in batch}
            pending = pending[len(batch) :]
            if batch[-1].get("dead"):
                page.close()
                page = _open(browser, address)
        page.close()
    return results


def _result(row: Mapping[str, Any]) -> Result:
    outputs = {name: _unpack(packed) for name, packed in row.get("outputs", {}).items()}
    return Result(outputs, row.get("error", ""), row.get("ms") or 0)


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address + "tfjs_page.html")
    page.wait_for_function("globalThis.runAll !== undefined")
    return page


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve the models, the page and the runtime on a free port of this machine, as a host without special headers."""
    if not PACKAGES.is_dir():
        raise FileNotFoundError(f"{PACKAGES} does not exist. Cure: run `npm ci` in site/.")
    for source in (HERE / "tfjs_page.html", HERE / "tfjs_page.mjs", *(PACKAGES / path for path in RUNTIME)):
        shutil.copy(source, folder)
    yield from serve(folder, isolated=False)
