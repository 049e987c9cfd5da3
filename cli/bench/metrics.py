"""The figures of a run and of a batch; ``docs/metrics.md`` has the formulas.

Everything works on many runs at once: arrays of one entry a run, and traces as
flat arrays with the offset of each run.

References
----------
.. [1] T. Berthold, "Measuring the impact of primal heuristics", Operations
   Research Letters 41 (2013), doi:10.1016/j.orl.2013.08.007.
.. [2] E. D. Dolan and J. J. Moré, "Benchmarking optimization software with
   performance profiles", Mathematical Programming 91 (2002),
   doi:10.1007/s101070100263.
.. [3] T. Achterberg, "Constraint Integer Programming", PhD thesis, TU Berlin
   (2007), appendix A: shifted geometric mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Traces",
    "gap_to_reference",
    "marginal_contribution",
    "penalised_time",
    "performance_profile",
    "primal_gap",
    "shifted_geometric_mean",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Relative difference that floating point explains.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Traces:
    """The traces of many runs, one after the other.

    Parameters
    ----------
    offsets : ndarray of int, shape (runs + 1,)
        Run k has the points from ``offsets[k]`` to ``offsets[k + 1]``.
    time, objective, bound : ndarray of float, shape (points,)
        Seconds, ascending within a run, and what was known then; NaN for
        nothing.
    """

    offsets: Integers
    time: Floats
    objective: Floats
    bound: Floats

    @property
    def owners(self) -> Integers:
        """The run of each point."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def primal_integral(self, reference: Floats, limit: Floats) -> Floats:
        """Return the primal integral of each run, divided by its limit ([1]_).

        Parameters
        ----------
        reference : ndarray of float, shape (runs,)
            Best value of each run's instance; NaN where none is known.
        limit : ndarray of float, shape (runs,)
            Time limit in seconds.

        Returns
        -------
        ndarray of float, shape (runs,)
            Mean primal gap over the time limit, in [0, 1]; 1 before the first
            solution.
        """
        gaps = primal_gap(self.objective, reference[self.owners])
        return self._mean_over_time(gaps, limit)

    def primal_dual_integral(self, limit: Floats) -> Floats:
        """Return the primal-dual integral of each run, divided by its limit.

        As the primal integral, with the gap between objective and bound.
        """
        return self._mean_over_time(primal_gap(self.objective, self.bound), limit)

    def time_to(self, target: Floats, minimise: Bools, limit: Floats) -> Floats:
        """Return when each run first had an objective as good as its target.

        Parameters
        ----------
        target : ndarray of float, shape (runs,)
            Objective to reach; NaN is never reached.
        minimise : ndarray of bool, shape (runs,)
            Whether smaller is better.
        limit : ndarray of float, shape (runs,)
            Time limit; later is never.

        Returns
        -------
        ndarray of float, shape (runs,)
            Seconds; infinite where it was not reached in time.
        """
        owners = self.owners
        sign = np.where(minimise, 1.0, -1.0)[owners]
        slack = _ROUNDING * np.abs(target[owners])
        hit = sign * (self.objective - target[owners]) <= slack
        hit &= self.time <= limit[owners]
        found = np.full(len(self.offsets) - 1, np.inf)
        np.minimum.at(found, owners[hit], self.time[hit])
        return found

    def gaps_at(self, reference: Floats, times: Floats) -> Floats:
        """Return the primal gap of each run at some moments.

        Parameters
        ----------
        reference : ndarray of float, shape (runs,)
            Best value of each run's instance.
        times : ndarray of float, shape (moments,)
            Seconds, ascending.

        Returns
        -------
        ndarray of float, shape (runs, moments)
            In [0, 1]; 1 before the first solution.
        """
        owners = self.owners
        gaps = primal_gap(self.objective, reference[owners])
        curves = np.ones((len(self.offsets) - 1, len(times)))
        # A gap never grows along a run: the least one up to a moment counts.
        slot = np.searchsorted(times, self.time, side="left")
        seen = slot < len(times)
        np.minimum.at(curves, (owners[seen], slot[seen]), gaps[seen])
        return np.minimum.accumulate(curves, axis=1)

    def _mean_over_time(self, values: Floats, limit: Floats) -> Floats:
        """Return the mean of a step function on [0, limit] that starts at 1."""
        runs = len(self.offsets) - 1
        owners = self.owners
        begin = np.minimum(self.time, limit[owners])
        end = np.append(begin[1:], 0.0)
        last = self.offsets[1:] - 1
        some = np.diff(self.offsets) > 0
        end[last[some]] = limit[some]
        area = np.bincount(owners, values * (end - begin), minlength=runs)
        before = limit.copy()
        before[some] = begin[self.offsets[:-1][some]]
        mean: Floats = (area + before) / limit
        return mean


