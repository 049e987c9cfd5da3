"""Populations of routes that have children: what hybrid genetic searches share.

``hgs`` and ``hgs_fleet`` put a problem into the words of the kernels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.comb.routing.limits import BOTH
from combkit.comb.routing.slices import Reports, side_by_side
from combkit.instances.errors import UsageError
from combkit.instances.run import Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Solution

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_granular import Ground, State
    from combkit.comb.routing._kernels_offspring import Pool

__all__ = [
    "LARGEST",
    "Lineage",
    "Settings",
    "Tour",
    "Vehicles",
    "breed",
    "ground_of",
    "pool_of",
    "room_for",
    "settings_of",
    "state_of",
]

Floats = NDArray[np.float64]
#: A route: kind of its vehicle, and customers.
Tour = tuple[int, list[int]]

#: More customers: a matrix of distances, and places of each in each route, are large.
LARGEST = 5_000
#: Individuals that survive at least and at most, and one for so many children.
_FEWEST, _MOST, _CHILDREN = 5, 25, 350
#: Individuals that are born for each one that survives, until the others have to go.
_BORN = 1.6
#: Seconds that a child takes for each pair of customers, about.
_CHILD = 4.5e-8
#: Routes that there may be, of full vehicles, and more of them.
_MORE_ROUTES, _SPARE_ROUTES = 1.3, 3
#: Part of the longest way that a move must gain, for rounding.
_LEAST = 1e-9
#: Share of a vehicle that rounding may seem to need.
_NOISE = 1e-10


class Settings(NamedTuple):
    """Near customers that a move looks at, and sizes of the populations."""

    neighbours: int
    population: int
    generation: int
    patience: int


class Vehicles(NamedTuple):
    """A kind of vehicles.

    Attributes
    ----------
    room : int
        How many routes there may be; see ``room_for``.
    capacity, longest : float
        Limits of the load and of the distance, with service times, of a route.
    rate : float
        Cost of a unit of distance, 1 in the mean of all; where it is not 1, there are
        no service times.
    """

    room: int
    capacity: float
    longest: float
    rate: float = 1.0


class Lineage(NamedTuple):
    """What is bred.

    Attributes
    ----------
    n : int
        Number of customers, from 1.
    ground : callable
        Returns the data of the kernels.
    start : list of (int, list of int)
        Routes of the first individual; customers on none of them are added. Nothing
        to begin with random individuals.
    solution : callable
        Makes a solution of routes.
    unit : float
        What a unit of distance costs, in the mean of all vehicles.
    """

    n: int
    ground: Callable[[], Ground]
    start: list[Tour]
    solution: Callable[[list[Tour]], Solution]
    unit: float = 1.0


def room_for(
    n: int, load: float, capacity: float, available: float, started: int
) -> int:
    """Return how many routes of a kind of vehicles there should be room for.

    Parameters
    ----------
    n : int
        Number of customers.
    load : float
        All that they are brought.
    capacity : float
        What a vehicle carries.
    available : float
        How many vehicles there are.
    started : int
        How many routes of the kind there are at the start.
    """
    full = max(_MORE_ROUTES * math.ceil(load / capacity - _NOISE), started)
    return int(min(n, available, math.ceil(full) + _SPARE_ROUTES))


def settings_of(
    n: int,
    run: Run,
    neighbours: int,
    population: int | None,
    generation: int | None,
    patience: int,
) -> Settings:
    """Return the settings of a search.

    Parameters
    ----------
    n : int
        Number of customers.
    run : Run
        Its run.
    neighbours, population, generation, patience
        As ``solve`` takes them.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if population is None:
        children: float | None = run.limits.iterations
        if children is None:
            children = run.remaining / (_CHILD * n**2)
        population = int(max(_FEWEST, min(_MOST, children / _CHILDREN)))
    if generation is None:
        generation = math.ceil(_BORN * population)
    settings = Settings(neighbours, population, generation, patience)
    for name, least in zip(Settings._fields, (1, 2, 1, 1), strict=True):
        if getattr(settings, name) < least:
            raise UsageError(f"{name}={getattr(settings, name)}: at least {least}")
    return settings


