"""Worst scenarios by the dual of the recourse as a mixed-integer program.

Where each column of the uncertainty set's program is at a bound at every extreme point
of the set, its products with the factors of duals are products with binaries:
McCormick's rows are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.mip.robust.ccg.dual import Dual, DualSeparation
from combkit.mip.robust.ccg.native import FEASIBLE_POINT, LIGHT, bound_of, solved
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Found, Traits, precision
from combkit.mip.robust.ccg.standard import Standard

__all__ = ["McCormick"]

Floats = NDArray[np.float64]


class McCormick(DualSeparation):
    """The dual as a program of HiGHS, exact where scenarios are two-valued."""

    name = "mccormick"

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        if not traits.continuous:
            return "the recourse has integer variables"
        if traits.costs or traits.matrix:
            return "not only right-hand sides of the recourse are uncertain"
        if not standard.region.two_valued:
            return "a worst scenario may lie between the bounds of the set"
        return None

    def search(
        self, dual: Dual, bounds: Floats, known: Found, enough: float | None
    ) -> Found:
        """Return a bracket, from bounds of the factors."""
        gap = 0.1 if enough is not None else precision(self.run)
        start = dual.start(known.points[0])
        program = dual.at(bounds)
        highs = solved(program, self.run, gap, start, LIGHT)
        info = highs.getInfo()
        points, lower = list(known.points), known.lower
        if info.primal_solution_status == FEASIBLE_POINT:
            w = dual.point(np.array(highs.getSolution().col_value))
            value = Reactions(dual.fixed).solve(w).value
            points = [w, *points] if value > lower else points
            lower = max(lower, value)
        return Found(points, lower, max(bound_of(highs, program), lower))
