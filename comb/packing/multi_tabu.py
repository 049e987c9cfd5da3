"""Tabu search for the multidimensional knapsack on a core around its relaxation.

A selection that is worth more than the incumbent departs from the linear
relaxation only in items whose reduced profits add up to little. So the search
moves among the items of least reduced profit, the core [1]_; the others are as in
the relaxation. A core that gives nothing any more grows, and then gives way to that of
the relaxation with another number of items selected [2]_: those that differ from the
first one in many places are near to one of these.

References
----------
.. [1] J. Puchinger, G. R. Raidl, U. Pferschy, "The multidimensional knapsack
   problem: structure and algorithms", INFORMS Journal on Computing 22(2), 2010.
   doi:10.1287/ijoc.1090.0344
.. [2] M. Vasquez, J.-K. Hao, "A hybrid approach for the 0-1 multidimensional
   knapsack problem", IJCAI 2001.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.packing.multi_greedy import (
    Relaxation,
    begin,
    fill,
    relax,
    report_bound,
)
from combkit.comb.routing.slices import fitted
from combkit.instances.errors import UsageError
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Selection

if TYPE_CHECKING:
    from combkit.comb.packing._kernels_multi import Sack

__all__ = ["solve"]

_SOURCE = "local-search"
#: Growth of a core, and its largest size in multiples of the first.
_GROWTH, _MOST = 1.3, 4.0
#: Steps in vain, in multiples of the patience, after which a core grows.
_PERSEVERANCE = 20
#: Moves between two looks at the searches under a limit on iterations.
_FIXED = 200
#: Numbers of selected items that are looked at, next to that of the relaxation.
_COUNTS = 8
#: Lowest price of a resource, as a share of the mean profit that its mean use is
#: worth if all resources are alike.
_FLOOR = 0.1


def solve(
    problem: MultiKnapsack,
    run: Run,
    *,
    core: int = 22,
    tenure: int = 5,
    patience: int = 2000,
) -> Outcome:
    """Search until the run ends, or the relaxation proves the incumbent optimal.

    An iteration is a move. With several threads, independent searches run side
    by side and go on from the best of them.

    Parameters
    ----------
    problem : MultiKnapsack
        The problem.
    run : Run
        The run.
    core : int
        Items of the first core, at least 2.
    tenure : int
        Moves for which an item that moved rests at least, 1 or more.
    patience : int
        Moves without improvement after which a search restarts, 1 or more.

    Raises
    ------
    UsageError
        If a number is too small.
    """
    if core < 2 or tenure < 1 or patience < 1:
        raise UsageError(
            f"core={core}, tenure={tenure}, patience={patience}: at least 2, 1 and 1"
        )
    relaxation = begin(problem, run, _SOURCE)
    if isinstance(relaxation, Outcome):
        return relaxation
    order = np.lexsort((-relaxation.reduced, -np.round(relaxation.values, 9)))
    run.report(Selection(fill(problem, order)), _SOURCE)
    run.supervise(_warm_up)
    return _Search(problem, run, relaxation, core, tenure, patience).go()


class _Search:
    """Searches on the cores of one problem, advanced in short slices."""

    def __init__(
        self,
        problem: MultiKnapsack,
        run: Run,
        relaxation: Relaxation,
        core: int,
        tenure: int,
        patience: int,
    ) -> None:
        from combkit.comb.packing import _kernels_multi as kernels

        self._kernels = kernels
        self._problem, self._run = problem, run
        self._core, self._tenure, self._patience = core, tenure, patience
        # Present first; those with a number of items follow when it is used up.
        self._first, self._relaxations = relaxation, [relaxation]
        self._by_count = self._proven = False
        self._floor = np.maximum(
            relaxation.prices,
            _FLOOR
            * max(float(problem.profits.mean()), 1e-300)
            / problem.m
            / np.maximum(problem.weights.mean(axis=1), 1e-300),
        )
        self._states = [kernel_state(run.seed, k) for k in range(run.threads)]
        chosen = np.zeros(problem.n, dtype=np.bool_)
        chosen[run.solution.selected] = True
        self._best = chosen

    def go(self) -> Outcome:
        """Search until the run ends or nothing is left to decide."""
        run, limit = self._run, self._run.limits.iterations
        steps, done, size, vain = _FIXED, 0, self._core, 0
        free, sacks = self._sacks(size)
        with ThreadPoolExecutor(len(self._states)) as pool:
            while sacks and not run.should_stop(done):
                if limit is not None:
                    steps = max(1, min(steps, limit - done))
                started = time.perf_counter()
                self._advance(sacks, steps, pool)
                done += steps
                vain += steps
                # When cores are renewed must not depend on the clock then.
                if limit is None:
                    steps = fitted(steps, time.perf_counter() - started)
                if self._improved(free, sacks):
                    size, vain = self._core, 0
                    free, sacks = self._sacks(size)
                elif vain > _PERSEVERANCE * self._patience:
                    vain = 0
                    size = round(_GROWTH * size)
                    if size > _MOST * self._core:
                        size = self._core
                        self._turn()
                    free, sacks = self._sacks(size)
        if self._proven:
            # Every departure from the relaxation costs what could be gained.
            run.report_bound(run.objective or 0.0, _SOURCE)
            return Outcome(Status.OPTIMAL)
        return Outcome()

    def _turn(self) -> None:
        """Go on with the next relaxation; solve the others the first time."""
        if not self._by_count:
            self._by_count = True
            self._run.supervise(self._relax_by_count)
        self._relaxations.append(self._relaxations.pop(0))

    def _relax_by_count(self) -> None:
        """Relax with numbers of items near to that of the relaxation."""
        problem, usual = self._problem, float(self._first.values.sum())
        counts = sorted(range(problem.n + 1), key=lambda count: abs(count - usual))
        others = [relax(problem, count) for count in counts[:_COUNTS]]
        # Bounds are concave in the number of items: the nearest two are the largest.
        nearest = [r for r in others[:2] if r is not None]
        if len(nearest) == 2:
            highest = max(nearest, key=lambda relaxation: relaxation.bound)
            report_bound(problem, self._run, highest, _SOURCE)
        self._relaxations += [r for r in others if r is not None]

    def _advance(self, sacks: list[Sack], steps: int, pool: ThreadPoolExecutor) -> None:
        def one(sack: Sack) -> None:
            self._kernels.advance(sack, steps, self._tenure, self._patience)

        if len(sacks) == 1:
            one(sacks[0])
        else:
            list(pool.map(one, sacks))

    def _improved(self, free: NDArray[np.int64], sacks: list[Sack]) -> bool:
        """Report the best selection of the searches; return whether it is new."""
        sack = max(sacks, key=lambda sack: float(sack.value[self._kernels.BEST]))
        better = self._base.copy()
        better[free] = sack.best != 0
        if not self._run.report(Selection(np.flatnonzero(better)), _SOURCE):
            return False
        self._best = better
        return True

    def _sacks(self, size: int) -> tuple[NDArray[np.int64], list[Sack]]:
        """Return the items of the core, and searches that start there.

        There are no searches where no item is open, which proves the incumbent, or
        where rounding leaves the items outside of the core no room. Relaxations with
        a number of items are given up then.
        """
        problem = self._problem
        while True:
            relaxation = self._relaxations[0]
            open_ = self._open(relaxation)
            free = np.sort(open_[:size])
            base = relaxation.reduced > 0
            base[free] = False
            slack = problem.capacities - problem.weights[:, base].sum(axis=1)
            if free.size and np.all(slack >= 0):
                break
            if relaxation is self._first:
                self._proven = free.size == 0
                return free, []
            self._relaxations.pop(0)
        self._base = base
        start = self._best[free].copy()
        # The incumbent may be outside of the core: what then does not fit is left.
        if not np.all(slack >= problem.weights[:, free[start]].sum(axis=1)):
            start[:] = False
        return free, [self._sack(free, slack, start, state) for state in self._states]

    def _open(self, relaxation: Relaxation) -> NDArray[np.int64]:
        """Return the items in which a better selection may depart, likely first."""
        cost = np.abs(relaxation.reduced)
        rank = np.argsort(cost, kind="stable")
        least = 1.0 if self._problem.profits.dtype == np.int64 else 0.0
        spare = relaxation.bound - (self._run.objective or 0.0) - least
        return rank[cost[rank] <= spare]

    def _sack(
        self,
        free: NDArray[np.int64],
        slack: NDArray[np.float64],
        start: NDArray[np.bool_],
        state: NDArray[np.uint64],
    ) -> Sack:
        weights = self._problem.weights[:, free].T.astype(np.float64)
        sack = _sack_of(
            self._problem.profits[free].astype(np.float64),
            np.ascontiguousarray(weights),
            slack.astype(np.float64),
            self._floor,
            state,
        )
        self._kernels.load(sack, start)
        return sack


def _sack_of(
    profits: NDArray[np.float64],
    weights: NDArray[np.float64],
    slack: NDArray[np.float64],
    floor: NDArray[np.float64],
    state: NDArray[np.uint64],
) -> Sack:
    from combkit.comb.packing._kernels_multi import Sack

    n = profits.size
    return Sack(
        profit=profits,
        weight=weights,
        floor=floor,
        price=1.5 * floor,
        slack=slack,
        inside=np.zeros(n, np.uint8),
        until=np.zeros(n, np.int64),
        value=np.zeros(3),
        best=np.zeros(n, np.uint8),
        elite=np.zeros(n, np.uint8),
        counters=np.zeros(3, np.int64),
        random=state,
    )


def _warm_up() -> None:
    """Load the compiled kernels, compiling them the first time."""
    from combkit.comb.packing import _kernels_multi as kernels

    sack = _sack_of(
        np.array([3.0, 2.0]),
        np.array([[2.0], [1.0]]),
        np.array([2.0]),
        np.ones(1),
        np.ones(1, np.uint64),
    )
    kernels.load(sack, np.zeros(2, dtype=np.bool_))
    kernels.advance(sack, 2, 1, 1)
