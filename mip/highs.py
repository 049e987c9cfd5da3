"""HiGHS for linear and mixed-integer programs.

References
----------
Q. Huangfu and J. A. J. Hall, Parallelizing the dual revised simplex method,
Mathematical Programming Computation 10 (2018). doi:10.1007/s12532-017-0130-5
"""

from __future__ import annotations

import math
from typing import Any

import highspy
import numpy as np

from combkit.instances.errors import SolverError
from combkit.instances.formats.highs_arrays import solution_arrays
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import native_seed
from combkit.instances.stop import Reason
from combkit.mip.contract import Reporter, gap_limit, settled, start_vector
from combkit.mip.highs_model import build, run_native, set_option
from combkit.mip.polish import polish

__all__ = ["solve", "solve_built"]

_STATUS = highspy.HighsModelStatus
_PROVEN = {
    _STATUS.kOptimal: Status.OPTIMAL,
    _STATUS.kModelEmpty: Status.OPTIMAL,
    _STATUS.kInfeasible: Status.INFEASIBLE,
    _STATUS.kUnbounded: Status.UNBOUNDED,
    _STATUS.kUnboundedOrInfeasible: Status.INFEASIBLE_OR_UNBOUNDED,
    _STATUS.kLoadError: Status.ERROR,
    _STATUS.kModelError: Status.ERROR,
    _STATUS.kPresolveError: Status.ERROR,
    _STATUS.kSolveError: Status.ERROR,
    _STATUS.kPostsolveError: Status.ERROR,
}
_REASONS = {
    _STATUS.kTimeLimit: Reason.TIME,
    _STATUS.kIterationLimit: Reason.ITERATIONS,
    _STATUS.kSolutionLimit: Reason.ITERATIONS,
    _STATUS.kMemoryLimit: Reason.MEMORY,
    _STATUS.kObjectiveBound: Reason.TARGET,
    _STATUS.kObjectiveTarget: Reason.TARGET,
}
#: ``primal_solution_status`` of a feasible point.
_FEASIBLE = 2


def solve(
    problem: MIP,
    run: Run,
    *,
    log: str | None = None,
    presolve: bool = True,
    heuristic_effort: float | None = None,
    **native_options: Any,
) -> Outcome:
    """Solve a problem with HiGHS.

    Parameters
    ----------
    problem : MIP
        The problem, linear or mixed-integer.
    run : Run
        Its run; an iteration is a node, or a simplex iteration of an LP.
    log : str, optional
        File that HiGHS' own log is written to.
    presolve : bool
        Whether to presolve.
    heuristic_effort : float, optional
        Share of the effort for primal heuristics, 0 to 1.
    **native_options
        Any option of HiGHS by its own name.

    Raises
    ------
    UsageError
        If HiGHS does not know an option or does not take its value.
    """
    if (outcome := settled(problem, run)) is not None:
        return outcome
    return solve_built(
        build(problem),
        problem,
        run,
        log=log,
        presolve=presolve,
        heuristic_effort=heuristic_effort,
        **native_options,
    )


def solve_built(
    highs: highspy.Highs,
    problem: MIP,
    run: Run,
    *,
    log: str | None = None,
    presolve: bool = True,
    heuristic_effort: float | None = None,
    **native_options: Any,
) -> Outcome:
    """Solve a problem with a HiGHS that holds it already, warm if it is.

    Parameters
    ----------
    highs : Highs
        The model; its options are those of ``build``.
    problem : MIP
        What it holds.
    run : Run
        The run.
    log, presolve, heuristic_effort, **native_options
        As for ``solve``.
    """
    if heuristic_effort is not None:
        native_options["mip_heuristic_effort"] = heuristic_effort
    native_options.setdefault("presolve", "choose" if presolve else "off")
    _configure(highs, problem, run, log, native_options)
    reporter = Reporter(problem, run, "highs")
    _subscribe(highs, reporter)
    _set_start(highs, problem, run)
    status = _run(highs, reporter)
    if highs.getModelStatus() == _STATUS.kUnknown and not problem.integrality.any():
        # The simplex method got lost in an LP; interior points may not.
        highs.clearSolver()
        set_option(highs, "solver", "ipm")
        # The limit of an LP counts from the object's first run.
        set_option(highs, "time_limit", highs.getRunTime() + run.remaining)
        status = _run(highs, reporter)
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS failed", _raw(highs))
    outcome = _conclude(highs, reporter)
    polish(problem, run, "highs")
    return outcome


