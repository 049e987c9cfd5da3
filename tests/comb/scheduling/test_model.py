"""Solvers of the whole scheduling model, against every schedule there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instances.scheduling_models import random_model, schedules

from combkit.comb.scheduling.model_bounds import (
    makespan_bound,
    objective_bound,
    windows,
)
from combkit.comb.solve import solve
from combkit.instances.formats import read
from combkit.instances.generators import generate
from combkit.instances.project import Project
from combkit.instances.scheduling import Scheduling

LAST = 6


def optimum(model: Scheduling) -> float | None:
    values = [
        model.evaluate(schedule)
        for schedule in schedules(model, LAST)
        if not model.check(schedule)
    ]
    return min(values, default=None)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_cpsat_proves_the_optimum_or_that_there_is_none(seed: int) -> None:
    model = random_model(seed, last=LAST)
    best = optimum(model)
    result = solve(model, "cpsat", time_limit=20)
    if best is None:
        assert result.status == "infeasible"
    else:
        assert (result.status, result.objective) == ("optimal", best)


@given(st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_bounds_and_dispatch_are_honest(seed: int) -> None:
    model = random_model(seed, last=LAST)
    limits = windows(model)
    result = solve(model, "dispatch")
    if result.solution is not None:
        assert limits.feasible
        assert model.check(result.solution) == []
        late = result.solution.starts[0] >= limits.head
        assert (late | model.optional).all()


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_makespan_bound_never_exceeds_the_optimum(seed: int) -> None:
    drawn = random_model(seed, last=LAST)
    content = drawn.content() | {"objective": [("makespan", 1)]}
    model = Scheduling(**content)
    best, limits = optimum(model), windows(model)
    if best is not None:
        assert limits.feasible
        assert makespan_bound(model, limits) <= best


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_bound_of_the_objective_never_exceeds_the_optimum(seed: int) -> None:
    model = random_model(seed, last=LAST)
    best, limits = optimum(model), windows(model)
    if best is not None:
        assert objective_bound(model, limits) <= best


def test_contradictions_are_proven_not_raised() -> None:
    for before, after, lag in (([0, 1], [1, 0], [1, 1]), ([0, 1], [1, 0], [5, -2])):
        model = Scheduling(
            [0, 1], [3, 3], [], [], [], [], None, before, after, [1, 1], lag
        )
        for solver in ("cpsat", "dispatch", "auto"):
            assert solve(model, solver).status == "infeasible"


def test_no_room_between_breaks_before_a_deadline_is_proven() -> None:
    rest = {"break_resource": [0], "break_start": [2], "break_end": [9]}
    for deadline, status in ((12, "infeasible"), (13, "optimal")):
        model = Scheduling([0], [4], [0], [0], [1], [1], **rest, deadline=[deadline])
        for solver in ("cpsat", "auto"):
            assert solve(model, solver).status == status


@pytest.mark.parametrize("kind", ["fjsp", "pfsp", "ossp", "rcpsp"])
def test_auto_proves_small_ones(kind: str) -> None:
    problem = generate(kind, 4, seed=3)
    result = solve(problem, time_limit=30)
    assert result.status == "optimal"
    assert problem.check(result.solution) == []


@pytest.mark.slow
def test_classic_files_are_proven(shared_data: Path) -> None:
    folder = shared_data / "scheduling"
    for name, best in (
        ("fjsp/standard0/brandimarte/mk01.txt", 40),
        ("fjsp/fajsp/DAFJS01", 257),
        ("ossp/Taillard1993/ta4x4_1os.txt", 193),
        ("rcpsp/j30/j301_1.sm", 43),
        ("rcpsp/mm/c1510_1.mm", 21),
        ("rcpsp/patterson/pat1.rcp", 19),
        ("pfsp/taillard/tai20_5_0.fsp", 1278),
    ):
        result = solve(folder / name, time_limit=60)
        assert (result.status, result.objective) == ("optimal", best), name


def test_a_start_is_taken_and_never_lost(shared_data: Path) -> None:
    path = shared_data / "scheduling" / "rcpsp" / "j60"
    problem = read(sorted(path.glob("*.sm"))[0])
    start = solve(problem, "dispatch", samples=200)
    result = solve(problem, "cpsat", initial=start.solution, time_limit=1.0)
    assert result.objective <= start.objective
    assert result.trace[0].source == "initial"


def test_a_lag_between_starts_reaches_the_solver() -> None:
    project = Project([[2], [2]], [[[1]], [[1]]], [2], [[0, 1, 1], [1, 0, -3]])
    result = solve(project)
    assert (result.status, result.objective) == ("optimal", 3)
