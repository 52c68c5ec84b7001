"""Layouts: where the channels of images stand in a file's inputs and outputs.

| layout | images |
|---|---|
| `keep` | as in ONNX: `[N, C, H, W]`, `[N, C, D, H, W]` |
| `nhwc` | channels last: `[N, H, W, C]`, `[N, D, H, W, C]` |

Which inputs and outputs are images, `lowering/images.py` says.
"""

from __future__ import annotations

from converters.errors import ConversionError

LAYOUTS = ("keep", "nhwc")


def only_keep(layout: str, name: str) -> None:
    """Raise `ConversionError` for a layout other than `keep`: for formats that hold ONNX graphs."""
    if layout != "keep":
        why = f"{name} files hold ONNX graphs, whose axes stay as they are, got {layout!r}"
        raise ConversionError("layout", why, "choose keep, or the format tflite or tfjs")
