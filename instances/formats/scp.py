"""OR-Library's set covers: rows of columns (``scp``), columns of rows (``rail``).

scp
    ``m n``; n costs; then for each of the m rows the number of columns that
    cover it and these columns, from 1. Only the order of the numbers matters.
rail
    ``m n``; then one line a column: its cost, the number of its rows and these
    rows, from 1.

A row is an element here, and a column is a set.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from combkit.instances.formats._tokens import (
    LONG_HEAD,
    data_lines,
    number_lines,
    numbers,
)
from combkit.instances.set_cover import SetCover
from combkit.instances.source import Source

__all__ = ["read", "read_rail", "sniff", "sniff_rail", "write", "write_rail"]

Integers = NDArray[np.int64]
Number = int | float


def sniff(head: str) -> bool:
    """Whether a text is ``m n``, n costs and lists of columns, as far as it goes."""
    lines = number_lines(head)
    if not lines or len(lines[0]) != 2 or sniff_rail(head):
        return False
    values = [value for row in lines for value in row]
    m, n = values[:2]
    if not (m >= 1 and n >= 1 and m == int(m) and n == int(n)):
        return False
    cut = len(head) > LONG_HEAD
    at, rows = 2 + int(n), 0
    if at >= len(values):
        return cut
    while at < len(values) and rows < m:
        count = values[at]
        columns = values[at + 1 : at + 1 + int(max(0, count))]
        if not 1 <= count <= n or any(not 1 <= c <= n for c in columns):
            return False
        at += 1 + int(count)
        rows += 1
    return cut or (rows == m and at == len(values))


def read(source: Source) -> SetCover:
    """Read a set cover given by rows.

    Raises
    ------
    InstanceFormatError
        If a number is missing or impossible, with its line.
    """
    values: list[Number] = []
    ends: list[int] = []
    where: list[int] = []
    for line, text in data_lines(source):
        values += numbers(source, line, text)
        ends.append(len(values))
        where.append(line)

    def line_of(place: int) -> int | None:
        i = int(np.searchsorted(ends, place, side="right"))
        return where[min(i, len(where) - 1)] if where else None

    def count(place: int, what: str, most: float = 2**31) -> int:
        if place >= len(values):
            raise source.error(line_of(place), f"the file ends before {what}")
        value = values[place]
        if not isinstance(value, int) or not 1 <= value <= most:
            raise source.error(line_of(place), f"{value} is not {what}")
        return value

    m, n = count(0, "the number of rows"), count(1, "the number of columns")
    if len(values) < 2 + n:
        raise source.error(line_of(2 + n), f"{len(values) - 2} costs where {n} are")
    at = 2 + n
    rows: list[Integers] = []
    columns: list[Integers] = []
    for row in range(m):
        size = count(at, f"the number of columns of row {row + 1}", n)
        listed = values[at + 1 : at + 1 + size]
        if len(listed) < size:
            raise source.error(line_of(at), f"{len(listed)} columns where {size} are")
        for k, column in enumerate(listed):
            if not isinstance(column, int) or not 1 <= column <= n:
                raise source.error(
                    line_of(at + 1 + k), f"{column} is not a column, 1 to {n}"
                )
        columns.append(np.array(listed, dtype=np.int64) - 1)
        rows.append(np.full(size, row, dtype=np.int64))
        at += 1 + size
    if at < len(values):
        raise source.error(line_of(at), f"a number after the last of {m} rows")
    set_of, row_of = np.concatenate(columns), np.concatenate(rows)
    order = np.argsort(set_of, kind="stable")
    sets = np.split(row_of[order], np.searchsorted(set_of[order], range(1, n)))
    return SetCover(np.array(values[2 : 2 + n]), sets, m, name=source.name)


def write(problem: SetCover) -> Iterator[str]:
    """Yield a set cover by rows."""
    yield f"{problem.elements} {problem.n}\n"
    yield from (f"{cost!r}\n" for cost in problem.costs.tolist())
    owner = np.repeat(np.arange(problem.n), np.diff(problem.offsets)) + 1
    order = np.argsort(problem.members, kind="stable")
    borders = np.searchsorted(problem.members[order], range(1, problem.elements))
    for columns in np.split(owner[order], borders):
        yield f"{columns.size}\n{' '.join(map(str, columns.tolist()))}\n"


def sniff_rail(head: str) -> bool:
    """Whether a text is ``m n`` and lines ``cost count rows``."""
    lines = number_lines(head)
    if not lines or len(lines) < 2 or len(lines[0]) != 2:
        return False
    (m, n), columns = lines[0], lines[1:]
    if len(columns) != n and (len(head) <= LONG_HEAD or len(columns) > n):
        return False
    return all(
        len(row) >= 3
        and row[1] == len(row) - 2
        and all(1 <= r <= m and r == int(r) for r in row[2:])
        for row in columns
    )


def read_rail(source: Source) -> SetCover:
    """Read a set cover given by columns.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    line, text = next(lines, (1, ""))
    head = numbers(source, line, text)
    if len(head) != 2 or not all(isinstance(v, int) and v >= 1 for v in head):
        raise source.error(line, "the numbers of rows and columns are needed")
    m, n = int(head[0]), int(head[1])
    costs: list[Number] = []
    sets: list[Integers] = []
    for line, text in lines:
        row = numbers(source, line, text)
        if len(row) < 2 or row[1] != len(row) - 2:
            raise source.error(line, "'cost count rows' is needed")
        if len(costs) == n:
            raise source.error(line, f"a line after the last of {n} columns")
        for value in row[2:]:
            if not isinstance(value, int) or not 1 <= value <= m:
                raise source.error(line, f"{value} is not a row, 1 to {m}")
        costs.append(row[0])
        sets.append(np.array(row[2:], dtype=np.int64) - 1)
    if len(costs) < n:
        raise source.error(line, f"{len(costs)} columns where {n} are declared")
    return SetCover(np.array(costs), sets, m, name=source.name)


def write_rail(problem: SetCover) -> Iterator[str]:
    """Yield a set cover by columns."""
    yield f"{problem.elements} {problem.n}\n"
    for cost, members in zip(problem.costs.tolist(), problem.sets, strict=True):
        rows = " ".join(map(str, (members + 1).tolist()))
        yield f"{cost!r} {members.size} {rows}\n"
