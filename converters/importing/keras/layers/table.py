"""The table: one row for each kind of layer, by the class name that Keras writes."""

from __future__ import annotations

from collections.abc import Mapping

from converters.importing.keras.layer import Build
from converters.importing.keras.layers import activations, moving, products, recurrent

# Arithmetic between layers, by the names of Keras 3, and of TensorFlow in Keras 2.
OPERATIONS: Mapping[str, Build] = {
    **dict.fromkeys(("add", "add_v2"), moving.arithmetic("Add")),
    **dict.fromkeys(("subtract", "sub"), moving.arithmetic("Sub")),
    **dict.fromkeys(("multiply", "mul"), moving.arithmetic("Mul")),
    **dict.fromkeys(("divide", "truedivide", "truediv"), moving.arithmetic("Div")),
}

TABLE: Mapping[str, Build] = {**activations.LAYERS, **moving.LAYERS, **products.LAYERS, **recurrent.LAYERS}
