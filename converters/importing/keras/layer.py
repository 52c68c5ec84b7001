"""One Keras layer with its configuration and its weights, as the table's functions see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Array
from converters.importing.files import Json
from converters.importing.net import Net

Result = ir.Value | Sequence[ir.Value]


@dataclass(frozen=True)
class Layer:
    """`version` is the major one of the Keras that wrote the file; TF.js writes what Keras 2 does."""

    net: Net
    name: str
    config: Json
    weights: Sequence[Array]
    version: int

    def constants(self, *names: str) -> list[ir.Value]:
        """Return the layer's weights, in the order in which Keras keeps them.

        Raises `MalformedModel` if there are more or fewer than these.
        """
        if len(names) != len(self.weights):
            shapes = [list(array.shape) for array in self.weights]
            why = f"it takes the weights {', '.join(names) or 'none'}, and the file has {len(shapes)}: {shapes}"
            raise self.net.malformed(why)
        return [
            self.net.constant(array.astype(np.float32, copy=False), name=f"{self.name}/{name}")
            for name, array in zip(names, self.weights, strict=True)
        ]

    def option(self, name: str, default: Any) -> Any:
        """Return a configured value, or Keras' default where an older file leaves it out."""
        value = self.config.get(name)
        return default if value is None else value

    def numbers(self, name: str, count: int, default: int = 1) -> list[int]:
        """Return a configured number for each of so many axes."""
        value = self.option(name, default)
        numbers = [int(number) for number in value] if isinstance(value, Sequence) else [int(value)] * count
        if len(numbers) != count:
            raise self.net.malformed(f"its {name} are {numbers}, and it has {count} axes")
        return numbers

    @property
    def is_last(self) -> bool:
        """Tell whether the channels of images come last."""
        return bool(self.option("data_format", "channels_last") == "channels_last")

    def part(self, config: Mapping[str, Any], weights: Sequence[Array]) -> Layer:
        """Return a layer inside this one."""
        return replace(self, config={**config}, weights=weights)

    def only(self, inputs: Sequence[ir.Value]) -> ir.Value:
        """Return the one operand of a layer. Raises `Refusal` for more, such as states that come from outside."""
        if len(inputs) != 1:
            raise self.net.refuse(f"it takes one tensor here, and is given {len(inputs)}", "use a model without that")
        return inputs[0]


Build = Callable[[Layer, Sequence[ir.Value]], Result]
