"""Every routing solver finds what brute force finds."""

from collections.abc import Callable
from typing import Any

import pytest

from combkit.comb import SOLVERS
from combkit.comb.solve import solve
from combkit.instances.result import Status
from combkit.instances.tsp import TSP

ROUTING = [row for row in SOLVERS if {"tsp", "atsp", "cvrp"} & set(row.kinds)]
SEARCHES = ["ils", "lk", "or-3opt", "sisr", "ortools-routing", "cpsat", "pyvrp"]


def rows_for(problem: Any, names: list[str]) -> list[Any]:
    return [
        row
        for row in ROUTING
        if row.name in names
        and problem.kind in row.kinds
        and row.available
        and row.unsupported(problem) is None
    ]


def test_searches_reach_the_optimum(
    small: Any, brute_force: Callable[[Any], float]
) -> None:
    best = brute_force(small)
    rows = rows_for(small, SEARCHES)
    assert rows
    for row in rows:
        # What is scaled is rounded, so the target is a hair above the optimum.
        goal = best + 1e-9 * abs(best)
        result = solve(small, row.name, target=goal, time_limit=60.0)
        assert result.objective == pytest.approx(best, rel=1e-9), row.name


def test_constructives_are_feasible_and_never_too_good(
    small: Any, brute_force: Callable[[Any], float]
) -> None:
    best = brute_force(small)
    names = ["greedy", "nearest-neighbour", "patching", "savings"]
    for row in rows_for(small, names):
        result = solve(small, row.name)
        assert small.check(result.solution) == []
        assert result.objective >= best - 1e-9 * abs(best)


def test_cpsat_proves_the_optimum(
    small: Any, brute_force: Callable[[Any], float]
) -> None:
    for row in rows_for(small, ["cpsat"]):
        result = solve(small, row.name, time_limit=30.0)
        assert result.status is Status.OPTIMAL
        assert result.objective == result.bound == brute_force(small)


def test_some_solver_takes_every_problem(small: Any) -> None:
    result = solve(small, time_limit=0.2)
    assert result.status in (Status.OPTIMAL, Status.FEASIBLE)
    assert small.check(result.solution) == []


@pytest.mark.parametrize("metric", ["XRAY1", "XRAY2", "EUC_3D", "MAN_3D", "MAX_3D"])
def test_ils_solves_in_space(metric: str, brute_force: Callable[[Any], float]) -> None:
    points = [[10, 20, 30], [350, 70, 8], [180, 3, 90], [5, 44, 12], [90, 9, 9]]
    problem = TSP([*points, [200, 100, 50], [0, 0, 0]], metric=metric)
    best = brute_force(problem)
    assert solve(problem, "ils", target=best, time_limit=60.0).objective == best
