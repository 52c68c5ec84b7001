"""The table: one row for each kind of layer, by the class name that Keras writes."""

from __future__ import annotations

from collections.abc import Mapping

from converters.importing.keras.layer import Build
from converters.importing.keras.layers import activations, moving, products, recurrent

TABLE: Mapping[str, Build] = {**activations.LAYERS, **moving.LAYERS, **products.LAYERS, **recurrent.LAYERS}