def breed(lineage: Lineage, run: Run, settings: Settings) -> None:
    """Let routes have children until the run ends; an iteration is a child.

    With several threads, independent populations live side by side.

    Parameters
    ----------
    lineage : Lineage
        What is bred.
    run : Run
        The run.
    settings : Settings
        Sizes.
    """
    ground = run.supervise(lambda: _prepared(lineage))

    from combkit.comb.routing import _kernels_hgs as kernels

    states = [state_of(ground, run.seed, k) for k in range(run.threads)]
    pools = [pool_of(ground, settings) for _ in states]
    reports = Reports(run, "hgs")
    if lineage.start:
        routes = _whole(lineage, ground)
        ends = np.cumsum([len(route) for route in routes], dtype=np.int32)
        for state, pool in zip(states, pools, strict=True):
            pool.child[:] = [c for route in routes for c in route]
            kernels.welcome(ground, state, pool, ends)

    def move(pair: tuple[State, Pool], births: int) -> bool:
        kernels.evolve(ground, *pair, births, settings.patience)
        return True

    def report(last: bool) -> None:
        best = min(pools, key=lambda pool: float(pool.least[0]))
        if best.least[0] < math.inf:
            reports.offer(
                lineage.unit * float(best.least[0]),
                lambda: lineage.solution(_tours_of(best)),
                last=last,
            )

    side_by_side(run, list(zip(states, pools, strict=True)), move, report, steps=1)


def _prepared(lineage: Lineage) -> Ground:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.routing import _kernels_hgs as kernels

    place = np.random.default_rng(0).random((4, 2))
    dist = np.linalg.norm(place[:, None] - place, axis=2)
    near = np.array([[2, 3], [1, 3], [1, 2]])
    vehicles = [Vehicles(3, 2.0, math.inf)]
    ground = ground_of(dist, near, [0, 1, 1, 1], vehicles, place=place)
    state, pool = state_of(ground, 0, 0), pool_of(ground, Settings(2, 2, 1, 10))
    kernels.welcome(ground, state, pool, np.array([1, 3], np.int32))
    kernels.evolve(ground, state, pool, 1, 10)
    return lineage.ground()


def _whole(lineage: Lineage, ground: Ground) -> list[list[int]]:
    """Return customers of all routes to start from, by vehicle; each customer once.

    Who is on none, or on one that there is no vehicle for, is where there is one
    left, or overloads one.
    """
    routes: list[list[int]] = [[] for _ in ground.fleet]
    free = ground.kinds[:-1].tolist()
    absent = set(range(1, lineage.n + 1))
    for kind, visits in lineage.start:
        route = [c for c in dict.fromkeys(visits) if c in absent]
        if route and free[kind] < ground.kinds[kind + 1]:
            routes[free[kind]] = route
            free[kind] += 1
            absent.difference_update(route)
    empty = (r for r, route in enumerate(routes) if not route)
    routes[next(empty, len(routes) - 1)] += sorted(absent)
    return routes


def ground_of(
    dist: Floats,
    near: NDArray[np.integer],
    demand: ArrayLike,
    vehicles: Sequence[Vehicles],
    *,
    service: Floats | None = None,
    pickup: ArrayLike | None = None,
    place: Floats | None = None,
) -> Ground:
    """Return the data of the kernels.

    Parameters
    ----------
    dist : ndarray, shape (n + k, n + k), float64
        Distances of customers 1 to n, and of the depots of k kinds of vehicles: 0, and
        those after n.
    near : ndarray of int, shape (n, k)
        Near customers of each customer.
    demand, pickup : array_like, shape (n + 1,)
        What the customers are brought, and what they give, integers then.
    vehicles : sequence of Vehicles
        The kinds of vehicles.
    service : ndarray, shape (n + 1,), optional
        Service times.
    place : ndarray, shape (n + 1, 2 or more), optional
        Coordinates.
    """
    from combkit.comb.routing._kernels_granular import Ground

    load = np.asarray(demand, np.float64)
    n = load.size - 1
    largest = max(kind.capacity for kind in vehicles)
    filled = math.ceil(float(load.sum()) / largest - _NOISE)
    if pickup is not None:
        back = np.asarray(pickup, np.float64)
        filled = max(filled, math.ceil(float(back.sum()) / largest - _NOISE))
        load = load + BOTH * back
    counts = np.array([kind.room for kind in vehicles])
    depots = np.array([0, *range(n + 1, n + len(vehicles))])
    longest = max(kind.longest for kind in vehicles)
    most = float(dist.max(where=dist <= longest, initial=0.0))
    most *= max(kind.rate for kind in vehicles)
    if service is None:
        service = np.zeros(n + 1)
    # Near is mutual here.
    one = np.repeat(np.arange(1, n + 1), near.shape[1])
    pairs = np.stack([one, near.ravel()], axis=1)
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    return Ground(
        dist,
        pairs[:, 1].astype(np.int32),
        np.minimum(dist[pairs[:, 0], pairs[:, 1]], dist[pairs[:, 1], pairs[:, 0]]),
        np.searchsorted(pairs[:, 0], np.arange(n + 2)).astype(np.int32),
        load,
        service,
        _angles(place),
        np.array([_LEAST * most, service.sum(), filled, pickup is not None], float),
        np.repeat([kind[1:] for kind in vehicles], counts, axis=0),
        np.concatenate([np.arange(n + 1), np.repeat(depots, counts)]).astype(np.int32),
        np.cumsum([0, *counts]).astype(np.int32),
    )


