"""Ruin and recreation for fleets of vehicle types: the kind ``vrp``.

References
----------
.. [1] J. Christiaens and G. Vanden Berghe, "Slack induction by string removals
   for vehicle routing problems", Transportation Science 54(2), 2020.
   https://doi.org/10.1287/trsc.2019.0914
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from combkit.comb.routing.cooling import Cooling, checked_heat
from combkit.comb.routing.fleet_data import adopt, plan_of, routes_of, world_of
from combkit.comb.routing.fleet_reduction import Reduction, obstacle
from combkit.comb.routing.fleet_start import opening
from combkit.comb.routing.slices import Reports, fitted
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes
from combkit.instances.run import Outcome, Run

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_fleet_plan import Plan

__all__ = ["solve", "supports"]

#: Places whose distances are kept as a matrix.
_MOST_PLACES = 8_000
#: Probabilities that a string is split, and that a position is overlooked.
_SPLIT, _BLINK = 0.5, 0.01
#: Seconds that a step takes, about.
_STEP = 2.5e-5
#: Steps a client from which the first temperature is one mean leg.
_STEPS_AT_ONE = 450.0
#: Share of the run that may go into fewer vehicles, where those are dear, and its
#: temperature in those of the start.
_SHRINKING, _COOL = 0.3, 0.1
#: Steps a client of a round of that, and how many rounds there are at most.
_ROUND, _MOST_ROUNDS = 600.0, 5
#: What the price of absent tasks is multiplied with, again and again.
_WEIGHT = 1.05


def supports(problem: RichVRP) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    if problem.places > _MOST_PLACES:
        return f"it has more than {_MOST_PLACES:,} places"
    if len(problem.shipments) and problem.reload.any():
        return "there are shipments, and vehicles reload"
    return obstacle(problem)


def solve(
    problem: RichVRP,
    run: Run,
    *,
    neighbours: int = 40,
    removed: float = 10.0,
    longest: int = 10,
    hot: float | None = None,
    cold: float = 0.05,
) -> Outcome:
    """Ruin, recreate and anneal until the run ends.

    Starts from ``run.initial`` as far as that is allowed, else from insertion; a
    first answer, of nearest clients, is there before the kernels are.
    What is not done yet costs more and more. The temperature falls over the time
    or the iterations that the run has left; without either, it is raised again and
    again, for twice the time. With several threads, independent searches run side
    by side.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    run : Run
        The run.
    neighbours : int
        Clients beside which a client may be inserted, nearest first.
    removed : float
        Clients that a step removes, on average.
    longest : int
        Longest string that is removed from a route.
    hot, cold : float
        First and last temperature, in mean costs of a leg. By default the first
        one grows with the steps that there are for a client.

    Raises
    ------
    UsageError
        If a number is out of its range.
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
    )
    start = opening(problem, run)
    if run.should_stop():
        return Outcome()
    reduction = Reduction(problem)
    search = run.supervise(
        lambda: _Search(reduction, start, run, neighbours, removed, longest)
    )
    try:
        search.run(hot, cold)
    finally:
        search.close()
    return Outcome()


