"""The tables of solvers, and how third parties join them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from combkit.comb import policy, registry
from combkit.comb.registry import find, solvers
from combkit.comb.solve import solve, solve_many
from combkit.instances.errors import (
    MissingDependencyError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.jobshop import JobShop
from combkit.instances.knapsack import Knapsack
from combkit.instances.result import Result, Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection
from combkit.instances.solver import SolverInfo


class EntryPoint:
    """What ``importlib.metadata`` gives for an installed entry point."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def load(self) -> Any:
        return self._target


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Register solvers as if their distributions were installed."""

    def entry_points(*targets: Any) -> None:
        def found(*, group: str) -> list[EntryPoint]:
            assert group == "combkit.solvers"
            return [EntryPoint(target) for target in targets]

        monkeypatch.setattr(registry.metadata, "entry_points", found)
        registry._all.cache_clear()

    yield entry_points
    registry._all.cache_clear()


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module with a knapsack solver that takes the first item."""
    module = types.ModuleType("thirdparty_knapsack")

    def first(problem: Knapsack, run: Run, *, item: int = 0) -> Outcome:
        run.report(Selection([item]), "first")
        return Outcome(raw_status="took one")

    first.__module__ = module.__name__
    module.solve = first  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


ROW = SolverInfo(
    "first", ("kp",), "thirdparty_knapsack", exact=False, summary="takes an item"
)
PROBLEM = Knapsack([3, 4], [2, 2], 2)


def test_every_row_can_be_loaded_and_says_what_it_is() -> None:
    for row in solvers():
        assert row.kinds
        assert row.summary
        if row.available:
            module = import_module(row.module)
            assert callable(module.solve)
            assert row.load() is module.solve


def test_a_kind_has_its_own_solvers_only() -> None:
    assert {row.name for row in solvers("jsp")} >= {"dispatch", "cpsat"}
    assert {row.name for row in solvers("kp")} >= {"greedy", "knapsack-dp"}
    assert all("kp" in row.kinds for row in solvers("kp"))
    with pytest.raises(UsageError, match=r"unknown kind 'tps'; did you mean 'tsp'\?"):
        solvers("tps")


def test_one_name_may_mean_a_solver_for_each_kind() -> None:
    assert find("greedy", "tsp").module != find("greedy", "kp").module


def test_unknown_names_are_answered_with_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"'dispach'; did you mean 'dispatch'\?"):
        find("dispach", "jsp")
    with pytest.raises(UsageError, match=r"solves cvrp, .* not kp .*knapsack"):
        find("savings", "kp")


def test_the_policy_names_solvers_that_exist() -> None:
    for rule in policy.POLICY:
        assert rule.why
        for step in rule.chain:
            assert rule.kind in find(step.name, rule.kind).kinds


def test_the_policy_ends_every_kind_without_a_condition() -> None:
    last = {rule.kind: rule for rule in policy.POLICY}
    for rule in last.values():
        assert rule.when is policy._always


def test_the_policy_says_why_nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (policy.Rule("kp", (policy.Step("knapsack-dp"),), policy._always, "exact"),)
    monkeypatch.setattr(policy, "POLICY", rules)
    with pytest.raises(UnsupportedFeatureError, match="knapsack-dp: weights: not int"):
        solve(Knapsack([1, 1], [1 / 3, 1.0], 1))


@pytest.mark.parametrize("target", [ROW, (ROW,)])
def test_third_parties_join(
    install: Callable[..., None], plugin: types.ModuleType, target: Any
) -> None:
    install(target)
    assert "first" in {row.name for row in solvers("kp")}
    result = solve(PROBLEM, "first", item=1)
    assert (result.objective, result.raw_status) == (4, "took one")
    with pytest.raises(UsageError, match=r"no option 'itme'; did you mean 'item'\?"):
        solve(PROBLEM, "first", itme=1)


def test_two_solvers_of_one_name_are_refused(install: Callable[..., None]) -> None:
    install(SolverInfo("greedy", ("kp",), "nowhere", exact=False, summary="mine"))
    with pytest.raises(UsageError, match="two solvers named 'greedy' for kp"):
        solvers()


def test_a_missing_package_names_its_extra(install: Callable[..., None]) -> None:
    row = SolverInfo(
        "ghost",
        ("kp",),
        "nowhere",
        exact=True,
        summary="needs what is not there",
        packages=("no_such_package",),
        extra="routing",
    )
    install(row)
    assert not row.available
    with pytest.raises(MissingDependencyError, match=r"combkit\[routing\]"):
        solve(PROBLEM, "ghost")


def test_supports_is_asked_before_solving(
    install: Callable[..., None], plugin: types.ModuleType
) -> None:
    plugin.supports = lambda problem: "too small"  # type: ignore[attr-defined]
    install(ROW)
    with pytest.raises(UnsupportedFeatureError, match="'first': too small"):
        solve(PROBLEM, "first")
    assert ROW.unsupported(JobShop([[0]], [[1]])) == "it solves kp, not jsp"


def test_a_batch_method_gets_all_problems_at_once(
    install: Callable[..., None], plugin: types.ModuleType
) -> None:
    calls = []

    def batch(problems: list[Knapsack], **options: Any) -> list[Result]:
        calls.append((len(problems), options))
        return [
            Result(
                kind="kp",
                instance=p.name,
                solver="first",
                status=Status.NO_SOLUTION,
                reason="completed",
            )
            for p in problems
        ]

    plugin.solve_batch = batch  # type: ignore[attr-defined]
    install(ROW)
    results = solve_many([PROBLEM] * 3, "first", seed=4, time_limit=1)
    assert len(results) == 3
    ((count, options),) = calls
    assert count == 3
    assert options["seed"] == 4
    assert options["time_limit"] == 1
