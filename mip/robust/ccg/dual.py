"""The dual of the recourse over all scenarios, its products linearised.

The cost of a scenario is what the best duals are worth: linear in the duals, but for
products of single columns of the uncertainty set's program with *factors*, linear
functions of the duals. With bounds of the factors, McCormick's rows [1]_ enclose the
products, exactly at the bounds of the columns.

The bounds are proven here: whatever duals are worth more than a scenario that is known
already obey them, by linear programs over the same rows, again and again
(optimality-based tightening [2]_).

References
----------
.. [1] G. P. McCormick, "Computability of global solutions to factorable nonconvex
   programs", Mathematical Programming 10, 1976.
.. [2] A. M. Gleixner, T. Berthold, B. Müller, S. Weltge, "Three enhancements for
   optimization-based bound tightening", Journal of Global Optimization 67, 2017.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.highs_model import build, run_native
from combkit.mip.robust.ccg.network import extreme_duals, is_network
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Feasible, Found, allowance
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["Dual", "DualSeparation"]

Floats = NDArray[np.float64]

_OPTIMAL = highspy.HighsModelStatus.kOptimal
#: Most rounds of tightening, and what a round must shrink a width to.
_ROUNDS, _SHRINKS = 20, 0.8
#: Largest factor of a product that floating point bears.
_LARGEST = 1e7
#: Margins of the recourse that are tried, as parts of the widths of scenarios.
_MARGINS = (0.3, 0.03, 0.003)
#: Relative slack that rounding gets where a bound is used.
_SLACK = 1e-6


class DualSeparation(Feasible):
    """A search over points and duals at once, the factors of products bounded.

    Parameters
    ----------
    standard : Standard
        The recourse.
    run : Run
        The run.
    big_m : float, optional
        Bound of all factors of products, instead of a proof: nothing is certified.
    """

    #: Whether the search needs bounds.
    bounded: ClassVar[bool] = True

    def __init__(
        self, standard: Standard, run: Run, big_m: float | None = None
    ) -> None:
        super().__init__(standard, run)
        self._big_m = big_m
        self._support = Support(self.region)
        self._extreme: tuple[Floats, Floats] | None = None
        self._extreme_known = False
        self._network: bool | None = None

    @abstractmethod
    def search(
        self, dual: Dual, bounds: Floats, known: Found, enough: float | None
    ) -> Found:
        """Return a bracket, from bounds of the factors.

        Parameters
        ----------
        dual : Dual
            The dual.
        bounds : ndarray of float64, shape (2, k)
            Bounds of its factors; infinite where none is known.
        known : Found
            A point at least, with its cost.
        enough : float, optional
            A point that costs more than that ends the search.
        """

    def costliest(
        self,
        fixed: Fixed,
        known: Found,
        bound: float | None = None,
        enough: float | None = None,
    ) -> Found:
        """Return a bracket of the worst case where each scenario has a reaction."""
        dual = Dual(fixed, self.region.program)
        if not known.points:
            w = self._support.farthest(fixed.rhs_slopes.T @ np.ones(fixed.rhs.size))
            known = Found([w], Reactions(fixed).solve(w).value)
        if known.lower == -np.inf:
            return Found(known.points, -np.inf, -np.inf)
        certified = True
        positive = np.where(fixed.equation, -np.inf, 0.0)
        signs = dual.bounds(positive, np.full(positive.size, np.inf))
        if bound is not None:
            most = np.full(positive.size, bound)
            bounds = dual.bounds(np.maximum(positive, -most), most)
        elif self._big_m is not None:
            bounds = np.outer([-self._big_m, self._big_m], dual.ones)
            certified = False
        elif fixed.slopes is not None:
            bounds = signs
        else:
            bounds = self._proven(dual, signs, known.lower)
        # A violation's best duals are whole where the recourse is totally unimodular.
        dual.whole = bound is not None and self._is_network(fixed)
        if self.bounded and not (np.abs(bounds) <= _LARGEST).all():
            return Found(known.points, known.lower, np.inf)
        return replace(self.search(dual, bounds, known, enough), certified=certified)

    def _is_network(self, fixed: Fixed) -> bool:
        if self._network is None:
            self._network = fixed.slopes is None and is_network(fixed.matrix)
        return self._network

    def _proven(self, dual: Dual, bounds: Floats, floor: float) -> Floats:
        """Return bounds of the factors of a best dual that is worth more than a floor.

        A bound that cannot be proven is infinite.
        """
        if not self._extreme_known:
            self._extreme, self._extreme_known = extreme_duals(dual.fixed), True
        if self._extreme is not None:
            bounds = dual.bounds(*self._extreme)
        bounds = self._tightened(dual, bounds, floor)
        if not np.isfinite(bounds).all():
            width = self._sensitivity(dual, floor)
            if np.isfinite(width):
                bounds = np.clip(bounds, -width, width)
                bounds = self._tightened(dual, bounds, floor)
        return bounds

    def _tightened(self, dual: Dual, bounds: Floats, floor: float) -> Floats:
        """Return bounds that linear programs over the rows of McCormick leave."""
        for _ in range(_ROUNDS):
            before = bounds
            bounds = dual.tighter(bounds, floor, self.run)
            infinite = np.isinf(before)
            width, old = bounds[1] - bounds[0], before[1] - before[0]
            progress = (infinite & np.isfinite(bounds)).any()
            if not infinite.any():
                progress |= (width < _SHRINKS * old).any()
            if self.run.should_stop() or not progress:
                break
        return bounds

    def _sensitivity(self, dual: Dual, floor: float) -> float:
        """Return how fast the worst case may grow with any scenario, if it is known.

        Where all sides may move by a margin and reactions still exist, which cost at
        most so much, the cost grows by no more than that over the margin.
        """
        fixed = dual.fixed
        if not dual.ones.size:
            return 0.0
        move = np.abs(dual.factors).max(axis=1).toarray().ravel()
        if move[fixed.equation].any():
            return np.inf
        for margin in _MARGINS:
            moved = replace(fixed, rhs=fixed.rhs + margin * move)
            allowed = allowance(moved)
            slack = self.costliest(moved.slack, Found(), 1.0, allowed)
            if slack.upper <= allowed:
                dearest = _dearest(moved, self.region.program)
                return max(0.0, dearest - floor) / margin * (1.0 + _SLACK)
        return np.inf


class Dual:
    """The dual of the recourse over all points, with products linearised.

    Its columns are the duals, the points w with those that occur in products scaled to
    binaries, and the products. ``factors`` are such that the cost of a point is what
    the duals are worth at its lower end plus each binary times its factor.
    """

    def __init__(self, fixed: Fixed, program: MIP) -> None:
        self.fixed, self._program = fixed, program
        slopes = sp.csc_array(fixed.rhs_slopes)
        width = program.upper - program.lower
        self.products = np.flatnonzero((np.diff(slopes.indptr) > 0) & (width > 0))
        self.ones = np.ones(self.products.size)
        self.widths = width[self.products]
        self.factors = sp.csc_array(
            slopes[:, self.products] @ sp.diags_array(self.widths)
        )
        self._sides, self._q, self._k = fixed.rhs.size, program.n, self.products.size
        #: Whether duals are integral.
        self.whole = False
        # w = base + scale * column
        self._base, self._scale = np.zeros(self._q), np.ones(self._q)
        self._base[self.products] = program.lower[self.products]
        self._scale[self.products] = self.widths

    def bounds(self, lower: Floats, upper: Floats) -> Floats:
        """Return bounds of the factors, from bounds of the duals.

        Parameters
        ----------
        lower, upper : ndarray of float64, shape (sides,)
            What each dual is at least and at most; infinite where that is not known.
        """
        ends = []
        for more, less in ((-upper, -lower), (lower, upper)):
            total = np.zeros(self.products.size)
            for part, bound in ((self.factors, more), (-self.factors, -less)):
                positive = part.maximum(0).T
                finite = np.isfinite(bound)
                total += positive @ np.where(finite, bound, 0.0)
                total[positive @ (~finite).astype(float) > 0] = -np.inf
            ends.append(total)
        return np.stack([ends[1], -ends[0]])

    def at(self, bounds: Floats, floor: float | None = None) -> MIP:
        """Return the program of bounds of the factors.

        Parameters
        ----------
        bounds : ndarray of float64, shape (2, k)
            Lower and upper bounds; the rows of infinite ones are left out.
        floor : float, optional
            Only what is worth as much is wanted.
        """
        fixed, points, k = self.fixed, self.points, self._k
        lower, upper = bounds
        at_base = fixed.rhs_at(self._base)
        c = np.r_[at_base, fixed.constant_slopes * self._scale, self.ones]
        offset = fixed.constant_at(self._base)
        none = sp.csr_array
        pick = none((self.ones, (np.arange(k), self.products)), shape=(k, self._q))
        low = np.where(np.isfinite(lower), lower, 0.0)
        high = np.where(np.isfinite(upper), upper, 0.0)
        one, gains = sp.eye_array(k), -self.factors.T
        blocks = [
            # The recourse's columns, and the set's rows.
            [fixed.matrix.T, none((fixed.cost.size, self._q + k))],
            [none((points.m, self._sides)), points.A, none((points.m, k))],
            # A product is at most 0, or the factor; nobody wants it smaller.
            [none((k, self._sides)), -(sp.diags_array(high) @ pick), one],
            [gains, -(sp.diags_array(low) @ pick), one],
        ]
        far = np.full(k, np.inf)
        row_lower = [
            np.where(fixed.free, fixed.cost, -np.inf),
            points.row_lower,
            -far,
            -far,
        ]
        row_upper = [
            fixed.cost,
            points.row_upper,
            np.where(np.isfinite(upper), 0.0, np.inf),
            np.where(np.isfinite(lower), -low, np.inf),
        ]
        if floor is not None:
            blocks.append([none(c[None, :])])
            slack = _SLACK * max(1.0, abs(floor))
            row_lower.append(np.array([floor - offset - slack]))
            row_upper.append(np.array([np.inf]))
        return MIP(
            c,
            sp.vstack([sp.hstack(block, format="csr") for block in blocks]),
            np.concatenate(row_lower),
            np.concatenate(row_upper),
            np.r_[np.where(fixed.equation, -np.inf, 0.0), points.lower, -far],
            np.r_[np.full(self._sides, np.inf), points.upper, far],
            np.r_[
                np.full(self._sides, self.whole), points.integrality, np.zeros(k, int)
            ],
            offset=offset,
            maximize=True,
        )

    @cached_property
    def points(self) -> MIP:
        """The program of the points, its columns in products made binaries."""
        program = self._program
        ends = np.stack([program.lower, program.upper])
        ends[:, self.products] = np.array([[0.0], [1.0]])
        flags = program.integrality.copy()
        flags[self.products] = 1
        moved = program.A @ self._base
        return MIP(
            np.zeros(self._q),
            program.A @ sp.diags_array(self._scale),
            program.row_lower - moved,
            program.row_upper - moved,
            ends[0],
            ends[1],
            flags,
        )

    def tighter(self, bounds: Floats, floor: float, run: Run) -> Floats:
        """Return bounds that hold of all duals worth a floor, by two LPs a factor."""
        found = bounds.copy()
        highs = build(self.at(bounds, floor), relaxed=True)
        columns = np.arange(highs.getNumCol(), dtype=np.int32)
        zero = np.zeros(columns.size)
        duals = columns[: self._sides]
        highs.changeColsCost(columns.size, columns, zero)
        highs.changeObjectiveOffset(0.0)
        factors = self.factors.T.toarray()
        for end, sign in ((1, 1.0), (0, -1.0)):
            for k in range(self._k):
                if bounds[end, k] == 0.0 or run.should_stop():
                    continue
                highs.changeColsCost(self._sides, duals, sign * factors[k])
                run_native(highs, 1)
                if highs.getModelStatus() == _OPTIMAL:
                    value = highs.getInfo().objective_function_value
                    value += _SLACK * max(1.0, abs(value))
                    found[end, k] = sign * min(value, sign * bounds[end, k])
        return found

    def start(self, w: Floats) -> tuple[NDArray[np.int32], Floats]:
        """Return the columns of the binaries with their values at a point."""
        values = (w[self.products] - self._program.lower[self.products]) / self.widths
        return (self._sides + self.products).astype(np.int32), np.round(values)

    def point(self, values: Floats) -> Floats:
        """Return the point that columns of the program hold."""
        w = values[self._sides : self._sides + self._q].copy()
        binary = np.round(w[self.products])
        w[self.products] = self._program.lower[self.products] + self.widths * binary
        integral = self._program.integrality == 1
        w[integral] = np.round(w[integral])
        return w


def _dearest(fixed: Fixed, program: MIP) -> float:
    """Return the most that any reaction costs, or infinity."""
    n = fixed.cost.size
    highs = build(
        MIP(
            np.r_[fixed.cost, fixed.constant_slopes],
            sp.block_array([[fixed.matrix, -fixed.rhs_slopes], [None, program.A]]),
            np.r_[fixed.rhs, program.row_lower],
            np.r_[np.where(fixed.equation, fixed.rhs, np.inf), program.row_upper],
            np.r_[np.where(fixed.free, -np.inf, 0.0), program.lower],
            np.r_[np.full(n, np.inf), program.upper],
            np.zeros(n + program.n, dtype=np.uint8),
            offset=fixed.constant,
            maximize=True,
        )
    )
    run_native(highs, 1)
    if highs.getModelStatus() != _OPTIMAL:
        return np.inf
    return float(highs.getInfo().objective_function_value)
