"""Published TFLite files become ONNX models, and quantised or float TFLite files again, with the same numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from converters.from_tflite import load
from converters.importing.tflite.reader import read
from converters.to_tflite import export
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, Session, Tensors
from edge.steps import Context, run_steps
from tests.published import SIGNATURES, steps
from tests.published_audio import yamnet
from tests.shared import mirrored, published, sample

pytestmark = pytest.mark.shared

PHOTOS = ["astronaut.png", "pets.jpg", "jockey.jpg", "hands.jpg", "squat.bmp", "coffee.png", "parrot.jpg"]
SOUNDS = ["speech.wav", "noise_1000ms.wav", "yes_1000ms.wav"]
TEXTS = ["great movie, I loved every minute of it", "terrible and boring, a waste of time", "I hated it"]
CLOSE = 1e-4  # of a float output's largest entry, or of 1 where that is larger
UNIT, SIGNED = ({"gain": 1 / 255}, {"gain": 1 / 127.5, "offset": -1})


def squeezed(width: int, height: int, scale: dict[str, float] | None) -> list[object]:
    """The steps that squeeze a photo to a size, with its pixels scaled or as they are."""
    resized = ["decode_image", ("resize", {"width": width, "height": height})]
    scaled = [("scale_linear", scale)] if scale else []
    return [*resized, *scaled, ("to_layout", {"layout": "nhwc"})]


BEFORE = {
    "mobilenet-v1-0.25-224-float": squeezed(224, 224, SIGNED),
    "ssd-mobilenet-v1-coco-quant": squeezed(300, 300, None),
    "face-landmark-468": squeezed(192, 192, UNIT),
    "hand-landmark-lite": squeezed(224, 224, UNIT),
    "movenet-lightning-int8": squeezed(192, 192, None),
    "selfie-segmentation-landscape": squeezed(256, 144, UNIT),
    "deeplabv3-257-float": squeezed(257, 257, SIGNED),
}
QUANTIZED = {"ssd-mobilenet-v1-coco-quant", "movenet-lightning-int8", "yamnet"}
OTHERS: dict[str, Callable[[], Iterator[np.ndarray]]] = {
    "yamnet": lambda: _pieces(),
    "sst2-average-word-vec": lambda: _ids(),
}
NAMES = [*BEFORE, *OTHERS]


def _pieces() -> Iterator[np.ndarray]:
    """The first pieces of sounds, 0.975 s each."""
    row = published("yamnet")
    pipeline = Pipeline(yamnet(mirrored(row["labels_sha256"]).read_text("utf-8").splitlines()), Path())
    for name in SOUNDS:
        yield from pipeline.tensors(sample(name), pipeline.context())["waveform_binary"][:3]


def _ids() -> Iterator[np.ndarray]:
    """The numbers of the words of sentences: any that the file knows do."""
    with zipfile.ZipFile(io.BytesIO(mirrored(published("sst2-average-word-vec")["sha256"]).read_bytes())) as attached:
        words = dict(line.rsplit(" ", 1) for line in attached.read("vocab.txt").decode().splitlines())
    for text in TEXTS:
        known = [int(words[word]) for word in text.replace(",", "").lower().split() if word in words]
        assert len(known) > 2
        yield np.array([known + [0] * (256 - len(known))], np.int32)


def samples_of(name: str) -> Iterator[np.ndarray]:
    """What the model's own publishers would give it, and noise of the same type and range."""
    tensors = list(OTHERS[name]() if name in OTHERS else _photos(name))
    yield from tensors
    rng, last = np.random.default_rng(0), tensors[-1]
    for _ in range(3):
        yield rng.uniform(float(last.min()), float(last.max()), last.shape).astype(last.dtype)


def _photos(name: str) -> Iterator[np.ndarray]:
    for photo in PHOTOS:
        yield np.asarray(run_steps(steps(*BEFORE[name]), sample(photo), Context()))


