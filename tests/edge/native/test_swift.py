from __future__ import annotations

import pytest

from edge.native.dialects import SWIFT
from edge.native.registry import kernels
from edge.native.translate import translate
from tests.edge.native.cards import runs
from tests.edge.native.swift import problems


def test_the_swift_of_all_kernels_is_sound() -> None:
    """An iOS app finds no mistake in it that a grammar and a look at its names can find."""
    used = [kernel for found in kernels().values() for kernel in found]
    assert problems(SWIFT.prelude + translate(SWIFT, used)) == []


@pytest.mark.parametrize("card", runs())
def test_the_swift_of_a_bundle_is_sound(card: str) -> None:
    """An iOS app finds no mistake in it that a grammar and a look at its names can find."""
    assert problems(runs()[card].text("swift")) == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("func f() { val a = 1 }", "is no Swift"),
        ("func f(_ x: [Int]) { x[0] = 1 }", "is written into, but is no var"),
        ("func f() { let a = [Int](); a.append(1) }", "is written into, but is no var"),
        ("func g() -> Int { return 1 }\nfunc f() { let g = g() }", "is hidden by a local of its name"),
        ("func g(_ x: Int) -> Int { return x }\nfunc f() { let a = g() }", "is called with 0 arguments, and takes 1"),
        ("func f() { let a = listOf(1) }", "is called with 1 arguments, and takes None"),
    ],
)
def test_a_mistake_in_swift_is_found(source: str, what: str) -> None:
    """The checks above can fail."""
    assert any(what in problem for problem in problems(source))