class _Search:
    """Plans for one problem, advanced in short slices."""

    def __init__(
        self,
        reduction: Reduction,
        start: FleetRoutes,
        run: Run,
        neighbours: int,
        removed: float,
        longest: int,
    ) -> None:
        from combkit.comb.routing import _kernels_fleet, _kernels_fleet_plan

        self._kernels, self._columns = _kernels_fleet, _kernels_fleet_plan
        self._reduction, self._run = reduction, run
        self._problem = reduction.problem
        self._world = world_of(self._problem, neighbours)
        self._strings = float(removed), longest, _SPLIT, _BLINK
        self._pool = ThreadPoolExecutor(run.threads)
        self._reports = Reports(run, "sisr")
        self._done = 0
        given = start if run.initial is not None else FleetRoutes([])
        self._restart(reduction.apply(given))
        # No step yet: kernels are compiled where the run need not wait for them.
        self._take(self._plans[0], 0, 1.0, 0.0)

    def run(self, hot: float, cold: float) -> None:
        """Search until the run ends, cooler and cooler.

        Where vehicles are dear, first with fewer and fewer of them; as often as there
        is time for, since what is found then has much to do with chance.
        """
        self._report()
        if self._vehicles_are_dear():
            rounds = self._rounds()
            for number in range(rounds):
                # Both take the same part of the whole.
                share = _SHRINKING / (rounds - 2.0 * number * _SHRINKING)
                self._shrink(hot, share)
                if rounds > 1:
                    self._anneal(hot, cold, share / (1.0 - share))
            best = min(self._plans, key=self._best)
            if np.isfinite(self._best(best)):
                self._restart(routes_of(self._problem, best))
        self._anneal(hot, cold)
        self._report(last=True)

    def _vehicles_are_dear(self) -> bool:
        """Whether all tasks must be done, and a vehicle costs more than its ways."""
        plan, problem = self._plans[0], self._problem
        fixed = float(problem.fixed_cost.min()) * plan.scalars[self._columns.USED]
        alike = problem.n_types == 1 and bool(problem.required.all())
        return alike and 2.0 * fixed > float(plan.cost.sum())

    def _rounds(self) -> int:
        run, limit = self._run, self._run.limits.iterations
        steps = run.remaining / _STEP if limit is None else limit - self._done
        if np.isinf(steps):
            return 1
        return int(np.clip(steps / (_ROUND * self._problem.n), 1, _MOST_ROUNDS))

    def _shrink(self, hot: float, share: float) -> None:
        """Give up a route and find places for its tasks, again and again."""
        heat = _COOL * hot * self._mean_leg()
        for _ in self._slices(Cooling(self._run, heat, 1.0, self._done, share)):
            for plan in self._plans:
                spare = plan.scalars[self._columns.USED] > 1.0
                if spare and not plan.scalars[self._columns.ABSENT]:
                    self._kernels.dissolve(self._world, plan)
        for plan in self._plans:
            if plan.scalars[self._columns.ABSENT]:
                # The last one that was given up.
                plan.free[0] += 1
                self._kernels.fill(self._world, plan, self._least)

    def _anneal(self, hot: float, cold: float, share: float = 1.0) -> None:
        heat = hot * self._mean_leg()
        for _ in self._slices(Cooling(self._run, heat, cold / hot, self._done, share)):
            pass

    def _slices(self, cooling: Cooling) -> Iterator[None]:
        """Search in slices until the run or its part ends; before each one, yield."""
        steps = 100
        while not (self._run.should_stop(self._done) or cooling.over(self._done)):
            yield
            steps, heat, rate = cooling.next(self._done, steps)
            steps = self._advance(steps, heat, rate)
            self._report()

    def _restart(self, start: FleetRoutes) -> None:
        """Let every plan begin with given routes."""
        problem, threads = self._problem, self._run.threads
        numbers = range(self._done * threads, (self._done + 1) * threads)
        self._plans = [
            plan_of(self._world, problem, self._run.seed, number) for number in numbers
        ]
        self._least = 1e-9 * float(self._plans[0].worth.max(initial=1.0))
        for plan in self._plans:
            adopt(self._world, plan, start)
            self._kernels.fill(self._world, plan, self._least)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _advance(self, steps: int, heat: float, cooling: float) -> int:
        """Take steps in every plan; return how many to take the next time."""
        began = time.perf_counter()
        list(
            self._pool.map(
                lambda plan: self._take(plan, steps, heat, cooling), self._plans
            )
        )
        self._done += steps
        return fitted(steps, time.perf_counter() - began)

    def _take(self, plan: Plan, steps: int, heat: float, cooling: float) -> None:
        """Take steps in a plan."""
        self._kernels.search(
            *(self._world, plan, self._done + 1, steps, heat),
            *self._strings,
            cooling,
            self._least,
        )
        self._kernels.weigh(self._world, plan, _WEIGHT)

    def _mean_leg(self) -> float:
        """Return what a leg of the first plan costs, about."""
        plan, at = self._plans[0], self._columns
        legs = plan.scalars[at.SERVED] + plan.scalars[at.USED]
        used = plan.type[plan.cost > 0, at.NOW]
        costs = float(plan.cost.sum() - self._world.type[used, at.FIXED].sum())
        return max(costs / max(float(legs), 1.0), 1e-9)

    def _report(self, *, last: bool = False) -> None:
        plan = min(self._plans, key=self._best)
        if np.isfinite(self._best(plan)):
            self._reports.offer(
                self._best(plan),
                partial(self._routes, plan),
                last=last,
            )

    def _routes(self, plan: Plan) -> FleetRoutes:
        return self._reduction.restore(routes_of(self._problem, plan))

    def _best(self, plan: Plan) -> float:
        return float(plan.scalars[self._columns.BEST])
