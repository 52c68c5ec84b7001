from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.native.records import FramedByteTensor, FramedIntTensor, FramedTensor
from tests.edge.native import kotlin
from tests.edge.native.cards import Run, function_of, runs
from tests.edge.native.vectors import assert_same, flat
from tests.steps.codec import encode


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of all cards, each in a package of its own with a main function, compiled once."""
    sources = {}
    for run in runs().values():
        program = kotlin.program([*run.functions().values()])
        sources[f"{run.package}.kt"] = f"package {run.package}\n{run.text('kotlin')}{program}"
    return kotlin.compiled(sources, tmp_path_factory.mktemp("cards"))


@kotlin.needed
@pytest.mark.parametrize("card", runs())
def test_the_kotlin_of_a_bundle_gives_the_tensors_and_the_result_of_a_sample(card: str, jar: Path) -> None:
    """An Android app that uses the file as it is feeds the model the same numbers, and shows the same result."""
    run = runs()[card]
    inputs, result = run.expected()
    found = run.functions()
    calls = [(one, run.given(one.parameters, outputs=name == "result")) for name, one in found.items()]
    got = dict(zip(found, kotlin.answers(jar, f"{run.package}.{run.package.capitalize()}Kt", calls), strict=True))
    assert_same(got.pop("result"), {"value": encode(result), "frame": None})
    for tensor in run.card.inputs:
        if not tensor.state_of:
            value = _without_frame(got.pop(function_of(tensor.id, [*got])), run)
            assert_same(value, {"value": encode(inputs[tensor.id]), "frame": None})
    assert got == {}


def _without_frame(got: Any, run: Run) -> Any:
    if not isinstance(got, FramedTensor | FramedByteTensor | FramedIntTensor):
        return got
    assert flat(got.frame) == pytest.approx(flat(run.frame))
    return got.tensor
