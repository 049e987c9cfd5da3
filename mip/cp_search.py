"""One way to run CP-SAT on a model, whatever the model is of.

References
----------
L. Perron and F. Didier, CP-SAT, Google OR-Tools.
https://developers.google.com/optimization/cp/cp_solver
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from ortools.sat.python import cp_model

from combkit.instances.errors import SolverError, UsageError
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import native_seed
from combkit.instances.stop import Reason

__all__ = ["search"]

#: Seconds by which CP-SAT's own clock runs behind the run's, which interrupts.
_LATE = 0.1
_PROVEN = {
    cp_model.OPTIMAL: Status.OPTIMAL,
    cp_model.INFEASIBLE: Status.INFEASIBLE,
}


def search(
    model: cp_model.CpModel,
    run: Run,
    *,
    found: Callable[[cp_model.CpSolverSolutionCallback], None],
    bounded: Callable[[float], None],
    options: Mapping[str, Any],
    log: str | os.PathLike[str] | None = None,
) -> Outcome:
    """Search and prove until optimal or the run ends.

    Parameters
    ----------
    model : CpModel
        The model.
    run : Run
        The run; ``run.threads`` are CP-SAT's workers, an iteration is a
        conflict.
    found : callable
        Reports the solution that the callback object holds.
    bounded : callable
        Reports a bound of the model's objective.
    options : mapping
        Fields of ``SatParameters`` by name; they have the last word.
    log : str or PathLike, optional
        File for CP-SAT's own log.

    Raises
    ------
    UsageError
        If a parameter does not exist or does not take its value, or the log
        cannot be written.
    SolverError
        If CP-SAT refuses the model.
    """
    solver = cp_model.CpSolver()
    _configure(solver, run, options)
    failures: list[BaseException] = []

    def guarded(report: Callable[[], None]) -> None:
        # An exception must not travel through the native stack.
        try:
            if not (run.abandoned or failures):
                report()
        except BaseException as error:
            failures.append(error)
            solver.stop_search()

    class Callback(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            guarded(lambda: found(self))

    solver.best_bound_callback = lambda bound: guarded(lambda: bounded(bound))
    with contextlib.ExitStack() as stack:
        if log is not None:
            file = stack.enter_context(_log_file(log))
            solver.parameters.log_search_progress = True
            solver.parameters.log_to_stdout = False
            solver.log_callback = lambda line: print(line, file=file)
        status = run.supervise(
            lambda: solver.solve(model, Callback()), solver.stop_search
        )
    if failures:
        raise failures[0]
    return _conclude(solver, status, run, bounded)


def _configure(solver: cp_model.CpSolver, run: Run, options: Mapping[str, Any]) -> None:
    """Translate limits and seed."""
    translated: dict[str, Any] = {
        "num_workers": run.threads,
        # Its handler is made for a solve in the main thread and aborts elsewhere.
        "catch_sigint_signal": False,
        "random_seed": native_seed(run.seed),
    }
    if math.isfinite(run.remaining):
        translated["max_time_in_seconds"] = run.remaining + _LATE
    if run.limits.iterations is not None:
        translated["max_number_of_conflicts"] = run.limits.iterations
    for name, value in (translated | dict(options)).items():
        try:
            setattr(solver.parameters, name, value)
        except (AttributeError, TypeError, ValueError) as error:
            raise UsageError(
                f"cpsat: parameter {name!r} does not take {value!r} ({error})"
            ) from None


def _log_file(path: str | os.PathLike[str]) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"log: cannot write {path}: {error.strerror}") from None


def _conclude(
    solver: cp_model.CpSolver, status: Any, run: Run, bounded: Callable[[float], None]
) -> Outcome:
    """Report the last bound and translate the status."""
    raw = str(solver.status_name(status))
    if status == cp_model.MODEL_INVALID:
        raise SolverError(
            "CP-SAT refuses the model", solver.response_proto.solution_info or raw
        )
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        bounded(solver.best_objective_bound)
    run.iterations = solver.num_conflicts
    proven = _PROVEN.get(status)
    reason = None
    if proven is None and run.reason is None:
        limit = run.limits.iterations
        spent = limit is not None and solver.num_conflicts >= limit
        reason = Reason.ITERATIONS if spent else Reason.TIME
    return Outcome(proven, reason, raw, {"branches": solver.num_branches})
