"""Times the steps from a 4000 × 3000 photo to a 224 × 224 tensor in Chromium against the browser's own decoding.

`python -m scripts.bench.browser_image [TURNS]` prints one JSON object: `decode` is `createImageBitmap` alone,
`pipeline` all steps of a usual classifier from the file's bytes on, `more` the difference of the two, in turns.
`median` and `least` are milliseconds on the clock; `cpu` is the mean of what all processes of the browser spent, which
tells more on a busy machine. `long_tasks` lists the tasks of over 50 ms on the page meanwhile.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from scripts.serve import make_server

HERE = Path(__file__).parent
WIDTH, HEIGHT = 4000, 3000
TURNS = 15
STEPS = [
    {"id": "decode_image"},
    {"id": "to_color_space", "kwargs": {"space": "rgb"}},
    {"id": "resize_short_side", "kwargs": {"size": 256}},
    {"id": "center_crop", "kwargs": {"width": 224, "height": 224}},
    {"id": "scale_linear", "kwargs": {"gain": 1 / 255}},
    {"id": "normalize", "kwargs": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}},
    {"id": "to_layout", "kwargs": {"layout": "nchw"}},
]
PREPARE = """async (steps) => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask" });
  const photo = await (await fetch("photo.jpg")).blob();
  const worker = new Worker("browser_image.js", { type: "module" });
  window.work = (name) => new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = (event) => resolve(event.data);
    worker.postMessage({ name, photo, steps });
  });
}"""


def photo() -> bytes:
    """Return a JPEG of soft shapes, edges and a little grain, 4000 × 3000."""
    chance = np.random.default_rng(0)

    def cells(height: int, width: int, filter_: Image.Resampling) -> Image.Image:
        return Image.fromarray(chance.integers(0, 256, (height, width, 3), np.uint8)).resize((WIDTH, HEIGHT), filter_)

    soft, hard = cells(30, 40, Image.Resampling.BICUBIC), cells(300, 400, Image.Resampling.NEAREST)
    grain = chance.integers(-6, 7, (HEIGHT, WIDTH, 1))
    pixels = np.asarray(Image.blend(soft, hard, 0.15)).astype(np.int16) + grain
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


@contextmanager
def page_in_chromium(folder: Path) -> Iterator[Page]:
    """Serve the folder and open its page."""
    chromium = os.environ.get("EDGEWISE_CHROMIUM") or shutil.which("chromium")
    server = make_server(folder, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with server, sync_playwright() as playwright:
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/index.html")
        yield page
        browser.close()
        server.shutdown()


def cpu_seconds() -> float:
    """Return what all processes that this one started have spent so far, user and system (proc(5), stat)."""
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(path.parent.name)] = int(fields[1])
        spent[int(path.parent.name)] = int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(spent[pid] for pid in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


def measure(page: Page, turns: int) -> dict[str, list[tuple[float, float]]]:
    """Return `(wall, cpu)` milliseconds of each turn; one before them, in which the browser compiles, is left out."""
    rows: dict[str, list[tuple[float, float]]] = {"decode": [], "pipeline": []}
    for _ in range(turns + 1):
        for name, times in rows.items():
            before = cpu_seconds()
            wall = page.evaluate("work", name)
            times.append((wall, (cpu_seconds() - before) * 1e3))
    rows = {name: times[1:] for name, times in rows.items()}
    more = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(*rows.values(), strict=True)]
    return rows | {"more": more}


def main(turns: int) -> dict[str, Any]:
    """Make the photo and the page, and measure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photo.jpg").write_bytes(photo())
        (folder / "index.html").write_text("<!doctype html><title>Benchmark</title>", "utf-8")
        (folder / "assets").symlink_to(HERE.parents[1] / "site" / "assets")
        (folder / "browser_image.js").symlink_to(HERE / "browser_image.js")
        with page_in_chromium(folder) as page:
            page.evaluate(PREPARE, STEPS)
            rows = measure(page, turns)
            long_tasks = page.evaluate("longTasks")
    return {name: figures(times) for name, times in rows.items()} | {"turns": turns, "long_tasks": long_tasks}


def figures(times: list[tuple[float, float]]) -> dict[str, float]:
    """Sum up the turns of one column."""
    wall, cpu = zip(*times, strict=True)
    figures = {"median": statistics.median(wall), "least": min(wall), "cpu": statistics.mean(cpu)}
    return {name: round(value, 1) for name, value in figures.items()}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if sys.argv[1:] else TURNS)))
