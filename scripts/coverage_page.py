"""What the converters cover, by operator, as a page: `converters/coverage.json` in, Markdown out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def page(results: Row) -> str:
    """Return the page for what `python -m scripts.coverage` wrote."""
    targets = results["targets"]
    operators = sorted({operator for target in targets.values() for operator in target["operators"]})
    return f"""# Coverage by operator

Every operator test of onnx {results["onnx"]} whose inputs and outputs are dense tensors of a type that the targets
have, converted and run in the real runtime. A test that does not pass is *refused* by name, with the reason and the
cure, or *disputed*: onnxruntime contradicts the test's data and agrees with the converted model.

{_table(["Target", "Runtime", "Passed", "Tests", "Share"], [_total(name, row) for name, row in targets.items()])}

{_table(["Operator", *targets, "What does not pass, and why"], [_operator(name, targets) for name in operators])}
"""


def _total(name: str, target: Row) -> list[str]:
    share = f"{100 * target['passed'] / target['total']:.1f} %"
    return [name, target["runtime"], str(target["passed"]), str(target["total"]), share]


def _operator(name: str, targets: Row) -> list[str]:
    rows = {target: row["operators"][name] for target, row in targets.items() if name in row["operators"]}
    counts = [f"{rows[t]['passed']}/{rows[t]['total']}" if t in rows else "–" for t in targets]
    gaps: dict[str, list[str]] = {}
    for target, row in rows.items():
        for gap in row.get("gaps", ()):
            gaps.setdefault(_gap(gap, target), []).append(target)
    return [f"`{name}`", *counts, "<br>".join(f"**{', '.join(found)}**: {text}" for text, found in gaps.items())]


def _gap(gap: Row, target: str) -> str:
    """Return one reason; where it only names the target, both targets read the same and share a line."""
    why = gap["reason"].replace(f"{target} has", "the target has").replace(f"{target} cannot", "the target cannot")
    return f"{len(gap['tests'])} {gap['status']}: {_escape(why)}"


def _escape(text: str) -> str:
    """Keep names such as `a_b` and whatever looks like markup as they are inside a cell."""
    characters = {"|": "&#124;", "<": "&lt;", ">": "&gt;", "_": "\\_", "*": "\\*", "`": "\\`", "\n": " "}
    return "".join(characters.get(character, character) for character in text)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
