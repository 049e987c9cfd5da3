"""Worst scenarios of integer recourse: a pool of policies that grows.

An adversary need not fear reactions that nobody thought of: the worst scenario for a
pool of policies costs no less than the true worst case. A program finds it; the best
reaction to it joins the pool, until it is one of them.

For purely integer recourse a policy is a vector, which a scenario either bears, with
its cost, or breaks, at one of its rows. With continuous variables, too, a policy fixes
the integers [1]_, and the dual of what is left prices it.

References
----------
.. [1] L. Zhao, B. Zeng, "An exact algorithm for two-stage robust optimization with
   mixed integer recourse problems", Optimization Online, 2012.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.highs_model import build, run_native
from combkit.mip.robust.ccg.dual import Dual
from combkit.mip.robust.ccg.native import FEASIBLE_POINT, bound_of, solved
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Found, Separation, Traits, precision
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["Nested", "Policies"]

Floats = NDArray[np.float64]

#: By how much a scenario must break a row of an integer policy. A supremum that is
#: only approached counts as if reactions might violate their rows by less than that.
BREAKS = 1e-5


@dataclass(frozen=True, eq=False, slots=True)
class _Block:
    """What a policy adds to the adversary's program.

    ``worth`` are coefficients and constant of what it costs over ``(w, own)``.
    """

    by_w: Any
    by_own: Any
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integral: NDArray[np.uint8]
    worth: tuple[Floats, Floats, float]


class _Pool(Separation):
    """Adversaries of a pool of policies."""

    def __init__(self, standard: Standard, run: Run) -> None:
        super().__init__(standard, run)
        self._start = Support(self.region).any_point()

    @abstractmethod
    def block(self, fixed: Fixed, policy: Floats, most: float) -> _Block:
        """Return what a policy adds to the adversary's program.

        Parameters
        ----------
        fixed : Fixed
            The recourse.
        policy : ndarray of float64, shape (n,)
            A reaction.
        most : float
            No scenario costs more.
        """

    @abstractmethod
    def key(self, policy: Floats) -> bytes:
        """Return what makes a policy differ from others.

        Parameters
        ----------
        policy : ndarray of float64, shape (n,)
            A reaction.
        """

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage."""
        reactions = Reactions(fixed)
        # Where no reaction is left, the cost is more than any reaction's.
        most = _most(fixed, self.standard.most, self.region.program)
        most += max(1.0, 0.01 * abs(most))
        lower, upper = -np.inf, most
        points: list[Floats] = []
        blocks: dict[bytes, _Block] = {}
        queue = [*known.points, self._start]
        width = precision(self.run)
        while not self.run.should_stop():
            for w in queue:
                answer = reactions.solve(w)
                if not np.isfinite(answer.value):
                    return Found([w], answer.value, answer.value)
                if answer.bound > lower:
                    lower, points = answer.bound, [w, *points]
                key = self.key(answer.z)
                if key not in blocks:
                    blocks[key] = self.block(fixed, answer.z, most)
            if upper - lower <= width * max(1.0, abs(lower)):
                break
            program = self._program(list(blocks.values()), most)
            highs = solved(program, self.run, width / 2)
            upper = max(lower, min(upper, bound_of(highs, program)))
            if highs.getInfo().primal_solution_status != FEASIBLE_POINT:
                break
            w = self.point(np.array(highs.getSolution().col_value))
            if any((w == other).all() for other in queue):
                break  # only tolerances are left
            queue = [w]
        return Found(points, lower, upper)

    def point(self, values: Floats) -> Floats:
        """Return the point that columns of the program hold.

        Parameters
        ----------
        values : ndarray of float64
            Values of all columns.
        """
        w = values[: self.region.program.n].copy()
        integral = self.region.program.integrality == 1
        w[integral] = np.round(w[integral])
        return w

    def columns(self) -> MIP:
        """Return the program of the points as it is in the adversary's."""
        return self.region.program

    def _program(self, blocks: list[_Block], most: float) -> MIP:
        """Return the adversary's program: points, their cost, what each block owns."""
        program = self.columns()
        q = program.n
        rows: list[list[Any]] = [[program.A, None, *[None] * len(blocks)]]
        for k, block in enumerate(blocks):
            before, after = [None] * k, [None] * (len(blocks) - k - 1)
            rows.append([block.by_w, None, *before, block.by_own, *after])
            w, own, _ = block.worth
            cost = [-w[None, :], [[1.0]], *before, -own[None, :], *after]
            rows.append([sp.csr_array(c) if c is not None else None for c in cost])
        # Zero rows fix the widths of columns that no row has otherwise.
        widths = [q, 1, *(block.lower.size for block in blocks)]
        rows.append([sp.csr_array((0, width)) for width in widths])
        lower = [program.row_lower]
        upper = [program.row_upper]
        for block in blocks:
            lower += [block.row_lower, np.array([-np.inf])]
            upper += [block.row_upper, np.array([block.worth[2]])]
        return MIP(
            np.r_[np.zeros(q), 1.0, np.zeros(sum(widths[2:]))],
            sp.block_array(rows, format="csr"),
            np.concatenate(lower),
            np.concatenate(upper),
            np.concatenate([program.lower, [-np.inf], *(b.lower for b in blocks)]),
            np.concatenate([program.upper, [most], *(b.upper for b in blocks)]),
            np.concatenate([program.integrality, [0], *(b.integral for b in blocks)]),
            maximize=True,
        )


