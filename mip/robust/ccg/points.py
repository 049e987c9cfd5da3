"""Points of an uncertainty set that hold a worst one: all of them, or its vertices."""

from __future__ import annotations

from itertools import combinations, islice
from math import comb

import numpy as np
from numpy.typing import NDArray

from combkit.instances.robust.uncertainty import Region

__all__ = ["finite_points", "vertices"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-9
#: Systems of equations solved at once.
_BATCH = 4_096
#: Partial points that are looked at for each point that may be found.
_PATIENCE = 20


def finite_points(region: Region, most: int) -> Floats | None:
    """Return all points of a program of integers, or None if there are too many.

    Parameters
    ----------
    region : Region
        The set.
    most : int
        Largest number of points.

    Returns
    -------
    ndarray of float64, shape (k, q), or None
        The points; None also where a column is not integral.
    """
    program = region.program
    if not program.integrality.all():
        return None
    A = program.A.toarray()
    lower, upper = np.ceil(program.lower - 1e-9), np.floor(program.upper + 1e-9)
    # What the columns from k on add to a row, at least and at most.
    ends = np.sort(np.stack([A * lower, A * upper]), axis=0)
    least, largest = (
        np.c_[np.cumsum(end[:, ::-1], axis=1)[:, ::-1], np.zeros(len(A))]
        for end in ends
    )
    slack = _TOLERANCE * np.maximum(1.0, np.abs(A).sum(axis=1))
    low, high = program.row_lower - slack, program.row_upper + slack
    found: list[Floats] = []
    stack = [(np.zeros(0), np.zeros(len(A)))]
    for _ in range(_PATIENCE * most):
        if not stack or len(found) > most:
            break
        start, activity = stack.pop()
        k = start.size
        if k == program.n:
            found.append(start)
            continue
        for value in np.arange(upper[k], lower[k] - 0.5, -1.0).tolist():
            now = activity + A[:, k] * value
            fits = (now + least[:, k + 1] <= high) & (now + largest[:, k + 1] >= low)
            if fits.all():
                stack.append((np.r_[start, value], now))
    return np.array(found) if not stack and len(found) <= most else None


def vertices(region: Region, most: int) -> Floats | None:
    """Return the vertices of a continuous program, or None if it takes too long.

    Parameters
    ----------
    region : Region
        The set.
    most : int
        Largest number of systems of equations to solve.

    Returns
    -------
    ndarray of float64, shape (k, q), or None
        The vertices; None also where a column is integral.
    """
    program = region.program
    if program.integrality.any():
        return None
    n, A, one = program.n, program.A.toarray(), np.eye(program.n)
    low, high = program.row_lower, program.row_upper
    equal, fixed = low == high, program.lower == program.upper
    below, above = np.isfinite(low) & ~equal, np.isfinite(high) & ~equal
    always = np.vstack([A[equal], one[fixed]])
    at = np.r_[low[equal], program.lower[fixed]]
    kept = _independent(always)
    always, at = always[kept], at[kept]
    rows = np.vstack([A[below], A[above], one[~fixed], one[~fixed]])
    ends = np.r_[low[below], high[above], program.lower[~fixed], program.upper[~fixed]]
    free = n - len(at)
    if comb(len(rows), free) > most:
        return None
    found: list[Floats] = []
    chosen = combinations(range(len(rows)), free)
    while batch := list(islice(chosen, _BATCH)):
        index = np.array(batch, dtype=np.int64).reshape(len(batch), free)
        systems = np.empty((len(batch), n, n))
        systems[:, : len(at)], systems[:, len(at) :] = always, rows[index]
        sides = np.empty((len(batch), n, 1))
        sides[:, : len(at), 0], sides[:, len(at) :, 0] = at, ends[index]
        regular = np.abs(np.linalg.det(systems)) > _TOLERANCE
        points = np.linalg.solve(systems[regular], sides[regular])[..., 0]
        found.extend(w for w in points if program.violation(w) <= _TOLERANCE)
    return np.unique(np.round(np.array(found), 12) + 0.0, axis=0) if found else None


def _independent(rows: Floats) -> list[int]:
    """Return the places of as many independent rows as there are."""
    kept: list[int] = []
    for i in range(len(rows)):
        if np.linalg.matrix_rank(rows[[*kept, i]]) > len(kept):
            kept.append(i)
    return kept
