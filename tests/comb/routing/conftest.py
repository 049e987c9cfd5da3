"""Brute force for small routing problems, and problems to try it on."""

from collections.abc import Callable
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest

from combkit.instances.cvrp import CVRP
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.generators import generate
from combkit.instances.ovrp import OVRP
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import ATSP, TSP
from combkit.instances.vrptw import VRPTW


def best_tour(problem: TSP | ATSP) -> float:
    """Return the length of the shortest feasible tour."""
    tours = (Tour([0, *rest]) for rest in permutations(range(1, problem.n)))
    if problem.fixed_edges is not None:
        tours = (tour for tour in tours if not problem.check(tour))
    return min(map(problem.evaluate, tours))


def best_routes(problem: CVRP) -> float:
    """Return the least total distance of feasible routes; inf if there are none."""
    customers = range(1, problem.n + 1)
    cost = {}
    for size in customers:
        for chosen in combinations(customers, size):
            options = (Routes([order]) for order in permutations(chosen))
            fitting = [r for r in options if not _route_faults(problem, r)]
            if fitting:
                cost[frozenset(chosen)] = min(map(problem.evaluate, fitting))
    most = problem.vehicles or problem.n
    best = {(frozenset(), 0): 0.0}
    for used in range(most):
        for (done, routes), value in list(best.items()):
            if routes != used or len(done) == problem.n:
                continue
            first = min(set(customers) - done)
            for chosen, extra in cost.items():
                if first in chosen and not chosen & done:
                    key = (done | chosen, routes + 1)
                    best[key] = min(best.get(key, np.inf), value + extra)
    full = frozenset(customers)
    return min((v for (done, _), v in best.items() if done == full), default=np.inf)


def _route_faults(problem: CVRP, routes: Routes) -> list[str]:
    return [fault for fault in problem.check(routes) if fault.startswith("route")]


@pytest.fixture
def brute_force() -> Callable[[Any], float]:
    """The optimum of a small problem, found by looking at all solutions."""
    return lambda p: best_routes(p) if isinstance(p, CVRP) else best_tour(p)


def _all_routes(problem: RichVRP, kind: int, clients: tuple[int, ...]):  # type: ignore[no-untyped-def]
    """Yield the routes of a vehicle type that visit some clients."""
    depots = np.flatnonzero(problem.reload[kind]).tolist()
    most = min(int(problem.max_reloads[kind]), len(clients) - 1) if depots else 0
    for order in permutations(clients):
        for count in range(most + 1):
            for places in combinations(range(1, len(clients)), count):
                for chosen in product(depots, repeat=count):
                    reloads = list(zip(places, chosen, strict=True))
                    yield Route(kind, order, reloads)


def cheapest_plan(problem: RichVRP) -> float:
    """Return the least cost of all feasible plans, infinite where there is none."""
    n = problem.n
    nothing = problem.evaluate(FleetRoutes([]))
    single: dict[tuple[int, frozenset[int]], tuple[float, Route]] = {}
    for size in range(1, n + 1):
        for subset in combinations(range(n), size):
            for kind in range(problem.n_types):
                for route in _all_routes(problem, kind, subset):
                    if problem.route_violations(route):
                        continue
                    # Prizes are the same whatever the order.
                    alone = problem.evaluate(FleetRoutes([route])) - nothing
                    key = kind, frozenset(subset)
                    if problem.longest_cost > 0.0:
                        # Whoever costs more may take less time.
                        key = *key, len(single)
                    if key not in single or alone < single[key][0]:
                        single[key] = alone, route
    best = np.inf

    def extend(first: int, taken: frozenset[int], routes: list[Route]) -> None:
        nonlocal best
        plan = FleetRoutes(routes)
        if not problem.check(plan):
            best = min(best, problem.evaluate(plan))
        for (_, subset, *_), (_, route) in single.items():
            if min(subset) >= first and not subset & taken:
                extend(min(subset) + 1, taken | subset, [*routes, route])

    extend(0, frozenset(), [])
    return best


def route_problems(n: int, m: int) -> dict[str, Any]:
    """Return problems of n or m customers, one a feature of routes."""
    rng = np.random.default_rng(3)
    matrix = rng.integers(10, 100, (m + 1, m + 1))
    demands = np.concatenate(([0], rng.integers(1, 10, m)))
    points = rng.random((m + 1, 2))
    return {
        "cvrp": generate("cvrp", n, seed=1, family="x"),
        "unrounded": generate("cvrp", n, seed=1),
        "directed": CVRP(matrix=matrix, demands=demands, capacity=60),
        "length": CVRP(points, demands, 60, max_distance=4.0, service_time=0.1),
        "ovrp": generate("ovrp", n, seed=1, family="x"),
    }