class Policies(_Pool):
    """Vectors of purely integer recourse, whatever is uncertain."""

    name = "policies"

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        if not standard.integral.all():
            return "the recourse has continuous variables"
        if not np.isfinite(standard.most).all():
            return "a variable of the recourse has no upper bound"
        return None

    def key(self, policy: Floats) -> bytes:
        """Return what makes a policy differ from others."""
        vector: NDArray[np.int64] = np.round(policy).astype(np.int64)
        return vector.tobytes()

    def block(self, fixed: Fixed, policy: Floats, most: float) -> _Block:
        """Return the rows that bear a policy's cost, or break one of its rows."""
        program, z = self.region.program, np.round(policy)
        worth = fixed.constant_slopes + fixed.cost_slopes.T @ z
        constant = fixed.constant + float(fixed.cost @ z)
        # How far a scenario breaks each side.
        slopes = fixed.rhs_slopes
        if fixed.slopes is not None:
            q = program.n
            weigh = sp.kron(sp.eye_array(q), z[:, None])
            slopes = slopes - fixed.slopes @ weigh
        slopes = sp.csr_array(slopes)
        excess = fixed.rhs - fixed.matrix @ z
        other = fixed.equation
        slopes = sp.vstack([slopes, -slopes[np.flatnonzero(other)]], format="csr")
        excess = np.r_[excess, -excess[other]]
        least, largest = _ends(slopes, excess, program)
        can = np.flatnonzero(largest >= BREAKS)
        slopes, excess, least = slopes[can], excess[can], least[can]
        k = can.size
        # Own columns: whether it is borne, and whether each side is broken.
        cheapest = _ends(sp.csr_array(worth[None, :]), np.array([constant]), program)
        slack = max(0.0, most - float(cheapest[0][0]))
        reach = BREAKS - np.minimum(least, 0.0)
        own = sp.vstack(
            [
                np.ones((1, k + 1)),
                sp.hstack([sp.csr_array((k, 1)), -sp.diags_array(reach)]),
            ],
            format="csr",
        )
        by_w = sp.vstack([sp.csr_array((1, program.n)), slopes], format="csr")
        return _Block(
            by_w,
            own,
            np.r_[1.0, BREAKS - reach - excess],
            np.r_[1.0, np.full(k, np.inf)],
            np.zeros(k + 1),
            np.ones(k + 1),
            np.ones(k + 1, dtype=np.uint8),
            # theta <= worth(w) + slack * (1 - borne)
            (worth, np.r_[-slack, np.zeros(k)], constant + slack),
        )