def _run(highs: highspy.Highs, reporter: Reporter) -> highspy.HighsStatus:
    run = reporter.run
    try:
        return run.supervise(lambda: run_native(highs, run.threads), reporter.interrupt)
    finally:
        reporter.check()


def _configure(
    highs: highspy.Highs,
    problem: MIP,
    run: Run,
    log: str | None,
    native_options: dict[str, Any],
) -> None:
    """Translate limits and seed; native options have the last word."""
    options: dict[str, Any] = {
        "random_seed": native_seed(run.seed),
        # HiGHS divides by |objective|, we by the larger of both: its gap is
        # never the smaller one.
        "mip_rel_gap": gap_limit(run),
        "mip_abs_gap": 0.0 if gap_limit(run) == 0 else 1e-9,
    }
    if math.isfinite(run.remaining):
        # The clock of an LP goes on where the object's last run ended.
        spent = 0.0 if problem.integrality.any() else highs.getRunTime()
        options["time_limit"] = spent + run.remaining
    if run.limits.iterations is not None:
        is_mip = bool(problem.integrality.any())
        key = "mip_max_nodes" if is_mip else "simplex_iteration_limit"
        options[key] = run.limits.iterations
    if log is not None:
        options |= {"output_flag": True, "log_to_console": False, "log_file": log}
    for name, value in (options | native_options).items():
        set_option(highs, name, value)


def _subscribe(highs: highspy.Highs, reporter: Reporter) -> None:
    """Stream incumbents and bounds, and let the run interrupt."""

    def improved(event: Any) -> None:
        reporter.listen(lambda: reporter.solution(event.data_out.mip_solution))

    def progress(event: Any) -> None:
        def report() -> None:
            reporter.bound(event.data_out.mip_dual_bound)
            reporter.should_stop(int(event.data_out.mip_node_count))

        reporter.listen(report)
        event.interrupt(reporter.stopping)

    def pivot(event: Any) -> None:
        event.interrupt(reporter.stopping)

    highs.cbMipImprovingSolution.subscribe(improved)
    highs.cbMipInterrupt.subscribe(progress)
    highs.cbSimplexInterrupt.subscribe(pivot)
    highs.cbIpmInterrupt.subscribe(pivot)


def _set_start(highs: highspy.Highs, problem: MIP, run: Run) -> None:
    """Hand the initial solution over, without its open values."""
    x = start_vector(problem, run)
    if x is None or not problem.integrality.any():
        return
    given = np.flatnonzero(np.isfinite(x)).astype(np.int32)
    highs.setSolution(given.size, given, x[given])


def _conclude(highs: highspy.Highs, reporter: Reporter) -> Outcome:
    """Report what the end knows and return the outcome."""
    problem, native, info = reporter.problem, highs.getModelStatus(), highs.getInfo()
    is_mip = bool(problem.integrality.any())
    status = _PROVEN.get(native)
    unlimited = status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    if info.primal_solution_status == _FEASIBLE and not unlimited:
        reporter.solution(solution_arrays(highs).col_value)
    if is_mip:
        reporter.bound(info.mip_dual_bound)
        nodes = max(0, info.mip_node_count)
    elif status is Status.OPTIMAL:
        reporter.bound(info.objective_function_value)
    reporter.run.iterations = nodes if is_mip else info.simplex_iteration_count
    return Outcome(
        status,
        _REASONS.get(native) if reporter.run.reason is None else None,
        _raw(highs),
        {"simplex_iterations": info.simplex_iteration_count},
    )


def _raw(highs: highspy.Highs) -> str:
    text: str = highs.modelStatusToString(highs.getModelStatus())
    return text
