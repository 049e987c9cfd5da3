"""Worst scenarios by the recourse's dual as a bilinear program of SCIP.

SCIP branches on scenarios and on factors of duals in space. It bears costs and even
coefficients of the recourse that are uncertain; for the latter no bounds of the duals
are known, and it may not come to an end.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyscipopt
from numpy.typing import NDArray

from combkit.mip.robust.ccg.complementary import (
    Complementary,
    add_points,
    concluded,
    entries,
    products,
)
from combkit.mip.robust.ccg.dual import Dual, DualSeparation
from combkit.mip.robust.ccg.separation import Found, Traits
from combkit.mip.robust.ccg.standard import Fixed, Standard

__all__ = ["Bilinear"]

Floats = NDArray[np.float64]


class Bilinear(DualSeparation):
    """The dual, with products of factors and points, solved in space."""

    name = "bilinear"
    bounded: ClassVar[bool] = False

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        return None if traits.continuous else "the recourse has integer variables"

    def violated(self, slack: Fixed) -> Found:
        """Return a bracket of the largest violation, by optimality conditions.

        Searching in space is slow to prove that there is none.
        """
        if slack.slopes is not None:
            return super().violated(slack)
        return Complementary(self.standard, self.run).violated(slack)

    def search(
        self, dual: Dual, bounds: Floats, known: Found, enough: float | None
    ) -> Found:
        """Return a bracket, from bounds of the factors."""
        fixed, model = dual.fixed, pyscipopt.Model()
        w = add_points(model, self.region.program)
        duals = [
            model.addVar(lb=None if equal else 0.0, ub=None)
            for equal in fixed.equation.tolist()
        ]
        prices = products(fixed.matrix.T, duals)
        moved = products(fixed.cost_slopes, w)
        n = fixed.cost.size
        if fixed.slopes is not None:
            for i, column, value in entries(fixed.slopes):
                k, j = divmod(column, n)
                prices[j] += value * w[k] * duals[i]
        for j, free in enumerate(fixed.free.tolist()):
            if free:
                model.addCons(prices[j] - moved[j] == fixed.cost[j])
            else:
                model.addCons(prices[j] - moved[j] <= fixed.cost[j])
        worth = model.addVar(lb=None, ub=None)
        linear = zip(
            [*fixed.rhs.tolist(), *fixed.constant_slopes.tolist()],
            [*duals, *w],
            strict=True,
        )
        total = pyscipopt.quicksum(c * v for c, v in linear if c)
        slopes = products(fixed.rhs_slopes.T, duals)
        for k, low, high in zip(
            dual.products.tolist(), *(bounds / dual.widths).tolist(), strict=True
        ):
            factor = model.addVar(lb=low, ub=high)
            model.addCons(factor == slopes[k])
            total += factor * w[k]
        model.addCons(worth <= total + fixed.constant)
        model.setObjective(worth, "maximize")
        return concluded(self, model, w, fixed, known, enough)
