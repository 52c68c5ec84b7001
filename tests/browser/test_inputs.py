from __future__ import annotations

import io
import re
from functools import partial

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import Visit
from tests.browser.drive import TIMEOUT
from tests.browser.strokes import DIGITS

pytestmark = pytest.mark.browser

# Hands the picture over as the browser does when a person pastes or drops a file.
GIVE = """async ([kind, selector, address]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([await (await fetch(address)).blob()], "own.png", {type: "image/png"}));
  const options = {bubbles: true, cancelable: true, clipboardData: transfer, dataTransfer: transfer};
  const event = kind === "paste" ? new ClipboardEvent(kind, options) : new DragEvent(kind, options);
  document.querySelector(selector).dispatchEvent(event);
}"""


def png(width: int, height: int, mode: str = "RGB") -> FilePayload:
    """A plain picture as a file."""
    data = io.BytesIO()
    Image.new(mode, (width, height)).save(data, "PNG")
    return {"name": f"{width}x{height}.png", "mimeType": "image/png", "buffer": data.getvalue()}


def test_digits_drawn_with_the_mouse_are_recognised(visit: Visit) -> None:
    """Drawing a digit is enough: a moment after the last stroke it stands on top."""
    drive = visit("digits-cnn")
    drive.start()
    tops = {}
    for digit, strokes in DIGITS.items():
        tops[digit] = drive.top(partial(drive.draw, strokes))
        drive.area.get_by_text("Clear").click()
    assert tops == {digit: digit for digit in DIGITS}


def test_strokes_can_be_taken_back(visit: Visit) -> None:
    """Undo takes the last stroke, Clear all of them, and neither runs an empty sheet."""
    drive = visit("digits-cnn")
    drive.start()
    undo, clear = drive.area.get_by_text("Undo stroke"), drive.area.get_by_text("Clear")
    expect(undo).to_be_disabled()
    seven = drive.after(lambda: drive.draw(DIGITS["7"]))
    both = drive.after(lambda: drive.draw([[(0.1, 0.9), (0.9, 0.9)]]))
    undone = drive.after(undo.click)
    assert undone["classes"] == seven["classes"] != both["classes"]
    clear.click()
    expect(clear).to_be_disabled()
    drive.page.wait_for_timeout(600)
    assert drive.shown() == undone
    assert drive.state == "ready"


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_picture_can_be_pasted_and_dropped(visit: Visit, kind: str) -> None:
    """A picture that is pasted or dropped gives what the same picture gives as a sample."""
    drive = visit("digits-cnn")
    sample = drive.start()
    address = drive.area.locator(".td-samples img").first.get_attribute("src")
    given = drive.after(lambda: drive.page.evaluate(GIVE, [kind, "#test-drive .td-picker", address]))
    assert given["name"] == "own.png"
    assert given["classes"] == sample["classes"]


def test_a_photo_comes_out_twice_the_size(visit: Visit) -> None:
    """A photo of one's own gives a picture of twice its size, with a slider to compare and a file to keep."""
    drive = visit("photo-upscale-x2")
    drive.start()
    shown = drive.after(lambda: drive.choose_files([png(60, 44)]))
    assert (shown["before"], shown["width"], shown["height"]) == ([60, 44], 120, 88)
    after = drive.area.get_by_role("img", name="After: 120 × 88 pixels")
    assert after.evaluate("canvas => [canvas.width, canvas.height]") == [120, 88]
    with drive.page.expect_download() as download:
        drive.area.get_by_text("Download PNG").click()
    with Image.open(download.value.path()) as saved:
        assert saved.size == (120, 88)


def test_a_large_photo_is_compared_with_what_the_model_got(visit: Visit) -> None:
    """Before and after start from the same pixels, also where the steps shrink the photo first."""
    drive = visit("photo-upscale-x2")
    drive.start()
    shown = drive.after(lambda: drive.choose_files([png(1200, 600)]))
    assert (shown["before"], shown["width"], shown["height"]) == ([512, 256], 1024, 512)


def test_the_slider_moves_by_key_and_mouse(visit: Visit) -> None:
    """The line between before and after follows the arrow keys and the pointer."""
    drive = visit("photo-upscale-x2")
    drive.start()
    slider, stack = drive.area.get_by_role("slider"), drive.area.locator(".td-stack")
    slider.press("ArrowRight")
    expect(slider).to_have_value("51")
    stack.hover(position={"x": 2, "y": 20})
    assert stack.evaluate("stack => parseFloat(getComputedStyle(stack).getPropertyValue('--at'))") < 5


def test_the_wine_form_runs_what_is_typed(visit: Visit) -> None:
    """Changing a value runs the model again, warns of what is out of range, and Reset brings the sample back."""
    drive = visit("wine-mlp")
    sample = drive.start()
    field = drive.area.get_by_role("spinbutton", name=re.compile("^Alcohol"))
    was = field.input_value()
    field.fill("99")
    typed = drive.after(lambda: field.press("Enter"))
    assert typed["name"] == "Your values"
    assert "outside" in drive.area.locator(".td-row .td-warning").inner_text()
    reset = drive.after(drive.area.get_by_text("Reset values").click)
    assert field.input_value() == was
    assert reset["classes"] == sample["classes"] != typed["classes"]


def test_an_empty_field_is_named(visit: Visit) -> None:
    """A value that is missing is said by name, and nothing is guessed in its place."""
    drive = visit("wine-mlp")
    drive.start()
    drive.area.get_by_role("spinbutton", name=re.compile("^Alcohol")).fill("")
    assert "alcohol" in drive.failure(drive.run.click)


def test_pasted_code_is_recognised(visit: Visit) -> None:
    """Code that is pasted is run without a further press."""
    drive = visit("code-language-id")
    drive.start()
    area = drive.area.get_by_label("Text, typed or pasted")
    area.fill("")
    area.focus()
    code = '#include <stdio.h>\n\nint main(void)\n{\n\tprintf("%d\\n", 42);\n\treturn 0;\n}\n'
    assert drive.top(lambda: drive.page.keyboard.insert_text(code)) == "C"


def test_a_file_that_is_no_picture_leaves_the_rest_running(visit: Visit) -> None:
    """Of several files the readable ones give results, and the others say what is wrong with them."""
    drive = visit("digits-cnn")
    drive.start()
    text: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"these are no pixels"}
    drive.choose_files([png(20, 20), text, png(21, 21)])
    rows = drive.area.locator(".td-batch li")
    expect(rows).to_have_count(3, timeout=TIMEOUT)
    words = rows.all_inner_texts()
    assert "%" in words[0]
    assert "expected" in words[1]
    assert "%" in words[2]


def test_a_picture_that_is_too_large_is_refused_by_name(visit: Visit) -> None:
    """Twenty million pixels are refused with the limit, and the next sample runs as if nothing had been."""
    drive = visit("digits-cnn")
    drive.start()
    error = drive.failure(lambda: drive.choose_files([png(5000, 4000, "1")]))
    assert error.startswith("5000x4000.png: ")
    assert "16" in error
    drive.area.locator("[data-sample]").first.click()
    expect(drive.area.locator(".td")).to_have_attribute("data-state", "ready", timeout=TIMEOUT)
