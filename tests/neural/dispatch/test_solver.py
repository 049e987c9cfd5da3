"""The learned rule as a solver, and as a source of starts."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.comb.registry import propose  # noqa: E402
from combkit.comb.solve import solve  # noqa: E402
from combkit.instances.errors import (  # noqa: E402
    InstanceFormatError,
    MissingDependencyError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.generators import generate  # noqa: E402
from combkit.instances.jobshop import JobShop  # noqa: E402
from combkit.instances.problem import Problem  # noqa: E402
from combkit.instances.project import Project  # noqa: E402
from combkit.instances.shops import FlexibleJobShop  # noqa: E402
from combkit.instances.stop import MaxIterations, Reason  # noqa: E402
from combkit.neural.dispatch import rule  # noqa: E402
from combkit.neural.dispatch.rule import SHIPPED, Rule, policy_of  # noqa: E402

NAME = "learned-dispatch"
PROBLEMS: list[Problem] = [
    generate("jsp", 8, seed=0),
    generate("fjsp", 8, seed=0),
    generate("rcpsp", 20, seed=0),
    Project([[2, 4], [0], [3]], [[[2], [1]], [[1]], [[2]]], [2], [[0, 1]]),
    Project([[2], [3]], [[[1, 0]], [[1, 0]]], [1, 0], []),
    JobShop([[0, 1, 0], [1]], [[2, 0, 1], [0]]),
]


@pytest.mark.parametrize("problem", PROBLEMS)
def test_builds_feasible_schedules_of_every_kind(problem: Problem) -> None:
    result = solve(problem, NAME, samples=5, guard=False)
    assert problem.check(result.solution) == []
    assert {point.source for point in result.trace} == {NAME}
    assert result.reason is Reason.COMPLETED
    # The first schedule, and no more samples than there are choices.
    assert 2 <= result.iterations <= 6


def test_samples_beat_the_greedy_schedule_and_random_weights(tmp_path) -> None:
    problem = generate("jsp", 15, seed=3)
    greedy = solve(problem, NAME, samples=0, guard=False)
    sampled = solve(problem, NAME, samples=30, guard=False)
    assert sampled.objective < greedy.objective
    from combkit.neural.dispatch.checkpoint import save_policy
    from combkit.neural.dispatch.policy import Policy, PolicyConfig

    torch.manual_seed(0)
    untrained = Policy(PolicyConfig(width=8, layers=1, head=8))
    # Without the start near most-work-remaining it takes what it likes.
    torch.nn.init.zeros_(untrained.skip.weight)
    save_policy(tmp_path / "w.safetensors", untrained, {})
    other = solve(
        problem, NAME, samples=0, guard=False, weights=str(tmp_path / "w.safetensors")
    )
    assert greedy.objective < other.objective


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = generate("fjsp", 10, seed=1)
    one, same = (
        solve(problem, NAME, samples=20, guard=False, seed=4) for _ in range(2)
    )
    assert one.solution == same.solution


def test_threads_share_the_samples() -> None:
    problem = generate("jsp", 8, seed=1)
    result = solve(problem, NAME, samples=20, threads=3, guard=False)
    assert result.iterations == 21


def test_an_iteration_is_a_schedule() -> None:
    problem = generate("jsp", 8, seed=1)
    result = solve(problem, NAME, stop=MaxIterations(4), guard=False)
    assert (result.reason, result.iterations) == (Reason.ITERATIONS, 4)


def test_a_static_rule_answers_while_the_network_loads() -> None:
    for problem in PROBLEMS[:3]:
        result = solve(problem, NAME, time_limit=0.0)
        assert result.solution is not None
        assert result.trace[0].source == "dispatch"


def test_another_device_builds_the_same_greedy_schedule(monkeypatch) -> None:
    problem = generate("fjsp", 8, seed=2)
    policy = policy_of(SHIPPED)
    rule_here = Rule(problem, policy, torch.device("cpu"))
    here = rule_here.schedule(rule_here.greedy())
    monkeypatch.setattr(rule.Rule, "on_cpu", False)
    there = Rule(problem, policy, torch.device("cpu"))
    assert here == there.schedule(there.greedy())
    rng = np.random.default_rng(0)
    for built in islice(there.samples(0.2, rng), 4):
        schedule = there.schedule(built)
        assert problem.check(schedule) == []
        assert problem.evaluate(schedule) == built[2]


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (generate("pfsp", 4, seed=0), "solves fjsp, jsp, rcpsp"),
        (Project([[1], [2]], [[[1]], [[1]]], [1], [[0, 1, 3]]), "time lags"),
        (Project([[1]], [[[1]]], [1], [], [True]), "used up"),
        (JobShop([[0]], [[2**24]]), "too long"),
        (FlexibleJobShop([[[(0, 1)]]], setups=[[[0]]]), "set-up"),
    ],
)
def test_says_what_it_cannot_solve(problem: Problem, reason: str) -> None:
    with pytest.raises((UnsupportedFeatureError, UsageError), match=reason):
        solve(problem, NAME)
    assert propose("dispatch", problem, 2, 0) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"samples": -1}, "at least 0"),
        ({"temperature": 0.0}, "above 0"),
        ({"guard": "no"}, "true or false"),
        ({"device": "tpu"}, "one of auto, cpu, cuda"),
    ],
)
def test_refuses_options_that_are_wrong(option, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        solve(PROBLEMS[0], NAME, **option)


def test_names_the_weights_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no weights")
    for name, reason in (("text", "damaged"), ("missing", "no such")):
        path = tmp_path / f"{name}.safetensors"
        with pytest.raises(InstanceFormatError, match=f"{name}.*{reason} weights"):
            solve(PROBLEMS[0], NAME, weights=str(path))


def test_proposals_are_different_and_the_best_comes_first() -> None:
    problem = generate("jsp", 10, seed=0)
    found = propose("dispatch", problem, 5, seed=1)
    ends = [problem.evaluate(schedule) for schedule in found]
    assert len(set(found)) == 5
    assert ends == sorted(ends)
    assert all(problem.check(schedule) == [] for schedule in found)
    assert propose("dispatch", problem, 5, seed=1) == found
    assert propose("dispatch", problem, 5, seed=1, deadline=0.0) == []


@pytest.mark.parametrize("kind", ["jsp", "fjsp"])
@pytest.mark.parametrize("solver", ["tabu", "cpsat"])
def test_searches_start_from_the_learned_rule(kind: str, solver: str) -> None:
    problem = generate(kind, 8, seed=5)
    result = solve(problem, solver, starts="dispatch", stop=MaxIterations(100))
    assert "dispatch" in {point.source for point in result.trace}
    best = min(map(problem.evaluate, propose("dispatch", problem, 8, 0)))
    assert result.objective <= best


def test_starts_need_a_name_that_exists(monkeypatch) -> None:
    with pytest.raises(UsageError, match="starts='dispach'; did you mean"):
        solve(PROBLEMS[0], "tabu", starts="dispach")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="neural"):
        propose("dispatch", PROBLEMS[0], 1, 0)
