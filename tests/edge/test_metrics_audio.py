from __future__ import annotations

import pytest

from edge.examples import Example
from edge.metrics import METRICS
from tests.golden.steps.cases import wavs

SECOND = wavs.wav(bytes(16000), rate=8000)
SPEECH = {"start": 0.2, "end": 0.6, "label": "speech"}


def accuracy(*pairs: tuple[list, list]) -> float:
    return METRICS["frame_accuracy"]([(got, Example(SECOND, right)) for got, right in pairs])


def test_speech_found_late_costs_the_time_it_was_late():
    """A stretch that begins 100 ms late in a second of sound is right for 90 % of it."""
    assert accuracy(([SPEECH | {"start": 0.3}], [SPEECH])) == pytest.approx(0.9)


def test_another_label_is_wrong_and_silence_counts():
    """Music instead of speech is wrong for as long as it lasts; a recording without any is all right."""
    assert accuracy(([SPEECH | {"label": "music"}], [SPEECH])) == pytest.approx(0.6)
    assert accuracy(([], [])) == 1
    assert accuracy(([], []), ([], [SPEECH])) == pytest.approx(0.8)


def test_expected_segments_that_are_none_are_refused():
    """Whoever writes a label where stretches belong reads what to write."""
    with pytest.raises(TypeError, match="start, end, label"):
        METRICS["frame_accuracy"]([([], Example(SECOND, "speech"))])
