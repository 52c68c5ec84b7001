"""Trains the spoken-digit classifier of `catalog/models/spoken-digits` again: `python -m scripts.train.spoken_digits`.

Data: words that eSpeak NG speaks in many voices (`espeak_words.py`), with noise, echo, other loudness and microphones
put on them here; no recording of a person is among them. Voices are held out whole. One laptop core needs about six
minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and `samples/` into the card's folder, prints the
metrics, also on three thousand further held-out clips that the repository has no room for.
"""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from catalog.card import Step
from edge.steps import run_steps, sinc
from scripts.train.common import MODELS, measure, read_card, save_onnx, seed, write_jsonl
from scripts.train.espeak_words import DIGITS, HEARD, HELD_OUT, RATE, TRAINING, UNHEARD, Utterance, draw, speak

NAME = "spoken-digits"
FOLDER = MODELS / NAME
OTHER = len(DIGITS)  # the label behind the digits
DRAWS = {"digits": 540, "others": 3600, "noises": 900}  # of each digit; words; clips without a word
COPIES = 4  # of each clip, each in another size, with other noise
EPOCHS, BATCH, LEARNING_RATE = 10, 64, 4e-3
SEED = 5
SAMPLES = {  # what visitors try, in held-out voices
    "three": Utterance("three", "Andrea", "en-us", 150, 50),
    "seven": Utterance("seven", "max", "en-gb", 160, 40),
    "zero": Utterance("zero", "linda", "en-gb-scotland", 140, 55),
    "nine": Utterance("nine", "m3", "en-029", 130, 45),
    "five": Utterance("five", "f2", "en-gb-x-rp", 170, 50),
    "eight": Utterance("eight", "Denis", "en-us-nyc", 150, 50),
    "river": Utterance("river", "travis", "en-us", 150, 50),
}
GRAPH = """
spoken_digits (float[1,1,61,32] features) => (float[1,11] logits) {
  mean = ReduceMean <axes = [2,3], keepdims = 1> (features)
  centred = Sub (features, mean)
  conv0 = Conv <pads = [1,1,1,1]> (centred, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  pool0 = MaxPool <kernel_shape = [2,2], strides = [2,2]> (relu0)
  conv1 = Conv <pads = [1,1,1,1]> (pool0, conv1_weight, conv1_bias)
  relu1 = Relu (conv1)
  pool1 = MaxPool <kernel_shape = [2,2], strides = [2,2]> (relu1)
  conv2 = Conv <pads = [1,1,1,1]> (pool1, conv2_weight, conv2_bias)
  relu2 = Relu (conv2)
  pool2 = MaxPool <kernel_shape = [2,2], strides = [2,2]> (relu2)
  conv3 = Conv (pool2, conv3_weight, conv3_bias)
  relu3 = Relu (conv3)
  strongest = GlobalMaxPool (relu3)
  flat = Flatten (strongest)
  logits = Gemm (flat, dense_weight, dense_bias)
}
"""

Sound = NDArray[np.float32]
Clips = list[tuple[Sound, int]]  # [T] at RATE with its label


def noise(count: int, rng: np.random.Generator) -> Sound:
    """Return noise whose power falls with frequency to the power 0 (white) to 2 (brown), a peak of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(count + 64))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** -rng.uniform(0, 1)
    samples = np.fft.irfft(spectrum)[:count]
    return np.asarray(samples / np.abs(samples).max(), np.float32)


def echo(word: Sound, rng: np.random.Generator) -> Sound:
    """Put the word into a room that dies away over 30 to 250 ms."""
    times = np.arange(int(0.2 * RATE))
    tail = rng.standard_normal(len(times)) * np.exp(-times / (RATE * rng.uniform(0.01, 0.08)))
    tail *= rng.uniform(0, 0.3) / np.sqrt((tail**2).sum())
    tail[0] = 1
    return np.convolve(word, tail)[: len(word) + 400].astype(np.float32)


def tilted(word: Sound, rng: np.random.Generator) -> Sound:
    """Give it the colour of another microphone: up to 9 dB more or less at the upper end of the spectrum."""
    spectrum = np.fft.rfft(word)
    gain = np.linspace(0, rng.uniform(-9, 9), len(spectrum)) + np.linspace(rng.uniform(-6, 6), 0, len(spectrum))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(word)).astype(np.float32)


def resized(word: Sound, rng: np.random.Generator) -> Sound:
    """Say it with a mouth up to a sixth larger or smaller: pitch, formants and speed all change."""
    rate = 250 * int(rng.integers(28, 38))  # multiples of 250 resample fast
    return sinc.resampled(word, rate, RATE)[: RATE - 1]


def recorded(word: Sound, rng: np.random.Generator) -> Sound:
    """Return the word as a person's microphone might have it: echo, colour, noise 6 to 45 dB below, any loudness."""
    word = tilted(echo(word, rng), rng)[: RATE - 1]
    word /= np.abs(word).max()
    background = noise(len(word), rng)
    background *= 10 ** (-rng.uniform(6, 45) / 20) * np.sqrt((word**2).mean() / (background**2).mean())
    mixed = word + background
    return np.asarray(mixed / np.abs(mixed).max() * 10 ** (-rng.uniform(0, 26) / 20), np.float32)


