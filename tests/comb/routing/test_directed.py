"""Directed tours: patched assignments, and the search by Or-3opt exchanges."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.comb.routing import _kernels, tour_search
from combkit.comb.routing.patching import patched_tour
from combkit.comb.solve import solve
from combkit.instances.formats import read
from combkit.instances.result import Status
from combkit.instances.solutions import Tour
from combkit.instances.stop import MaxIterations
from combkit.instances.tsp import ATSP

OPTIMA = {
    "br17": 39,
    "ft53": 6905,
    "ftv64": 1839,
    "kro124p": 36230,
    "p43": 5620,
    "rbg443": 2720,
    "ry48p": 14422,
}


def arcs(n: int, seed: int = 0, **fields: Any) -> ATSP:
    return ATSP(np.random.default_rng(seed).integers(0, 1000, (n, n)), **fields)


def prepared(problem: ATSP, seed: int = 0) -> tuple[Any, Any]:
    """Return data and state of a search from the patched tour."""
    space = tour_search.arcs_of(problem, 8)
    walk = tour_search.walk_of(patched_tour(problem)[0], seed, 0, 1, True)
    walk.length[0] = problem.evaluate(Tour(walk.tour))
    return space, walk


class TestPatching:
    @given(n=st.integers(2, 6), seed=st.integers(0, 10**6), fixed=st.booleans())
    def test_tour_and_bound(self, n: int, seed: int, fixed: bool) -> None:
        from tests.comb.routing.conftest import best_tour

        edges = [[0, n - 1], [n - 1, 1]] if fixed and n > 2 else None
        problem = arcs(n, seed, fixed_edges=edges)
        tour, bound = patched_tour(problem)
        assert problem.check(Tour(tour)) == []
        assert bound <= best_tour(problem) <= problem.evaluate(Tour(tour))

    def test_one_cycle_is_proven(self) -> None:
        n = 30
        matrix = np.full((n, n), 9)
        matrix[np.arange(n), np.roll(np.arange(n), 7)] = 1
        result = solve(ATSP(matrix), "patching")
        assert result.status is Status.OPTIMAL
        assert result.objective == result.bound == n

    def test_bound_of_fractions_is_below_every_tour(self) -> None:
        matrix = np.random.default_rng(3).random((40, 40)) / 3.0
        tour, bound = patched_tour(ATSP(matrix))
        assert bound <= ATSP(matrix).evaluate(Tour(tour))

    def test_a_matrix_that_is_too_large_is_told(self) -> None:
        problem = ATSP(np.zeros((6_000, 6_000), np.int8))
        with pytest.raises(Exception, match="6000 nodes need more than 1 GiB"):
            solve(problem, "patching")


class TestKernels:
    @given(n=st.integers(5, 40), seed=st.integers(0, 10**6), hot=st.booleans())
    def test_length_is_kept_up_to_date(self, n: int, seed: int, hot: bool) -> None:
        problem = arcs(n, seed)
        space, walk = prepared(problem, seed)
        assert _kernels.descend(space, walk, 10**6)
        _kernels.kick(space, walk, 300, 30, 100.0 * hot, 0, 1_000)
        _kernels.shake(space, walk, 2)
        assert _kernels.descend(space, walk, 10**6)
        assert sorted(walk.tour) == list(range(n))
        assert (walk.tour[walk.place] == np.arange(n)).all()
        assert walk.length[0] == problem.evaluate(Tour(walk.tour))
        best = problem.evaluate(Tour(tour_search.best_tour(walk)))
        assert walk.length[1] == best

    def test_no_exchange_of_a_local_optimum_gains(self) -> None:
        n = 12
        problem = arcs(n)
        space = tour_search.arcs_of(problem, n - 1)
        walk = tour_search.walk_of(np.arange(n), 0, 0, 1, True)
        walk.length[0] = problem.evaluate(Tour(walk.tour))
        assert _kernels.descend(space, walk, 10**6)
        tour = walk.tour.tolist()
        for i in range(1, n - 1):
            for j in range(i + 1, n):
                for k in range(j + 1, n + 1):
                    other = [*tour[:i], *tour[j:k], *tour[i:j], *tour[k:]]
                    assert problem.evaluate(Tour(other)) >= walk.length[0]

    def test_fixed_arcs_stay(self) -> None:
        edges = [[k, k + 1] for k in range(0, 60, 3)]
        problem = arcs(60, fixed_edges=edges)
        space, walk = prepared(problem)
        _kernels.descend(space, walk, 10**6)
        _kernels.kick(space, walk, 2_000, 30, 500.0, 0, 4_000)
        assert problem.check(Tour(walk.tour)) == []


class TestSearch:
    @pytest.mark.parametrize("name", OPTIMA)
    def test_optima_of_tsplib(self, shared_data: Path, name: str) -> None:
        path = shared_data / "routing" / "tsplib" / "atsp" / f"{name}.atsp"
        result = solve(read(path), "or-3opt", stop=MaxIterations(100_000), seed=1)
        assert result.objective == OPTIMA[name]

    def test_the_same_seed_gives_the_same_tour(self) -> None:
        problem = arcs(120, 4)
        runs = [
            solve(problem, "or-3opt", stop=MaxIterations(2_000), seed=7)
            for _ in range(2)
        ]
        assert (runs[0].solution.tour == runs[1].solution.tour).all()

    def test_a_warm_start_is_never_lost(self) -> None:
        problem = arcs(80, 5)
        good = solve(problem, "or-3opt", stop=MaxIterations(20_000))
        again = solve(problem, "or-3opt", stop=MaxIterations(10), initial=good.solution)
        assert again.objective <= good.objective
        assert again.trace[0].source == "initial"

    def test_threads_share_the_best(self) -> None:
        problem = arcs(60, 6)
        result = solve(problem, "or-3opt", stop=MaxIterations(3_000), threads=2)
        assert problem.check(result.solution) == []
        assert result.objective >= patched_tour(problem)[1]

    @pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
    def test_tiny(self, n: int, brute_force: Callable[[Any], float]) -> None:
        problem = arcs(n, 8)
        result = solve(problem, time_limit=5.0)
        assert result.objective == brute_force(problem)
        assert result.status is Status.OPTIMAL
