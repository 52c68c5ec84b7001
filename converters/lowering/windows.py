"""Windows that slide over spatial axes: paddings, and which of them TFLite's SAME and VALID express."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converters.edge_graph import Array
from converters.errors import MalformedModel
from converters.lowering import tables as t
from converters.lowering.node import Node
from converters.lowering.value import Dim


@dataclass(frozen=True)
class Window:
    """A window along one axis of `size` entries; `extra` is the further padding at the end that ceil_mode needs."""

    size: Dim
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    extra: int = 0

    @property
    def span(self) -> int:
        """Entries from the first to the last that the window touches."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def output(self) -> Dim:
        """How many positions the window takes."""
        if self.size is None:
            return None
        return max((self.size + self.before + self.after + self.extra - self.span) // self.stride + 1, 0)

    @property
    def padded(self) -> tuple[int, int]:
        """All padding: before, after."""
        return self.before, self.after + self.extra

    def positions(self) -> Array:
        """Return where in the padded input each entry of the window lies: `[output, kernel]`."""
        return t.outer(np.add, t.arange(self.output or 0) * self.stride, t.arange(self.kernel) * self.dilation)

    def is_same(self) -> bool:
        """Tell whether TFLite's SAME pads exactly so."""
        if self.size is None:
            total = self.span - 1
            return self.stride == 1 and self.padded == (total // 2, total - total // 2)
        positions = -(-self.size // self.stride)
        total = max((positions - 1) * self.stride + self.span - self.size, 0)
        return self.output == positions and self.before == total // 2 and sum(self.padded) <= total


def windows(node: Node, kernel: Sequence[int], sizes: Sequence[Dim]) -> list[Window]:
    """Read kernel, strides, dilations and paddings of a convolution or pooling."""
    count = len(kernel)
    strides = node.attribute("strides") or [1] * count
    dilations = node.attribute("dilations") or [1] * count
    pads = node.attribute("pads") or [0] * (2 * count)
    if not (len(strides) == len(dilations) == count == len(sizes) and len(pads) == 2 * count):
        raise MalformedModel(node.where, f"its attributes do not fit {len(sizes)} spatial axes", "correct the model")
    if min((*kernel, *strides, *dilations), default=1) < 1 or min(pads, default=0) < 0:
        raise MalformedModel(node.where, "a window, step or padding of it is negative or 0", "correct its attributes")
    auto, ceil = node.attribute("auto_pad", "NOTSET"), bool(node.attribute("ceil_mode", 0))
    rows = zip(sizes, kernel, strides, dilations, pads[:count], pads[count:], strict=True)
    if 0 in node.x.shape:
        raise node.refuse("its operand has no entries", "use a model without empty tensors")
    result = [_window(node, Window(*row), auto, ceil) for row in rows]
    for w in result:
        if w.size is not None and w.size + sum(w.padded) < w.span:
            why = f"its window spans {w.span} entries, and its input with padding has {w.size + sum(w.padded)}"
            raise MalformedModel(node.where, why, "correct the input's shape or the window")
    return result


def _window(node: Node, w: Window, auto: str, ceil: bool) -> Window:
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return _same(node, w, upper=auto == "SAME_UPPER")
    if auto == "VALID":
        return Window(w.size, w.kernel, w.stride, w.dilation, 0, 0)
    if not ceil:
        return w
    if w.size is None:
        raise node.refuse("ceil_mode needs the spatial size", "fix the input shapes of the model")
    free = w.size + w.before + w.after - w.span
    extra = -free % w.stride
    if free + extra >= 0 and (free + extra) // w.stride * w.stride >= w.size + w.before:
        extra = 0  # the last window would start in the padding
    return Window(w.size, w.kernel, w.stride, w.dilation, w.before, w.after, extra)


def _same(node: Node, w: Window, *, upper: bool) -> Window:
    if w.size is None and w.stride > 1:
        raise node.refuse("auto_pad with a stride needs the spatial size", "fix the input shapes of the model")
    total = w.span - 1 if w.size is None else (-(-w.size // w.stride) - 1) * w.stride + w.span - w.size
    if total < -1 - (not upper):
        why = "its steps skip more than its windows cover, where auto_pad is read as cropping or as nothing"
        raise node.refuse(why, "state the pads")
    less, more = max(total, 0) // 2, -(-max(total, 0) // 2)
    return Window(w.size, w.kernel, w.stride, w.dilation, *((less, more) if upper else (more, less)))
