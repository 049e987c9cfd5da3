"""Tabu search on the flexible job shop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.scheduling import _kernels_flexible as kernels
from combkit.comb.scheduling.flexible_tabu import _options_of, _walk_of
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.generators import generate
from combkit.instances.shops import FlexibleJobShop
from combkit.instances.stop import MaxIterations, Reason


@st.composite
def shops(draw: st.DrawFn, jobs: int = 6, operations: int = 5) -> FlexibleJobShop:
    """Ragged shops whose jobs may come to a machine again, some without delay."""

    def operation() -> list[tuple[int, int]]:
        machines = draw(st.sets(st.integers(0, 2), min_size=1))
        return [(k, draw(st.integers(0, 9))) for k in sorted(machines)]

    lengths = draw(st.lists(st.integers(1, operations), min_size=1, max_size=jobs))
    return FlexibleJobShop([[operation() for _ in range(k)] for k in lengths])


@given(shops(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_moves_keep_the_schedule_feasible(problem: FlexibleJobShop, seed) -> None:
    options = _options_of(problem)
    walk = _walk_of(problem, options, seed, 0)
    n = problem.n_operations
    kernels.begin(options, walk, np.arange(n, dtype=np.int32), options.first[:-1])
    for _ in range(30):
        kernels.search(options, walk, 1, 100)
        assert sorted(walk.graph.order.tolist()) == list(range(n))
        modes = walk.choice - options.first[:-1]
        schedule = problem.schedule(walk.graph.head[:-1].copy(), modes)
        assert problem.check(schedule) == []
        assert problem.evaluate(schedule) == walk.scalars[kernels.MAKESPAN]
    again = _walk_of(problem, options, seed, 0)
    kernels.begin(options, again, walk.best, walk.best_choice)
    assert again.scalars[kernels.MAKESPAN] == walk.scalars[kernels.BEST]


@given(shops(jobs=3, operations=2))
@settings(max_examples=20, deadline=None)
def test_agrees_with_the_exact_solver(problem: FlexibleJobShop) -> None:
    exact = solve(problem, "cpsat", time_limit=60)
    found = solve(problem, "tabu", stop=MaxIterations(3_000), patience=100)
    assert (exact.status, exact.objective) == ("optimal", found.objective)


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = generate("fjsp", 15, seed=1)
    one, same, other = (
        solve(problem, "tabu", stop=MaxIterations(3_000), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution


def test_starts_from_what_it_is_given() -> None:
    problem = generate("fjsp", 6, seed=3)
    best = solve(problem, "cpsat", time_limit=60)
    result = solve(problem, "tabu", initial=best.solution, stop=MaxIterations(1))
    assert result.objective == best.objective


def test_threads_walk_side_by_side() -> None:
    problem = generate("fjsp", 10, seed=2)
    result = solve(problem, "tabu", threads=3, stop=MaxIterations(500))
    assert result.reason in (Reason.ITERATIONS, Reason.GAP)
    assert problem.check(result.solution) == []


def test_meets_bounds_of_brandimarte(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "fjsp" / "standard0" / "brandimarte"
    for name, best in (("mk03", 204), ("mk08", 523)):
        result = solve(folder / f"{name}.txt", "tabu", time_limit=60)
        assert (result.status, result.objective) == ("optimal", best)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (FlexibleJobShop([[[(0, 1)]]], setups=[[[0]]]), "set-up"),
        (FlexibleJobShop([[[(0, 1)], [(0, 1)]]], [[1, 0]]), "precedences"),
    ],
)
def test_says_what_it_cannot_solve(problem: FlexibleJobShop, reason: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=reason):
        solve(problem, "tabu")
    assert solve(problem, time_limit=30).status == "optimal"


def test_refuses_no_patience() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        solve(generate("fjsp", 3, seed=0), "tabu", patience=0)
