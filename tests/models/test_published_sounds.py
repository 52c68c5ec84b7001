"""Models of sound that others publish, through their cards alone: what was found with them elsewhere."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.shared import sample

pytestmark = pytest.mark.shared


@pytest.mark.parametrize(
    ("name", "most"),
    [("speech.wav", 1.0), ("noise_1000ms.wav", 0.020), ("silence_1000ms.wav", 0.012)],
)
def test_silero_hears_speech_and_not_noise(model, name: str, most: float):
    """The highest score of any chunk is the one that was measured with the authors' own code."""
    assert model("silero-vad").outputs(sample(name))["output"].max() == pytest.approx(most, abs=1e-3)


def test_silero_goes_through_a_recording_chunk_by_chunk(model):
    """A score for each 512 samples, each with the state of the one before: their means are the authors'."""
    speech, talk, word = (model("silero-vad").outputs(sample(name))["output"] for name in
                          ("speech.wav", "vad_test.wav", "yes_1000ms.wav"))  # fmt: skip
    assert speech.shape == (-(-68360 // 512), 1)
    assert talk.mean() == pytest.approx(0.778, abs=0.001)
    assert (word > 0.5).mean() == pytest.approx(0.39, abs=0.02)


def test_silero_says_when_somebody_speaks(model):
    """A minute of talk comes as stretches in order, most of it speech; a second of noise as none."""
    talk = model("silero-vad")(sample("vad_test.wav"))
    assert {row["label"] for row in talk} == {"speech"}
    assert 0.7 < sum(row["end"] - row["start"] for row in talk) / 60 < 0.9
    assert all(before["end"] <= after["start"] for before, after in pairwise(talk))
    assert model("silero-vad")(sample("noise_1000ms.wav")) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("speech.wav", [("Speech", 0.97)]), ("noise_1000ms.wav", [("Pink noise", 0.50), ("Noise", 0.33)])],
)
def test_yamnet_names_what_it_hears(model, name: str, expected: list[tuple[str, float]]):
    """It calls speech Speech and noise noise, with labels that lie in the weights' own file."""
    best = model("yamnet")(sample(name))[: len(expected)]
    assert [(row["label"], row["score"]) for row in best] == [
        (label, pytest.approx(score, abs=0.01)) for label, score in expected
    ]
