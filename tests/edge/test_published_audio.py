"""The vocabulary of steps can express published models: their real weights give what their authors found."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from tests.published_audio import silero, yamnet
from tests.shared import mirrored, published, sample

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def listen():
    """A function from a sample's name, and what is asked of the segments, to Silero's scores or segments."""
    session = RUNTIMES["onnxruntime"].load(mirrored(published("silero-vad-16k")["sha256"]))
    return lambda name, **segments: Pipeline(silero(**segments), Path()).predict(session, sample(name))


def test_silero_hears_speech_and_not_noise(listen):
    """The scores that were measured with the authors' own code: speech 1.00, noise 0.02, silence 0.01."""
    speech, noise, silence = (listen(name) for name in ("speech.wav", "noise_1000ms.wav", "silence_1000ms.wav"))
    assert speech.shape == (-(-68360 // 512), 1)
    assert speech.max() == pytest.approx(1, abs=1e-3)
    assert noise.max() == pytest.approx(0.02, abs=0.002)
    assert silence.max() == pytest.approx(0.012, abs=0.002)
    assert listen("vad_test.wav").mean() == pytest.approx(0.778, abs=0.001)


def test_silero_says_when_somebody_speaks(listen):
    """A minute of talk comes as stretches in order, most of it speech; a second of noise as none."""
    limits = {"threshold": 0.5, "min_speech": 0.25, "min_silence": 0.1, "pad": 0.03}
    talk = listen("vad_test.wav", **limits)
    assert 0.7 < sum(row["end"] - row["start"] for row in talk) / 60 < 0.9
    assert all(before["end"] <= after["start"] for before, after in pairwise(talk))
    assert listen("noise_1000ms.wav", **limits) == []


def test_yamnet_names_what_it_hears():
    """The published file, in LiteRT, calls speech Speech and noise noise, as it did for those who mirrored it."""
    row = published("yamnet")
    labels = mirrored(row["labels_sha256"]).read_text("utf-8").splitlines()
    session = RUNTIMES["litert"].load(mirrored(row["sha256"]))
    pipeline = Pipeline(yamnet(labels), Path())
    [speech, *_] = pipeline.predict(session, sample("speech.wav"))
    assert (speech["label"], speech["score"]) == ("Speech", pytest.approx(0.97, abs=0.005))
    noise = pipeline.predict(session, sample("noise_1000ms.wav"))
    found = [(row["label"], np.round(row["score"], 2)) for row in noise[:2]]
    assert found == [("Pink noise", 0.5), ("Noise", 0.33)]
