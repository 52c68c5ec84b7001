"""Writes the models of this folder anew, with TensorFlow: `python -m tests.golden.keras.write keras`, then `tf_keras`.

Needs TensorFlow and `tf_keras` (Keras 2), which the tests do not. Keras 3 saves `.keras` and `.h5`, Keras 2 saves
`.keras2.h5`; the `.npz` beside holds a model's inputs and what that Keras computes of them, by name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

keras = import_module(sys.argv[1])
layers = keras.layers

HERE = Path(__file__).parent
BATCH = 2


def convolutions() -> Any:
    """Convolutions of images, each padding, strided, dilated, grouped or transposed another way."""
    x = keras.Input((9, 8, 4), name="image")
    results = [
        layers.Conv2D(3, (3, 2), strides=2, padding="same", activation="relu", name="same")(x),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same", groups=2, use_bias=False, name="grouped")(x),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="valid", activation="gelu", name="depthwise")(x),
        layers.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise_strided")(x),
        layers.SeparableConv2D(5, 3, padding="same", activation="silu", name="separable")(x),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="transposed_same")(x),
        layers.Conv2DTranspose(2, 2, strides=3, padding="valid", name="transposed_valid")(x),
        layers.Conv2DTranspose(2, 4, strides=2, padding="same", name="transposed_even")(x),
        layers.BatchNormalization(name="normal")(x),
        layers.BatchNormalization(scale=False, epsilon=0.01, name="centred")(x),
        layers.LayerNormalization(name="layer_normal")(x),
        layers.Normalization(mean=[0.1, -0.2, 0.3, 0], variance=[1, 0.5, 2, 3], name="stated")(x),
        layers.Normalization(name="learnt")(x),
        layers.PReLU(shared_axes=[1, 2], name="prelu")(x),
    ]
    return keras.Model(x, results)


def images() -> Any:
    """Pools, paddings, crops and sizes of images, and ways to join them."""
    x = keras.Input((8, 6, 3), name="image")
    half = layers.MaxPooling2D(name="half")(x)
    wide = layers.UpSampling2D((2, 2), interpolation="nearest", name="wide")(half)
    results = [
        half,
        layers.MaxPooling2D(3, strides=2, padding="same", name="max_same")(x),
        layers.AveragePooling2D(3, strides=2, padding="same", name="mean_same")(x),
        layers.UpSampling2D((3, 2), interpolation="bilinear", name="smooth")(x),
        layers.ZeroPadding2D(((1, 2), (0, 3)), name="padded")(x),
        layers.Cropping2D(((1, 2), (0, 3)), name="cropped")(x),
        layers.GlobalAveragePooling2D(name="mean")(x),
        layers.GlobalMaxPooling2D(keepdims=True, name="most")(x),
        layers.Concatenate(name="joined")([x, wide]),
        layers.Concatenate(axis=1, name="stacked")([x, wide]),
        layers.Subtract(name="difference")([x, wide]),
        layers.Multiply(name="product")([x, wide, x]),
        layers.Average(name="average")([x, wide]),
        layers.Maximum(name="maximum")([x, wide]),
        layers.Permute((3, 1, 2), name="permuted")(x),
        layers.Reshape((-1, 9), name="reshaped")(x),
        layers.Rescaling(1 / 127.5, offset=-1, name="rescaled")(x),
    ]
    return keras.Model(x, results)


def activations() -> Any:
    """All activations, by name and as layers."""
    x = keras.Input((7,), name="x")
    names = ["elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "log_softmax",
             "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh"]  # fmt: skip
    results = [layers.Activation(name, name=name)(x) for name in names]
    results += [
        layers.LeakyReLU(name="layer_leaky")(x),
        layers.ReLU(max_value=1.5, name="layer_limited")(x),
        layers.ReLU(negative_slope=0.1, name="layer_sloped")(x),
        layers.ELU(0.5, name="layer_elu")(x),
        layers.Softmax(name="layer_softmax")(x),
        layers.PReLU(name="layer_prelu")(x),
    ]
    return keras.Model(x, results)


def sequences() -> Any:
    """Words to vectors, and what runs along a sequence."""
    words = keras.Input((6,), dtype="int32", name="words")
    x = layers.Embedding(11, 5, name="embedding")(words)
    results = [
        layers.LSTM(4, name="lstm")(x),
        layers.LSTM(3, return_sequences=True, recurrent_activation="hard_sigmoid", name="lstm_sequence")(x),
        layers.GRU(4, return_sequences=True, name="gru")(x),
        layers.GRU(3, reset_after=False, go_backwards=True, name="gru_before")(x),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(x),
        layers.Bidirectional(layers.GRU(3), merge_mode="sum", name="both_sum")(x),
        layers.Conv1D(4, 3, padding="causal", dilation_rate=2, name="causal")(x),
        layers.SeparableConv1D(4, 3, name="separable")(x),
        layers.Conv1DTranspose(3, 3, strides=2, padding="same", name="transposed")(x),
        layers.GlobalAveragePooling1D(name="mean")(layers.MaxPooling1D(2)(x)),
        layers.RepeatVector(3, name="repeated")(layers.Flatten()(x)),
    ]
    return keras.Model(words, results)


def nested() -> Any:
    """A model within a model, a layer that is called twice, and two inputs."""
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dropout(0.5), layers.Dense(4)], name="inner"
    )
    middle_in = keras.Input((4,))
    middle = keras.Model(middle_in, layers.Add()([middle_in, layers.Dense(4)(middle_in)]), name="middle")
    first, second = keras.Input((6,), name="first"), keras.Input((6,), name="second")
    a, b = inner(first) * 0.5 + 1.0, inner(second)
    shared = layers.Dense(3, activation="tanh", name="shared")
    total = layers.Add(name="total")([shared(middle(a)), shared(b)])
    return keras.Model([first, second], [total, layers.Dense(2, name="last")(layers.Concatenate()([a, b]))])


def sequential() -> Any:
    """A small image classifier, layer after layer."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(5, activation="softmax", name="scores"),
        ]
    )


