"""Column-and-constraint generation [1]_: scenarios and reactions by turns.

A master chooses the first stage for the scenarios that are known, each with a reaction
of its own: its bound is one of the problem. A separation finds what is worst for that
first stage: what it costs there is the other bound, and the scenario joins the master.

References
----------
.. [1] B. Zeng, L. Zhao, "Solving two-stage robust optimization problems using a
   column-and-constraint generation method", Operations Research Letters 41(5), 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.result import Status
from combkit.instances.robust.two_stage import TwoStage
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import FirstStage
from combkit.mip.contract import gap_limit
from combkit.mip.robust.ccg.choice import chosen, heuristic, names_of
from combkit.mip.robust.ccg.evaluation import tried
from combkit.mip.robust.ccg.master import Master
from combkit.mip.robust.ccg.separation import Found, Traits, costs, precision
from combkit.mip.robust.ccg.standard import Fixed, Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["Generation", "solve"]

Floats = NDArray[np.float64]

_SOURCE = "ccg"
#: Relative excess over the master's own worst case that makes a scenario a new one.
_VIOLATED = 1e-7
#: What the tolerances of HiGHS may add to a bound of a master, relative above 1.
_TOLERANCE = 1e-6
#: Relative gap of the first masters, and of later ones to the last gain.
_LOOSE = 0.1


def solve(
    problem: TwoStage,
    run: Run,
    *,
    separation: str = "auto",
    big_m: float | None = None,
) -> Outcome:
    """Solve a two-stage robust problem by column-and-constraint generation.

    Parameters
    ----------
    problem : TwoStage
        The problem.
    run : Run
        The run; an iteration is a master.
    separation : str
        How worst scenarios are found: ``enumeration``, ``objective``, ``mccormick``,
        ``kkt``, ``bilinear``, ``spatial`` (few factors, integer recourse),
        ``policies`` and ``nested`` (recourse with integers),
        ``alternating`` (proves nothing), or ``auto``: those that
        fit, in this order, until one closes the bracket.
    big_m : float, optional
        A bound of the duals for ``mccormick``, instead of one that it proves itself;
        the result is not certified then.

    Raises
    ------
    UnsupportedFeatureError
        If no separation fits, or not the one that is named.

    References
    ----------
    See the module.
    """
    return Generation(problem, run, names_of(separation), big_m).run_to_end()


class Generation:
    """The rounds of one run.

    Parameters
    ----------
    problem : TwoStage
        The problem.
    run : Run
        The run.
    separations : sequence of str
        Names of separations, of which those that fit are tried in order.
    big_m : float, optional
        A bound of the duals.
    """

    def __init__(
        self,
        problem: TwoStage,
        run: Run,
        separations: Sequence[str],
        big_m: float | None = None,
    ) -> None:
        self.problem, self.run = problem, run
        self.standard = Standard(problem)
        self.exact = chosen(separations, self.standard, run, big_m)
        self.quick = heuristic(self.standard, run)
        self.master = Master(problem)
        self.points: list[Floats] = []
        self.gap = gap_limit(run)
        self.lower, self.upper = -np.inf, np.inf
        #: No first stage that the master may not propose costs less.
        self.floor = np.inf
        self.certified = True
        self.best: FirstStage | None = None
        self.calls = {separation.name: 0 for separation in self.exact}

    def run_to_end(self) -> Outcome:
        """Alternate until the bounds meet, the run must end or nothing is new."""
        outcome = Outcome()
        self._add(Support(self.standard.region).any_point())
        if isinstance(self.run.initial, FirstStage):
            self._prove(*self._known(self.run.initial.first_stage, np.inf))
        guess: FirstStage | None = None
        # Early masters need not be exact, as long as a scenario can tell.
        gap, final = max(_LOOSE, self.gap / 4), self.gap / 4
        while not self.run.should_stop():
            start = None if self.best is None else self.best.first_stage
            proposal = self.master.solve(self.run, gap, start)
            self.run.should_stop(self.run.iterations + 1)
            if proposal.infeasible and self.floor == np.inf:
                raw = f"no first stage bears all of {len(self.points)} scenarios"
                outcome = Outcome(Status.INFEASIBLE, raw_status=raw)
                break
            if proposal.unbounded:
                outcome = self._unbounded()
                break
            slack = _TOLERANCE * max(1.0, min(abs(proposal.bound), abs(self.floor)))
            bound = min(self.floor, proposal.bound) - slack
            self.lower = max(self.lower, bound)
            self.run.report_bound(self.standard.sign * self.lower, _SOURCE)
            if proposal.x is None:
                if proposal.infeasible:
                    outcome = self._met()
                break
            fixed, known = self._known(proposal.x, proposal.worst)
            if self.best is None:
                scenario = self.standard.region.scenario(known.points[0])
                likely = FirstStage(proposal.x, scenario)
                # Tolerances of the master may be all that it holds a row by.
                if not self.problem.check(likely):
                    guess = likely
            gain = self._climb(fixed, known)
            if gain > 0.0:
                gap = min(gap, max(final, gain * _LOOSE))
                continue
            if gap > final:
                gap = final
                continue
            fresh = not self.run.should_stop() and self._prove(fixed, known)
            if self._closed():
                outcome = self._met()
                break
            if not fresh:
                if not self.run.should_stop():
                    outcome = Outcome(raw_status="no scenario is worse")
                break
        status = outcome.status
        last = self.best or guess
        if status is None and self.run.solution is None and last is not None:
            self.run.report(last, _SOURCE)
            self.certified = False
        if self.run.solution is not None and not self.certified:
            status = Status.FEASIBLE
        return Outcome(status, None, outcome.raw_status, self._facts())

    def _met(self) -> Outcome:
        """Return the end of a run that leaves no other first stage to look at."""
        # Its bracket may be as wide as the gap that was asked for.
        self.run.report(self.best, _SOURCE)
        self._meet()
        if not self._closed():
            return Outcome(raw_status="no first stage is left")
        status = Status.OPTIMAL if self.certified else None
        return Outcome(status, raw_status="the bounds meet")

    def _unbounded(self) -> Outcome:
        traits = Traits.of(self.standard)
        raw = f"the master of {len(self.points)} scenarios is unbounded"
        # Without uncertain costs no further scenario could bound them.
        sure = not (traits.costs or traits.matrix)
        return Outcome(Status.UNBOUNDED if sure else None, raw_status=raw)

    def _add(self, w: Floats) -> bool:
        if not self.master.add(self.standard.region.scenario(w)):
            return False
        self.points.append(w)
        return True

    def _known(self, x: Floats, claimed: float) -> tuple[Fixed, Found]:
        """Return the recourse of a first stage, and how bad the known points are."""
        fixed = self.standard.at(x)
        # Tolerances may take the reaction away that the master has.
        values = [min(value, claimed) for value in costs(fixed, self.points)]
        order = np.argsort(values, stable=True)[::-1]
        return fixed, Found([self.points[k] for k in order], values[order[0]])

    def _climb(self, fixed: Fixed, known: Found) -> float:
        """Add bad points that are found quickly; return by how much they are worse."""
        if self.quick is None:
            return 0.0
        found = self.quick.worst(fixed, known)
        if not self._adopt(found, fixed, known.lower):
            return 0.0
        excess = (found.lower - known.lower) / max(1.0, abs(known.lower))
        return min(1.0, excess)

    def _prove(self, fixed: Fixed, known: Found) -> bool:
        """Bracket the worst case of a first stage; whether a worse point was found."""
        found, name = tried(self.exact, fixed, known)
        self.calls[name] += 1
        if np.isfinite(found.lower) and found.points:
            self._judge(fixed.x, found)
        if self._adopt(found, fixed, known.lower):
            return True
        # The tolerances of the master let it hope for less at a scenario it has.
        if self._closed() or found.lower == -np.inf:
            return False
        if not self.master.forbid(fixed.x):
            return False
        self.floor = min(self.floor, found.lower)
        return True

    def _judge(self, x: Floats, found: Found) -> None:
        """Take a first stage with the bracket of its worst case."""
        scenario = self.standard.region.scenario(found.points[0])
        solution = FirstStage(x, scenario)
        upper = found.upper if found.certified else np.inf
        self.certified &= found.certified
        width = precision(self.run) * max(1.0, abs(found.lower), abs(found.upper))
        closed = upper - found.lower <= 2.0 * width
        if closed or not found.certified:
            self.run.report(solution, _SOURCE)
        if upper < self.upper or self.best is None:
            self.best, self.upper = solution, upper

    def _adopt(self, found: Found, fixed: Fixed, floor: float) -> bool:
        """Add the points that cost more than a floor; whether there is one."""
        if floor == np.inf:
            floor = -np.inf
        least = floor + _VIOLATED * max(1.0, abs(floor)) if floor > -np.inf else floor
        values = costs(fixed, found.points)
        bad = [w for w, c in zip(found.points, values, strict=True) if c > least]
        if found.lower == np.inf:
            bad = found.points[:1] + bad
        added = [self._add(w) for w in bad]
        return any(added)

    def _closed(self) -> bool:
        if not np.isfinite(self.upper):
            return False
        width, size = self.upper - self.lower, max(abs(self.upper), abs(self.lower))
        return width <= max(self.gap * size, 2.0 * _TOLERANCE * max(1.0, size))

    def _meet(self) -> None:
        """Take the objective for the bound where tolerances alone lie between."""
        objective, bound = self.run.objective, self.run.bound
        if not self.certified or objective is None or bound is None:
            return
        size = max(1.0, abs(objective))
        if abs(objective - bound) <= 2.0 * _TOLERANCE * size:
            self.run.report_bound(objective, _SOURCE)

    def _facts(self) -> dict[str, Any]:
        sign = self.standard.sign
        ends = sorted([sign * self.lower, sign * self.upper])
        return {
            "certified": bool(self.certified and self._closed()),
            "bracket": [end if np.isfinite(end) else None for end in ends],
            "separations": self.calls,
            "scenarios": [
                self.standard.region.scenario(w).tolist() for w in self.points
            ],
        }
