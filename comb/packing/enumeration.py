"""Implicit enumeration for the multidimensional knapsack around its relaxation.

A selection that is worth more than the incumbent departs from the linear relaxation
only in items whose reduced profits, together with the value of what is left of the
resources, add up to less than the gap [1]_. Where few resources bind and the incumbent
is good, there are some millions of such sets, which can all be visited in seconds.

References
----------
.. [1] Y. Vimont, S. Boussier, M. Vasquez, "Reduced costs propagation in an efficient
   implicit enumeration for the 0-1 multidimensional knapsack problem", Journal of
   Combinatorial Optimization 15, 2008. doi:10.1007/s10878-007-9074-4
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.packing.multi_greedy import Relaxation, begin
from combkit.comb.routing.slices import side_by_side
from combkit.instances.errors import UsageError
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection

if TYPE_CHECKING:
    from combkit.comb.packing._kernels_enumeration import Tree

__all__ = ["solve", "supports"]

_SOURCE = "enumeration"
#: Items that are no part of the sets; their subsets are listed.
_LISTED = 5
#: Cost that what a set may cost is resolved into, as a power of two.
_BITS = 44
#: Sets that are visited in a second, and how many there are at most for one of them.
_A_SECOND, _PRUNED = 15e6, 30.0
#: Steps of cost in the count of sets.
_STEPS = 1_000
#: Relative slack of what bounds are compared with, for rounding.
_NOISE = 1e-9


def supports(problem: MultiKnapsack) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    if not problem.integral or problem.profits.dtype != np.int64:
        return "profits, weights or capacities that are not integers"
    return None


def solve(problem: MultiKnapsack, run: Run, *, patience: float = _PRUNED) -> Outcome:
    """Visit the sets that may be better than the incumbent; prove it if time allows.

    Starts from ``run.initial``, or else from the greedy selection: the better it is,
    the fewer sets there are. Ends at once where there are too many for the time that
    is left. An iteration is a set. One thread.

    Parameters
    ----------
    problem : MultiKnapsack
        Integer data.
    run : Run
        The run.
    patience : float
        Ends at once where there are more than so many sets, by their costs alone,
        for each one that could be visited; infinite to begin anyway.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if not patience > 0.0:
        raise UsageError(f"patience={patience:g}: above 0")
    relaxation = begin(problem, run, _SOURCE)
    if isinstance(relaxation, Outcome):
        return relaxation
    search = run.supervise(lambda: _Search(problem, run, relaxation))
    limit = run.limits.iterations
    within = run.remaining * _A_SECOND if limit is None else float(limit)
    if search.sets() > patience * within:
        return Outcome(raw_status="too many sets for the time that is left")
    return search.go()


class _Search:
    """The sets of one problem, visited in short slices."""

    def __init__(
        self, problem: MultiKnapsack, run: Run, relaxation: Relaxation
    ) -> None:
        from combkit.comb.packing import _kernels_enumeration as kernels

        self._kernels, self._run = kernels, run
        cost = np.abs(relaxation.reduced)
        order = np.argsort(cost, kind="stable")
        base = relaxation.reduced > 0
        base[order[:_LISTED]] = False
        best = int(run.objective or 0)
        spare = relaxation.bound - best - 1.0
        rest = order[_LISTED:]
        self._base, self._listed = base, order[:_LISTED]
        self._rest = rest[cost[rest] <= spare]
        self._subsets, self._tree = self._planted(problem, relaxation, best, spare)
        # The empty set; kernels are loaded or compiled here, under supervision.
        kernels.fill(self._tree)
        kernels.visit(self._tree, 0)
        self._proven = spare < 0.0

    def _planted(
        self, problem: MultiKnapsack, relaxation: Relaxation, best: int, spare: float
    ) -> tuple[NDArray[np.bool_], Tree]:
        """Return the subsets of the listed items, and the tree."""
        listed, rest = self._listed, self._rest
        subsets = (np.arange(1 << listed.size)[:, None] >> np.arange(listed.size)) & 1
        filling = subsets @ problem.profits[listed]
        ranked = np.argsort(-filling, kind="stable")
        weights = problem.weights
        # Exact sums: costs are rounded down to integers, what they may be up.
        unit = 1 << max(0, _BITS - max(0, math.frexp(max(spare, 1.0))[1]))
        cost = np.floor(np.abs(relaxation.reduced[rest]) * unit).astype(np.int64)
        sign = np.where(self._base[rest], -1, 1)
        freed = np.ascontiguousarray((-sign * weights[:, rest]).T)
        ratio = freed / np.maximum(cost, 1)[:, None] * (1.0 + _NOISE)
        whole = weights[:, listed].sum(axis=1)
        tree = self._kernels.Tree(
            unit=unit,
            cost=cost,
            profit=sign * problem.profits[rest],
            freed=freed,
            most_freed=_largest_from(ratio),
            most_used=_largest_from(-ratio),
            price=relaxation.prices * (unit * (1.0 - _NOISE)),
            filling=filling[ranked],
            use=np.ascontiguousarray(subsets[ranked] @ weights[:, listed].T),
            whole=whole,
            slack=problem.capacities - weights[:, self._base].sum(axis=1),
            path=np.zeros(rest.size, np.int64),
            kept=np.zeros(rest.size, np.int64),
            count=np.array([0, 0, 0, -1]),
            value=np.array(
                [problem.profits[self._base].sum(), best, 0, math.ceil(spare * unit)]
            ),
        )
        return subsets[ranked] != 0, tree

    def sets(self) -> float:
        """Return how many sets there are by their costs alone, about."""
        tree = self._tree
        spare = max(1, int(tree.value[self._kernels.SPARE]))
        number = np.zeros(_STEPS + 1)
        number[0] = 1.0
        for step in (tree.cost * (_STEPS / spare)).astype(np.int64).tolist():
            if step > _STEPS:
                break
            number[step:] += number[: _STEPS + 1 - step].copy()
        return float(number.sum())

    def go(self) -> Outcome:
        """Visit the sets until the run ends or there are no more."""
        run = self._run
        if not self._proven:
            side_by_side(run, [self._tree], self._move, self._report, steps=10_000)
        if not self._proven:
            return Outcome()
        run.report_bound(run.objective or 0.0, _SOURCE)
        return Outcome(Status.OPTIMAL)

    def _move(self, tree: Tree, sets: int) -> bool:
        self._proven = not self._kernels.visit(tree, sets)
        return not self._proven

    def _report(self, last: bool) -> None:
        kernels, tree = self._kernels, self._tree
        kept, filling = tree.count[[kernels.KEPT, kernels.FILLING]].tolist()
        if filling < 0:
            return
        chosen = self._base.copy()
        departures = self._rest[tree.kept[:kept]]
        chosen[departures] = ~chosen[departures]
        chosen[self._listed] = self._subsets[filling]
        self._run.report(Selection(np.flatnonzero(chosen)), _SOURCE)


def _largest_from(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest ratio from each departure on, at least 0; one more row."""
    ratio = np.concatenate([np.maximum(ratio, 0.0), np.zeros((1, ratio.shape[1]))])
    return np.ascontiguousarray(np.maximum.accumulate(ratio[::-1])[::-1])
