"""Assignment and patching for the asymmetric travelling salesman problem.

An optimal assignment of a successor to every city costs no more than any tour.
Its cycles are joined two by two, the two largest first, where that costs least:
close to optimal where distances are random, exact where there is one cycle.

References
----------
.. [1] R. M. Karp, "A patching algorithm for the nonsymmetric traveling-salesman
   problem", SIAM Journal on Computing 8(4), 1979. https://doi.org/10.1137/0208045
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.integers import memory_reason
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Tour
from combkit.instances.tsp import ATSP

__all__ = ["patched_tour", "solve", "supports"]

_SOURCE = "patching"
#: Matrices of 8 bytes an arc: costs, the solver's copy, costs of a patch.
_BYTES_PER_ARC = 32

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def supports(problem: ATSP) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    return memory_reason(problem, _BYTES_PER_ARC)


def solve(problem: ATSP, run: Run) -> Outcome:
    """Report a tour and the bound of the assignment.

    Parameters
    ----------
    problem : ATSP
        The problem.
    run : Run
        The run.
    """
    tour, bound = patched_tour(problem)
    run.report(Tour(tour), _SOURCE)
    run.report_bound(bound, "assignment")
    proven = problem.evaluate(Tour(tour)) <= bound
    return Outcome(Status.OPTIMAL if proven else None)


def patched_tour(problem: ATSP) -> tuple[Integers, float]:
    """Return a tour that keeps fixed arcs, and a lower bound.

    Parameters
    ----------
    problem : ATSP
        The problem.

    Returns
    -------
    ndarray of int64, shape (n,)
        The tour.
    float
        Cost of the assignment, less what rounding may have added where distances
        are no integers; never above the length of any tour.
    """
    from scipy.optimize import linear_sum_assignment

    n = problem.n
    if n == 1:
        return np.zeros(1, np.int64), problem.evaluate(Tour([0]))
    cost = problem.distances().astype(np.float64)
    largest = float(np.abs(cost).max())
    never = 2.0 * n * (largest + 1.0)
    allowed = cost.copy()
    np.fill_diagonal(allowed, never)
    kept = np.zeros(n, bool)
    if problem.fixed_edges is not None:
        tails, heads = problem.fixed_edges.T
        lengths = cost[tails, heads]
        allowed[tails], allowed[:, heads] = never, never
        allowed[tails, heads] = lengths
        kept[tails] = True
    after = linear_sum_assignment(allowed)[1].astype(np.int64)
    bound = float(cost[np.arange(n), after].sum()) - problem.unpaid
    if not problem.integral:
        bound -= 1e-12 * n * largest
    return _joined(cost, after, kept), bound


def _joined(cost: Floats, after: Integers, kept: NDArray[np.bool_]) -> Integers:
    """Join the cycles of a permutation to one tour."""
    cycles = _cycles(after)
    while len(cycles) > 1:
        cycles.sort(key=len)
        one, other = cycles.pop(), cycles.pop()
        # i-i1 and j-j1 become i-j1 and j-i1; a cycle of fixed arcs cannot be.
        i, j = one[~kept[one]], other[~kept[other]]
        i1, j1 = after[i], after[j]
        change = cost[np.ix_(i, j1)] + cost[np.ix_(j, i1)].T
        change -= cost[i, i1][:, None] + cost[j, j1]
        row, column = divmod(int(change.argmin()), j.size)
        after[i[row]], after[j[column]] = j1[column], i1[row]
        cycles.append(_cycle(after, int(i[row])))
    return cycles[0]


def _cycles(after: Integers) -> list[Integers]:
    cycles: list[Integers] = []
    seen = np.zeros(after.size, bool)
    for city in range(after.size):
        if not seen[city]:
            cycles.append(_cycle(after, city))
            seen[cycles[-1]] = True
    return cycles


def _cycle(after: Integers, city: int) -> Integers:
    cycle = [city]
    while (following := int(after[cycle[-1]])) != city:
        cycle.append(following)
    return np.array(cycle, np.int64)
