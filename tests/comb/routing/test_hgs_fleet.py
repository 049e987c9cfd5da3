"""Hybrid genetic search for fleets: against enumeration, and its limits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.comb.routing.conftest import cheapest_plan

import combkit as ck
from combkit.instances.errors import InvalidSolutionError, UnsupportedFeatureError


def day(n: int, seed: int, **changes: object) -> ck.RichVRP:
    """Return a problem of deliveries, and pickups behind them."""
    rng = np.random.default_rng(seed)
    gives = np.arange(n) % 3 == 2
    load = rng.integers(1, 6, (n, 1))
    fields: dict[str, object] = {
        "clients": np.arange(2, n + 2),
        "depots": [0, 1],
        "available": [n],
        "coords": rng.integers(0, 50, (n + 2, 2)),
        "delivery": np.where(gives[:, None], 0, load),
        "pickup": np.where(gives[:, None], load, 0),
        "capacity": [[9]],
        "backhaul": "last",
    }
    return ck.RichVRP(**(fields | changes))


CHANGES = {
    "as it is": {},
    "vehicles cost": {"fixed_cost": [40.0], "distance_cost": [2.0]},
    "routes are limited": {"max_distance": [150.0]},
    "open": {"end_depot": [-1]},
    "ends elsewhere": {"start_depot": [1], "end_depot": [0]},
    "few vehicles": {"available": [3], "capacity": [[12]]},
    "two types": {
        "available": [2, 6],
        "capacity": [[14], [6]],
        "fixed_cost": [30.0, 5.0],
        "distance_cost": [1.5, 1.0],
    },
    "types of other depots": {
        "available": [2, 0, 5],
        "capacity": [[12], [30], [9]],
        "start_depot": [0, 0, 1],
        "end_depot": [0, 0, -1],
        "distance_cost": [1.0, 0.1, 1.5],
        "max_distance": [170.0, 999.0, 150.0],
    },
    "all are brought something": {"pickup": np.zeros((6, 1)), "backhaul": "mixed"},
    "all give something": {"delivery": np.zeros((6, 1)), "backhaul": "mixed"},
}


TYPES = {"available": [2, 2], "capacity": [[9], [9]]}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CHANGES)
def test_finds_the_optimum_of_tiny_problems(name: str, seed: int) -> None:
    changes = dict(CHANGES[name])
    if changes.get("backhaul") == "mixed":
        load = day(6, seed).delivery + day(6, seed).pickup
        changes = {"delivery": load, "pickup": load} | changes
    problem = day(6, seed, **changes)
    result = ck.solve(problem, "hgs", stop=ck.MaxIterations(1_500))
    least = cheapest_plan(problem)
    assert problem.check(result.solution) == []
    assert result.objective == pytest.approx(least)


def test_directed_ways_and_profiles() -> None:
    ways = np.random.default_rng(5).integers(1, 90, (2, 8, 8))
    problem = day(6, 4, distance=ways, coords=None, profile=[1])
    result = ck.solve(problem, "hgs", stop=ck.MaxIterations(1_500))
    assert result.objective == pytest.approx(cheapest_plan(problem))


def test_the_same_seed_gives_the_same_routes() -> None:
    problem = day(60, 1)
    one, other = (
        ck.solve(problem, "hgs", seed=3, stop=ck.MaxIterations(80)) for _ in range(2)
    )
    assert one.solution.to_dict() == other.solution.to_dict()
    assert problem.check(one.solution) == []


@pytest.mark.parametrize("types", [1, 3])
def test_improves_any_start(types: int) -> None:
    problem = day(60, 2, available=[60] * types, capacity=[[9], [12], [20]][:types])
    first = ck.solve(problem, "sisr", stop=ck.MaxIterations(300))
    stop = ck.MaxIterations(40)
    again = ck.solve(problem, "hgs", initial=first.solution, stop=stop)
    assert again.objective <= first.objective
    some = ck.FleetRoutes([ck.Route(types - 1, [0, 3, 4, 2]), ck.Route(0, [5, 6])])
    result = ck.solve(problem, "hgs", initial=some, stop=stop)
    assert problem.check(result.solution) == []


def test_starts_may_visit_twice_and_use_vehicles_that_are_not_there() -> None:
    problem = day(12, 2, available=[2, 0, 12], capacity=[[9], [12], [9]])
    routes = [(1, [0, 1]), (2, [2, 3]), (2, [3, 4, 2]), (0, [5]), (0, [6]), (0, [7])]
    start = ck.FleetRoutes(ck.Route(kind, visits) for kind, visits in routes)
    result = ck.solve(problem, "hgs", initial=start, stop=ck.MaxIterations(40))
    assert problem.check(result.solution) == []


def test_refuses_a_start_of_another_problem() -> None:
    start = ck.FleetRoutes([ck.Route(0, [77])])
    with pytest.raises(InvalidSolutionError, match="77"):
        ck.solve(day(6, 1), "hgs", initial=start, time_limit=1.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"distance": np.ones((2, 8, 8)), "coords": None, "profile": [0, 1]} | TYPES,
            "different matrices",
        ),
        ({"distance_cost": [1.0, 0.0]} | TYPES, "distance costs nothing"),
        (
            {"window_client": [0], "window_start": [0.0], "window_end": [9.0]},
            "clients have windows",
        ),
        ({"required": [False] + [True] * 5}, "clients may be left out"),
        ({"max_duration": [400.0]}, "time costs or is limited"),
        ({"duration_cost": [1.0]}, "time costs or is limited"),
        ({"backhaul": "mixed"}, "pickups and deliveries are mixed"),
        ({"pickup": np.full((6, 1), 0.5), "delivery": np.ones((6, 1))}, "either gives"),
        ({"capacity": [[9.5]], "pickup": np.zeros((6, 1))}, "either gives"),
        ({"max_clients": [2]}, "clients of a route are limited"),
        ({"locked": [[0, 1]]}, "clients are locked"),
    ],
)
def test_refuses_what_it_does_not_know(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=reason):
        ck.solve(day(6, 1, **changes), "hgs", time_limit=1.0)


def test_loads_that_are_no_integers_are_refused_where_pickups_come_last() -> None:
    problem = day(6, 1)
    problem = dataclasses.replace(problem, delivery=problem.delivery * 0.5)
    with pytest.raises(UnsupportedFeatureError, match="not integers"):
        ck.solve(problem, "hgs", time_limit=1.0)