# Which Keras writes which models, and the endings of their files.
KERAS_3 = {
    convolutions: ["keras"], images: ["keras"], activations: ["keras"], sequences: ["keras"], nested: ["keras", "h5"],
    sequential: ["keras"],
}  # fmt: skip
KERAS_2 = {convolutions: ["keras2.h5"], sequences: ["keras2.h5"], nested: ["keras2.h5"]}
MODELS: dict[str, dict[Callable[[], Any], list[str]]] = {"keras": KERAS_3, "tf_keras": KERAS_2}


def write(library: str) -> None:
    """Write each model with random weights, statistics included."""
    for make, endings in MODELS[library].items():
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        model = make()
        drawn = [rng.uniform(0.1, 0.9, w.shape).astype(np.float32) - 0.4 * (w.ndim > 1) for w in model.get_weights()]
        model.set_weights(drawn)
        for layer in model.layers:
            if isinstance(layer, layers.Normalization) and layer.input_mean is None:
                layer.finalize_state()  # what it computes with, from the weights
        feeds = {x.name: _random(rng, (BATCH, *x.shape[1:]), str(x.dtype)) for x in model.inputs}
        results = model([*feeds.values()] if len(feeds) > 1 else next(iter(feeds.values())), training=False)
        rows = results if isinstance(results, list) else [results]
        names = getattr(model, "output_names", [model.layers[-1].name])
        for ending in endings:
            model.save(HERE / f"{make.__name__}.{ending}")
        np.savez_compressed(
            HERE / f"{make.__name__}.{'keras2.' if library == 'tf_keras' else ''}npz",
            **{f"in {name}": array for name, array in feeds.items()},
            **{f"out {name}": np.asarray(row) for name, row in zip(names, rows, strict=True)},
        )


def _random(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    return (rng.integers(0, 11, shape) if "int" in dtype else rng.normal(size=shape)).astype(
        "int32" if "int" in dtype else "float32"
    )


if __name__ == "__main__":
    write(sys.argv[1])
