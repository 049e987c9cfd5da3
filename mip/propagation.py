"""Bounds of variables, tightened row by row after every fixing.

References
----------
T. Achterberg, Constraint Integer Programming, PhD thesis, TU Berlin (2007),
chapter 7 (activity-based bound propagation).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP, TOLERANCE

__all__ = ["Domains", "State", "slices"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
State = tuple[NDArray[np.float64], ...]

#: Rounds of one propagation; bounds may creep closer for ever.
_ROUNDS = 40
#: Share of its range that a continuous variable must lose to count.
_PROGRESS = 0.1
#: Bounds beyond this size are not worth having.
_HUGE = 1e12


class Domains:
    """The bounds of all variables and the row activities that they allow.

    Parameters
    ----------
    problem : MIP
        The problem; the bounds of integer variables are rounded inwards.

    Attributes
    ----------
    lower, upper : ndarray of float, shape (n,)
        Current bounds; changed by ``fix`` only.
    """

    def __init__(self, problem: MIP) -> None:
        A, integer = problem.A, problem.integrality == 1
        columns = A.tocsc()
        self._integer = integer
        self._rows = (A.indptr.astype(np.int64), A.indices, A.data)
        self._cols = (columns.indptr.astype(np.int64), columns.indices, columns.data)
        self._row_lower, self._row_upper = problem.row_lower, problem.row_upper
        self.lower = np.where(
            integer, np.ceil(problem.lower - TOLERANCE), problem.lower
        )
        self.upper = np.where(
            integer, np.floor(problem.upper + TOLERANCE), problem.upper
        )
        finite = np.where(np.isfinite(self._row_lower), np.abs(self._row_lower), 1.0)
        self._lower_slack = TOLERANCE * np.maximum(1.0, finite)
        finite = np.where(np.isfinite(self._row_upper), np.abs(self._row_upper), 1.0)
        self._upper_slack = TOLERANCE * np.maximum(1.0, finite)
        self._least, self._most = np.zeros(problem.m), np.zeros(problem.m)
        self._open_below, self._open_above = np.zeros(problem.m), np.zeros(problem.m)
        self._mark = np.zeros(problem.m, dtype=bool)
        self._widest = np.full(problem.m, np.inf)
        self._measure()

    @property
    def state(self) -> State:
        """A copy of everything that changes."""
        return tuple(part.copy() for part in self._parts())

    @state.setter
    def state(self, state: State) -> None:
        for part, saved in zip(self._parts(), state, strict=True):
            part[:] = saved

    def propagate(self) -> bool:
        """Tighten all bounds by all rows; False if no point is left."""
        if (self.lower > self.upper).any() or not self._spread(
            np.arange(self._least.size)
        ):
            return False
        self._measure()
        return True

    def fix(self, cols: Indices, values: Floats) -> bool:
        """Fix some variables and propagate; False if no point is left.

        Parameters
        ----------
        cols : ndarray of int
            Different variables.
        values : ndarray of float
            A value within the bounds for each.
        """
        return self._spread(self._move(cols, values, values))

    # -- activities ----------------------------------------------------------

    def _parts(self) -> State:
        return (
            self.lower,
            self.upper,
            self._least,
            self._most,
            self._open_below,
            self._open_above,
        )

    def _measure(self) -> None:
        """Compute activities, and the most that one variable can change a row."""
        start, cols, data = self._rows
        m = self._least.size
        rows = np.repeat(np.arange(m), np.diff(start))
        low, high = self._ends(cols, data)
        for ends, total, count in (
            (low, self._least, self._open_below),
            (high, self._most, self._open_above),
        ):
            infinite = np.isinf(ends)
            total[:] = np.bincount(rows, np.where(infinite, 0.0, ends), minlength=m)
            count[:] = np.bincount(rows, infinite, minlength=m)
        self._widest[:] = 0.0
        np.maximum.at(self._widest, rows, high - low)

    def _ends(self, cols: NDArray[np.int32], data: Floats) -> tuple[Floats, Floats]:
        """Return the least and the largest contribution of each entry."""
        at_lower, at_upper = data * self.lower[cols], data * self.upper[cols]
        return np.minimum(at_lower, at_upper), np.maximum(at_lower, at_upper)

    def _move(self, cols: Indices, lower: Floats, upper: Floats) -> Indices:
        """Set bounds, update the activities and return the rows concerned."""
        start, all_rows, all_data = self._cols
        entries, counts = slices(start, cols)
        owner = np.repeat(np.arange(cols.size), counts)
        rows, data = all_rows[entries], all_data[entries]
        positive = data > 0
        finite, opened = [], []
        for side, new in ((self.lower, lower), (self.upper, upper)):
            old = side[cols]
            side[cols] = new
            was, now = np.isinf(old), np.isinf(new)
            finite.append(np.where(now, 0.0, new) - np.where(was, 0.0, old))
            opened.append(now.astype(np.float64) - was)
        low, high = (data * change[owner] for change in finite)
        np.add.at(self._least, rows, np.where(positive, low, high))
        np.add.at(self._most, rows, np.where(positive, high, low))
        if opened[0].any() or opened[1].any():
            low, high = (change[owner] for change in opened)
            np.add.at(self._open_below, rows, np.where(positive, low, high))
            np.add.at(self._open_above, rows, np.where(positive, high, low))
        self._mark[rows] = True
        concerned: Indices = np.flatnonzero(self._mark)
        self._mark[concerned] = False
        return concerned

    # -- propagation -----------------------------------------------------------

    def _spread(self, rows: Indices) -> bool:
        """Propagate from some rows until nothing changes."""
        for _ in range(_ROUNDS):
            if not rows.size:
                return True
            upper, lower = self._row_upper[rows], self._row_lower[rows]
            above, below = self._open_above[rows], self._open_below[rows]
            room_up = upper - np.where(below == 0, self._least[rows], -np.inf)
            room_down = np.where(above == 0, self._most[rows], np.inf) - lower
            if (room_up < -self._upper_slack[rows]).any() or (
                room_down < -self._lower_slack[rows]
            ).any():
                return False
            width = self._widest[rows]
            # A row speaks if one variable alone can break it. An infinite sum
            # says something of a single infinite variable only.
            speaks = np.isfinite(upper) & (below <= 1)
            speaks &= (below == 1) | (width > room_up)
            other = np.isfinite(lower) & (above <= 1)
            speaks |= other & ((above == 1) | (width > room_down))
            tightened = self._tighten(rows[speaks])
            if tightened is None:
                return False
            rows = self._move(*tightened)
        return True

    def _tighten(self, rows: Indices) -> tuple[Indices, Floats, Floats] | None:
        """Return variables and the new bounds that rows imply; None: conflict."""
        start, all_cols, all_data = self._rows
        entries, counts = slices(start, rows)
        owner = np.repeat(rows, counts)
        cols = all_cols[entries]
        free = self.upper[cols] > self.lower[cols]
        owner, cols, data = owner[free], cols[free], all_data[entries[free]]
        low, high = self._ends(cols, data)
        most = self._limit(low, self._row_upper, self._least, self._open_below, owner)
        least = self._limit(high, self._row_lower, self._most, self._open_above, owner)
        positive = data > 0
        with np.errstate(over="ignore"):
            most, least = most / data, least / data
        upper = np.where(positive, most, least)
        lower = np.where(positive, least, most)
        upper[np.isnan(upper)], lower[np.isnan(lower)] = np.inf, -np.inf
        whole = self._integer[cols]
        upper = np.where(whole, np.floor(upper + TOLERANCE), upper)
        lower = np.where(whole, np.ceil(lower - TOLERANCE), lower)
        return self._merge(cols, lower, upper)

    def _limit(
        self,
        ends: Floats,
        bound: Floats,
        total: Floats,
        infinite: Floats,
        owner: Indices,
    ) -> Floats:
        """Return what is left to each entry by the rest of its row, else NaN."""
        is_open = np.isinf(ends)
        known = (infinite[owner] - is_open == 0) & np.isfinite(bound[owner])
        rest = total[owner] - np.where(is_open, 0.0, ends)
        return np.where(known, bound[owner] - rest, np.nan)

    @np.errstate(invalid="ignore")  # inf - inf says nothing, and is dropped
    def _merge(
        self, cols: NDArray[np.int32], lower: Floats, upper: Floats
    ) -> tuple[Indices, Floats, Floats] | None:
        """Return the tightest bounds a variable, where they say something new."""
        old_lower, old_upper = self.lower[cols], self.upper[cols]
        width = old_upper - old_lower
        least = np.where(
            self._integer[cols],
            0.5,
            np.where(np.isfinite(width), np.maximum(_PROGRESS * width, 1e-6), 1e-6),
        )
        lower = np.where(np.abs(lower) < _HUGE, lower, -np.inf)
        upper = np.where(np.abs(upper) < _HUGE, upper, np.inf)
        where = np.flatnonzero(
            (upper < old_upper - least) | (lower > old_lower + least)
        )
        found, place = np.unique(cols[where], return_inverse=True)
        new_lower, new_upper = self.lower[found], self.upper[found]
        np.maximum.at(new_lower, place, lower[where])
        np.minimum.at(new_upper, place, upper[where])
        slack = np.where(
            self._integer[found], 0.5, TOLERANCE * np.maximum(1.0, np.abs(new_upper))
        )
        crossed = new_lower > new_upper
        if (new_lower[crossed] - new_upper[crossed] > slack[crossed]).any():
            return None
        new_lower[crossed] = new_upper[crossed]
        return found.astype(np.int64), new_lower, new_upper


def slices(start: Indices, ids: Indices) -> tuple[Indices, Indices]:
    """Return the positions of the entries of some rows, and how many each has.

    Parameters
    ----------
    start : ndarray of int, shape (m + 1,)
        Where each row starts, the last one ending the array.
    ids : ndarray of int
        Rows.
    """
    first = start[ids]
    counts = start[ids + 1] - first
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    return np.repeat(first - (ends - counts), counts) + np.arange(total), counts
