"""The job shop by CP-SAT, with interval variables."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from combkit.comb.scheduling.bounds import (
    heads,
    jackson_bound,
    tails,
    trivial_bound,
)
from combkit.comb.scheduling.dispatch import quick
from combkit.instances.errors import SolverError, UsageError
from combkit.instances.jobshop import JobShop
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import native_seed
from combkit.instances.solutions import Schedule
from combkit.instances.stop import Reason

__all__ = ["solve"]

_SOURCE = "cpsat"
#: Seconds by which CP-SAT's clock runs behind the run's.
_LATE = 0.1
#: Operations added to the model between two looks at the clock.
_POLL = 500


def solve(
    problem: JobShop, run: Run, *, log: str | os.PathLike[str] | None = None
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
    """
    run.report_bound(trivial_bound(problem), "load")
    if run.solution is None:
        run.report(quick(problem), "dispatch")
    run.report_bound(jackson_bound(problem), "jackson")
    if run.should_stop():
        return Outcome(reason=run.reason)
    model = run.supervise(lambda: _model(problem, run))
    if model is None:  # out of time
        return Outcome(reason=run.reason)
    return _search(problem, run, model, log)


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


def _search(
    problem: JobShop, run: Run, model: _Model, log: str | os.PathLike[str] | None
) -> Outcome:
    """Run CP-SAT until it is done or told to stop."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = run.threads
    # Its own Ctrl-C handler would displace the run's.
    parameters.catch_sigint_signal = False
    parameters.random_seed = native_seed(run.seed)
    if run.threads == 1:
        # Linear relaxations say little about a makespan, and a single worker
        # has no time to waste: without them the mean gap is a third.
        parameters.linearization_level = 0
    if math.isfinite(run.remaining):
        # The run's own clock interrupts; this one is for when it cannot.
        parameters.max_time_in_seconds = run.remaining + _LATE
    failures: list[BaseException] = []

    def guarded(work: Callable[[], Any]) -> None:
        # An exception must not travel through the native stack.
        try:
            if not (run.abandoned or failures):
                work()
        except BaseException as error:
            failures.append(error)
            solver.stop_search()

    class OnSolution(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            guarded(
                lambda: run.report(
                    Schedule(
                        [self.value(s) * model.unit for s in row]
                        for row in model.starts
                    ),
                    _SOURCE,
                )
            )

    def on_bound(bound: float) -> None:
        guarded(lambda: run.report_bound(round(bound) * model.unit, _SOURCE))

    solver.best_bound_callback = on_bound
    with contextlib.ExitStack() as stack:
        if log is not None:
            file = stack.enter_context(_log_file(log))
            parameters.log_search_progress = True
            parameters.log_to_stdout = False
            solver.log_callback = lambda line: print(line, file=file)
        status = run.supervise(
            lambda: solver.solve(model.proto, OnSolution()), solver.stop_search
        )
    if failures:
        raise failures[0]
    return _outcome(run, solver, status)


def _log_file(path: str | os.PathLike[str]) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"log: cannot write {path}: {error.strerror}") from None


def _outcome(run: Run, solver: Any, status: Any) -> Outcome:
    """Translate CP-SAT's status."""
    from ortools.sat.python import cp_model

    raw = str(solver.status_name(status))
    extra = {"branches": solver.num_branches, "conflicts": solver.num_conflicts}
    if status == cp_model.OPTIMAL:
        run.report_bound(run.objective or 0.0, _SOURCE)
        return Outcome(Status.OPTIMAL, raw_status=raw, extra=extra)
    if status in (cp_model.FEASIBLE, cp_model.UNKNOWN):
        # Its clock and ours agree up to the time that one call takes.
        return Outcome(reason=run.reason or Reason.TIME, raw_status=raw, extra=extra)
    raise SolverError("CP-SAT failed on the job-shop model", raw)
