"""Flexible job-shop text: the common format with set-ups, and the assembly form.

Flexible
    ``jobs machines``, optionally the mean number of options; one line a job:
    its number of operations and, for each, the number of options and as many
    ``machine duration`` pairs. Machines count from 0 or 1: from 0 where 0
    occurs, from 1 where the number of machines does, and otherwise from 1 in
    files named ``.fjs`` alone. After that, for each machine, there may be a
    matrix of set-up times between all operations; 1000000 stands for a pair
    that must not follow each other.
Assembly
    ``operations precedences machines``; lines ``before after``, optionally with
    the number of the job; one line an operation: the number of options and as
    many ``machine duration`` pairs. All numbers count from 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError
from combkit.instances.formats._tokens import (
    LONG_HEAD,
    data_lines,
    integers,
    number_lines,
    numbers,
    one_line,
)
from combkit.instances.shops import FlexibleJobShop
from combkit.instances.source import Source

__all__ = ["read", "read_assembly", "sniff", "sniff_assembly", "write"]

#: Set-up time of a pair that must not follow each other.
_IMPOSSIBLE = 1_000_000

_Lines = Iterator[tuple[int, str]]
_Row = list[list[tuple[int, int]]]


def sniff(head: str) -> bool:
    """Whether a text is a flexible job shop: every line of a job parses."""
    lines = number_lines(head)
    if not lines or len(lines) < 2 or len(lines[0]) not in (2, 3):
        return False
    rows = lines[1 : 1 + int(max(0, min(lines[0][0], len(lines))))]
    cut = len(head) > LONG_HEAD
    if not rows or (len(rows) < lines[0][0] and not cut):
        return False
    return sum(map(_is_job, rows)) > len(rows) - max(1, len(rows) // 10)


def _is_job(row: list[float]) -> bool:
    at = 1
    for _ in range(int(max(0, min(row[0], len(row))))):
        if at >= len(row) or row[at] < 1:
            return False
        at += 1 + 2 * int(row[at])
    return row[0] >= 1 and at == len(row)


def read(source: Source) -> FlexibleJobShop:
    """Read a flexible job shop, with set-up times where there are some.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands, or machines count neither from
        0 nor from 1.
    """
    lines = data_lines(source)
    line, text = next(lines, (None, ""))
    header = [] if line is None else numbers(source, line, text)
    if line is None or len(header) not in (2, 3):
        raise source.error(line, "the first line must be 'jobs machines'")
    n, m = int(header[0]), int(header[1])
    if n < 1 or m < 1:
        raise source.error(line, f"{n} jobs and {m} machines are not a shop")
    jobs: list[_Row] = []
    at: list[int] = []
    for _ in range(n):
        line, text = next(lines, (None, ""))
        if line is None:
            raise source.error(None, f"{len(jobs)} jobs where {n} are declared")
        jobs.append(_job(source, line, text))
        at.append(line)
    first = _base(source, jobs, at, m)
    shifted = [[[(k - first, d) for k, d in row] for row in job] for job in jobs]
    setups = _setups(source, lines, m, sum(map(len, jobs)))
    if setups is not None:
        # A machine without options keeps no tasks apart.
        used = 1 + max(k for job in shifted for row in job for k, _ in row)
        setups = setups[:used]
    return FlexibleJobShop(shifted, setups=setups, name=source.name)


def _job(source: Source, line: int, text: str) -> _Row:
    row = integers(source, line, text, minimum=0)
    if row[0] < 1:
        raise source.error(line, "a job of no operations")
    operations: _Row = []
    at = 1
    for o in range(row[0]):
        count = row[at] if at < len(row) else 0
        pairs = row[at + 1 : at + 1 + 2 * count]
        if count < 1 or len(pairs) < 2 * count:
            raise source.error(line, f"operation {o} has not the options it declares")
        operations.append(list(zip(pairs[::2], pairs[1::2], strict=True)))
        at += 1 + 2 * count
    if at < len(row):
        raise source.error(line, f"{len(row) - at} numbers after the last operation")
    return operations


def _base(source: Source, jobs: list[_Row], at: list[int], m: int) -> int:
    """Return the number of the first machine, 0 or 1."""
    used = [
        (k, line)
        for job, line in zip(jobs, at, strict=True)
        for row in job
        for k, _ in row
    ]
    least, most = min(used)[0], max(used)
    first = 0
    if least > 0 and (most[0] == m or source.suffix == "fjs"):
        first = 1
    if most[0] - first >= m:
        raise source.error(most[1], f"machine {most[0]} where there are {m} of them")
    return first


def _setups(source: Source, lines: _Lines, m: int, n: int) -> NDArray[np.int64] | None:
    """Return the set-up matrices that follow, shape (m, n, n)."""
    rows: list[list[int]] = []
    line: int | None = None
    for line, text in lines:
        row = integers(source, line, text, minimum=0)
        if len(row) != n:
            raise source.error(
                line, f"{len(row)} numbers where {n} set-up times are needed"
            )
        rows.append(row)
    if not rows:
        return None
    if len(rows) != m * n:
        raise source.error(line, f"{len(rows)} rows of set-up times, not {m * n}")
    times = np.array(rows, dtype=np.int64).reshape(m, n, n)
    times[times >= _IMPOSSIBLE] = -1
    return times


def write(problem: FlexibleJobShop) -> Iterator[str]:
    """Yield a flexible job shop, machines from 1.

    Raises
    ------
    UnsupportedFeatureError
        If it has precedences of its own: the format has no place for them.
    """
    if problem.precedences is not None:
        raise UnsupportedFeatureError(
            "the flexible job-shop format has no place for precedences; "
            "combkit JSON has"
        )
    if problem.name:
        yield f"# {one_line(problem.name)}\n"
    size = problem.size
    mean = size["options"] / size["operations"]
    yield f"{size['jobs']} {size['machines']} {mean:.2f}\n"
    for job in problem.jobs:
        parts = [str(len(job))]
        for row in job:
            parts.append(str(len(row)))
            parts.extend(f"{k + 1} {d}" for k, d in row)
        yield " ".join(parts) + "\n"
    if problem.setups is not None:
        for matrix in np.where(problem.setups < 0, _IMPOSSIBLE, problem.setups):
            yield "\n"
            yield from (" ".join(map(str, row)) + "\n" for row in matrix.tolist())


# -- assembly -----------------------------------------------------------------


def sniff_assembly(head: str) -> bool:
    """Whether a text is a shop with a list of precedences."""
    lines = number_lines(head)
    if not lines or len(lines[0]) != 3:
        return False
    n, p, _ = map(int, lines[0])
    pairs, rows = lines[1 : 1 + p], lines[1 + p : 1 + p + n]
    cut = len(head) > LONG_HEAD
    return (
        min(n, p) > 0
        and (cut or len(rows) == n)
        and all(len(pair) in (2, 3) and max(pair[:2]) < n for pair in pairs)
        and all(len(row) == 1 + 2 * row[0] for row in rows)
    )


def read_assembly(source: Source) -> FlexibleJobShop:
    """Read a flexible job shop with arbitrary precedences; it has one row.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    line, text = next(lines, (None, ""))
    header = [] if line is None else integers(source, line, text, minimum=0)
    if len(header) != 3 or header[0] < 1:
        raise source.error(
            line, "the first line must be 'operations precedences machines'"
        )
    n, p, m = header
    pairs = []
    for _ in range(p):
        line, row = _next(source, lines, "a precedence")
        if len(row) not in (2, 3) or max(row[:2]) >= n:
            raise source.error(line, "not a pair of operations")
        pairs.append(row[:2])
    operations = []
    for _ in range(n):
        line, row = _next(source, lines, "an operation")
        if not row[0] or len(row) != 1 + 2 * row[0]:
            raise source.error(line, "not as many options as declared")
        if max(row[1::2]) >= m:
            raise source.error(line, f"machine {max(row[1::2])} of {m}")
        operations.append(list(zip(row[1::2], row[2::2], strict=True)))
    if (extra := next(lines, None)) is not None:
        raise source.error(extra[0], f"a line after the last of {n} operations")
    return FlexibleJobShop([operations], pairs, name=source.name)


def _next(source: Source, lines: _Lines, what: str) -> tuple[int, list[int]]:
    line, text = next(lines, (None, ""))
    if line is None:
        error: InstanceFormatError = source.error(None, f"{what} is missing")
        raise error
    return line, integers(source, line, text, minimum=0)
