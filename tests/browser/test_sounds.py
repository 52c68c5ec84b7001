from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from catalog.check import load
from edge.examples import of_file
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from edge.runtimes.chromium import FLAGS, find
from edge.steps.wav import read
from tests.browser.conftest import Visit
from tests.browser.drive import TIMEOUT, Drive
from tests.golden.steps.cases import wavs

pytestmark = pytest.mark.browser

MODEL = "spoken-digits"
FOLDER = Path(__file__).parents[2] / "catalog" / "models" / MODEL
SEVEN = (FOLDER / "samples/seven.wav").read_bytes()

# Plays a WAV file into a recorder of the browser's own, and drops what that made, an Opus file, on the widget.
DROP_AS_OPUS = """async ([selector, address]) => {
  const context = new AudioContext();
  const source = context.createBufferSource();
  source.buffer = await context.decodeAudioData(await (await fetch(address)).arrayBuffer());
  const to = context.createMediaStreamDestination();
  source.connect(to);
  const recorder = new MediaRecorder(to.stream, { mimeType: "audio/webm;codecs=opus" });
  const made = new Promise((resolve) => (recorder.ondataavailable = ({ data }) => resolve(data)));
  recorder.start();
  source.start(context.currentTime + 0.2);
  await new Promise((resolve) => (source.onended = resolve));
  setTimeout(() => recorder.stop(), 300);
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([await made], "seven.webm", { type: "audio/webm" }));
  const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
  document.querySelector(selector).dispatchEvent(event);
}"""

DRAW_SEGMENTS = """async ([root, outcome]) => {
  const { segmentsResult } = await import(`${root}static/test-drive/results/segments.js`);
  const drawing = segmentsResult();
  document.body.replaceChildren(drawing.element);
  const shown = drawing.show(outcome, { name: "Talk" });
  return { ...shown, places: [...document.querySelectorAll(".td-stretch")].map((each) => each.style.cssText) };
}"""


def file(name: str, data: bytes, kind: str = "audio/wav") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}


def test_a_file_gives_what_the_same_sound_gives_as_a_sample(visit: Visit) -> None:
    """A WAV file is shown as a waveform with a player, and runs through the steps of the card."""
    drive = visit(MODEL)
    drive.start()
    sample = drive.choose_sample(next(s.title for s in load(FOLDER).samples if s.file == "samples/seven.wav"))
    given = drive.after(lambda: drive.choose_files([file("mine.wav", SEVEN)]))
    assert given["classes"] == sample["classes"]
    assert drive.area.get_by_role("img", name="Waveform of mine.wav, 0:00.").is_visible()
    expect(drive.area.get_by_label("The sound")).to_have_js_property("paused", True)


def test_held_out_clips_agree_with_python(visit: Visit, built_site: Path) -> None:
    """The page and Python give the same class and the same probability for each of 40 clips."""
    card = load(FOLDER)
    task = {"input": "audio", "result": "classes"}
    inputs = [example.input for example in of_file(FOLDER / str(card.evaluation[0].file), task)][::3][:40]
    session = RUNTIMES["onnxruntime"].load(built_site / f"models/{MODEL}/files/{MODEL}-{card.version}.fp32.onnx")
    pipeline = Pipeline(card, FOLDER)
    expected = [pipeline.predict(session, each)[0] for each in inputs]
    drive = visit(MODEL)
    drive.start()
    drive.choose_files([file(f"{number}.wav", bytes(data)) for number, data in enumerate(inputs)])  # type: ignore[arg-type]
    rows = drive.area.locator(".td-batch li")
    expect(rows).to_have_count(len(inputs), timeout=TIMEOUT)
    got = rows.evaluate_all("rows => rows.map(row => JSON.parse(row.dataset.outcome).classes[0])")
    assert [row["label"] for row in got] == [row["label"] for row in expected]
    assert [row["score"] for row in got] == pytest.approx([row["score"] for row in expected], abs=1e-4)


def test_a_studio_recording_of_eight_channels_runs(visit: Visit) -> None:
    """Eight channels at 96 kHz are mixed and resampled, and the word is still the same."""
    sound = read(SEVEN)
    places = np.arange(len(sound.samples) * 12) / 12
    fast = np.interp(places, np.arange(len(sound.samples)), sound.samples[:, 0])
    drive = visit(MODEL)
    drive.start()
    studio = file("studio.wav", wavs.of(np.tile(fast[:, None], 8), 96000))
    assert drive.after(lambda: drive.choose_files([studio]))["classes"][0]["label"] == "seven"


