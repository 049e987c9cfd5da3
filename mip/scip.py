"""SCIP for mixed-integer programs.

References
----------
S. Bolusani et al., The SCIP Optimization Suite 9.0 (2024).
doi:10.48550/arXiv.2402.17702
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
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
from combkit.mip.contract import Listener, Reporter, gap_limit, settled, start_vector
from combkit.mip.polish import polish
from combkit.mip.scip_model import ScipModel, build

__all__ = [
    "Ears",
    "configure",
    "interrupt",
    "optimize",
    "report_bound",
    "solve",
    "solve_built",
]

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


class Ears(pyscipopt.Eventhdlr):
    """Passes SCIP's incumbents and bounds on, and the wish to end back.

    Parameters
    ----------
    listener : Listener
        Who is told.
    found : callable
        Called when SCIP has a better solution.
    """

    def __init__(self, listener: Listener, found: Callable[[], None]) -> None:
        self._listener, self._found = listener, found

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
        self._listener.listen(lambda: self._report(event.getType()))
        if self._listener.stopping:
            interrupt(self.model)

    def _report(self, kind: Any) -> None:
        if kind == EVENT.BESTSOLFOUND:
            self._found()
        report_bound(self.model, self._listener)
        self._listener.should_stop(self.model.getNTotalNodes())


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
    configure(scip.model, run, log, emphasis, presolve, native_options)
    reporter = Reporter(problem, run, "scip")

    def found() -> None:
        if (values := scip.best_solution()) is not None:
            reporter.solution(values)

    scip.model.includeEventhdlr(Ears(reporter, found), "combkit", "incumbents, bounds")
    if (start := start_vector(problem, run)) is not None:
        scip.add_start(start)

    optimize(scip.model, reporter)
    return _conclude(scip, reporter)


def optimize(model: Any, listener: Listener) -> None:
    """Run SCIP under the clock and the signals of the listener's run."""

    def stop() -> None:
        listener.interrupt()
        interrupt(model)

    try:
        listener.run.supervise(model.optimizeNogil, stop)
    finally:
        listener.check()


def interrupt(model: Any) -> None:
    """Ask SCIP to end; between presolving and solving it cannot be asked."""
    if model.getStage() != STAGE.INITSOLVE:
        model.interruptSolve()


def configure(
    model: Any,
    run: Run,
    log: str | None = None,
    emphasis: str = "default",
    presolve: bool = True,
    native_options: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Translate limits and seed; native options have the last word.

    Parameters
    ----------
    model : pyscipopt.Model
        The model.
    run : Run
        The run.
    log, emphasis, presolve, native_options
        As for ``solve``.
    """
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
    for name, value in {**options, **native_options}.items():
        try:
            model.setParam(name, value)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"scip: parameter {name!r} does not take {value!r} ({error})"
            ) from None


def report_bound(model: Any, listener: Listener) -> None:
    """Report SCIP's bound, if it has one."""
    bound = model.getDualbound()
    if abs(bound) < _INFINITY:
        listener.bound(bound)


def _conclude(scip: ScipModel, reporter: Reporter) -> Outcome:
    """Report what the end knows and return the outcome."""
    model, run = scip.model, reporter.run
    raw: str = model.getStatus()
    status = _PROVEN.get(raw)
    unlimited = status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    values = None if unlimited else scip.best_solution()
    if values is not None:
        reporter.solution(values)
    report_bound(scip.model, reporter)
    run.iterations = model.getNTotalNodes()
    return Outcome(
        status,
        _REASONS.get(raw) if run.reason is None else None,
        raw,
        {"lp_iterations": model.getNLPIterations()},
    )
