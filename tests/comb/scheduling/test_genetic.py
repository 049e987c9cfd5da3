"""Genetic search on resource-constrained projects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from combkit.comb.scheduling import _kernels_project, genetic
from combkit.comb.scheduling.genetic import _breed_of, _data_of, _Search, supports
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.generators import generate
from combkit.instances.project import Project
from combkit.instances.run import Run
from combkit.instances.stop import MaxIterations, Reason


@st.composite
def projects(draw: st.DrawFn, most: int = 12) -> Project:
    """Projects in any order of numbers, some of whose activities are empty."""
    n, resources = draw(st.integers(1, most)), draw(st.integers(1, 2))
    capacity = draw(st.lists(st.integers(1, 4), min_size=resources, max_size=resources))
    order = draw(st.permutations(range(n)))
    rank = {x: k for k, x in enumerate(order)}
    pairs = draw(st.lists(st.tuples(st.sampled_from(order), st.sampled_from(order))))
    return Project(
        [[draw(st.integers(0, 5))] for _ in range(n)],
        [[[draw(st.integers(0, c)) for c in capacity]] for _ in range(n)],
        capacity,
        sorted({(a, b) for a, b in pairs if rank[a] < rank[b]}),
    )


@given(projects(), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_every_individual_is_feasible(problem: Project, seed: int) -> None:
    assume(supports(problem) is None)
    data = _data_of(problem)
    breed = _breed_of(data, 6, seed, 0)
    made = _kernels_project.search(data.work, data.mirror, breed, 40, 10)
    assert made == 40 or breed.scalars[_kernels_project.STALE] == 10
    _kernels_project.anneal(data.work, data.mirror, breed, 20)
    for k in range(int(breed.scalars[_kernels_project.FILLED])):
        starts = np.zeros(problem.n, np.int64)
        starts[data.activity] = breed.start[k] * data.unit
        schedule = problem.schedule(starts)
        assert problem.check(schedule) == []
        assert problem.evaluate(schedule) == breed.makespan[k] * data.unit
        assert sorted(breed.order[k].tolist()) == list(range(problem.n))
    assert breed.scalars[_kernels_project.BEST] <= breed.makespan.min()


@given(projects(most=6))
@settings(max_examples=15, deadline=None)
def test_agrees_with_the_exact_solver(problem: Project) -> None:
    assume(supports(problem) is None)
    exact = solve(problem, "cpsat", time_limit=60)
    found = solve(problem, "genetic", stop=MaxIterations(200), individuals=10)
    assert (exact.status, exact.objective) == ("optimal", found.objective)


def test_the_best_of_a_breed_that_stands_still_is_annealed_then_a_larger_one_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(genetic, "_ANNEALING", 50)
    problem = generate("rcpsp", 20, seed=4)
    search = _Search(problem, Run(problem), 2)
    breed = search._breeds[0]
    made = search._advance(breed, 10_000)
    assert breed.scalars[_kernels_project.STALE] == 20
    assert breed.scalars[_kernels_project.ANNEALED] == 50
    assert made > 50 and search._advance(breed, 10_000) == 0
    search._take()
    assert search._breeds[0].makespan.size == 6


def test_annealing_finds_what_a_small_breed_does_not() -> None:
    problem = generate("rcpsp", 60, seed=1)
    data = _data_of(problem)
    breed = _breed_of(data, 10, 0, 0)
    _kernels_project.search(data.work, data.mirror, breed, 10**6, 100)
    before = int(breed.scalars[_kernels_project.BEST])
    _kernels_project.anneal(data.work, data.mirror, breed, 20_000)
    assert breed.scalars[_kernels_project.BEST] < before


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = generate("rcpsp", 60, seed=1)
    one, same, other = (
        solve(problem, "genetic", stop=MaxIterations(300), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution


def test_reaches_optima_of_psplib(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "rcpsp"
    for name, best in (("j30/j301_1", 43), ("j30/j3013_1", 58), ("j60/j601_1", 77)):
        result = solve(folder / f"{name}.sm", "genetic", time_limit=60, target=best)
        assert result.objective == best


def test_starts_from_what_it_is_given() -> None:
    problem = generate("rcpsp", 12, seed=3)
    best = solve(problem, "cpsat", time_limit=60)
    result = solve(problem, "genetic", initial=best.solution, stop=MaxIterations(1))
    assert result.objective == best.objective


def test_long_durations_are_measured_in_their_unit() -> None:
    problem = Project([[5_000_000], [7_000_000]], [[[1]], [[1]]], [1], [])
    result = solve(problem, "genetic", stop=MaxIterations(10))
    assert (result.status, result.objective) == ("optimal", 12_000_000)


def test_threads_search_side_by_side() -> None:
    problem = generate("rcpsp", 40, seed=2)
    result = solve(problem, "genetic", threads=2, stop=MaxIterations(150))
    assert result.reason in (Reason.ITERATIONS, Reason.GAP)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (Project([[1, 2]], [[[1], [1]]], [1], []), "several modes"),
        (Project([[1], [2]], [[[1]], [[1]]], [1], [[0, 1, 3]]), "time lags"),
        (Project([[1]], [[[1]]], [1], [], [True]), "used up"),
        (Project([[1], [10**9]], [[[1]], [[1]]], [1], []), "too long"),
    ],
)
def test_says_what_it_cannot_solve(problem: Project, reason: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=reason):
        solve(problem, "genetic")
    assert solve(problem, time_limit=30).status == "optimal"


def test_refuses_a_breed_of_one() -> None:
    with pytest.raises(UsageError, match="at least 2"):
        solve(generate("rcpsp", 5, seed=0), "genetic", individuals=1)
