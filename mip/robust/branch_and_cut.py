"""Robust knapsack by branch and cut: binary first stages, reactions relaxed at first.

The adversary is linear, so that the problem is ``max_x`` over mixtures of policies
``(Y, R)`` with ``Y <= x`` in their worst scenario [1]_. With the mixtures relaxed to
the linear relaxation of the knapsack it is a small mixed-integer program, in which only
x is integral. Its bound misses what a knapsack loses to rounding, a percent or less:
far less than what branch and price leaves open at its root, where x is fractional.

Each x that the tree comes to is judged by its exact worst case. In the direction of its
worst scenario no policy within x is worth more: that cuts off the surplus at x, and
branching goes on until bound and worst case meet. The worst case is only looked for as
far as is needed to see that x is no better than the best known one.

References
----------
.. [1] A. N. Arslan, B. Detienne, "Decomposition-based approaches for a class of
   two-stage robust binary optimization problems", INFORMS Journal on Computing
   34(2), 2022.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyscipopt
from pyscipopt.scip import PY_SCIP_RESULT as RESULT

from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Outcome, Run
from combkit.mip import scip_model
from combkit.mip.contract import Listener
from combkit.mip.robust.judge import Judge, Verdict
from combkit.mip.robust.relaxed import relaxation, roundings
from combkit.mip.robust.safe import safe_start
from combkit.mip.robust.scout import scout
from combkit.mip.scip import Ears, configure, interrupt, optimize, report_bound

__all__ = ["solve"]

_SOURCE = "branch-and-cut"
#: Most seconds of the search for first stages to start from.
_SCOUTING = 10.0
#: Relative error of the solver's bounds, whose rows hold within a tolerance.
_PRECISION = 1e-7


def solve(problem: RobustKnapsack, run: Run) -> Outcome:
    """Branch on first stages, cut by their exact worst cases, to optimality.

    An iteration is a node of the tree.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        The run.

    References
    ----------
    See the module.
    """
    run.report(safe_start(problem), "greedy")
    judge = run.supervise(lambda: Judge(problem, run, _SOURCE))
    program = relaxation(problem)
    listener = _Bounds(run, _SOURCE)
    for accepted in roundings(program, problem.n, run):
        judge.judge(accepted)
    if not run.should_stop():
        # HiGHS' heuristics find good first stages sooner than the tree does, which
        # then leaves alone what is no better.
        scout(program, judge, listener, min(_SCOUTING, 0.2 * run.remaining))
    if run.should_stop():
        return Outcome(extra=judge.facts())
    scip = scip_model.build(program)
    model = scip.model
    configure(
        model,
        run,
        # Both would remove first stages that look no better than others.
        native_options={
            "misc/allowstrongdualreds": False,
            "misc/allowweakdualreds": False,
        },
    )
    tree = _WorstCases(judge, listener, scip.variables)
    model.includeConshdlr(
        tree,
        "worst-cases",
        "a first stage earns its worst case",
        enfopriority=-1,
        chckpriority=-1,
        needscons=False,
    )
    model.includeEventhdlr(Ears(listener, lambda: None), "combkit", "bounds")
    model.setObjlimit(judge.best)
    optimize(model, listener)
    run.iterations = model.getNTotalNodes()
    raw: str = model.getStatus()
    if raw in ("optimal", "infeasible"):
        # The tree is empty: nothing is better than the best known.
        run.report_bound(judge.best, _SOURCE)
    else:
        report_bound(model, listener)
    return Outcome(raw_status=raw, extra={**judge.facts(), "cuts": tree.cuts})


class _Bounds(Listener):
    """Reports bounds rounded outwards, never below the best known."""

    def bound(self, value: float) -> None:
        """Report a bound of the relaxation."""
        safe = value + _PRECISION * max(1.0, abs(value))
        super().bound(max(safe, self.run.objective or 0.0))


class _WorstCases(pyscipopt.Conshdlr):
    """SCIP's constraint that a first stage earns no more than its worst case."""

    def __init__(self, judge: Judge, listener: Listener, variables: list[Any]) -> None:
        n = judge.problem.n
        self._judge, self._listener = judge, listener
        self._x, self._made, self._repaired = (
            variables[k * n : (k + 1) * n] for k in range(3)
        )
        self.cuts = 0

    def conscheck(self, constraints: Any, solution: Any, *flags: Any) -> dict[str, Any]:
        """Judge a solution of a heuristic or of the tree."""
        return self._guarded(lambda: self._check(solution), RESULT.INFEASIBLE)

    def consenfolp(self, *args: Any) -> dict[str, Any]:
        """Judge the solution of a node; cut it off if it claims too much."""
        return self._guarded(self._enforce, RESULT.CUTOFF)

    def consenfops(self, *args: Any) -> dict[str, Any]:
        """Ask for the linear program where it was not solved."""
        return {"result": RESULT.SOLVELP}

    def conslock(
        self, constraint: Any, locktype: Any, positive: int, negative: int
    ) -> None:
        """Say that any change of a variable may break the constraint."""
        both = positive + negative
        for variable in (*self._x, *self._made, *self._repaired):
            self.model.addVarLocks(variable, both, both)

    def _guarded(self, function: Callable[[], Any], result: Any) -> dict[str, Any]:
        """Run a callback; after an error or a stop, the tree ends with a result."""
        if not self._listener.stopping:
            with self._listener.shielded():
                result = function()
        if self._listener.stopping:
            interrupt(self.model)
        return {"result": result}

    def _verdict(self, solution: Any) -> tuple[float, Verdict]:
        model = self.model
        x = np.array([model.getSolVal(solution, v) for v in self._x]) > 0.5
        return model.getSolObjVal(solution), self._judge.judge(x)

    def _check(self, solution: Any) -> Any:
        if self.model.getSolObjVal(solution) <= self._judge.best:
            return RESULT.INFEASIBLE  # and of no use
        claimed, verdict = self._verdict(solution)
        slack = _PRECISION * max(1.0, abs(verdict.value))
        fine = claimed <= verdict.value + slack
        return RESULT.FEASIBLE if fine else RESULT.INFEASIBLE

    def _enforce(self) -> Any:
        claimed, verdict = self._verdict(None)
        slack = _PRECISION * max(1.0, abs(verdict.value))
        if claimed <= self._judge.best + slack:
            return RESULT.CUTOFF
        if claimed <= verdict.value + slack:
            return RESULT.FEASIBLE
        terms = [
            coefficient * variable
            for row, variables in (
                (verdict.made, self._made),
                (verdict.repaired, self._repaired),
            )
            for coefficient, variable in zip(row.tolist(), variables, strict=True)
            if coefficient
        ]
        limit = verdict.limit + 1e-9 * max(1.0, abs(verdict.limit))
        self.model.addCons(pyscipopt.quicksum(terms) <= limit)
        self.cuts += 1
        return RESULT.CONSADDED
