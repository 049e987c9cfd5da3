"""Greedy for the knapsack: where it is exact, float data, large numbers."""

from __future__ import annotations

import numpy as np

from combkit.comb.solve import solve
from combkit.instances.knapsack import Knapsack


def test_the_single_best_item_saves_the_guarantee() -> None:
    result = solve(Knapsack([2, 100], [1, 100], 100), "greedy")
    assert result.objective == 100
    assert result.bound == 101
    assert result.solution.selected.tolist() == [1]


def test_everything_fits() -> None:
    result = solve(Knapsack([3, 0, 5], [1, 2, 3], 6), "greedy")
    assert (result.status, result.objective, result.bound) == ("optimal", 8, 8)


def test_nothing_fits() -> None:
    result = solve(Knapsack([3, 5], [4, 9], 2), "greedy")
    assert (result.status, result.objective) == ("optimal", 0)
    assert result.solution.selected.size == 0


def test_items_after_the_break_are_tried() -> None:
    result = solve(Knapsack([10, 9, 1], [5, 6, 4], 9), "greedy")
    assert result.solution.selected.tolist() == [0, 2]


def test_float_data_have_a_valid_bound() -> None:
    rng = np.random.default_rng(7)
    problem = Knapsack(rng.random(50), rng.random(50), 7.5)
    result = solve(problem, "greedy")
    assert problem.check(result.solution) == []
    assert result.objective < result.bound <= 1.2 * result.objective


def test_the_bound_is_exact_beyond_float_precision() -> None:
    # Both densities are near 1; float sums of products would be off.
    problem = Knapsack([2**50 + 1, 2**51 + 1], [2**50, 2**51], 2**51)
    assert solve(problem, "greedy").bound == 2**51 + 1


def test_a_million_items() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(1, 1000, 1_000_000)
    problem = Knapsack(
        rng.integers(1, 1000, 1_000_000), weights, int(weights.sum()) // 2
    )
    result = solve(problem, "greedy")
    assert result.gap < 1e-5
