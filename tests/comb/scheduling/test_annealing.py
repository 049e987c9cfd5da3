"""Annealing of lists of tasks: regular objectives of the scheduling model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.instances.scheduling_models import random_model, schedules

from combkit.comb.scheduling import _kernels_annealing
from combkit.comb.scheduling.annealing import _state_of, supports
from combkit.comb.scheduling.model_dispatch import schedule_of
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.scheduling import MEASURES, Scheduling
from combkit.instances.stop import MaxIterations

LAST = 6
#: Fields of the random models that the search does not take.
WITHOUT = (
    *("break_resource", "break_start", "break_end", "blocked_until", "no_idle"),
    *("same_order", "planned", "planned_mode", "frozen", "optional"),
)
REGULAR = [*MEASURES[:2], *MEASURES[3:7]]


def model_of(seed: int, tasks: int, last: int) -> Scheduling:
    content: dict[str, Any] = random_model(seed, tasks, last).content()
    rng = np.random.default_rng(seed)
    content = {name: x for name, x in content.items() if name not in WITHOUT}
    content["lag"] = np.abs(content["lag"])
    if rng.random() < 0.5:  # else few of them may have set-ups
        content["mode_duration"] = np.maximum(content["mode_duration"], 1)
    chosen = rng.choice(REGULAR, 2, replace=False)
    content["objective"] = [(str(name), int(rng.integers(1, 4))) for name in chosen]
    return Scheduling(**content)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_cost_of_a_list_is_that_of_its_schedule(seed: int) -> None:
    model = model_of(seed, 8, 30)
    assume(supports(model) is None)
    none = np.zeros(model.n_tasks, np.int64)
    state = _state_of(model, none, none, seed, 0)
    for _ in range(20):
        _kernels_annealing.search(state, 5)
        assert sorted(state.order.tolist()) == list(range(model.n_tasks))
        cost = _kernels_annealing.evaluate(state, state.order, np.inf)
        assert cost == state.scalars[_kernels_annealing.COST]
        violated = state.scalars[_kernels_annealing.VIOLATED]
        modes = state.mode - state.first[:-1]
        schedule = schedule_of(model, state.start, modes)
        assert (model.check(schedule) == []) == (violated == 0)
        paid = violated * state.measure[-1]
        if violated == 0 or "setup_time" not in dict(model.objective):
            assert cost == pytest.approx(model.evaluate(schedule) + paid)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_finds_the_optimum_of_small_models(seed: int) -> None:
    model = model_of(seed, 3, LAST)
    # What bounds an end only may let the second task start first: no list says so.
    assume(supports(model) is None and (model.relation < 2).all())
    values = [model.evaluate(s) for s in schedules(model, LAST) if not model.check(s)]
    result = solve(model, "annealing", stop=MaxIterations(30_000))
    assert result.objective == min(values, default=None)


def tardy(seed: int = 1, n: int = 20) -> Scheduling:
    rng = np.random.default_rng(seed)
    length = rng.integers(1, 30, n)
    return Scheduling.on_machines(
        np.stack([length, length], axis=1),
        setup_time=rng.integers(0, 9, (4, 3)),
        family=rng.integers(0, 3, n),
        due=rng.integers(10, 150, n),
        weight=rng.integers(1, 9, n),
        objective=[("tardiness", 1)],
    )


def test_the_same_seed_gives_the_same_answer() -> None:
    one, same, other = (
        solve(tardy(), "annealing", stop=MaxIterations(4000), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution


def test_more_steps_and_threads_are_no_worse() -> None:
    few = solve(tardy(), "annealing", stop=MaxIterations(500))
    more = solve(tardy(), "annealing", stop=MaxIterations(50_000), threads=2)
    assert few.objective is not None and more.objective is not None
    assert more.objective < few.objective
    again = solve(tardy(), "annealing", initial=more.solution, stop=MaxIterations(1))
    assert again.objective is not None and again.objective <= more.objective


def test_projects_with_modes_reach_their_optima(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "rcpsp" / "mm"
    # Dispatch finds no schedule of the second, which runs out of a resource.
    for name, best in (("m11_1", 40), ("c158_4", 32)):
        result = solve(folder / f"{name}.mm", "annealing", time_limit=60, target=best)
        assert result.objective == best


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"objective": [("earliness", 1)]}, "its objective has earliness"),
        ({"optional": [True, False]}, "optional tasks"),
        ({"before": [0, 1], "after": [1, 0]}, "go round"),
        ({"before": [0], "after": [1], "lag": [-2]}, "negative lags"),
        ({"no_idle": [True]}, "must not idle"),
        (
            {
                "mode_duration": [0, 2],
                "setup_resource": [0],
                "setup_time": np.ones((1, 2, 1), int),
            },
            "without duration",
        ),
        ({"same_order": [0]}, "share their order"),
        ({"blocked_until": [1, -1]}, "block"),
        ({"break_resource": [0], "break_start": [1], "break_end": [2]}, "breaks"),
    ],
)
def test_says_what_it_cannot_solve(fields: dict[str, Any], reason: str) -> None:
    fields = {"mode_duration": [1, 2], **fields}
    uses = {"use_mode": [0, 1], "use_resource": [0, 0], "use_demand": [1, 1]}
    model = Scheduling(mode_task=[0, 1], capacity=[1], **uses, **fields)
    with pytest.raises(UnsupportedFeatureError, match=reason):
        solve(model, "annealing")


def test_a_deadline_that_cannot_be_met_leaves_no_schedule() -> None:
    model = Scheduling(
        [0, 1, 2], [4, 4, 4], [0, 1, 2], [0, 0, 0], [1, 1, 1], [1], deadline=[11] * 3
    )
    result = solve(model, "annealing", stop=MaxIterations(2000))
    assert result.solution is None
