"""Hybrid genetic search for vehicle routing.

Children of two solutions are improved by moves between near customers, which may
exceed limits at a price that is adapted, and selected by cost and diversity. Strong on
problems of some hundred customers, where it has the time for thousands of children.

References
----------
.. [1] T. Vidal, T. G. Crainic, M. Gendreau, N. Lahrichi and W. Rei, "A hybrid genetic
   algorithm for multidepot and periodic vehicle routing problems", Operations Research
   60(3), 2012. https://doi.org/10.1287/opre.1120.1048
.. [2] T. Vidal, "Hybrid genetic search for the CVRP: open-source implementation and
   SWAP* neighborhood", Computers & Operations Research 140, 2022.
   https://doi.org/10.1016/j.cor.2021.105643
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.limits import limits_of
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.slices import Reports, side_by_side
from combkit.comb.routing.starts import searched, start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Routes

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_granular import Ground, State
    from combkit.comb.routing._kernels_hgs import Pool

__all__ = ["solve", "supports"]

#: More customers: a matrix of distances, and places of each in each route, are large.
_LARGEST = 5_000
#: Individuals that survive at least and at most, and one for so many children.
_FEWEST, _MOST, _CHILDREN = 5, 25, 350
#: Individuals that are born for each one that survives, until the others have to go.
_BORN = 1.6
#: Seconds that a child takes for each pair of customers, about.
_CHILD = 4.5e-8
#: Routes that there may be, of full vehicles, and more of them.
_MORE_ROUTES, _SPARE_ROUTES = 1.3, 3
#: Share of a vehicle that rounding may seem to need.
_NOISE = 1e-10


def supports(problem: CVRP) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    if problem.n > _LARGEST:
        return f"{problem.n:,} customers, more than {_LARGEST:,}"
    return None


def solve(
    problem: CVRP,
    run: Run,
    *,
    neighbours: int = 20,
    population: int | None = None,
    generation: int | None = None,
    patience: int = 20_000,
) -> Outcome:
    """Let solutions have children until the run ends; an iteration is a child.

    Starts from ``run.initial``, which may be partial or infeasible, or else from
    savings, and random solutions. With several threads, independent populations live
    side by side.

    Parameters
    ----------
    problem : CVRP or OVRP
        The problem.
    run : Run
        The run.
    neighbours : int
        Near customers that a move may bring a customer to.
    population, generation : int, optional
        Individuals of a population that survive, and that are born until the others
        have to go: 25 and 40, fewer where there are not as many children to come.
    patience : int
        Children without a better solution after which the population begins anew.

    Raises
    ------
    UsageError
        If a number is out of its range.
    InvalidSolutionError
        If ``run.initial`` visits a customer that does not exist: it is of
        another problem.
    """
    if population is None:
        population = _survivors(problem, run)
    if generation is None:
        generation = math.ceil(_BORN * population)
    for name, number, least in (
        ("neighbours", neighbours, 1),
        ("population", population, 2),
        ("generation", generation, 1),
        ("patience", patience, 1),
    ):
        if number < least:
            raise UsageError(f"{name}={number}: at least {least}")
    # What was checked is not None any more.
    births, survivors = generation, population
    return searched(
        problem,
        run,
        lambda: _search(problem, run, neighbours, survivors, births, patience),
    )


def _survivors(problem: CVRP, run: Run) -> int:
    """Return how many individuals survive in a population."""
    children: float | None = run.limits.iterations
    if children is None:
        children = run.remaining / (_CHILD * problem.n**2)
    return int(max(_FEWEST, min(_MOST, children / _CHILDREN)))


def _search(
    problem: CVRP,
    run: Run,
    neighbours: int,
    population: int,
    generation: int,
    patience: int,
) -> None:
    start = start_of(problem, run)
    if problem.n == 1 or run.should_stop():
        return
    ground = run.supervise(lambda: _prepare(problem, neighbours))

    from combkit.comb.routing import _kernels_hgs as kernels

    routes = [] if start is None else [r.tolist() for r in start.routes if r.size]
    most = _most_routes(problem, ground, len(routes))
    states = [_state_of(ground, most, run.seed, k) for k in range(run.threads)]
    pools = [_pool_of(problem.n, most, population, generation) for _ in states]
    reports = Reports(run, "hgs")
    if routes:
        known = [c for route in routes for c in route]
        order = list(dict.fromkeys(known + list(range(1, problem.n + 1))))
        for state, pool in zip(states, pools, strict=True):
            pool.child[:] = order
            kernels.welcome(ground, state, pool, most)

    def move(lineage: tuple[State, Pool], births: int) -> bool:
        kernels.evolve(ground, *lineage, births, patience)
        return True

    def report(last: bool) -> None:
        best = min(pools, key=lambda pool: float(pool.least[0]))
        if best.least[0] < math.inf:
            reports.offer(
                float(best.least[0]), lambda: Routes(_routes_of(best)), last=last
            )

    side_by_side(run, list(zip(states, pools, strict=True)), move, report, steps=1)


def _prepare(problem: CVRP, neighbours: int) -> Ground:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.routing import _kernels_hgs as kernels

    points = np.random.default_rng(0).random((4, 2))
    ground = _ground_of(CVRP(points, np.array([0, 1, 1, 1]), 2), 2)
    kernels.evolve(ground, _state_of(ground, 3, 0, 0), _pool_of(3, 3, 2, 1), 1, 10)
    kernels.welcome(ground, _state_of(ground, 3, 0, 0), _pool_of(3, 3, 2, 1), 3)
    return _ground_of(problem, neighbours)


def _ground_of(problem: CVRP, neighbours: int) -> Ground:
    from combkit.comb.routing._kernels_granular import Ground

    nodes = np.arange(problem.n + 1)
    dist = problem.distance(nodes[:, None], nodes).astype(np.float64)
    np.fill_diagonal(dist, 0.0)
    if problem.open_ended:
        dist[:, 0] = 0.0
    near = near_nodes(problem, neighbours, nodes[1:]) + 1
    # Near is mutual here.
    one = np.repeat(nodes[1:], near.shape[1])
    pairs = np.stack([one, near.ravel()], axis=1)
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    service = np.zeros(problem.n + 1)
    if problem.service_time is not None:
        service[:] = problem.service_time
    demand = problem.demands.astype(np.float64)
    return Ground(
        dist,
        pairs[:, 1].astype(np.int32),
        np.searchsorted(pairs[:, 0], np.arange(problem.n + 2)).astype(np.int32),
        demand,
        service,
        _angles(problem),
        np.array(
            [
                *limits_of(problem),
                1e-9 * float(dist.max()),
                float(service.sum()),
                math.ceil(float(demand.sum()) / problem.capacity - _NOISE),
            ]
        ),
    )


def _angles(problem: CVRP) -> NDArray[np.int64]:
    """Return the directions of the customers from the depot, if they have places."""
    from combkit.comb.routing._kernels_granular import FULL_TURN

    if problem.coords is None:
        return np.empty(0, np.int64)
    away = (problem.coords - problem.coords[0])[:, :2]
    angle = np.arctan2(away[:, 1], away[:, 0]) / (2.0 * math.pi) * FULL_TURN
    directions: NDArray[np.int64] = angle.astype(np.int64) % FULL_TURN
    return directions


def _most_routes(problem: CVRP, ground: Ground, start: int) -> int:
    """Return the number of routes that the search may use."""
    if problem.vehicles is not None:
        return min(problem.vehicles, problem.n)
    full = _MORE_ROUTES * float(ground.limit[4])
    return min(problem.n, math.ceil(max(full, start)) + _SPARE_ROUTES)


def _state_of(ground: Ground, m: int, seed: int, number: int) -> State:
    from combkit.comb.routing._kernels_granular import State

    n = ground.demand.size - 1
    size = n + 1 + m
    route = np.zeros(size, np.int32)
    route[n + 1 :] = np.arange(m)
    load = max(1e-9, float(ground.demand.max()))
    price = float(ground.dist.max()) / load
    return State(
        link=np.repeat(np.arange(size, dtype=np.int32)[:, None], 2, axis=1),
        route=route,
        rank=np.zeros(size, np.int32),
        sofar=np.zeros((size, 4)),
        sums=np.zeros((m, 4)),
        count=np.zeros((m, 5), np.int64),
        tested=np.zeros(n + 1, np.int64),
        order=np.arange(1, n + 1, dtype=np.int32),
        turns=np.arange(m, dtype=np.int32),
        spot=np.zeros((m, n + 1, 3), np.int32),
        extra=np.zeros((m, n + 1, 3)),
        when=np.zeros((m, n + 1), np.int64),
        drop=np.zeros(n + 1),
        room=np.zeros((2, n), np.int32),
        price=np.array([min(1_000.0, max(0.1, price)), 1.0]),
        clock=np.zeros(1, np.int64),
        random=kernel_state(seed, number),
    )


def _pool_of(n: int, m: int, population: int, generation: int) -> Pool:
    from combkit.comb.routing._kernels_hgs import Pool

    size = population + generation + 1
    return Pool(
        survive=population,
        order=np.zeros((2, size, n), np.int32),
        after=np.zeros((2, size, n + 1), np.int32),
        before=np.zeros((2, size, n + 1), np.int32),
        value=np.zeros((2, size, 6)),
        gap=np.zeros((2, size, size)),
        rank=np.tile(np.arange(size, dtype=np.int32), (2, 1)),
        count=np.zeros(5, np.int64),
        kept=np.zeros((100, 2), np.uint8),
        best=np.zeros((2, n + 1), np.int32),
        least=np.array([math.inf]),
        child=np.arange(1, n + 1, dtype=np.int32),
        cost=np.zeros((m + 1, n + 1)),
        cut=np.zeros((m + 1, n + 1), np.int32),
        apart=np.zeros(size),
    )


def _routes_of(pool: Pool) -> list[list[int]]:
    """Return the routes of the best solution."""
    routes: list[list[int]] = [[]]
    for c in pool.best[0, : pool.child.size].tolist():
        routes[-1].append(c)
        if pool.best[1, c] == 0:
            routes.append([])
    return routes[:-1]
