"""Slack induction by string removals, for vehicle routing.

A step removes strings of near customers and inserts them greedily again, with
blinks; simulated annealing decides whether the result stays. Different from the
reference, insertions are looked for beside near customers only, so that a step
takes a few microseconds whatever the number of customers.

References
----------
.. [1] J. Christiaens and G. Vanden Berghe, "Slack induction by string removals
   for vehicle routing problems", Transportation Science 54(2), 2020.
   https://doi.org/10.1287/trsc.2019.0914
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from combkit.comb.routing.cooling import Cooling, checked_heat
from combkit.comb.routing.savings import savings_routes
from combkit.comb.routing.sisr_data import (
    fleet_of,
    fleet_size,
    lists_of,
    plan_of,
    routes_of,
)
from combkit.comb.routing.slices import Reports, fitted
from combkit.comb.routing.starts import searched, start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Routes
from combkit.instances.vrptw import VRPTW

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_sisr_plan import Fleet, Plan

__all__ = ["solve"]

#: Probabilities that a string is split, and that a position is overlooked.
_SPLIT, _BLINK = 0.5, 0.01
#: Relative slack of what makes a problem infeasible, for rounding noise.
_NOISE = 1e-9
#: Share of the run that may go into fewer routes where those count most.
_FLEET_SHARE = 0.5
#: Seconds that a step takes, about, at any size.
_STEP = 6e-6
#: Steps a customer from which the first temperature is one mean distance.
_STEPS_AT_ONE = 1_800.0
#: Temperature of that, as a share of the first one of the cooling.
_FLEET_HEAT = 0.1


def solve(
    problem: CVRP,
    run: Run,
    *,
    neighbours: int = 100,
    removed: float = 10.0,
    longest: int = 10,
    hot: float | None = None,
    cold: float = 0.03,
) -> Outcome:
    """Ruin, recreate and anneal until the run ends.

    Starts from ``run.initial``, or else from savings. Where the start is partial
    or infeasible, or has too many routes, or fewer of them are what counts,
    customers without a route are given a place first. Then the temperature falls
    over the time or the iterations that the run has left; without either, it is
    raised again and again, for twice the time. With several threads, independent
    searches run side by side.

    Parameters
    ----------
    problem : CVRP, OVRP or VRPTW
        The problem.
    run : Run
        The run.
    neighbours : int
        Customers beside which a customer may be inserted, nearest first.
    removed : float
        Customers that a step removes, on average.
    longest : int
        Longest string that is removed from a route.
    hot, cold : float
        First and last temperature, in mean distances of the start. By default
        the first one grows with the steps that there are for a customer, and is
        higher where routes are long.

    Raises
    ------
    UsageError
        If a number is out of its range.
    InvalidSolutionError
        If ``run.initial`` visits a customer that does not exist: it is of
        another problem.

    Notes
    -----
    A matrix need not obey the triangle inequality; where it does not, some good
    places for a customer are overlooked.
    """
    hot = checked_heat(
        run,
        problem.n,
        neighbours=neighbours,
        removed=removed,
        longest=longest,
        hot=hot,
        cold=cold,
        step=_STEP,
        steps_at_one=_STEPS_AT_ONE,
        per_route=problem.capacity / max(1e-9, float(problem.demands[1:].mean())),
    )
    return searched(
        problem,
        run,
        lambda: _search(problem, run, neighbours, hot, cold, (float(removed), longest)),
    )


def _search(
    problem: CVRP,
    run: Run,
    neighbours: int,
    hot: float,
    cold: float,
    strings: tuple[float, int],
) -> None:
    start = start_of(problem, run)
    if problem.n == 1 or run.should_stop():
        return
    fleet = run.supervise(lambda: _prepare(problem, neighbours))
    search = _Search(problem, run, fleet, start, strings)
    try:
        if search.complete(hot) and not run.should_stop():
            search.anneal(hot, cold)
    finally:
        search.close()


class _Search:
    """Plans for one problem, advanced in short slices."""

    def __init__(
        self,
        problem: CVRP,
        run: Run,
        fleet: Fleet,
        start: Routes | None,
        strings: tuple[float, int],
    ) -> None:
        from combkit.comb.routing import _kernels_sisr, _kernels_sisr_plan

        self._kernels, self._columns = _kernels_sisr, _kernels_sisr_plan
        self._problem = problem
        self._run = run
        self._fleet = fleet
        self._strings = *strings, _SPLIT, _BLINK
        self._done = 0
        self._pool = ThreadPoolExecutor(run.threads)
        self._routes_count = isinstance(problem, VRPTW) and problem.vehicle_cost > 0.0
        self._reports = Reports(run, "sisr")
        if start is None:
            # Too many of them: the fleet phase gives the rest a place.
            routes = savings_routes(problem)
        else:
            routes = [route.tolist() for route in start.routes if route.size]
        self._restart(routes, fleet_size(problem, routes))
        if self._absent(self._plans[0]) and problem.vehicles is None:
            self._restart(routes, problem.n)
        self._least = 1e-9 * float(fleet.node[:, _kernels_sisr_plan.FAR].max())

    def _mean_leg(self) -> float:
        """Return the mean distance between stops of the plan, if it has some."""
        legs = self._plans[0].value[:, self._columns.LEG]
        legs = legs[legs > 0.0]
        return float(legs.mean()) if legs.size else float(self._fleet.reach[1:].mean())

    def complete(self, hot: float) -> bool:
        """Give every customer a place, and need fewer routes where those count.

        Returns whether every customer has a place.
        """
        whole = not self._absent(self._plans[0])
        if whole:
            self._report()
            if not self._routes_count:
                return True
        run, limit = self._run, self._run.limits.iterations
        heat = _FLEET_HEAT * hot * self._mean_leg()
        begun = self._done
        end = run.elapsed + _FLEET_SHARE * run.remaining
        last = math.inf
        if limit is not None:
            last, end = begun + _FLEET_SHARE * (limit - begun), math.inf
        steps = 100
        while not run.should_stop(self._done):
            done = [plan for plan in self._plans if not self._absent(plan)]
            if done:
                whole = True
                self._restart(lists_of(done[0]))
                self._report()
                if not self._routes_count or self._at_fewest_routes():
                    return True
                for plan in self._plans:
                    self._kernels.dissolve(self._fleet, plan)
            if whole and (self._done >= last or run.elapsed >= end):
                break
            if limit is not None:
                steps = max(1, min(steps, limit - self._done))
            steps = self._advance(self._kernels.complete, steps, heat)
        if whole and any(self._absent(plan) for plan in self._plans):
            self._restart(routes_of(self._plans[0]))
        return whole

    def anneal(self, hot: float, cold: float) -> None:
        """Search until the run ends, cooler and cooler."""
        cooling = Cooling(self._run, hot * self._mean_leg(), cold / hot, self._done)
        steps = 100
        while not self._run.should_stop(self._done):
            steps, heat, rate = cooling.next(self._done, steps)
            search = partial(
                self._kernels.ruin_and_recreate, cooling=rate, least=self._least
            )
            steps = self._advance(search, steps, heat)
            self._report()
        self._report(last=True)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _advance(self, kernel: Callable[..., None], steps: int, heat: float) -> int:
        """Take steps in every plan; return how many to take the next time."""
        began = time.perf_counter()

        def task(plan: Plan) -> None:
            kernel(self._fleet, plan, self._done + 1, steps, heat, *self._strings)

        list(self._pool.map(task, self._plans))
        self._done += steps
        return fitted(steps, time.perf_counter() - began)

    def _restart(self, routes: Sequence[Sequence[int]], most: int = 0) -> None:
        """Let every plan begin with given routes.

        There may be ``most`` routes; without it no more than given where every
        one costs, else as many as make sense.
        """
        if most == 0:
            count = self._routes_count and len(routes) > 0
            most = len(routes) if count else fleet_size(self._problem, routes)
        self._plans = [
            plan_of(
                self._fleet,
                routes,
                most,
                self._run.seed,
                number + self._done * self._run.threads,
            )
            for number in range(self._run.threads)
        ]

    def _report(self, *, last: bool = False) -> None:
        plan = min(self._plans, key=self._best)
        self._reports.offer(
            self._best(plan), lambda: Routes(routes_of(plan)), last=last
        )

    def _best(self, plan: Plan) -> float:
        return float(plan.scalars[self._columns.BEST])

    def _absent(self, plan: Plan) -> int:
        return int(plan.scalars[self._columns.ABSENT])

    def _at_fewest_routes(self) -> bool:
        """Whether the load needs as many routes as the plans have."""
        fewest = float(self._problem.demands.sum()) / self._problem.capacity
        used = float(self._plans[0].scalars[self._columns.USED])
        return used <= math.ceil(fewest - _NOISE)


def _prepare(problem: CVRP, neighbours: int) -> Fleet:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.routing import _kernels_sisr

    points = np.random.default_rng(0).random((4, 2))
    fleet = fleet_of(CVRP(points, np.array([0, 1, 1, 1]), 2), 2)
    strings = 2.0, 10, _SPLIT, _BLINK
    plan = plan_of(fleet, [[1], [2, 3]], 3, 0, 0)
    _kernels_sisr.ruin_and_recreate(fleet, plan, 1, 10, 1.0, *strings, 0.0, 0.0)
    _kernels_sisr.dissolve(fleet, plan)
    _kernels_sisr.complete(fleet, plan, 11, 1, 1.0, *strings)
    return fleet_of(problem, neighbours)
