from __future__ import annotations

import io
import random
import wave
from types import SimpleNamespace

import numpy as np
import pytest

from edge.steps import Context, StepError, run_steps
from edge.steps.sound import Sound
from tests.golden.steps.cases import wavs
from tests.steps.codec import in_node, in_python, job

WORDS = ["speech"]
# librosa 0.11, filters.mel(sr=22050, n_fft=512, n_mels=10): the sum of each band's weights
LIBROSA_SUMS = [0.0232196897, 0.0232196897, 0.0232299734, 0.0232199468, 0.0232059173]
LIBROSA_SUMS += [0.0232271478, 0.0232174229, 0.0232190881, 0.0232211512, 0.0232189112]
LIBROSA_BAND = [0.000205517616, 0.00126247469, 0.00126482337]  # of the fifth, at three bins


def run(name: str, value: object, context: Context | None = None, **kwargs: object):
    return run_steps([SimpleNamespace(id=name, kwargs=kwargs)], value, context)


def tone(hertz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def test_a_file_that_python_writes_is_read_as_it_was_written():
    """What the standard library's own writer made comes back, sample for sample."""
    levels = np.array([[0, 1], [-32768, 32767], [12345, -2]], np.int16)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, 11025, 0, "NONE", "NONE"))
        writer.writeframes(levels.astype("<i2").tobytes())
    sound = run("decode_audio", file.getvalue())
    assert sound.rate == 11025
    np.testing.assert_array_equal(sound.samples * 32768, levels)


def test_eight_channels_at_96_khz_become_mono_at_16_khz():
    """A studio recording runs through the same steps as a phone's: the tone in it stays where it was."""
    studio = wavs.of(np.tile(tone(440, 96000)[:, None], 8) / 2, 96000)
    mono = run("resample", run("to_mono", run("decode_audio", studio)), rate=16000)
    assert mono.shape == (16000,)
    np.testing.assert_allclose(mono[100:-100], tone(440, 16000)[100:-100] / 2, atol=2e-4)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "an empty file"),
        (wavs.wav(b""), "a header without samples"),
        (wavs.wav(bytes(400))[:-7], "cut short: 7 bytes are missing"),
        (b"ID3\x04" + bytes(400), "it looks like MP3"),
        (b"\xff\xfb\x90\x44" + bytes(400), "it looks like MP3"),
        (wavs.wav(np.full(9, np.nan, "<f4").tobytes(), tag=wavs.FLOAT, bits=32), "got NaN or infinity"),
        (wavs.wav(bytes(3600 * 1000), bits=8, rate=1000), "at most 600 seconds .* got 3600.0 seconds"),
        (wavs.wav(bytes(9 * 2), channels=9), "1 to 8 channels, got 9"),
        (wavs.wav(bytes(90), tag=6, bits=8), "floats of 32 or 64, got 8-bit A-law"),
    ],
)
def test_a_bad_file_is_refused_in_words(data, message):
    """Whoever gives such a file reads what is wrong with it and what to do."""
    with pytest.raises(StepError, match=message) as caught:
        run("decode_audio", data)
    assert "WAV" in caught.value.cure or "again" in caught.value.cure or "pieces" in caught.value.cure


def test_a_file_cut_anywhere_is_refused():
    """Half a download never passes for a shorter sound."""
    whole = wavs.wav(bytes(range(200)), channels=2)
    for length in range(len(whole)):
        with pytest.raises(StepError, match="decode_audio"):
            run("decode_audio", whole[:length])


def test_one_sample_goes_all_the_way():
    """The shortest sound there is gives frames, a spectrum and a logarithm without an infinity."""
    sound = run("to_mono", run("decode_audio", wavs.wav(b"\0\x40", rate=44100)))
    frames = run("frame", run("resample", sound, rate=16000), length=400, step=160, tail="pad")
    result = run("log", run("spectrum", run("window", frames, kind="hann"), fft=512))
    assert result.shape == (1, 257)
    assert np.isfinite(result).all()


