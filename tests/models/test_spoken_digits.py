from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catalog.check import load
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from edge.steps import sinc
from edge.steps.wav import read
from tests import shared
from tests.golden.steps.cases import wavs

FOLDER = Path(__file__).parents[2] / "catalog" / "models" / "spoken-digits"
CARD = load(FOLDER)
SAMPLES = {sample.title: ((FOLDER / str(sample.file)).read_bytes(), sample.expected) for sample in CARD.samples}


@pytest.fixture(scope="module")
def hear():
    """A function from a WAV file to the label on top."""
    pipeline, session = Pipeline(CARD, FOLDER), RUNTIMES["onnxruntime"].load(FOLDER / "model.onnx")
    return lambda wav: pipeline.predict(session, wav)[0]["label"]


@pytest.mark.parametrize(("wav", "expected"), SAMPLES.values(), ids=SAMPLES)
def test_a_word_is_heard_wherever_it_stands_in_a_recording(hear, wav, expected):
    """Later, quieter, in stereo and at a microphone's own rate, a sample is still the same word."""
    sound = read(wav)
    word = sinc.resampled(sound.samples[:, 0], sound.rate, 48000)
    later = np.concatenate([np.zeros(60000, np.float32), word, np.zeros(30000, np.float32)])
    stereo = np.stack([later, later], axis=1) / 4
    assert [hear(wav), hear(wavs.of(stereo, 48000))] == [expected, expected]


def test_no_word_is_no_digit(hear):
    """Silence, noise and a tone are not taken for a digit."""
    noise = np.random.default_rng(0).standard_normal(16000) / 10
    tone = np.sin(np.arange(16000) / 5) / 3
    assert {hear(wavs.of(sound, 16000)) for sound in (noise * 0, noise, tone)} == {"other"}


@pytest.mark.shared
@pytest.mark.parametrize("name", ["yes", "no", "noise", "silence"])
def test_what_people_and_rooms_sound_like_is_no_digit(hear, name):
    """Recordings that are no synthesiser's: two words that are no digit, noise, silence."""
    assert hear(shared.sample(f"{name}_1000ms.wav")) == "other"
