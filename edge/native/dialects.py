"""How each language writes what a kernel says: a row of forms a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.native.preludes import KOTLIN_PRELUDE, SWIFT_PRELUDE

ARRAYS = {  # array → its entries
    "Bytes": "int",
    "Ints": "int",
    "Longs": "long",
    "Floats": "f32",
    "Doubles": "f64",
    "Strings": "str",
    "Words": "int",
}


@dataclass(frozen=True)
class Dialect:
    """One language: forms with places in braces, filled by `translate.py`."""

    name: str
    types: Mapping[str, str]
    calls: Mapping[str, str]  # functions of `language.py`
    operators: Mapping[str, str]
    list_of: str
    parameter: str
    function: str
    method: str  # a function of a card
    call: str  # of a kernel
    guarded: str  # an `and` or `or` with calls of kernels
    constant: str
    public: str  # a constant that the app may read
    scope: str  # around the functions of a card
    literals: Mapping[str, str]  # arrays written out
    fixed: str  # a local that never changes
    changing: str
    new_list: str
    count_up: str  # from, to and a positive step
    count_down: str
    condition: str  # of `if` and `while`
    choice: str
    read_byte: str
    write_byte: str
    to_f64: str
    escaped: str  # characters of a text that need a backslash, the backslash first
    text_part: str  # an expression in a text
    length: str
    append: str
    prelude: str
    arrays_are_values: bool  # then what is written into must be declared as changing
    record: Callable[[str, list[tuple[str, str]]], str]
    construct: Callable[[str, list[tuple[str, str]]], str]


def _kotlin_record(name: str, fields: list[tuple[str, str]]) -> str:
    return f"class {name}({', '.join(f'val {field}: {kind}' for field, kind in fields)})"


def _swift_record(name: str, fields: list[tuple[str, str]]) -> str:
    lines = [f"    public let {field}: {kind}" for field, kind in fields]
    given = ", ".join(f"{field}: {kind}" for field, kind in fields)
    init = [f"    public init({given}) {{", *(f"        self.{field} = {field}" for field, _ in fields), "    }"]
    return "\n".join([f"public struct {name} {{", *lines, "", *init, "}"])


MATHS = ("exp", "log", "sqrt", "sin", "cos", "floor", "ceil")
NAMED = ("descending", "utf8", "decoded")  # functions of one argument in the preludes

KOTLIN = Dialect(
    name="kotlin",
    types={
        "int": "Int",
        "long": "Long",
        "f64": "Double",
        "f32": "Float",
        "bool": "Boolean",
        "str": "String",
        "Bytes": "ByteArray",
        "Ints": "IntArray",
        "Longs": "LongArray",
        "Floats": "FloatArray",
        "Doubles": "DoubleArray",
        "Strings": "List<String>",
        "Words": "HashMap<String, Int>",
        "None": "Unit",
    },
    calls={
        **{name: f"kotlin.math.{'ln' if name == 'log' else name}({{0}})" for name in MATHS},
        "abs": "kotlin.math.abs({0})",
        "min": "minOf({0}, {1})",
        "max": "maxOf({0}, {1})",
        "is_nan": "({0}).isNaN()",
        "rint": "Math.rint({0})",
        "int": "({0}).toInt()",
        "long": "({0}).toLong()",
        "f32": "({0}).toFloat()",
        "f64": "({0}).toDouble()",
        "str": "({0}).toString()",
        "new_bytes": "ByteArray({0})",
        "new_ints": "IntArray({0})",
        "new_longs": "LongArray({0})",
        "new_floats": "FloatArray({0})",
        "new_doubles": "DoubleArray({0})",
        **{name: f"{name}({{0}})" for name in NAMED},
        "code_points": "({0}).codePoints().toArray()",
        "text_of": "String({0}, {1}, {2} - {1})",
        "new_words": "HashMap<String, Int>()",
        "number_of": "({0}[{1}] ?: -1)",
        "fail": "throw StepFailure({0}, {1}, {2})",
        "PI": "Math.PI",
        "INFINITY": "Double.POSITIVE_INFINITY",
        "NAN": "Double.NaN",
        "True": "true",
        "False": "false",
    },
    operators={
        "FloorDiv": "Math.floorDiv({0}, {1})",
        "Mod": "Math.floorMod({0}, {1})",
        "LShift": "({0} shl {1})",
        "RShift": "({0} shr {1})",
        "BitAnd": "({0} and {1})",
        "BitOr": "({0} or {1})",
    },
    list_of="List<{0}>",
    parameter="{name}: {type}",
    call="{0}({1})",
    guarded="({0})",
    function="fun {name}({parameters}): {type} {{",
    method="fun {name}({parameters}): {type} {{",
    constant="private val {name} = {value}",
    public="val {name} = {value}",
    scope="object {name} {{",
    literals={"list": "listOf({0})", "Doubles": "doubleArrayOf({0})", "Ints": "intArrayOf({0})"},
    fixed="val {name} = {value}",
    changing="var {name} = {value}",
    new_list="val {name} = mutableListOf<{type}>()",
    count_up="for ({name} in {start} until {end} step {step}) {{",
    count_down="for ({name} in {start} downTo {end} + 1 step {step}) {{",
    condition="{word} ({test}) {{",
    choice="(if ({test}) {yes} else {no})",
    read_byte="({0}[{1}].toInt() and 255)",
    write_byte="({0}).toByte()",
    to_f64="({0}).toDouble()",
    escaped='\\"$',
    text_part="${{{0}}}",
    length="{0}.size",
    append="{0}.add({1})",
    prelude=KOTLIN_PRELUDE,
    arrays_are_values=False,
    record=_kotlin_record,
    construct=lambda name, fields: f"{name}({', '.join(value for _, value in fields)})",
)

SWIFT = Dialect(
    name="swift",
    types={
        "int": "Int",
        "long": "Int64",
        "f64": "Double",
        "f32": "Float",
        "bool": "Bool",
        "str": "String",
        "Bytes": "[UInt8]",
        "Ints": "[Int]",
        "Longs": "[Int64]",
        "Floats": "[Float]",
        "Doubles": "[Double]",
        "Strings": "[String]",
        "Words": "[String: Int]",
        "None": "Void",
    },
    calls={
        **{name: f"Foundation.{name}({{0}})" for name in MATHS},
        "abs": "Swift.abs({0})",
        "min": "Swift.min({0}, {1})",
        "max": "Swift.max({0}, {1})",
        "is_nan": "({0}).isNaN",
        "rint": "Foundation.rint({0})",
        "int": "Int({0})",
        "long": "Int64({0})",
        "f32": "Float({0})",
        "f64": "Double({0})",
        "str": "String({0})",
        "new_bytes": "[UInt8](repeating: 0, count: {0})",
        "new_ints": "[Int](repeating: 0, count: {0})",
        "new_longs": "[Int64](repeating: 0, count: {0})",
        "new_floats": "[Float](repeating: 0, count: {0})",
        "new_doubles": "[Double](repeating: 0, count: {0})",
        **{name: f"{name}({{0}})" for name in NAMED},
        "code_points": "({0}).unicodeScalars.map {{ Int($0.value) }}",
        "text_of": "textOf({0}, {1}, {2})",
        "new_words": "[String: Int]()",
        "number_of": "({0}[{1}] ?? -1)",
        "fail": "throw StepFailure(step: {0}, expected: {1}, got: {2})",
        "PI": "Double.pi",
        "INFINITY": "Double.infinity",
        "NAN": "Double.nan",
        "True": "true",
        "False": "false",
    },
    operators={
        "FloorDiv": "floorDiv({0}, {1})",
        "Mod": "floorMod({0}, {1})",
        "LShift": "({0} << {1})",
        "RShift": "({0} >> {1})",
        "BitAnd": "({0} & {1})",
        "BitOr": "({0} | {1})",
    },
    list_of="[{0}]",
    parameter="_ {name}: {type}",
    call="(try {0}({1}))",
    guarded="(try {0})",  # the right side is a closure
    function="public func {name}({parameters}) throws -> {type} {{",
    method="public static func {name}({parameters}) throws -> {type} {{",
    constant="private let {name} = {value}",
    public="public static let {name} = {value}",
    scope="public enum {name} {{",
    literals={"list": "[{0}]", "Doubles": "[{0}]", "Ints": "[{0}]"},
    fixed="let {name} = {value}",
    changing="var {name} = {value}",
    new_list="var {name}: [{type}] = []",
    count_up="for {name} in Swift.stride(from: {start}, to: {end}, by: {step}) {{",
    count_down="for {name} in Swift.stride(from: {start}, to: {end}, by: -{step}) {{",
    condition="{word} {test} {{",
    choice="({test} ? {yes} : {no})",
    read_byte="Int({0}[{1}])",
    write_byte="UInt8(truncatingIfNeeded: {0})",
    to_f64="Double({0})",
    escaped='\\"',
    text_part="\\({0})",
    length="{0}.count",
    append="{0}.append({1})",
    prelude=SWIFT_PRELUDE,
    arrays_are_values=True,
    record=_swift_record,
    construct=lambda name, fields: f"{name}({', '.join(f'{field}: {value}' for field, value in fields)})",
)

DIALECTS = {dialect.name: dialect for dialect in (KOTLIN, SWIFT)}