def small_problems() -> dict[str, Any]:
    """Return small problems of every kind, one a feature."""
    rng = np.random.default_rng(7)
    points = rng.integers(0, 1000, (8, 2))
    degrees = rng.uniform(-60, 60, (7, 2))
    directed = rng.integers(0, 100, (7, 7))
    halves = np.round(rng.random((6, 6)) * 10, 2)
    demands = np.array([0, 5, 3, 4, 0, 6, 2])
    opening = np.array([0, 900, 300, 0, 1200, 0, 700])
    windows = {"ready": opening, "due": opening + 1100, "service_time": 40}
    windows["due"][0] = 4000
    hours = {"ready": opening // 10, "due": opening // 10 + 110}
    hours["due"][0] = 400
    return {
        "tsp": TSP(points, metric="EUC_2D"),
        "tsp-5": TSP(points[:5], metric="ATT"),
        "tsp-4": TSP(points[:4], metric="MAN_2D"),
        "tsp-3": TSP(points[:3], metric="MAX_2D"),
        "tsp-2": TSP(points[:2], metric="CEIL_2D"),
        "tsp-1": TSP(points[:1], metric="CEIL_2D"),
        "tsp-unrounded": TSP(points / 7.0),
        "tsp-geo": TSP(degrees, metric="GEO"),
        "tsp-matrix": TSP(matrix=directed + directed.T),
        "tsp-fractions": TSP(matrix=halves + halves.T),
        "tsp-negative": TSP(matrix=directed + directed.T - 60),
        "tsp-duplicates": TSP(np.repeat(points[:2], 4, axis=0), metric="EUC_2D"),
        "tsp-fixed": TSP(points, metric="EUC_2D", fixed_edges=[[0, 5], [5, 2], [7, 1]]),
        "tsp-path": TSP(points, metric="EUC_2D", ends=[3, 6]),
        "tsp-path-unrounded": TSP(points / 7.0, ends=[1, 0], fixed_edges=[[1, 4]]),
        "tsp-path-matrix": TSP(matrix=directed + directed.T, ends=[6, 2]),
        "tsp-path-2": TSP(points[:2], ends=[1, 0]),
        "atsp": ATSP(directed),
        "atsp-2": ATSP(directed[:2, :2]),
        "atsp-1": ATSP(directed[:1, :1]),
        "atsp-negative": ATSP(directed - 50),
        "atsp-path": ATSP(directed, ends=[4, 1]),
        "atsp-fixed": ATSP(directed, fixed_edges=[[3, 0], [0, 6], [2, 4]]),
        "cvrp": CVRP(points[:7], demands, 10, metric="EUC_2D"),
        "cvrp-unrounded": CVRP(points[:7] / 7.0, demands, 10),
        "cvrp-fractions": CVRP(points[:7], demands / 8.0, 1.25, metric="EUC_2D"),
        "cvrp-one": CVRP(points[:2], [0, 3], 10, metric="EUC_2D"),
        "cvrp-free": CVRP(points[:6], np.zeros(6), 1, metric="EUC_2D"),
        "cvrp-fleet": CVRP(points[:7], demands, 10, metric="EUC_2D", vehicles=2),
        "cvrp-directed": CVRP(matrix=directed, demands=demands, capacity=10),
        "cvrp-length": CVRP(
            points[:7],
            demands,
            20,
            metric="EUC_2D",
            max_distance=2600,
            service_time=25,
        ),
        "cvrp-length-unrounded": CVRP(
            points[:7] / 7.0, demands, 20, max_distance=371.5, service_time=1.25
        ),
        "ovrp": OVRP(points[:7], demands, 10, metric="EUC_2D"),
        "ovrp-fleet": OVRP(points[:7] / 7.0, demands, 10, vehicles=2),
        "ovrp-directed": OVRP(matrix=directed, demands=demands, capacity=10),
        "ovrp-length": OVRP(
            points[:7], demands, 20, metric="EUC_2D", max_distance=1300
        ),
        "vrptw": VRPTW(points[:7], demands, 12, metric="EUC_2D", **windows),
        "vrptw-truncated": VRPTW(points[:7] / 7.0, demands, 12, decimals=1, **windows),
        "vrptw-vehicles": VRPTW(
            points[:7], demands, 12, objective="vehicles-distance", **windows
        ),
        "vrptw-directed": VRPTW(matrix=directed, demands=demands, capacity=12, **hours),
    }


@pytest.fixture(params=small_problems())
def small(request: pytest.FixtureRequest) -> Any:
    """One small problem after the other."""
    return small_problems()[request.param]
