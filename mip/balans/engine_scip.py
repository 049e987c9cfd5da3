"""Parts of a model solved by one SCIP whose bounds change in place.

The cutoff is SCIP's objective limit; what it found in earlier parts stays with it
as starts, where the new bounds allow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyscipopt
from numpy.typing import NDArray
from pyscipopt.scip import PY_SCIP_EVENTTYPE as EVENT

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.instances.seeds import native_seed
from combkit.mip.balans.engine import Answer, SubProblem, objective_row
from combkit.mip.scip import interrupt
from combkit.mip.scip_model import ScipModel, build

__all__ = ["ScipEngine"]

Floats = NDArray[np.float64]

_INFINITY = 1e20
_WALL_CLOCK = 2
#: Solutions after which a part ends that asks for the first one; -1: no limit.
_FIRST, _ALL = 1, -1
_OVER = ("optimal", "infeasible", "inforunbd")


class _Listener(pyscipopt.Eventhdlr):
    """Passes on what SCIP finds; an exception must not travel through SCIP."""

    def __init__(self, scip: ScipModel) -> None:
        self._scip = scip
        self.found: Callable[[Floats], None] | None = None
        self.error: BaseException | None = None

    def eventinit(self) -> None:
        """Subscribe; PySCIPOpt calls this when solving starts."""
        self.model.catchEvent(EVENT.BESTSOLFOUND, self)

    def eventexit(self) -> None:
        """Unsubscribe."""
        self.model.dropEvent(EVENT.BESTSOLFOUND, self)

    def eventexec(self, event: Any) -> None:
        """Hand the new solution over."""
        try:
            values = self._scip.best_solution()
            if self.found is not None and self.error is None and values is not None:
                self.found(values)
        except BaseException as error:
            self.error = error
            interrupt(self.model)


class ScipEngine:
    """One SCIP for all parts of a model; see ``Engine``.

    Parameters
    ----------
    problem : MIP
        The model, a minimisation.
    run : Run
        The run, which may interrupt.
    """

    name = "scip"

    def __init__(self, problem: MIP, run: Run) -> None:
        self._problem = problem
        self._run = run
        self._scip = build(problem)
        self._model = model = self._scip.model
        self._variables = np.array(self._scip.variables, dtype=object)
        self._lower = np.clip(problem.lower, -_INFINITY, _INFINITY)
        self._upper = np.clip(problem.upper, -_INFINITY, _INFINITY)
        for name, value in {
            "randomization/randomseedshift": native_seed(run.seed),
            "timing/clocktype": _WALL_CLOCK,
            "limits/gap": 0.0,
        }.items():
            model.setParam(name, value)
        self._listener = _Listener(self._scip)
        model.includeEventhdlr(self._listener, "combkit", "incumbents")

    def solve(self, part: SubProblem, found: Callable[[Floats], None]) -> Answer:
        """Solve a part; see ``Engine``."""
        model, listener = self._model, self._listener
        listener.found, listener.error = found, None
        added = self._enter(part)
        try:
            self._run.supervise(model.optimizeNogil, lambda: interrupt(model))
            if listener.error is not None:
                raise listener.error
            # What it knew from earlier parts makes no event.
            if (values := self._scip.best_solution()) is not None:
                found(values)
            return Answer(model.getStatus() in _OVER, int(model.getNTotalNodes()))
        finally:
            # A solver that was left behind still owns the model.
            if not self._run.abandoned:
                self._leave(part, added)

    def _enter(self, part: SubProblem) -> list[Any]:
        """Change the model into the part; return the rows that were added."""
        model = self._model
        self._move(part.lower, self._lower, model.chgVarLb)
        self._move(part.upper, self._upper, model.chgVarUb)
        rows, limit = part.rows, part.cutoff
        if part.objective is not None:
            self._price(part.objective, 0.0)
            if np.isfinite(part.cutoff):
                rows, limit = (*rows, objective_row(self._problem, limit)), np.inf
        added = [
            model.addCons(
                pyscipopt.scip.ExprCons(
                    self._linear(row.cols, row.values),
                    lhs=max(row.lower, -_INFINITY),
                    rhs=min(row.upper, _INFINITY),
                )
            )
            for row in rows
        ]
        model.setObjlimit(min(limit, _INFINITY))
        model.setParam("limits/time", max(part.seconds, 0.0))
        model.setParam("limits/totalnodes", -1 if part.nodes is None else part.nodes)
        model.setParam("limits/solutions", _FIRST if part.first else _ALL)
        if part.start is not None:
            self._scip.add_start(part.start)
        return added

    def _leave(self, part: SubProblem, added: list[Any]) -> None:
        model = self._model
        model.freeTransform()
        for row in added:
            model.delCons(row)
        if part.objective is not None:
            self._price(self._problem.c, self._problem.offset)

    def _move(
        self, wanted: Floats, bounds: Floats, change: Callable[[Any, float], None]
    ) -> None:
        """Change the bounds that differ from what SCIP has."""
        wanted = np.clip(wanted, -_INFINITY, _INFINITY)
        for j in np.flatnonzero(wanted != bounds).tolist():
            change(self._variables[j], float(wanted[j]))
        bounds[:] = wanted

    def _price(self, costs: Floats, offset: float) -> None:
        used = np.flatnonzero(costs)
        self._model.setObjective(self._linear(used, costs[used]) + offset)

    def _linear(self, cols: NDArray[np.int64], values: Floats) -> Any:
        return pyscipopt.quicksum(
            value * variable
            for value, variable in zip(
                values.tolist(), self._variables[cols].tolist(), strict=True
            )
        )
