"""Large neighbourhoods of schedules by CP-SAT, and the operators that free them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.instances.scheduling_models import random_model, schedules

from combkit.comb.scheduling import cp_lns
from combkit.comb.scheduling.cp_lns_operators import OPERATORS, Picture
from combkit.comb.scheduling.model_bounds import windows
from combkit.comb.scheduling.model_cpsat import build
from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.generators.scheduling import taillard_jobshop
from combkit.instances.result import Status
from combkit.instances.run import Run
from combkit.instances.scheduling import Scheduling
from combkit.instances.shops import scheduling_model
from combkit.instances.stop import MaxIterations

LAST = 6


def just_in_time(jobs: int = 8, machines: int = 6) -> Scheduling:
    """Return a job shop whose jobs should end neither late nor early."""
    shop = scheduling_model(taillard_jobshop(jobs, machines, 1, 2))
    length = shop.mode_duration.reshape(jobs, machines).sum(axis=1)
    last = np.arange(shop.n_tasks) % machines == machines - 1
    due = np.where(last, np.repeat(1.6 * length, machines).astype(np.int64), shop.due)
    return replace(
        shop,
        due=due,
        due_from=np.where(last, due, 0),
        weight=last.astype(np.int64),
        objective=(("earliness", 1), ("tardiness", 2)),
    )


def picture_of(model: Scheduling) -> Picture:
    """Return a dispatched schedule, or CP-SAT's first one."""
    found = solve(model, "dispatch")
    if found.solution is None:
        found = solve(model, "cpsat", time_limit=5)
    assume(found.solution is not None)
    run = Run(model)
    run.report(found.solution, "start")
    built = build(model, windows(model), run)
    assert built is not None
    starts, modes = (np.array(part) for part in built.hinted())
    ends = np.array([built.held(t) for t in range(model.n_tasks)])
    return Picture(model, starts, ends, modes)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_finds_and_proves_the_optimum_of_small_models(seed: int) -> None:
    model = random_model(seed, 3, LAST)
    values = [model.evaluate(s) for s in schedules(model, LAST) if not model.check(s)]
    result = solve(model, "cp-lns", stop=MaxIterations(200))
    # Beyond LAST there may be a better one yet.
    if values:
        assert result.objective is not None and result.objective <= min(values)
        assert result.status is Status.OPTIMAL
        assert solve(model, "cpsat").objective == result.objective


@given(st.integers(0, 10**6), st.sampled_from(sorted(OPERATORS)), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_operators_free_as_many_tasks_as_they_are_told_to(
    seed: int, name: str, size: int
) -> None:
    picture = picture_of(random_model(seed, 10, 40))
    freed = OPERATORS[name](picture, np.random.default_rng(seed), size)
    n = picture.starts.size
    assert np.unique(freed).size == freed.size <= size
    assert np.isin(freed, np.arange(n)).all()
    if name in ("critical", "random"):
        assert freed.size == min(size, n)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_orders_that_are_kept_are_those_of_the_schedule(seed: int) -> None:
    picture = picture_of(random_model(seed, 10, 40))
    free = np.random.default_rng(seed).random(picture.starts.size) < 0.3
    for a, b in picture.kept_orders(free):
        assert not free[a] and not free[b]
        assert picture.ends[a] <= picture.starts[b]


def test_kept_orders_leave_no_other_schedule_on_a_cumulative_resource() -> None:
    # Three tasks on two units: the third follows the one that ends first.
    model = Scheduling(
        *([0, 1, 2], [2, 3, 2], [0, 1, 2], [0, 0, 0], [1, 1, 1], [2]),
    )
    starts, ends = np.array([0, 0, 2]), np.array([2, 3, 4])
    picture = Picture(model, starts, ends, np.zeros(3, np.int64))
    assert [*picture.kept_orders(np.zeros(3, np.bool_))] == [(0, 2)]


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_improves_alone(name: str) -> None:
    model = just_in_time()
    first = solve(model, "dispatch").objective
    result = solve(
        model,
        "cp-lns",
        stop=MaxIterations(10),
        operators=name,
        bandit="uniform",
    )
    assert first is not None and result.objective is not None
    assert result.objective < 0.9 * first


def test_the_same_seed_gives_the_same_answer() -> None:
    one, same = (
        solve(just_in_time(), "cp-lns", stop=MaxIterations(6), seed=3, threads=2)
        for _ in range(2)
    )
    assert one.solution == same.solution
    assert one.objective == same.objective


def test_neighbourhoods_grow_where_they_are_exhausted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Small rounds lead to the one that frees everything, which is a proof."""
    monkeypatch.setattr(cp_lns, "_FIRST", 3)
    shop = taillard_jobshop(5, 4, 3, 4)
    result = solve(shop, "cp-lns", stop=MaxIterations(500))
    assert result.status is Status.OPTIMAL
    assert result.bound == result.objective == solve(shop, "cpsat").objective


def test_finds_a_first_schedule_where_dispatch_has_none() -> None:
    shop = scheduling_model(taillard_jobshop(6, 5, 1, 2))
    following = np.full(shop.n_tasks, -1)
    following[shop.before] = shop.after
    blocked = replace(shop, blocked_until=following)
    assert solve(blocked, "dispatch").objective is None
    assert solve(blocked, "cp-lns", stop=MaxIterations(5)).objective is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"operators": "tiem"}, "no 'tiem'; did you mean 'time'"),
        ({"operators": " , "}, "operators: none"),
        ({"bandit": "bandid"}, "unknown bandit"),
    ],
)
def test_names_what_it_does_not_know(options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        solve(just_in_time(2, 2), "cp-lns", **options)
