"""The job shop by CP-SAT, with interval variables."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from combkit.comb.scheduling.bounds import (
    heads,
    jackson_bound,
    tails,
    trivial_bound,
)
from combkit.comb.scheduling.proposals import proposed
from combkit.comb.scheduling.quick import quick
from combkit.instances.jobshop import JobShop
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Schedule

__all__ = ["solve"]

_SOURCE = "cpsat"
#: Operations added to the model between two looks at the clock.
_POLL = 500
#: Schedules proposed, the best of which is the hint.
_STARTS = 16


def solve(
    problem: JobShop,
    run: Run,
    *,
    log: str | os.PathLike[str] | None = None,
    starts: str | None = None,
) -> Outcome:
    """Solve by CP-SAT: intervals that do not overlap on their machines.

    The search starts from the incumbent, or from a schedule by most work
    remaining: every variable is hinted, and start times have the domains that
    heads, tails and the incumbent leave. Durations are divided by their
    greatest common divisor.

    Parameters
    ----------
    problem : JobShop
        The problem.
    run : Run
        The run.
    log : str or PathLike, optional
        File for CP-SAT's own log.
    starts : str, optional
        Who proposes the first schedules, e.g. ``dispatch``, the learned rule.
    """
    run.report_bound(trivial_bound(problem), "load")
    if run.solution is None:
        run.report(quick(problem), "dispatch")
    run.report_bound(jackson_bound(problem), "jackson")
    proposed(starts, problem, run, _STARTS)
    if run.should_stop():
        return Outcome(reason=run.reason)
    from combkit.mip.cp_search import search

    model = run.supervise(lambda: _model(problem, run))
    if model is None:  # out of time
        return Outcome(reason=run.reason)

    def found(callback: Any) -> None:
        starts = [[callback.value(s) * model.unit for s in row] for row in model.starts]
        run.report(Schedule(starts), _SOURCE)

    def bounded(bound: float) -> None:
        run.report_bound(round(bound) * model.unit, _SOURCE)

    # Linear relaxations say little about a makespan, and a single worker has no
    # time to waste: without them the mean gap is a third.
    options = {"linearization_level": 0} if run.threads == 1 else {}
    return search(
        model.proto,
        run,
        found=found,
        bounded=bounded,
        options=options,
        log=log,
    )


@dataclass(frozen=True, slots=True)
class _Model:
    """CP-SAT's model, its start variables by job, and the unit of time."""

    proto: Any
    starts: list[list[Any]]
    unit: int


def _model(problem: JobShop, run: Run) -> _Model | None:
    """Build the model, hinted by the incumbent; None when told to stop."""
    from ortools.sat.python.cp_model import CpModel

    unit = int(np.gcd.reduce(np.concatenate(problem.durations))) or 1
    horizon = int(run.objective or 0) // unit
    model = CpModel()
    # The bound is proven, so that it may cut the domain.
    makespan = model.new_int_var(
        math.ceil((run.bound or 0) / unit), horizon, "makespan"
    )
    model.add_hint(makespan, horizon)
    on_machine: list[list[Any]] = [[] for _ in range(problem.n_machines)]
    starts: list[list[Any]] = []
    before, after = heads(problem), tails(problem)
    count = 0
    for job in range(problem.n_jobs):
        row: list[Any] = []
        # Rounding a feasible schedule down to the unit leaves it feasible.
        hints = (run.solution.starts[job] // unit).tolist()
        durations = problem.durations[job].tolist()
        for k, machine in enumerate(problem.machines[job].tolist()):
            duration, tail = durations[k] // unit, after[job][k] // unit
            start = model.new_int_var(
                before[job][k] // unit, horizon - tail - duration, f"s{job}_{k}"
            )
            model.add_hint(start, hints[k])
            if row:
                model.add(start >= row[-1] + durations[k - 1] // unit)
            row.append(start)
            on_machine[machine].append(
                model.new_fixed_size_interval_var(start, duration, f"i{job}_{k}")
            )
            count += 1
            if count % _POLL == 0 and run.should_stop():
                return None
        model.add(makespan >= row[-1] + durations[-1] // unit)
        starts.append(row)
    for intervals in on_machine:
        model.add_no_overlap(intervals)
    model.minimize(makespan)
    return _Model(model, starts, unit)
