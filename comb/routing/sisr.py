"""Slack induction by string removals, for capacitated vehicle routing.

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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from combkit.comb.routing.metric import metric_arrays
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.slices import Reports, fitted
from combkit.comb.routing.starts import start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.solutions import Routes

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_sisr import Fleet, Plan

__all__ = ["solve"]

#: Probabilities that a string is split, and that a position is overlooked.
_SPLIT, _BLINK = 0.5, 0.01
#: Seconds of the first cooling where nothing limits the run; each is twice the last.
_CYCLE = 10.0


def solve(
    problem: CVRP,
    run: Run,
    *,
    neighbours: int = 100,
    removed: float = 10.0,
    longest: int = 10,
    hot: float = 1.0,
    cold: float = 0.01,
) -> Outcome:
    """Ruin, recreate and anneal until the run ends.

    Starts from ``run.initial``, or else from savings. The temperature falls
    over the time or the iterations that the run has; without either, it is
    raised again and again, for twice the time. With several threads,
    independent searches run side by side.

    Parameters
    ----------
    problem : CVRP
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
        First and last temperature, in mean distances of the start.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if neighbours < 1 or longest < 1:
        raise UsageError(f"neighbours={neighbours}, longest={longest}: at least 1")
    if not removed >= 1.0:
        raise UsageError(f"removed={removed:g}: at least 1")
    if not 0.0 < cold <= hot < math.inf:
        raise UsageError(f"hot={hot:g}, cold={cold:g}: 0 < cold <= hot")
    start = start_of(problem, run)
    if start is None or problem.n == 1 or run.should_stop():
        return Outcome()
    fleet = run.supervise(lambda: _prepare(problem, neighbours))
    search = _Search(problem, run, fleet, start, removed, longest)
    search.anneal(hot, cold)
    return Outcome()


class _Search:
    """Plans for one problem, advanced in short slices."""

    def __init__(
        self,
        problem: CVRP,
        run: Run,
        fleet: Fleet,
        start: Routes,
        removed: float,
        longest: int,
    ) -> None:
        from combkit.comb.routing import _kernels_sisr

        self._kernels = _kernels_sisr
        self._run = run
        self._fleet = fleet
        self._removed, self._longest = removed, longest
        routes = [list(route) for route in start.routes]
        self._plans = [
            _plan_of(problem, fleet, routes, run.seed, k) for k in range(run.threads)
        ]
        self._least = 1e-9 * float(self._plans[0].leg.max())
        self._mean_leg = self._cost(self._plans[0]) / (problem.n + len(routes))
        self._reports = Reports(run, "sisr")

    def anneal(self, hot: float, cold: float) -> None:
        """Search until the run ends, cooler and cooler."""
        run, limit = self._run, self._run.limits.iterations
        first, last = hot * self._mean_leg, cold * self._mean_leg
        done, steps = 0, 100
        begin, cycle = run.elapsed, _CYCLE
        with ThreadPoolExecutor(len(self._plans)) as pool:
            while not run.should_stop(done):
                if limit is not None:
                    # By the number of the step alone, so that it repeats itself.
                    steps = max(1, min(steps, limit - done))
                    heat, cooling = first, math.log(first / last) / limit
                else:
                    span = run.elapsed - begin
                    if math.isinf(run.remaining) and span > cycle:
                        begin, cycle, span = run.elapsed, 2.0 * cycle, 0.0
                    share = span / min(cycle, span + run.remaining)
                    heat, cooling = first * (last / first) ** share, 0.0
                started = time.perf_counter()
                advance = partial(
                    self._advance, first=done + 1, steps=steps, heat=heat, rate=cooling
                )
                list(pool.map(advance, self._plans))
                done += steps
                steps = fitted(steps, time.perf_counter() - started)
                self._report()
        self._report(last=True)

    def _advance(
        self, plan: Plan, first: int, steps: int, heat: float, rate: float
    ) -> None:
        self._kernels.ruin_and_recreate(
            self._fleet,
            plan,
            first,
            steps,
            heat,
            rate,
            self._removed,
            self._longest,
            _SPLIT,
            _BLINK,
            self._least,
        )

    def _report(self, *, last: bool = False) -> None:
        plan = min(self._plans, key=self._best)
        self._reports.offer(
            self._best(plan), lambda: Routes(_routes_of(plan)), last=last
        )

    def _cost(self, plan: Plan) -> float:
        return float(plan.scalars[self._kernels.COST])

    def _best(self, plan: Plan) -> float:
        return float(plan.scalars[self._kernels.BEST])


