"""Writers of MPS and LP text that lose no digit of any number.

HiGHS writes 15 digits, too few to read back the same model, so the text is
made here; reading it is HiGHS' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UnsupportedFeatureError

if TYPE_CHECKING:
    from combkit.instances.mip import MIP

__all__ = ["col_names", "lp_text", "mps_text", "numbers", "row_names"]

#: Stands for minus infinity in a right-hand side, which MPS has no word for.
_MINUS_INFINITY = "-1e+30"
_LP_TERMS_A_LINE = 8
_LP_NAME = re.compile(
    r"(?![eE][0-9+\-.]*\Z)"
    r"(?!(?:inf|infinity|free|nan|max|min|maximize|minimize|maximum|minimum|st"
    r"|bounds?|bin|binary|binaries|gen|general|generals|semi|sec|end|such|subject)\Z)"
    r"[A-Za-z_!#$%&(),;?@`'{}~|\"][A-Za-z0-9_!#$%&(),.;?@`'{}~|\"\[\]]*",
    re.IGNORECASE,
)


def col_names(problem: MIP) -> list[str]:
    """Return the names of all columns."""
    if problem.col_names is not None:
        return list(problem.col_names)
    return [f"x{j}" for j in range(problem.n)]


def row_names(problem: MIP) -> list[str]:
    """Return the names of all rows."""
    if problem.row_names is not None:
        return list(problem.row_names)
    return [f"r{i}" for i in range(problem.m)]


def numbers(values: NDArray[np.float64]) -> list[str]:
    """Return the shortest text of each number that reads back the same."""
    distinct, where = np.unique(values, return_inverse=True)
    texts = np.array([_number(v) for v in distinct.tolist()], dtype=object)
    listed: list[str] = texts[where].tolist() if distinct.size else []
    return listed


def mps_text(problem: MIP) -> Iterator[str]:
    """Yield the parts of a free-format MPS file.

    Raises
    ------
    UnsupportedFeatureError
        If a name holds blanks or a row's bounds exclude each other: MPS cannot
        say that.
    """
    rows, cols = row_names(problem), col_names(problem)
    for name in (*rows, *cols):
        if not name or name.split() != [name] or name[0] in "$*":
            raise UnsupportedFeatureError(f"MPS cannot hold the name {name!r}")
    objective = _unused("obj", rows)
    types, right, ranges = _row_types(problem)
    yield f"NAME {'_'.join(problem.name.split())}\n"
    if problem.maximize:
        yield "OBJSENSE\n    MAX\n"
    yield f"ROWS\n N {objective}\n"
    yield "".join(f" {t} {r}\n" for t, r in zip(types, rows, strict=True))
    yield "COLUMNS\n"
    yield from _mps_columns(problem, cols, rows, objective)
    yield "RHS\n"
    if problem.offset:
        yield f" RHS {objective} {_number(-problem.offset)}\n"
    yield "".join(
        f" RHS {r} {v}\n" for r, v in zip(rows, right, strict=True) if v != "0"
    )
    if ranges:
        yield "RANGES\n"
        yield "".join(f" RNG {rows[i]} {v}\n" for i, v in ranges.items())
    yield "BOUNDS\n"
    yield "".join(_mps_bounds(problem, cols))
    yield "ENDATA\n"


def _mps_columns(
    problem: MIP, cols: list[str], rows: list[str], objective: str
) -> Iterator[str]:
    """Yield the COLUMNS section, with markers around each run of integers."""
    columns = problem.A.tocsc()
    start = columns.indptr.tolist()
    places = [f" {name} " for name in rows]
    entries = [
        f"{places[i]}{v}\n"
        for i, v in zip(columns.indices.tolist(), numbers(columns.data), strict=True)
    ]
    costs = numbers(problem.c)
    integer, marked = problem.integrality.tolist(), 0
    for j, name in enumerate(cols):
        if integer[j] != marked:
            marked = integer[j]
            yield f" MARKER{j} 'MARKER' {_MARKER[marked]}\n"
        head = f" {name}"
        first, last = start[j], start[j + 1]
        # A column without entries must be declared all the same.
        if costs[j] != "0" or first == last:
            yield f"{head} {objective} {costs[j]}\n"
        if first < last:
            yield head + head.join(entries[first:last])
    if marked:
        yield f" MARKER{len(cols)} 'MARKER' {_MARKER[0]}\n"


_MARKER = {1: "'INTORG'", 0: "'INTEND'"}


def _row_types(problem: MIP) -> tuple[list[str], list[str], dict[int, str]]:
    """Return type and right-hand side of each row, and the ranges by row."""
    lower, upper = problem.row_lower, problem.row_upper
    crossed = np.flatnonzero((lower > upper) | (lower == np.inf) | (upper == -np.inf))
    if crossed.size:
        i = int(crossed[0])
        raise UnsupportedFeatureError(
            f"MPS cannot hold row {problem.row_name(i)!r} with bounds "
            f"[{lower[i]:g}, {upper[i]:g}]"
        )
    has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
    types = np.where(lower == upper, "E", np.where(has_upper, "L", "G"))
    right = np.where(has_upper, upper, np.where(has_lower, lower, 0.0))
    texts = numbers(right)
    for i in np.flatnonzero(~has_lower & ~has_upper).tolist():
        texts[i] = _MINUS_INFINITY
    ranged = np.flatnonzero(has_lower & has_upper & (lower != upper))
    listed = types.tolist()
    ranges = {}
    for i in ranged.tolist():
        width = upper[i] - lower[i]
        # Measured from the other end where rounding would move this one.
        if upper[i] - width != lower[i] and lower[i] + width == upper[i]:
            listed[i], texts[i] = "G", _number(float(lower[i]))
        ranges[i] = _number(float(width))
    return listed, texts, ranges


def _mps_bounds(problem: MIP, cols: list[str]) -> Iterator[str]:
    lower, upper = problem.lower, problem.upper
    # Readers disagree on what an integer column without bounds means.
    usual = (lower == 0) & (upper == np.inf) & (problem.integrality == 0)
    for j in np.flatnonzero(~usual).tolist():
        name, lo, up = cols[j], float(lower[j]), float(upper[j])
        if lo == up:
            yield f" FX BND {name} {_number(lo)}\n"
        elif lo == -np.inf and up == np.inf:
            yield f" FR BND {name}\n"
        elif lo == 0 and up == 1 and problem.integrality[j]:
            yield f" BV BND {name}\n"
        else:
            # The lower end second: some readers open it below a negative upper.
            yield (
                f" UP BND {name} {_number(up)}\n"
                if up < np.inf
                else (f" PL BND {name}\n")
            )
            yield (
                f" LO BND {name} {_number(lo)}\n"
                if lo > -np.inf
                else (f" MI BND {name}\n")
            )


def lp_text(problem: MIP) -> Iterator[str]:
    """Yield the parts of a CPLEX LP file.

    Every column stands in the objective, so that reading keeps their order.

    Raises
    ------
    UnsupportedFeatureError
        If a name is not one that LP files can hold, or a row's bounds exclude
        each other.
    """
    rows, cols = row_names(problem), col_names(problem)
    for name in (*rows, *cols):
        if not _LP_NAME.fullmatch(name) or len(name) > 255:
            raise UnsupportedFeatureError(f"LP files cannot hold the name {name!r}")
    yield "maximize\n" if problem.maximize else "minimize\n"
    yield f" obj:{_terms(numbers(problem.c), cols)}"
    yield f" {_signed(_number(problem.offset))}\n" if problem.offset else "\n"
    yield "subject to\n"
    yield from _lp_rows(problem, rows, cols)
    yield "bounds\n"
    yield from _lp_bounds(problem, cols)
    integers = [cols[j] for j in np.flatnonzero(problem.integrality).tolist()]
    if integers:
        yield "general\n"
        yield "".join(f" {name}\n" for name in integers)
    yield "end\n"


def _lp_rows(problem: MIP, rows: list[str], cols: list[str]) -> Iterator[str]:
    A = problem.A
    values, indices, start = numbers(A.data), A.indices.tolist(), A.indptr.tolist()
    types, right, ranges = _row_types(problem)
    if problem.m and not cols:
        raise UnsupportedFeatureError("LP files cannot hold rows without columns")
    for i, name in enumerate(rows):
        first, last = start[i], start[i + 1]
        names = [cols[j] for j in indices[first:last]]
        body = _terms(values[first:last], names) if names else f" 0 {cols[0]}"
        lower, upper = float(problem.row_lower[i]), float(problem.row_upper[i])
        if i in ranges:
            yield f" {name}: {_number(lower)} <={body} <= {_number(upper)}\n"
        else:
            sign = {"E": "=", "L": "<=", "G": ">="}[types[i]]
            yield f" {name}:{body} {sign} {right[i]}\n"


def _lp_bounds(problem: MIP, cols: list[str]) -> Iterator[str]:
    usual = (problem.lower == 0) & (problem.upper == np.inf)
    for j in np.flatnonzero(~usual).tolist():
        name, lo, up = cols[j], float(problem.lower[j]), float(problem.upper[j])
        if lo == -np.inf and up == np.inf:
            yield f" {name} free\n"
        elif lo == up:
            yield f" {name} = {_number(lo)}\n"
        else:
            low = "-inf" if lo == -np.inf else _number(lo)
            high = "+inf" if up == np.inf else _number(up)
            yield f" {low} <= {name} <= {high}\n"


def _terms(values: Iterable[str], names: Iterable[str]) -> str:
    """Return a linear expression, a few terms a line."""
    parts = [f" {_signed(v)} {name}" for v, name in zip(values, names, strict=True)]
    lines = (
        "".join(parts[k : k + _LP_TERMS_A_LINE])
        for k in range(0, len(parts), _LP_TERMS_A_LINE)
    )
    return "\n ".join(lines)


def _signed(number: str) -> str:
    return number if number.startswith("-") else f"+{number}"


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _unused(name: str, taken: Iterable[str]) -> str:
    names = set(taken)
    while name in names:
        name += "_"
    return name
