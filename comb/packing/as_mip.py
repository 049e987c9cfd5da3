"""Packing and covering as mixed-integer programs, for the solvers of those."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from combkit.instances.events import Events
from combkit.instances.mip import MIP
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.set_cover import SetCover
from combkit.instances.solutions import Selection, Values
from combkit.instances.stop import MaxRuntime, RelativeGap

__all__ = ["Binary", "model", "solve_as_mip"]

#: Problems whose solutions are vectors of zeros and ones.
Binary = MultiKnapsack | SetCover
#: A bound on integers may be rounded when it is this near to one.
_NEAR = 1e-6


def model(problem: Binary) -> MIP:
    """Return the integer program of a problem, a variable an item or set."""
    n = problem.n
    if isinstance(problem, MultiKnapsack):
        return MIP(
            problem.profits,
            sp.csr_array(problem.weights.astype(np.float64)),
            np.full(problem.m, -np.inf),
            problem.capacities,
            np.zeros(n),
            np.ones(n),
            np.ones(n, np.uint8),
            maximize=True,
            name=problem.name,
        )
    ones = np.ones(problem.members.size)
    columns = (ones, problem.members, problem.offsets)
    return MIP(
        problem.costs,
        sp.csc_array(columns, shape=(problem.elements, n)).tocsr(),
        np.ones(problem.elements),
        np.full(problem.elements, np.inf),
        np.zeros(n),
        np.ones(n),
        np.ones(n, np.uint8),
        name=problem.name,
    )


def solve_as_mip(
    problem: Binary, run: Run, solve: Callable[[MIP, Run], Outcome], source: str
) -> Outcome:
    """Solve a problem with a solver of mixed-integer programs.

    Parameters
    ----------
    problem : MultiKnapsack or SetCover
        The problem.
    run : Run
        Its run, whose incumbent the solver starts from.
    solve : callable
        ``solve(mip, run) -> Outcome``.
    source : str
        Name of the solver.
    """
    inner = model(problem)
    initial = None
    if run.solution is not None:
        values = np.zeros(problem.n)
        values[run.solution.selected] = 1.0
        initial = Values(values)
    limit = run.limits.gap
    stop = RelativeGap(0.0 if limit is None else limit)
    child = Run(
        inner,
        stop=stop | MaxRuntime(run.remaining) if math.isfinite(run.remaining) else stop,
        seed=run.seed,
        threads=run.threads,
        events=_Relay(problem, run, source),
        initial=initial,
    )
    if initial is not None:
        child.report(initial, "initial")
    try:
        outcome = solve(inner, child)
    finally:
        # An abandoned call must not report any more.
        child.abandoned = True
    best, bound = run.objective, run.bound
    # What is left of the gap may be no more than was allowed for rounding.
    if (
        best is not None
        and bound is not None
        and abs(bound - best) <= 3.0 * _slack(best)
    ):
        run.report_bound(best, source)
    closed = run.bound is not None and run.bound == run.objective
    return Outcome(
        Status.OPTIMAL if closed else None,
        None if closed else run.reason or outcome.reason,
        outcome.raw_status,
        outcome.extra,
    )


class _Relay(Events):
    """Passes what the solver finds on to the problem's run."""

    def __init__(self, problem: Binary, run: Run, source: str) -> None:
        self._problem, self._run, self._source = problem, run, source

    def on_incumbent(
        self, solution: Values, objective: float, time: float, source: str
    ) -> None:
        """Report the selection, unless rounding made it infeasible."""
        selection = Selection(np.flatnonzero(solution.values > 0.5))
        if not self._problem.check(selection):
            self._run.report(selection, self._source)

    def on_bound(self, bound: float, time: float) -> None:
        """Report the bound, rounded where objectives are integers."""
        bound = _rounded(self._problem, bound, self._run.objective)
        self._run.report_bound(bound, self._source)

    def should_stop(self) -> bool:
        """Whether the problem's run is over."""
        return self._run.should_stop()


def _rounded(problem: Binary, bound: float, best: float | None) -> float:
    """Return a bound with the solver's rounding and tolerances allowed for."""
    slack = _slack(bound)
    if isinstance(problem, MultiKnapsack):
        if problem.profits.dtype == np.int64:
            bound = float(math.floor(bound + slack))
        else:
            bound += slack
        return bound if best is None else max(bound, best)
    if problem.costs.dtype == np.int64:
        bound = float(math.ceil(bound - slack))
    else:
        bound -= slack
    return bound if best is None else min(bound, best)


def _slack(value: float) -> float:
    return _NEAR * max(1.0, 1e-3 * abs(value))
