"""What cards say of two published models for sound, as far as the pipeline reads it."""

from __future__ import annotations

from types import SimpleNamespace

from catalog.card import Tensor

AT_16_KHZ = [{"id": "decode_audio"}, {"id": "to_mono"}, {"id": "resample", "kwargs": {"rate": 16000}}]
CHUNK = 512 / 16000  # seconds


def axes(**sizes: int) -> list[dict[str, object]]:
    return [{"name": name, "size": size} for name, size in sizes.items()]


def silero(**segments: float) -> SimpleNamespace:
    """What a card says of Silero VAD: chunks of 512 samples behind 64 seen before, the state, and the rate."""
    chunks = {"length": 576, "step": 512, "before": 64, "tail": "pad"}
    inputs = [
        {"id": "input", "dtype": "float32", "axes": axes(batch=1, time=576), "stream": True}
        | {"steps": [*AT_16_KHZ, {"id": "frame", "kwargs": chunks}]},
        {"id": "state", "dtype": "float32", "axes": axes(state=2, batch=1, index=128), "state_of": "stateN"},
        {"id": "sr", "dtype": "int64", "axes": []}
        | {"steps": [{"id": "constant", "kwargs": {"value": 16000, "dtype": "int64"}}]},
    ]
    steps = [{"id": "segments", "kwargs": {"step": CHUNK, **segments}}] if segments else []
    outputs = [
        {
            "id": "output",
            "dtype": "float32",
            "axes": axes(batch=1, **{"class": 1}),
            "labels": ["speech"],
            "steps": steps,
        },
        {"id": "stateN", "dtype": "float32", "axes": axes(state=2, batch=1, index=128)},
    ]
    return card(inputs, outputs)


def yamnet(labels: list[str]) -> SimpleNamespace:
    """What a card says of YAMNet: pieces of 0.975 s, 521 scores of each, their mean over the pieces."""
    pieces = {"id": "frame", "kwargs": {"length": 15600, "step": 15600}}
    [signal, scores] = ["waveform_binary", "tower0/network/layer32/final_output"]
    inputs = [
        {"id": signal, "dtype": "float32", "axes": axes(time=15600), "stream": True} | {"steps": [*AT_16_KHZ, pieces]}
    ]
    outputs = [
        {"id": scores, "dtype": "float32", "axes": axes(batch=1, **{"class": 521}), "labels": labels}
        | {"steps": [{"id": "mean_over_rows"}, {"id": "top_k", "kwargs": {"k": 3}}]}
    ]
    return card(inputs, outputs)


def card(inputs: list, outputs: list) -> SimpleNamespace:
    tensors = {"inputs": inputs, "outputs": outputs}
    return SimpleNamespace(
        **{side: [Tensor.model_validate(row) for row in rows] for side, rows in tensors.items()}, result=[]
    )
