"""The knapsack solvers against brute force and Bellman's table."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.packing import greedy_knapsack, integral
from combkit.comb.packing.relaxation import dantzig, tightened
from combkit.comb.packing.states import StateList
from combkit.comb.solve import solve
from combkit.instances.generators import generate
from combkit.instances.generators.packing import CLASSES
from combkit.instances.knapsack import Knapsack


@st.composite
def knapsacks(
    draw: st.DrawFn, items: int = 10, largest: int = 30, correlated: bool = False
) -> Knapsack:
    weights = draw(st.lists(st.integers(0, largest), min_size=1, max_size=items))
    if correlated:
        offset = draw(st.integers(-3, 10))
        profits = [max(0, w + offset) for w in weights]
    else:
        profits = [draw(st.integers(0, largest)) for _ in weights]
    return Knapsack(profits, weights, draw(st.integers(1, max(1, 2 * sum(weights)))))


def enumerated(problem: Knapsack) -> int:
    return max(
        sum(int(problem.profits[i]) for i in chosen)
        for k in range(problem.n + 1)
        for chosen in itertools.combinations(range(problem.n), k)
        if sum(int(problem.weights[i]) for i in chosen) <= problem.capacity
    )


def tabulated(problem: Knapsack) -> int:
    """Bellman's dynamic program over all capacities."""
    best = np.zeros(int(problem.capacity) + 1, dtype=np.int64)
    for profit, weight in zip(
        problem.profits.tolist(), problem.weights.tolist(), strict=True
    ):
        if weight <= problem.capacity:
            best[weight:] = np.maximum(
                best[weight:], best[: best.size - weight] + profit
            )
    return int(best[-1])


@given(knapsacks() | knapsacks(correlated=True))
@settings(max_examples=200, deadline=None)
def test_exact_on_all_small_data(problem: Knapsack) -> None:
    result = solve(problem, "knapsack-dp")
    assert result.status == "optimal"
    assert result.objective == result.bound == enumerated(problem)


@given(
    knapsacks(items=60, largest=200) | knapsacks(items=60, largest=99, correlated=True)
)
@settings(max_examples=150, deadline=None)
def test_exact_against_the_table(problem: Knapsack) -> None:
    assert solve(problem, "knapsack-dp").objective == tabulated(problem)


@pytest.mark.parametrize("instance_class", CLASSES)
@pytest.mark.parametrize("seed", range(4))
def test_exact_on_the_classes_of_the_literature(instance_class: str, seed: int) -> None:
    problem = generate("kp", 80, seed=seed, instance_class=instance_class, r=100)
    result = solve(problem, "knapsack-dp")
    assert (result.status, result.objective) == ("optimal", tabulated(problem))


@given(knapsacks(), st.integers(0, 9), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_decimal_fractions_are_solved_as_integers(
    problem: Knapsack, profit_digits: int, weight_digits: int
) -> None:
    scaled = Knapsack(
        problem.profits / 10.0**profit_digits,
        problem.weights / 10.0**weight_digits,
        int(problem.capacity) / 10.0**weight_digits,
    )
    result = solve(scaled, "knapsack-dp")
    assert result.status == "optimal"
    assert result.objective == pytest.approx(enumerated(problem) / 10.0**profit_digits)
    assert result.gap == 0


@given(knapsacks(items=12))
@settings(max_examples=25, deadline=None)
def test_what_no_power_of_ten_makes_whole_is_solved_as_a_program(
    problem: Knapsack,
) -> None:
    odd = Knapsack(
        problem.profits / math.pi,
        problem.weights * math.sqrt(2.0),
        float(problem.capacity) * math.sqrt(2.0),
    )
    for solver in ("auto", "highs"):
        result = solve(odd, solver)
        assert result.status == "optimal"
        assert result.objective == pytest.approx(enumerated(problem) / math.pi)


@given(knapsacks(items=12))
@settings(max_examples=10, deadline=None)
def test_cpsat_proves_the_same(problem: Knapsack) -> None:
    result = solve(problem, "cpsat")
    assert (result.status, result.objective) == ("optimal", enumerated(problem))


@given(knapsacks(items=40, largest=50) | knapsacks(items=40, correlated=True))
@settings(max_examples=100, deadline=None)
def test_greedy_is_half_optimal_and_its_bound_valid(problem: Knapsack) -> None:
    result = solve(problem, "greedy")
    best = tabulated(problem)
    assert result.objective <= best <= result.bound
    assert 2 * result.objective >= best


@given(knapsacks(items=25, largest=40) | knapsacks(items=25, correlated=True))
@settings(max_examples=100, deadline=None)
def test_relaxations_bound_what_is_better_than_the_incumbent(
    problem: Knapsack,
) -> None:
    core = integral.reduce(problem)
    if core.items.size == 0:
        return
    best = round(tabulated(problem) * core.scale - core.base) // core.unit
    linear = dantzig(core)
    assert linear.bound >= best
    better = tightened(core, best - 1, linear)
    if better is not None:
        assert best <= better.bound < linear.bound


@given(knapsacks(items=25, largest=40), st.integers(2, 8))
@settings(max_examples=100, deadline=None)
def test_a_narrow_list_is_a_beam_that_claims_nothing(
    problem: Knapsack, width: int
) -> None:
    core = integral.reduce(problem)
    if core.items.size == 0:
        return
    best = round(tabulated(problem) * core.scale - core.base) // core.unit
    search = StateList(core, dantzig(core), 0, width)
    while not search.advance(1):
        assert not search.exact or search.bound >= best
    assert search.best <= best
    if search.exact:
        assert search.best == best
    chosen = search.improvement()
    assert core.weights[chosen].sum() <= core.capacity
    assert core.profits[chosen].sum() == search.best


def test_density_order_puts_weightless_items_first() -> None:
    order = greedy_knapsack.by_density(
        np.array([1, 6, 0, 4, 3]), np.array([0, 2, 0, 2, 1])
    )
    assert order.tolist() == [0, 1, 4, 3, 2]
