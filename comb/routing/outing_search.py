"""Searches of tours that choose whom to visit, in compiled code and short slices."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.detours import shortest_ways
from combkit.comb.routing.greedy_tsp import greedy_tour
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.slices import Reports, fitted
from combkit.comb.routing.tour_search import space_of
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.run import Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Tour
from combkit.instances.tsp import TSP

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_outing import Trip, Wishes
    from combkit.comb.routing._kernels_tour import Space

__all__ = ["OutingSearch", "data_of", "everywhere", "obstacle", "trip_of"]

#: Nodes that a step may put in, and reversals that a Lin-Kernighan step may make.
_POOL, _JOURNAL = 128, 1_000
#: Seconds of the first cooling where nothing limits the run; each is twice the last.
_CYCLE = 10.0
#: Share of the time for attempts, and heat of what follows, of their first one.
_TRYING, _WARM = 0.5, 0.1
#: Nodes are left out for less and less way, by this factor, until the limit is kept.
_THINNING = 1.05


class OutingSearch:
    """Trips of one problem, advanced in short slices.

    Parameters
    ----------
    problem : OP or PCTSP
        The problem.
    run : Run
        The run.
    source : str
        Name of the solver.
    neighbours : int
        Visited nodes beside which a node may be put in, nearest first.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead.
    """

    def __init__(
        self, problem: OP | PCTSP, run: Run, source: str, neighbours: int, depth: int
    ) -> None:
        from combkit.comb.routing import _kernels_outing

        self._kernels = _kernels_outing
        self._problem, self._run = problem, run
        # Something feasible before anything is compiled.
        first = np.zeros(1, np.int64)
        if isinstance(problem, PCTSP):
            first = greedy_tour(everywhere(problem))
        run.report(Tour(first), source)
        if isinstance(problem, OP):
            reached = 2.0 * shortest_ways(problem) <= problem.longest
            run.report_bound(float(problem.prizes[reached].sum()), "in reach")
        run.supervise(lambda: _warm_up(depth))
        self._space, self._wishes = data_of(problem, neighbours, depth)
        self._reports = Reports(run, source)
        self._owed = 0.0
        if isinstance(problem, PCTSP):
            self._owed = float(problem.penalties.sum())
        self._trips: list[Trip] = []
        self._done = 0

    @property
    def state(self) -> tuple[Space, Wishes, Trip]:
        """What stays the same, what is wanted, and the first trip."""
        return self._space, self._wishes, self._trips[0]

    @property
    def tour(self) -> Tour:
        """Where the first trip stands."""
        first = self._trips[0]
        return Tour(first.tour[: first.count[0]].astype(np.int64))

    def begin(self, tour: NDArray[np.int64] | None) -> None:
        """Let every trip start with a tour, or with a thinned greedy one."""
        kernels, problem = self._kernels, self._problem
        order = greedy_tour(everywhere(problem)) if tour is None else tour
        self._trips = [
            trip_of(self._space, self._wishes, order, self._run.seed, number)
            for number in range(self._run.threads)
        ]
        first = self._trips[0]
        rate = 1.0
        if isinstance(problem, OP):
            # From next to nothing: the least valuable go first.
            rate = 1e-6 * float(problem.prizes.max()) / max(float(problem.limit), 1e-12)
        kernels.thin(self._space, self._wishes, first, rate)
        while first.sums[kernels.LENGTH] > self._wishes.limit:
            rate *= _THINNING
            kernels.thin(self._space, self._wishes, first, rate)
        kernels.fill(self._space, self._wishes, first)
        for trip in self._trips[1:]:
            kernels.stand(self._space, self._wishes, trip, first.tour[: first.count[0]])

    def anneal(
        self, longest: int, hot: float, cold: float, price: float, trials: int
    ) -> None:
        """Search until the run ends, cooler and cooler.

        Where a search ends is settled early, so half of the time goes into several
        attempts; the best of them is heated a little and cooled again in the rest.
        In the attempts an orienteer may exceed the limit, at a price of length that
        rises while that is so.
        """
        run, limit = self._run, self._run.limits.iterations
        mean = self._set_prices()
        hot, cold = hot * mean, cold * mean
        warm = max(cold, _WARM * hot)
        cycle = _CYCLE
        hard = self._wishes
        soft = hard._replace(room=math.inf) if isinstance(self._problem, OP) else hard
        with ThreadPoolExecutor(len(self._trips)) as pool:
            self._move = partial(self._advance, pool, longest)
            while not run.should_stop(self._done):
                whole: float = cycle if math.isinf(run.remaining) else run.remaining
                if limit is not None:
                    whole = limit - self._done
                self._wishes = soft
                for _ in range(trials):
                    self._cool(hot, cold, _TRYING * whole / trials)
                self._wishes = hard
                self._meet(price)
                self._cool(warm, cold, (1.0 - _TRYING) * whole)
                self._meet(1.0 / price)
                cycle *= 2.0
        self.report(last=True)

    def _set_prices(self) -> float:
        """Let length cost what a visit yields; return the mean yield of a visit."""
        kernels, first = self._kernels, self._trips[0]
        visits = max(1, int(first.count[0]) - 1)
        length = max(float(first.sums[kernels.LENGTH]), 1e-12)
        if isinstance(self._problem, PCTSP):
            return length / visits
        value = float(first.sums[kernels.VALUE]) or 1.0
        for trip in self._trips:
            trip.sums[kernels.PRICE] = 0.5 * value / length
        return value / visits

    def _cool(self, hot: float, cold: float, whole: float) -> None:
        """Cool from one heat to another in so many seconds, or steps if they count."""
        run, counted = self._run, self._run.limits.iterations is not None
        steps, first, began = 100, self._done, run.elapsed
        while not run.should_stop(self._done):
            if counted:
                # By the number of the step alone, so that it repeats itself.
                steps = max(1, min(steps, math.ceil(whole) + first - self._done))
                cooling = math.log(hot / cold) / max(1.0, whole)
                heat = hot * math.exp(-cooling * (self._done - first))
                spent: float = self._done + steps - first
            else:
                spent = run.elapsed - began
                heat, cooling = hot * (cold / hot) ** min(1.0, spent / whole), 0.0
            started = time.perf_counter()
            self._move(steps, heat, cooling)
            steps = fitted(steps, time.perf_counter() - started)
            self.report()
            if spent >= whole:
                break

    def _meet(self, price: float) -> None:
        """Let every trip go on from the best tour of all, an orienteer's price changed.

        Parameters
        ----------
        price : float
            What the price is multiplied by.
        """
        kernels = self._kernels
        best = min(self._trips, key=lambda trip: float(trip.sums[kernels.BEST]))
        tour = best.best[: best.count[1]].copy()
        for trip in self._trips:
            kernels.stand(self._space, self._wishes, trip, tour)
            if isinstance(self._problem, OP):
                trip.sums[kernels.PRICE] *= price

    def _advance(
        self,
        pool: ThreadPoolExecutor,
        longest: int,
        steps: int,
        heat: float,
        cooling: float,
    ) -> None:
        def one(trip: Trip) -> None:
            self._kernels.search(
                self._space, self._wishes, trip, steps, longest, heat, cooling
            )

        list(pool.map(one, self._trips))
        self._done += steps

    def report(self, *, last: bool = False) -> None:
        """Hand the best tour to the run, if it is time."""
        best = self._kernels.BEST
        trip = min(self._trips, key=lambda trip: float(trip.sums[best]))
        if trip.count[1] == 0:
            return
        objective = float(trip.sums[best])
        if isinstance(self._problem, OP):
            objective = -objective
        self._reports.offer(
            objective + self._owed,
            lambda: Tour(trip.best[: trip.count[1]].astype(np.int64)),
            last=last,
        )


def _warm_up(depth: int) -> None:
    """Load or compile the kernels, at a tour of few nodes."""
    from combkit.comb.routing import _kernels_outing as kernels

    nodes = np.arange(7)
    tiny = OP(np.random.default_rng(0).random((7, 2)), nodes, 3.0)
    space, wishes = data_of(tiny, 3, depth)
    trip = trip_of(space, wishes, nodes, 0, 0)
    kernels.thin(space, wishes, trip, 0.0)
    kernels.fill(space, wishes, trip)
    kernels.search(space, wishes, trip, 1, 1, 1.0, 0.0)


def everywhere(
    problem: OP | PCTSP | MTSP, kept: NDArray[np.int64] | None = None
) -> TSP:
    """Return the problem of one tour of all nodes, by some edges in any case.

    Parameters
    ----------
    problem : OP, PCTSP or MTSP
        The problem.
    kept : ndarray of int64, shape (k, 2), optional
        The edges.
    """
    return TSP(
        problem.coords, matrix=problem.matrix, metric=problem.metric, fixed_edges=kept
    )


def data_of(
    problem: OP | PCTSP,
    neighbours: int,
    depth: int,
    kept: NDArray[np.int64] | None = None,
) -> tuple[Space, Wishes]:
    """Return what stays the same during a search.

    Parameters
    ----------
    problem : OP or PCTSP
        The problem.
    neighbours : int
        Visited nodes beside which a node may be put in, nearest first.
    depth : int
        Levels of a Lin-Kernighan step.
    kept : ndarray of int64, shape (k, 2), optional
        Edges that every tour must have.
    """
    from combkit.comb.routing._kernels_outing import Wishes

    whole = everywhere(problem, kept)
    space = space_of(whole, near_nodes(whole, neighbours), depth)
    prizes = problem.prizes.astype(np.float64)
    if isinstance(problem, OP):
        none, longest = np.zeros(prizes.size), float(problem.longest)
        return space, Wishes(prizes, none, 0.0, longest, longest, 0.0)
    owed = problem.penalties.astype(np.float64)
    return space, Wishes(owed, prizes, 1.0, math.inf, math.inf, float(problem.needed))


def trip_of(
    space: Space,
    wishes: Wishes,
    order: NDArray[np.int64],
    seed: int,
    number: int,
) -> Trip:
    """Return the state of a search that stands at a tour.

    Parameters
    ----------
    space, wishes
        The data.
    order : ndarray of int64
        The tour.
    seed, number : int
        Seed of the run, and which of its states this is.
    """
    from combkit.comb.routing import _kernels_outing as kernels

    n = wishes.value.size
    trip = kernels.Trip(
        np.zeros(n, np.int32),
        np.full(n, -1, np.int32),
        np.zeros(3, np.int64),
        np.full(5, math.inf),
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        np.zeros(_POOL, np.int32),
        np.zeros(n, np.uint8),
        np.zeros(_POOL),
        np.zeros(_POOL, np.int32),
        np.zeros(n, np.int32),
        np.zeros(n, np.uint8),
        np.zeros((_JOURNAL, 2), np.int32),
        np.zeros(3, np.int64),
        np.zeros((max(1, 2 * space.depth), 2), np.int32),
        kernel_state(seed, number),
    )
    trip.sums[kernels.PRICE] = wishes.cost
    kernels.stand(space, wishes, trip, order.astype(np.int32))
    return trip


def obstacle(problem: OP | PCTSP) -> str:
    """Return why there is no solution, else nothing."""
    if isinstance(problem, OP):
        return ""
    most = float(problem.prizes.sum())
    if most >= problem.needed:
        return ""
    return f"all prizes together are {most:.15g}, below the quota {problem.quota:.15g}"
