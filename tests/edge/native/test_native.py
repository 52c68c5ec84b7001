from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from catalog.check import load
from edge.native.dialects import KOTLIN
from edge.native.generate import generate
from edge.native.kinds import UntranslatableError
from edge.native.translate import translate
from edge.pipeline import labels_of
from tests.edge.native import kotlin
from tests.edge.native.vectors import Call, assert_same, calls

CALLS = list(calls())
IDS = [call.name for call in CALLS]
MODELS = Path(__file__).parents[3] / "catalog" / "models"
needs_kotlin = pytest.mark.skipif(
    kotlin.COMPILER is None or kotlin.JAVA is None, reason="no Kotlin compiler (Debian: apt-get install kotlin)"
)


@pytest.fixture(scope="module")
def in_kotlin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the generated Kotlin gives for every call, compiled and run once."""
    results = kotlin.run(CALLS, tmp_path_factory.mktemp("kotlin"))
    return dict(zip(IDS, results, strict=True))


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_kernel_reproduces_the_golden_vector(call: Call) -> None:
    """What apps will compute is what the steps mean."""
    assert_same(call.in_python(), call.outcome)


@needs_kotlin
@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_the_generated_kotlin_reproduces_the_golden_vector(call: Call, in_kotlin: dict[str, object]) -> None:
    """An Android app computes what the card's author saw."""
    assert_same(in_kotlin[call.name], call.outcome)


def test_what_the_small_language_lacks_is_refused_with_its_line() -> None:
    """Whoever writes a kernel learns at once what cannot be said in all three languages."""
    with pytest.raises(UntranslatableError, match=r"test_native:\d+: kernels cannot say `\[x for x in range\(n\)\]`"):
        translate(KOTLIN, [_uses_a_comprehension])


def _uses_a_comprehension(n: int) -> int:
    """Nothing that a kernel may do."""
    return len([x for x in range(n)])  # noqa: C416


def test_a_step_without_a_kernel_is_named() -> None:
    """A card whose steps cannot be generated says which."""
    card = load(MODELS / "code-language-id")
    with pytest.raises(UntranslatableError, match="code-language-id: no generated code begins with the step encode_b"):
        generate(card, {}, "kotlin")


@needs_kotlin
@pytest.mark.parametrize("model", ["digits-cnn"])
def test_the_file_of_a_card_compiles(model: str, tmp_path: Path) -> None:
    """The Kotlin that a bundle carries is accepted by the compiler as it is."""
    folder = MODELS / model
    card = load(folder)
    labels = {output.id: labels_of(output, folder) or [] for output in card.outputs if output.labels}
    source = tmp_path / "Steps.kt"
    source.write_text(generate(card, labels, "kotlin"), "utf-8")
    command = [str(kotlin.COMPILER), source, "-d", tmp_path / "steps.jar"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
