"""Rescheduling: what has started stays, and the rest moves as little as it may."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import combkit as ck
from combkit.comb.solve import solve
from combkit.instances.errors import (
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)

KINDS = ("jsp", "fjsp", "pfsp", "ossp", "rcpsp", "scheduling")


def planned(kind: str, seed: int) -> tuple[ck.Problem, ck.Schedule]:
    """Return a small problem and a schedule of it that need not be good."""
    if kind == "scheduling":
        problem = ck.generate("rcpsp", 4, seed=seed).model
    else:
        problem = ck.generate(kind, 4, seed=seed)
    return problem, solve(problem, "dispatch", time_limit=20).solution


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 30), share=st.floats(0.0, 1.2))
@settings(max_examples=5, deadline=None)
def test_what_has_started_stays(kind: str, seed: int, share: float) -> None:
    problem, plan = planned(kind, seed)
    starts = np.concatenate(plan.starts)
    now = int(share * starts.max())
    rest = ck.Rescheduling(problem, plan, now)
    assert rest.size["frozen"] == np.count_nonzero(starts < now)
    # Nothing has changed, so that the plan still holds, and may be mended only.
    assert rest.check(plan) == []
    result = solve(rest, time_limit=10)
    assert problem.check(result.solution) == []
    assert result.objective == problem.evaluate(result.solution)
    assert result.objective <= problem.evaluate(plan)
    again = np.concatenate(result.solution.starts)
    assert (again[starts < now] == starts[starts < now]).all()
    assert (again[starts >= now] >= now).all()
    if plan.modes is not None:
        chosen = np.concatenate(result.solution.modes)
        kept = np.concatenate(plan.modes)
        assert (chosen[starts < now] == kept[starts < now]).all()


def test_the_whole_future_is_free_at_the_beginning() -> None:
    problem, plan = planned("jsp", 3)
    rest = solve(ck.Rescheduling(problem, plan, 0), time_limit=20)
    whole = solve(problem, time_limit=20)
    assert (rest.status, rest.objective) == ("optimal", whole.objective)


def late() -> tuple[ck.JobShop, ck.Schedule]:
    """Return a shop whose first operation takes longer than was planned."""
    plan = ck.Schedule([[0, 3], [0, 3], [5, 7]])
    machines = [[0, 1], [1, 0], [1, 0]]
    before = ck.JobShop(machines, [[3, 2], [2, 4], [1, 3]])
    assert before.check(plan) == []
    return ck.JobShop(machines, [[6, 2], [2, 4], [1, 3]]), plan


def test_moves_no_more_than_it_must() -> None:
    shop, plan = late()
    assert shop.check(plan) != []
    rest = ck.Rescheduling(shop, plan, now=1, movement=100)
    result = solve(rest, time_limit=20)
    # Machine 0 is busy until 6: the three operations behind move by 3.
    assert result.extra["movement"] == 9
    assert result.extra["moved_tasks"] == 3
    assert result.extra["own_objective"] == shop.evaluate(result.solution)
    assert result.objective == result.extra["own_objective"] + 900
    free = solve(ck.Rescheduling(shop, plan, now=1), time_limit=20)
    assert free.objective <= result.extra["own_objective"]


def test_a_started_task_that_breaks_a_precedence_is_proven_infeasible() -> None:
    shop = ck.JobShop([[0, 1]], [[3, 2]])
    result = solve(ck.Rescheduling(shop, ck.Schedule([[0, 2]]), now=5), time_limit=20)
    assert result.status == "infeasible"


def test_tasks_that_were_absent_may_come_in() -> None:
    model = ck.Scheduling(
        [0, 1], [2, 2], [0, 1], [0, 0], [1, 1], [1], optional=[False, True]
    )
    plan = ck.Schedule([[0, 0]], [[0, -1]])
    rest = ck.Rescheduling(model, plan, now=1, movement=1)
    assert rest.check(ck.Schedule([[0, 2]], [[0, 0]])) == []
    assert rest.evaluate(ck.Schedule([[0, 9]], [[0, 0]])) == 11
    wrong = rest.check(ck.Schedule([[0, 1]], [[0, 0]]))
    assert wrong == ["resource 0: task 1 starts at 1, before task 0 frees it at 2"]


def test_equal_pieces_of_a_plan_are_equal_problems() -> None:
    shop, plan = late()
    one, same = (ck.Rescheduling(shop, plan, now=1) for _ in range(2))
    assert one == same != ck.Rescheduling(shop, plan, now=1, movement=1)
    assert solve(one.model, "cpsat", time_limit=20).objective == 13


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda s, p: ck.Rescheduling(s, p, -1), InvalidProblemError, "now"),
        (lambda s, p: ck.Rescheduling(s, p, 1.5), InvalidProblemError, "now"),
        (lambda s, p: ck.Rescheduling(s, p, 1, -2), InvalidProblemError, "movement"),
        (
            lambda s, p: ck.Rescheduling(s, ck.Schedule([[0, 1]]), 1),
            InvalidSolutionError,
            "2 starts for 6 tasks",
        ),
        (
            lambda s, p: ck.Rescheduling(s, ck.Schedule([range(6)]), 1),
            InvalidSolutionError,
            "1 jobs where there are 3",
        ),
        (
            lambda s, p: ck.Rescheduling(ck.generate("kp", 5, seed=0), p, 1),
            UnsupportedFeatureError,
            "kp",
        ),
    ],
)
def test_refuses_what_is_no_plan(make, error, message: str) -> None:
    with pytest.raises(error, match=message):
        make(*late())
