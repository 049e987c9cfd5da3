"""Implicit enumeration of multidimensional knapsacks: brute force, proofs, limits."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.packing.multi_greedy import relax
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.generators import generate
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.solutions import Selection
from combkit.instances.stop import MaxIterations, Reason


@st.composite
def knapsacks(draw: st.DrawFn) -> MultiKnapsack:
    n, m = draw(st.integers(1, 11)), draw(st.integers(1, 4))
    largest = draw(st.sampled_from([5, 60, 10**9]))
    amounts = st.integers(0, largest)
    row = st.lists(amounts, min_size=n, max_size=n)
    return MultiKnapsack(
        np.array(draw(row)),
        np.array(draw(st.lists(row, min_size=m, max_size=m))),
        np.array(draw(st.lists(st.integers(0, 3 * largest), min_size=m, max_size=m))),
    )


def best_of(problem: MultiKnapsack, count: int | None = None) -> float:
    """Return the best profit, of so many items if that is given."""
    sizes = range(problem.n + 1) if count is None else [count]
    return max(
        (
            problem.evaluate(Selection(chosen))
            for size in sizes
            for chosen in itertools.combinations(range(problem.n), size)
            if not problem.check(Selection(chosen))
        ),
        default=-math.inf,
    )


@settings(max_examples=60, deadline=None)
@given(knapsacks())
def test_small_knapsacks_are_proven(problem: MultiKnapsack) -> None:
    result = solve(problem, "enumeration", patience=math.inf)
    assert result.status == "optimal"
    assert result.objective == result.bound == best_of(problem)


@settings(max_examples=30, deadline=None)
@given(knapsacks(), st.integers(0, 11))
def test_a_relaxation_with_a_number_of_items_bounds_such_selections(
    problem: MultiKnapsack, count: int
) -> None:
    relaxation = relax(problem, count)
    best = best_of(problem, count)
    if relaxation is None:
        assert best == -math.inf
    else:
        assert relaxation.bound >= best
        assert relaxation.values.sum() == pytest.approx(count, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("m", [2, 5])
def test_it_agrees_with_highs(seed: int, m: int) -> None:
    problem = generate("mkp", 50, seed=seed, m=m)
    start = solve(problem, "local-search", stop=MaxIterations(2_000), seed=seed)
    result = solve(problem, "enumeration", initial=start.solution, patience=math.inf)
    exact = solve(problem, "highs")
    assert (result.status, exact.status) == ("optimal", "optimal")
    assert result.objective == exact.objective


@pytest.mark.parametrize("name, profit", [("1.txt#0", 24381), ("2.txt#0", 59312)])
def test_knapsacks_of_the_library_are_proven(
    shared_data: Path, name: str, profit: int
) -> None:
    path = shared_data / "routing" / "knapsack" / "mknap" / f"mknapcb{name}"
    start = solve(path, "local-search", stop=MaxIterations(300_000))
    result = solve(path, "enumeration", initial=start.solution, patience=math.inf)
    assert (result.status, result.objective) == ("optimal", profit)


def test_it_ends_at_once_where_there_are_too_many_sets() -> None:
    problem = generate("mkp", 200, seed=1, m=30)
    result = solve(problem, "enumeration", time_limit=60)
    assert (result.status, result.iterations) == ("feasible", 0)
    assert result.runtime < 30.0
    assert "too many sets" in result.raw_status


def test_a_limit_on_sets_is_kept() -> None:
    problem = generate("mkp", 200, seed=1, m=30)

    def run() -> tuple[float | None, int]:
        result = solve(
            problem, "enumeration", stop=MaxIterations(20_000), patience=math.inf
        )
        assert (result.status, result.reason) == ("feasible", Reason.ITERATIONS)
        return result.objective, result.iterations

    first = run()
    assert first == run()
    assert first[1] == 20_000


def test_fractions_and_patience_are_refused() -> None:
    problem = generate("mkp", 9, seed=1)
    with pytest.raises(UsageError, match="patience=0: above 0"):
        solve(problem, "enumeration", patience=0)
    broken = MultiKnapsack(
        problem.profits, problem.weights / math.pi, problem.capacities
    )
    with pytest.raises(UnsupportedFeatureError, match="not integers"):
        solve(broken, "enumeration")
