"""Cases of the steps for named values."""

from __future__ import annotations

from tests.golden.steps.cases.common import Case, Cases

COLUMNS = [{"name": "length", "unit": "cm", "min": 0, "max": 10}, {"name": "width", "unit": "cm", "min": 0, "max": 5}]
CHOICE = [{"name": "kind", "categories": ["apple", "pear", "plum"]}, COLUMNS[0]]
ROW = {"width": 0.1, "length": 7}

CASES: Cases = {
    "columns": lambda: [
        Case("a category", {"columns": CHOICE}, {"length": 7, "kind": "pear"}),
        Case("an unknown category", {"columns": CHOICE}, {"length": 7, "kind": "Pear"}),
        Case("a number for a category", {"columns": CHOICE}, {"length": 7, "kind": 1}),
        Case("in order", {"columns": COLUMNS}, ROW),
        Case("outside the range", {"columns": COLUMNS}, ROW | {"length": 10.5}),
        Case("missing", {"columns": COLUMNS}, {"width": 1}),
        Case("unknown", {"columns": COLUMNS}, ROW | {"depth": 1}),
        Case("a text", {"columns": COLUMNS}, ROW | {"length": "7"}),
        Case("a truth", {"columns": COLUMNS}, ROW | {"length": True}),
        Case("too large", {"columns": COLUMNS}, ROW | {"length": 1e39}),
        Case("no names", {"columns": COLUMNS}, [7, 0.1]),
    ],
}
