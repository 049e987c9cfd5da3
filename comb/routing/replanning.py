"""A policy for prizes that show their size on the spot: plan, go on, plan again.

It plans with expected prizes what is left of the quota, goes to the next node of the
plan, learns what that one yields, and plans again from there. It returns when the
quota is reached and nothing else is worth its way, or when every node was visited.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.outing_search import OutingSearch
from combkit.instances.errors import UsageError
from combkit.instances.prizes import SPCTSP
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Tour
from combkit.instances.stop import Reason

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_outing import Trip, Wishes
    from combkit.comb.routing._kernels_tour import Space

__all__ = ["follow", "solve"]

Integers = NDArray[np.int32]

#: Steps of the first plan, and of each later one, where nothing limits the run.
_STEPS, _FEWER = 50_000, 200
#: Share of the time, or of the steps, for the first plan.
_FIRST = 0.5
#: Nodes beside which a node may be put in, levels of a Lin-Kernighan step.
_NEIGHBOURS, _DEPTH = 10, 6
#: Seconds that a step takes, about, before it is known.
_STEP = 1e-5
#: Longest string that a step takes out; heats of first and later plans, in mean legs.
_LONGEST, _HOT, _WARM, _COLD = 10, 2.0, 0.2, 0.03


def solve(
    problem: SPCTSP, run: Run, *, neighbours: int = _NEIGHBOURS, depth: int = _DEPTH
) -> Outcome:
    """Make plans and follow them to the end; the result is the tour that was made.

    Real prizes of nodes that were not visited are never looked at. Without limits a
    plan takes a fixed number of steps; with a time limit the steps that there is
    time for, and where that is over, plans are only mended.

    Parameters
    ----------
    problem : SPCTSP
        The problem.
    run : Run
        The run; ``run.initial`` is not used.
    neighbours : int
        Nodes of the plan beside which a node may be put in, nearest first.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if neighbours < 1 or depth < 0:
        raise UsageError(f"neighbours={neighbours}, depth={depth}: at least 1 and 0")
    return _travel(problem, run, None, neighbours, depth)


def follow(problem: SPCTSP, run: Run, plan: Tour) -> Outcome:
    """Follow a plan that was made for the expected prizes, and plan again on the way.

    Parameters
    ----------
    problem : SPCTSP
        The problem.
    run : Run
        The run; a later plan takes the time that is left, or as many steps as one
        without limits where iterations are limited.
    plan : Tour
        The plan.
    """
    return _travel(problem, run, plan.tour, _NEIGHBOURS, _DEPTH)


def _travel(
    problem: SPCTSP,
    run: Run,
    plan: NDArray[np.int64] | None,
    neighbours: int,
    depth: int,
) -> Outcome:
    planner = OutingSearch(problem, run, "replan", neighbours, depth)
    if problem.n == 0:
        return Outcome(reason=Reason.COMPLETED)
    planner.begin(plan)
    traveller = _Traveller(problem, run, *planner.state, has_plan=plan is not None)
    run.report(Tour(traveller.go()), "replan")
    return Outcome(reason=Reason.COMPLETED, extra={"plans": traveller.plans})


class _Traveller:
    """Somebody under way, with a plan."""

    def __init__(
        self,
        problem: SPCTSP,
        run: Run,
        space: Space,
        wishes: Wishes,
        trip: Trip,
        *,
        has_plan: bool,
    ) -> None:
        from combkit.comb.routing import _kernels_outing

        self._kernels = _kernels_outing
        self._problem, self._run = problem, run
        # What is visited has no value any more, and the plan goes on from here.
        self._space = space._replace(fixed=np.full((problem.n + 1, 2), -1, np.int32))
        self._wishes = wishes._replace(
            value=wishes.value.copy(), prize=wishes.prize.copy()
        )
        self._trip = trip
        visits = max(1, int(trip.count[0]))
        self._leg = float(trip.sums[_kernels_outing.LENGTH]) / visits
        self._has_plan, self._pace = has_plan, _STEP if has_plan else 0.0
        self.plans = 0

    def go(self) -> list[int]:
        """Return the nodes that were visited, in order."""
        trip, path = self._trip, [0]
        if not self._has_plan:
            self._plan(first=True)
        while True:
            plan = self._rest(path[-1])
            if plan.size < 2:
                return path
            here = int(plan[1])
            path.append(here)
            self._arrive(here, plan)
            trip.pooled[path[-2]] = 1
            self._plan(first=False)

    def _rest(self, here: int) -> Integers:
        """Return where the plan goes from here, this node first, without the depot."""
        trip = self._trip
        met = math.isfinite(trip.sums[self._kernels.BEST])
        tour = trip.best[: trip.count[1]] if met else trip.tour[: trip.count[0]]
        tour = np.roll(tour, -int(np.flatnonzero(tour == here)[0]))
        if here != 0 and tour.size > 2 and tour[1] == 0:
            tour = np.roll(tour[::-1], 1)
        rest: Integers = tour[tour != 0] if here != 0 else tour
        return rest

    def _arrive(self, here: int, plan: Integers) -> None:
        """Learn the prize of a node, and forget who was visited before."""
        problem, wishes = self._problem, self._wishes
        kernels, fixed = self._kernels, self._space.fixed
        quota = wishes.quota - float(problem.real_prizes[here])
        wishes.value[here] = wishes.prize[here] = 0.0
        self._wishes = wishes._replace(quota=quota)
        fixed[:] = -1
        fixed[0, 0], fixed[here, 0] = here, 0
        self._trip.sums[kernels.BEST] = math.inf
        left = np.concatenate([[0], plan[1:]]).astype(np.int32)
        kernels.stand(self._space, self._wishes, self._trip, left)

    def _plan(self, *, first: bool) -> None:
        """Improve the plan; reach the quota in any case, if all nodes together do."""
        kernels, trip = self._kernels, self._trip
        if trip.sums[kernels.PRIZE] < self._wishes.quota:
            kernels.fill(self._space, self._wishes, trip)
        hot = (_HOT if first else _WARM) * self._leg
        steps = self._steps(first)
        begun = time.perf_counter()
        done = 0
        while done < steps and not self._run.should_stop():
            part = min(1_000, steps - done)
            cooling = math.log(_HOT / _COLD) / steps
            heat = hot * math.exp(-cooling * done)
            kernels.search(
                self._space, self._wishes, trip, part, _LONGEST, heat, cooling
            )
            done += part
            if first and self._run.limits.iterations is None:
                steps = self._steps(first, done, time.perf_counter() - begun)
        if done:
            self._pace = (time.perf_counter() - begun) / done
        self.plans += 1

    def _steps(self, first: bool, done: int = 0, spent: float = 0.0) -> int:
        """Return how many steps a plan should take."""
        run, left = self._run, max(1, int(self._trip.count[0]))
        limit = run.limits.iterations
        if limit is not None and not self._has_plan:
            return int(limit * _FIRST) if first else int(limit * (1 - _FIRST) / left)
        if limit is not None or math.isinf(run.remaining):
            return _STEPS if first else _FEWER
        if not first:
            return int(run.remaining / left / max(self._pace, 1e-7))
        if done == 0:
            return 1_000
        return int(_FIRST * (run.remaining + spent) * done / max(spent, 1e-6))
