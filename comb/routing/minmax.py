"""The longest of several tours as short as possible, by ruin and recreation.

Slack induction by string removals with the norm of all lengths, of a high order, in
the place of their sum: a step takes strings of near cities out of tours, often of the
longest one, puts them in again where the norm grows least, and shortens the tours
that it touched by Lin-Kernighan steps; simulated annealing decides whether the
result stays.

References
----------
.. [1] J. Christiaens and G. Vanden Berghe, "Slack induction by string removals
   for vehicle routing problems", Transportation Science 54(2), 2020.
   https://doi.org/10.1287/trsc.2019.0914
"""

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
from combkit.comb.routing.outing_search import everywhere
from combkit.comb.routing.sisr_data import routes_along
from combkit.comb.routing.slices import Reports, fitted
from combkit.comb.routing.tour_search import space_of
from combkit.instances.errors import UsageError
from combkit.instances.mtsp import MTSP
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Routes

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_minmax import Team
    from combkit.comb.routing._kernels_tour import Space

__all__ = [
    "rank",
    "solve",
    "split",
    "team_of",
    "team_space",
]

Integers = NDArray[np.int64]

#: Reversals that a Lin-Kernighan step may make.
_JOURNAL = 1_000
#: Seconds of the first cooling where nothing limits the run; each is twice the last.
_CYCLE = 10.0
#: How often lengths are squared in the norm, in each part of the time.
_SQUARED = (4, 6, 8, 10)


