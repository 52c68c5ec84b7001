"""Functions that neither target has, written so that float32 loses no precision."""

from __future__ import annotations

import functools

from converters.lowering import arithmetic as a
from converters.lowering.value import Value

# erf(x) = x · P(x²) / Q(x²) on |x| ≤ 4, where float32 reaches 1; highest power first.
# Source: Eigen, unsupported/Eigen/src/SpecialFunctions/SpecialFunctionsImpl.h, generic_fast_erf_float.
ERF_P = (-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
         -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02)  # fmt: skip
ERF_Q = (-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
         -1.42647390514189e-02)  # fmt: skip
ARTANH = (2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3, 2.0)  # 2 · artanh(s) / s in powers of s², highest first


def polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    """Evaluate by Horner's rule, highest power first."""
    return functools.reduce(lambda sum_, c: sum_ * x + c, coefficients[2:], x * coefficients[0] + coefficients[1])


def erf(x: Value) -> Value:
    """Error function, to 4 units in the last place."""
    x = a.clip(x, -4.0, 4.0)
    squared = x * x
    return x * polynomial(squared, ERF_P) / polynomial(squared, ERF_Q)


def expm1(x: Value) -> Value:
    """exp(x) - 1, precise near 0: tanh(x/2) · (exp(x) + 1) is the same function."""
    return a.tanh(0.5 * x) * (a.exp(x) + 1.0)


def log1p(x: Value) -> Value:
    """log(1 + x), precise near 0, where 2 · artanh(s) with s = x / (2 + x) is the same function.

    The series of artanh up to s¹¹ is exact to float32 for |s| ≤ 0.2, that is for x from -1/3 to 1/2.
    """
    s = x / (x + 2.0)
    squared = s * s
    return a.select(a.less(squared, 0.04), s * polynomial(squared, ARTANH), a.log(x + 1.0))


def softplus(x: Value) -> Value:
    """log(1 + exp(x)) without overflow."""
    return a.relu(x) + log1p(a.exp(-a.abs_(x)))
