"""Greedy set covers: the set of least cost for each element that it adds."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from combkit.instances.run import Outcome, Run
from combkit.instances.set_cover import SetCover
from combkit.instances.solutions import Selection
from combkit.instances.stop import Reason

__all__ = ["cover", "dual_bound", "pruned", "solve"]

#: Sets between two questions whether to stop.
_PATIENCE = 200


def solve(problem: SetCover, run: Run) -> Outcome:
    """Take the set of least cost per element that is still uncovered [1]_.

    Sets that turn out to be redundant are given up, dear ones first. The bound is
    that of a feasible dual: what each element can pay without any set being paid
    more than it costs.

    References
    ----------
    .. [1] V. Chvatal, "A greedy heuristic for the set-covering problem",
       Mathematics of Operations Research 4(3), 1979.
    """
    chosen = pruned(problem, cover(problem, run.should_stop))
    run.report(Selection(np.flatnonzero(chosen)), "greedy")
    run.report_bound(min(dual_bound(problem), run.objective or 0.0), "greedy")
    return Outcome(reason=run.reason or Reason.COMPLETED)


def cover(
    problem: SetCover, stop: Callable[[], bool] = lambda: False
) -> NDArray[np.bool_]:
    """Return the sets taken, shape (n,), bool.

    Parameters
    ----------
    problem : SetCover
        The problem.
    stop : callable
        Asked now and then; once it says so, any set that adds something is taken.
    """
    offsets, members = problem.offsets, problem.members
    costs = problem.costs.tolist()
    covered = np.zeros(problem.elements, dtype=np.bool_)
    chosen = np.zeros(problem.n, dtype=np.bool_)
    sizes = np.diff(offsets).tolist()
    heap = [(costs[j] / sizes[j], j, sizes[j]) for j in range(problem.n) if sizes[j]]
    heapq.heapify(heap)
    left, taken, hurry = problem.elements, 0, False
    while left:
        _, j, before = heapq.heappop(heap)
        own = members[offsets[j] : offsets[j + 1]]
        new = int(np.count_nonzero(~covered[own]))
        if new == 0:
            continue
        # What a set adds only shrinks: it is looked at again when it comes up.
        if new < before and not hurry:
            heapq.heappush(heap, (costs[j] / new, j, new))
            continue
        chosen[j] = True
        covered[own] = True
        left -= new
        taken += 1
        hurry = hurry or (taken % _PATIENCE == 0 and stop())
    return chosen


def pruned(problem: SetCover, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a cover without its redundant sets, given up from the dearest on."""
    offsets, members = problem.offsets, problem.members
    kept = chosen.copy()
    counts = np.zeros(problem.elements, dtype=np.int64)
    listed = np.flatnonzero(chosen)
    for j in listed.tolist():
        counts[members[offsets[j] : offsets[j + 1]]] += 1
    for j in listed[np.argsort(-problem.costs[listed], kind="stable")].tolist():
        own = members[offsets[j] : offsets[j + 1]]
        if bool(np.all(counts[own] > 1)):
            counts[own] -= 1
            kept[j] = False
    return kept


def dual_bound(problem: SetCover) -> float:
    """Return a lower bound: the payments of a feasible dual, greedily raised."""
    offsets, members = problem.offsets, problem.members
    owner = np.repeat(np.arange(problem.n), np.diff(offsets))
    order = np.argsort(members, kind="stable")
    starts = np.searchsorted(members[order], np.arange(problem.elements + 1))
    sets = owner[order]
    left = problem.costs.astype(np.float64)
    total = 0.0
    # Elements in few sets first: their payments stand in the way of few others.
    for element in np.argsort(np.diff(starts), kind="stable").tolist():
        own = sets[starts[element] : starts[element + 1]]
        pay = float(left[own].min())
        if pay > 0.0:
            left[own] -= pay
            total += pay
    if problem.costs.dtype == np.int64:
        return total
    return total * (1.0 - 1e-9)
