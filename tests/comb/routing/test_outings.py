"""Tours that choose whom to visit, and salesmen who share: optima and quality."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from combkit.comb.routing.detours import shortest_ways
from combkit.comb.routing.minmax import split
from combkit.comb.solve import solve
from combkit.instances.errors import InvalidSolutionError, UsageError
from combkit.instances.generators import generate
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP, SPCTSP
from combkit.instances.result import Status
from combkit.instances.solutions import Routes, Tour
from combkit.instances.stop import MaxIterations, Reason


def tours(n: int) -> Iterator[Tour]:
    """Yield every tour from the depot, each in one direction."""
    for size in range(n + 1):
        for chosen in itertools.permutations(range(1, n + 1), size):
            if size < 2 or chosen[0] < chosen[-1]:
                yield Tour([0, *chosen])


def tiny(kind: str, seed: int) -> OP | PCTSP:
    """Return a problem of up to six nodes."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    places = rng.integers(0, 50, (n + 1, 2))
    prizes = rng.integers(0, 9, n + 1)
    if kind == "op":
        return OP(places, prizes, int(rng.integers(0, 160)), metric="EUC_2D")
    owed = rng.integers(0, 40, n + 1)
    quota = int(rng.integers(0, prizes.sum() + 1))
    return PCTSP(places, prizes, owed, quota, metric="EUC_2D")


@pytest.mark.parametrize("kind", ["op", "pctsp"])
@pytest.mark.parametrize("seed", range(4))
def test_optima_by_brute_force(kind: str, seed: int) -> None:
    problem = tiny(kind, seed)
    values = [problem.evaluate(t) for t in tours(problem.n) if not problem.check(t)]
    best = max(values) if kind == "op" else min(values)
    proven = solve(problem, "cpsat", time_limit=60)
    assert (proven.objective, proven.status) == (best, Status.OPTIMAL)
    assert solve(problem, time_limit=60).status == Status.OPTIMAL
    found = solve(problem, "sisr", stop=MaxIterations(2_000))
    assert found.objective == best
    assert found.bound is None or not problem.better(found.objective, found.bound)
    greedy = solve(problem, "greedy").objective
    assert greedy is not None
    assert not problem.better(greedy, best)


@pytest.mark.parametrize("seed", range(6))
def test_shared_cities_by_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    problem = MTSP(rng.integers(0, 50, (n + 1, 2)), m, metric="EUC_2D")
    shortest = {
        cities: min(
            problem.evaluate(Routes([order]))
            for order in itertools.permutations(cities)
        )
        for size in range(n + 1)
        for cities in itertools.combinations(range(1, n + 1), size)
    }
    best = min(
        max(shortest[tuple(c + 1 for c in range(n) if owner[c] == r)] for r in range(m))
        for owner in itertools.product(range(m), repeat=n)
    )
    result = solve(problem, "sisr", stop=MaxIterations(2_000))
    assert result.objective == best
    assert result.bound is not None
    assert result.bound <= best


def test_bounds_hold_without_the_triangle_inequality() -> None:
    # The direct way to node 2 is longer than the one by node 1.
    matrix = np.array([[0, 1, 9], [1, 0, 1], [9, 1, 0]])
    problem = MTSP(matrix=matrix, salesmen=2)
    assert shortest_ways(problem).tolist() == [0, 1, 2]
    outing = OP(matrix=matrix, prizes=[0, 1, 5], limit=11)
    result = solve(outing, "cpsat")
    assert (result.objective, result.bound) == (6, 6)


