"""Selections by solvers of mixed-integer programs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from combkit.instances.events import Events
from combkit.instances.mip import MIP
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection, Values
from combkit.instances.stop import MaxRuntime, RelativeGap

__all__ = ["solve_as_mip"]

#: A bound on integers may be rounded when it is this near to one.
_NEAR = 1e-6


def solve_as_mip(
    problem: Problem,
    inner: MIP,
    run: Run,
    solve: Callable[[MIP, Run], Outcome],
    source: str,
    *,
    integral: bool,
) -> Outcome:
    """Solve a problem with a solver of mixed-integer programs.

    Parameters
    ----------
    problem : Problem
        A problem whose solutions are selections.
    inner : MIP
        Its model. Its first variables, zeros and ones, are the members; where there
        are no others, the solver starts from the run's incumbent.
    run : Run
        The problem's run.
    solve : callable
        ``solve(mip, run) -> Outcome``.
    source : str
        Name of the solver.
    integral : bool
        Whether all objectives are integers.
    """
    n = problem.size["n"]
    initial = None
    if run.solution is not None and inner.n == n:
        values = np.zeros(n)
        values[run.solution.selected] = 1.0
        initial = Values(values)
    limit = run.limits.gap
    stop = RelativeGap(0.0 if limit is None else limit)
    child = Run(
        inner,
        stop=stop | MaxRuntime(run.remaining) if math.isfinite(run.remaining) else stop,
        seed=run.seed,
        threads=run.threads,
        events=_Relay(problem, run, source, integral),
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

    def __init__(self, problem: Problem, run: Run, source: str, integral: bool) -> None:
        self._problem, self._run, self._source = problem, run, source
        self._integral, self._n = integral, problem.size["n"]

    def on_incumbent(
        self, solution: Values, objective: float, time: float, source: str
    ) -> None:
        """Report the selection, unless rounding made it infeasible."""
        selection = Selection(np.flatnonzero(solution.values[: self._n] > 0.5))
        if not self._problem.check(selection):
            self._run.report(selection, self._source)

    def on_bound(self, bound: float, time: float) -> None:
        """Report the bound, rounded where objectives are integers."""
        best, slack = self._run.objective, _slack(bound)
        if self._problem.sense == "max":
            bound = (
                float(math.floor(bound + slack)) if self._integral else bound + slack
            )
            bound = bound if best is None else max(bound, best)
        else:
            bound = float(math.ceil(bound - slack)) if self._integral else bound - slack
            bound = bound if best is None else min(bound, best)
        self._run.report_bound(bound, self._source)

    def should_stop(self) -> bool:
        """Whether the problem's run is over."""
        return self._run.should_stop()


def _slack(value: float) -> float:
    return _NEAR * max(1.0, 1e-3 * abs(value))