class Nested(_Pool):
    """Integers of mixed recourse, the rest priced by its dual (nested generation)."""

    name = "nested"

    def __init__(self, standard: Standard, run: Run) -> None:
        super().__init__(standard, run)
        bounds = _bounds(standard)
        assert bounds is not None
        self._bounds = bounds

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        if traits.continuous or standard.integral.all():
            return "the recourse is not mixed"
        if traits.costs or traits.matrix:
            return "not only right-hand sides of the recourse are uncertain"
        region = standard.region
        if not (region.two_valued and region.program.integrality.all()):
            return "a worst scenario may lie between whole deviations"
        if _bounds(standard) is None:
            return (
                "whether the continuous part of the recourse can mend whatever its "
                "integers are (extended relatively complete recourse) is not proven"
            )
        return None

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage."""
        self._dual = Dual(_continuous(fixed), self.region.program)
        return super().worst(fixed, known)

    def key(self, policy: Floats) -> bytes:
        """Return what makes a policy differ from others."""
        integers = policy[self.standard.integral]
        vector: NDArray[np.int64] = np.round(integers).astype(np.int64)
        return vector.tobytes()

    def columns(self) -> MIP:
        """Return the program of the points, scaled as duals have it."""
        return self._dual.points

    def point(self, values: Floats) -> Floats:
        """Return the point that columns of the program hold."""
        padded = np.r_[np.zeros(self.standard.equation.size), values]
        return self._dual.point(padded)

    def block(self, fixed: Fixed, policy: Floats, most: float) -> _Block:
        """Return the dual of what is left when a policy fixes the integers."""
        integral = fixed.integral
        z = np.where(integral, np.round(policy), 0.0)
        left = _continuous(
            replace(
                fixed,
                rhs=fixed.rhs - fixed.matrix @ z,
                constant=fixed.constant + float(fixed.cost @ z),
            )
        )
        dual = Dual(left, self.region.program)
        program = dual.at(dual.bounds(*self._bounds))
        sides, q = left.rhs.size, self.region.program.n
        A = program.A.tocsc()
        own = np.r_[0:sides, sides + q : program.n]
        shared = slice(sides, sides + q)
        return _Block(
            A[:, shared],
            A[:, own],
            program.row_lower,
            program.row_upper,
            program.lower[own],
            program.upper[own],
            program.integrality[own],
            (program.c[shared], program.c[own], program.offset),
        )


def _continuous(fixed: Fixed) -> Fixed:
    """Return the recourse without its integers."""
    kept = np.flatnonzero(~fixed.integral)
    return replace(
        fixed,
        matrix=sp.csr_array(fixed.matrix.tocsc()[:, kept]),
        cost=fixed.cost[kept],
        cost_slopes=fixed.cost_slopes[kept],
        free=fixed.free[kept],
        integral=fixed.integral[kept],
    )


@lru_cache(maxsize=8)
def _bounds(standard: Standard) -> tuple[Floats, Floats] | None:
    """Return bounds of the duals of uncertain sides; None if one is unbounded.

    If they are bounded, no scenario takes a policy's continuous part away: rays of the
    dual are worth the same in all of them.
    """
    left = _continuous(standard.at(np.zeros(standard.problem.first.n)))
    sides = left.rhs.size
    lower = np.where(left.equation, -np.inf, 0.0)
    upper = np.full(sides, np.inf)
    highs = build(
        MIP(
            np.zeros(sides),
            left.matrix.T,
            np.where(left.free, left.cost, -np.inf),
            left.cost,
            lower,
            upper,
            np.zeros(sides, dtype=np.uint8),
        )
    )
    for ends, sign in ((upper, -1.0), (lower, 1.0)):
        for i in np.flatnonzero(np.isinf(ends) & standard.uncertain).tolist():
            highs.changeColCost(i, sign)
            run_native(highs, 1)
            if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
            value = sign * highs.getInfo().objective_function_value
            ends[i] = value - sign * 1e-6 * max(1.0, abs(value))
            highs.changeColCost(i, 0.0)
    return lower, upper


def _ends(slopes: Any, constant: Floats, program: MIP) -> tuple[Floats, Floats]:
    """Return the least and largest value of linear functions over a program's box."""
    positive, negative = slopes.maximum(0), slopes.minimum(0)
    low = constant + positive @ program.lower + negative @ program.upper
    high = constant + positive @ program.upper + negative @ program.lower
    return low, high


def _most(fixed: Fixed, most: Floats, program: MIP) -> float:
    """Return a cost that no reaction exceeds, from bounds of its variables."""
    highest = np.maximum(_ends(fixed.cost_slopes, fixed.cost, program)[1], 0.0)
    slopes = sp.csr_array(fixed.constant_slopes[None, :])
    constant = float(_ends(slopes, np.array([fixed.constant]), program)[1][0])
    priced = highest > 0
    return constant + float(highest[priced] @ most[priced])
