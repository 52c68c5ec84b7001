"""Runs kernels in Kotlin: writes a program that reads calls and prints what they give, one token a line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from edge.native import records
from edge.native.dialects import ARRAYS, KOTLIN
from edge.native.kinds import camel, element, record_fields, type_name
from edge.native.registry import Kernel, parameters, result_type
from edge.native.translate import translate
from tests.edge.native.vectors import Call

COMPILER, JAVA = shutil.which("kotlinc"), shutil.which("java")
needed = pytest.mark.skipif(
    COMPILER is None or JAVA is None, reason="no Kotlin compiler (Debian: apt-get install kotlin)"
)
READ = {"int": "line().toInt()", "f64": "number()", "bool": 'line() == "True"', "str": "text()"}
MAKERS = {
    "Bytes": "ByteArray(line().toInt()) { line().toInt().toByte() }",
    "Ints": "IntArray(line().toInt()) { line().toInt() }",
    "Longs": "LongArray(line().toInt()) { line().toLong() }",
    "Floats": "FloatArray(line().toInt()) { number().toFloat() }",
    "Doubles": "DoubleArray(line().toInt()) { number() }",
    "Strings": "List(line().toInt()) { text() }",
}
WRITE = {"Bytes": "it.toInt() and 255", "Floats": "it.toDouble()"}
ENTRIES: dict[str, Callable[[list[str]], Any]] = {
    "Bytes": lambda entries: bytearray(map(int, entries)),
    "Ints": lambda entries: list(map(int, entries)),
    "Longs": lambda entries: list(map(int, entries)),
    "Floats": lambda entries: np.array(entries, np.float64).astype(np.float32),
    "Doubles": lambda entries: np.array(entries, np.float64),
    "Strings": list,
}
MAIN = """
fun line(): String = readLine()!!
fun text(): String = line().chunked(4).map {{ it.toInt(16).toChar() }}.joinToString("")
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


class Function(NamedTuple):
    """A Kotlin function: how it is called, and the types of what it takes and gives."""

    name: str
    parameters: Sequence[str]
    result: str


def run(calls: Sequence[Call], folder: Path) -> list[Any]:
    """Compile the kernels, run every call, and return what each gave as a record; None where it refused."""
    used = list(dict.fromkeys(call.kernel for call in calls))
    functions = {one: _function(one) for one in used}
    text = KOTLIN.prelude + translate(KOTLIN, used) + program([*functions.values()])
    jar = compiled({"Harness.kt": text}, folder)
    return answers(jar, "HarnessKt", [(functions[call.kernel], call.arguments) for call in calls])


def _function(kernel: Kernel) -> Function:
    return Function(camel(kernel.__name__), [*parameters(kernel).values()], result_type(kernel))


def program(functions: Sequence[Function]) -> str:
    """Write a main function that reads calls of these functions."""
    cases = [f'        "{one.name}" -> {_written(one.result, _invocation(one))}' for one in functions]
    return MAIN.format(cases="\n".join(cases))


def compiled(sources: Mapping[str, str], folder: Path) -> Path:
    """Compile files together, since the compiler takes long to start; return the jar."""
    paths = [folder / name for name in sources]
    for path, text in zip(paths, sources.values(), strict=True):
        path.write_text(text, "utf-8")
    jar = folder / "harness.jar"
    command = [str(COMPILER), *paths, "-include-runtime", "-d", jar]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return jar


def answers(jar: Path, main: str, calls: Sequence[tuple[Function, Sequence[Any]]]) -> list[Any]:
    """Call functions in a compiled program, and return what each gave as a record; None where it refused."""
    text = "".join(f"{token}\n" for one, given in calls for token in [one.name, *_tokens(one.parameters, given)])
    command = [str(JAVA), "-cp", jar, main]
    out = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    found = out.split("end\n")[:-1]
    return [_parsed(one.result, answer) for (one, _), answer in zip(calls, found, strict=True)]


def _invocation(function: Function) -> str:
    return f"{function.name}({', '.join(map(_read, function.parameters))})"


def _read(kind: str) -> str:
    if kind in READ:
        return READ[kind]
    if kind in MAKERS:
        return MAKERS[kind]
    if kind.startswith("list["):
        return f"List(line().toInt()) {{ {_read(element(kind))} }}"
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


def _tokens(kinds: Sequence[str], values: Sequence[Any]) -> list[Any]:
    return [token for value, kind in zip(values, kinds, strict=True) for token in _tokens_of(value, kind)]


def _tokens_of(value: Any, kind: str) -> list[Any]:
    if kind in ARRAYS or kind.startswith("list["):
        return [len(value), *(token for entry in value for token in _tokens_of(entry, element(kind)))]
    if kind == "str":
        return [value.encode("utf-16-be", "surrogatepass").hex()]
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
