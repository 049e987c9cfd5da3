"""Iterated greedy search on the permutation flow shop."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from combkit.comb.scheduling.iterated_greedy import flow_time_bound, schedule_of
from combkit.comb.solve import solve
from combkit.instances.errors import (
    InvalidProblemError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import read, write
from combkit.instances.generators import generate
from combkit.instances.shops import FlowShop
from combkit.instances.stop import MaxIterations, Reason

OBJECTIVES = ("makespan", "flow_time")


def optimum(problem: FlowShop) -> float:
    """Try every sequence."""
    jobs = range(problem.durations.shape[0])
    return min(
        problem.evaluate(schedule_of(problem.durations, np.array(order)))
        for order in itertools.permutations(jobs)
    )


tables = st.tuples(st.integers(1, 5), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 9))
)


@pytest.mark.parametrize("objective", OBJECTIVES)
@given(durations=tables)
@settings(max_examples=30, deadline=None)
def test_finds_the_best_sequence_of_few_jobs(durations, objective: str) -> None:
    problem = FlowShop(durations, objective=objective)
    best = optimum(problem)
    result = solve(problem, "iterated-greedy", stop=MaxIterations(1_000))
    assert result.objective == best
    assert result.bound <= best
    assert problem.check(result.solution) == []


def test_the_flow_time_is_the_sum_of_the_ends_of_jobs() -> None:
    problem = FlowShop([[3, 2], [1, 4]], objective="flow_time")
    schedule = schedule_of(problem.durations, np.array([1, 0]))
    assert problem.evaluate(schedule) == 5 + 7
    assert flow_time_bound(problem.durations) <= 12


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_same_seed_gives_the_same_answer(objective: str) -> None:
    drawn = generate("pfsp", 30, seed=1, machines=20)
    problem = FlowShop(drawn.durations, objective=objective)
    one, same, other = (
        solve(problem, "iterated-greedy", stop=MaxIterations(3_000), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution
    assert one.reason is Reason.ITERATIONS
    first = schedule_of(problem.durations, np.arange(30))
    assert one.objective < problem.evaluate(first)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_never_leaves_a_better_start(objective: str) -> None:
    drawn = generate("pfsp", 12, seed=4, machines=4)
    problem = FlowShop(drawn.durations, objective=objective)
    best = solve(problem, "iterated-greedy", stop=MaxIterations(20_000))
    result = solve(
        problem, "iterated-greedy", initial=best.solution, stop=MaxIterations(1)
    )
    assert result.objective == best.objective


def test_threads_search_side_by_side() -> None:
    problem = generate("pfsp", 20, seed=2, machines=5)
    result = solve(problem, "iterated-greedy", threads=2, stop=MaxIterations(5_000))
    alone = solve(problem, "iterated-greedy", stop=MaxIterations(5_000))
    assert result.objective <= alone.objective


def test_proves_what_a_bound_meets(shared_data: Path) -> None:
    path = shared_data / "scheduling" / "pfsp" / "taillard" / "tai50_5_0.fsp"
    result = solve(path, "iterated-greedy", time_limit=60, target=2724)
    assert result.objective == 2724


def test_cpsat_agrees_on_the_flow_time() -> None:
    drawn = generate("pfsp", 6, seed=0, machines=3)
    problem = FlowShop(drawn.durations, objective="flow_time")
    exact = solve(problem, "cpsat", time_limit=60)
    found = solve(problem, "iterated-greedy", stop=MaxIterations(3_000))
    assert (exact.status, exact.objective) == ("optimal", found.objective)


@pytest.mark.parametrize("option", [{"removed": 0}, {"temperature": -1.0}])
def test_refuses_numbers_that_are_too_small(option) -> None:
    with pytest.raises(UsageError, match="at least"):
        solve(generate("pfsp", 5, seed=0), "iterated-greedy", **option)


def test_an_objective_must_be_known() -> None:
    with pytest.raises(InvalidProblemError, match="'cost' is neither"):
        FlowShop([[1, 2]], objective="cost")


def test_only_json_keeps_the_flow_time(tmp_path: Path) -> None:
    problem = FlowShop([[3, 2], [1, 4]], objective="flow_time")
    write(problem, tmp_path / "shop.json")
    again = read(tmp_path / "shop.json")
    assert again == problem
    assert again != FlowShop(problem.durations)
    with pytest.raises(UnsupportedFeatureError, match="flow_time"):
        write(problem, tmp_path / "shop.fsp")
