"""Runs kernels in Kotlin: writes a program that reads calls and prints what they give, one token a line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.native import records
from edge.native.dialects import ARRAYS, KOTLIN
from edge.native.generate import Kernel, parameters, result_type
from edge.native.kinds import camel, element, record_fields, type_name
from edge.native.translate import translate
from tests.edge.native.vectors import Call

COMPILER, JAVA = shutil.which("kotlinc"), shutil.which("java")
READ = {"int": "line().toInt()", "f64": "number()", "str": "line()"}
MAKERS = {
    "Bytes": "ByteArray(line().toInt()) { line().toInt().toByte() }",
    "Ints": "IntArray(line().toInt()) { line().toInt() }",
    "Floats": "FloatArray(line().toInt()) { number().toFloat() }",
    "Doubles": "DoubleArray(line().toInt()) { number() }",
    "Strings": "List(line().toInt()) { line() }",
}
WRITE = {"Bytes": "it.toInt() and 255", "Floats": "it.toDouble()"}
ENTRIES: dict[str, Callable[[list[str]], Any]] = {
    "Bytes": lambda entries: bytearray(map(int, entries)),
    "Ints": lambda entries: list(map(int, entries)),
    "Floats": lambda entries: np.array(entries, np.float64).astype(np.float32),
    "Doubles": lambda entries: np.array(entries, np.float64),
    "Strings": list,
}
MAIN = """
fun line(): String = readLine()!!
fun number(): Double = when (val text = line()) {{
    "inf" -> Double.POSITIVE_INFINITY
    "-inf" -> Double.NEGATIVE_INFINITY
    "nan" -> Double.NaN
    else -> text.toDouble()
}}

fun call(name: String) {{
    when (name) {{
{cases}
    }}
}}

fun main() {{
    while (true) {{
        val name = readLine() ?: return
        try {{
            call(name)
        }} catch (failure: StepFailure) {{
            println("refused")
        }}
        println("end")
    }}
}}
"""


def run(calls: Sequence[Call], folder: Path) -> list[Any]:
    """Compile the kernels, run every call, and return what each gave as a record; None where it refused."""
    used = list(dict.fromkeys(call.kernel for call in calls))
    cases = "\n".join(f'        "{one.__name__}" -> {_written(result_type(one), _invocation(one))}' for one in used)
    source = folder / "Harness.kt"
    source.write_text(KOTLIN.prelude + translate(KOTLIN, used) + MAIN.format(cases=cases), "utf-8")
    jar = folder / "harness.jar"
    done = subprocess.run(
        [str(COMPILER), source, "-include-runtime", "-d", jar], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text = "".join(f"{token}\n" for call in calls for token in [call.kernel.__name__, *_tokens(call)])
    out = subprocess.run([str(JAVA), "-jar", jar], input=text, capture_output=True, text=True, check=True).stdout
    answers = out.split("end\n")[:-1]
    return [_parsed(result_type(call.kernel), answer) for call, answer in zip(calls, answers, strict=True)]


def _invocation(kernel: Kernel) -> str:
    arguments = ", ".join(_read(kind) for kind in parameters(kernel).values())
    return f"{camel(kernel.__name__)}({arguments})"


def _read(kind: str) -> str:
    if kind in READ:
        return READ[kind]
    if kind in MAKERS:
        return MAKERS[kind]
    inner = ", ".join(_read(of) for _, of in record_fields(getattr(records, kind)))
    return f"{type_name(KOTLIN, kind)}({inner})"


def _written(kind: str, expression: str) -> str:
    """Return a statement that prints a value's parts."""
    if kind.startswith("list["):
        return f"{expression}.let {{ list -> println(list.size); list.forEach {{ {_written(element(kind), 'it')} }} }}"
    if kind in ARRAYS:
        return f"{expression}.let {{ all -> println(all.size); all.forEach {{ println({WRITE.get(kind, 'it')}) }} }}"
    if is_dataclass(getattr(records, kind, None)):
        parts = [_written(of, f"r.{camel(name)}") for name, of in record_fields(getattr(records, kind))]
        return f"{expression}.let {{ r -> {'; '.join(parts)} }}"
    return f"println({expression})"


def _tokens(call: Call) -> list[Any]:
    kinds = parameters(call.kernel).values()
    return [token for value, kind in zip(call.arguments, kinds, strict=True) for token in _tokens_of(value, kind)]


def _tokens_of(value: Any, kind: str) -> list[Any]:
    if kind in ARRAYS:
        return [len(value), *value]
    if is_dataclass(value):
        return [token for name, of in record_fields(type(value)) for token in _tokens_of(getattr(value, name), of)]
    return [value]


def _parsed(kind: str, answer: str) -> Any:
    lines = answer.splitlines()
    return None if lines == ["refused"] else _value(kind, iter(lines))


def _value(kind: str, lines: Any) -> Any:
    if kind.startswith("list["):
        return [_value(element(kind), lines) for _ in range(int(next(lines)))]
    if kind in ARRAYS:
        entries = [next(lines) for _ in range(int(next(lines)))]
        return ENTRIES[kind](entries)
    if is_dataclass(getattr(records, kind, None)):
        of = getattr(records, kind)
        return of(*(_value(part, lines) for _, part in record_fields(of)))
    return {"int": int, "f64": float}.get(kind, str)(next(lines))
