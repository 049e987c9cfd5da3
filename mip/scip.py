"""SCIP for mixed-integer programs.

References
----------
S. Bolusani et al., The SCIP Optimization Suite 9.0 (2024).
doi:10.48550/arXiv.2402.17702
"""

from __future__ import annotations

import math
from typing import Any, Literal

import pyscipopt
from pyscipopt.scip import PY_SCIP_EVENTTYPE as EVENT
from pyscipopt.scip import PY_SCIP_PARAMEMPHASIS as EMPHASIS
from pyscipopt.scip import PY_SCIP_PARAMSETTING as SETTING
from pyscipopt.scip import PY_SCIP_STAGE as STAGE

from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import native_seed
from combkit.instances.stop import Reason
from combkit.mip.contract import Reporter, gap_limit, settled, start_vector
from combkit.mip.polish import polish
from combkit.mip.scip_model import ScipModel, build

__all__ = ["solve", "solve_built"]

Emphasis = Literal["default", "feasibility", "optimality", "easycip", "phaseproof"]

_EMPHASES = ("default", "feasibility", "optimality", "easycip", "phaseproof")
_PROVEN = {
    "optimal": Status.OPTIMAL,
    "infeasible": Status.INFEASIBLE,
    "unbounded": Status.UNBOUNDED,
    "inforunbd": Status.INFEASIBLE_OR_UNBOUNDED,
}
_REASONS = {
    "timelimit": Reason.TIME,
    "nodelimit": Reason.ITERATIONS,
    "totalnodelimit": Reason.ITERATIONS,
    "stallnodelimit": Reason.NO_IMPROVEMENT,
    "gaplimit": Reason.GAP,
    "primallimit": Reason.TARGET,
    "memlimit": Reason.MEMORY,
}
_INFINITY = 1e20
_WALL_CLOCK = 2


class _Listener(pyscipopt.Eventhdlr):
    """Passes SCIP's incumbents and bounds on."""

    def __init__(self, scip: ScipModel, reporter: Reporter) -> None:
        self._scip = scip
        self._reporter = reporter

    def eventinit(self) -> None:
        """Subscribe; PySCIPOpt calls this when solving starts."""
        for kind in _EVENTS:
            self.model.catchEvent(kind, self)

    def eventexit(self) -> None:
        """Unsubscribe."""
        for kind in _EVENTS:
            self.model.dropEvent(kind, self)

    def eventexec(self, event: Any) -> None:
        """Report what happened."""
        self._reporter.listen(lambda: self._report(event.getType()))
        if self._reporter.stopping:
            _interrupt(self.model)

    def _report(self, kind: Any) -> None:
        if kind == EVENT.BESTSOLFOUND:
            values = self._scip.best_solution()
            if values is not None:
                self._reporter.solution(values)
        _report_bound(self._scip, self._reporter)
        self._reporter.should_stop(self.model.getNTotalNodes())


_EVENTS = (EVENT.BESTSOLFOUND, EVENT.DUALBOUNDIMPROVED)


def solve(
    problem: MIP,
    run: Run,
    *,
    log: str | None = None,
    emphasis: Emphasis = "default",
    presolve: bool = True,
    **native_options: Any,
) -> Outcome:
    """Solve a problem with SCIP.

    Parameters
    ----------
    problem : MIP
        The problem.
    run : Run
        Its run; an iteration is a node. SCIP uses one thread.
    log : str, optional
        File that SCIP's own log is written to.
    emphasis : str
        SCIP's own tuning: ``default``, ``feasibility`` (good solutions soon),
        ``optimality`` (proofs), ``easycip`` or ``phaseproof``.
    presolve : bool
        Whether to presolve.
    **native_options
        Any parameter of SCIP by its own name, such as ``limits/nodes``.

    Raises
    ------
    UsageError
        If SCIP does not know a parameter or does not take its value.
    """
    if (outcome := settled(problem, run)) is not None:
        return outcome
    outcome = solve_built(
        build(problem),
        problem,
        run,
        log=log,
        emphasis=emphasis,
        presolve=presolve,
        **native_options,
    )
    polish(problem, run, "scip")
    return outcome


def solve_built(
    scip: ScipModel,
    problem: MIP,
    run: Run,
    *,
    log: str | None = None,
    emphasis: Emphasis = "default",
    presolve: bool = True,
    **native_options: Any,
) -> Outcome:
    """Solve a problem with a SCIP that holds it, and maybe more, already.

    Parameters
    ----------
    scip : ScipModel
        The model.
    problem : MIP
        What its solutions are judged by.
    run : Run
        The run.
    log, emphasis, presolve, **native_options
        As for ``solve``.
    """
    if emphasis not in _EMPHASES:
        raise UsageError(f"emphasis: {emphasis!r} is none of {', '.join(_EMPHASES)}")
    _configure(scip.model, run, log, emphasis, presolve, native_options)
    reporter = Reporter(problem, run, "scip")
    scip.model.includeEventhdlr(
        _Listener(scip, reporter), "combkit", "incumbents and bounds"
    )
    if (start := start_vector(problem, run)) is not None:
        scip.add_start(start)

    def interrupt() -> None:
        reporter.interrupt()
        _interrupt(scip.model)

    try:
        run.supervise(scip.model.optimizeNogil, interrupt)
    finally:
        reporter.check()
    return _conclude(scip, reporter)


def _interrupt(model: Any) -> None:
    """Ask SCIP to end; between presolving and solving it cannot be asked."""
    if model.getStage() != STAGE.INITSOLVE:
        model.interruptSolve()


def _configure(
    model: Any,
    run: Run,
    log: str | None,
    emphasis: str,
    presolve: bool,
    native_options: dict[str, Any],
) -> None:
    """Translate limits and seed; native options have the last word."""
    if emphasis != "default":  # before the rest: it resets every parameter
        model.setEmphasis(getattr(EMPHASIS, emphasis.upper()))
    if not presolve:
        model.setPresolve(SETTING.OFF)
    options: dict[str, Any] = {
        "randomization/randomseedshift": native_seed(run.seed),
        "timing/clocktype": _WALL_CLOCK,
        "misc/catchctrlc": False,  # signals are the run's business
        # SCIP divides by the smaller of |objective| and |bound|, we by the
        # larger: its gap is never the smaller one.
        "limits/gap": gap_limit(run),
    }
    if math.isfinite(run.remaining):
        options["limits/time"] = run.remaining
    if run.limits.iterations is not None:
        options["limits/totalnodes"] = run.limits.iterations
    if log is not None:
        model.setLogfile(log)
    for name, value in (options | native_options).items():
        try:
            model.setParam(name, value)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"scip: parameter {name!r} does not take {value!r} ({error})"
            ) from None


def _report_bound(scip: ScipModel, reporter: Reporter) -> None:
    bound = scip.model.getDualbound()
    if abs(bound) < _INFINITY:
        reporter.bound(bound)


def _conclude(scip: ScipModel, reporter: Reporter) -> Outcome:
    """Report what the end knows and return the outcome."""
    model, run = scip.model, reporter.run
    raw: str = model.getStatus()
    status = _PROVEN.get(raw)
    unlimited = status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    values = None if unlimited else scip.best_solution()
    if values is not None:
        reporter.solution(values)
    _report_bound(scip, reporter)
    run.iterations = model.getNTotalNodes()
    return Outcome(
        status,
        _REASONS.get(raw) if run.reason is None else None,
        raw,
        {"lp_iterations": model.getNLPIterations()},
    )
