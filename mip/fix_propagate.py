"""A first solution fast: fix integer variables one by one and propagate.

Every strategy wants a point: the cheapest bounds, the least hampered ones, the
rounded relaxation. It may first satisfy the rows that this point violates, the
hardest one first, by the cheapest step per violation mended. Then the integer
variables are fixed in some order at what the point wants, in batches that
shrink where the propagation finds a conflict; a single variable in conflict
gets its other bound. What is left is a linear program.

References
----------
T. Berthold and G. Hendel, Shift-and-propagate, Journal of Heuristics 21 (2015).
doi:10.1007/s10732-014-9271-0
D. Salvagnin, R. Roberti and M. Fischetti, A fix-propagate-repair heuristic for
mixed integer programming, Mathematical Programming Computation 17 (2025).
doi:10.1007/s12532-024-00269-5
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.solutions import Values
from combkit.instances.stop import Reason
from combkit.mip.contract import settled, start_vector
from combkit.mip.propagation import Domains, slices

if TYPE_CHECKING:
    from combkit.mip.relaxed import Relaxation

__all__ = ["solve"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Share of the time left that the relaxation, or mending rows, may use.
_SHARE = 0.4
#: Seconds that the search for a first solution gets whatever the limit.
_PATIENCE = 1.5
#: Least gain that counts as one.
_TINY = 1e-9


def solve(
    problem: MIP, run: Run, *, restarts: int = 20, seconds: float = 3.0
) -> Outcome:
    """Look for feasible points; end when the strategies are exhausted.

    Parameters
    ----------
    problem : MIP
        The problem.
    run : Run
        Its run. Only feasible points are reported to it.
    restarts : int
        Randomised strategies after the fixed ones.
    seconds : float
        Seconds after which it ends in any case.

    Raises
    ------
    UsageError
        If a parameter is out of range.
    """
    if restarts < 0 or not seconds > 0:
        raise UsageError(f"restarts={restarts}, seconds={seconds}: out of range")
    if (outcome := settled(problem, run)) is not None:
        return outcome
    start_vector(problem, run)
    search = _Search(problem, run, run.elapsed + seconds)
    dives = search.run(restarts)
    return Outcome(extra={"dives": dives})


class _Search:
    """Dives from the root domains, one after the other."""

    def __init__(self, problem: MIP, run: Run, end: float) -> None:
        self._problem = problem
        self._run = run
        self._begun = run.elapsed
        self._end = end
        self._c = -problem.c if problem.maximize else problem.c
        self._integers: Indices = np.flatnonzero(problem.integrality == 1)
        self._continuous: Indices = np.flatnonzero(problem.integrality == 0)
        self._locks_down, self._locks_up = _locks(problem)
        self._columns = problem.A.tocsc()
        self._column_start = self._columns.indptr.astype(np.int64)
        self._row_start = problem.A.indptr.astype(np.int64)
        self._row_scale = np.ones(problem.m)
        rows = np.repeat(np.arange(problem.m), np.diff(self._row_start))
        self._row_scale[rows] = 0.0
        np.maximum.at(self._row_scale, rows, np.abs(problem.A.data))
        self._positive = problem.A.maximum(0).tocsr()
        self._negative = problem.A.minimum(0).tocsr()
        self._pattern = abs(problem.A).sign()
        self._domains = Domains(problem)
        self._failures = np.zeros(problem.n)
        self._seen: set[bytes] = set()

    @cached_property
    def _relaxed(self) -> Relaxation:
        # HiGHS is loaded after the first dive, which may have an answer already.
        from combkit.mip.relaxed import Relaxation

        return Relaxation(self._problem, self._run)

    def run(self, restarts: int) -> int:
        """Try all strategies; return how many dives were made."""
        if not self._domains.propagate():
            return 0
        root, dives = self._domains.state, 0
        for point, order, mend, noise in self._strategies(restarts):
            if self._out_of_time():
                break
            self._domains.state = root
            dives += 1
            if self._dive(point, order, mend, noise):
                self._complete()
        return dives

    def _out_of_time(self) -> bool:
        run = self._run
        if run.should_stop() and not (
            run.solution is None and run.reason in (None, Reason.TIME)
        ):
            return True
        return self._left <= 0

    @property
    def _left(self) -> float:
        """Seconds left; like every constructive, the first answer may be late."""
        run, left = self._run, self._run.remaining
        if run.solution is None:
            left = max(left, self._begun + _PATIENCE - run.elapsed)
        return min(left, self._end - run.elapsed)

    # -- strategies ------------------------------------------------------------

    def _strategies(
        self, restarts: int
    ) -> Iterator[tuple[Floats, Indices, bool, float]]:
        """Yield point, order of the integers, whether to mend rows, and noise."""
        integers, rng = self._integers, generator(self._run.seed)
        locks = self._locks_down + self._locks_up
        by_locks = integers[np.argsort(-locks[integers], kind="stable")]
        cheap, safe = self._cheapest(), self._least_locked()
        yield cheap, by_locks, True, 0.0
        yield safe, by_locks, False, 0.0
        points = [cheap, safe]
        relaxed = self._relaxation()
        if relaxed is not None:
            nearest = np.round(relaxed)
            away = np.abs(relaxed - nearest)[integers]
            by_fraction = integers[np.lexsort((-locks[integers], away))]
            yield nearest, by_fraction, False, 0.0
            yield nearest, by_fraction, True, 0.0
            yield np.ceil(relaxed - 1e-6), by_fraction, False, 0.0
        yield cheap, by_locks, False, 0.0
        yield safe, by_locks, True, 0.0
        for k in range(restarts):
            if relaxed is not None and k % 2 == 0:
                point = np.floor(relaxed + rng.random(relaxed.size))
                base = away + 0.2 * rng.random(integers.size)
            else:
                point = points[k // 2 % 2]
                base = -locks[integers] * rng.random(integers.size)
            # Variables that had no value before go first.
            order = integers[np.lexsort((base, -self._failures[integers]))]
            yield point, order, bool(k // 2 % 2 == 0), 0.5

    def _cheapest(self) -> Floats:
        """Return the point of least cost within the root bounds."""
        safe = self._least_locked()
        lower, upper = self._domains.lower, self._domains.upper
        wanted = np.where(self._c > 0, lower, upper)
        return np.where((self._c == 0) | np.isinf(wanted), safe, wanted)

    def _least_locked(self) -> Floats:
        """Return the bounds towards which fewer rows hinder a variable."""
        lower, upper = self._domains.lower, self._domains.upper
        down = self._locks_down < self._locks_up
        down |= (self._locks_down == self._locks_up) & (self._c >= 0)
        wanted = np.where(down, lower, upper)
        other = np.where(down, upper, lower)
        wanted = np.where(np.isinf(wanted), other, wanted)
        return np.where(np.isinf(wanted), 0.0, wanted)

    def _relaxation(self) -> Floats | None:
        """Return an optimal point of the relaxation, None without one in time."""
        problem = self._problem
        return self._relaxed.solve(problem.lower, problem.upper, _SHARE * self._left)

    # -- dives -------------------------------------------------------------------

    def _dive(self, point: Floats, order: Indices, mend: bool, noise: float) -> bool:
        """Fix all integer variables; False if that did not work out."""
        if mend and not self._mend(point, noise):
            return False
        domains, at, batch = self._domains, 0, 8
        while at < order.size:
            if self._out_of_time():
                return False
            cols = order[at : at + batch]
            free = cols[domains.lower[cols] < domains.upper[cols]]
            if not free.size:
                at += cols.size
                batch *= 2
                continue
            if self._fix(free, self._within(point, free)):
                at += cols.size
                batch *= 2
            elif free.size > 1:
                batch = max(1, cols.size // 4)
            elif not self._flip(free, point):
                return False
        return True

    def _within(self, point: Floats, cols: Indices) -> Floats:
        inside: Floats = np.clip(
            point[cols], self._domains.lower[cols], self._domains.upper[cols]
        )
        return inside

    def _fix(self, cols: Indices, values: Floats) -> bool:
        """Fix variables and propagate, or leave everything as it was."""
        before = self._domains.state
        if self._domains.fix(cols, values):
            return True
        self._domains.state = before
        return False

    def _flip(self, col: Indices, point: Floats) -> bool:
        """Fix a variable at the bound that its wanted value is farther from."""
        lower, upper = self._domains.lower[col], self._domains.upper[col]
        value = self._within(point, col)
        other = np.where(value - lower < upper - value, upper, lower)
        self._failures[col] += 1
        return bool(np.isfinite(other).all()) and self._fix(col, other)

    # -- mending rows ------------------------------------------------------------

    def _mend(self, point: Floats, noise: float) -> bool:
        """Fix variables until the rest of the point violates no row."""
        rng = generator(self._run.seed, 1)
        until = self._run.elapsed + _SHARE * self._left
        count, most = 1, 2 * self._integers.size
        for _ in range(most):
            if self._out_of_time() or self._run.elapsed > until:
                return not self._out_of_time()
            least, largest = self._activities(point)
            worst = self._worst(least, largest, count)
            if not worst.size:
                return True
            cols, values = self._steps(point, worst, least, largest, rng, noise)
            if not cols.size:
                return True
            if self._fix(cols, values):
                count *= 2
            elif cols.size > 1:
                count = 1
            elif not self._flip(cols, self._placed(point, cols, values)):
                return False
        return True

    def _placed(self, point: Floats, cols: Indices, values: Floats) -> Floats:
        changed = point.copy()
        changed[cols] = values
        return changed

    def _activities(self, point: Floats) -> tuple[Floats, Floats]:
        """Return the row activities, continuous variables anywhere in bounds."""
        lower, upper = self._domains.lower.copy(), self._domains.upper.copy()
        at = self._within(point, self._integers)
        lower[self._integers] = upper[self._integers] = at
        least = self._positive @ lower + self._negative @ upper
        if not self._continuous.size:
            return least, least
        return least, self._positive @ upper + self._negative @ lower

    def _excess(self, rows: Indices, least: Floats, largest: Floats) -> Floats:
        """Return by how much rows are above (> 0) or below (< 0) their bounds."""
        problem = self._problem
        above = np.maximum(least - problem.row_upper[rows], 0.0)
        below = np.maximum(problem.row_lower[rows] - largest, 0.0)
        return np.asarray(above - below)

    def _worst(self, least: Floats, largest: Floats, count: int) -> Indices:
        """Return some violated rows: those with the fewest free integers."""
        excess = self._excess(np.arange(least.size), least, largest)
        slack = 1e-6 * np.maximum(1.0, np.abs(least))
        slack[np.isinf(slack)] = np.inf
        violated = np.flatnonzero(np.abs(excess) > np.minimum(slack, 1e9))
        if violated.size <= 1:
            return violated
        free = np.zeros(self._problem.n)
        cols = self._integers
        free[cols] = self._domains.lower[cols] < self._domains.upper[cols]
        choices = (self._pattern @ free)[violated]
        hardest = np.lexsort((-np.abs(excess[violated]), choices))
        hardest = hardest[choices[hardest] > 0]
        chosen: Indices = violated[hardest[: min(count, 1 + violated.size // 16)]]
        return chosen

    def _steps(
        self,
        point: Floats,
        rows: Indices,
        least: Floats,
        largest: Floats,
        rng: np.random.Generator,
        noise: float,
    ) -> tuple[Indices, Floats]:
        """Return for each row the variable and value that mend most per cost."""
        A, domains = self._problem.A, self._domains
        entries, counts = slices(self._row_start, rows)
        owner = np.repeat(np.arange(rows.size), counts)
        cols, data = A.indices[entries].astype(np.int64), A.data[entries]
        excess = self._excess(rows, least[rows], largest[rows])[owner]
        now = self._within(point, cols)
        step = -excess / data
        # Whole steps, rounded so that the row is not left violated.
        step = np.sign(step) * np.ceil(np.abs(step) - 1e-6)
        step = np.clip(now + step, domains.lower[cols], domains.upper[cols]) - now
        usable = (step != 0) & (self._problem.integrality[cols] == 1)
        usable &= np.isfinite(step)
        owner, cols, now, step = owner[usable], cols[usable], now[usable], step[usable]
        if not cols.size:
            return cols, now
        gain = self._gain(cols, step, least, largest)
        cost = np.maximum(self._c[cols] * step, 0.0)
        cost += 1e-3 * (cost.mean() + 1e-9)
        if noise:
            cost *= np.exp(noise * rng.standard_normal(cost.size))
        # What does more harm than good comes last, the least harm first.
        useful = gain > _TINY
        key = np.where(useful, cost / np.where(useful, gain, 1.0), -gain)
        best = np.lexsort((key, ~useful, owner))
        first = best[np.unique(owner[best], return_index=True)[1]]
        picked, place = np.unique(cols[first], return_index=True)
        values: Floats = (now + step)[first][place]
        return picked, values

    def _gain(
        self, cols: Indices, step: Floats, least: Floats, largest: Floats
    ) -> Floats:
        """Return how much violation steps of single variables remove, scaled."""
        entries, counts = slices(self._column_start, cols)
        owner = np.repeat(np.arange(cols.size), counts)
        rows = self._columns.indices[entries]
        change = self._columns.data[entries] * step[owner]
        before = np.abs(self._excess(rows, least[rows], largest[rows]))
        after = self._excess(rows, least[rows] + change, largest[rows] + change)
        change = (before - np.abs(after)) / self._row_scale[rows]
        gain: Floats = np.bincount(owner, change, cols.size).astype(np.float64)
        return gain

    # -- solutions -----------------------------------------------------------------

    def _complete(self) -> None:
        """Report the point of the fixed integers, and a better one nearby."""
        integers = self._domains.lower.copy()
        integers[self._continuous] = 0.0
        key = integers[self._integers].tobytes()
        if key in self._seen:
            return
        self._seen.add(key)
        x = self._fill(integers)
        if x is None:
            return
        better = self._improve(x)
        if self._continuous.size and not np.array_equal(
            better[self._integers], x[self._integers]
        ):
            self._report(better)
            self._fill(better)
        else:
            self._report(better)

    def _fill(self, x: Floats) -> Floats | None:
        """Report the best values of the continuous variables, if there are any."""
        if not self._continuous.size:
            return x if self._report(x) else None
        simple = np.where(self._problem.integrality == 1, x, self._cheapest())
        feasible = self._report(simple)
        if feasible and not self._c[self._continuous].any():
            return simple
        integer = self._problem.integrality == 1
        lower = np.where(integer, x, self._problem.lower)
        upper = np.where(integer, x, self._problem.upper)
        values = self._relaxed.solve(lower, upper, self._left, "on")
        if values is None:
            return simple if feasible else None
        values = np.where(integer, x, values)
        return values if self._report(values) else None

    def _report(self, x: Floats) -> bool:
        """Report a point if it is feasible; return whether it is."""
        solution = Values(x + 0.0, self._problem.col_names)
        if self._problem.check(solution):
            return False
        self._run.report(solution, "fix-propagate")
        return True

    def _improve(self, x: Floats) -> Floats:
        """Move single integer variables as far as the rows allow: 1-opt."""
        problem, x = self._problem, x.copy()
        activity = problem.A @ x
        cols = self._integers[self._c[self._integers] != 0]
        for j in cols[np.argsort(-np.abs(self._c[cols]), kind="stable")].tolist():
            direction = -1.0 if self._c[j] > 0 else 1.0
            end = problem.lower[j] if direction < 0 else problem.upper[j]
            room = np.floor(abs(end - x[j]) + 1e-6)
            if room < 1:
                continue
            part = slice(self._column_start[j], self._column_start[j + 1])
            rows = self._columns.indices[part]
            speed = direction * self._columns.data[part]
            bound = np.where(
                speed > 0, problem.row_upper[rows], problem.row_lower[rows]
            )
            steps = (bound - activity[rows]) / speed
            room = min(room, np.floor(steps.min(initial=np.inf) + _TINY))
            if 1 <= room < np.inf:
                x[j] += direction * room
                activity[rows] += speed * room
            if self._out_of_time():
                break
        return x


def _locks(problem: MIP) -> tuple[Floats, Floats]:
    """Return how many rows hinder each variable from going down, and up."""
    A = problem.A
    rows = np.repeat(np.arange(problem.m), np.diff(A.indptr))
    below = np.isfinite(problem.row_lower)[rows]
    above = np.isfinite(problem.row_upper)[rows]
    positive = A.data > 0
    down = np.where(positive, below, above)
    up = np.where(positive, above, below)
    counts = [
        np.bincount(A.indices, side, minlength=problem.n).astype(np.float64)
        for side in (down, up)
    ]
    return counts[0], counts[1]
