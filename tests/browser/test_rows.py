"""The form for named values: sliders and choices that run the model as they are moved."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Api, Visit
from tests.browser.drive import Drive

pytestmark = pytest.mark.browser

HEALTH, DIGITS = "diabetes-regressor", "digit-generator"


def figure(shown: dict[str, Any]) -> float:
    value: float = shown["numbers"][0]["value"]
    return value


def test_a_slider_runs_the_model_while_it_moves(visit: Visit) -> None:
    """With the arrow keys alone the figure follows, and the field beside the slider shows the same value."""
    drive = visit(HEALTH)
    before = figure(drive.start())
    slider = drive.area.get_by_role("slider", name="Bmi, slider")
    field = drive.area.get_by_label(re.compile(r"^Bmi kg/m²"))
    expect(slider).to_have_value(field.input_value())
    after = figure(drive.after(lambda: slider.press("End")))
    assert after > before  # heavier, more progression: the strongest tie in the table
    assert float(field.input_value()) == 42.2
    lower = figure(drive.after(lambda: slider.press("Home")))
    assert lower < before


def test_a_field_takes_what_the_slider_does_not_reach(visit: Visit) -> None:
    """A value beyond the range is run with a warning, and the slider stays at its end."""
    drive = visit(HEALTH)
    drive.start()
    field = drive.area.get_by_label(re.compile("^Age years"))
    drive.after(lambda: field.fill("95"))
    assert drive.area.locator(".td-warning").all_inner_texts() == [
        "outside 19 to 79; the answer may mean little",
        "columns: age is 95; the model was made for 19 to 79",
    ]
    expect(drive.area.get_by_role("slider", name="Age, slider")).to_have_value("79")


def test_a_category_is_chosen_from_those_there_are(visit: Visit, api: Api) -> None:
    """Another digit gives another picture; the choice offers the card's categories and no other."""
    drive = visit(DIGITS)
    drive.start()
    choice = drive.area.get_by_label("Digit")
    [column] = [c for c in columns(api(DIGITS)) if "categories" in c]
    assert choice.locator("option").all_inner_texts() == column["categories"]
    pictures = {digit: picture(drive, digit) for digit in ("1", "8")}
    assert pictures["1"] != pictures["8"]


def columns(api: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api["card"]["inputs"][0]["steps"][0]["kwargs"]["columns"]
    return found


def picture(drive: Drive, digit: str) -> str:
    drive.after(lambda: drive.area.get_by_label("Digit").select_option(digit))
    data: str = drive.area.locator("[data-result] canvas").first.evaluate("canvas => canvas.toDataURL()")
    return data


def test_a_figure_shows_where_it_lies_in_its_range(visit: Visit) -> None:
    """The number of a regression stands with its range and a meter, whose value is the number's."""
    drive = visit(HEALTH)
    shown = drive.start()
    meter = drive.area.locator("[data-result] meter")
    assert meter.evaluate("each => [each.min, each.max]") == [25, 346]
    assert meter.evaluate("each => each.value") == pytest.approx(figure(shown))
    assert "25 to 346" in drive.area.locator("[data-result]").inner_text()
