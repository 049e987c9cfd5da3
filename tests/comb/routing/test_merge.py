"""What is better in another tour is taken from it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import combkit as ck
from combkit.comb.routing import tour_search
from combkit.comb.routing._kernels_merge import merge
from combkit.comb.routing.nearness import near_nodes
from combkit.instances.solutions import Tour
from combkit.instances.tsp import TSP


def cities(n: int, seed: int) -> TSP:
    rng = np.random.default_rng(seed)
    return TSP(rng.integers(0, 1000, (n, 2)).astype(float), metric="EUC_2D")


def edges(tour: np.ndarray) -> set[tuple[int, int]]:
    pairs = zip(tour.tolist(), np.roll(tour, -1).tolist(), strict=True)
    return {(min(a, b), max(a, b)) for a, b in pairs}


def merged(
    problem: TSP, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, float]:
    space = tour_search.space_of(problem, near_nodes(problem, 5), 5)
    tour = one.astype(np.int32)
    gain = merge(space, tour, other.astype(np.int32))
    return tour, gain


@given(n=st.integers(5, 40), seed=st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_what_comes_out_is_a_tour_of_edges_of_both(n: int, seed: int) -> None:
    problem, rng = cities(n, seed), np.random.default_rng(seed)
    one = rng.permutation(n)
    other = one.copy()
    # Near enough to each other for several components.
    for _ in range(int(rng.integers(1, 6))):
        a, b = sorted(rng.integers(0, n + 1, 2).tolist())
        other[a:b] = other[a:b][::-1]
    before = problem.evaluate(Tour(one))
    tour, gain = merged(problem, one, other)
    assert sorted(tour.tolist()) == list(range(n))
    assert gain >= 0.0
    assert problem.evaluate(Tour(tour)) == before - gain
    assert edges(one) & edges(other) <= edges(tour) <= edges(one) | edges(other)


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_the_best_of_two_changed_places(seed: int) -> None:
    # Two reversals far from each other: each is a component of its own.
    problem, rng = cities(30, seed), np.random.default_rng(seed)
    base = rng.permutation(30)

    def changed(first: bool, second: bool) -> np.ndarray:
        tour = base.copy()
        if first:
            tour[2:9] = tour[2:9][::-1]
        if second:
            tour[15:25] = tour[15:25][::-1]
        return tour

    choices = [changed(*which) for which in itertools.product((False, True), repeat=2)]
    best = min(problem.evaluate(Tour(tour)) for tour in choices)
    tour, _ = merged(problem, changed(False, True), changed(True, False))
    assert problem.evaluate(Tour(tour)) == best


def test_the_same_tour_offers_nothing() -> None:
    problem = cities(50, 0)
    tour = np.random.default_rng(0).permutation(50)
    same, gain = merged(problem, tour, np.roll(tour[::-1], 7))
    assert gain == 0.0
    assert (same == tour).all()


def test_pieces_are_joined_again_with_their_fixed_edges() -> None:
    problem = TSP(
        cities(200, 3).coords, metric="EUC_2D", fixed_edges=[[0, 50], [50, 90], [7, 8]]
    )
    result = ck.solve(problem, "lk", stop=ck.MaxIterations(3_000))
    assert {(0, 50), (50, 90), (7, 8)} <= edges(result.solution.tour)
    assert problem.check(result.solution) == []
