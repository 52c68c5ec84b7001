"""Changes one size, index or attribute of a valid model, so that the file stays sound and its parts may disagree."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, ValueInfoProto, numpy_helper

Feeds = dict[str, Any]
MOST = 2**16  # entries of a changed input or weight


def contradict(model: ModelProto, feeds: Feeds, seed: int) -> tuple[ModelProto, Feeds]:
    """Return a copy with one or two changes, and inputs that fit its declared shapes; the same seed gives the same."""
    chance = random.Random(seed)
    changed = ModelProto.FromString(model.SerializeToString())
    del changed.graph.value_info[:]
    for value in changed.graph.output:
        value.type.tensor_type.ClearField("shape")  # else a stale shape is all that is ever found
    feeds = dict(feeds)
    for value in list(changed.graph.input):
        if value.name in feeds and len(changed.graph.input) > 1 and chance.random() < 0.4:
            changed.graph.initializer.append(numpy_helper.from_array(feeds.pop(value.name), value.name))
            changed.graph.input.remove(value)
    for _ in range(chance.choice([1, 1, 2])):
        chance.choice(CHANGES)(chance, changed)
    return changed, {value.name: _fitting(feeds[value.name], value) for value in changed.graph.input}


def _fitting(array: Any, value: ValueInfoProto) -> Any:
    shape = [dim.dim_value if dim.HasField("dim_value") else 1 for dim in value.type.tensor_type.shape.dim]
    named = any(not dim.HasField("dim_value") for dim in value.type.tensor_type.shape.dim)
    return array if named or list(array.shape) == shape else np.resize(array, shape)


def _number(chance: random.Random, old: int) -> int:
    return chance.choice([old + 1, old - 1, old * 2, -old, -old - 1, -1, 0, 1, 2, 3, 7, -7, 100])


def _sizes(chance: random.Random, sizes: list[int]) -> list[int]:
    """Return sizes of which one differs, is left out or added."""
    kind, result = chance.choice(["change", "change", "change", "drop", "add"]), list(sizes)
    if kind == "add" or not result:
        result.insert(chance.randint(0, len(result)), chance.choice([1, 1, 2, 3]))
    elif kind == "drop":
        del result[chance.randrange(len(result))]
    else:
        at = chance.randrange(len(result))
        result[at] = abs(chance.choice([result[at] + 1, result[at] - 1, result[at] * 2, result[at] // 2, 1, 2]))
    return result if np.prod(result, dtype=np.float64) <= MOST else list(sizes)


def _resize_input(chance: random.Random, model: ModelProto) -> None:
    if not model.graph.input:
        return
    shape = chance.choice(list(model.graph.input)).type.tensor_type.shape
    sizes = _sizes(chance, [dim.dim_value for dim in shape.dim])
    del shape.dim[:]
    for size in sizes:
        shape.dim.add(dim_value=size)


def _resize_weight(chance: random.Random, model: ModelProto) -> None:
    if model.graph.initializer:
        tensor = chance.choice(list(model.graph.initializer))
        array = numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(np.resize(array, _sizes(chance, list(array.shape))), tensor.name))


def _change_entry(chance: random.Random, model: ModelProto) -> None:
    """Change one entry of a constant of whole numbers."""
    whole = [tensor for tensor in model.graph.initializer if numpy_helper.to_array(tensor).dtype.kind in "iu"]
    if whole:
        tensor = chance.choice(whole)
        array = numpy_helper.to_array(tensor).copy()
        if array.size:
            at, limits = chance.randrange(array.size), np.iinfo(array.dtype)
            array.flat[at] = np.clip(_number(chance, int(array.flat[at])), limits.min, limits.max)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _change_attribute(chance: random.Random, model: ModelProto) -> None:
    rows = [(node, a) for node in model.graph.node for a in node.attribute if a.type in NUMBERS]
    if not rows:
        return
    node, attribute = chance.choice(rows)
    kind = chance.choice(["change", "change", "change", "drop", "add", "remove"])
    if kind == "remove":
        node.attribute.remove(attribute)
    elif attribute.type == AttributeProto.INT:
        attribute.i = _number(chance, attribute.i)
    elif kind == "add" or not attribute.ints:
        attribute.ints.append(chance.choice([0, 1, 2]))
    elif kind == "drop":
        del attribute.ints[chance.randrange(len(attribute.ints))]
    else:
        at = chance.randrange(len(attribute.ints))
        attribute.ints[at] = _number(chance, attribute.ints[at])


NUMBERS = {AttributeProto.INT, AttributeProto.INTS}
Change = Callable[[random.Random, ModelProto], None]
CHANGES: list[Change] = [_resize_input, _resize_weight, _change_entry, _change_attribute]
