"""Worst scenarios by looking at every one that may be worst."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from combkit.instances.robust.uncertainty import Region
from combkit.instances.run import Run
from combkit.mip.robust.ccg.points import finite_points, vertices
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Found, Separation, Traits
from combkit.mip.robust.ccg.standard import Fixed, Standard

__all__ = ["Enumeration"]

Floats = NDArray[np.float64]

#: Most points, and most systems of equations to find them.
MOST_POINTS, MOST_SYSTEMS = 2_000, 100_000


# A refusal that is not given has found the points already.
@lru_cache(maxsize=8)
def _finite(region: Region) -> Floats | None:
    return finite_points(region, MOST_POINTS)


@lru_cache(maxsize=8)
def _corners(region: Region) -> Floats | None:
    return vertices(region, MOST_SYSTEMS)


class Enumeration(Separation):
    """All points of a finite set, or the vertices of a small polytope.

    A vertex is worst where the cost is convex in the scenario: for continuous recourse
    with uncertain right-hand sides only.
    """

    name = "enumeration"

    def __init__(self, standard: Standard, run: Run) -> None:
        super().__init__(standard, run)
        points = _finite(self.region)
        if points is None:
            points = _corners(self.region)
        assert points is not None
        self.points = points

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        region = standard.region
        if region.program.integrality.all():
            if _finite(region) is None:
                return f"the set has more than {MOST_POINTS} scenarios"
            return None
        if region.program.integrality.any():
            return "the set is partly continuous"
        if not traits.continuous or traits.costs or traits.matrix:
            return "a worst scenario need not be a vertex of the set"
        if _corners(region) is None:
            return "the set may have too many vertices"
        return None

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return a bracket of the worst case of a first stage."""
        reactions = Reactions(fixed)
        values, bounds = np.full((2, len(self.points)), -np.inf)
        for k, w in enumerate(self.points):
            if self.run.should_stop():
                bounds[k:] = np.inf
                break
            answer = reactions.solve(w)
            values[k], bounds[k] = answer.value, answer.value
            if answer.value == np.inf:
                return Found([w], np.inf, np.inf)
        worst = int(np.argmax(values))
        return Found([self.points[worst]], float(values[worst]), float(bounds.max()))
