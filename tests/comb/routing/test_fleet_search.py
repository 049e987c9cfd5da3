"""Ruin and recreation of fleets: against enumeration, and as the checker sees it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comb.routing.conftest import cheapest_plan

import combkit as ck
from combkit.comb.routing.fleet_data import adopt, plan_of, world_of
from combkit.instances.errors import UsageError


def random_problem(rng: np.random.Generator, n: int) -> ck.RichVRP:
    """Draw a tiny problem with some of all features."""
    places = n + 2
    points = rng.integers(0, 20, (places, 2)).astype(float)
    v = int(rng.integers(1, 3))
    timed = rng.random(n) < 0.4
    start = np.floor(rng.uniform(0, 40, n))
    group = np.full(n, -1)
    if n > 3 and rng.random() < 0.4:
        group[:2] = 0
    loads = rng.integers(1, 5, (n, 1))
    gives = rng.random((n, 1)) < 0.3
    fields = {
        "fixed_cost": rng.integers(0, 10, v),
        "distance_cost": rng.integers(1, 3, v),
        "service": rng.integers(0, 4, n),
        "depot_end": [200, 200],
    }
    if rng.random() < 0.5:
        fields["duration_cost"] = rng.integers(0, 2, v)
    if rng.random() < 0.2:
        fields["longest_cost"] = 2.0
    if rng.random() < 0.4:
        fields["max_distance"] = np.full(v, 60)
    if rng.random() < 0.4:
        fields["max_clients"] = np.full(v, 3)
    if rng.random() < 0.3:
        fields["release"] = rng.integers(0, 30, n)
    if rng.random() < 0.3:
        fields["end_depot"] = np.full(v, -1)
    if rng.random() < 0.3:
        fields["backhaul"] = "last"
    stops = rng.random() < 0.5
    reloads = stops and rng.random() < 0.7
    if reloads:
        fields |= {
            "reload": rng.random((v, 2)) < 0.7,
            "reload_time": rng.integers(0, 4, 2),
            "max_reloads": rng.integers(0, 3, v),
        }
    if stops and rng.random() < 0.7:
        kind = np.sort(rng.integers(0, v, rng.integers(1, 4)))
        opens = 15 * np.arange(kind.size) + rng.integers(0, 10, kind.size)
        fields |= {
            "break_type": kind,
            "break_start": opens,
            "break_end": opens + rng.integers(5, 30, kind.size),
            "break_time": rng.integers(0, 6, kind.size),
        }
    if n > 2 and not reloads and rng.random() < 0.4:
        # The last two are a shipment, either way.
        pair = rng.permutation([n - 2, n - 1])
        loads[pair], gives[pair], group[pair] = 0, False, -1
        fields |= {"shipments": [pair], "shipment_load": rng.integers(1, 5, (1, 1))}
    if rng.random() < 0.3:
        fields["setup"] = rng.integers(0, 4, (v, n))
    if rng.random() < 0.3:
        fields["service"] = rng.integers(0, 4, (v, n))
    if n > 3 and rng.random() < 0.3:
        # Without a window, and in nothing else; what is brought is brought first.
        gives[:2], group[:2], timed[:2] = [[rng.random() < 0.5], [False]], -1, False
        if fields.get("backhaul") == "last":
            gives[:2] = False
        fields["locked"] = [[1, 0]]
        fields.pop("max_clients", None)
    twice = timed & (rng.random(n) < 0.3)
    client = np.concatenate([np.flatnonzero(timed), np.flatnonzero(twice)])
    opens = np.concatenate([start[timed], start[twice] + 60])
    return ck.RichVRP(
        clients=np.arange(2, places),
        depots=[0, 1],
        available=rng.integers(1, 3, v),
        coords=points,
        delivery=np.where(gives, 0, loads),
        pickup=np.where(gives, loads, 0),
        capacity=rng.integers(5, 12, (v, 1)),
        start_depot=rng.integers(0, 2, v),
        window_client=client,
        window_start=opens,
        window_end=opens + 15,
        required=rng.random(n) < 0.6,
        prize=rng.integers(0, 40, n),
        group=group,
        **fields,
    )


def found_and_best(seed: int, n: int, steps: int) -> tuple[float, float]:
    """Return what the search finds on a random problem, and the optimum."""
    try:
        problem = random_problem(np.random.default_rng(seed), n)
    except ck.InvalidProblemError:
        return 0.0, 0.0
    result = ck.solve(problem, "sisr", stop=ck.MaxIterations(steps), seed=1)
    found = np.inf if result.objective is None else result.objective
    return found, cheapest_plan(problem)


@pytest.mark.parametrize("seed", range(20))
def test_finds_the_optimum_of_tiny_problems(seed: int) -> None:
    found, best = found_and_best(seed, 4, 3000)
    assert found == pytest.approx(best, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_is_never_better_than_the_optimum(seed: int) -> None:
    found, best = found_and_best(seed, 3, 500)
    assert found > best or found == pytest.approx(best)


@pytest.mark.parametrize(
    "shares",
    [
        {},
        {"pickups": 0.4},
        {"shipments": 0.5},
        {"shipments": 1.0, "types": 3, "optional": 0.0},
        {"breaks": 2, "twice": 0.5, "skilled": 0.3, "types": 3, "optional": 0.0},
        {"reloads": 2, "breaks": 1, "pickups": 0.3},
        {"shipments": 0.5, "breaks": 2},
    ],
)
def test_generated_problems_are_improved(shares: dict[str, float]) -> None:
    problem = ck.generate("vrp", 80, seed=2, **shares)
    first = ck.solve(problem, "sisr", stop=ck.MaxIterations(1))
    later = ck.solve(problem, "sisr", stop=ck.MaxIterations(20_000))
    assert later.objective < 0.9 * first.objective
    assert not problem.check(later.solution)


@pytest.mark.parametrize("shipments", [0.0, 0.5])
def test_the_same_seed_gives_the_same_routes(shipments: float) -> None:
    problem = ck.generate("vrp", 60, seed=5, shipments=shipments)
    one, two, three = (
        ck.solve(problem, "sisr", stop=ck.MaxIterations(6000), seed=3).solution
        for _ in range(3)
    )
    assert one.to_dict() == two.to_dict() == three.to_dict()


@pytest.mark.parametrize("shipments", [0.0, 0.6])
def test_goes_on_from_a_partial_plan(shipments: float) -> None:
    problem = ck.generate("vrp", 60, seed=6, shipments=shipments)
    whole = ck.solve(problem, "sisr", stop=ck.MaxIterations(5000))
    part = ck.FleetRoutes(whole.solution.routes[:-1])
    again = ck.solve(problem, "sisr", stop=ck.MaxIterations(500), initial=part)
    assert again.objective <= 1.1 * whole.objective
    with pytest.raises(ck.InvalidSolutionError, match="unknown client 99"):
        bad = ck.FleetRoutes([ck.Route(0, [99])])
        ck.solve(problem, "sisr", time_limit=1, initial=bad)


def test_a_vehicle_without_room_serves_who_has_no_load() -> None:
    problem = ck.RichVRP(
        clients=[1, 2, 3],
        depots=[0],
        available=[2, 2],
        coords=[[0, 0], [3, 4], [0, 5], [6, 8]],
        delivery=[[0], [2], [0]],
        capacity=[[0], [4]],
        fixed_cost=[1, 50],
        distance_cost=[1, 9],
    )
    result = ck.solve(problem, "sisr", stop=ck.MaxIterations(500))
    assert result.objective == 1 + 20 + 50 + 9 * 10
    assert sorted(r.vehicle_type for r in result.solution.routes) == [0, 1]


def test_starts_from_what_is_allowed_of_a_plan() -> None:
    problem = ck.generate("vrp", 12, seed=1, shipments=1.0, optional=0.0, windows=0.0)
    first, last = problem.shipments.T
    # Of the first route goods are delivered before they are there, the second one
    # has too many, and half of a shipment is missing.
    start = ck.FleetRoutes(
        [
            ck.Route(0, [last[0], first[0]]),
            ck.Route(1, [*first[1:], *last[2:]]),
        ]
    )
    assert problem.check(start)
    result = ck.solve(problem, "sisr", stop=ck.MaxIterations(2000), initial=start)
    fresh = ck.solve(problem, "sisr", stop=ck.MaxIterations(2000))
    assert result.objective == pytest.approx(fresh.objective, rel=0.05)


def test_an_empty_route_of_a_start_changes_no_other() -> None:
    problem = ck.RichVRP(
        clients=[1, 2],
        depots=[0],
        available=[3, 3],
        coords=[[0, 0], [3, 4], [0, 5]],
        fixed_cost=[0, 99],
        max_clients=[1, 1],
    )
    routes = [ck.Route(0, [0]), ck.Route(0, [1]), ck.Route(1, [])]
    start = ck.FleetRoutes(routes)
    result = ck.solve(problem, "sisr", stop=ck.MaxIterations(1), initial=start)
    assert result.objective == problem.evaluate(start) == 20
    world = world_of(problem, 5)
    plan = plan_of(world, problem, 0, 0)
    adopt(world, plan, start)
    assert plan.type[:, 0].tolist() == [0, 0]


@pytest.mark.parametrize("solver", ["sisr", "pyvrp"])
def test_locked_clients_that_cannot_all_be_served_are_left_out(solver: str) -> None:
    if solver == "pyvrp":
        pytest.importorskip("pyvrp")
    problem = ck.RichVRP(
        clients=[1, 2, 3],
        depots=[0],
        available=[2],
        coords=[[0, 0], [3, 4], [0, 5], [6, 8]],
        required=[True, False, False],
        prize=[0, 70, 70],
        window_client=[1, 2],
        window_start=[50, 0],
        window_end=[60, 20],
        locked=[[1, 2]],
    )
    result = ck.solve(problem, solver, stop=ck.MaxIterations(200), seed=1)
    assert result.objective == 10 + 140
    assert problem.unserved(result.solution).tolist() == [1, 2]


def test_needs_no_more_vehicles_than_are_worth_it() -> None:
    # Each vehicle carries two of the eight loads: four are enough.
    problem = ck.generate(
        "vrp", 16, seed=3, depots=1, types=1, shipments=1.0, optional=0.0, windows=0.0
    )
    dear = dataclasses.replace(problem, fixed_cost=[1e5], max_clients=[4])
    result = ck.solve(dear, "sisr", stop=ck.MaxIterations(3000))
    assert sum(route.visits.size > 0 for route in result.solution.routes) == 4


def test_refuses_options_out_of_range() -> None:
    problem = ck.generate("vrp", 5, seed=0)
    for options in ({"neighbours": 0}, {"removed": 0.5}, {"hot": 0.001}):
        with pytest.raises(UsageError):
            ck.solve(problem, "sisr", time_limit=1, **options)


@pytest.mark.parametrize(
    ("shares", "changes"),
    [
        ({"pickups": 0.3}, {}),
        ({"shipments": 0.5}, {}),
        ({"pickups": 0.3, "optional": 0.0}, {"backhaul": "last"}),
        ({}, {"end_depot": [-1] * 4}),
        ({}, {"max_clients": [3] * 4}),
        ({}, {"allowed": np.arange(30) % 4 != np.arange(4)[:, None]}),
        ({"windows": 0.0}, {"locked": [[3, 4], [4, 5]], "setup": np.arange(30)}),
    ],
)
def test_pyvrp_solves_what_it_knows_of_fleets(shares, changes) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("pyvrp")
    drawn = ck.generate("vrp", 30, seed=3, **shares)
    problem = dataclasses.replace(drawn, **changes)
    mine = ck.solve(problem, "sisr", stop=ck.MaxIterations(20_000))
    other = ck.solve(problem, "pyvrp", stop=ck.MaxIterations(1000))
    assert not problem.check(other.solution)
    assert other.objective == pytest.approx(mine.objective, rel=0.05)
    start = ck.solve(problem, "pyvrp", stop=ck.MaxIterations(1), initial=mine.solution)
    assert start.objective <= mine.objective * (1 + 1e-9)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"window_client": [0, 0], "window_start": [0, 9]}, "several windows"),
        ({"backhaul": "last", "delivery": None}, "either gives or gets"),
        ({"max_clients": [3] * 4, "shipments": [[0, 1]]}, "there are shipments"),
        ({"release": [1] * 10, "shipments": [[0, 1]]}, "have release times"),
        (
            {
                "break_type": [0],
                "break_start": [0],
                "break_end": [9],
                "break_time": [1],
            },
            "vehicles have breaks",
        ),
        ({"longest_cost": 1.0}, "the longest route costs more"),
        ({"reload": np.ones((4, 2)), "shipments": [[0, 1]]}, "there are shipments"),
        ({"reload": np.ones((4, 2)), "max_clients": [3] * 4}, "clients are limited"),
        ({"shipments": [[0, 1]], "locked": [[1, 2]]}, "clients of shipments are"),
        ({"max_clients": [3] * 4, "locked": [[1, 2]]}, "and some are locked"),
        (
            {
                "pickup": np.eye(10, 1),
                "delivery": 1 - np.eye(10, 1),
                "locked": [[0, 1]],
            },
            "most between locked clients",
        ),
    ],
)
def test_pyvrp_refuses_what_it_does_not_know(changes, reason) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("pyvrp")
    problem = ck.generate("vrp", 10, seed=0, windows=0.0)
    bare = {
        "delivery": None,
        "shipment_load": None,
        "window_end": [5, 20][: 2 * ("window_client" in changes)],
    }
    problem = dataclasses.replace(problem, **bare | changes)
    with pytest.raises(ck.UnsupportedFeatureError, match=reason):
        ck.solve(problem, "pyvrp", time_limit=1)
