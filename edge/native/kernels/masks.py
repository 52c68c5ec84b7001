"""From a model's tensors to a class or an opacity for each pixel; see `catalog/vocab/steps/masks.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import refuse_nan
from edge.native.kernels.output import pixel_of
from edge.native.kernels.places import inside, laid_on, part, seen, whole
from edge.native.kernels.resampling import resize
from edge.native.language import Ints, Strings, fail, floor, new_bytes, new_ints
from edge.native.records import ByteTensor, Frame, Mask, OpacityMask, Picture, Tensor


def argmax_mask(x: Tensor, layout: str) -> ByteTensor:
    """The class with the highest score for each pixel, the first of equals."""
    first = layout == "nchw"
    if len(x.shape) != 4 or x.shape[0] != 1 or len(x.data) == 0:
        fail("argmax_mask", "scores of one picture", f"{len(x.shape)} axes")
    classes = x.shape[1] if first else x.shape[3]
    if classes > 256:
        fail("argmax_mask", "at most 256 classes", f"{classes}")
    refuse_nan("argmax_mask", x)
    pixels = len(x.data) // classes
    data = new_bytes(pixels)
    for pixel in range(pixels):
        start = pixel if first else pixel * classes
        apart = pixels if first else 1
        best = 0
        for k in range(classes):
            if x.data[start + k * apart] > x.data[start + best * apart]:
                best = k
        data[pixel] = best
    shape = new_ints(2)
    shape[0] = x.shape[2] if first else x.shape[1]
    shape[1] = x.shape[3] if first else x.shape[2]
    return ByteTensor(shape, data)


def place_mask(x: ByteTensor, labels: Strings, frame: Frame) -> Mask:
    """The class of each pixel of the original; pixels that the model did not see get class 0."""
    if len(x.shape) != 2 or len(x.data) == 0:
        fail("place_mask", "[h, w] classes", f"{len(x.shape)} axes")
    for i in range(len(x.data)):
        if x.data[i] >= len(labels):
            fail("place_mask", f"at least {x.data[i] + 1} labels", f"{len(labels)}")
    rows = shown(frame.height, frame.offset_y, frame.scale_y, frame.rows, x.shape[0])
    columns = shown(frame.width, frame.offset_x, frame.scale_x, frame.columns, x.shape[1])
    classes = new_bytes(frame.height * frame.width)
    for row in range(frame.height):
        for column in range(frame.width):
            if rows[row] >= 0 and columns[column] >= 0:
                classes[row * frame.width + column] = x.data[rows[row] * x.shape[1] + columns[column]]
    return Mask(frame.height, frame.width, labels, classes)


def shown(size: int, offset: float, scale: float, cells: int, places: int) -> Ints:
    """Which of the places shows the middle of each pixel; -1 for those that none shows."""
    found = new_ints(size)
    for i in range(size):
        place = floor((i + 0.5 - offset) / scale * places / cells)
        found[i] = int(place) if place >= 0.0 and place < places else -1
    return found


def place_opacity(x: Tensor, threshold: float, labels: Strings, frame: Frame) -> OpacityMask:
    """Opacities of one picture in 0..1, in the size of the original; what the model did not see is clear."""
    if len(x.shape) != 4 or x.shape[0] != 1 or len(x.data) == 0:
        fail("place_opacity", "one picture", f"{len(x.shape)} axes")
    if x.shape[1] != 1 and x.shape[3] != 1:
        fail("place_opacity", "[1, h, w, 1] or [1, 1, h, w]", f"[1, {x.shape[1]}, {x.shape[2]}, {x.shape[3]}]")
    if len(labels) < 2:
        fail("place_opacity", "at least 2 labels", f"{len(labels)}")
    refuse_nan("place_opacity", x)
    height = x.shape[1] if x.shape[3] == 1 else x.shape[2]
    width = x.shape[2] if x.shape[3] == 1 else x.shape[3]
    plane = new_bytes(len(x.data))
    for i in range(len(x.data)):
        plane[i] = pixel_of(x.data[i])
    opacity = placed(Picture(height, width, 1, plane, whole(height, width)), frame)
    classes = new_bytes(len(opacity.data))
    for i in range(len(classes)):
        classes[i] = 1 if opacity.data[i] >= 255.0 * threshold else 0
    return OpacityMask(frame.height, frame.width, labels, classes, opacity.data)


def placed(x: Picture, frame: Frame) -> Picture:
    """A plane laid over the original, resized to what the model saw of it, 0 elsewhere."""
    inner = inside(frame, x.height, x.width)
    outer = seen(frame)
    cut_out = part(x, inner.top, inner.left, inner.bottom - inner.top, inner.right - inner.left)
    shown_part = resize(cut_out, outer.right - outer.left, outer.bottom - outer.top, "bilinear")
    return laid_on(shown_part, frame.height, frame.width, outer.top, outer.left, 0)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "argmax_mask": (argmax_mask,),
    "place_mask": (place_mask,),
    "place_opacity": (place_opacity,),
}
