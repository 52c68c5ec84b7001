"""From named values to tensors and back; see `catalog/vocab/steps/tabular.yaml`.

A number outside the usual range of its column is taken as it is: the app may warn, as the card's test-drive does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.language import f32, f64, fail, is_nan, new_floats
from edge.native.records import Cell, Column, Number, Tensor

LARGEST_SINGLE = 3.4028234663852886e38


def columns(x: list[Cell], columns: list[Column]) -> Tensor:
    """The named values in the columns' order `[1, N]`, a category as one number each."""
    width = 0
    for c in range(len(columns)):
        width += max(1, len(columns[c].categories))
    if len(x) != len(columns):
        fail("columns", f"{len(columns)} values", f"{len(x)}")
    data = new_floats(width)
    place = 0
    for c in range(len(columns)):
        cell = cell_of(x, columns[c].name)
        kinds = len(columns[c].categories)
        if kinds == 0:
            data[place] = f32(number_in(cell))
        else:
            data[place + category_of(cell, columns[c])] = f32(1.0)
        place += max(1, kinds)
    return Tensor([1, width], data)


def cell_of(x: list[Cell], name: str) -> Cell:
    """The value of this name."""
    found = -1
    for i in range(len(x)):
        if x[i].name == name:
            found = i
    if found < 0:
        fail("columns", f"a value for {name}", "none")
    return x[found]


def number_in(cell: Cell) -> float:
    """The number of a value; a text or too large a number is refused."""
    if is_nan(cell.number) or abs(cell.number) > LARGEST_SINGLE:
        fail("columns", f"a finite number for {cell.name}", f"{cell.text}{cell.number}")
    return cell.number


def category_of(cell: Cell, column: Column) -> int:
    """Which of the column's categories a value is."""
    found = -1
    for i in range(len(column.categories)):
        if column.categories[i] == cell.text and is_nan(cell.number):
            found = i
    if found < 0:
        fail("columns", f"{column.name} to be one of its categories", f"{cell.text}{cell.number}")
    return found


def to_numbers(x: Tensor, columns: list[Column]) -> list[Number]:
    """The numbers of `[1, N]`, named in order."""
    if len(x.shape) != 2 or x.shape[0] != 1 or x.shape[1] != len(columns):
        fail("to_numbers", f"[1, {len(columns)}] numbers, one a column", f"{len(x.data)}")
    found: list[Number] = []
    for i in range(len(columns)):
        if is_nan(x.data[i]) or abs(f64(x.data[i])) > LARGEST_SINGLE:
            fail("to_numbers", "finite numbers", "NaN or infinity")
        found.append(Number(columns[i].name, f64(x.data[i]), columns[i].unit))
    return found


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "columns": (columns,),
    "to_numbers": (to_numbers,),
}
