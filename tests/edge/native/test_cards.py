from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.native.records import FramedByteTensor, FramedTensor
from tests.edge.native import cards, kotlin
from tests.edge.native.vectors import assert_same, flat
from tests.steps.codec import encode


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of all cards, each in a package of its own with a main function, compiled once."""
    sources = {}
    for model in cards.names():
        text = cards.text(model, "kotlin")
        program = kotlin.program([*cards.functions(text).values()])
        sources[f"{cards.package(model)}.kt"] = f"package {cards.package(model)}\n{text}{program}"
    return kotlin.compiled(sources, tmp_path_factory.mktemp("cards"))


@kotlin.needed
@pytest.mark.parametrize("model", cards.names())
def test_the_kotlin_of_a_bundle_gives_the_tensors_and_the_result_of_a_sample(model: str, jar: Path) -> None:
    """An Android app that uses the file as it is feeds the model the same numbers, and shows the same result."""
    run, found = cards.Run(model), cards.functions(cards.text(model, "kotlin"))
    calls = [(function, run.given(name, function.parameters)) for name, function in found.items()]
    main = f"{cards.package(model)}.{cards.package(model).capitalize()}Kt"
    for name, got in zip(found, kotlin.answers(jar, main, calls), strict=True):
        want = run.result if name == "result" else run.inputs[run.card.inputs[0].id]
        assert_same(_without_frame(got, run), {"value": encode(want), "frame": None})


def _without_frame(got: Any, run: cards.Run) -> Any:
    if not isinstance(got, FramedTensor | FramedByteTensor):
        return got
    assert flat(got.frame) == pytest.approx(flat(run.frame))
    return got.tensor
