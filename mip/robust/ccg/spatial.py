"""Worst scenarios of few factors, by branching on the set itself.

A reaction that is feasible in a whole box of scenarios bounds the worst case there.
Boxes are split until no bound exceeds what some scenario costs [1]_.

References
----------
.. [1] R. Horst, H. Tuy, "Global Optimization: Deterministic Approaches", 3rd ed.,
   Springer, 1996, ch. IV.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.mip.robust.ccg._kernels_spatial import (
    DONE,
    ENDLESS,
    FULL,
    Boxes,
    Recourse,
    Set,
    explore,
)
from combkit.mip.robust.ccg.policies import BREAKS
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Found, Separation, Traits, precision
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["Spatial"]

Floats = NDArray[np.float64]

#: By how much an integer, in a program that claims to hold a row, may miss it.
_NEARLY_WHOLE = 5e-6

#: Most coordinates of a set.
MOST_FACTORS = 8
#: Most bytes of the table of boxes, and most boxes that are split before the clock is
#: looked at.
_BYTES, _AT_ONCE = 1 << 30, 2_000


class Spatial(Separation):
    """Boxes of few factors, with reactions of integers alone."""

    name = "spatial"

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        program = standard.region.program
        if program.n > MOST_FACTORS:
            return f"the set has {program.n} coordinates, more than {MOST_FACTORS}"
        if not standard.integral.all():
            return "the recourse has continuous variables"
        if not np.isfinite(standard.most).all():
            return "a variable of the recourse has no upper bound"
        flat = program.row_lower == program.row_upper
        if np.abs(program.A[np.flatnonzero(flat)][:, program.integrality == 0]).sum():
            return "the set is flat: an equation holds for its scenarios"
        return None

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage."""
        program, reactions = self.region.program, Reactions(fixed)
        support = Support(self.region)
        recourse = _recourse(fixed, self.standard.most)
        worst, lower = support.any_point(), -np.inf
        # Where no reaction is left, one of these scenarios tells most: it asks for most
        # beyond what a side can get.
        demands = [support.farthest(slope) for slope in _demands(recourse)]
        for w in [*known.points, *demands, worst]:
            value = reactions.solve(w).value
            if value > lower:
                worst, lower = w, value
        if lower == np.inf:
            return Found([worst], np.inf, np.inf)
        scenarios = Set(
            program.A.toarray(),
            program.row_lower,
            program.row_upper,
            program.integrality == 1,
            program.upper - program.lower,
            worst,
        )
        boxes = _table(recourse, program.lower, program.upper, worst, lower)
        width, status = precision(self.run) / 2, None
        while status not in (DONE, FULL, ENDLESS) and not self.run.should_stop():
            status = explore(recourse, scenarios, boxes, width, _AT_ONCE)
        w = boxes.worst.copy()
        answer = reactions.solve(w)
        left = boxes.bound[boxes.heap[0]] if boxes.counts[0] else -np.inf
        upper = max(answer.bound, float(boxes.known[1]), float(left))
        return Found([w, worst], answer.bound, upper)


def _recourse(fixed: Fixed, most: Floats) -> Recourse:
    """Return the recourse of the kernels: sides of single variables become bounds."""
    q, n = fixed.rhs_slopes.shape[1], fixed.cost.size
    wide = fixed.slopes if fixed.slopes is not None else sp.csr_array((0, q * n))
    by = np.zeros((q, fixed.rhs.size, n))
    if fixed.slopes is not None:
        by = np.stack([wide[:, k * n : (k + 1) * n].toarray() for k in range(q)])
    matrix, rhs = fixed.matrix.toarray(), fixed.rhs
    rhs_by = fixed.rhs_slopes.toarray().T
    equal = fixed.equation
    matrix = np.vstack([matrix, -matrix[equal]])
    by = np.concatenate([by, -by[:, equal]], axis=1)
    rhs, rhs_by = np.r_[rhs, -rhs[equal]], np.hstack([rhs_by, -rhs_by[:, equal]])
    # What a master or HiGHS takes for a reaction is one here, too: integers that are
    # nearly whole break a row by their tolerance times its coefficients.
    size = np.abs(rhs) + np.abs(matrix) @ most
    allowed = np.maximum(BREAKS, _NEARLY_WHOLE * size)
    sure = ~(by.any(axis=(0, 2)) | rhs_by.any(axis=0))
    lower, upper = np.zeros(n), most.copy()
    single = sure & (np.count_nonzero(matrix, axis=1) == 1)
    for i in np.flatnonzero(single).tolist():
        j = int(np.flatnonzero(matrix[i])[0])
        end = (rhs[i] - allowed[i]) / matrix[i, j]
        if matrix[i, j] > 0:
            lower[j] = max(lower[j], np.ceil(end))
        else:
            upper[j] = min(upper[j], np.floor(end))
    left = np.where(matrix > 0, matrix * lower, matrix * upper).sum(axis=1)
    # Nothing can break them, or they are bounds now.
    kept = ~(sure & (left >= rhs - allowed)) & ~(single & (lower <= upper).all())
    return Recourse(
        fixed.cost,
        np.ascontiguousarray(fixed.cost_slopes.toarray().T),
        np.array([fixed.constant]),
        fixed.constant_slopes,
        np.ascontiguousarray(matrix[kept]),
        np.ascontiguousarray(by[:, kept]),
        (rhs - allowed)[kept],
        np.ascontiguousarray(rhs_by[:, kept]),
        lower,
        upper,
    )


def _demands(recourse: Recourse) -> Floats:
    """Return slopes of what each side lacks when all is done to satisfy it."""
    most = np.where(recourse.matrix > 0, recourse.upper, recourse.lower)
    lacks = recourse.rhs_by - np.einsum("qsn,sn->qs", recourse.matrix_by, most)
    slopes: Floats = lacks.T[np.abs(lacks).any(axis=0)]
    return slopes


def _table(
    recourse: Recourse, low: Floats, high: Floats, worst: Floats, lower: float
) -> Boxes:
    """Return a table of boxes that holds the whole set."""
    n, q = recourse.lower.size, low.size
    size = int(min(_BYTES // (8 * (2 * q + n + 3)), 4_000_000))
    boxes = Boxes(
        np.empty((size, q)),
        np.empty((size, q)),
        np.empty((size, n)),
        np.empty(size),
        np.empty(size, dtype=np.int64),
        np.arange(size, dtype=np.int64),
        np.array([1, 0, size - 1], dtype=np.int64),
        np.array([lower, -np.inf]),
        worst.copy(),
    )
    whole = size - 1
    boxes.lower[whole], boxes.upper[whole] = low, high
    boxes.reaction[whole], boxes.bound[whole] = recourse.lower, np.inf
    boxes.heap[0] = whole
    return boxes