class TestOutings:
    @pytest.mark.parametrize("kind", ["op", "pctsp"])
    def test_same_seed_same_result(self, kind: str) -> None:
        problem = generate(kind, 120, seed=2)
        stop = MaxIterations(3_000)
        first, again, other = (
            solve(problem, "sisr", stop=stop, seed=seed, threads=threads)
            for seed, threads in ((1, 1), (1, 1), (2, 2))
        )
        assert first.solution == again.solution
        assert first.solution != other.solution
        assert first.iterations == 3_000

    @pytest.mark.parametrize("kind", ["op", "pctsp"])
    def test_a_start_is_not_lost(self, kind: str) -> None:
        problem = generate(kind, 100, seed=3)
        good = solve(problem, "sisr", stop=MaxIterations(20_000))
        again = solve(problem, "sisr", initial=good.solution, stop=MaxIterations(100))
        assert not problem.better(good.objective, again.objective)

    def test_what_breaks_the_limit_is_thinned(self) -> None:
        problem = generate("op", 60, seed=1)
        everything = Tour(np.arange(61))
        result = solve(problem, "sisr", initial=everything, stop=MaxIterations(10))
        assert result.objective is not None
        tangled = Tour([3, 5, 0, 3, 7])
        result = solve(problem, "sisr", initial=tangled, stop=MaxIterations(10))
        assert result.objective is not None

    def test_starts_of_other_problems(self) -> None:
        problem = generate("op", 10, seed=1)
        with pytest.raises(InvalidSolutionError, match="unknown node 11"):
            solve(problem, "sisr", initial=Tour([0, 11]))

    def test_clusters_far_from_the_tour_are_found(self) -> None:
        # No near node of the far cluster is visited at first.
        rng = np.random.default_rng(1)
        near = rng.random((40, 2))
        far = rng.random((40, 2)) + np.array([60, 0])
        prizes = np.concatenate([np.ones(40), np.full(40, 9)])
        problem = OP(np.concatenate([near, far]), prizes, 135)
        result = solve(problem, "sisr", initial=Tour([0]), stop=MaxIterations(5_000))
        assert result.objective is not None
        assert result.objective >= 360

    def test_nothing_in_reach(self) -> None:
        problem = OP([[0, 0], [5, 0]], [2, 9], 9, metric="EUC_2D")
        result = solve(problem, "sisr", time_limit=10)
        assert (result.objective, result.status) == (2, Status.OPTIMAL)
        assert result.runtime < 5

    @pytest.mark.parametrize("solver", ["greedy", "sisr", "cpsat", "auto"])
    def test_a_quota_beyond_all_prizes(self, solver: str) -> None:
        problem = PCTSP([[0, 0], [1, 0]], [0, 3], [0, 1], 4, metric="EUC_2D")
        result = solve(problem, solver)
        assert result.status == Status.INFEASIBLE
        assert "below the quota" in result.raw_status

    @pytest.mark.parametrize("kind", ["op", "pctsp", "spctsp", "mtsp"])
    def test_all_nodes_in_one_place(self, kind: str) -> None:
        coords, ones = np.zeros((8, 2)), np.ones(8)
        problem: Any = {
            "op": OP(coords, ones, 0),
            "pctsp": PCTSP(coords, ones, ones, 4),
            "spctsp": SPCTSP(coords, ones, ones, 4, real_prizes=ones),
            "mtsp": MTSP(coords, 3),
        }[kind]
        result = solve(problem, stop=MaxIterations(50))
        assert result.objective == {"op": 8, "pctsp": 0, "spctsp": 0, "mtsp": 0}[kind]

    @pytest.mark.parametrize("kind", ["op", "pctsp", "spctsp"])
    def test_a_depot_alone(self, kind: str) -> None:
        problem: Any = {
            "op": OP([[0, 0]], [3], 1),
            "pctsp": PCTSP([[0, 0]], [3], [1], 2),
            "spctsp": SPCTSP([[0, 0]], [3], [1], 2, real_prizes=[3]),
        }[kind]
        result = solve(problem)
        assert result.solution == Tour([0])

    @pytest.mark.parametrize(
        "options",
        [
            {"neighbours": 0},
            {"longest": 0},
            {"depth": -1},
            {"hot": 0.001},
            {"price": 0.0},
            {"trials": 0},
        ],
    )
    def test_bad_options(self, options: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            solve(generate("op", 5, seed=1), "sisr", **options)

    def test_quality(self) -> None:
        problem = generate("op", 200, seed=1)
        greedy = solve(problem, "greedy").objective
        found = solve(problem, "sisr", stop=MaxIterations(20_000)).objective
        assert greedy is not None
        assert found is not None
        assert found > 1.2 * greedy


class TestReplanning:
    @pytest.mark.parametrize("seed", range(6))
    def test_the_quota_is_reached(self, seed: int) -> None:
        problem = generate("spctsp", 20 + 5 * seed, seed=seed)
        result = solve(problem, stop=MaxIterations(2_000))
        assert result.reason == Reason.COMPLETED
        assert result.solution is not None
        assert problem.check(result.solution) == []
        assert result.extra["plans"] <= problem.n + 1

    def test_prizes_are_only_seen_on_the_spot(self) -> None:
        problem = generate("spctsp", 40, seed=5)
        first = solve(problem, stop=MaxIterations(2_000)).solution
        assert isinstance(first, Tour)
        # What the nodes that it never saw would have yielded changes nothing.
        hidden = np.setdiff1d(np.arange(41), first.tour)
        real = problem.real_prizes.copy()
        real[hidden] = 7.0
        fields = {
            name: getattr(problem, name)
            for name in ("coords", "prizes", "penalties", "quota", "metric")
        }
        other = SPCTSP(**fields, real_prizes=real)
        assert solve(other, stop=MaxIterations(2_000)).solution == first

    def test_nobody_can_do_more_than_visit_everybody(self) -> None:
        ones = np.ones(5)
        problem = SPCTSP(
            np.random.default_rng(1).random((5, 2)), ones, ones, 5, real_prizes=0 * ones
        )
        result = solve(problem, stop=MaxIterations(500))
        assert isinstance(result.solution, Tour)
        assert sorted(result.solution.tour.tolist()) == [0, 1, 2, 3, 4]

    def test_perfect_information_is_not_worse(self) -> None:
        problem = generate("spctsp", 60, seed=2)
        known = PCTSP(
            problem.coords, problem.real_prizes, problem.penalties, problem.quota
        )
        best = solve(known, "sisr", stop=MaxIterations(30_000)).objective
        made = solve(problem, stop=MaxIterations(30_000)).objective
        assert best is not None
        assert made is not None
        assert best <= made + 1e-9


class TestMinmax:
    def test_same_seed_same_result(self) -> None:
        problem = generate("mtsp", 100, seed=2, metric="euclidean")
        stop = MaxIterations(2_000)
        first, again = (solve(problem, stop=stop, seed=1) for _ in range(2))
        assert first.solution == again.solution

    def test_the_farthest_city_is_a_bound(self) -> None:
        problem = generate("mtsp", 150, seed=1, salesmen=40)
        result = solve(problem, time_limit=30)
        assert result.status == Status.OPTIMAL
        assert result.runtime < 20

    def test_more_salesmen_than_cities(self) -> None:
        problem = MTSP([[0, 0], [3, 4], [0, 5]], 9)
        result = solve(problem, time_limit=5)
        assert (result.objective, result.status) == (10, Status.OPTIMAL)

    def test_starts(self) -> None:
        problem = generate("mtsp", 60, seed=3, salesmen=3)
        good = solve(problem, stop=MaxIterations(20_000))
        again = solve(problem, initial=good.solution, stop=MaxIterations(10))
        assert good.objective is not None
        assert again.objective is not None
        assert again.objective <= good.objective
        with pytest.raises(InvalidSolutionError, match="unknown city 99"):
            solve(problem, initial=Routes([[99]]))

    def test_a_split_is_even(self) -> None:
        problem = generate("mtsp", 200, seed=1, salesmen=4)
        routes = split(problem)
        assert problem.check(Routes(routes)) == []
        lengths = [problem.evaluate(Routes([route])) for route in routes]
        assert max(lengths) < 1.6 * min(lengths)

    def test_bad_options(self) -> None:
        problem = generate("mtsp", 5, seed=1)
        for options in ({"neighbours": 0}, {"depth": 0}, {"cold": 2.0}):
            with pytest.raises(UsageError):
                solve(problem, "sisr", **options)
