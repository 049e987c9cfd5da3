"""Iterated greedy insertion for open and flexible job shops.

Some operations, one of them critical, are taken out and put back one by one, on
the machine and at the place where the longest path through them is shortest
[1]_; the result is accepted as in annealing at a constant temperature [2]_.

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
from combkit.comb.scheduling.disjunctive import start_of
from combkit.comb.scheduling.model_dispatch import opening, schedule_of
from combkit.comb.scheduling.walks import advance
from combkit.instances.errors import UsageError
from combkit.instances.problem import Problem
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.shops import FlexibleJobShop, OpenShop
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_insertion import Insertion

__all__ = ["solve", "supports"]

_SOURCE = "iterated-greedy"

Order = NDArray[np.int32]
Shop = OpenShop | FlexibleJobShop


def supports(problem: Problem) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    if isinstance(problem, FlexibleJobShop) and problem.precedences is not None:
        return "it has precedences of its own"
    return None


def solve(
    problem: Shop,
    run: Run,
    *,
    removed: int = 12,
    temperature: float = 0.2,
) -> Outcome:
    """Search until the run ends, or a bound proves the best schedule optimal.

    Starts from ``run.initial``, or else from a dispatched schedule. An
    iteration takes operations out and puts them back. With several threads,
    independent searches run side by side.

    Parameters
    ----------
    problem : OpenShop or FlexibleJobShop
        The problem; set-ups are taken.
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
    opening(problem, run)
    if run.should_stop():
        return Outcome()
    run.supervise(_prepare)
    order, choice = start_of(model, run.solution)
    states = [
        _state_of(problem, removed, temperature, order, choice, run.seed, k)
        for k in range(run.threads)
    ]
    _Search(problem, run, states).run()
    return Outcome()


class _Search:
    """Independent searches of one problem."""

    def __init__(self, problem: Shop, run: Run, states: list[Insertion]) -> None:
        from combkit.comb.scheduling import _kernels_insertion

        self._kernels = _kernels_insertion
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

    def _makespan(self, state: Insertion) -> int:
        return int(state.scalars[self._kernels.BEST])

    def _offer(self, *, last: bool) -> None:
        # Operations that must not follow each other are no schedule.
        if self._makespan(self._best) < self._kernels.FORBIDDEN:
            self._reports.offer(self._makespan(self._best), self._schedule, last=last)

    def _schedule(self) -> Schedule:
        best = self._best
        state = _state_of(self._problem, 1, 0.0, best.best, best.best_choice, 0, 0)
        modes = best.best_choice - best.first[:-1]
        return schedule_of(self._problem, state.head, modes)


def _prepare() -> None:
    """Load or compile the kernels."""
    from combkit.comb.scheduling import _kernels_insertion

    order = np.arange(4, dtype=np.int32)
    state = _state_of(OpenShop([[1, 2], [3, 4]]), 2, 1.0, order, order, 0, 0)
    _kernels_insertion.search(state, 10)


def _state_of(
    problem: Shop,
    removed: int,
    temperature: float,
    order: Order,
    choice: Order,
    seed: int,
    number: int,
) -> Insertion:
    """Return a search that stands at a schedule."""
    from combkit.comb.scheduling._kernels_insertion import FORBIDDEN, Insertion, begin

    model = problem.model
    n, jobs = model.n_tasks, len(problem.row_sizes)
    most = min(removed, n)
    if isinstance(problem, OpenShop):
        machines = problem.durations.shape[1]
        machine, setup = np.tile(np.arange(machines), jobs), None
    else:
        machines, setup = problem.n_machines, problem.setups
        machine = model.use_resource
    if setup is None:
        setup = np.zeros((0, 0, 0), np.int64)
    heat = temperature * float(model.mode_duration.std())
    state = Insertion(
        first=model.first_mode.astype(np.int32),
        option_machine=machine.astype(np.int32),
        option_duration=model.mode_duration.copy(),
        job=np.repeat(np.arange(jobs, dtype=np.int32), problem.row_sizes),
        setup=np.where(setup < 0, FORBIDDEN, setup),
        order=np.zeros(n, np.int32),
        trial=np.zeros(n, np.int32),
        best=np.zeros(n, np.int32),
        chosen=np.zeros(n, np.int32),
        choice=np.zeros(n, np.int32),
        best_choice=np.zeros(n, np.int32),
        machine=np.zeros(n, np.int32),
        duration=np.zeros(n, np.int64),
        critical=np.zeros(n, np.int32),
        removed=np.zeros(n, np.int32),
        out=np.zeros(n, np.uint8),
        head=np.zeros(n, np.int64),
        tail=np.zeros(n, np.int64),
        job_end=np.zeros(jobs, np.int64),
        machine_end=np.zeros(machines, np.int64),
        last=np.zeros(machines, np.int32),
        place=np.zeros(n + 2, np.int32),
        behind=np.zeros(n + 2, np.int64),
        scalars=np.array([0, np.iinfo(np.int64).max, 0]),
        control=np.array(
            [(most + 2) // 3, most, heat, isinstance(problem, FlexibleJobShop)], float
        ),
        random=kernel_state(seed, number),
    )
    begin(state, order, choice)
    return state
