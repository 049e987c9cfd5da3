"""One form for all ways to write a program: the same problem, the same arrays.

Rows scaled or negated, a maximised objective, a scaled or shifted one, rows that are
free, empty, double, redundant, or bounds in disguise, slack variables: none of it
reaches what is computed from the canonical form. What is not undone is a change of the
variables (x to 1 - x).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.mip import MIP

__all__ = ["Canonical", "canonical"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Flags = NDArray[np.bool_]

#: Coefficients of a scaled row that differ by less are equal.
_SAME = 2.0**-30


@dataclass(frozen=True, eq=False)
class Canonical:
    """A program in canonical form.

    Minimise ``c @ x`` subject to ``A @ x = b`` where ``equal`` and ``A @ x <= b``
    elsewhere, and ``lower <= x <= upper``.

    Parameters
    ----------
    A : csr_array of float, shape (m, n)
        Rows of largest absolute coefficient 1, two entries at least.
    b : ndarray of float, shape (m,)
        Right-hand sides; of equations never negative.
    equal : ndarray of bool, shape (m,)
        Whether a row is an equation.
    c : ndarray of float, shape (n,)
        Objective, of largest absolute coefficient 1 or all zeros.
    lower, upper : ndarray of float, shape (n,)
        Bounds of the variables, rows of one entry included.
    integer : ndarray of bool, shape (n,)
        Whether a variable is integral.
    row_of : ndarray of int, shape (m,)
        Row of the program that a row is, or the tightest of those that are the same.
    sign : ndarray of int, shape (m,)
        -1 where the row of the program was negated.
    column_of : ndarray of int, shape (n,)
        Variable of the program that a variable is; slack variables are none.
    scale : float
        What the objective was divided by; negative where it is maximised.
    """

    A: Any
    b: Floats
    equal: Flags
    c: Floats
    lower: Floats
    upper: Floats
    integer: Flags
    row_of: Integers
    sign: NDArray[np.int8]
    column_of: Integers
    scale: float

    @property
    def m(self) -> int:
        """Number of rows."""
        return int(self.b.size)

    @property
    def n(self) -> int:
        """Number of variables."""
        return int(self.c.size)


@dataclass(eq=False)
class _Parts:
    """A program on its way to the canonical form."""

    A: Any
    row_lower: Floats
    row_upper: Floats
    c: Floats
    lower: Floats
    upper: Floats
    integer: Flags
    columns: Integers


def canonical(program: MIP) -> Canonical:
    """Return the canonical form of a program.

    Parameters
    ----------
    program : MIP
        The program; not an extended one.

    Raises
    ------
    UnsupportedFeatureError
        If it has quadratic terms, indicators or special ordered sets.
    """
    if type(program) is not MIP:
        raise UnsupportedFeatureError(
            f"{type(program).__name__}: only linear rows and objectives are embedded, "
            "no quadratic terms, indicators or special ordered sets"
        )
    largest = float(np.abs(program.c).max(initial=0.0))
    scale = (largest or 1.0) * (-1.0 if program.maximize else 1.0)
    parts = _Parts(
        program.A,
        program.row_lower.copy(),
        program.row_upper.copy(),
        program.c / scale,
        program.lower.copy(),
        program.upper.copy(),
        program.integrality == 1,
        np.arange(program.n),
    )
    rows = _drop_idle(parts)
    _absorb_slacks(parts)
    _tighten(parts)
    return _canonical(parts, rows, scale)


def _drop_idle(parts: _Parts) -> Integers:
    """Drop rows without ends or entries, equations but one of the same; return rows."""
    used = (np.diff(parts.A.indptr) > 0) & (
        (parts.row_lower > -np.inf) | (parts.row_upper < np.inf)
    )
    equation = np.flatnonzero(used & (parts.row_lower == parts.row_upper))
    if equation.size:
        A = parts.A[equation]
        start = A.indptr[:-1]
        # Of either sign: the first entry positive.
        factor = np.sign(A.data[start]) / np.maximum.reduceat(np.abs(A.data), start)
        A.data *= np.repeat(factor, np.diff(A.indptr))
        right = parts.row_upper[equation] * factor
        used[equation] = False
        every = np.ones(equation.size, dtype=np.bool_)
        used[equation[_distinct(A, right, every)]] = True
    rows = np.flatnonzero(used)
    if rows.size < used.size:
        parts.A = parts.A[rows]
        parts.row_lower, parts.row_upper = parts.row_lower[rows], parts.row_upper[rows]
    return rows


def _absorb_slacks(parts: _Parts) -> None:
    """Make equations with a slack variable what they are without it."""
    A = parts.A
    row = np.repeat(np.arange(A.shape[0]), np.diff(A.indptr))
    count = np.bincount(A.indices, minlength=parts.c.size)
    plain = (count == 1) & (parts.c == 0.0) & ~parts.integer
    equation = parts.row_lower == parts.row_upper
    entry = np.flatnonzero(plain[A.indices] & equation[row])
    # One a row: what is left of two would be no slack.
    of_row, first = np.unique(row[entry], return_index=True)
    entry = entry[first]
    if entry.size == 0:
        return
    slack, value = A.indices[entry], A.data[entry]
    used = np.sort(
        np.stack([value * parts.lower[slack], value * parts.upper[slack]]), axis=0
    )
    right = parts.row_upper[of_row]
    parts.row_lower[of_row] = right - used[1]
    parts.row_upper[of_row] = right - used[0]
    kept = np.ones(parts.c.size, dtype=np.bool_)
    kept[slack] = False
    parts.A = A[:, kept]
    for name in ("c", "lower", "upper", "integer", "columns"):
        setattr(parts, name, getattr(parts, name)[kept])


def _tighten(parts: _Parts) -> None:
    """Make bounds of the variables of rows of one entry."""
    single = np.flatnonzero(np.diff(parts.A.indptr) == 1)
    if single.size:
        at = parts.A.indptr[single]
        value, column = parts.A.data[at], parts.A.indices[at]
        ends = np.stack([parts.row_lower[single], parts.row_upper[single]]) / value
        np.maximum.at(parts.lower, column, ends.min(axis=0))
        np.minimum.at(parts.upper, column, ends.max(axis=0))


def _canonical(parts: _Parts, rows: Integers, scale: float) -> Canonical:
    """Return scaled rows, each once, of one sense."""
    several = np.diff(parts.A.indptr) > 1
    has_lower = several & (parts.row_lower > -np.inf)
    has_upper = several & (parts.row_upper < np.inf)
    equation = has_lower & has_upper & (parts.row_lower == parts.row_upper)
    # Equations once, every other finite end as a row of its own.
    blocks = (
        (np.flatnonzero(equation), parts.row_upper, 1),
        (np.flatnonzero(has_upper & ~equation), parts.row_upper, 1),
        (np.flatnonzero(has_lower & ~equation), -parts.row_lower, -1),
    )
    row_of = np.concatenate([some for some, _, _ in blocks])
    b = np.concatenate([ends[some] for some, ends, _ in blocks])
    sign = np.concatenate([np.full(some.size, s) for some, _, s in blocks])
    equal = np.arange(row_of.size) < blocks[0][0].size
    A = parts.A[row_of]
    row = np.repeat(np.arange(row_of.size), np.diff(A.indptr))
    # No row is empty, but there may be none.
    largest = np.maximum.reduceat(np.abs(A.data), A.indptr[:-1]) if b.size else b
    A.data *= (sign / largest)[row]
    b = b / largest
    turned = np.where(equal & _turn(A, row, b, parts), -1, 1)
    A.data *= turned[row]
    b, sign = b * turned, sign * turned
    kept = np.flatnonzero(equal | ~_redundant(A, row, b, parts))
    kept = kept[_distinct(A[kept], b[kept], equal[kept])]
    return Canonical(
        A=A if kept.size == row_of.size else A[kept],
        b=b[kept],
        equal=equal[kept],
        c=parts.c,
        lower=parts.lower,
        upper=parts.upper,
        integer=parts.integer,
        row_of=rows[row_of[kept]],
        sign=sign[kept].astype(np.int8),
        column_of=parts.columns,
        scale=scale,
    )


def _turn(A: Any, row: Integers, b: Floats, parts: _Parts) -> Flags:
    """Tell which rows to negate if they are equations.

    The first of some sums that is not zero shall be positive: the right-hand side,
    the coefficients, their cubes, and those times what tells the columns apart.
    """
    degree = np.bincount(parts.A.indices, minlength=parts.c.size)
    told = (parts.c, np.sqrt(degree), parts.integer, np.isfinite(parts.upper))
    turn = np.zeros(b.size, dtype=np.bool_)
    open_ = np.ones(b.size, dtype=np.bool_)
    terms = [A.data, A.data**3, *(A.data * tell[A.indices] for tell in told)]
    for total in (b, *(np.bincount(row, term, b.size) for term in terms)):
        turn |= open_ & (total < -1e-7)
        open_ &= np.abs(total) <= 1e-7
    return turn


def _redundant(A: Any, row: Integers, b: Floats, parts: _Parts) -> Flags:
    """Tell which rows, as inequalities, no values within the bounds violate."""
    up, down = parts.upper[A.indices], parts.lower[A.indices]
    most = np.bincount(row, A.data * np.where(A.data > 0.0, up, down), b.size)
    redundant: Flags = most <= b + 1e-9
    return redundant


def _distinct(A: Any, b: Floats, equal: Flags) -> Integers:
    """Return the tightest of rows that are the same."""
    count = b.size
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    marks = np.random.default_rng(0).integers(
        -(2**62), 2**62, A.shape[1], dtype=np.int64
    )
    # Sums of integers modulo 2^64, odd multipliers: equal rows, equal sums.
    terms = np.round(A.data / _SAME).astype(np.int64) * (2 * marks[A.indices] + 1)
    sums = np.add.reduceat(terms, A.indptr[:-1])
    right = np.where(equal, np.round(b / _SAME / 1024.0), 0.0)
    order = np.lexsort((np.arange(count), b, right, sums, equal))
    first = np.ones(count, dtype=np.bool_)
    s, e, r = sums[order], equal[order], right[order]
    first[1:] = (s[1:] != s[:-1]) | (e[1:] != e[:-1]) | (r[1:] != r[:-1])
    return np.sort(order[first])
