"""Translates kernels: typed Python functions of numbers, arrays and records become the same in another language.

Anything outside the small language is refused with its line. Types are inferred from annotations and carried along; a
whole number beside a double is widened, everything else must be converted by name.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from types import MappingProxyType, ModuleType
from typing import Any

from edge.native.dialects import Dialect
from edge.native.expressions import Expressions
from edge.native.kinds import (
    Typed,
    UntranslatableError,
    bare,
    camel,
    element,
    kind_of,
    record,
    record_fields,
    type_name,
)


def translate(dialect: Dialect, functions: Sequence[Callable[..., Any]]) -> str:
    """Write these kernels, and the kernels, constants and records that they use, each once."""
    done: dict[str, str] = {}
    for function in functions:
        _translate(dialect, inspect.getmodule(function), function.__name__, done)  # type: ignore[arg-type]
    return "\n\n".join(done.values()) + "\n"


def _translate(dialect: Dialect, module: ModuleType, name: str, done: dict[str, str]) -> None:
    if name in done:
        return
    value = getattr(module, name)
    home = inspect.getmodule(value) if inspect.isfunction(value) or is_dataclass(value) else module
    if is_dataclass(value):
        for _, kind in record_fields(value):  # type: ignore[arg-type]
            if is_dataclass(getattr(home, element(kind), None)):
                _translate(dialect, home, element(kind), done)  # type: ignore[arg-type]
        done[name] = record(dialect, value)  # type: ignore[arg-type]
        return
    tree = ast.parse(inspect.getsource(home))  # type: ignore[arg-type]
    node = next(one for one in tree.body if _defines(one, name))
    writer = Writer(dialect, home)  # type: ignore[arg-type]
    text = writer.function(node) if isinstance(node, ast.FunctionDef) else writer.constant(node)  # type: ignore[arg-type]
    for used in writer.used:
        if used != name:  # a kernel may call itself
            _translate(dialect, home, used, done)  # type: ignore[arg-type]
    done[name] = text


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name == name
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name


@dataclass
class Writer(Expressions):
    """Writes one function or constant of a module."""

    here: Sequence[ast.stmt] = ()  # the block that is being written

    def constant(self, node: ast.Assign) -> str:
        """Write a constant of the module."""
        name = ast.unparse(node.targets[0])
        return self.dialect.constant.format(name=camel(name), value=self.expression(node.value).text)

    def function(self, node: ast.FunctionDef) -> str:
        """Write a kernel with its documentation."""
        given = {arg.arg for arg in node.args.args}
        if given & (_written_into(node.body) | {*_set_names(node.body)}):
            raise UntranslatableError(f"{self.module.__name__}.{node.name}: a kernel must not change its parameters")
        self.types = {arg.arg: self._annotated(arg.annotation) for arg in node.args.args}
        parameters = ", ".join(
            self.dialect.parameter.format(name=camel(name), type=type_name(self.dialect, kind))
            for name, kind in self.types.items()
        )
        result = type_name(self.dialect, self._annotated(node.returns))
        head = self.dialect.function.format(name=camel(node.name), parameters=parameters, type=result)
        summary = (ast.get_docstring(node) or "").splitlines()[0]
        body = node.body[1:] if ast.get_docstring(node) else node.body
        return "\n".join([f"/** {summary} */", head, *self.block(body), "}"])

    def _annotated(self, annotation: ast.expr | None) -> str:
        if annotation is None:
            raise UntranslatableError(f"{self.module.__name__}: every parameter and result of a kernel needs a type")
        kind = kind_of(annotation)
        self._use_record(element(kind) if kind.startswith("list[") else kind)
        return kind

    def _use_record(self, name: str) -> None:
        if is_dataclass(getattr(self.module, name, None)):
            self.used[name] = None

    def block(self, statements: Sequence[ast.stmt]) -> list[str]:
        """Write statements, indented."""
        outer, self.here = self.here, statements
        lines = [f"    {line}" for statement in statements for line in self.statement(statement)]
        self.here = outer
        return lines

    def statement(self, node: ast.stmt) -> list[str]:
        """Write one statement."""
        write = getattr(self, f"_{type(node).__name__.lower()}", None)
        if write is None:
            raise self._refuse(node)
        lines: list[str] = write(node)
        return lines

    def _assign(self, node: ast.Assign) -> list[str]:
        (target,) = node.targets
        value = self.expression(node.value)
        if isinstance(target, ast.Subscript):
            return [self._store(target, value)]
        if not isinstance(target, ast.Name):
            raise self._refuse(node)
        return [self._set(target.id, value, node)]

    def _set(self, name: str, value: Typed, node: ast.AST) -> str:
        if name in self.types:
            if self.types[name] != value.type:
                value = self._widened(value, self.types[name], node)
            return f"{camel(name)} = {bare(value.text)}"
        self.types[name] = value.type
        form = self.dialect.changing if _changes(name, self.here, self.dialect) else self.dialect.fixed
        return form.format(name=camel(name), value=bare(value.text))

    def _store(self, target: ast.Subscript, value: Typed) -> str:
        array, index = self.expression(target.value), self.expression(target.slice)
        wanted = element(array.type)
        text = self._widened(value, wanted, target).text if value.type != wanted else value.text
        text = self.dialect.write_byte.format(text) if array.type == "Bytes" else text
        return f"{array.text}[{bare(index.text)}] = {bare(text)}"

    def _annassign(self, node: ast.AnnAssign) -> list[str]:
        name, kind = ast.unparse(node.target), self._annotated(node.annotation)
        if not kind.startswith("list["):
            if node.value is None:
                raise self._refuse(node)
            return [self._set(name, self._widened(self.expression(node.value), kind, node), node)]
        self.types[name] = kind
        return [self.dialect.new_list.format(name=camel(name), type=type_name(self.dialect, element(kind)))]

    def _augassign(self, node: ast.AugAssign) -> list[str]:
        place = ast.parse(ast.unparse(node.target), mode="eval").body
        value = ast.BinOp(place, node.op, node.value)
        return self._assign(ast.copy_location(ast.Assign([node.target], ast.fix_missing_locations(value)), node))

    def _return(self, node: ast.Return) -> list[str]:
        return ["return" if node.value is None else f"return {bare(self.expression(node.value).text)}"]

    def _expr(self, node: ast.Expr) -> list[str]:
        return [bare(self.expression(node.value).text)]

    def _break(self, _: ast.Break) -> list[str]:
        return ["break"]

    def _continue(self, _: ast.Continue) -> list[str]:
        return ["continue"]

    def _while(self, node: ast.While) -> list[str]:
        head = self.dialect.condition.format(word="while", test=bare(self.expression(node.test).text))
        return [head, *self._scope(node.body), "}"]

    def _if(self, node: ast.If) -> list[str]:
        head = self.dialect.condition.format(word="if", test=bare(self.expression(node.test).text))
        lines = [head, *self._scope(node.body)]
        return [*lines, "} else {", *self._scope(node.orelse), "}"] if node.orelse else [*lines, "}"]

    def _for(self, node: ast.For) -> list[str]:
        is_range = isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "range"
        if not is_range or not isinstance(node.target, ast.Name):
            raise self._refuse(node.iter)
        numbers = [bare(self.expression(one).text) for one in node.iter.args]  # type: ignore[attr-defined]
        start, end, step = (["0", *numbers, "1"] if len(numbers) == 1 else [*numbers, "1"])[:3]
        form = self.dialect.count_down if step.startswith("-") else self.dialect.count_up
        form = form.replace(" step {step}", "") if step in ("1", "-1") else form
        head = form.format(name=camel(node.target.id), start=start, end=end, step=step.lstrip("-"))
        return [head, *self._scope(node.body, {node.target.id: "int"}), "}"]

    def _scope(self, statements: Sequence[ast.stmt], own: Mapping[str, str] = MappingProxyType({})) -> list[str]:
        """Write a block whose own variables end with it."""
        outside = dict(self.types)
        self.types |= own
        lines = self.block(statements)
        self.types = outside
        return lines


def _changes(name: str, block: Sequence[ast.stmt], dialect: Dialect) -> bool:
    """Say whether a local of a block is set more than once, or written into where arrays are values."""
    is_written = dialect.arrays_are_values and name in _written_into(block)
    return is_written or _set_names(block).count(name) > 1


def _set_names(block: Sequence[ast.stmt]) -> list[str]:
    return [one.id for one in _walk(block) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def _written_into(block: Sequence[ast.stmt]) -> set[str]:
    stores = [one for one in _walk(block) if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store)]
    return {ast.unparse(store.value) for store in stores}


def _walk(block: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    return (one for statement in block for one in ast.walk(statement))