def primal_gap(value: Floats, reference: Floats) -> Floats:
    """Return Berthold's gap between values and references, in [0, 1] ([1]_).

    It is 0 where both are equal, 1 where either is missing (NaN) or the signs
    differ, and ``|value - reference| / max(|value|, |reference|)`` elsewhere.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.maximum(np.abs(value), np.abs(reference))
        gap = np.abs(value - reference) / scale
        gap = np.where(value * reference < 0, 1.0, gap)
        gap = np.where(np.abs(value - reference) <= _ROUNDING * scale, 0.0, gap)
    return np.where(np.isnan(value) | np.isnan(reference), 1.0, np.minimum(gap, 1.0))


def gap_to_reference(value: Floats, reference: Floats, minimise: Bools) -> Floats:
    """Return how much worse values are than references, relatively.

    It is ``(value - reference) / |reference|`` (the other way round for a
    maximum), negative for a better value; NaN where either is missing, or
    where the reference is 0 and the value is not.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        worse = np.where(minimise, value - reference, reference - value)
        gap = worse / np.abs(reference)
        gap = np.where(reference == 0, np.nan, gap)
        return np.where(np.abs(worse) <= _ROUNDING * np.abs(reference), 0.0, gap)


def shifted_geometric_mean(times: Floats, shift: float) -> float:
    """Return ``exp(mean(log(times + shift))) - shift`` ([3]_); NaN of nothing.

    Parameters
    ----------
    times : ndarray of float
        Seconds, those of unsolved runs at the time limit.
    shift : float
        Seconds; it takes weight from differences among very short times.
    """
    if len(times) == 0:
        return float("nan")
    logs = np.log(np.maximum(times, 0.0) + shift)
    return float(np.exp(np.mean(logs)) - shift)


def penalised_time(time: Floats, solved: Bools, limit: Floats, factor: float) -> Floats:
    """Return the time of solved runs and ``factor * limit`` of the others (PAR)."""
    return np.where(solved, np.minimum(time, limit), factor * limit)


def performance_profile(times: Floats) -> tuple[Floats, Floats]:
    """Return the performance profiles of several solvers ([2]_).

    Parameters
    ----------
    times : ndarray of float, shape (instances, solvers)
        Seconds (or another cost, positive); infinite where not solved.

    Returns
    -------
    ratios : ndarray of float, shape (points,)
        Ascending, from 1.
    shares : ndarray of float, shape (points, solvers)
        Share of the instances that each solver solved within so many times
        the best solver's time.
    """
    best = times.min(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        ratio = np.where(np.isfinite(times), times / best, np.inf)
    ratios = np.unique(np.append(ratio[np.isfinite(ratio)], 1.0))
    shares = np.stack(
        [np.searchsorted(np.sort(column), ratios, side="right") for column in ratio.T],
        axis=1,
    )
    return ratios, shares / len(times)


def marginal_contribution(costs: Floats) -> Floats:
    """Return what the virtual best solver would lose without each solver.

    Parameters
    ----------
    costs : ndarray of float, shape (instances, solvers)
        Smaller is better.

    Returns
    -------
    ndarray of float, shape (solvers,)
        Rise of the mean of the best costs; 0 of all where there is one solver.
    """
    count = costs.shape[1]
    if count < 2:
        return np.zeros(count)
    best = costs.min(axis=1).mean()
    rest = [np.delete(costs, k, axis=1).min(axis=1).mean() for k in range(count)]
    rise: Floats = np.array(rest) - best
    return rise
