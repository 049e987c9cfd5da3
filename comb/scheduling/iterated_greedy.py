"""Iterated greedy search for the permutation flow shop.

Some jobs are removed, the rest is improved, the jobs are put back one by one
where they do least harm, all is improved, and the result is accepted as in
annealing at a constant temperature [1]_, [2]_. The first sequence is built the
same way from all jobs, the longest ones first [3]_.

References
----------
.. [1] R. Ruiz, T. Stützle, "A simple and effective iterated greedy algorithm
   for the permutation flowshop scheduling problem", European Journal of
   Operational Research 177(3), 2007. https://doi.org/10.1016/j.ejor.2005.12.009
.. [2] J. Dubois-Lacoste, F. Pagnozzi, T. Stützle, "An iterated greedy algorithm
   with optimization of partial solutions for the makespan permutation flowshop
   problem", Computers & Operations Research 81, 2017.
.. [3] M. Nawaz, E. E. Enscore, I. Ham, "A heuristic algorithm for the m-machine,
   n-job flow-shop sequencing problem", Omega 11(1), 1983.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports
from combkit.comb.scheduling.model_bounds import makespan_bound, windows
from combkit.comb.scheduling.walks import advance
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.shops import FlowShop
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_flowshop import Greedy

__all__ = ["flow_time_bound", "schedule_of", "solve"]

_SOURCE = "iterated-greedy"

Integers = NDArray[np.int64]
Sequence = NDArray[np.int32]


def solve(
    problem: FlowShop, run: Run, *, removed: int = 2, temperature: float = 0.5
) -> Outcome:
    """Search until the run ends, or a bound proves the best sequence optimal.

    Starts from the order of ``run.initial``, if there is one. An iteration is
    the insertion of a job. With several threads, independent searches run side
    by side.

    Parameters
    ----------
    problem : FlowShop
        The problem.
    run : Run
        The run.
    removed : int
        Jobs removed at a time, at least 1.
    temperature : float
        Of the acceptance, in tenths of the mean duration; for the flow time,
        times the number of jobs.

    Raises
    ------
    UsageError
        If a number is too small.
    """
    if removed < 1 or not temperature >= 0:
        raise UsageError(
            f"removed={removed}, temperature={temperature}: at least 1 and 0"
        )
    duration = problem.durations
    longest = np.argsort(-duration.sum(axis=1), kind="stable").astype(np.int32)
    if run.solution is None:
        order = longest if problem.objective == "makespan" else longest[::-1]
        run.report(schedule_of(duration, order), "longest-first")
    if problem.objective == "makespan":
        run.report_bound(makespan_bound(problem.model, windows(problem.model)), "load")
    else:
        run.report_bound(flow_time_bound(duration), "load")
    if run.should_stop():
        return Outcome()
    run.supervise(_prepare)
    start = None
    if isinstance(run.initial, Schedule):
        start = np.argsort([int(row[0]) for row in run.initial.starts], kind="stable")
    states = [
        _state_of(problem, removed, temperature, longest, run.seed, k)
        for k in range(run.threads)
    ]
    if start is not None:
        _stand_at(states[0], start.astype(np.int32))
    _Search(problem, run, states).run()
    return Outcome()


def schedule_of(duration: Integers, order: Sequence) -> Schedule:
    """Return the schedule of a sequence of jobs, everything as early as possible.

    Parameters
    ----------
    duration : ndarray, shape (jobs, machines), int64
        Durations.
    order : ndarray, shape (jobs,), int
        The sequence.
    """
    starts = np.zeros(duration.shape, np.int64)
    free = [0] * duration.shape[1]
    rows = duration.tolist()
    for job in order.tolist():
        now = 0
        for k, length in enumerate(rows[job]):
            now = max(now, free[k])
            starts[job, k] = now
            now += length
            free[k] = now
    return Schedule(list(starts))


def flow_time_bound(duration: Integers) -> int:
    """Return a bound on the sum of the ends of all jobs.

    On each machine no order beats the shortest job first, begun at the least
    head; each job then still needs its own time on the machines behind.
    """
    n = duration.shape[0]
    head = np.cumsum(duration, axis=1) - duration
    behind = duration.sum(axis=1, keepdims=True) - head - duration
    alone = np.cumsum(np.sort(duration, axis=0), axis=0).sum(axis=0)
    return int((n * head.min(axis=0) + alone + behind.sum(axis=0)).max())


class _Search:
    """Independent searches of one problem."""

    def __init__(self, problem: FlowShop, run: Run, states: list[Greedy]) -> None:
        from combkit.comb.scheduling import _kernels_flowshop

        self._kernels = _kernels_flowshop
        self._problem, self._run, self._states = problem, run, states
        self._cost = int(np.iinfo(np.int64).max)
        self._order = states[0].best.copy()
        self._reports = Reports(run, _SOURCE)

    def run(self) -> None:
        """Search until the run ends."""
        advance(self._run, self._states, self._kernels.search, self._take, moves=10)
        self._offer(last=True)

    def _take(self) -> int:
        for state in self._states:
            found = int(state.scalars[self._kernels.BEST])
            if found < self._cost:
                self._cost = found
                self._order[:] = state.best
        self._offer(last=False)
        return self._cost

    def _offer(self, *, last: bool) -> None:
        # Before the first sequence is complete, there is none.
        if self._cost < np.iinfo(np.int64).max:
            self._reports.offer(self._cost, self._schedule, last=last)

    def _schedule(self) -> Schedule:
        return schedule_of(self._problem.durations, self._order)


def _prepare() -> None:
    """Load or compile the kernels."""
    from combkit.comb.scheduling import _kernels_flowshop

    tiny = FlowShop([[1, 2], [2, 1], [3, 3]])
    order = np.arange(3, dtype=np.int32)
    _kernels_flowshop.search(_state_of(tiny, 1, 1.0, order, 0, 0), 20)


def _state_of(
    problem: FlowShop,
    removed: int,
    temperature: float,
    longest: Sequence,
    seed: int,
    number: int,
) -> Greedy:
    """Return a search that is to build its first sequence."""
    from combkit.comb.scheduling._kernels_flowshop import BUILD, PHASE, REMOVED, Greedy

    n, m = problem.durations.shape
    makespan = problem.objective == "makespan"
    heat = temperature * float(problem.durations.mean()) / 10.0
    scalars = np.full(8, np.iinfo(np.int64).max)
    scalars[:5] = 0
    scalars[PHASE], scalars[REMOVED] = BUILD, n
    return Greedy(
        duration=problem.durations.copy(),
        sequence=np.zeros(n, np.int32),
        accepted=np.zeros(n, np.int32),
        best=np.zeros(n, np.int32),
        removed=(longest if makespan else longest[::-1]).copy(),
        turn=np.zeros(n, np.int32),
        head=np.zeros((n + 1, m), np.int64),
        tail=np.zeros((n + 1, m), np.int64),
        row=np.zeros(m, np.int64),
        scalars=scalars,
        control=np.array([makespan, removed, heat if makespan else n * heat], float),
        random=kernel_state(seed, number),
    )


def _stand_at(state: Greedy, order: Sequence) -> None:
    """Let a search begin at a sequence instead."""
    from combkit.comb.scheduling._kernels_flowshop import FULL, PHASE, SIZE

    state.sequence[:] = order
    state.turn[:] = order
    state.scalars[SIZE], state.scalars[PHASE] = order.size, FULL
