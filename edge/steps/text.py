"""From text to tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError, described


def encode_bytes(value: object, length: int, pad: int = 0) -> NDArray[np.uint8]:
    """Return the first `length` bytes of the text as UTF-8, then `pad`: `[1, length] uint8`.

    A surrogate without its other half becomes U+FFFD, as the Encoding Standard's UTF-8 encoder does.
    """
    if not isinstance(value, str):
        raise StepError("encode_bytes", "a text", described(value), "pass a string")
    utf16 = value[: length + 1].encode("utf-16-le", "surrogatepass")  # a character is at least one byte
    data = utf16.decode("utf-16-le", "replace").encode("utf-8")[:length]
    return np.frombuffer(data.ljust(length, bytes([pad])), np.uint8).reshape(1, length).copy()


STEPS: Mapping[str, Callable[..., Any]] = {
    "encode_bytes": encode_bytes,
}
