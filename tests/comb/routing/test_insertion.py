"""Random insertion and the splitting of one tour into routes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.routing.insertion import insertion_tour
from combkit.comb.routing.split import split_tour
from combkit.instances.cvrp import CVRP
from combkit.instances.generators import generate
from combkit.instances.ovrp import OVRP
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import ATSP, TSP


@pytest.mark.parametrize("n", [1, 2, 3, 50])
@pytest.mark.parametrize("form", ["places", "matrix", "directed", "fixed"])
def test_every_city_once(n: int, form: str) -> None:
    rng = np.random.default_rng(n)
    places = rng.random((n, 2))
    problem: TSP | ATSP = TSP(places)
    if form == "matrix":
        problem = TSP(matrix=problem.distances())
    if form == "directed":
        problem = ATSP(rng.random((n, n)))
    if form == "fixed" and n >= 3:
        problem = TSP(places, fixed_edges=[[0, 1], [1, 2]])
    assert not problem.check(Tour(insertion_tour(problem, rng)))


def test_fixed_arcs_keep_their_direction() -> None:
    rng = np.random.default_rng(0)
    problem = ATSP(rng.random((30, 30)), fixed_edges=[[4, 9], [9, 2], [7, 1]])
    assert not problem.check(Tour(insertion_tour(problem, rng)))


def test_tours_are_a_sixth_above_the_optimum() -> None:
    rng = np.random.default_rng(0)
    problem = TSP(rng.random((10_000, 2)))
    length = problem.evaluate(Tour(insertion_tour(problem, rng)))
    # The optimum is 0.7124 * sqrt(n) for many cities.
    assert length < 1.17 * 0.7124 * 100


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.booleans(), st.booleans())
def test_the_cheapest_routes_of_an_order(
    seed: int, n: int, open_ended: bool, limited: bool
) -> None:
    rng = np.random.default_rng(seed)
    kind = OVRP if open_ended else CVRP
    demands = np.r_[0, rng.integers(1, 6, n)]
    extra = {"max_distance": 3.2, "service_time": np.r_[0, np.full(n, 0.1)]}
    problem = kind(rng.random((n + 1, 2)), demands, 9, **(extra if limited else {}))
    order = rng.permutation(n) + 1
    best = np.inf
    for cuts in itertools.product([False, True], repeat=n - 1):
        routes = np.split(order, np.flatnonzero(cuts) + 1)
        if not problem.check(Routes(routes)):
            best = min(best, problem.evaluate(Routes(routes)))
    found = Routes(split_tour(problem, order))
    assert np.concatenate(found.routes).tolist() == order.tolist()
    if np.isfinite(best):
        assert problem.evaluate(found) == pytest.approx(best)


def test_a_matrix_is_split_too() -> None:
    places = generate("cvrp", 40, seed=1)
    problem = CVRP(
        demands=places.demands, capacity=places.capacity, matrix=places.distances()
    )
    assert not problem.check(Routes(split_tour(problem, np.arange(1, 41))))
