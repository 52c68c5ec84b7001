"""What a graph is made of, as the pages say it."""

from __future__ import annotations

import numpy as np
import pytest

from converters.describe import describe
from quantize import recipes
from tests.graphs import convnet


@pytest.mark.parametrize("recipe", ["w8a8_per_channel_minmax", "fp16"])
def test_a_network_has_as_many_parameters_in_fewer_bits(recipe):
    """Whoever compares sizes sees that a quantised file holds the same weights; scales and zero points are none."""
    images = np.random.default_rng(0).random((8, 1, 1, 8, 8), np.float32)
    smaller = recipes.apply(recipe, convnet(), [{"image": image} for image in images])
    assert describe(smaller).parameters == describe(convnet()).parameters
