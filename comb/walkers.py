"""Searches that stand at a solution, walk on at a given heat, and say where they are.

What the solvers of this package do over a whole run, piece by piece: whoever uses
a walker keeps the clock, cools it down, and looks at the solution in between.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs.local_search import cover_of
from combkit.comb.graphs.view import adjacency
from combkit.comb.routing import minmax, outing_search, tour_search
from combkit.comb.routing.candidates import nearest_candidates
from combkit.comb.routing.sisr_data import (
    fleet_of,
    fleet_size,
    lists_of,
    plan_of,
    routes_along,
    routes_of,
)
from combkit.instances.cvrp import CVRP
from combkit.instances.graph_sets import IndependentSet
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.problem import Problem
from combkit.instances.solutions import Routes, Selection, Solution, Tour
from combkit.instances.tsp import ATSP, TSP

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_directed import Arcs
    from combkit.comb.routing._kernels_outing import Wishes
    from combkit.comb.routing._kernels_tour import Space

__all__ = ["Walker", "walker_of", "warm_up"]

Integers = NDArray[np.int64]

#: Longest segment of a tour's kick, and candidates and levels of its steps.
_SEGMENT, _CANDIDATES, _DEPTH = 30, 8, 25
#: Strings of a fleet: mean customers removed, longest, chances of split and blink.
_STRINGS = (10.0, 10, 0.5, 0.01)
#: Mean weight of an edge, in vertices, at which weights are forgotten, and what stays.
_MEAN, _KEPT = 0.5, 0.3
#: First price of length, in the mean value of a length.
_PRICE = 0.5
#: Customers beside which one may be put in, and longest string and levels elsewhere.
_NEAR_FLEET, _NEAR_OUTING, _NEAR_TEAM, _LONGEST, _LEVELS = 100, 10, 20, 10, 6


class Walker(Protocol):
    """A search of one problem that somebody else steers."""

    def advance(self, steps: int, heat: float, share: float) -> None:
        """Take steps at a heat.

        Parameters
        ----------
        steps : int
            How many.
        heat : float
            What a worse solution may cost, in units of length, or of prizes.
        share : float
            Share of the whole search that is done.
        """
        ...

    @property
    def solution(self) -> Solution:
        """Where it stands; an orienteer may be too far away for the limit."""
        ...

    @property
    def best(self) -> Solution | None:
        """The best feasible solution that it met, None if none."""
        ...

    def remember(self, memory: dict[str, float]) -> None:
        """Write down what a later walker of the same search should know."""
        ...


def walker_of(
    problem: Problem,
    start: Any,
    seed: int,
    kept: Integers | None = None,
    memory: dict[str, float] | None = None,
) -> Walker:
    """Return a walker that stands at a solution.

    Parameters
    ----------
    problem : TSP, ATSP, CVRP, OVRP, OP, PCTSP, MTSP or IndependentSet
        The problem.
    start : Solution
        A feasible solution.
    seed : int
        Its seed.
    kept : ndarray of int64, shape (k, 2), optional
        Edges that the tour of an OP or PCTSP must have.
    memory : dict, optional
        What an earlier walker of the same search wrote down.
    """
    if isinstance(problem, TSP | ATSP):
        return _TourWalker(problem, start, seed)
    if isinstance(problem, OP | PCTSP):
        return _OutingWalker(problem, start, seed, kept, memory or {})
    if isinstance(problem, MTSP):
        return _TeamWalker(problem, start, seed)
    if isinstance(problem, CVRP):
        return _FleetWalker(problem, start, seed)
    if isinstance(problem, IndependentSet):
        return _CoverWalker(problem, start, seed)
    raise TypeError(f"no walker for {problem.kind}")


def warm_up(problem: Problem) -> None:
    """Load or compile what walkers of a kind of problem need.

    Parameters
    ----------
    problem : Problem
        A problem of the kind; others than those of `walker_of` need nothing.
    """
    points = np.random.default_rng(0).random((8, 2))
    cities = np.arange(8)
    tiny: Problem
    start: Solution = Tour(cities)
    if isinstance(problem, ATSP):
        tiny = ATSP(np.hypot(*(points[:, None] - points).T))
    elif isinstance(problem, TSP):
        tiny = TSP(points)
    elif isinstance(problem, OP | PCTSP):
        tiny = OP(points, cities, 100.0)
    elif isinstance(problem, MTSP):
        tiny, start = MTSP(points, 2), Routes([cities[1:5], cities[5:]])
    elif isinstance(problem, IndependentSet):
        weights = None if problem.weights is None else [1, 2, 3]
        tiny = IndependentSet(3, [[0, 1], [1, 2]], weights)
        start = Selection([1])
    elif isinstance(problem, CVRP):
        tiny, start = CVRP(points, cities, 28), Routes([cities[1:5], cities[5:]])
    else:
        return
    walker_of(tiny, start, 0).advance(1, 1.0, 0.0)


class _Plain:
    """A walker with nothing to hand on."""

    def remember(self, memory: dict[str, float]) -> None:
        """Write nothing down."""


class _TourWalker(_Plain):
    """A tour that is kicked and repaired; see ``tour_search``."""

    def __init__(self, problem: TSP | ATSP, start: Tour, seed: int) -> None:
        from combkit.comb.routing import _kernels

        self._kernels = _kernels
        self._space: Space | Arcs
        directed = isinstance(problem, ATSP)
        if isinstance(problem, ATSP):
            self._space = tour_search.arcs_of(problem, _CANDIDATES)
        else:
            near = nearest_candidates(problem, _CANDIDATES).near
            self._space = tour_search.space_of(problem, near, _DEPTH)
        depth = self._space.depth
        self._walk = tour_search.walk_of(start.tour, seed, 0, depth, directed)
        self._walk.length[0] = problem.evaluate(start)
        while not _kernels.descend(self._space, self._walk, 1_000_000):
            pass

    def advance(self, steps: int, heat: float, share: float) -> None:
        """Kick as often."""
        self._kernels.kick(
            self._space, self._walk, steps, _SEGMENT, heat, 0, float("inf")
        )

    @property
    def solution(self) -> Tour:
        """Where it stands."""
        return Tour(self._walk.tour.astype(np.int64))

    @property
    def best(self) -> Tour:
        """The best tour."""
        return Tour(tour_search.best_tour(self._walk).astype(np.int64))


class _FleetWalker(_Plain):
    """Routes that are ruined and recreated; see ``sisr``."""

    def __init__(self, problem: CVRP, start: Routes, seed: int) -> None:
        from combkit.comb.routing import _kernels_sisr, _kernels_sisr_plan

        self._kernels = _kernels_sisr
        self._fleet = fleet_of(problem, _NEAR_FLEET)
        routes = [route.tolist() for route in start.routes if route.size]
        most = fleet_size(problem, routes)
        self._plan = plan_of(self._fleet, routes, most, seed, 0)
        self._least = 1e-9 * float(self._fleet.node[:, _kernels_sisr_plan.FAR].max())
        self._done = 0

    def advance(self, steps: int, heat: float, share: float) -> None:
        """Ruin and recreate as often."""
        self._kernels.ruin_and_recreate(
            self._fleet, self._plan, self._done + 1, steps, heat, *_STRINGS, 0.0,
            self._least,
        )  # fmt: skip
        self._done += steps

    @property
    def solution(self) -> Routes:
        """Where it stands."""
        return Routes(lists_of(self._plan))

    @property
    def best(self) -> Routes:
        """The best routes."""
        return Routes(routes_of(self._plan))


class _OutingWalker:
    """A tour that is ruined, recreated and shortened; see ``outing_search``.

    An orienteer has a price of length, which finds its level as long as ``soft`` in
    the memory is not 0: then the limit may be exceeded.
    """

    _wishes: Wishes

    def __init__(
        self,
        problem: OP | PCTSP,
        start: Tour,
        seed: int,
        kept: Integers | None,
        memory: dict[str, float],
    ) -> None:
        from combkit.comb.routing import _kernels_outing

        self._kernels = _kernels_outing
        self._space, self._wishes = outing_search.data_of(
            problem, _NEAR_OUTING, _LEVELS, kept
        )
        self._trip = outing_search.trip_of(
            self._space, self._wishes, start.tour, seed, 0
        )
        self._is_orienteer = isinstance(problem, OP)
        if self._is_orienteer:
            sums = self._trip.sums
            length = max(float(sums[_kernels_outing.LENGTH]), 1e-12)
            price = _PRICE * float(sums[_kernels_outing.VALUE]) / length
            sums[_kernels_outing.PRICE] = memory.get("price", price)
            if memory.get("soft"):
                self._wishes = self._wishes._replace(room=math.inf)

    def advance(self, steps: int, heat: float, share: float) -> None:
        """Ruin and recreate as often."""
        self._kernels.search(
            self._space, self._wishes, self._trip, steps, _LONGEST, heat, 0.0
        )

    @property
    def solution(self) -> Tour:
        """Where it stands."""
        return Tour(self._trip.tour[: self._trip.count[0]].astype(np.int64))

    @property
    def best(self) -> Tour | None:
        """The best tour within the limit or above the quota."""
        if self._trip.count[1] == 0:
            return None
        return Tour(self._trip.best[: self._trip.count[1]].astype(np.int64))

    def remember(self, memory: dict[str, float]) -> None:
        """Write down the price of length."""
        if self._is_orienteer:
            memory["price"] = float(self._trip.sums[self._kernels.PRICE])


class _TeamWalker(_Plain):
    """Tours of which the longest counts; see ``minmax``."""

    def __init__(self, problem: MTSP, start: Routes, seed: int) -> None:
        from combkit.comb.routing import _kernels_minmax

        self._kernels = _kernels_minmax
        self._problem = problem
        self._space = minmax.team_space(problem, _NEAR_TEAM, _LEVELS)
        routes = [route.tolist() for route in start.routes if route.size]
        self._team = minmax.team_of(problem, self._space, routes, seed, 0)
        _kernels_minmax.shorten_all(self._space, self._team)

    def advance(self, steps: int, heat: float, share: float) -> None:
        """Ruin and recreate as often."""
        minmax.rank(self._team, share)
        self._kernels.search(self._space, self._team, steps, _LONGEST, heat, 0.0)

    @property
    def solution(self) -> Routes:
        """Where it stands."""
        after = self._team.link[:, self._kernels.AFTER]
        return Routes(routes_along(after, self._problem.n + 1))

    @property
    def best(self) -> Routes:
        """The best tours."""
        return Routes(routes_along(self._team.best, self._problem.n + 1))


class _CoverWalker(_Plain):
    """A vertex cover whose complement counts; see ``graphs.local_search``."""

    def __init__(self, problem: IndependentSet, start: Selection, seed: int) -> None:
        from combkit.comb.graphs import _kernels_cover

        n = problem.n
        costs = np.ones(n) if problem.weights is None else problem.weights.astype(float)
        self._cover = cover_of(adjacency(n, problem.edges), costs, seed, 0)
        equal = bool((costs == costs[0]).all())
        kernels = _kernels_cover
        self._move = kernels.advance if equal else kernels.advance_weighted
        self._mean = max(1, round(_MEAN * n))
        chosen = np.zeros(n, bool)
        chosen[start.selected] = True
        _kernels_cover.load(self._cover, chosen)

    def advance(self, steps: int, heat: float, share: float) -> None:
        """Exchange as often; a cover has no heat."""
        self._move(self._cover, steps, self._mean, _KEPT)

    @property
    def solution(self) -> Selection:
        """The best independent set: between two, a cover leaves edges open."""
        return self.best

    @property
    def best(self) -> Selection:
        """The best independent set."""
        return Selection(np.flatnonzero(self._cover.best == 0))
