from __future__ import annotations

import json
import os
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from scripts.bench.converters import MODELS
from scripts.bench.converters_page import MEMORY, bars, page
from scripts.bench.figures import OURS, converter_row, ratios, summary
from scripts.bench.process import run
from scripts.stage import MEASURED

PEER = "onnx2tf direct"


def cost(wall, status="done"):
    return {"status": status, "wall_s": wall, "cpu_s": wall, "peak_mb": 100 * wall}


def latency(*milliseconds, cosine=1.0):
    return {"wall_ms": milliseconds, "cpu_ms": milliseconds, "cosine": cosine}


def model(peer_costs, peer_latency):
    """A model that ours converted three times, in 1, 2 and 3 s, to a file that takes 1, 2 and 3 ms."""
    runs = {OURS: latency(1.0, 2.0, 3.0), PEER: peer_latency}
    rows = {
        OURS: converter_row([cost(1.0), cost(2.0), cost(3.0)], 1000, runs[OURS]),
        PEER: converter_row(peer_costs, 2000, peer_latency),
    }
    return {
        "date": "2026-01-01",
        "bytes": 1000,
        "load": 0.1,
        "converters": rows,
        "ratios": {PEER: ratios(rows, runs, PEER)},
    }


def report(**models):
    machine = {"cpu": "CPU", "cores": 2, "memory_gb": 8, "system": "Linux"}
    return {"machine": machine, "versions": {"onnx2tf": "2.6.9"}, "models": models, "summary": summary(models)}


RIGHT = model([cost(4.0), cost(10.0), cost(18.0)], latency(2.0, 2.0, 3.0))
WRONG = model([cost(4.0)], latency(9.0, 9.0, 9.0, cosine=0.2))
LIGHT = [{"model": "a", "inputs": 10, "precisions": {"fp32": {"error": 1e-6, "top1": 10}}}]
LATE = model([cost(60.0, "timed out")], {})


def call(code, tmp_path, seconds=20.0):
    command = [sys.executable, "-c", code]
    return run(command, tmp_path / "log", seconds=seconds, cwd=tmp_path, env=os.environ)


def test_a_process_is_charged_for_its_memory_and_processor_time(tmp_path):
    """Half a second of work with 200 MB is seen as such."""
    code = "import time; kept = bytearray(b'x') * 200_000_000\nwhile time.process_time() < 0.5: pass"
    used = call(code, tmp_path)
    assert used.status == "done"
    assert used.peak_mb >= 200
    assert used.wall_s * 1.1 >= used.cpu_s >= 0.5


def test_a_process_that_takes_too_long_is_ended_with_its_children_and_named(tmp_path):
    """A time-out is no measurement, and leaves nothing running."""
    code = "import subprocess as s; p = s.Popen(['sleep', '60']); open('child', 'w').write(str(p.pid)); p.wait()"
    assert call(code, tmp_path, seconds=3.0).status == "timed out"
    stat = Path("/proc") / (tmp_path / "child").read_text() / "stat"
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_a_process_that_fails_is_named(tmp_path):
    """The time to an error is not the time of a conversion."""
    assert call("raise SystemExit(3)", tmp_path).status == "failed"


def test_ratios_are_taken_round_by_round():
    """Each round is divided by its own partner before the median is taken: 4/1, 10/2, 18/3 and 2/1, 2/2, 3/3."""
    assert RIGHT["ratios"][PEER]["wall"] == 5
    assert RIGHT["ratios"][PEER]["latency"] == 1


def test_a_converter_that_ran_once_is_paired_with_the_first_round():
    """Slow converters run once; their only round has a partner."""
    assert WRONG["ratios"][PEER]["wall"] == 4


def test_the_latency_of_a_file_that_computes_something_else_is_not_counted():
    """Its conversion counts: the time was spent."""
    found = summary({"a": RIGHT, "b": WRONG})[PEER]
    assert found["latency"] == {"median": 1, "models": 1}
    assert found["wall"] == {"median": 4.5, "models": 2}


def test_a_conversion_that_timed_out_gives_no_ratio_and_the_page_says_so():
    """Nobody reads the limit as a measurement."""
    assert LATE["ratios"][PEER] == {}
    assert "<td>timed out after 60 s</td><td>–</td>" in page(report(vgg19=LATE), LIGHT)


def test_the_bars_are_as_long_as_the_figures_beside_them_say():
    """The longest bar fills its column, and Edgewise's is shorter by the ratio that stands beside it."""
    table = ElementTree.fromstring(bars({"a": RIGHT, "c": LATE}, [OURS, PEER]))  # noqa: S314 - we wrote it
    widths = [rect.get("width") for rect in table.iter("rect")]
    assert widths == ["20.00%", "100.00%", "20.00%", "0.00%"]
    assert [row[-1].text for row in table.iter("tr") if len(row) > 1] == ["1.0 ×", "5.0 ×", "1.0 ×", "–"]


def test_a_file_that_computes_something_else_is_called_wrong():
    """Its latency is shown with the reason why it does not count."""
    assert "<td>9.00, <em>wrong</em>: cosine 0.20</td>" in page(report(b=WRONG), LIGHT)


@pytest.fixture(scope="module")
def kept():
    """What the site shows."""
    return {name: json.loads(path.read_text("utf-8")) for name, path in MEASURED.items()}


def test_what_the_site_shows_follows_from_the_rounds(kept):
    """The medians of the kept benchmark are those of its models, and all nine are there."""
    models = kept["converters"]["models"]
    assert list(models) == list(MODELS)
    assert kept["converters"]["summary"] == summary(models)
    text = page(kept["converters"], kept["light"])
    assert all(text.count(f'<th scope="row">{name}</th>') == 4 for name in MODELS)


def test_the_bound_of_memory_that_the_page_states_holds(kept):
    """Every conversion by Edgewise stayed below 2.5 times its model and 200 MB."""
    for model in kept["converters"]["models"].values():
        assert model["converters"][OURS]["peak_mb"] <= MEMORY[0] * model["bytes"] / 1e6 + MEMORY[1]
