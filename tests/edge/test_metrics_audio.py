from __future__ import annotations

from pathlib import Path

import pytest

from catalog.check import load
from catalog.vocab import tasks
from edge.evaluate import evaluate
from edge.examples import Example
from edge.metrics import METRICS
from edge.runtimes import RUNTIMES
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


def test_a_card_for_speech_in_time_is_measured_end_to_end():
    """Chunks through the model with its state, scores to stretches, stretches to the figure that the card claims."""
    folder = Path(__file__).parents[1] / "cards/valid/tiny-sound"
    card, session = load(folder), RUNTIMES["onnxruntime"].load(folder / "model.onnx")
    figure = evaluate(card, folder, card.evaluation[0], tasks()[card.pipeline_tag], session, is_source=True)
    assert (figure.value, figure.status) == (pytest.approx(0.9), "reproduced")