def _angles(place: Floats | None) -> NDArray[np.int64]:
    """Return the directions of the customers from the depot, if they have places."""
    from combkit.comb.routing._kernels_granular import FULL_TURN

    if place is None:
        return np.empty(0, np.int64)
    away = (place - place[0])[:, :2]
    angle = np.arctan2(away[:, 1], away[:, 0]) / (2.0 * math.pi) * FULL_TURN
    directions: NDArray[np.int64] = angle.astype(np.int64) % FULL_TURN
    return directions


def state_of(ground: Ground, seed: int, number: int) -> State:
    """Return routes without customers.

    Parameters
    ----------
    ground : Ground
        The data.
    seed, number : int
        Seed of the run and number of the search.
    """
    from combkit.comb.routing._kernels_granular import GAIN, PICKUPS, State

    n, m = ground.demand.size - 1, len(ground.fleet)
    size = n + 1 + m
    route = np.zeros(size, np.int32)
    route[n + 1 :] = np.arange(m)
    one = ground.demand
    if ground.limit[PICKUPS] > 0:
        one = np.maximum(one % BOTH, one // BOTH)
    price = float(ground.limit[GAIN]) / _LEAST / max(1e-9, float(one.max()))
    return State(
        link=np.repeat(np.arange(size, dtype=np.int32)[:, None], 2, axis=1),
        route=route,
        rank=np.zeros(size, np.int32),
        sofar=np.zeros((size, 4)),
        sums=np.zeros((m, 4)),
        count=np.zeros((m, 6), np.int64),
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


def pool_of(ground: Ground, settings: Settings) -> Pool:
    """Return empty populations.

    Parameters
    ----------
    ground : Ground
        The data.
    settings : Settings
        Sizes.
    """
    from combkit.comb.routing._kernels_offspring import Pool

    n, m, k = ground.demand.size - 1, len(ground.fleet), ground.kinds.size - 1
    size = settings.population + settings.generation + 1
    return Pool(
        survive=settings.population,
        order=np.zeros((2, size, n), np.int32),
        after=np.zeros((2, size, n + 1), np.int32),
        before=np.zeros((2, size, n + 1), np.int32),
        home=np.zeros((2, size, n + 1), np.int32),
        value=np.zeros((2, size, 6)),
        gap=np.zeros((2, size, size)),
        rank=np.tile(np.arange(size, dtype=np.int32), (2, 1)),
        count=np.zeros(5, np.int64),
        kept=np.zeros((100, 2), np.uint8),
        best=np.zeros((3, n + 1), np.int32),
        least=np.array([math.inf]),
        child=np.arange(1, n + 1, dtype=np.int32),
        wish=np.full(n + 1, -1, np.int32),
        cost=np.zeros((m + 1, n + 1)),
        cut=np.zeros((m + 1, n + 1), np.int32),
        apart=np.zeros(size),
        toll=np.zeros(k),
        used=np.zeros(k, np.int64),
        same=np.zeros(k, np.int64),
        scale=np.zeros(1),
    )


def _tours_of(pool: Pool) -> list[Tour]:
    """Return the routes of the best solution."""
    tours: list[Tour] = []
    route: list[int] = []
    for c in pool.best[0, : pool.child.size].tolist():
        route.append(c)
        if pool.best[1, c] == 0:
            tours.append((max(0, int(pool.best[2, c]) - pool.child.size), route))
            route = []
    return tours
