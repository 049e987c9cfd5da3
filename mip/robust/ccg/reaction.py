"""Best reactions of one first stage to points of the uncertainty set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import SolverError
from combkit.instances.mip import MIP
from combkit.instances.robust.two_stage import TwoStage
from combkit.mip.highs_model import build, run_native, set_option
from combkit.mip.robust.ccg.standard import Fixed

__all__ = ["Answer", "Reactions", "reaction_to"]

Floats = NDArray[np.float64]

_STATUS = highspy.HighsModelStatus


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """The best reaction to a point.

    Parameters
    ----------
    value : float
        What it costs, the first stage included; infinite if there is none, minus
        infinity if costs have no end.
    bound : float
        It costs no less: the value but for the tolerance of a program with integers.
    z : ndarray of float64, shape (n,)
        The reaction in standard form; empty if there is none.
    duals : ndarray of float64, shape (sides,)
        Prices of the sides; empty with integers.
    """

    value: float
    bound: float
    z: Floats
    duals: Floats


class Reactions:
    """Solves the recourse of one first stage again and again, warm.

    Parameters
    ----------
    fixed : Fixed
        The recourse.
    """

    def __init__(self, fixed: Fixed) -> None:
        self.fixed = fixed
        self._matrix = None if fixed.slopes is not None else fixed.matrix
        self._highs: Any = None
        self._n = fixed.cost.size

    def solve(self, w: Floats) -> Answer:
        """Return the best reaction to a point.

        Parameters
        ----------
        w : ndarray of float64, shape (q,)
            A point of the uncertainty set's program.

        Raises
        ------
        SolverError
            If HiGHS fails.
        """
        fixed = self.fixed
        rhs, cost, constant = fixed.rhs_at(w), fixed.cost_at(w), fixed.constant_at(w)
        if self._n == 0:
            fine = bool((rhs <= 1e-9).all() and (rhs[fixed.equation] >= -1e-9).all())
            value = constant if fine else np.inf
            return Answer(value, value, np.zeros(0), np.zeros(rhs.size))
        top = np.where(fixed.equation, rhs, np.inf)
        if self._highs is None or self._matrix is None:
            self._highs = build(
                MIP(
                    cost,
                    fixed.matrix_at(w),
                    rhs,
                    top,
                    np.where(fixed.free, -np.inf, 0.0),
                    np.full(self._n, np.inf),
                    fixed.integral.astype(np.uint8),
                )
            )
            set_option(self._highs, "mip_rel_gap", 0.0)
        else:
            rows = np.arange(rhs.size, dtype=np.int32)
            columns = np.arange(self._n, dtype=np.int32)
            self._highs.changeRowsBounds(rows.size, rows, rhs, top)
            self._highs.changeColsCost(self._n, columns, cost)
        answer = self._run()
        return replace(
            answer, value=answer.value + constant, bound=answer.bound + constant
        )

    def _run(self) -> Answer:
        highs = self._highs
        run_native(highs, 1)
        status = highs.getModelStatus()
        if status == _STATUS.kUnboundedOrInfeasible or status == _STATUS.kUnknown:
            # Presolve does not tell which.
            set_option(highs, "presolve", "off")
            highs.clearSolver()
            run_native(highs, 1)
            set_option(highs, "presolve", "choose")
            status = highs.getModelStatus()
        nothing = np.zeros(0)
        if status == _STATUS.kInfeasible:
            return Answer(np.inf, np.inf, nothing, nothing)
        if status == _STATUS.kUnbounded:
            return Answer(-np.inf, -np.inf, nothing, nothing)
        if status != _STATUS.kOptimal:
            raise SolverError("HiGHS failed", highs.modelStatusToString(status))
        info, solution = highs.getInfo(), highs.getSolution()
        value = float(info.objective_function_value)
        z = np.array(solution.col_value)
        if self.fixed.integral.any():
            return Answer(value, float(info.mip_dual_bound), z, nothing)
        return Answer(value, value, z, np.array(solution.row_dual))


def reaction_to(problem: TwoStage, x: Floats, scenario: Floats) -> Floats:
    """Return a best reaction.

    Parameters
    ----------
    problem : TwoStage
        The problem.
    x : ndarray of float64, shape (nx,)
        A first stage.
    scenario : ndarray of float64, shape (m,)
        A scenario.

    Returns
    -------
    ndarray of float64, shape (ny,)
        The reaction; NaN where there is none.
    """
    program = problem.recourse_program(x, scenario)
    highs = build(program)
    run_native(highs, 1)
    if highs.getModelStatus() != _STATUS.kOptimal:
        return np.full(program.n, np.nan)
    y = np.array(highs.getSolution().col_value)
    reaction: Floats = np.where(program.integrality == 1, np.round(y), y) + 0.0
    return reaction