def placed(clip: Sound, rng: np.random.Generator) -> Sound:
    """Lay a clip somewhere into a second, half of the time on silence, half on noise as loud as its quietest part."""
    second = np.zeros(RATE, np.float32)
    if rng.random() < 0.5:
        quietest = min(np.abs(part).max() for part in np.array_split(clip, 20))
        second += noise(RATE, rng) * quietest
    start = rng.integers(RATE - len(clip) + 1)
    second[start : start + len(clip)] = clip
    return second


def noises(count: int, rng: np.random.Generator) -> Clips:
    """Return clips without a word: noise that is steady or swells, hum, clicks, silence."""
    made = []
    for number in range(count):
        length = int(rng.integers(RATE // 4, RATE))
        swell = np.interp(np.arange(length), np.linspace(0, length, 6), rng.uniform(0, 1, 6))
        hum = np.sin(2 * np.pi * rng.uniform(40, 1500) * np.arange(length) / RATE)
        clicks = noise(length, rng) * (rng.random(length) < 0.002)
        kinds = (noise(length, rng), noise(length, rng) * swell, hum * swell, clicks, np.zeros(length))
        loudness = 10 ** (-rng.uniform(0, 50) / 20)
        made.append(((kinds[number % 5] * loudness).astype(np.float32), OTHER))
    return made


def clips(digits: int, words: Sequence[str], silent: int, voices: Sequence[str], rng: np.random.Generator) -> Clips:
    """Return `digits` of each digit and the other words, as spoken, and `silent` clips without a word."""
    asked = draw([*DIGITS * digits, *words], voices, rng)
    labels = [DIGITS.index(one.word) if one.word in DIGITS else OTHER for one in asked]
    return [*zip(speak(asked), labels, strict=True), *noises(silent, rng)]


def heard(words: Clips, rng: np.random.Generator) -> Clips:
    """Return the clips as a microphone has them."""
    return [(recorded(word, rng) if word.any() else word, label) for word, label in words]


def tensors(sounds: Sequence[Sound], steps: Sequence[Step]) -> Tensor:
    """Run the card's steps behind resampling on each sound; `[N, 1, 61, 32] float32`."""
    return torch.from_numpy(np.concatenate([run_steps(steps[3:], sound) for sound in sounds]))


def layer(before: int, after: int, size: int, padding: int) -> list[nn.Module]:
    """Return a convolution whose results are normalised; the normalisation is folded into it on export."""
    return [nn.Conv2d(before, after, size, padding=padding), nn.BatchNorm2d(after), nn.ReLU()]


def network() -> nn.Sequential:
    """Return the network of `GRAPH`, but for the mean."""
    return nn.Sequential(
        *(*layer(1, 16, 3, 1), nn.MaxPool2d(2)),
        *(*layer(16, 32, 3, 1), nn.MaxPool2d(2)),
        *(*layer(32, 32, 3, 1), nn.MaxPool2d(2)),
        *(*layer(32, 40, 4, 0), nn.AdaptiveMaxPool2d(1)),
        *(nn.Flatten(), nn.Dropout(0.1), nn.Linear(40, 11)),
    )


def centred(features: Tensor) -> Tensor:
    """Subtract each picture's mean, which is its loudness."""
    return features - features.mean((2, 3), keepdim=True)


def hidden(pictures: Tensor) -> Tensor:
    """Put the mean in place of a stretch of up to 8 moments and of up to 5 bands (SpecAugment, Park et al. 2019)."""
    kept = torch.ones_like(pictures)
    for axis, most in ((2, 8), (3, 5)):
        places = torch.arange(pictures.shape[axis])
        width = torch.randint(most + 1, (len(pictures), 1))
        start = (torch.rand(len(pictures), 1) * (len(places) - width)).long()
        seen = ((places < start) | (places >= start + width)).float()
        kept = kept * (seen[:, None, :, None] if axis == 2 else seen[:, None, None, :])
    return pictures * kept


def train(inputs: Tensor, labels: Tensor) -> nn.Sequential:
    """Fit the network to smoothed labels; some moments and bands of each picture are hidden."""
    net, steps = network(), len(inputs) // BATCH
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=EPOCHS * steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        losses = []
        for rows in torch.randperm(len(inputs)).split(BATCH)[:steps]:
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(hidden(inputs[rows])), labels[rows], label_smoothing=0.05)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}", flush=True)
    return net.eval()


