"""What `edge.bench` and `edge.profiling` find out about real files in real runtimes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge import bench, profiling
from edge.bench import Case, measure, sweep
from edge.bench_process import refuse_mixed
from edge.runtimes.browser import BROWSER
from tests.graphs import convnet, write

DIGITS = Path(__file__).parents[2] / "catalog/models/digits-cnn/model.onnx"
RUNTIMES = {"onnxruntime": "onnx", "litert": "tflite"}
WEB = {"onnxruntime-web": "onnx", "litert-js": "tflite", "tfjs-wasm": "tfjs"}
TIMES = ("load_ms", "first_ms", "warm_median_ms", "warm_p95_ms")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Warm inferences for a moment, since no test looks at how long they take."""
    monkeypatch.setattr(bench, "WARM_SECONDS", 0.02)


@pytest.fixture
def image(tmp_path):
    """An input of the digits network and of `convnet`, as the build keeps it."""
    path = tmp_path / "image.npy"
    np.save(path, np.random.default_rng(0).random((1, 1, 8, 8), np.float32))
    return {"image": path}


def case(path: Path, runtime: str = "onnxruntime", **settings: int) -> Case:
    return Case("tried", path.suffix[1:], "fp32", path, path.stat().st_size, runtime, **settings)


def matmul(size: int, batch: str | int = "batch") -> ir.Model:
    """`x` [batch, size] times a constant matrix, to `y`."""
    shape = [batch, size]
    weights = np.random.default_rng(0).random((size, size), np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "matmul",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weights, "w")],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def vector(size: int, folder: Path) -> dict[str, Path]:
    """An input of such a network."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "x.npy", np.ones((1, size), np.float32))
    return {"x": folder / "x.npy"}


def refused(rows: list[bench.Performance]) -> str:
    """What the row of batch 1 says of larger ones, where it is the only one."""
    assert [(row.status, row.batch) for row in rows] == [("measured", 1)]
    assert rows[0].note is not None
    return rows[0].note


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_artefact_is_measured_with_the_circumstances(runtime, image, tmp_path):
    """A row holds times, memory, size, versions and the machine, so that it can be read elsewhere."""
    path = write(ir.load(DIGITS), RUNTIMES[runtime], tmp_path / runtime)
    (row,) = measure([case(path, runtime)], image, rounds=2)
    assert row.status == "measured", row.reason
    assert all(getattr(row, name) > 0 for name in TIMES)
    assert row.warm_median_ms <= row.warm_p95_ms
    assert row.warm_samples >= 6
    assert row.file_bytes == path.stat().st_size
    assert {runtime, "python"} == row.versions.keys()
    assert min(row.device.cores, row.device.memory_bytes) > 0


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_larger_model_is_seen_to_take_more_memory(runtime, tmp_path):
    """16 MB of weights more are at least 16 MB more of memory, whatever the interpreter itself takes."""
    peaks = []
    for size in (8, 2048):
        path = write(matmul(size, 1), RUNTIMES[runtime], tmp_path / "models" / str(size))
        (row,) = measure([case(path, runtime)], vector(size, tmp_path / str(size)), rounds=1)
        assert row.status == "measured", row.reason
        peaks.append(row.peak_memory_bytes)
    assert peaks[1] - peaks[0] >= 16e6


def test_an_open_batch_is_swept_and_all_cores_are_tried(tmp_path):
    """A graph with an open first axis has a row for each batch, and one for the machine's cores."""
    cases = sweep([case(write(matmul(8), "onnx", tmp_path / "model"))], 2, batched=True)
    rows = measure(cases, vector(8, tmp_path), rounds=1)
    assert [(row.status, row.batch, row.threads) for row in rows] == [
        *(("measured", batch, 1) for batch in (1, 2, 4, 8)),
        ("measured", 1, 2),
    ]


def test_a_graph_of_one_input_at_a_time_says_so(image, tmp_path):
    """Where a batch is refused, the row of batch 1 says why, and no row claims a figure for the others."""
    cases = sweep([case(write(convnet(), "onnx", tmp_path / "model"))], 1, batched=True)
    assert "no batch of 2: " in refused(measure(cases, image, rounds=2))


def test_a_graph_that_mixes_a_batch_is_not_measured_on_it():
    """A graph may take a batch and return something else than each part's result."""
    one = {"y": np.float32([[1, 2]])}
    refuse_mixed({"y": np.float32([[1, 2], [1, 2]])}, one, 2)
    for wrong in ([[1, 2]], [[1, 2], [2, 1]]):
        with pytest.raises(ValueError, match="y is"):
            refuse_mixed({"y": np.float32(wrong)}, one, 2)


def test_artefacts_take_turns(image, tmp_path):
    """Each round runs them all, the second backwards, so that drift hits all alike."""
    first, second = (case(write(convnet(seed), "onnx", tmp_path / str(seed))) for seed in (0, 1))
    turns: list[Case] = []
    measure([first, second], image, turns.append, rounds=2)
    assert turns == [first, second, second, first]


def test_a_file_that_does_not_run_fails_with_the_words_of_the_runtime(image, tmp_path):
    """One bad file does not stop the others, and is not measured."""
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    rows = measure([case(bad), case(DIGITS)], image, rounds=1)
    assert [row.status for row in rows] == ["failed", "measured"]
    assert "bad.onnx" in rows[0].reason
    assert rows[0].warm_median_ms is None


@pytest.mark.browser
@pytest.mark.parametrize("runtime", WEB)
def test_runtimes_of_browsers_are_timed_in_a_fresh_page(runtime, image, tmp_path):
    """A visitor's waiting has figures too; memory in a browser is not told."""
    with closing(BROWSER):
        (row,) = measure([case(write(ir.load(DIGITS), WEB[runtime], tmp_path / "model"), runtime)], image, rounds=2)
    assert row.status == "measured", row.reason
    assert all(getattr(row, name) > 0 for name in TIMES)
    assert row.warm_median_ms <= row.warm_p95_ms
    assert row.peak_memory_bytes is None
    assert "batch 1" in row.note
    assert "Chromium" in row.versions[runtime]


def test_a_profile_accounts_for_every_operator_that_ran(image):
    """The digits network has three convolutions an inference; the shares add up to the whole."""
    rows = profiling.profile(DIGITS, "onnxruntime", {"image": np.load(image["image"])})
    calls = {row.operator: row.calls for row in rows}
    assert (calls["Conv"], calls["Gemm"]) == (3, 1)
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert rows == sorted(rows, key=lambda row: -row.total_ms)


def test_a_runtime_without_a_profile_says_so(image, tmp_path):
    """No profile is made up from another runtime's."""
    path = write(ir.load(DIGITS), "tflite", tmp_path / "model")
    with pytest.raises(ValueError, match="not exposed: litert"):
        profiling.profile(path, "litert", {"image": np.load(image["image"])})
