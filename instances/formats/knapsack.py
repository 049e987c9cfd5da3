"""Knapsack text: the two common layouts, and chosen items as 0/1 values.

Jooken (``knapsack``)
    ``n``; n lines ``id profit weight``, ids counted from 0 or 1; the capacity.
kplib
    ``n``; the capacity; n lines ``profit weight``. Blank lines are ignored.
Items
    One 0 or 1 an item, in any arrangement of lines. A comment line
    ``# profit NUMBER`` states the objective.

Lines starting with ``#`` are comments.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from combkit.instances.formats._tokens import (
    data_lines,
    number_lines,
    numbers,
    stated,
)
from combkit.instances.knapsack import Knapsack
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.solutions import Selection
from combkit.instances.source import Source

__all__ = [
    "read",
    "read_items",
    "read_kplib",
    "sniff",
    "sniff_items",
    "sniff_kplib",
    "stated_profit",
    "write",
    "write_items",
    "write_kplib",
]

#: As many lines are looked at to recognise a layout.
_LOOK = 20

Number = int | float


def sniff(head: str) -> bool:
    """Whether a text starts as ``n`` and ``id profit weight`` lines."""
    lines = number_lines(head)
    if not lines or len(lines) < 2 or len(lines[0]) != 1:
        return False
    items = lines[1 : 1 + min(_LOOK, max(1, int(min(lines[0][0], _LOOK))))]
    fitting = sum(len(row) == 3 for row in items)
    return len(items[0]) == 3 and items[0][0] in (0, 1) and 2 * fitting > len(items)


def read(source: Source) -> Knapsack:
    """Read a knapsack with ids, the capacity last.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = _numbered(source)
    n, line = _count(source, lines)
    items: list[list[Number]] = []
    first: Number = 0
    for line, row in lines:
        if len(items) == n:
            break
        if len(row) != 3:
            raise source.error(line, f"{len(row)} numbers where 'id profit weight' is")
        if not items and row[0] in (0, 1):
            first = row[0]
        if row[0] != first + len(items):
            raise source.error(
                line, f"item id {row[0]} where {first + len(items)} must be next"
            )
        items.append(row[1:])
    else:
        what = "the capacity is missing" if len(items) == n else _too_few(items, n)
        raise source.error(line, what)
    capacity = _capacity(source, line, row)
    _end(source, lines, "the capacity")
    return _build(source, items, capacity)


def write(problem: Knapsack) -> Iterator[str]:
    """Yield a knapsack with ids, the capacity last."""
    yield f"{problem.n}\n"
    for i, (profit, weight) in enumerate(_pairs(problem)):
        yield f"{i} {profit!r} {weight!r}\n"
    yield f"{problem.capacity!r}\n"


def sniff_kplib(head: str) -> bool:
    """Whether a text starts as ``n``, capacity and ``profit weight`` lines."""
    lines = number_lines(head)
    if not lines or len(lines) < 2 or len(lines[0]) != 1 or len(lines[1]) != 1:
        return False
    items = lines[2 : 2 + _LOOK]
    return not items or 2 * sum(len(row) == 2 for row in items) > len(items)


def read_kplib(source: Source) -> Knapsack:
    """Read a knapsack in kplib's layout.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = _numbered(source)
    n, line = _count(source, lines)
    line, row = next(lines, (line, []))
    capacity = _capacity(source, line, row)
    items: list[list[Number]] = []
    for line, row in lines:
        if len(row) != 2:
            raise source.error(line, f"{len(row)} numbers where 'profit weight' is")
        if len(items) == n:
            raise source.error(line, f"a line after the last of {n} items")
        items.append(row)
    if len(items) < n:
        raise source.error(line, _too_few(items, n))
    return _build(source, items, capacity)


def write_kplib(problem: Knapsack) -> Iterator[str]:
    """Yield a knapsack in kplib's layout."""
    yield f"{problem.n}\n{problem.capacity!r}\n\n"
    for profit, weight in _pairs(problem):
        yield f"{profit!r} {weight!r}\n"


def sniff_items(head: str) -> bool:
    """Whether a text holds zeros and ones only."""
    lines = number_lines(head)
    return lines is not None and all(v in (0, 1) for row in lines for v in row)


def read_items(source: Source, problem: Knapsack | MultiKnapsack) -> Selection:
    """Read chosen items given as one 0 or 1 an item.

    Raises
    ------
    InstanceFormatError
        If there is another value, or not one an item.
    """
    values: list[Number] = []
    for line, row in _numbered(source):
        if bad := [value for value in row if value not in (0, 1)]:
            raise source.error(line, f"{bad[0]} is neither 0 nor 1")
        values.extend(row)
    if len(values) != problem.n:
        raise source.error(None, f"{len(values)} values for {problem.n} items")
    return Selection(np.flatnonzero(values))


def stated_profit(source: Source) -> float | None:
    """Return the profit of the line ``# profit NUMBER``, if there is one."""
    return stated(source, "profit")


def write_items(
    problem: Knapsack | MultiKnapsack, solution: Selection, objective: float
) -> Iterator[str]:
    """Yield one 0 or 1 an item."""
    chosen = np.zeros(problem.n, dtype=np.int64)
    chosen[solution.selected] = 1
    yield f"# profit {objective:.17g}\n"
    yield from (f"{value}\n" for value in chosen.tolist())


def _numbered(source: Source) -> Iterator[tuple[int, list[Number]]]:
    for line, text in data_lines(source):
        yield line, numbers(source, line, text)


def _count(
    source: Source, lines: Iterator[tuple[int, list[Number]]]
) -> tuple[int, int]:
    """Return the declared number of items and the line where it stands."""
    line, row = next(lines, (1, []))
    if len(row) != 1 or row[0] != int(row[0]) or row[0] < 1:
        raise source.error(line, "the number of items must stand alone, 1 or more")
    return int(row[0]), line


def _capacity(source: Source, line: int, row: list[Number]) -> Number:
    if len(row) != 1 or row[0] <= 0:
        raise source.error(line, "the capacity must stand alone, above 0")
    return row[0]


def _end(source: Source, lines: Iterator[tuple[int, list[Number]]], what: str) -> None:
    if (extra := next(lines, None)) is not None:
        raise source.error(extra[0], f"a line after {what}")


def _too_few(items: list[list[Number]], n: int) -> str:
    return f"{len(items)} items where {n} are declared"


def _build(source: Source, items: list[list[Number]], capacity: Number) -> Knapsack:
    profits, weights = zip(*items, strict=True)
    return Knapsack(np.array(profits), np.array(weights), capacity, name=source.name)


def _pairs(problem: Knapsack) -> Iterator[tuple[Number, Number]]:
    return zip(problem.profits.tolist(), problem.weights.tolist(), strict=True)
