"""Iterated greedy search for the open shop.

Some operations, one of them critical, are taken out and put back one by one
where the longest path through them is shortest [1]_; the result is accepted as
in annealing at a constant temperature [2]_.

References
----------
.. [1] H. Bräsel, T. Tautenhahn, F. Werner, "Constructive heuristic algorithms
   for the open shop problem", Computing 51(2), 1993.
   https://doi.org/10.1007/BF02243845
.. [2] R. Ruiz, T. Stützle, "A simple and effective iterated greedy algorithm
   for the permutation flowshop scheduling problem", European Journal of
   Operational Research 177(3), 2007. https://doi.org/10.1016/j.ejor.2005.12.009
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports
from combkit.comb.scheduling.model_bounds import makespan_bound, windows
from combkit.comb.scheduling.model_dispatch import first_schedule
from combkit.comb.scheduling.walks import advance
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.shops import OpenShop
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_openshop import OpenGreedy

__all__ = ["solve"]

_SOURCE = "iterated-greedy"


def solve(
    problem: OpenShop, run: Run, *, removed: int = 12, temperature: float = 0.25
) -> Outcome:
    """Search until the run ends, or a bound proves the best schedule optimal.

    Starts from ``run.initial``, or else from a dispatched schedule. An
    iteration takes operations out and puts them back. With several threads,
    independent searches run side by side.

    Parameters
    ----------
    problem : OpenShop
        The problem.
    run : Run
        The run.
    removed : int
        Operations taken out at a time, at most; at least a third of that.
    temperature : float
        Of the acceptance, in standard deviations of the durations.

    Raises
    ------
    UsageError
        If a number is too small.
    """
    if removed < 1 or not temperature >= 0:
        raise UsageError(
            f"removed={removed}, temperature={temperature}: at least 1 and 0"
        )
    model = problem.model
    run.report_bound(makespan_bound(model, windows(model)), "load")
    if run.solution is None:
        first_schedule(problem, run)
    if run.should_stop():
        return Outcome()
    run.supervise(_prepare)
    order = _order_of(problem, run.solution)
    states = [
        _state_of(problem, removed, temperature, order, run.seed, k)
        for k in range(run.threads)
    ]
    _Search(problem, run, states).run()
    return Outcome()


class _Search:
    """Independent searches of one problem."""

    def __init__(self, problem: OpenShop, run: Run, states: list[OpenGreedy]) -> None:
        from combkit.comb.scheduling import _kernels_openshop

        self._kernels = _kernels_openshop
        self._problem, self._run, self._states = problem, run, states
        self._best = states[0]
        self._reports = Reports(run, _SOURCE)

    def run(self) -> None:
        """Search until the run ends."""
        advance(self._run, self._states, self._kernels.search, self._take, moves=10)
        self._offer(last=True)

    def _take(self) -> int:
        self._best = min(self._states, key=self._makespan)
        self._offer(last=False)
        return self._makespan(self._best)

    def _makespan(self, state: OpenGreedy) -> int:
        return int(state.scalars[self._kernels.BEST])

    def _offer(self, *, last: bool) -> None:
        self._reports.offer(self._makespan(self._best), self._schedule, last=last)

    def _schedule(self) -> Schedule:
        state = _state_of(self._problem, 1, 0.0, self._best.best, 0, 0)
        return self._problem.schedule(state.head)


def _prepare() -> None:
    """Load or compile the kernels."""
    from combkit.comb.scheduling import _kernels_openshop

    order = np.arange(4, dtype=np.int32)
    state = _state_of(OpenShop([[1, 2], [3, 4]]), 2, 1.0, order, 0, 0)
    _kernels_openshop.search(state, 10)


def _state_of(
    problem: OpenShop,
    removed: int,
    temperature: float,
    order: NDArray[np.int32],
    seed: int,
    number: int,
) -> OpenGreedy:
    """Return a search that stands at the schedule of a linear order."""
    from combkit.comb.scheduling._kernels_openshop import OpenGreedy, begin

    n, m = problem.durations.shape
    size = n * m
    most = min(removed, size)
    heat = temperature * float(problem.durations.std())
    state = OpenGreedy(
        duration=problem.durations.ravel().copy(),
        job=np.repeat(np.arange(n, dtype=np.int32), m),
        machine=np.tile(np.arange(n, n + m, dtype=np.int32), n),
        order=np.zeros(size, np.int32),
        trial=np.zeros(size, np.int32),
        best=np.zeros(size, np.int32),
        critical=np.zeros(size, np.int32),
        removed=np.zeros(size, np.int32),
        out=np.zeros(size, np.uint8),
        head=np.zeros(size, np.int64),
        tail=np.zeros(size, np.int64),
        end=np.zeros(n + m, np.int64),
        place=np.zeros(size + 1, np.int32),
        behind=np.zeros(size + 1, np.int64),
        scalars=np.array([0, np.iinfo(np.int64).max, 0]),
        control=np.array([(most + 2) // 3, most, heat], float),
        random=kernel_state(seed, number),
    )
    begin(state, order)
    return state


def _order_of(problem: OpenShop, schedule: Schedule) -> NDArray[np.int32]:
    """Return a linear order of the operations that gives a schedule, or a better one.

    By start, and among equal ones by end, so that an empty operation stands
    before one that begins when it does.
    """
    starts = np.concatenate(schedule.starts)
    ends = starts + problem.durations.ravel()
    return np.lexsort((ends, starts)).astype(np.int32)
