"""Local search for set cover with weights of the elements.

Sets that another one replaces at no higher cost, and elements that others imply,
are left out. Then sets are exchanged under weights of the elements that grow as
long as these are uncovered [1]_; a cover that is found loses sets until it is no
cover any more, and another one must be cheaper.

References
----------
.. [1] C. Gao, T. Weise, J. Li, "A weighting-based local search heuristic algorithm
   for the set covering problem", IEEE Congress on Evolutionary Computation 2014.
   doi:10.1109/CEC.2014.6900326
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.packing import cover_greedy
from combkit.comb.packing.cover_greedy import pruned
from combkit.comb.packing.cover_reductions import undominated
from combkit.comb.routing.slices import Reports, side_by_side
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.set_cover import SetCover
from combkit.instances.solutions import Selection

if TYPE_CHECKING:
    from combkit.comb.packing._kernels_cover import Cover

__all__ = ["solve"]

_SOURCE = "local-search"
#: Share of the time that reductions may take.
_PREPARING = 0.2
#: Float costs: what an improvement must be, as a share of all costs.
_RELATIVE = 1e-12


def solve(problem: SetCover, run: Run) -> Outcome:
    """Search until the run ends.

    An iteration is an exchange of sets. With several threads, independent
    searches run side by side.
    """
    if run.solution is None:
        cover_greedy.solve(problem, run)
    if run.should_stop():
        return Outcome()
    end = run.elapsed + _PREPARING * run.remaining
    kept = undominated(problem, lambda: run.elapsed >= end or run.should_stop())
    run.supervise(_warm_up)
    search = _Search(problem, kept, run)
    search.go()
    return Outcome(extra={"sets": int(kept.size)})


class _Search:
    """Covers of one problem, advanced in short slices."""

    def __init__(self, problem: SetCover, kept: NDArray[np.int64], run: Run) -> None:
        from combkit.comb.packing import _kernels_cover as kernels

        self._kernels, self._kept, self._run = kernels, kept, run
        self._problem = problem
        integral = problem.costs.dtype == np.int64
        spread = _RELATIVE * float(problem.costs.sum())
        # Costs with a common divisor change in steps of it.
        self._least = (
            float(max(1, np.gcd.reduce(problem.costs)))
            if integral
            else max(spread, math.ulp(0.0))
        )
        self._covers = [
            _cover_of(problem, kept, run.seed, k) for k in range(run.threads)
        ]
        for cover in self._covers:
            kernels.load(cover, self._start())
        self._reports = Reports(run, _SOURCE)

    def go(self) -> None:
        """Search until the run ends or a cover costs nothing."""
        side_by_side(self._run, self._covers, self._advance, self._report, steps=10)

    def _advance(self, cover: Cover, steps: int) -> bool:
        return bool(self._kernels.advance(cover, steps, self._least))

    def _start(self) -> NDArray[np.bool_]:
        """Return the incumbent on the sets that were kept, completed to a cover."""
        problem = self._problem
        chosen = np.zeros(problem.n, dtype=np.bool_)
        chosen[self._run.solution.selected] = True
        kept = np.zeros(problem.n, dtype=np.bool_)
        kept[self._kept] = True
        covered = np.zeros(problem.elements, dtype=np.bool_)
        owner = np.repeat(np.arange(problem.n), np.diff(problem.offsets))
        covered[problem.members[(chosen & kept)[owner]]] = True
        usable = kept[owner]
        first = np.full(problem.elements, -1)
        first[problem.members[usable][::-1]] = owner[usable][::-1]
        chosen &= kept
        chosen[first[~covered]] = True
        return pruned(problem, chosen)[self._kept]

    def _report(self, last: bool) -> None:
        cover = min(self._covers, key=lambda cover: float(cover.value[1]))

        def selection() -> Selection:
            return Selection(self._kept[np.flatnonzero(cover.best)])

        self._reports.offer(float(cover.value[1]), selection, last=last)


def _cover_of(
    problem: SetCover, kept: NDArray[np.int64], seed: int, number: int
) -> Cover:
    """Return the state of a search over some sets, to be loaded."""
    from combkit.comb.packing._kernels_cover import Cover

    place = np.full(problem.n, -1, dtype=np.int32)
    place[kept] = np.arange(kept.size)
    owner = np.repeat(place, np.diff(problem.offsets))
    members = problem.members[owner >= 0].astype(np.int32)
    owner = owner[owner >= 0]
    n, m = kept.size, problem.elements
    order = np.argsort(members, kind="stable")
    sizes, frequencies = np.bincount(owner, minlength=n), np.bincount(members)
    return Cover(
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        members=members,
        starts=np.concatenate([[0], np.cumsum(frequencies)]).astype(np.int64),
        owners=owner[order],
        cost=problem.costs[kept].astype(np.float64),
        weight=np.ones(m, np.int64),
        count=np.zeros(m, np.int64),
        sum=np.zeros(m, np.int64),
        score=np.zeros(n, np.int64),
        inside=np.zeros(n, np.uint8),
        changed=np.zeros(n, np.uint8),
        stamp=np.zeros(n, np.int64),
        chosen=np.zeros(n, np.int32),
        place=np.zeros(n, np.int32),
        open=np.zeros(m, np.int32),
        open_place=np.zeros(m, np.int32),
        counters=np.zeros(4, np.int64),
        value=np.zeros(2),
        best=np.zeros(n, np.uint8),
        random=kernel_state(seed, number),
    )


def _warm_up() -> None:
    """Load the compiled kernels, compiling them the first time."""
    from combkit.comb.packing import _kernels_cover as kernels

    cover = _cover_of(SetCover([1, 1, 1], [[0], [1], [0, 1]]), np.arange(3), 0, 0)
    kernels.load(cover, np.ones(3, dtype=np.bool_))
    kernels.advance(cover, 2, 1.0)
