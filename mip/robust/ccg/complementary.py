"""Worst scenarios by the recourse's optimality conditions, in SCIP.

A reaction is best if duals exist with which it satisfies the conditions of Karush, Kuhn
and Tucker. Each complementary pair is a special ordered set, on which SCIP branches:
no constant bounds the duals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyscipopt
from numpy.typing import NDArray

from combkit.mip.robust.ccg.native import run_scip
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Feasible, Found, Traits, precision
from combkit.mip.robust.ccg.standard import Fixed, Standard

__all__ = ["Complementary"]

Floats = NDArray[np.float64]


class Complementary(Feasible):
    """Optimality conditions with special ordered sets of type 1."""

    name = "kkt"

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        if not traits.continuous:
            return "the recourse has integer variables"
        if traits.matrix:
            return "coefficients of the recourse are uncertain"
        return None

    def costliest(
        self,
        fixed: Fixed,
        known: Found,
        bound: float | None = None,
        enough: float | None = None,
    ) -> Found:
        """Return a bracket of the worst case where each scenario has a reaction."""
        model = pyscipopt.Model()
        w = add_points(model, self.region.program)
        z = [
            model.addVar(lb=None if free else 0.0, ub=None)
            for free in fixed.free.tolist()
        ]
        sides = range(fixed.rhs.size)
        duals = [
            model.addVar(
                lb=-(bound or np.inf) if fixed.equation[i] else 0.0,
                ub=bound,
            )
            for i in sides
        ]
        activity = products(fixed.matrix, z)
        needed = products(fixed.rhs_slopes, w)
        for i in sides:
            if fixed.equation[i]:
                model.addCons(activity[i] - needed[i] == fixed.rhs[i])
                continue
            slack = model.addVar(lb=0.0, ub=None)
            model.addCons(activity[i] - needed[i] - slack == fixed.rhs[i])
            model.addConsSOS1([slack, duals[i]])
        prices = products(fixed.matrix.T, duals)
        moved = products(fixed.cost_slopes, w)
        for j, free in enumerate(fixed.free.tolist()):
            if free:
                model.addCons(moved[j] - prices[j] == -fixed.cost[j])
                continue
            reduced = model.addVar(lb=0.0, ub=None)
            model.addCons(moved[j] - prices[j] - reduced == -fixed.cost[j])
            model.addConsSOS1([reduced, z[j]])
        paid = model.addVar(lb=None, ub=None)
        total = pyscipopt.quicksum(
            c * v
            for c, v in zip(
                [*fixed.cost.tolist(), *fixed.constant_slopes.tolist()],
                [*z, *w],
                strict=True,
            )
            if c
        )
        # Costs times reactions are products of variables where costs are uncertain.
        total += pyscipopt.quicksum(
            value * z[j] * w[k] for j, k, value in entries(fixed.cost_slopes)
        )
        model.addCons(paid <= total + fixed.constant)
        model.setObjective(paid, "maximize")
        return concluded(self, model, w, fixed, known, enough)


def add_points(model: Any, program: Any) -> list[Any]:
    """Add the columns and rows of an uncertainty set's program to a model of SCIP.

    Parameters
    ----------
    model : pyscipopt.Model
        The model.
    program : MIP
        The program.
    """
    columns = [
        model.addVar(lb=low, ub=high, vtype="I" if whole else "C")
        for low, high, whole in zip(
            program.lower.tolist(),
            program.upper.tolist(),
            program.integrality.tolist(),
            strict=True,
        )
    ]
    for i, activity in enumerate(products(program.A, columns)):
        low, high = float(program.row_lower[i]), float(program.row_upper[i])
        if low > -np.inf:
            model.addCons(activity >= low)
        if high < np.inf:
            model.addCons(activity <= high)
    return columns


def products(matrix: Any, variables: list[Any]) -> list[Any]:
    """Return the rows of a sparse matrix times variables, as expressions of SCIP.

    Parameters
    ----------
    matrix : sparse array, shape (rows, n)
        The matrix.
    variables : list of pyscipopt.Variable
        The n variables.
    """
    rows: list[list[Any]] = [[] for _ in range(matrix.shape[0])]
    for i, j, value in entries(matrix):
        rows[i].append(value * variables[j])
    # A row without an entry is an expression, too.
    return [pyscipopt.quicksum(row) + pyscipopt.Expr() for row in rows]


def entries(matrix: Any) -> list[tuple[int, int, float]]:
    """Return the entries of a sparse matrix.

    Parameters
    ----------
    matrix : sparse array
        The matrix.
    """
    coo = matrix.tocoo()
    return list(zip(coo.row.tolist(), coo.col.tolist(), coo.data.tolist(), strict=True))


def concluded(
    separation: Feasible,
    model: Any,
    w: list[Any],
    fixed: Fixed,
    known: Found,
    enough: float | None,
) -> Found:
    """Run a model of SCIP and return what it finds, judged by the recourse itself.

    Parameters
    ----------
    separation : Separation
        Who asks.
    model : pyscipopt.Model
        The model, whose objective is the cost of the worst scenario.
    w : list of pyscipopt.Variable
        Its point.
    fixed : Fixed
        The recourse.
    known : Found
        Points that are known.
    enough : float, optional
        A rough answer is enough if it exceeds that.
    """
    gap = 0.1 if enough is not None else precision(separation.run)
    run_scip(model, separation.run, gap)
    upper = model.getDualbound()
    upper = np.inf if abs(upper) >= model.infinity() else float(upper)
    if model.getStatus() == "infeasible":
        upper = np.inf
    points, lower = list(known.points), known.lower
    if model.getNSols() > 0:
        best = model.getBestSol()
        point = np.array([model.getSolVal(best, v) for v in w])
        integral = separation.region.program.integrality == 1
        point[integral] = np.round(point[integral])
        value = Reactions(fixed).solve(point).value
        points = [point, *points] if value > lower else [*points, point]
        lower = max(lower, value)
    return Found(points, lower, max(lower, upper))
