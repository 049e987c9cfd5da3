"""Iterated greedy search on the open shop."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from combkit.comb.scheduling import _kernels_openshop as kernels
from combkit.comb.scheduling.open_greedy import _order_of, _state_of
from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.generators import generate
from combkit.instances.shops import OpenShop
from combkit.instances.stop import MaxIterations, Reason


def tables(most: int) -> st.SearchStrategy[np.ndarray]:
    return st.tuples(st.integers(1, most), st.integers(1, most)).flatmap(
        lambda shape: arrays(np.int64, shape, elements=st.integers(0, 9))
    )


def makespan(problem: OpenShop, order) -> int:
    """Start each operation, in this order, when its job and machine are free."""
    n, m = problem.durations.shape
    free, busy = [0] * n, [0] * m
    for x in order:
        j, k = divmod(int(x), m)
        free[j] = busy[k] = max(free[j], busy[k]) + int(problem.durations[j, k])
    return max(free)


@given(tables(3).filter(lambda table: table.size <= 6))
@settings(max_examples=40, deadline=None)
def test_finds_the_best_order_of_few_operations(durations) -> None:
    problem = OpenShop(durations)
    orders = itertools.permutations(range(durations.size))
    best = min(makespan(problem, order) for order in orders)
    result = solve(problem, "iterated-greedy", stop=MaxIterations(2_000))
    assert result.objective == best
    assert result.bound <= best
    assert problem.check(result.solution) == []


@given(tables(6), st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_steps_keep_every_operation_and_know_its_paths(
    durations, removed, seed
) -> None:
    problem = OpenShop(durations)
    n = durations.size
    start = np.random.default_rng(seed).permutation(n).astype(np.int32)
    state = _state_of(problem, removed, 0.5, start, seed, 0)
    assert state.scalars[kernels.COST] == makespan(problem, start)
    for _ in range(20):
        kernels.search(state, 1)
        assert sorted(state.order.tolist()) == list(range(n))
        cost = makespan(problem, state.order)
        assert cost == state.scalars[kernels.COST]
        kernels.begin(state, state.order.copy())
        assert (state.head + state.tail).max() == cost
        critical = state.critical[: state.scalars[kernels.CRITICAL]]
        on_path = np.flatnonzero(state.head + state.tail == cost)
        assert sorted(critical.tolist()) == on_path.tolist()
        assert not state.out.any()
    assert makespan(problem, state.best) == state.scalars[kernels.BEST]


@given(tables(5), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_order_of_a_schedule_gives_it_again(durations, seed) -> None:
    problem = OpenShop(durations)
    order = np.random.default_rng(seed).permutation(durations.size).astype(np.int32)
    state = _state_of(problem, 1, 0.0, order, 0, 0)
    schedule = problem.schedule(state.head)
    assert problem.check(schedule) == []
    assert makespan(problem, _order_of(problem, schedule)) == makespan(problem, order)


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = generate("ossp", 8, seed=1)
    one, same, other = (
        solve(problem, "iterated-greedy", stop=MaxIterations(300), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution


def test_never_leaves_a_better_start() -> None:
    problem = generate("ossp", 5, seed=4)
    best = solve(problem, "cpsat", time_limit=60)
    result = solve(
        problem, "iterated-greedy", initial=best.solution, stop=MaxIterations(1)
    )
    assert result.objective == best.objective


def test_threads_search_side_by_side() -> None:
    problem = generate("ossp", 6, seed=2)
    result = solve(problem, "iterated-greedy", threads=2, stop=MaxIterations(500))
    assert result.reason in (Reason.ITERATIONS, Reason.GAP)
    assert problem.check(result.solution) == []


def test_meets_the_bound_of_large_shops(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "ossp" / "Taillard1993"
    for name, best in (("ta10x10_6os", 538), ("ta20x20_4os", 1248)):
        result = solve(folder / f"{name}.txt", "iterated-greedy", time_limit=60)
        assert (result.status, result.objective) == ("optimal", best)


@pytest.mark.parametrize("option", [{"removed": 0}, {"temperature": -1.0}])
def test_refuses_numbers_that_are_too_small(option) -> None:
    with pytest.raises(UsageError, match="at least"):
        solve(generate("ossp", 3, seed=0), "iterated-greedy", **option)
