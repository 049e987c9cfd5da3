"""``solve`` and ``solve_many``: what every caller may rely on."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from combkit.comb.solve import solve, solve_many
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidSolutionError,
    UsageError,
)
from combkit.instances.events import Events
from combkit.instances.formats import write
from combkit.instances.generators import generate
from combkit.instances.jobshop import JobShop
from combkit.instances.knapsack import Knapsack
from combkit.instances.result import Result
from combkit.instances.seeds import spawn
from combkit.instances.solutions import Schedule, Selection
from combkit.instances.stop import (
    FirstFeasible,
    MaxIterations,
    MaxRuntime,
    NoImprovement,
    Reason,
    TargetObjective,
)


@pytest.fixture
def knapsack() -> Knapsack:
    return _knapsack(1)


def _knapsack(seed: int) -> Knapsack:
    return generate("kp", 50, seed=seed)


@pytest.fixture
def shop() -> JobShop:
    """Large enough that nothing proves it within a test."""
    rng = np.random.default_rng(0)
    return JobShop(
        rng.permuted(np.tile(np.arange(20), (20, 1)), axis=1),
        rng.integers(1, 100, (20, 20)),
        name="twenty",
    )


class Recorder(Events):
    def __init__(self) -> None:
        self.incumbents: list[tuple[float, float, str]] = []
        self.bounds: list[float] = []

    def on_incumbent(
        self, solution: Selection, objective: float, time: float, source: str
    ) -> None:
        self.incumbents.append((objective, time, source))

    def on_bound(self, bound: float, time: float) -> None:
        self.bounds.append(bound)


# -- one problem ----------------------------------------------------------------


def test_the_result_says_everything(knapsack: Knapsack) -> None:
    result = solve(knapsack, "knapsack-dp", seed=7, threads=2, memory=64)
    assert (result.kind, result.instance) == ("kp", knapsack.name)
    assert (result.solver, result.seed, result.threads) == ("knapsack-dp", 7, 2)
    assert result.params == {"memory": 64}
    assert result.status == "optimal"
    assert result.reason is Reason.GAP
    assert result.objective == result.bound == knapsack.evaluate(result.solution)
    assert knapsack.check(result.solution) == []
    assert result.gap == 0
    assert 0 < result.time_to_best <= result.runtime
    assert {"python", "combkit", "numpy", "numba"} <= set(result.versions)
    assert "knapsack-dp" in result.summary()


def test_the_trace_is_in_order_and_ends_with_the_result(knapsack: Knapsack) -> None:
    result = solve(knapsack)
    times = [point.time for point in result.trace]
    assert times == sorted(times)
    assert result.trace[-1].objective == result.objective
    assert result.trace[-1].bound == result.bound


def test_results_survive_saving(knapsack: Knapsack, tmp_path: Path) -> None:
    result = solve(knapsack)
    result.save(tmp_path / "result.json")
    again = Result.load(tmp_path / "result.json")
    assert again.to_dict() == result.to_dict()
    assert again.solution == result.solution


def test_a_path_is_read(knapsack: Knapsack, tmp_path: Path) -> None:
    path = tmp_path / "items.kp"
    write(knapsack, path)
    assert solve(path).objective == solve(str(path)).objective
    path.write_text("no problem at all\n")
    with pytest.raises(InstanceFormatError, match=r"items\.kp"):
        solve(path)


def test_auto_says_what_it_ran(knapsack: Knapsack, shop: JobShop) -> None:
    assert solve(knapsack).extra["chain"] == ["greedy", "knapsack-dp"]
    assert solve(shop, stop=FirstFeasible()).extra["chain"] == ["dispatch"]


@pytest.mark.parametrize(
    ("solver", "params", "message"),
    [
        (
            "knapsack-pd",
            {},
            r"unknown solver 'knapsack-pd'; did you mean 'knapsack-dp'",
        ),
        ("savings", {}, "'savings' solves cvrp, ovrp, tsp, vrptw, not kp"),
        ("knapsack-dp", {"memry": 1}, r"no option 'memry'; did you mean 'memory'\?"),
        ("greedy", {"memory": 1}, r"'greedy' has no option 'memory' \(options: none\)"),
        ("auto", {"memory": 1}, "no option 'memory'"),
    ],
)
def test_wrong_names_are_answered_with_the_nearest(
    knapsack: Knapsack, solver: str, params: dict[str, int], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        solve(knapsack, solver, **params)


@pytest.mark.parametrize(
    ("option", "value"),
    [("seed", -1), ("seed", 1.5), ("threads", 0), ("time_limit", -1.0), ("gap", -0.1)],
)
def test_impossible_options_are_refused(
    knapsack: Knapsack, option: str, value: float
) -> None:
    with pytest.raises(UsageError, match=str(value)):
        solve(knapsack, **{option: value})


# -- when it stops ----------------------------------------------------------------


def test_no_time_still_gives_a_solution(knapsack: Knapsack, shop: JobShop) -> None:
    for problem in (knapsack, shop):
        result = solve(problem, time_limit=0)
        assert result.reason is Reason.TIME
        assert problem.check(result.solution) == []


def test_the_clock_may_have_started_earlier(shop: JobShop) -> None:
    result = solve(shop, time_limit=5, started=time.perf_counter() - 5)
    assert result.reason is Reason.TIME
    assert 5 <= result.runtime < 10
    assert result.trace[0].time >= 5


def test_a_target_ends_it(shop: JobShop) -> None:
    easy = solve(shop, "dispatch", rules="lpt").objective
    result = solve(shop, target=easy, time_limit=60)
    assert result.reason is Reason.TARGET
    assert result.objective <= easy


def test_a_wide_gap_ends_it(shop: JobShop) -> None:
    result = solve(shop, gap=0.5, time_limit=60)
    assert result.reason is Reason.GAP
    assert 0 < result.gap <= 0.5
    assert result.status == "feasible"


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (FirstFeasible() | MaxRuntime(60), Reason.FIRST_FEASIBLE),
        (MaxIterations(2) | MaxRuntime(60), Reason.ITERATIONS),
        (MaxRuntime(0.2) | TargetObjective(1), Reason.TIME),
        (NoImprovement(0.3) | MaxRuntime(60), Reason.NO_IMPROVEMENT),
    ],
)
def test_criteria_combine(shop: JobShop, stop: object, reason: Reason) -> None:
    result = solve(shop, stop=stop)
    assert result.reason is reason
    assert result.status == "feasible"


def test_a_stop_joins_the_other_limits(shop: JobShop) -> None:
    result = solve(shop, time_limit=0.1, stop=MaxRuntime(60))
    assert result.reason is Reason.TIME
    assert result.runtime < 30


# -- events and starts --------------------------------------------------------------


def test_a_listener_hears_what_the_trace_holds(knapsack: Knapsack) -> None:
    heard = Recorder()
    result = solve(knapsack, events=heard)
    objectives = [o for o, _, _ in heard.incumbents]
    assert objectives == sorted(objectives)
    assert objectives[-1] == result.objective
    assert heard.bounds[-1] == result.bound
    assert heard.incumbents[0][2] == "greedy"
    assert len(result.trace) == len(heard.incumbents) + len(heard.bounds)


def test_a_listener_that_stops_keeps_the_incumbent(shop: JobShop) -> None:
    class Enough(Recorder):
        def should_stop(self) -> bool:
            return len(self.incumbents) > 0

    result = solve(shop, events=Enough())
    assert result.reason is Reason.INTERRUPTED
    assert shop.check(result.solution) == []


def test_an_error_of_a_listener_reaches_the_caller(knapsack: Knapsack) -> None:
    class Broken(Events):
        def on_bound(self, bound: float, time: float) -> None:
            raise LookupError("broken listener")

    with pytest.raises(LookupError, match="broken listener"):
        solve(knapsack, events=Broken())


def test_the_initial_solution_is_the_first_incumbent(knapsack: Knapsack) -> None:
    first = Selection([int(np.argmin(knapsack.weights))])
    result = solve(knapsack, initial=first)
    assert result.trace[0].source == "initial"
    assert result.trace[0].objective == knapsack.evaluate(first)
    assert result.status == "optimal"


def test_an_infeasible_initial_solution_is_refused(
    knapsack: Knapsack, shop: JobShop
) -> None:
    with pytest.raises(InvalidSolutionError, match="exceeds the capacity"):
        solve(knapsack, initial=Selection(range(knapsack.n)))
    with pytest.raises(InvalidSolutionError, match="initial solution"):
        solve(shop, initial=Schedule([[0] * 15] * 20))


# -- many problems ------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_many_keep_their_order_and_get_seeds_of_their_own(workers: int) -> None:
    problems = [_knapsack(k) for k in range(6)]
    results = solve_many(problems, seed=5, workers=workers, executor="threads")
    assert [r.instance for r in results] == [p.name for p in problems]
    assert [r.seed for r in results] == spawn(5, 6)
    for problem, result in zip(problems, results, strict=True):
        assert result.objective == solve(problem).objective


def test_many_in_processes(tmp_path: Path) -> None:
    path = tmp_path / "items.kp"
    write(_knapsack(3), path)
    results = solve_many([_knapsack(2), path], "greedy", workers=2, time_limit=60)
    assert [r.objective for r in results] == [
        solve(_knapsack(2), "greedy").objective,
        solve(_knapsack(3), "greedy").objective,
    ]
    assert all(r.solver == "greedy" for r in results)


def test_many_take_a_start_each_and_a_shared_listener() -> None:
    problems = [_knapsack(k) for k in range(2)]
    starts = [None, Selection([])]
    heard = Recorder()
    results = solve_many(
        problems, initial=starts, events=heard, executor="threads", workers=2
    )
    assert results[0].trace[0].source == "greedy"
    assert results[1].trace[0].source == "initial"
    assert {r.objective for r in results} <= {o for o, _, _ in heard.incumbents}


def test_many_of_nothing_is_nothing() -> None:
    assert solve_many([]) == []
    assert solve_many(iter([]), executor="threads") == []


def test_many_refuse_what_does_not_fit() -> None:
    with pytest.raises(UsageError, match="executor: 'fibres'"):
        solve_many([], executor="fibres")
    with pytest.raises(UsageError, match="initial: 1 solutions for 2 problems"):
        solve_many([_knapsack(1)] * 2, initial=[None])


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_one_of_many_reaches_the_caller(workers: int) -> None:
    with pytest.raises(UsageError, match="no option 'speed'"):
        solve_many([_knapsack(1)] * 3, workers=workers, executor="threads", speed=9)


def test_equal_seeds_give_equal_runs(knapsack: Knapsack) -> None:
    one, two = (solve(knapsack, "knapsack-dp", seed=3) for _ in range(2))
    assert [(t.objective, t.bound, t.source) for t in one.trace] == [
        (t.objective, t.bound, t.source) for t in two.trace
    ]
    assert math.isfinite(one.runtime)