def _prepare(problem: CVRP, neighbours: int) -> Fleet:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.routing import _kernels_sisr

    points = np.random.default_rng(0).random((4, 2))
    tiny = CVRP(points, np.array([0, 1, 1, 1]), 2)
    fleet = _fleet_of(tiny, 2)
    plan = _plan_of(tiny, fleet, [[1], [2, 3]], 0, 0)
    _kernels_sisr.ruin_and_recreate(
        fleet, plan, 1, 10, 1.0, 0.0, 2.0, 10, _SPLIT, _BLINK, 0.0
    )
    return _fleet_of(problem, neighbours)


def _fleet_of(problem: CVRP, neighbours: int) -> Fleet:
    from combkit.comb.routing._kernels_sisr import Fleet

    nodes = np.arange(problem.n + 1)
    near = np.zeros((problem.n + 1, min(neighbours, problem.n - 1)), np.int32)
    near[1:] = near_nodes(problem, neighbours, nodes[1:]) + 1
    service = np.zeros(problem.n + 1)
    if problem.service_time is not None:
        service[:] = problem.service_time
    longest = math.inf if problem.max_distance is None else problem.max_distance
    return Fleet(
        *metric_arrays(problem),
        near,
        problem.distance(nodes[:, None], near).astype(np.float64),
        problem.demands.astype(np.float64),
        service,
        problem.distance(0, nodes).astype(np.float64),
        np.array([problem.capacity, longest], np.float64),
    )


def _plan_of(
    problem: CVRP,
    fleet: Fleet,
    routes: Sequence[Sequence[int]],
    seed: int,
    number: int,
) -> Plan:
    """Return a plan of given routes, with room for more of them."""
    from combkit.comb.routing import _kernels_sisr as kernels

    n = problem.n
    m = problem.vehicles or min(n, 2 * len(routes) + 10)
    nodes = np.arange(n + 1 + m, dtype=np.int32)
    state = generator(seed, number).integers(1, 2**63, 1)
    plan = kernels.Plan(
        after=nodes.copy(),
        before=nodes.copy(),
        leg=np.zeros(n + 1 + m),
        route=np.full(n + 1, -1, np.int32),
        load=np.zeros(m),
        length=np.zeros(m),
        size=np.zeros(m, np.int32),
        free=np.arange(m, dtype=np.int32)[::-1].copy(),
        log=np.zeros((2 * n + 2, 3), np.int32),
        removed=np.zeros(n, np.int32),
        key=np.zeros(n),
        mark=np.zeros(m, np.int64),
        dirty=np.stack([np.arange(m, dtype=np.int32), np.ones(m, np.int32)]),
        best=nodes.copy(),
        scalars=np.zeros(7),
        random=state.astype(np.uint64),
    )
    plan.scalars[kernels.FREE] = plan.scalars[kernels.DIRTY] = m
    for route, customers in enumerate(routes):
        previous = n + 1 + route
        for customer in customers:
            plan.scalars[kernels.LOGGED] = 0
            kernels.place(fleet, plan, customer, previous, route)
            previous = customer
    kernels.keep_best(fleet, plan)
    return plan


def _routes_of(plan: Plan) -> list[list[int]]:
    """Return the routes of the best plan."""
    depot = plan.route.size
    after = plan.best.tolist()
    routes = []
    for node in range(depot, len(after)):
        route = []
        while (node := after[node]) < depot:
            route.append(node)
        if route:
            routes.append(route)
    return routes