def test_what_is_no_wav_file_is_decoded_by_the_browser(visit: Visit) -> None:
    """A compressed recording that is dropped on the widget is recognised like the WAV file it came from."""
    drive = visit(MODEL)
    drive.start()
    address = drive.page.evaluate("data => URL.createObjectURL(new Blob([Uint8Array.from(data)]))", list(SEVEN))
    shown = drive.after(lambda: drive.page.evaluate(DROP_AS_OPUS, ["#test-drive .td-picker", address]))
    assert shown["name"] == "seven.webm"
    assert shown["classes"][0]["label"] == "seven"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            file("notes.mp3", b"these are no samples", "audio/mpeg"),
            "notes.mp3: This is no sound that the browser can decode.",
        ),
        (file("empty.wav", b""), "empty.wav: This is no sound that the browser can decode."),
        (file("header.wav", wavs.wav(b"")), "a header without samples"),
        (file("half.wav", SEVEN[:-99]), "cut short: 99 bytes are missing"),
        (file("nan.wav", wavs.wav(np.full(9, np.nan, "<f4").tobytes(), tag=3, bits=32)), "got NaN or infinity"),
        (file("hour.wav", wavs.wav(bytes(3600 * 1000), bits=8, rate=1000)), "at most 600 seconds"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_a_bad_file_is_named_and_the_next_one_runs(visit: Visit, given: FilePayload, message: str) -> None:
    """The page says what is wrong with the file, and a sample runs as if nothing had been."""
    drive = visit(MODEL)
    drive.start()
    assert message in drive.failure(lambda: drive.choose_files([given]))
    drive.area.locator("[data-sample]").first.click()
    expect(drive.area.locator(".td")).to_have_attribute("data-state", "ready", timeout=TIMEOUT)


def test_samples_can_be_heard(visit: Visit) -> None:
    """Beside each sample a button plays it and, pressed again, stops it; the result stays."""
    drive = visit(MODEL)
    before = drive.start()
    play = drive.area.locator(".td-play").first
    assert (play.get_attribute("aria-label") or "").startswith("Play ")
    play.click()
    expect(play).to_have_attribute("data-playing", "true")
    play.click()
    expect(play).to_have_attribute("data-playing", "false")
    assert drive.shown() == before


@pytest.fixture
def microphone(chromium: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    """A Chromium whose microphone hears a sample over and over, and whose visitor allows it."""
    sound = read(SEVEN)
    silence = np.zeros(4000, np.float32)
    heard = np.concatenate([silence, sound.samples[:, 0], silence])
    (tmp_path / "heard.wav").write_bytes(wavs.of(heard, sound.rate))
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-audio-capture={tmp_path / 'heard.wav'}"]
    with chromium.browser_type.launch(executable_path=find(), args=[*FLAGS, *flags]) as browser:
        yield browser.new_context()


def test_what_the_microphone_hears_is_recognised(microphone: BrowserContext, site_url: str) -> None:
    """Record, speak, stop: the level moves, the recording is shown, and the word in it stands on top."""
    drive = Drive(microphone.new_page(), f"{site_url}models/{MODEL}/")
    drive.start()
    drive.area.get_by_role("button", name="Record", exact=True).click()
    stop = drive.area.get_by_role("button", name="Stop recording")
    meter = drive.area.get_by_role("meter", name="Loudness")
    meter.wait_for()
    drive.page.wait_for_function("() => document.querySelector('.td-recorder meter').value > 0.05")
    drive.page.wait_for_function(
        "() => parseFloat(document.querySelector('.td-recorder [role=timer]').textContent) > 2"
    )
    shown = drive.after(stop.click)
    assert shown["name"] == "Your recording"
    assert shown["classes"][0]["label"] == "seven"
    assert drive.area.get_by_role("img", name="Waveform of Your recording").is_visible()
    expect(meter).to_be_hidden()
    assert drive.problems == []


def test_a_forbidden_microphone_is_explained(broken_visit: Visit) -> None:
    """Where there is no microphone, or it may not be used, the page says so and files still work."""
    drive = broken_visit(MODEL)
    drive.start()
    error = drive.failure(drive.area.get_by_role("button", name="Record", exact=True).click)
    assert "icrophone" in error
    assert drive.after(lambda: drive.choose_files([file("mine.wav", SEVEN)]))["classes"][0]["label"] == "seven"


def test_stretches_lie_where_they_were_found(page: Page, site_url: str) -> None:
    """Two stretches in four seconds are coloured over the waveform in proportion, and listed with their times."""
    page.goto(site_url)
    found = [
        {"start": 0.5, "end": 1.5, "label": "speech", "score": 0.97},
        {"start": 3, "end": 4, "label": "music", "score": 0.5},
    ]
    sound = {"low": [-0.5, -1], "high": [0.5, 1], "seconds": 4}
    shown = page.evaluate(DRAW_SEGMENTS, [site_url, {"result": found, "sound": sound}])
    assert shown["summary"] == "2 stretches, 0:02.00 of 0:04.00"
    assert [place.split("; --hue")[0] for place in shown["places"]] == [
        "left: 12.5%; width: 25%",
        "left: 75%; width: 25%",
    ]
    assert page.locator(".td-segments li").all_inner_texts() == [
        "0:00.50 – 0:01.50\nspeech\n97.0 %".replace("\n", ""),
        "0:03.00 – 0:04.00\nmusic\n50.0 %".replace("\n", ""),
    ]
    silence = page.evaluate(DRAW_SEGMENTS, [site_url, {"result": [], "sound": sound}])
    assert silence["summary"] == "nothing found in 0:04.00"
    assert json.dumps(silence["places"]) == "[]"
