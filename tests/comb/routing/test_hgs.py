"""Hybrid genetic search: its kernels against oracles, its contract, its quality."""

from __future__ import annotations

import itertools
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.comb.routing.conftest import route_problems

from combkit.comb.routing import _kernels_granular as granular
from combkit.comb.routing import _kernels_hgs as kernels
from combkit.comb.routing import _kernels_offspring as offspring
from combkit.comb.routing import genetic, hgs
from combkit.comb.routing._kernels_educate import educate
from combkit.comb.solve import solve
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import (
    InvalidSolutionError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import read
from combkit.instances.generators import generate
from combkit.instances.result import Status
from combkit.instances.solutions import Routes
from combkit.instances.stop import MaxIterations


def problems() -> dict[str, Any]:
    """Return a problem of every feature that the kernels know."""
    found = route_problems(60, 40)
    length = found["length"]
    vehicles = CVRP(length.coords, length.demands, 60, vehicles=4)
    return {**found, "vehicles": vehicles}


@pytest.fixture(params=problems())
def problem(request: pytest.FixtureRequest) -> Any:
    return problems()[request.param]


def prepared(problem: CVRP, m: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Return data, routes under way and populations, with m routes."""
    ground = hgs.lineage_of(problem, 20, []).ground()
    fleet, place = ground.fleet[:1], np.arange(problem.n + 1 + m, dtype=np.int32)
    place[problem.n + 1 :] = 0
    ground = ground._replace(
        fleet=np.repeat(fleet, m, axis=0),
        place=place,
        kinds=np.array([0, m], np.int32),
    )
    state = genetic.state_of(ground, seed, 0)
    return ground, state, genetic.pool_of(ground, genetic.Settings(20, 5, 8, 1))


def routes_in(state: Any, n: int) -> list[list[int]]:
    routes = []
    for r in range(state.count.shape[0]):
        route, node = [], int(state.link[n + 1 + r, 0])
        while node <= n:
            route.append(node)
            node = int(state.link[node, 0])
        routes.append(route)
    return routes


def cost_of(ground: Any, state: Any, routes: list[list[int]]) -> float:
    """Return the cost of routes, penalties included, from scratch."""
    total, n = 0.0, ground.demand.size - 1
    for r, route in enumerate(routes):
        if not route:
            continue
        depot = ground.place[n + 1 + r]
        capacity, longest, rate = ground.fleet[r]
        far = sum(ground.dist[a, b] for a, b in pairwise([depot, *route, depot]))
        load = sum(ground.demand[c] for c in route)
        time = far + sum(ground.service[c] for c in route)
        total += rate * far + state.price[0] * max(0.0, load - capacity)
        total += state.price[1] * max(0.0, time - longest)
    return total


def fleet(n: int, seed: int) -> Any:
    """Return data of three kinds of vehicles, at two depots."""
    rng = np.random.default_rng(seed)
    at = rng.random((n + 3, 2))
    at[-1] = at[0]
    dist = np.linalg.norm(at[:, None] - at, axis=2)
    # What vehicles cost.
    dist[[0, -2, -1]] += [[0.2], [0.5], [0.0]]
    depots = [0, n + 1, n + 2]
    dist[np.ix_(depots, depots)] = 0.0
    np.fill_diagonal(dist, 0.0)
    near = np.array([[c for c in range(1, n + 1) if c != u] for u in range(1, n + 1)])
    kinds = [
        genetic.Vehicles(2, 12.0, math.inf, 2.0),
        genetic.Vehicles(3, 8.0, 2.5, 1.0),
        genetic.Vehicles(3, 5.0, math.inf, 0.7),
    ]
    demand = [0, *rng.integers(1, 5, n).tolist()]
    return genetic.ground_of(dist, near, demand, kinds, place=at[: n + 1])


def random_parts(n: int, m: int, rng: np.random.Generator) -> list[list[int]]:
    order = rng.permutation(n) + 1
    cuts = np.sort(rng.integers(0, n + 1, m - 1))
    return [part.tolist() for part in np.split(order, cuts)]


def laid(ground: Any, state: Any, routes: list[list[int]]) -> None:
    for r, route in enumerate(routes):
        granular.lay(ground, state, r, np.array([*route, 0], np.int32), 0, len(route))


class TestLocalSearch:
    def test_what_is_kept_is_what_the_routes_say(self, problem: CVRP) -> None:
        m = problem.vehicles or 12
        ground, state, _ = prepared(problem, m)
        rng = np.random.default_rng(0)
        for _ in range(20):
            laid(ground, state, random_parts(problem.n, m, rng))
            before = cost_of(ground, state, routes_in(state, problem.n))
            educate(ground, state)
            routes = routes_in(state, problem.n)
            assert sorted(itertools.chain(*routes)) == list(range(1, problem.n + 1))
            after = cost_of(ground, state, routes)
            assert after < before
            kept = float(state.sums[:, 1].sum() + state.sums[:, 3].sum())
            assert kept - ground.limit[granular.SERVICES] == pytest.approx(
                after, rel=1e-9
            )
            for route, size in zip(routes, state.count[:, 0], strict=True):
                assert len(route) == size

    def test_every_move_costs_what_was_said(self, problem: CVRP) -> None:
        # The first move from random routes, told from the routes before and after.
        m = problem.vehicles or 12
        ground, state, _ = prepared(problem, m)
        rng = np.random.default_rng(1)
        made = 0
        for _ in range(300):
            laid(ground, state, random_parts(problem.n, m, rng))
            u = int(rng.integers(1, problem.n + 1))
            others = [v for v in range(1, problem.n + 1) if v != u]
            others += [problem.n + 1 + r for r in range(m)]
            v = int(rng.choice(others))
            before = cost_of(ground, state, routes_in(state, problem.n))
            around = granular.surroundings(ground, state, u)
            if granular.attempt(ground, state, u, v, around):
                made += 1
                after = cost_of(ground, state, routes_in(state, problem.n))
                assert after < before
        assert made > 100

    def test_no_relocation_and_no_exchange_is_left(self) -> None:
        problem = generate("cvrp", 12, seed=4, family="x")
        ground, state, _ = prepared(problem, 6)
        rng = np.random.default_rng(2)
        for _ in range(10):
            laid(ground, state, random_parts(problem.n, 6, rng))
            educate(ground, state)
            routes = routes_in(state, problem.n)
            least = cost_of(ground, state, routes)
            for other in neighbours_of(routes):
                assert cost_of(ground, state, other) >= least - 1e-6

    def test_routes_of_parents_are_known_and_left_alone(self) -> None:
        problem = generate("cvrp", 40, seed=5, family="x")
        ground, state, pool = prepared(problem, 12)
        kernels.evolve(ground, state, pool, 60, 1_000)
        parents = []
        for k in range(2):
            a = pool.rank[0, k]
            ends = [c for c in pool.order[0, a] if pool.after[0, a, c] == 0]
            route: list[int] = []
            routes = []
            for c in pool.order[0, a].tolist():
                route.append(c)
                if c in ends:
                    routes.append(route)
                    route = []
            parents.append((a, routes))
        mixed = [list(route) for route in parents[0][1]]
        mixed[0][0], mixed[1][0] = mixed[1][0], mixed[0][0]
        for routes in (parents[0][1], mixed):
            laid(ground, state, [*routes, *[[]] * (12 - len(routes))])
            for mark, (a, _) in enumerate(parents, start=1):
                offspring.inherit(ground, state, pool, 0, a, mark)
            said = [
                sum(mark for mark, (_, own) in enumerate(parents, 1) if route in own)
                for route in routes
            ]
            marks = state.count[:, granular.PARENT]
            assert marks[: len(routes)].tolist() == said
            assert not marks[len(routes) :].any()
            before = cost_of(ground, state, routes_in(state, problem.n))
            educate(ground, state)
            after = cost_of(ground, state, routes_in(state, problem.n))
            # A parent is as good as its moves make it; what was disturbed is mended.
            if routes is mixed:
                assert after < before
            else:
                assert after == pytest.approx(before)


def neighbours_of(routes: list[list[int]]) -> list[list[list[int]]]:
    """Return all routes with one customer elsewhere, or two in each other's place."""
    found = []
    places = [(r, k) for r, route in enumerate(routes) for k in range(len(route))]
    for r, k in places:
        for s in range(len(routes)):
            without = [list(route) for route in routes]
            c = without[r].pop(k)
            for at in range(len(without[s]) + 1):
                moved = [list(route) for route in without]
                moved[s].insert(at, c)
                found.append(moved)
    for (r, k), (s, j) in itertools.combinations(places, 2):
        traded = [list(route) for route in routes]
        traded[r][k], traded[s][j] = traded[s][j], traded[r][k]
        found.append(traded)
    return found


class TestFleet:
    def test_what_is_kept_is_what_the_routes_say(self) -> None:
        ground = fleet(16, 1)
        state = genetic.state_of(ground, 0, 0)
        rng = np.random.default_rng(0)
        for _ in range(50):
            laid(ground, state, random_parts(16, 8, rng))
            before = cost_of(ground, state, routes_in(state, 16))
            educate(ground, state)
            routes = routes_in(state, 16)
            assert sorted(itertools.chain(*routes)) == list(range(1, 17))
            after = cost_of(ground, state, routes)
            assert after < before
            costs = state.sums[:, granular.TIME] * ground.fleet[:, granular.RATE]
            kept = float(costs.sum() + state.sums[:, granular.EXCESS].sum())
            assert kept == pytest.approx(after, rel=1e-9)

    def test_every_move_gains(self) -> None:
        ground = fleet(16, 2)
        state = genetic.state_of(ground, 0, 0)
        rng = np.random.default_rng(1)
        made = 0
        for _ in range(3_000):
            laid(ground, state, random_parts(16, 8, rng))
            u = int(rng.integers(1, 17))
            v = int(rng.choice([v for v in range(1, 17 + 8) if v != u]))
            before = cost_of(ground, state, routes_in(state, 16))
            around = granular.surroundings(ground, state, u)
            if granular.attempt(ground, state, u, v, around):
                made += 1
                assert cost_of(ground, state, routes_in(state, 16)) < before
        assert made > 1_000

    def test_no_relocation_exchange_or_other_vehicle_is_left(self) -> None:
        ground = fleet(9, 3)
        state = genetic.state_of(ground, 0, 0)
        rng = np.random.default_rng(2)
        for _ in range(20):
            laid(ground, state, random_parts(9, 8, rng))
            educate(ground, state)
            routes = routes_in(state, 9)
            least = cost_of(ground, state, routes)
            others = neighbours_of(routes)
            for a, b in itertools.combinations(range(8), 2):
                others.append(list(routes))
                others[-1][a], others[-1][b] = routes[b], routes[a]
            for other in others:
                assert cost_of(ground, state, other) >= least - 1e-9

    def test_a_split_gives_every_route_a_vehicle(self) -> None:
        ground = fleet(40, 4)
        state = genetic.state_of(ground, 0, 0)
        pool = genetic.pool_of(ground, genetic.Settings(20, 5, 8, 1))
        rng = np.random.default_rng(3)
        for _ in range(50):
            pool.child[:] = rng.permutation(40) + 1
            offspring.split(ground, state, pool, 8)
            assert sorted(itertools.chain(*routes_in(state, 40))) == list(range(1, 41))
        # The demand is more than they carry: there are too few of each kind.
        assert (pool.toll > 0.0).all()


class TestSplit:
    @pytest.mark.parametrize("most", [2, 3, 8])
    def test_it_is_the_cheapest_cut(self, most: int) -> None:
        problem = generate("cvrp", 8, seed=5, family="x")
        # No cut is left out for its load.
        problem = CVRP(
            problem.coords,
            problem.demands,
            float(problem.demands.sum()) / 1.4,
            metric=problem.metric,
        )
        ground, state, pool = prepared(problem, 8)
        rng = np.random.default_rng(6)
        for _ in range(20):
            pool.child[:] = rng.permutation(8) + 1
            state.price[0] = rng.uniform(0.1, 50.0)
            offspring.split(ground, state, pool, most)
            order = pool.child.tolist()
            cheapest = math.inf
            for count in range(most):
                for cuts in itertools.combinations(range(1, 8), count):
                    ends = [0, *cuts, 8]
                    routes = [order[a:b] for a, b in pairwise(ends)]
                    cheapest = min(cheapest, cost_of(ground, state, routes))
            found = routes_in(state, 8)
            assert sum(1 for route in found if route) <= most
            assert cost_of(ground, state, found) == pytest.approx(cheapest)


class TestContract:
    def test_small_ones_are_optimal(self) -> None:
        for seed in range(5):
            problem = generate("cvrp", 8, seed=seed, family="x")
            exact = solve(problem, "cpsat", time_limit=60.0)
            assert exact.status is Status.OPTIMAL
            found = solve(problem, "hgs", stop=MaxIterations(60))
            assert found.objective == exact.objective

    def test_same_seed_same_routes(self, problem: CVRP) -> None:
        one, other = (
            solve(problem, "hgs", seed=7, stop=MaxIterations(120)) for _ in range(2)
        )
        assert one.solution == other.solution
        assert problem.check(one.solution) == []

    def test_populations_side_by_side(self, problem: CVRP) -> None:
        result = solve(problem, "hgs", threads=2, stop=MaxIterations(60))
        assert problem.check(result.solution) == []

    def test_population_begins_anew(self) -> None:
        problem = generate("cvrp", 30, seed=1, family="x")
        short = solve(
            problem, "hgs", stop=MaxIterations(400), patience=40, population=3
        )
        assert problem.check(short.solution) == []
        assert short.objective <= solve(problem, "savings").objective

    def test_start_is_never_worsened(self) -> None:
        problem = generate("cvrp", 60, seed=1, family="x")
        start = solve(problem, "sisr", stop=MaxIterations(20_000)).solution
        result = solve(problem, "hgs", stop=MaxIterations(5), initial=start)
        assert result.objective <= problem.evaluate(start)

    def test_partial_starts_are_completed(self) -> None:
        problem = generate("cvrp", 60, seed=1, family="x")
        result = solve(
            problem, "hgs", stop=MaxIterations(150), initial=Routes([[3, 1], [7]])
        )
        assert problem.check(result.solution) == []

    def test_starts_of_another_problem_are_refused(self) -> None:
        problem = generate("cvrp", 20, seed=1, family="x")
        with pytest.raises(InvalidSolutionError):
            solve(problem, "hgs", initial=Routes([[21]]), time_limit=1.0)

    def test_all_in_one_place(self) -> None:
        problem = CVRP(np.ones((9, 2)), [0, *[1] * 8], 3)
        result = solve(problem, "hgs", stop=MaxIterations(20))
        assert result.objective == 0.0

    def test_one_customer(self) -> None:
        problem = CVRP([[0, 0], [3, 4]], [0, 1], 3)
        assert solve(problem, "hgs", time_limit=1.0).objective == 10.0

    def test_plainly_infeasible(self) -> None:
        problem = CVRP(np.zeros((4, 2)), [0, 2, 2, 2], 3, vehicles=1)
        result = solve(problem, "hgs", time_limit=1.0)
        assert result.status is Status.INFEASIBLE

    @pytest.mark.parametrize(
        "options",
        [
            {"neighbours": 0},
            {"population": 1},
            {"generation": 0},
            {"patience": 0},
        ],
    )
    def test_options_out_of_range(self, options: dict[str, int]) -> None:
        problem = generate("cvrp", 20, seed=1)
        with pytest.raises(UsageError, match=next(iter(options))):
            solve(problem, "hgs", time_limit=1.0, **options)

    def test_too_many_customers(self) -> None:
        problem = CVRP(np.zeros((5_002, 2)), [0, *[1] * 5_001], 10)
        with pytest.raises(UnsupportedFeatureError, match=r"5,001 customers"):
            solve(problem, "hgs", time_limit=1.0)


def test_routes_to_start_from_are_taken_in_as_they_are(problem: Any) -> None:
    """No cut anew, however dear they are: the search before has its reasons."""
    rng = np.random.default_rng(0)
    m = problem.n if problem.vehicles is None else problem.vehicles
    ground, state, pool = prepared(problem, m)
    routes = [route for route in random_parts(problem.n, m, rng) if route]
    travel = sum(float(ground.dist[[0, *route], [*route, 0]].sum()) for route in routes)
    pool.child[:] = [c for route in routes for c in route]
    kernels.welcome(ground, state, pool, np.cumsum([len(r) for r in routes]))
    assert np.isclose(pool.value[:, :, kernels.TRAVEL], travel).any()


def test_quality_on_a_classic(shared_data: Path) -> None:
    problem = read(shared_data / "routing/cvrplib/X/Instances/X-n101-k25.vrp")
    result = solve(problem, "hgs", stop=MaxIterations(3_000))
    assert result.objective <= 1.002 * 27_591
