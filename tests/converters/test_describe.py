"""What a graph is made of, as the pages say it."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from converters.describe import describe
from quantize import recipes
from tests.graphs import convnet


@pytest.mark.parametrize("recipe", ["int8_dynamic", "fp16"])
def test_a_network_has_as_many_parameters_in_fewer_bits(recipe):
    """Whoever compares sizes sees that a quantised file holds the same weights; scales and zero points are none."""
    model: ir.Model = convnet()
    assert describe(recipes.apply(recipe, model, [])).parameters == describe(model).parameters
