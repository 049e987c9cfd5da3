"""The contract between solve and a solver, on a problem of one number."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from combkit.instances.errors import InvalidSolutionError, SolverError
from combkit.instances.events import Events
from combkit.instances.problem import Problem
from combkit.instances.result import Result, Status
from combkit.instances.run import Abandoned, Outcome, Run, ViolationWarning, execute
from combkit.instances.solutions import Selection
from combkit.instances.stop import (
    FirstFeasible,
    MaxIterations,
    MaxRuntime,
    Progress,
    Reason,
    RelativeGap,
    Stop,
    TargetObjective,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Number(Problem):
    """Choose one number of 0..9; the objective is the number."""

    kind: ClassVar[str] = "number"
    solution_type: ClassVar[type] = Selection

    @property
    def size(self) -> dict[str, int]:
        return {"n": 10}

    def evaluate(self, solution: Selection) -> float:
        return float(solution.selected[0])

    def check(self, solution: Selection) -> list[str]:
        value = solution.selected[0]
        return [] if 0 <= value <= 9 else [f"{value} is not one of 0..9"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Tolerant(Number):
    """The same with tolerances, as a mip has."""

    exact: ClassVar[bool] = False

    def violation(self, solution: Selection) -> float:
        return float(max(0, -int(solution.selected[0])))


def pick(value: int) -> Selection:
    return Selection([value])


def answer(solve: Any, problem: Problem | None = None, **options: Any) -> Result:
    run = Run(problem or Number(), **options)
    return execute(solve, run, solver="toy")


def test_keeps_the_best_and_traces_it() -> None:
    class Listener(Events):
        def __init__(self) -> None:
            self.seen: list[tuple[str, float, str]] = []

        def on_incumbent(
            self, solution: Any, objective: float, time: float, source: str
        ) -> None:
            self.seen.append(("incumbent", objective, source))

        def on_bound(self, bound: float, time: float) -> None:
            self.seen.append(("bound", bound, ""))

    def solve(problem: Problem, run: Run) -> Outcome:
        assert run.report(pick(7), "a")
        assert not run.report(pick(8), "b")
        assert run.report_bound(1, "c")
        assert not run.report_bound(0, "c")
        assert not run.report_bound(float("inf"), "c")
        assert run.report(pick(2), "b")
        return Outcome(raw_status="done", extra={"nodes": 3})

    listener = Listener()
    result = answer(solve, events=listener, seed=5)
    assert (result.objective, result.bound, result.gap) == (2, 1, 0.5)
    assert (result.status, result.reason) == (Status.FEASIBLE, Reason.COMPLETED)
    assert [(t.objective, t.bound, t.source) for t in result.trace] == [
        (7, None, "a"),
        (7, 1, "c"),
        (2, 1, "b"),
    ]
    assert [t.time for t in result.trace] == sorted(t.time for t in result.trace)
    assert listener.seen == [
        ("incumbent", 7, "a"),
        ("bound", 1, ""),
        ("incumbent", 2, "b"),
    ]
    assert result.extra == {"nodes": 3}
    assert result.seed == 5
    assert result.time_to_best <= result.runtime


def test_optimal_without_a_bound_proves_its_own_value() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(0), "a")
        return Outcome(Status.OPTIMAL)

    result = answer(solve)
    assert (result.bound, result.gap, result.reason) == (0, 0, Reason.GAP)


def test_infeasible_solution_of_an_exact_kind_is_a_bug() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(12), "liar")
        return Outcome()

    with pytest.raises(InvalidSolutionError, match=r"liar.*12 is not one of"):
        answer(solve)


def test_violated_solution_of_a_tolerant_kind_is_never_optimal() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(-2), "a")
        return Outcome(Status.OPTIMAL)

    with pytest.warns(ViolationWarning, match="by 2"):
        result = answer(solve, Tolerant())
    assert (result.status, result.max_violation) == (Status.FEASIBLE, 2)


@pytest.mark.parametrize("status", [Status.OPTIMAL, Status.FEASIBLE])
def test_claims_need_a_solution(status: Status) -> None:
    with pytest.raises(SolverError, match="without a solution"):
        answer(lambda problem, run: Outcome(status))


def test_claims_must_not_contradict_the_solution() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(1), "a")
        return Outcome(Status.INFEASIBLE)

    with pytest.raises(SolverError, match="claims infeasible"):
        answer(solve)


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (MaxIterations(5), Reason.ITERATIONS),
        (TargetObjective(4), Reason.TARGET),
        (FirstFeasible(), Reason.FIRST_FEASIBLE),
        (RelativeGap(0.5), Reason.GAP),
        (MaxRuntime(0.05), Reason.TIME),
        (MaxRuntime(60) | MaxIterations(3), Reason.ITERATIONS),
    ],
)
def test_stops(stop: Any, reason: Reason) -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report_bound(2, "a")
        for step in range(1000):
            if run.should_stop(step):
                break
            if reason is not Reason.TIME:
                run.report(pick(max(3, 9 - step)), "a")
            else:
                time.sleep(0.001)
        return Outcome()

    assert answer(solve, stop=stop).reason is reason


def test_rounding_near_zero_leaves_no_gap() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(0), "a")
        run.report_bound(bound, "a")
        return Outcome(Status.OPTIMAL)

    bound = -1e-16
    result = answer(solve)
    assert (result.status, result.gap) == (Status.OPTIMAL, 0)
    bound = -1e-6
    assert answer(solve).status is Status.FEASIBLE


def test_a_closed_gap_is_optimal_and_a_wide_one_is_not() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(4), "a")
        run.report_bound(bound, "a")
        return Outcome(claim)

    bound, claim = 4, None
    assert answer(solve).status is Status.OPTIMAL
    bound, claim = 3, Status.OPTIMAL
    result = answer(solve, stop=RelativeGap(0.5))
    assert (result.status, result.reason) == (Status.FEASIBLE, Reason.GAP)
    bound = 5
    with pytest.raises(SolverError, match="claims the bound 5 despite"):
        answer(solve)


def test_initial_solution_is_the_first_incumbent() -> None:
    result = answer(lambda problem, run: Outcome(), initial=pick(3))
    assert (result.objective, result.trace[0].source) == (3, "initial")
    with pytest.raises(InvalidSolutionError, match="initial solution"):
        answer(lambda problem, run: Outcome(), initial=pick(11))


def test_native_call_is_interrupted_at_the_deadline() -> None:
    asked = threading.Event()

    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(3), "a")
        value = run.supervise(lambda: asked.wait(30), asked.set)
        assert value
        return Outcome()

    result = answer(solve, stop=MaxRuntime(0.1))
    assert (result.reason, result.objective) == (Reason.TIME, 3)
    assert result.runtime < 5


def test_native_call_that_never_returns_is_left_behind() -> None:
    release = threading.Event()

    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(3), "a")
        run.supervise(lambda: release.wait(30))
        raise AssertionError("unreachable")

    run = Run(Number(), stop=MaxRuntime(0.05))
    result = execute(solve, run, solver="toy")
    release.set()
    assert run.abandoned
    assert (result.objective, result.raw_status) == (3, "abandoned")
    assert result.runtime < 5


def test_a_stage_that_left_a_call_behind_does_not_silence_the_next() -> None:
    release = threading.Event()

    def solve(problem: Problem, run: Run) -> Outcome:
        with run.stage(0.05), contextlib.suppress(Abandoned):
            run.supervise(lambda: release.wait(30))
        assert not run.abandoned
        assert not run.should_stop()
        run.report(pick(3), "next")
        return Outcome()

    result = answer(solve, stop=MaxRuntime(20))
    release.set()
    assert (result.objective, result.reason) == (3, Reason.COMPLETED)


def test_error_of_a_native_call_reaches_the_caller() -> None:
    def fail() -> None:
        raise SolverError("broken", "E42")

    with pytest.raises(SolverError, match=r"broken \(E42\)"):
        answer(lambda problem, run: run.supervise(fail))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_return_the_incumbent(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(3), "a")
        signal.raise_signal(number)
        assert run.should_stop()
        return Outcome()

    result = answer(solve)
    assert (result.reason, result.objective) == (Reason.INTERRUPTED, 3)
    assert signal.getsignal(number) is before


def test_a_signal_in_the_middle_of_a_poll_is_not_forgotten() -> None:
    @dataclass(frozen=True)
    class Slow(Stop):
        def __call__(self, progress: Progress) -> None:
            signal.raise_signal(signal.SIGINT)

    def solve(problem: Problem, run: Run) -> Outcome:
        assert run.should_stop()
        return Outcome()

    assert answer(solve, stop=Slow(), initial=pick(4)).reason is Reason.INTERRUPTED


def test_second_ctrl_c_breaks_out_with_the_incumbent() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(3), "a")
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("unreachable")

    assert answer(solve).objective == 3


def test_out_of_memory_keeps_the_incumbent() -> None:
    def solve(problem: Problem, run: Run) -> Outcome:
        run.report(pick(3), "a")
        raise MemoryError

    result = answer(solve)
    assert (result.status, result.reason) == (Status.FEASIBLE, Reason.MEMORY)


def test_listener_that_asks_to_stop() -> None:
    class Enough(Events):
        def should_stop(self) -> bool:
            return True

    def solve(problem: Problem, run: Run) -> Outcome:
        raise AssertionError("not even started")

    result = answer(solve, events=Enough(), initial=pick(4))
    assert (result.reason, result.objective) == (Reason.INTERRUPTED, 4)
