"""The test-drive of a model that takes files of any kind."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.shared]

CSS = (
    b"body {\n  margin: 0;\n  color: #222;\n}\n\n.card > h2 {\n  font-size: 1.2rem;\n  border-bottom: 1px solid;\n}\n"
    * 4
)

# Hands bytes over as the browser does when a person drops a file.
DROP = """bytes => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "unknown"));
  const event = new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: transfer});
  document.querySelector("#test-drive .td-picker").dispatchEvent(event);
}"""


def archive() -> bytes:
    """A ZIP archive: bytes that are no text."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("style.css", CSS)
    return file.getvalue()


def test_a_file_is_named_whatever_it_is_called(visit: Visit, mirror: Path | None) -> None:
    """The samples, a chosen style sheet called a text and a dropped archive without an ending get their types."""
    if mirror is None:
        pytest.skip("no weights that others publish are here")
    drive = visit("magika")
    drive.start()
    assert drive.verification.startswith("Verified on this browser")
    titles = {"A Python script": "python", "A table of values": "csv", "A picture": "png", "An archive": "zip"}
    assert {title: drive.choose_sample(title)["classes"][0]["label"] for title in titles} == titles
    sheet = {"name": "notes.txt", "mimeType": "text/plain", "buffer": CSS}
    chosen = drive.after(lambda: drive.choose_files([sheet]))
    assert (chosen["name"], chosen["classes"][0]["label"]) == ("notes.txt", "css")
    dropped = drive.after(lambda: drive.page.evaluate(DROP, list(archive())))
    assert (dropped["name"], dropped["classes"][0]["label"]) == ("unknown", "zip")