def export(net: nn.Sequential) -> str:
    """Write `model.onnx` and return its SHA-256."""
    folded = [fuse_conv_bn_eval(one, norm) for one, norm in pairwise(net) if isinstance(norm, nn.BatchNorm2d)]
    weights = {f"conv{i}_weight": one.weight.detach() for i, one in enumerate(folded)}
    weights |= {f"conv{i}_bias": one.bias.detach() for i, one in enumerate(folded)}
    weights |= {"dense_weight": net[-1].weight.detach().T, "dense_bias": net[-1].bias.detach()}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def wav(clip: Sound) -> bytes:
    """Encode as a WAV file of 16-bit samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", "NONE"))
        writer.writeframes(np.rint(clip * 32767).astype("<i2").tobytes())
    return file.getvalue()


def row(clip: Sound) -> dict[str, object]:
    """Return a line of a JSON Lines file without its answer."""
    return {"input": "data:audio/wav;base64," + base64.b64encode(wav(clip)).decode("ascii")}


def write_examples(training: Clips, held_out: Clips, labels: Sequence[str], rng: np.random.Generator) -> None:
    """Write held-out clips for evaluation, training clips for calibration, and what visitors try."""
    write_jsonl(FOLDER / "evaluation.jsonl", (row(clip) | {"expected": labels[label]} for clip, label in held_out))
    calibration = [training[int(index)][0] for index in rng.choice(len(training), 24, replace=False)]
    write_jsonl(FOLDER / "calibration.jsonl", map(row, calibration))
    for name, utterance in SAMPLES.items():
        (FOLDER / "samples" / f"{name}.wav").write_bytes(wav(recorded(speak([utterance])[0], rng)))


def report(net: nn.Sequential, held_out: Clips, steps: Sequence[Step], labels: Sequence[str]) -> None:
    """Print how often the network is right on clips that are not kept, for each label."""
    with torch.no_grad():
        scores = torch.cat([net(centred(tensors([clip], steps))) for clip, _ in held_out])
    answers = np.array([label for _, label in held_out])
    is_right = scores.argmax(1).numpy() == answers
    print(f"of {len(answers)} further clips in held-out voices: {is_right.mean():.4f}")
    print({name: round(float(is_right[answers == number].mean()), 3) for number, name in enumerate(labels)})


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng, card = seed(SEED), read_card(NAME)
    steps, labels = card.inputs[0].steps, [*DIGITS, "other"]
    words = list(rng.choice(HEARD, DRAWS["others"]))
    training = clips(DRAWS["digits"], words, DRAWS["noises"], TRAINING, rng)
    copies = [clip for _ in range(COPIES) for clip in heard([(resized(w, rng), label) for w, label in training], rng)]
    inputs = centred(tensors([placed(clip, rng) for clip, _ in copies], steps))
    net = train(inputs, torch.tensor([label for _, label in copies]))
    print("model.onnx sha256", export(net))
    write_examples(copies, heard(clips(11, UNHEARD[:10], 5, HELD_OUT, rng), rng), labels, rng)
    for figure in measure(card):
        print(f"{figure.metric} of {figure.samples} held-out clips: {figure.value:.4f}, {figure.status}")
    report(net, heard(clips(250, UNHEARD * 10, 100, HELD_OUT, rng), rng), steps, labels)


if __name__ == "__main__":
    main()