def solve(
    problem: MTSP,
    run: Run,
    *,
    neighbours: int = 20,
    longest: int = 10,
    depth: int = 6,
    hot: float = 1.0,
    cold: float = 0.003,
) -> Outcome:
    """Ruin, recreate and anneal until the run ends or the bound is reached.

    Starts from ``run.initial``, or else from a tour that is split evenly. The heat
    falls over the time or the iterations that the run has left; without either, it
    is raised again and again, for twice the time. With several threads, independent
    searches run side by side.

    Parameters
    ----------
    problem : MTSP
        The problem.
    run : Run
        The run.
    neighbours : int
        Cities beside which a city may be put in, nearest first.
    longest : int
        Longest string that a step takes out of a tour.
    depth : int
        Levels of a Lin-Kernighan step, at least 1.
    hot, cold : float
        First and last heat, in mean distances.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if min(neighbours, longest, depth) < 1:
        raise UsageError(
            f"neighbours={neighbours}, longest={longest}, depth={depth}: at least 1"
        )
    if not 0.0 < cold <= hot < math.inf:
        raise UsageError(f"hot={hot:g}, cold={cold:g}: 0 < cold <= hot")
    # Some salesman goes to the farthest city and back.
    run.report_bound(2.0 * float(shortest_ways(problem).max()), "there and back")
    if isinstance(run.initial, Routes):
        routes = [route.tolist() for route in run.initial.routes if route.size]
    else:
        routes = split(problem)
    run.report(Routes(routes), "split tour")
    if run.should_stop() or problem.n <= 1:
        return Outcome()
    run.supervise(lambda: _warm_up(depth))
    search = _Search(problem, run, routes, neighbours, depth)
    search.anneal(longest, hot, cold)
    return Outcome()


def split(problem: MTSP, tour: Integers | None = None) -> list[list[int]]:
    """Return a tour in as many parts as there are salesmen.

    The longest part is as short as this order of the cities allows, but for a
    thousandth.

    Parameters
    ----------
    problem : MTSP
        The problem.
    tour : ndarray of int64, optional
        A tour of all nodes, by default of greedy edges.
    """
    if tour is None:
        tour = greedy_tour(everywhere(problem))
    start = int(np.flatnonzero(tour == 0)[0])
    order = np.roll(tour, -start)[1:]
    far = problem.distance(0, np.arange(problem.n + 1)).astype(np.float64)[order]
    legs = problem.distance(order[:-1], order[1:]).astype(np.float64)
    ahead = np.concatenate([[0.0], np.cumsum(legs)])
    low, high = 0.0, float(ahead[-1] + far[0] + far[-1])
    parts = [order.tolist()]
    while high - low > 1e-3 * high:
        most = 0.5 * (low + high)
        found = _parts(order, ahead, far, most, problem.salesmen)
        if found is None:
            low = most
        else:
            parts, high = found, most
    return parts


def _parts(
    order: Integers,
    ahead: NDArray[np.float64],
    far: NDArray[np.float64],
    most: float,
    count: int,
) -> list[list[int]] | None:
    """Return an order in parts of a largest length, None if they are too many."""
    parts: list[list[int]] = []
    first = 0
    while first < order.size:
        if len(parts) == count:
            return None
        # Lengths of the parts that end here are not monotone: the last that fits.
        length = far[first] + ahead[first:] - ahead[first] + far[first:]
        fits = np.flatnonzero(length <= most)
        if fits.size == 0:
            return None
        last = first + int(fits[-1]) + 1
        parts.append(order[first:last].tolist())
        first = last
    return parts


class _Search:
    """Plans of one problem, advanced in short slices."""

    def __init__(
        self,
        problem: MTSP,
        run: Run,
        routes: list[list[int]],
        neighbours: int,
        depth: int,
    ) -> None:
        from combkit.comb.routing import _kernels_minmax

        self._kernels = _kernels_minmax
        self._run = run
        self._n = problem.n + 1
        self._space = team_space(problem, neighbours, depth)
        self._teams = [
            team_of(problem, self._space, routes, run.seed, number)
            for number in range(run.threads)
        ]
        self._reports = Reports(run, "sisr")
        for team in self._teams:
            self._kernels.shorten_all(self._space, team)
        self._done = 0
        self._leg = float(self._teams[0].length.sum()) / (problem.n + 1)

    def anneal(self, longest: int, hot: float, cold: float) -> None:
        """Search until the run ends, cooler and cooler."""
        run, limit = self._run, self._run.limits.iterations
        hot, ratio = hot * self._leg, cold / hot
        steps, begin, cycle = 100, run.elapsed, _CYCLE
        with ThreadPoolExecutor(len(self._teams)) as pool:
            move = partial(self._advance, pool, longest)
            self.report()
            while not run.should_stop(self._done) and not self._is_best():
                if limit is not None:
                    # By the number of the step alone, so that it repeats itself.
                    steps = max(1, min(steps, self._until_next_rank(limit)))
                    cooling = -math.log(ratio) / max(1, limit)
                    share = self._done / limit
                    heat = hot * math.exp(-cooling * self._done)
                else:
                    span = run.elapsed - begin
                    if math.isinf(run.remaining) and span > cycle:
                        begin, cycle, span = run.elapsed, 2.0 * cycle, 0.0
                    share = span / min(cycle, span + run.remaining)
                    heat, cooling = hot * ratio**share, 0.0
                for team in self._teams:
                    rank(team, share)
                started = time.perf_counter()
                move(steps, heat, cooling)
                steps = fitted(steps, time.perf_counter() - started)
                self.report()
        self.report(last=True)

    def _until_next_rank(self, limit: int) -> int:
        """Return how many steps of so many in all are left in this part."""
        parts = len(_SQUARED)
        part = self._done * parts // limit
        return math.ceil((part + 1) * limit / parts) - self._done

    def _is_best(self) -> bool:
        """Whether the longest tour is as short as any can be, but for rounding."""
        found = min(float(team.sums[self._kernels.BEST]) for team in self._teams)
        return self._run.bound is not None and found <= self._run.bound * (1.0 + 1e-9)

    def _advance(
        self,
        pool: ThreadPoolExecutor,
        longest: int,
        steps: int,
        heat: float,
        cooling: float,
    ) -> None:
        def one(team: Team) -> None:
            self._kernels.search(self._space, team, steps, longest, heat, cooling)

        list(pool.map(one, self._teams))
        self._done += steps

    def report(self, *, last: bool = False) -> None:
        """Hand the best plan to the run, if it is time."""
        best = self._kernels.BEST
        team = min(self._teams, key=lambda team: float(team.sums[best]))
        self._reports.offer(
            float(team.sums[best]),
            lambda: Routes(routes_along(team.best, self._n)),
            last=last,
        )


def rank(team: Team, share: float) -> None:
    """Let the longest tours count the more, the more of the time is over.

    Parameters
    ----------
    team : Team
        A plan.
    share : float
        Share of the time that is over.
    """
    from combkit.comb.routing import _kernels_minmax as kernels

    # A share that ought to be the first of a part may be rounded down.
    part = int(share * len(_SQUARED) + 1e-9)
    team.count[kernels.SQUARED] = _SQUARED[min(part, len(_SQUARED) - 1)]


def team_space(problem: MTSP, neighbours: int, depth: int) -> Space:
    """Return what stays the same during a search.

    Parameters
    ----------
    problem : MTSP
        The problem.
    neighbours : int
        Cities beside which a city may be put in, nearest first.
    depth : int
        Levels of a Lin-Kernighan step, at least 1.
    """
    whole = everywhere(problem)
    return space_of(whole, near_nodes(whole, neighbours), depth)


def team_of(
    problem: MTSP, space: Space, routes: list[list[int]], seed: int, number: int
) -> Team:
    """Return the state of a search that stands at a plan.

    Parameters
    ----------
    problem : MTSP
        The problem.
    space : Space
        Its distances.
    routes : list of list of int
        The plan.
    seed, number : int
        Seed of the run, and which of its states this is.
    """
    from combkit.comb.routing import _kernels_minmax as kernels

    n, m = problem.n + 1, problem.salesmen
    link = np.zeros((n + m, 2), np.int32)
    owner = np.full(n + m, -1, np.int32)
    length, size = np.zeros(m), np.zeros(m, np.int64)
    for r in range(m):
        route = routes[r] if r < len(routes) else []
        path = np.array([n + r, *route, n + r])
        link[path[:-1], kernels.AFTER] = path[1:]
        link[path[1:], kernels.BEFORE] = path[:-1]
        owner[path] = r
        stops = np.array([0, *route, 0])
        length[r] = problem.distance(stops[:-1], stops[1:]).sum()
        size[r] = len(route)
    return kernels.Team(
        link,
        owner,
        length,
        size,
        np.full(4, np.inf),
        np.array([0, 0, 0, 0, _SQUARED[0]]),
        np.zeros(n, np.int32),
        np.zeros(m, np.int32),
        np.zeros((m, 2), np.int64),
        np.zeros(n, np.int32),
        np.zeros((m, 2)),
        np.zeros(n + m, np.int32),
        np.zeros(n + m, np.uint8),
        np.zeros(n, np.int32),
        np.full(n, -1, np.int32),
        np.zeros(n, np.int32),
        np.zeros(n, np.uint8),
        np.zeros((_JOURNAL, 2), np.int32),
        np.zeros(3, np.int64),
        np.zeros((2 * space.depth, 2), np.int32),
        kernel_state(seed, number),
    )


def _warm_up(depth: int) -> None:
    """Load or compile the kernels, at a plan of few cities."""
    from combkit.comb.routing import _kernels_minmax as kernels

    tiny = MTSP(np.random.default_rng(0).random((7, 2)), 2)
    space = team_space(tiny, 3, depth)
    team = team_of(tiny, space, [[1, 2, 3], [4, 5, 6]], 0, 0)
    kernels.shorten_all(space, team)
    kernels.search(space, team, 1, 1, 1.0, 0.0)
