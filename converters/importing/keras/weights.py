"""Where the weights of a Keras layer lie: in a `.h5`, in a `.keras`, or among the named weights of a TF.js model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import h5py
import numpy as np

from converters.edge_graph import Array
from converters.errors import MalformedModel, Refusal
from converters.importing.files import AGAIN

MOST_FOR_A_BYTE = 100  # times the file's length, which weights may take once unpacked


class Place(NamedTuple):
    """A layer among those of its model: its name, and what a `.keras` calls it (`conv2d_1`, counted by class)."""

    name: str
    key: str


class Weights(Protocol):
    """Finds the weights of a layer."""

    def of(self, places: Sequence[Place]) -> list[Array]:
        """Return the weights in Keras' order; `places` lead from the model through nested models to the layer."""


@dataclass(frozen=True)
class Named:
    """Weights whose names begin with their layer's, such as `conv/kernel`: of TF.js, or of a group of a `.h5`."""

    arrays: Mapping[str, Array]

    def of(self, places: Sequence[Place]) -> list[Array]:
        """See `Weights`."""
        return [array for name, array in self.arrays.items() if f"/{places[-1].name}/" in f"/{name}"]


@dataclass(frozen=True)
class Grouped:
    """Weights of a `.h5`: a group for each layer of the outermost model, with the names in order as attributes."""

    root: h5py.Group
    size: int  # bytes of the file

    def of(self, places: Sequence[Place]) -> list[Array]:
        """See `Weights`."""
        group = _child(self.root, places[0].name)
        if not isinstance(group, h5py.Group):
            raise MalformedModel(f"layer {places[0].name!r}", "the file holds no weights for it", AGAIN)
        arrays = {name: _read(_child(group, name), name, self.size) for name in texts(group, "weight_names")}
        return [*arrays.values()] if len(places) == 1 else Named(arrays).of(places)


@dataclass(frozen=True)
class Numbered:
    """Weights of a `.keras`: groups that are nested as the layers are, each with numbered `vars`."""

    root: h5py.Group
    size: int

    def of(self, places: Sequence[Place]) -> list[Array]:
        """See `Weights`."""
        group: Any = self.root
        for place in places:
            group = _child(_child(group, "layers"), place.key)
        return [*self._all(group, "/".join(place.name for place in places))]

    def _all(self, group: Any, where: str) -> Iterator[Array]:
        """Yield a layer's own weights, then those of its parts; what runs forward comes first."""
        if not isinstance(group, h5py.Group):
            return
        own = _child(group, "vars")
        for name in sorted(own, key=int) if isinstance(own, h5py.Group) else ():
            yield _read(_child(own, name), f"{where}/{name}", self.size)
        for name in sorted(group, key=lambda name: (name != "forward_layer", name)):
            if name not in ("vars", "seed_generator"):
                yield from self._all(_child(group, name), where)


def texts(group: h5py.Group, attribute: str) -> list[str]:
    """Return an attribute that is a list of texts; Keras cuts long ones into `name0`, `name1` and so on."""
    if attribute in group.attrs:
        return [text(entry) for entry in group.attrs[attribute]]
    found: list[str] = []
    number = 0
    while f"{attribute}{number}" in group.attrs:
        found += [text(entry) for entry in group.attrs[f"{attribute}{number}"]]
        number += 1
    return found


def text(value: Any) -> str:
    """Return what HDF5 hands over as bytes or as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def _child(group: Any, name: str) -> Any:
    """Return a part of a group, or None; names lead down only, and never by a link to another place or file."""
    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or part in ("", ".", "..") or part not in group:
            return None
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise MalformedModel(f"{group.name}/{part}", "it is a link to another place", "save the model again")
        group = group[part]
    return group


def _read(dataset: Any, name: str, size: int) -> Array:
    where = f"weight {name!r}"
    if not isinstance(dataset, h5py.Dataset):
        raise MalformedModel(where, "it is missing", AGAIN)
    if dataset.is_virtual or dataset.external:
        raise MalformedModel(where, "its data lie in another file", "save the model in one file")
    if dataset.dtype.kind not in "fiub":
        raise Refusal("weight", where, f"its type is {dataset.dtype}", "save the weights as numbers")
    if dataset.nbytes > MOST_FOR_A_BYTE * size:
        why = f"its shape {[*dataset.shape]} takes {dataset.nbytes:,} bytes, in a file of {size:,}"
        raise MalformedModel(where, why, AGAIN)
    return np.asarray(dataset[()])


def key_of(class_name: str, used: dict[str, int]) -> str:
    """Return what a `.keras` calls the next layer of a class: its name in snake case, numbered from the second on.

    Source: `to_snake_case` in `keras/src/utils/naming.py`, `_save_container_state` in `keras/src/saving/saving_lib.py`.

    >>> used = {}
    >>> [key_of(name, used) for name in ("Conv2D", "SeparableConv2D", "Conv2D")]
    ['conv2d', 'separable_conv2d', 'conv2d_1']
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name))
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    number = used[name] = used.get(name, -1) + 1
    return f"{name}_{number}" if number else name
