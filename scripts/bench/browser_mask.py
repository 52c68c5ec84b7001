"""Times the tasks on the page's main thread while a mask of a 4000 × 3000 photo is shown, in Chromium.

`python -m scripts.bench.browser_mask [SITE] [MODEL] [TURNS]` prints one JSON object for a built site. In each turn the
photo is given to the model's test-drive, and then a line of the legend is pointed at and left again. `longest` is the
longest task of a turn, `all` the sum of those over 50 ms, in milliseconds: the median and the greatest of the turns. A
task that the browser does not report took 50 ms or less and counts 0.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from scripts.bench.browser_image import page_in_chromium, photo

TURNS = 7
OBSERVE = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask" });
}"""
TAKE = "() => longTasks.splice(0)"
SHOWN = """run => {
  const shown = document.querySelector("#test-drive [data-result]")?.dataset.result;
  return shown && JSON.parse(shown).run > run;
}"""
SETTLED = 1500  # ms after which the browser has drawn what was asked for


def turn(page: Page, number: int, file: Path) -> dict[str, list[float]]:
    """Return the long tasks of showing the photo's mask, and of showing one class of it alone."""
    page.evaluate(TAKE)
    page.set_input_files("#td-file", file)  # by its path: bytes would be a long task of their own
    page.wait_for_function(SHOWN, arg=number, timeout=120_000)
    page.wait_for_timeout(SETTLED)
    shown = page.evaluate(TAKE)
    line = page.locator(".td-legend li").first
    line.focus()
    page.wait_for_timeout(SETTLED)
    line.blur()
    page.wait_for_timeout(SETTLED)
    return {"show": shown, "alone": page.evaluate(TAKE)}


def main(site: Path, model: str, turns: int) -> dict[str, object]:
    """Start the test-drive on a sample, and measure the turns after one in which the browser compiles."""
    with tempfile.TemporaryDirectory() as folder, page_in_chromium(site) as page:
        file = Path(folder, "photo.jpg")
        file.write_bytes(photo())
        page.goto(f"{page.url.rpartition('/')[0]}/models/{model}/")
        page.click("#test-drive [data-run]")
        page.wait_for_function(SHOWN, arg=0, timeout=120_000)
        page.evaluate(OBSERVE)
        rows = [turn(page, number, file) for number in range(1, turns + 2)][1:]
    return {"turns": turns} | {name: figures([row[name] for row in rows]) for name in rows[0]}


def figures(turns: list[list[float]]) -> dict[str, list[float]]:
    """Sum up the long tasks of each turn: `[median, greatest]`."""
    columns = {"longest": [max(tasks, default=0) for tasks in turns], "all": [sum(tasks) for tasks in turns]}
    return {name: [statistics.median(values), max(values)] for name, values in columns.items()}


if __name__ == "__main__":
    defaults = ["build/site", "digits-segmenter", str(TURNS)]
    site, model, turns = sys.argv[1:] + defaults[len(sys.argv) - 1 :]
    print(json.dumps(main(Path(site), model, int(turns))))
