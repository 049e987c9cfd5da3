"""Worst scenarios of uncertain costs, by cuts of reactions.

Whatever the costs, the reactions are the same, so the adversary maximises the least of
linear functions: a program over the set with one row a reaction, to which an oracle,
the recourse at the scenario that seems worst, adds rows. Integers do no harm.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.robust.ccg.native import FEASIBLE_POINT, bound_of, solved
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Found, Separation, Traits, precision
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["ObjectiveCuts"]

Floats = NDArray[np.float64]


class ObjectiveCuts(Separation):
    """Cuts of reactions, for uncertain costs alone."""

    name = "objective"

    def __init__(self, standard: Standard, run: Run) -> None:
        super().__init__(standard, run)
        self._start = Support(self.region).any_point()

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        if traits.sides or traits.matrix:
            return "not only costs of the recourse are uncertain"
        return None

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage."""
        reactions, closed = Reactions(fixed), precision(self.run)
        lower, upper = -np.inf, np.inf
        worst = w = known.points[0] if known.points else self._start
        rows: list[Floats] = []
        ends: list[float] = []
        while not self.run.should_stop():
            answer = reactions.solve(w)
            if not np.isfinite(answer.value):
                return Found([w], answer.value, answer.value)
            if answer.bound > lower:
                lower, worst = answer.bound, w
            if upper - lower <= closed * max(1.0, abs(lower)):
                break
            # theta <= constant + (cost + cost_slopes w) z
            rows.append(fixed.constant_slopes + fixed.cost_slopes.T @ answer.z)
            ends.append(fixed.constant + float(fixed.cost @ answer.z))
            program = self._program(rows, ends)
            highs = solved(program, self.run, closed / 10)
            if highs.getInfo().primal_solution_status != FEASIBLE_POINT:
                break
            upper = min(upper, bound_of(highs, program))
            last, w = w, np.array(highs.getSolution().col_value)[:-1]
            if (w == last).all():
                break
        return Found([worst], lower, max(lower, upper))

    def _program(self, rows: list[Floats], ends: list[float]) -> MIP:
        program, k = self.region.program, len(rows)
        cuts = sp.csr_array(np.c_[-np.array(rows), np.ones(k)])
        wide = sp.hstack([program.A, sp.csr_array((program.m, 1))])
        n = program.n
        return MIP(
            np.r_[np.zeros(n), 1.0],
            sp.vstack([wide, cuts], format="csr"),
            np.r_[program.row_lower, np.full(k, -np.inf)],
            np.r_[program.row_upper, ends],
            np.r_[program.lower, -np.inf],
            np.r_[program.upper, np.inf],
            np.r_[program.integrality, 0],
            maximize=True,
        )
