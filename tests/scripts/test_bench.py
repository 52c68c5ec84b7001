from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from scripts.bench.converters_page import page
from scripts.bench.figures import OURS, converter_row, ratios, summary
from scripts.bench.process import run

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
    assert f"| {PEER} | timed out after 60 s |" in page(report(vgg19=LATE))


@pytest.mark.parametrize("models", [{"a": RIGHT}, {"a": RIGHT, "b": WRONG, "c": LATE}])
def test_the_plot_is_well_formed_and_says_its_figures_in_words(models):
    """Who cannot see the marks hears the same numbers."""
    text = page(report(**models))
    svg = ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])  # noqa: S314 - we wrote it
    described = {svg.find(f"*[@id='{name}']").text for name in svg.get("aria-labelledby").split()}
    assert any("a: onnx2tf direct 5.0" in words for words in described)
