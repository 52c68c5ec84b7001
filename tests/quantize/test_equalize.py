"""What happens to neighbouring layers, and to biases, around quantisation."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.bias import add_missing, correct, mean_errors
from quantize.equalize import equalize, pairs
from quantize.layers import layers
from quantize.prepared import prepared
from quantize.recipes import apply
from quantize.static import Static
from tests.quantize.graphs import CALIBRATION, RELU, RELU6, UNSEEN, depthwise, outputs


def spread(model) -> float:
    """How many times the widest channel of a layer is wider than its narrowest, over the layers, in the mean."""
    return float(np.mean([layer.output_ranges().max() / layer.output_ranges().min() for layer in layers(model.graph)]))


@pytest.mark.parametrize("activations", [RELU, RELU6], ids=["relu", "relu6"])
def test_equalising_changes_no_result_and_makes_channels_alike(activations):
    """The function in float32 stays, on inputs that calibration did not see too, and ranges of channels come closer."""
    with prepared(depthwise(activations)) as (model, _, _):
        before, expected = spread(model), outputs(model, UNSEEN)
        equalize(model, CALIBRATION)
        np.testing.assert_allclose(outputs(model, UNSEEN), expected, rtol=1e-5, atol=1e-5)
        assert spread(model) < before / 2


def test_a_channel_that_a_relu6_clips_keeps_its_scale():
    """Where the clip does something a factor would move it, so weights below such channels stay as they are."""
    with prepared(depthwise(RELU6)) as (model, _, _):
        loud = [{"x": feeds["x"] * 40} for feeds in CALIBRATION]
        first = next(layers(model.graph))
        before, expected = first.output_ranges(), outputs(model, loud)
        equalize(model, loud)
        kept = first.output_ranges() == before
        assert kept.any()
        assert not kept.all()
        np.testing.assert_allclose(outputs(model, loud), expected, rtol=1e-5, atol=1e-4)


def test_layers_are_left_alone_where_someone_else_reads_the_result_between_them():
    """A factor on a result that is also an output of the model would change that output."""
    with prepared(depthwise(RELU)) as (model, _, _):
        count = len(list(pairs(model.graph)))
        (relu,) = [node for node in model.graph if node.outputs[0].name == "two_clipped"]
        model.graph.outputs.append(relu.outputs[0])
        assert len(list(pairs(model.graph))) == count - 1


def test_equalising_saves_a_depthwise_network_with_one_scale_a_tensor():
    """One scale for all channels is too coarse for narrow ones: after equalisation much less is lost."""
    source = depthwise(RELU, spread=300.0)
    expected = outputs(source, UNSEEN)
    plain, equal = (
        np.abs(outputs(apply(name, source, CALIBRATION), UNSEEN) - expected).mean()
        for name in ("w8a8_per_tensor_minmax", "w8a8_per_tensor_minmax_equalized")
    )
    assert equal < plain / 2


def test_correcting_biases_moves_the_mean_error_of_every_layer_towards_zero():
    """No channel is shifted on average any more, and so neither are the results."""
    source = depthwise(RELU)
    with prepared(source) as (model, _, _):
        add_missing(model)
        static = Static(per_channel=False)
        quantised, corrected = static(model, CALIBRATION), static(model, CALIBRATION)
        correct(corrected, model, CALIBRATION)
        before, after = (mean_errors(one, model, CALIBRATION) for one in (quantised, corrected))
    assert before.keys() == after.keys() == {"one", "two", "three", "y"}
    for name, errors in before.items():
        assert np.abs(after[name]).mean() < np.abs(errors).mean() / 2, name


def test_layers_that_are_kept_stay_in_float():
    """Their weights are in the file as they were, and what they read was not rounded."""
    source = depthwise(RELU)
    graph = Static()(source, CALIBRATION, kept=["two"]).graph
    (two,) = [node for node in graph if node.name == "two"]
    assert two.inputs[0].producer().op_type == "Relu"
    assert two.inputs[1].const_value is not None
    assert sum(node.op_type == "QuantizeLinear" for node in graph) > 0


def test_a_model_of_which_all_is_kept_stays_in_float():
    """Nothing to quantise means nothing quantised."""
    source = depthwise(RELU)
    with prepared(source) as (model, _, _):
        everything = [node.name for node in model.graph]
    kept = Static()(source, CALIBRATION, kept=everything)
    assert not [node for node in kept.graph if node.op_type == "QuantizeLinear"]
