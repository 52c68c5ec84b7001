"""Writes the expressions of a kernel, with their types."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field, is_dataclass
from types import ModuleType
from typing import Any

from edge.native import language, records
from edge.native.dialects import MATHS, Dialect
from edge.native.kinds import ANNOTATIONS, Typed, UntranslatableError, bare, camel, element, quoted, record_fields

SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">",
           ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.And: "&&", ast.Or: "||"}  # fmt: skip
RESULTS = {  # functions of `language.py` → the type of what they give
    **dict.fromkeys((*MATHS, "rint", "f64", "PI", "INFINITY", "NAN"), "f64"),
    "int": "int",
    "long": "long",
    "f32": "f32",
    "str": "str",
    "is_nan": "bool",
    "descending": "Ints",
    "fail": "None",
    "utf8": "Bytes",
    "decoded": "str",
    "code_points": "Ints",
    "text_of": "str",
    "new_words": "Words",
    "number_of": "int",
    "new_bytes": "Bytes",
    "new_ints": "Ints",
    "new_longs": "Longs",
    "new_floats": "Floats",
    "new_doubles": "Doubles",
}


@dataclass
class Expressions:
    """Writes expressions of one module; `used` are the names of the module that they need."""

    dialect: Dialect
    module: ModuleType
    used: dict[str, None] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)  # of the variables in scope

    def expression(self, node: ast.expr) -> Typed:
        """Write an expression."""
        write = getattr(self, f"_{type(node).__name__.lower()}", None)
        if write is None:
            raise self._refuse(node)
        typed: Typed = write(node)
        return typed

    def _constant(self, node: ast.Constant) -> Typed:
        kinds = {bool: "bool", int: "int", float: "f64", str: "str"}
        if type(node.value) not in kinds:
            raise self._refuse(node)
        text = {bool: str(node.value).lower(), str: quoted(str(node.value), self.dialect)}.get(
            type(node.value), repr(node.value)
        )
        return Typed(text, kinds[type(node.value)])

    def _joinedstr(self, node: ast.JoinedStr) -> Typed:
        parts = [
            quoted(str(part.value), self.dialect)[1:-1]
            if isinstance(part, ast.Constant)
            else self.dialect.text_part.format(self.expression(part.value).text)  # type: ignore[attr-defined]
            for part in node.values
        ]
        return Typed(f'"{"".join(parts)}"', "str")

    def _name(self, node: ast.Name) -> Typed:
        if node.id in self.types:
            return Typed(camel(node.id), self.types[node.id])
        if node.id in RESULTS and hasattr(language, node.id):
            return Typed(self.dialect.calls[node.id], RESULTS[node.id])
        value = getattr(self.module, node.id, None)
        kind = {int: "int", float: "f64", bool: "bool", str: "str", language.f32: "f32"}.get(type(value))
        if kind is None:
            raise self._refuse(node)
        self.used[node.id] = None
        return Typed(camel(node.id), kind)

    def _attribute(self, node: ast.Attribute) -> Typed:
        value = self.expression(node.value)
        parts = dict(record_fields(getattr(records, value.type)))
        return Typed(f"{value.text}.{camel(node.attr)}", parts[node.attr])

    def _subscript(self, node: ast.Subscript) -> Typed:
        array, index = self.expression(node.value), self.expression(node.slice)
        form = self.dialect.read_byte if array.type == "Bytes" else "{0}[{1}]"
        return Typed(form.format(array.text, bare(index.text)), element(array.type))

    def _list(self, node: ast.List) -> Typed:
        entries = [self.expression(one) for one in node.elts]
        if not entries or any(one.type != "int" for one in entries):
            raise self._refuse(node)
        return Typed(self.dialect.literals["Ints"].format(", ".join(bare(one.text) for one in entries)), "Ints")

    def _unaryop(self, node: ast.UnaryOp) -> Typed:
        value = self.expression(node.operand)
        sign = {ast.USub: "-", ast.Not: "!"}.get(type(node.op))
        if sign is None:
            raise self._refuse(node)
        simple = isinstance(node.operand, ast.Constant)
        return Typed(f"{sign}{value.text}" if simple else f"{sign}({value.text})", value.type)

    def _binop(self, node: ast.BinOp) -> Typed:
        left, right = self._alike(self.expression(node.left), self.expression(node.right), node)
        if isinstance(node.op, ast.Div) and left.type == "int":
            left, right = (self._widened(side, "f64", node) for side in (left, right))
        form = self.dialect.operators.get(type(node.op).__name__)
        if form is not None:
            return Typed(form.format(left.text, right.text), left.type)
        if type(node.op) not in SYMBOLS:
            raise self._refuse(node)
        return Typed(f"({left.text} {SYMBOLS[type(node.op)]} {right.text})", left.type)

    def _compare(self, node: ast.Compare) -> Typed:
        parts = [self.expression(one) for one in (node.left, *node.comparators)]
        tests = []
        for first, operator, second in zip(parts, node.ops, parts[1:], strict=False):
            left, right = self._alike(first, second, node)
            tests.append(f"{left.text} {SYMBOLS[type(operator)]} {right.text}")
        return Typed(f"({' && '.join(tests)})", "bool")

    def _boolop(self, node: ast.BoolOp) -> Typed:
        text = f" {SYMBOLS[type(node.op)]} ".join(self.expression(value).text for value in node.values)
        has_call = any(isinstance(one, ast.Call) and self._is_kernel(one.func) for one in ast.walk(node))
        return Typed(self.dialect.guarded.format(text) if has_call else f"({text})", "bool")

    def _is_kernel(self, function: ast.expr) -> bool:
        name = ast.unparse(function)
        return name not in RESULTS and inspect.isfunction(getattr(self.module, name, None))

    def _ifexp(self, node: ast.IfExp) -> Typed:
        yes, no = self._alike(self.expression(node.body), self.expression(node.orelse), node)
        test = bare(self.expression(node.test).text)
        return Typed(self.dialect.choice.format(test=test, yes=yes.text, no=no.text), yes.type)

    def _call(self, node: ast.Call) -> Typed:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            target, value = self.expression(node.func.value), self.expression(node.args[0])
            return Typed(self.dialect.append.format(target.text, bare(value.text)), "None")
        name = ast.unparse(node.func)
        arguments = [self.expression(one) for one in node.args]
        if name == "len":
            return Typed(self.dialect.length.format(arguments[0].text), "int")
        if name in ("min", "max", "abs"):
            pair = self._alike(arguments[0], arguments[-1], node)
            return Typed(self.dialect.calls[name].format(*(bare(one.text) for one in pair)), pair[0].type)
        if name in RESULTS:
            if RESULTS[name] == "f64" and name != "f64":
                arguments = [self._widened(one, "f64", node) for one in arguments]
            return Typed(self.dialect.calls[name].format(*(bare(one.text) for one in arguments)), RESULTS[name])
        return self._call_of_module(name, node, arguments)

    def _call_of_module(self, name: str, node: ast.Call, arguments: list[Typed]) -> Typed:
        value: Any = getattr(self.module, name, None)
        if is_dataclass(value):
            self.used[name] = None
            wanted = record_fields(value)  # type: ignore[arg-type]
            parts = [
                (camel(part), bare(self._widened(one, kind, node).text))
                for one, (part, kind) in zip(arguments, wanted, strict=True)
            ]
            return Typed(self.dialect.construct(name, parts), name)
        if not inspect.isfunction(value):
            raise self._refuse(node)
        self.used[name] = None
        signature = inspect.signature(value)
        kinds = [ANNOTATIONS.get(str(one.annotation), str(one.annotation)) for one in signature.parameters.values()]
        texts = [bare(self._widened(one, kind, node).text) for one, kind in zip(arguments, kinds, strict=True)]
        result = str(signature.return_annotation)
        return Typed(self.dialect.call.format(camel(name), ", ".join(texts)), ANNOTATIONS.get(result, result))

    def _alike(self, left: Typed, right: Typed, node: ast.AST) -> tuple[Typed, Typed]:
        """Give both sides one type: a whole number beside a double is widened."""
        if left.type == right.type:
            return left, right
        return (
            (self._widened(left, right.type, node), right)
            if left.type == "int"
            else (left, self._widened(right, left.type, node))
        )

    def _widened(self, value: Typed, kind: str, node: ast.AST) -> Typed:
        if value.type == kind:
            return value
        if (value.type, kind) != ("int", "f64"):
            raise UntranslatableError(f"{self._refuse(node)}: {value.type} where {kind} is needed; convert it by name")
        return Typed(self.dialect.to_f64.format(value.text), "f64")

    def _refuse(self, node: ast.AST) -> UntranslatableError:
        line = getattr(node, "lineno", 0)
        return UntranslatableError(f"{self.module.__name__}:{line}: kernels cannot say `{ast.unparse(node)}`")
