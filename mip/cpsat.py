"""CP-SAT for integer programs with integral data.

References
----------
L. Perron and F. Didier, CP-SAT, Google OR-Tools.
https://developers.google.com/optimization/cp/cp_solver
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from combkit.instances.errors import SolverError, UnsupportedFeatureError, UsageError
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import native_seed
from combkit.instances.stop import Reason
from combkit.mip.contract import Reporter, gap_limit, settled, start_vector
from combkit.mip.integral import IntegralForm, integral_form
from combkit.mip.polish import polish

__all__ = ["solve", "supports"]


def supports(problem: MIP) -> str | None:
    """Return why CP-SAT is not exact on a problem, or None if it is."""
    try:
        integral_form(problem)
    except UnsupportedFeatureError as error:
        return str(error)
    return None


def solve(
    problem: MIP, run: Run, *, log: str | None = None, **native_options: Any
) -> Outcome:
    """Solve an integer program with CP-SAT.

    Parameters
    ----------
    problem : MIP
        The problem: bounded integer variables, data that are integral after
        scaling each row and the objective.
    run : Run
        Its run; an iteration is a conflict.
    log : str, optional
        File that CP-SAT's own log is written to.
    **native_options
        Any field of ``SatParameters`` by its own name.

    Raises
    ------
    UnsupportedFeatureError
        If CP-SAT would have to approximate the problem.
    UsageError
        If a parameter does not exist or does not take its value.
    """
    if (outcome := settled(problem, run)) is not None:
        return outcome
    form = integral_form(problem)
    if form.is_empty:
        return Outcome(Status.INFEASIBLE, raw_status="bounds without an integer")
    model = _model(problem, form)
    if (start := start_vector(problem, run)) is not None:
        _hint(model, form, start)
    solver = cp_model.CpSolver()
    lines: list[str] = []
    _configure(solver, run, problem, native_options)
    if log is not None:
        solver.parameters.log_search_progress = True
        solver.parameters.log_to_stdout = False
        solver.log_callback = lines.append
    reporter = Reporter(problem, run, "cpsat")
    listener = _Listener(reporter, form)
    solver.best_bound_callback = listener.on_bound

    def interrupt() -> None:
        reporter.interrupt()
        solver.stop_search()

    listener.stop = solver.stop_search
    try:
        status = run.supervise(lambda: solver.solve(model, listener), interrupt)
    finally:
        if log is not None:
            Path(log).write_text("\n".join(lines) + "\n")
        reporter.check()
    outcome = _conclude(solver, status, reporter, listener)
    polish(problem, run, "cpsat")
    return outcome


class _Listener(cp_model.CpSolverSolutionCallback):
    """Passes CP-SAT's solutions and bounds on, in the problem's own terms."""

    def __init__(self, reporter: Reporter, form: IntegralForm) -> None:
        super().__init__()
        self._reporter = reporter
        self._scale = form.objective_scale
        self.stop: Any = None

    def on_solution_callback(self) -> None:
        """Report a solution; CP-SAT calls this."""
        values = np.array(self.response_proto.solution, dtype=np.float64)
        self._reporter.listen(lambda: self._reporter.solution(values))
        self._poll()

    def on_bound(self, bound: float) -> None:
        """Report a bound; CP-SAT calls this."""
        self._reporter.listen(lambda: self._reporter.bound(self.objective(bound)))
        self._poll()

    def objective(self, scaled: float) -> float:
        """Return the problem's objective of a scaled one."""
        return scaled / self._scale + self._reporter.problem.offset

    def _poll(self) -> None:
        self._reporter.listen(self._ask)
        if self._reporter.stopping and self.stop is not None:
            self.stop()

    def _ask(self) -> None:
        self._reporter.should_stop()


def _model(problem: MIP, form: IntegralForm) -> cp_model.CpModel:
    """Fill a model's proto from arrays, one ``extend`` a field of a row."""
    model = cp_model.CpModel()
    proto = model.proto
    add_variable = proto.variables.add
    for lo, up in zip(form.lower.tolist(), form.upper.tolist(), strict=True):
        add_variable().domain.extend((lo, up))
    indices, values = problem.A.indices.tolist(), form.data.tolist()
    start = problem.A.indptr.tolist()
    lower, upper = form.row_lower.tolist(), form.row_upper.tolist()
    add_row = proto.constraints.add
    for i in range(problem.m):
        first, last = start[i], start[i + 1]
        row = add_row().linear
        row.vars.extend(indices[first:last])
        row.coeffs.extend(values[first:last])
        row.domain.extend((lower[i], upper[i]))
    used = np.flatnonzero(form.c)
    if used.size:
        proto.objective.vars.extend(used.tolist())
        proto.objective.coeffs.extend(form.c[used].tolist())
    return model


def _hint(
    model: cp_model.CpModel, form: IntegralForm, start: NDArray[np.float64]
) -> None:
    given = np.flatnonzero(np.isfinite(start))
    values = np.clip(np.round(start[given]), form.lower[given], form.upper[given])
    model.proto.solution_hint.vars.extend(given.tolist())
    model.proto.solution_hint.values.extend(values.astype(np.int64).tolist())


def _configure(
    solver: cp_model.CpSolver, run: Run, problem: MIP, native_options: dict[str, Any]
) -> None:
    """Translate limits and seed; native options have the last word."""
    options: dict[str, Any] = {
        "num_workers": run.threads,
        # Its handler is made for a solve in the main thread and aborts elsewhere.
        "catch_sigint_signal": False,
        "random_seed": native_seed(run.seed),
        # CP-SAT's gap does not know the offset; without one it divides by
        # |objective|, we by the larger of objective and bound.
        "relative_gap_limit": 0.0 if problem.offset else gap_limit(run),
    }
    if run.threads == 1:
        # Alone, the default worker has a weak LP relaxation: p0548 and p2756 take
        # under a second with the full one, more than ten without.
        options["linearization_level"] = 2
    if math.isfinite(run.remaining):
        options["max_time_in_seconds"] = run.remaining
    if run.limits.iterations is not None:
        options["max_number_of_conflicts"] = run.limits.iterations
    for name, value in (options | native_options).items():
        try:
            setattr(solver.parameters, name, value)
        except (AttributeError, TypeError, ValueError) as error:
            raise UsageError(
                f"cpsat: parameter {name!r} does not take {value!r} ({error})"
            ) from None


def _conclude(
    solver: cp_model.CpSolver, status: Any, reporter: Reporter, listener: _Listener
) -> Outcome:
    """Report what the end knows and return the outcome."""
    run = reporter.run
    raw = solver.status_name(status)
    if status == cp_model.MODEL_INVALID:
        raise SolverError(
            "CP-SAT refuses the model", solver.response_proto.solution_info
        )
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        reporter.solution(np.array(solver.response_proto.solution))
        reporter.bound(listener.objective(solver.best_objective_bound))
    proven = {
        cp_model.OPTIMAL: Status.OPTIMAL,
        cp_model.INFEASIBLE: Status.INFEASIBLE,
    }.get(status)
    run.iterations = solver.num_conflicts
    reason = None
    if proven is None and run.reason is None:
        reason = Reason.TIME if run.remaining == 0 else Reason.ITERATIONS
    return Outcome(proven, reason, raw, {"branches": solver.num_branches})
