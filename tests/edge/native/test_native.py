from __future__ import annotations

from collections import Counter

import pytest

from catalog import vocab
from catalog.card import Step
from catalog.check import load
from edge.native.dialects import KOTLIN
from edge.native.generate import DECODED, generate
from edge.native.kinds import UntranslatableError
from edge.native.language import Ints
from edge.native.registry import functions, kernels, modules
from edge.native.translate import translate
from tests.edge.native import kotlin
from tests.edge.native.made import MODELS
from tests.edge.native.vectors import Call, assert_same, calls

CALLS = list(calls())
IDS = [call.name for call in CALLS]
UNSUPPORTED = {"tokenize"}  # the library `tokenizers` is there for Android and iOS too, and is not written again here


@pytest.fixture(scope="module")
def in_kotlin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the generated Kotlin gives for every call, compiled and run once."""
    results = kotlin.run(CALLS, tmp_path_factory.mktemp("kotlin"))
    return dict(zip(IDS, results, strict=True))


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_kernel_reproduces_the_golden_vector(call: Call) -> None:
    """What apps will compute is what the steps mean."""
    assert_same(call.in_python(), call.outcome)


@kotlin.needed
@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_the_generated_kotlin_reproduces_the_golden_vector(call: Call, in_kotlin: dict[str, object]) -> None:
    """An Android app computes what the card's author saw."""
    assert_same(in_kotlin[call.name], call.outcome)


def test_every_step_has_a_kernel_and_vectors_for_it() -> None:
    """A card may use any step but those named here and still come with code for phones."""
    wanted = vocab.steps().keys() - UNSUPPORTED - DECODED.keys()
    assert {name.partition(" ")[0] for name in kernels()} == wanted
    assert {call.name.partition(":")[0] for call in CALLS} == wanted


def test_no_two_kernels_share_a_name() -> None:
    """All of them may come to stand in one file."""
    count = Counter(name for module in modules() for name in functions(module))
    assert [name for name in count if count[name] > 1] == []


def test_what_the_small_language_lacks_is_refused_with_its_line() -> None:
    """Whoever writes a kernel learns at once what cannot be said in all three languages."""
    with pytest.raises(UntranslatableError, match=r"test_native:\d+: kernels cannot say `\[x for x in range\(n\)\]`"):
        translate(KOTLIN, [_uses_a_comprehension])


def test_a_kernel_that_changes_its_parameters_is_refused() -> None:
    """In Swift arrays are values, and parameters are constants in both languages."""
    with pytest.raises(UntranslatableError, match="_writes_into_its_parameter: a kernel must not change its parameter"):
        translate(KOTLIN, [_writes_into_its_parameter])


def _uses_a_comprehension(n: int) -> int:
    """Nothing that a kernel may do."""
    return len([x for x in range(n)])  # noqa: C416


def _writes_into_its_parameter(x: Ints) -> Ints:
    """Nothing that a kernel may do."""
    x[0] = 1
    return x


def test_a_step_without_a_kernel_is_named() -> None:
    """A card whose steps cannot be generated says which."""
    card = load(MODELS / "diabetes-regressor").model_copy(deep=True)
    card.inputs[0].steps[0] = Step(id="tokenize", kwargs={"file": "tokenizer.json"})
    with pytest.raises(
        UntranslatableError, match="diabetes-regressor: no generated code begins with the step tokenize"
    ):
        generate(card, {}, "kotlin")
