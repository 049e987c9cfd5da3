"""All three adapters under the full contract, against brute force."""

from __future__ import annotations

import itertools
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import (
    InvalidSolutionError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.mip import MIP
from combkit.instances.result import Result, Status
from combkit.instances.run import Run, execute
from combkit.instances.solutions import Values
from combkit.instances.stop import (
    FirstFeasible,
    MaxIterations,
    MaxRuntime,
    Reason,
    RelativeGap,
    Stop,
    TargetObjective,
)
from combkit.mip import SOLVERS

INF = np.inf
NAMES = ["highs", "scip", "cpsat"]
GENERAL = ["highs", "scip"]


def run_solver(
    name: str, problem: MIP, stop: Stop | None = None, **options: Any
) -> Result:
    keys = ("initial", "events", "threads", "seed")
    common = {key: options.pop(key) for key in keys if key in options}
    solve = import_module(f"combkit.mip.{name}").solve
    run = Run(problem, stop=stop, **common)
    return execute(solve, run, solver=name, params=options)


def brute_force(problem: MIP) -> float | None:
    """Best objective over all integer points of the box, None if there is none."""
    ranges = [
        range(int(np.ceil(lo)), int(np.floor(up)) + 1)
        for lo, up in zip(problem.lower, problem.upper, strict=True)
    ]
    values = [
        problem.evaluate(Values(x))
        for x in itertools.product(*ranges)
        if not problem.check(Values(np.array(x, dtype=float)))
    ]
    if not values:
        return None
    return max(values) if problem.maximize else min(values)


@st.composite
def integer_programs(draw: st.DrawFn) -> MIP:
    m, n = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    numbers = st.integers(-4, 4)
    vector = lambda k: draw(st.lists(numbers, min_size=k, max_size=k))  # noqa: E731
    lower = np.array(vector(n))
    first, second = np.array(vector(m)) * 2, np.array(vector(m)) * 2
    open_below = np.array(draw(st.lists(st.booleans(), min_size=m, max_size=m)))
    scale = draw(st.sampled_from([1.0, 0.5, 0.1, 1 / 3]))
    return MIP(
        np.array(vector(n)) * scale,
        np.array(vector(m * n)).reshape(m, n) * scale,
        np.where(open_below, -INF, np.minimum(first, second) * scale),
        np.maximum(first, second) * scale,
        lower,
        lower + draw(st.integers(0, 3)),
        1,
        offset=draw(st.sampled_from([0.0, -2.5, 10.0])),
        maximize=draw(st.booleans()),
    )


def knapsack(n: int = 60, seed: int = 1) -> MIP:
    """A multidimensional knapsack that takes a while to prove."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(100, 1000, (5, n))
    return MIP(
        weights.mean(axis=0).round() + rng.integers(0, 200, n),
        weights,
        -INF,
        weights.sum(axis=1) // 3,
        0,
        1,
        1,
        maximize=True,
    )


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=60)
@given(problem=integer_programs())
def test_agrees_with_brute_force(name: str, problem: MIP) -> None:
    best = brute_force(problem)
    result = run_solver(name, problem, RelativeGap(0.0))
    if best is None:
        assert result.status is Status.INFEASIBLE
        assert result.solution is None
    else:
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(best, abs=1e-6)
        assert result.bound == pytest.approx(best, abs=1e-5)
        assert problem.check(result.solution) == []


OPTIMA = {
    "afiro": -464.7531429,
    "adlittle": 225494.9632,
    "egout": 568.1007,
    "flugpl": 1201500,
    "gt2": 21166,
    "lseu": 1120,
    "p01": 263,
    "p0548": 8691,
    "qap04": 32,
    "rgn": 82.19999924,
    "small_mip": 3.236842105,
    "sp150x300d": 69,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("instance", OPTIMA)
def test_known_optima(shared_data: Path, name: str, instance: str) -> None:
    problem = read(shared_data / "mip" / "small" / f"{instance}.mps")
    assert isinstance(problem, MIP)
    supports = getattr(import_module(f"combkit.mip.{name}"), "supports", None)
    if supports is not None and supports(problem) is not None:
        with pytest.raises(UnsupportedFeatureError):
            run_solver(name, problem)
        return
    result = run_solver(name, problem, MaxRuntime(60) | RelativeGap(1e-6))
    assert result.status is Status.OPTIMAL
    assert result.reason is Reason.GAP
    assert result.objective == pytest.approx(OPTIMA[instance], rel=2e-6)
    assert result.max_violation <= 1e-6


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize(
    ("instance", "statuses"),
    [
        ("galenet", {Status.INFEASIBLE}),
        ("vol1", {Status.INFEASIBLE}),
        ("infeasible-mip0", {Status.INFEASIBLE}),
        ("infeasible-mip1", {Status.INFEASIBLE}),
        ("gas11", {Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED}),
    ],
)
def test_proofs_without_a_solution(
    shared_data: Path, name: str, instance: str, statuses: set[Status]
) -> None:
    problem = read(shared_data / "mip" / "small" / f"{instance}.mps")
    assert isinstance(problem, MIP)
    result = run_solver(name, problem, MaxRuntime(60))
    assert result.status in statuses
    assert result.solution is None
    assert result.raw_status


@pytest.mark.parametrize("name", GENERAL)
def test_unbounded(name: str) -> None:
    problem = MIP([1.0, 1.0], [[1.0, -1.0]], 0, 5, 0, INF, [1, 0], maximize=True)
    result = run_solver(name, problem)
    assert result.status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)


@pytest.mark.parametrize("name", NAMES)
def test_bounds_that_exclude_each_other(name: str) -> None:
    for problem in (
        MIP([1.0], [[1.0]], 2, 1, 0, 5, 1),
        MIP([1.0], [[1.0]], 0, 1, 3, 2, 1),
        MIP([1.0], [[1.0]], INF, INF, 0, 5, 1),
        MIP([1.0], [], [], [], 0.2, 0.8, 1),
    ):
        assert run_solver(name, problem).status is Status.INFEASIBLE
    nearly = MIP([1.0], [[1.0]], 1 + 1e-9, 1, 0, 5, 1)
    assert run_solver(name, nearly).objective == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_variables(name: str) -> None:
    empty = MIP([], [], [], [], [], [], [], offset=3.0)
    result = run_solver(name, empty)
    assert (result.status, result.objective) == (Status.OPTIMAL, 3.0)
    wrong = MIP([], np.zeros((1, 0)), 1.0, 2.0, [], [], [])
    assert run_solver(name, wrong).status is Status.INFEASIBLE


@pytest.mark.parametrize("name", GENERAL)
def test_pure_lp_has_a_bound(name: str) -> None:
    problem = MIP(
        [1.0, 2.0], [[1.0, 1.0]], 1.5, INF, 0, 1, 0, offset=-4.0, col_names=["a", "b"]
    )
    result = run_solver(name, problem)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(-2.0)
    assert result.bound == pytest.approx(-2.0)
    assert result.solution.to_dict() == {
        "values": {"a": pytest.approx(1.0), "b": pytest.approx(0.5)}
    }


@pytest.mark.parametrize("name", NAMES)
def test_events_tell_every_step(name: str) -> None:
    class Log(Events):
        def __init__(self) -> None:
            self.objectives: list[float] = []
            self.bounds: list[float] = []

        def on_incumbent(
            self, solution: Any, objective: float, time: float, source: str
        ) -> None:
            assert problem.evaluate(solution) == objective
            assert problem.violation(solution) <= 1e-6
            self.objectives.append(objective)

        def on_bound(self, bound: float, time: float) -> None:
            self.bounds.append(bound)

    problem, log = knapsack(), Log()
    result = run_solver(name, problem, MaxRuntime(1.5), events=log)
    assert log.objectives == sorted(log.objectives)
    assert log.bounds == sorted(log.bounds, reverse=True)
    assert log.objectives[-1] == result.objective
    assert log.bounds[-1] == result.bound
    assert log.objectives[-1] <= log.bounds[-1] + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_an_event_that_raises_reaches_the_caller(name: str) -> None:
    class Broken(Events):
        def on_incumbent(self, *_: object) -> None:
            raise RuntimeError("from the listener")

    with pytest.raises(RuntimeError, match="from the listener"):
        run_solver(name, knapsack(), MaxRuntime(10), events=Broken())


@pytest.mark.parametrize("name", NAMES)
def test_stops(name: str) -> None:
    problem = knapsack()
    free = {"highs": {"presolve": False}}.get(name, {})
    first = run_solver(name, problem, FirstFeasible() | MaxRuntime(20), **free)
    assert first.reason is Reason.FIRST_FEASIBLE
    best = run_solver(name, problem, RelativeGap(0.05) | MaxRuntime(20))
    assert best.reason is Reason.GAP
    assert best.gap <= 0.05
    target = float(np.floor(0.9 * (best.objective or 0)))
    reached = run_solver(name, problem, TargetObjective(target) | MaxRuntime(20))
    assert reached.objective is not None
    assert reached.objective >= target


@pytest.mark.parametrize("name", NAMES)
def test_time_limit(name: str) -> None:
    problem = knapsack(200, seed=3)
    start = time.perf_counter()
    result = run_solver(name, problem, MaxRuntime(0.5) | RelativeGap(0.0))
    assert time.perf_counter() - start < 3
    assert result.reason is Reason.TIME
    assert result.status is Status.FEASIBLE


@pytest.mark.parametrize("name", NAMES)
def test_interrupt_from_another_thread(name: str) -> None:
    problem = knapsack(200, seed=3)
    solve = import_module(f"combkit.mip.{name}").solve
    run = Run(problem, stop=RelativeGap(0.0))
    asked: list[float] = []

    def interrupt() -> None:
        asked.append(time.perf_counter())
        run.interrupt()

    timer = threading.Timer(0.7, interrupt)
    timer.start()
    result = execute(solve, run, solver=name)
    assert time.perf_counter() - asked[0] < 2
    assert result.reason is Reason.INTERRUPTED
    assert result.solution is not None


@pytest.mark.parametrize("name", NAMES)
def test_complete_warm_start_is_the_first_incumbent(name: str) -> None:
    problem = knapsack()
    start = run_solver(name, problem, RelativeGap(0.02) | MaxRuntime(20)).solution
    again = run_solver(name, problem, MaxIterations(1) | MaxRuntime(20), initial=start)
    assert again.trace[0].source == "initial"
    assert again.trace[0].objective == problem.evaluate(start)
    assert again.objective is not None
    assert again.objective >= problem.evaluate(start)


@pytest.mark.parametrize("name", NAMES)
def test_partial_warm_start(name: str) -> None:
    problem = MIP(
        [3.0, 2.0, 2.0],
        [[2.0, 1.0, 1.0]],
        -INF,
        2.0,
        0,
        1,
        1,
        maximize=True,
        col_names=["a", "b", "c"],
    )
    result = run_solver(name, problem, initial=Values([1.0], ["b"]))
    assert result.status is Status.OPTIMAL
    assert result.objective == 4
    with pytest.raises(InvalidSolutionError, match="unknown variable 'z'"):
        run_solver(name, problem, initial=Values([1.0], ["z"]))


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_runs(name: str) -> None:
    problem = knapsack(40)
    limit = MaxIterations(200)
    first, second = (run_solver(name, problem, limit, seed=7) for _ in range(2))
    assert first.objective == second.objective
    assert first.bound == second.bound
    assert [t.objective for t in first.trace] == [t.objective for t in second.trace]


@pytest.mark.parametrize("name", NAMES)
def test_two_threads_and_then_one(name: str) -> None:
    for threads in (2, 1):
        result = run_solver(name, knapsack(20), MaxRuntime(20), threads=threads)
        assert result.status is Status.OPTIMAL


@pytest.mark.parametrize("name", NAMES)
def test_side_by_side(name: str) -> None:
    problem = knapsack(20)
    results: list[Result] = []
    workers = [
        threading.Thread(
            target=lambda k: results.append(
                run_solver(name, problem, MaxRuntime(20), threads=k)
            ),
            args=(k,),
        )
        for k in (1, 2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({r.objective for r in results}) == 1
    assert all(r.status is Status.OPTIMAL for r in results)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("highs", {"mip_heuristic_effort": 0.2}),
        ("highs", {"heuristic_effort": 0.2}),
        ("scip", {"separating/maxrounds": 0}),
        ("scip", {"emphasis": "feasibility"}),
        ("cpsat", {"symmetry_level": 0}),
    ],
)
def test_native_options_and_log(
    tmp_path: Path, name: str, option: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "native.log"
    result = run_solver(name, knapsack(15), MaxRuntime(20), log=str(log), **option)
    assert result.status is Status.OPTIMAL
    assert len(log.read_text()) > 200
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("highs", {"no_such_option": 1}),
        ("highs", {"mip_heuristic_effort": "much"}),
        ("scip", {"no/such": 1}),
        ("scip", {"emphasis": "nonsense"}),
        ("cpsat", {"no_such_field": 1}),
    ],
)
def test_wrong_options_are_usage_errors(name: str, option: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        run_solver(name, knapsack(5), MaxRuntime(5), **option)


def test_table_names_the_adapters() -> None:
    rows = [row for row in SOLVERS if "mip" in row.kinds]
    assert [row.name for row in rows if row.exact] == [*NAMES, "balans"]
    for row in SOLVERS:
        assert row.available
        assert callable(row.load())
