"""Changes valid models at random: fields of the message by its own description, then sometimes the bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from onnx import ModelProto

Place = tuple[Any, Any]  # a message and one of its fields that is set

NUMBERS = [0, 1, -1, 2, 3, 7, 77, 2**7, 2**15, 2**31 - 1, 2**31, 2**33, 2**40, 2**62, -(2**62), 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, -1.0, 1e-45, 3e38, float("inf"), float("-inf"), float("nan")]
TEXTS = ["", "x", "y", "Conv", "Loop", "If", "ai.onnx.ml", "../../x", "\u202e\n\0", "é" * 1000]


def mutate(models: list[bytes], seed: int) -> bytes:
    """Return one of the models with one to four changes; the same seed gives the same bytes."""
    chance = random.Random(seed)
    model = ModelProto.FromString(chance.choice(models))
    for _ in range(chance.randint(1, 4)):
        _change(chance, model)
    data = model.SerializeToString()
    return _damage(chance, data) if chance.random() < 0.15 else data


def _places(message: Any) -> Iterator[Place]:
    for field, value in message.ListFields():
        yield message, field
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                yield from _places(inner)


def _change(chance: random.Random, model: ModelProto) -> None:
    places = list(_places(model))
    message, field = chance.choice(places or [(model, None)])
    if field is None:
        return
    kind = chance.choice(["clear", "value", "value", "value", "repeat", "copy"])
    if kind == "clear":
        message.ClearField(field.name)
    elif field.is_repeated:
        _change_list(chance, getattr(message, field.name), field, kind)
    elif field.message_type is not None:
        same = [getattr(m, f.name) for m, f in places if f.message_type == field.message_type and not f.is_repeated]
        _replace(getattr(message, field.name), chance.choice(same))
    else:
        _set(chance, message, field, places)


def _change_list(chance: random.Random, entries: Any, field: Any, kind: str) -> None:
    """Remove, repeat, swap or replace an entry of a repeated field."""
    index = chance.randrange(len(entries))
    if kind == "value" and field.message_type is None:
        entries[index] = _scalar(chance, field, entries[index])
    elif kind == "repeat" and len(entries) < 1000:
        entries.extend([entries[index]] * chance.choice([1, 1, 2, 40]))
    elif kind == "copy" and field.message_type is None:
        entries[index] = chance.choice(list(entries))
    elif kind == "copy":
        _replace(entries[index], chance.choice(list(entries)))
    else:
        del entries[index]


def _replace(message: Any, other: Any) -> None:
    """Give a message the content of another, which may be a part of it: `CopyFrom` would read what it has freed."""
    message.ParseFromString(other.SerializeToString())


def _set(chance: random.Random, message: Any, field: Any, places: list[Place]) -> None:
    """Give a field an extreme value, or one that stands in such a field elsewhere in the model."""
    others = [getattr(m, f.name) for m, f in places if f.cpp_type == field.cpp_type and not f.is_repeated]
    old = getattr(message, field.name)
    value = chance.choice(others) if chance.random() < 0.5 else _scalar(chance, field, old)
    try:
        setattr(message, field.name, value)
    except (TypeError, ValueError):  # out of the field's range or kind: as if nothing was changed
        setattr(message, field.name, old)


def _scalar(chance: random.Random, field: Any, old: Any) -> Any:
    if field.enum_type is not None:
        return chance.choice(field.enum_type.values).number
    if field.type == field.TYPE_BYTES:
        return _damage(chance, old)
    if field.cpp_type == field.CPPTYPE_STRING:
        return chance.choice([*TEXTS, old + "_", old[:-1]])
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return chance.choice(FLOATS)
    ranges = {field.CPPTYPE_INT32: (-(2**31), 2**31), field.CPPTYPE_UINT64: (0, 2**64)}
    low, high = ranges.get(field.cpp_type, (-(2**63), 2**63))
    return chance.choice([number for number in (*NUMBERS, old + 1, old - 1, old * 2) if low <= number < high])


def _damage(chance: random.Random, data: bytes) -> bytes:
    """Flip bits, cut the end off, remove or repeat a stretch."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.randint(1, 16))
        kind = chance.randrange(4)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[at:end]
        elif kind == 2:
            changed[at:at] = changed[at:end]
        elif chance.random() < 0.2:
            del changed[at:]
    return bytes(changed)
