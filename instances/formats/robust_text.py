"""Text of two-stage robust problems.

Robust knapsack (``robust-knapsack``)
    ``n capacity budget``; n lines ``profit degradation repair weight outsourcing``.
Capital budgeting (``capital-budgeting``), without loans
    ``seed n factors budget loan``; a line of n costs, one of n profits; n lines of what
    the factors do to each cost, then n of what they do to each profit.

Blank lines are ignored, and lines that start with ``#``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from combkit.instances.errors import InvalidProblemError
from combkit.instances.formats._tokens import (
    LONG_HEAD,
    data_lines,
    number_lines,
    numbers,
)
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.source import Source

if TYPE_CHECKING:
    from combkit.instances.robust.two_stage import TwoStage

__all__ = [
    "read_capital",
    "read_knapsack",
    "sniff_capital",
    "sniff_knapsack",
    "write_knapsack",
]


def sniff_knapsack(head: str) -> bool:
    """Whether a text starts as three numbers and lines of five, as many as said."""
    lines = number_lines(head)
    if not lines or len(lines[0]) != 3:
        return False
    n, items = lines[0][0], lines[1:]
    if len(head) > LONG_HEAD:
        items = items[:-1]
        return n > len(items) and all(len(row) == 5 for row in items)
    return n == len(items) > 0 and all(len(row) == 5 for row in items)


def read_knapsack(source: Source) -> RobustKnapsack:
    """Read a robust knapsack.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = ((line, numbers(source, line, text)) for line, text in data_lines(source))
    line, head = next(lines, (1, []))
    if len(head) != 3:
        raise source.error(line, f"{len(head)} numbers where 'n capacity budget' is")
    n, capacity, budget = head
    if not isinstance(n, int) or n < 1:
        raise source.error(line, f"{n} items: a whole number, 1 or more, is needed")
    if not isinstance(capacity, int):
        raise source.error(line, f"capacity {capacity}: a whole number is needed")
    rows: list[list[int | float]] = []
    for line, row in lines:
        if len(row) != 5:
            what = "profit degradation repair weight outsourcing"
            raise source.error(line, f"{len(row)} numbers where '{what}' is")
        if len(rows) == n:
            raise source.error(line, f"a line after the last of {n} items")
        for value, what in zip(row[2:4], ("repair", "weight"), strict=True):
            if not isinstance(value, int):
                raise source.error(line, f"{what} {value}: a whole number is needed")
        rows.append(row)
    if len(rows) < n:
        raise source.error(line, f"{len(rows)} items where {n} are declared")
    profits, degradations, repairs, weights, outsourcing = np.array(rows).T
    return RobustKnapsack(
        profits,
        degradations,
        repairs,
        weights,
        outsourcing,
        capacity,
        budget,
        name=source.name,
    )


def write_knapsack(problem: RobustKnapsack) -> Iterator[str]:
    """Yield a robust knapsack."""
    yield f"{problem.n} {problem.capacity} {_short(problem.budget)}\n"
    columns = (
        problem.profits,
        problem.degradations,
        problem.repairs,
        problem.weights,
        problem.outsourcing,
    )
    for row in zip(*(column.tolist() for column in columns), strict=True):
        yield " ".join(map(_short, row)) + "\n"


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def sniff_capital(head: str) -> bool:
    """Whether a text starts as five numbers and two lines of as many as said."""
    lines = number_lines(head)
    if not lines or len(lines) < 4 or len(lines[0]) != 5:
        return False
    n, factors = lines[0][1:3]
    return len(lines[1]) == len(lines[2]) == n > 0 and len(lines[3]) == factors


def read_capital(source: Source) -> TwoStage:
    """Read a capital budgeting problem; the bound on loans is not looked at.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = ((line, numbers(source, line, text)) for line, text in data_lines(source))
    line, head = next(lines, (1, []))
    if len(head) != 5:
        raise source.error(line, f"{len(head)} numbers where 'seed n m budget loan' is")
    _, n, factors, budget, _ = head
    for count, what in ((n, "projects"), (factors, "factors")):
        if not isinstance(count, int) or count < 1:
            raise source.error(line, f"{count} {what}: a whole number, 1 or more")
    rows = list(lines)
    widths = [n, n, *[factors] * (2 * int(n))]
    for (line, row), width in zip(rows, widths, strict=False):
        if len(row) != width:
            raise source.error(line, f"{len(row)} numbers where {width} are needed")
    if len(rows) != len(widths):
        raise source.error(None, f"{len(rows)} lines of data, not {len(widths)}")
    # Late: whoever reads any text would wait for SciPy otherwise.
    from combkit.instances.robust.families import capital_budgeting

    values = [row for _, row in rows]
    n = int(n)
    try:
        return capital_budgeting(
            values[0],
            values[1],
            values[2 : 2 + n],
            values[2 + n :],
            budget,
            name=source.name,
        )
    except InvalidProblemError as error:
        raise source.error(None, str(error)) from None
