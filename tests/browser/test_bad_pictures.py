from __future__ import annotations

from functools import partial

import pytest

from tests.browser.conftest import Visit
from tests.edge.pictures import BAD, ODD

pytestmark = pytest.mark.browser


def test_bad_pictures_are_refused_in_words_and_the_next_one_runs(visit: Visit) -> None:
    """Half a file, a bomb, a text: the page says what it expected, and a sample then gives what it gave before."""
    drive = visit("digits-cnn")
    before = drive.start()
    for name, (data, words) in BAD.items():
        given = {"name": name, "mimeType": "image/png", "buffer": data}
        error = drive.failure(partial(drive.choose_files, [given]))
        assert error.startswith(f"{name}: decode_image: expected ")
        assert words in error
        sample = drive.choose_sample(before["name"])
        assert sample["classes"] == before["classes"]


def test_unusual_pictures_give_a_result(visit: Visit) -> None:
    """One pixel, 16 bits, ink colours, an animation: each is read, and none is an error."""
    drive = visit("digits-cnn")
    drive.start()
    for name, (data, _) in ODD.items():
        given = {"name": name, "mimeType": "image/png", "buffer": data}
        shown = drive.after(partial(drive.choose_files, [given]))
        assert shown["name"] == name
        assert len(shown["classes"]) == 3
