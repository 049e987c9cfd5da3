"""Bad scenarios by turns: duals of a scenario, then the worst scenario for the duals.

For continuous recourse the cost is convex in the right-hand sides, so each step finds
a scenario that is no better. It ends in a local optimum: nothing is proven.

References
----------
.. [1] H. Konno, "A cutting plane algorithm for solving bilinear programs",
   Mathematical Programming 11, 1976 (mountain climbing).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.run import Run
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.separation import Feasible, Found, Traits, allowance
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["Alternating"]

Floats = NDArray[np.float64]

#: Points to climb from: known ones and random ones.
_KNOWN, _RANDOM = 4, 3
#: Most bad points that are handed on.
_HANDED = 3
#: Relative gain that is none.
_ROUNDING = 1e-9


class Alternating(Feasible):
    """Climbs from the known points and from random ones; proves nothing."""

    name = "alternating"
    certified: ClassVar[bool] = False

    def __init__(self, standard: Standard, run: Run) -> None:
        super().__init__(standard, run)
        self._support = Support(self.region)
        self._rng = np.random.default_rng(run.seed)

    @classmethod
    def refusal(cls, standard: Standard, traits: Traits) -> str | None:
        """Return why the problem is not one for this separation; None if it is."""
        if not traits.continuous:
            return "the recourse has integer variables"
        if traits.costs or traits.matrix:
            return "not only right-hand sides of the recourse are uncertain"
        return None

    def worst(self, fixed: Fixed, known: Found) -> Found:
        """Return bad points, with an open end above."""
        slack = self.costliest(fixed.slack, known)
        if slack.lower > allowance(fixed):
            return Found(slack.points, np.inf, np.inf, False)
        return self.costliest(fixed, known)

    def costliest(
        self,
        fixed: Fixed,
        known: Found,
        bound: float | None = None,
        enough: float | None = None,
    ) -> Found:
        """Return bad points, with an open end above."""
        reactions = Reactions(fixed)
        starts = list(known.points[:_KNOWN])
        sides = fixed.rhs_slopes.T
        for _ in range(_RANDOM):
            duals = self._rng.exponential(size=fixed.rhs.size)
            starts.append(self._support.farthest(sides @ duals))
        peaks: dict[bytes, tuple[float, Floats]] = {}
        seen: set[bytes] = set()
        for start in starts:
            if self.run.should_stop():
                break
            w, value = start, -np.inf
            while w.tobytes() not in seen:
                seen.add(w.tobytes())
                answer = reactions.solve(w)
                if answer.value == np.inf:
                    return Found([w], np.inf, np.inf, False)
                if answer.value <= value + _ROUNDING * max(1.0, abs(value)):
                    break
                value = answer.value
                peaks[w.tobytes()] = (value, w)
                if answer.value == -np.inf:
                    break
                slope = sides @ answer.duals + fixed.constant_slopes
                w = self._support.farthest(slope)
        best = sorted(peaks.values(), key=lambda peak: -peak[0])[:_HANDED]
        if not best:
            return Found([], -np.inf, np.inf, False)
        return Found([w for _, w in best], best[0][0], np.inf, False)
