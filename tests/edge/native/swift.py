"""What can be found wrong with Swift without a compiler: its syntax by a grammar, and mistakes that Kotlin would allow.

In Swift arrays are values, so that what is written into must be a `var`; a local hides a function of its name; and a
call must name a function of the file, with as many arguments, or one of Swift's own types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

OWN = {"Int", "Int64", "Double", "Float", "UInt8", "UInt32", "String", "Array"}  # Swift's types, which convert


def problems(source: str) -> list[str]:
    """Return what is wrong with a file, by line; the test is skipped without the grammar."""
    grammar, swift = pytest.importorskip("tree_sitter"), pytest.importorskip("tree_sitter_swift")
    root = grammar.Parser(grammar.Language(swift.language())).parse(source.encode()).root_node
    broken = [_at(node, "is no Swift") for node in _walk(root) if node.type == "ERROR" or node.is_missing]
    functions = [node for node in _walk(root) if node.type == "function_declaration"]
    known = {_name(node): len(_children(node, "parameter")) for node in functions}
    records = {_name(node) for node in _walk(root) if node.type == "class_declaration"}
    return broken + [found for node in functions for found in _of_function(node, known, records)]


def _of_function(function: Any, known: dict[str, int], records: set[str]) -> Iterator[str]:
    locals_ = dict(_locals(function))
    for node in _walk(function):
        if node.type == "assignment" or _is_append(node):
            target = next(one for one in _walk(node) if one.type == "simple_identifier")
            if locals_.get(_text(target)) != "var":
                yield _at(target, "is written into, but is no var")
        if node.type == "call_expression" and node.children[0].type == "simple_identifier":
            suffix = node.children[1]
            name, count = _text(node.children[0]), len(list(_arguments(suffix)))
            if name in locals_ and _text(suffix).startswith("("):
                yield _at(node, "is hidden by a local of its name")
            elif name not in locals_ and name not in records | OWN and known.get(name) != count:
                yield _at(node, f"is called with {count} arguments, and takes {known.get(name)}")


def _locals(function: Any) -> Iterator[tuple[str, str]]:
    """Yield parameters and locals, and whether they are `let` or `var`."""
    for node in _children(function, "parameter"):
        yield _text(node.child_by_field_name("name")), "let"
    for node in _walk(function):
        if node.type == "property_declaration":
            yield _name(node).split(":")[0], _text(node.children[0])
        if node.type == "for_statement":
            yield _text(node.child_by_field_name("item")), "let"


def _arguments(suffix: Any) -> Iterator[Any]:
    for node in _children(suffix, "value_arguments"):
        yield from _children(node, "value_argument")


def _is_append(node: Any) -> bool:
    return node.type == "call_expression" and _text(node.children[0]).endswith(".append")


def _children(node: Any, kind: str) -> list[Any]:
    return [one for one in node.children if one.type == kind]


def _name(node: Any) -> str:
    return _text(node.child_by_field_name("name"))


def _text(node: Any) -> str:
    return str(node.text.decode())


def _at(node: Any, what: str) -> str:
    return f"line {node.start_point[0] + 1}: `{_text(node)[:60]}` {what}"


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children:
        yield from _walk(child)
