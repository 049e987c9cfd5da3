"""The master: a first stage with a reaction of its own to each scenario."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.robust.two_stage import TwoStage
from combkit.instances.run import Run
from combkit.mip.robust.ccg.native import FEASIBLE_POINT, LIGHT, bound_of, solved
from combkit.mip.robust.ccg.standard import contracted

__all__ = ["Master", "Proposal"]

Floats = NDArray[np.float64]

_STATUS = highspy.HighsModelStatus


@dataclass(frozen=True, eq=False, slots=True)
class Proposal:
    """What a master finds; costs are minimised.

    Parameters
    ----------
    x : ndarray of float64, shape (nx,), or None
        A first stage; None where there is none, or none was found.
    worst : float
        What the worst of the master's scenarios costs, the first stage included.
    bound : float
        Every first stage costs at least that.
    infeasible, unbounded : bool
        Whether no first stage has reactions to all scenarios, and whether costs have
        no end.
    """

    x: Floats | None
    worst: float
    bound: float
    infeasible: bool = False
    unbounded: bool = False


class Master:
    """Grows by a copy of the recourse a scenario.

    Parameters
    ----------
    problem : TwoStage
        The problem.
    """

    def __init__(self, problem: TwoStage) -> None:
        self.problem = problem
        self.scenarios: list[Floats] = []
        self._copies: list[tuple[MIP, sp.csr_array, Floats]] = []
        self._forbidden: list[Floats] = []
        self._sign = -1.0 if problem.maximize else 1.0

    def add(self, scenario: Floats) -> bool:
        """Add a scenario, and return whether it is a new one.

        Parameters
        ----------
        scenario : ndarray of float64, shape (m,)
            The scenario.
        """
        size = np.maximum(1.0, np.abs(scenario))
        for other in self.scenarios:
            if (np.abs(other - scenario) <= 1e-9 * size).all():
                return False
        problem, nx = self.problem, self.problem.first.n
        zero = np.zeros(nx)
        moved = problem.technology
        if problem.technology_slopes.nnz:
            moved = moved + contracted(problem.technology_slopes, scenario)
        cost = self._sign * (problem.first_cost_slopes @ scenario)
        program = problem.recourse_program(zero, scenario)
        self._copies.append((program, sp.csr_array(moved), cost))
        self.scenarios.append(scenario)
        return True

    def forbid(self, x: Floats) -> bool:
        """Forbid one first stage of binaries; whether all of them are.

        For those that scenarios do not price: what a row lacks may be less than a
        program gains by binaries that are only nearly whole.

        Parameters
        ----------
        x : ndarray of float64, shape (nx,)
            The first stage.
        """
        first = self.problem.first.program()
        binary = (first.integrality == 1) & (first.lower == 0) & (first.upper == 1)
        if not binary.all():
            return False
        self._forbidden.append(x)
        return True

    def solve(self, run: Run, gap: float, start: Floats | None = None) -> Proposal:
        """Return the best first stage for the scenarios so far.

        Parameters
        ----------
        run : Run
            The run, for its clock.
        gap : float
            Relative gap that is enough.
        start : ndarray of float64, shape (nx,), optional
            A first stage to begin from.
        """
        nx = self.problem.first.n
        given = None
        if start is not None:
            given = (np.arange(nx, dtype=np.int32), start)
        program = self._program()
        light = LIGHT if self.problem.recourse.continuous else {}
        highs = solved(program, run, gap, given, light)
        status, info = highs.getModelStatus(), highs.getInfo()
        if status == _STATUS.kInfeasible:
            return Proposal(None, np.inf, np.inf, infeasible=True)
        if status in (_STATUS.kUnbounded, _STATUS.kUnboundedOrInfeasible):
            return Proposal(None, -np.inf, -np.inf, unbounded=True)
        bound = bound_of(highs, program)
        if info.primal_solution_status != FEASIBLE_POINT:
            return Proposal(None, np.inf, bound)
        x = np.array(highs.getSolution().col_value)[:nx]
        first = self.problem.first.program()
        integral = first.integrality == 1
        x = np.where(integral, np.round(x), np.clip(x, first.lower, first.upper)) + 0.0
        return Proposal(x, float(info.objective_function_value), bound)

    def _program(self) -> MIP:
        """Return the program: x, the worst cost of reactions, the reactions."""
        first = self.problem.first.program()
        ny, k = self.problem.recourse.n, len(self._copies)
        rows = [[first.A, sp.csr_array((first.m, 1 + k * ny))]]
        lower, upper = [first.row_lower], [first.row_upper]
        for i, (copy, technology, cost) in enumerate(self._copies):
            before, after = (
                sp.csr_array((copy.m, i * ny)),
                sp.csr_array((copy.m, (k - 1 - i) * ny)),
            )
            nothing = sp.csr_array((copy.m, 1))
            rows.append([technology, nothing, before, copy.A, after])
            lower.append(copy.row_lower)
            upper.append(copy.row_upper)
            spent = np.zeros(k * ny)
            spent[i * ny : (i + 1) * ny] = self._sign * copy.c
            rows.append([sp.csr_array(np.r_[cost, -1.0, spent][None, :])])
            lower.append(np.array([-np.inf]))
            upper.append(np.array([0.0]))
        if self._forbidden:
            taken = np.array(self._forbidden)
            nothing = sp.csr_array((len(taken), 1 + k * ny))
            rows.append([sp.csr_array(1.0 - 2.0 * taken), nothing])
            lower.append(1.0 - taken.sum(axis=1))
            upper.append(np.full(len(taken), np.inf))
        one = [(c.lower, c.upper, c.integrality) for c, _, _ in self._copies]
        return MIP(
            np.r_[self._sign * first.c, 1.0, np.zeros(k * ny)],
            sp.vstack([sp.hstack(parts, format="csr") for parts in rows]),
            np.concatenate(lower),
            np.concatenate(upper),
            np.concatenate([first.lower, [-np.inf], *(low for low, _, _ in one)]),
            np.concatenate([first.upper, [np.inf], *(high for _, high, _ in one)]),
            np.concatenate([first.integrality, [0], *(flags for _, _, flags in one)]),
        )