@pytest.mark.parametrize(("old", "new"), [(44100, 16000), (16000, 44100), (48000, 8000), (22050, 16000)])
def test_resampling_follows_its_formula(old, new):
    """The fast way by phases gives what the definition gives, written out as one sum over all samples."""
    samples = np.random.default_rng(1).standard_normal(300).astype(np.float32)
    cutoff = 0.95 * min(1, new / old)
    places = np.arange(-(-300 * new // old)) * old / new
    v = cutoff * (np.arange(300) - places[:, None])
    kernel = np.where(np.abs(v) < 32, cutoff * np.sinc(v) * np.cos(np.pi * v / 64) ** 2, 0)
    np.testing.assert_allclose(run("resample", Sound(samples, old), rate=new), kernel @ samples, atol=2e-6)


def test_resampling_keeps_what_fits_and_removes_what_would_fold_back():
    """To 16 kHz, a 6 kHz tone passes unchanged; one of 9 kHz is gone instead of sounding as 7."""
    kept = run("resample", Sound(tone(6000, 44100), 44100), rate=16000)[200:-200]
    gone = run("resample", Sound(tone(9000, 44100), 44100), rate=16000)[200:-200]
    np.testing.assert_allclose(kept, tone(6000, 16000)[200:-200], atol=1e-3)
    assert np.abs(gone).max() < 1e-3


def test_a_tone_stands_out_in_its_band():
    """A steady tone gives a log-mel picture whose brightest band is the one around its pitch, in every frame."""
    frames = run("frame", tone(1000, 16000), length=400, step=160)
    power = run("spectrum", run("window", frames, kind="hann"), fft=512)
    bands = run("mel", power, bands=40, rate=16000, low=0, high=8000)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 42) / 2595) - 1)
    assert set(bands.argmax(axis=1)) == {np.abs(edges[1:-1] - 1000).argmin()}


def test_slaney_mel_is_librosas():
    """Models trained on librosa's features get the same: the sums of all bands, and the rise and fall of one."""
    spectrum = np.eye(257, dtype=np.float32)
    weights = run("mel", spectrum, bands=10, rate=22050, low=0, high=11025, scale="slaney", norm="slaney")
    np.testing.assert_allclose(weights.sum(axis=0), LIBROSA_SUMS, rtol=1e-5)
    np.testing.assert_allclose(weights[[30, 36, 44], 4], LIBROSA_BAND, rtol=1e-6)


def test_speech_that_pauses_is_cut_where_it_pauses():
    """Scores of 32 ms rows become stretches in seconds; short gaps close, and the end is that of the sound."""
    scores = np.zeros((32, 1), np.float32)
    scores[3:10] = scores[11:13] = scores[24:] = 0.9
    context = Context(labels=WORDS, sound=Sound(np.zeros(16000, np.float32), 16000))
    found = run("segments", scores, context, step=0.032, min_silence=0.1, pad=0.03)
    times = [(row["start"], row["end"]) for row in found]
    assert times == [pytest.approx((0.066, 0.446)), pytest.approx((0.738, 1.0))]
    assert [row["score"] for row in found] == [pytest.approx(0.81), pytest.approx(0.9)]


def test_segments_never_overlap_and_stay_in_the_sound():
    """Whatever the scores and the padding, stretches follow one another and end with the sound."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        context = Context(labels=["a", "b"], sound=Sound(np.zeros(rng.integers(1, 999), np.float32), 100))
        limits = {name: float(rng.uniform(0, 1)) for name in ("threshold", "min_speech", "min_silence", "pad")}
        found = run("segments", rng.uniform(0, 1, (40, 2)), context, step=0.25, **limits)
        times = [0.0, *(time for row in found for time in (row["start"], row["end"])), context.sound.seconds]
        assert times == sorted(times)


def test_both_languages_read_and_refuse_the_same_files():
    """Of 600 WAV files with random faults in their headers, each is read alike or refused in the same words."""
    chance = random.Random(8)
    kinds = [(wavs.PCM, 8), (wavs.PCM, 16), (wavs.PCM, 24), (wavs.PCM, 32), (wavs.FLOAT, 32), (wavs.FLOAT, 64)]
    jobs = []
    for tag, bits in kinds * 100:
        write = chance.choice([wavs.wav, wavs.extensible])
        data = bytearray(write(bytes(range(96)), tag=tag, bits=bits, channels=chance.choice([1, 2, 3]), rate=8000))
        for _ in range(chance.randint(0, 3)):
            data[chance.randrange(min(70, len(data)))] = chance.choice([0, 1, 2, 3, 8, 16, 255, chance.randrange(256)])
        jobs.append(job([{"id": "decode_audio", "kwargs": {}}], bytes(data[: chance.choice([len(data), 60, 150])])))
    outcomes = in_node(jobs)["results"]
    assert outcomes == [in_python(one) for one in jobs]
    assert 100 < sum("refused" in outcome for outcome in outcomes) < 500