@dataclass(frozen=True)
class Imported:
    """A published file, what it became, and the runtimes' sessions of both."""

    name: str
    folder: Path

    @cached_property
    def source(self) -> Path:
        """Where the file lies."""
        return mirrored(published(self.name)["sha256"])

    @cached_property
    def model(self) -> ir.Model:
        """What the file became."""
        return load(self.source)

    @cached_property
    def back(self) -> Path:
        """Where the TFLite file lies that the model was written to."""
        path = self.folder / "back.tflite"
        precision = "w8a8" if self.name in QUANTIZED else "fp32"
        path.write_bytes(export(self.model, precision=precision).files[".tflite"])
        return path

    @cached_property
    def onnx(self) -> Session:
        """The model in onnxruntime."""
        path = self.folder / "model.onnx"
        ir.save(self.model, path)
        return RUNTIMES["onnxruntime"].load(path)

    @cached_property
    def feeds(self) -> list[Tensors]:
        """Inputs to run it on."""
        given = (published(self.name) | SIGNATURES.get(self.name, {}))["inputs"][0]["name"]
        return [{given: tensor} for tensor in samples_of(self.name)]


@pytest.fixture(scope="module", params=NAMES)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Each of the published TFLite files in turn."""
    return Imported(request.param, tmp_path_factory.mktemp("imported"))


def assert_same(want: Tensors, got: Tensors, close: float) -> None:
    """Same names and shapes, and numbers as close as that to the largest or to 1."""
    assert got.keys() == want.keys()
    for name, expected in want.items():
        assert (got[name].dtype, got[name].shape) == (expected.dtype, expected.shape)
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.abs(got[name] - expected).max() <= close * scale, name


def test_onnxruntime_computes_what_litert_computes(imported: Imported):
    """Detections, landmarks, masks, sounds and texts: to 1e-4, and quantised models too.

    MoveNet alone is sensitive to single roundings: LiteRT's own kernels, with and without XNNPACK, disagree about
    joints that it is unsure of. So there the sure joints count, and they lie within 2 % of the picture on average.
    """
    litert = RUNTIMES["litert"].load(imported.source)
    if imported.name == "movenet-lightning-int8":
        assert _distance_of_sure_joints(imported, litert) <= 0.02
        return
    for feed in imported.feeds:
        assert_same(litert(feed), imported.onnx(feed), CLOSE)


def _distance_of_sure_joints(imported: Imported, litert: Session) -> float:
    distances = []
    for feed in imported.feeds[: len(PHOTOS)]:
        want, got = (session(feed)["output_0"][0, 0] for session in (litert, imported.onnx))
        sure = want[:, 2] > 0.4
        distances += np.abs(want - got)[sure, :2].max(-1).tolist()
    assert len(distances) > 20
    return float(np.mean(distances))


def test_written_back_the_file_computes_the_same_in_litert(imported: Imported):
    """Floats to 1e-6 of the largest; what was quantised comes back quantised and gives the very same numbers."""
    before, behind = (RUNTIMES["litert"].load(path) for path in (imported.source, imported.back))
    for feed in imported.feeds:
        assert_same(before(feed), behind(feed), 1e-6)


def test_written_back_the_file_holds_no_transpose_and_is_no_larger(imported: Imported):
    """No data move that did not move before, and filters of 8 bits stay in 8 bits."""
    source, back = (read(path.read_bytes()) for path in (imported.source, imported.back))
    transposes = [sum(op.kind == "TRANSPOSE" for op in graph.ops) for graph in (source, back)]
    assert transposes[1] <= transposes[0]
    halves = any(op.kind == "DEQUANTIZE" and op.inputs[0].dtype == "float16" for op in source.ops)
    grown = 2.1 if halves else 1.3  # weights of 16 bits are 32 in fp32; YAMNet's spectrum needs a table of sines
    assert imported.back.stat().st_size <= grown * imported.source.stat().st_size
