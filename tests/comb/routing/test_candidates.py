"""Penalties, alpha candidates and lower bounds, against plain definitions."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.comb.routing._kernels_trees import complete_tree
from combkit.comb.routing.ascent import ascend
from combkit.comb.routing.candidates import alpha_candidates, tree_bound
from combkit.comb.routing.greedy_tsp import greedy_tour
from combkit.comb.routing.metric import metric_arrays
from combkit.comb.solve import solve
from combkit.instances.run import Run
from combkit.instances.stop import MaxIterations, MaxRuntime
from combkit.instances.tsp import TSP


def cities(n: int, seed: int, metric: str = "EUC_2D") -> TSP:
    rng = np.random.default_rng(seed)
    return TSP(rng.integers(0, 1_000, (n, 2)).astype(float), metric=metric)


def complete(problem: TSP) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    u, v = (x.astype(np.int32) for x in np.triu_indices(problem.n, 1))
    return u, v, problem.distance(u, v).astype(float)


def tree_weight(u: np.ndarray, v: np.ndarray, weight: np.ndarray) -> float:
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(u, v, weight, strict=True))
    return nx.minimum_spanning_tree(graph).size("weight")


@given(n=st.integers(4, 14), seed=st.integers(0, 10**6))
def test_alpha_is_what_the_tree_grows_by(n: int, seed: int) -> None:
    problem = cities(n, seed)
    u, v, length = complete(problem)
    found = ascend(u, v, length, n, 30)
    weight = length + found.penalty[u] + found.penalty[v]
    least = tree_weight(u, v, weight)
    for edge in range(u.size):
        forced = weight.copy()
        forced[edge] = -1e6
        grown = tree_weight(u, v, forced) + 1e6 + weight[edge]
        assert found.alpha[edge] == pytest.approx(grown - least, abs=1e-6)


@given(n=st.integers(4, 14), seed=st.integers(0, 10**6))
def test_complete_tree_is_minimal(n: int, seed: int) -> None:
    problem = cities(n, seed)
    rng = np.random.default_rng(seed)
    penalty, special = rng.normal(0, 100, n), int(rng.integers(n))
    u, v, length = complete(problem)
    weight = length + penalty[u] + penalty[v]
    outside = (u == special) | (v == special)
    expected = np.sort(weight[outside])[:2].sum()
    if n > 2:
        inside = ~outside
        expected += tree_weight(u[inside], v[inside], weight[inside])
    found = complete_tree(*metric_arrays(problem), penalty, special, np.empty(n))
    assert found == pytest.approx(expected)


@given(n=st.integers(5, 9), seed=st.integers(0, 10**6), whole=st.booleans())
def test_bounds_are_below_the_optimum(n: int, seed: int, whole: bool) -> None:
    problem = cities(n, seed, "EUC_2D" if whole else "euclidean")
    result = solve(problem, "lk", stop=MaxIterations(100))
    best = solve(problem, "cpsat", time_limit=20).objective if whole else math.inf
    assert result.bound <= min(best, result.objective)


def test_an_ascent_closes_most_of_the_gap() -> None:
    problem = cities(400, 3)
    result = solve(problem, "lk", stop=MaxIterations(3_000))
    assert result.bound <= result.objective <= 1.03 * result.bound


def test_candidates_hold_good_tours_better_than_nearness() -> None:
    problem = cities(1_000, 1)
    found = alpha_candidates(problem, 5, greedy_tour(problem), Run(problem))
    assert found.near.shape == (1_000, 5)
    reach = problem.distance(np.arange(1_000)[:, None], found.near)
    assert (np.diff(reach, axis=1) >= 0).all()
    tour = solve(problem, "lk", stop=MaxIterations(20_000)).solution.tour
    near = found.near
    held = [
        b in near[a] or a in near[b]
        for a, b in zip(tour, np.roll(tour, -1), strict=True)
    ]
    assert np.mean(held) > 0.985


def test_points_in_a_line_or_in_one_place_have_candidates() -> None:
    for coords in (np.arange(40.0).repeat(2).reshape(40, 2), np.ones((40, 2))):
        problem = TSP(coords, metric="EUC_2D")
        found = alpha_candidates(problem, 5, np.arange(40), Run(problem))
        assert not (found.near == np.arange(40)[:, None]).any()


def test_large_problems_get_no_bound_in_no_time() -> None:
    problem = cities(2_000, 1)
    found = alpha_candidates(problem, 5, greedy_tour(problem), Run(problem)).ascent
    assert tree_bound(problem, found, 1e-6) is None
    assert tree_bound(problem, found, 60.0) is not None


def test_short_limits_fall_back_to_nearness() -> None:
    problem = cities(2_000, 1)
    tour = greedy_tour(problem)
    hurried = Run(problem, stop=MaxRuntime(0.01))
    assert alpha_candidates(problem, 5, tour, hurried) is None
