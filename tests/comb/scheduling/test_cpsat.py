"""CP-SAT on the job shop: proofs, starts, limits, interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from combkit.comb.scheduling.quick import quick
from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.jobshop import JobShop
from combkit.instances.solutions import Schedule
from combkit.instances.stop import FirstFeasible, Reason


def square(size: int) -> JobShop:
    rng = np.random.default_rng(size)
    return JobShop(
        rng.permuted(np.tile(np.arange(size), (size, 1)), axis=1),
        rng.integers(1, 100, (size, size)),
    )


def test_ft06_is_proven(ft06: JobShop) -> None:
    result = solve(ft06, "cpsat", seed=1)
    assert (result.status, result.objective, result.bound) == ("optimal", 55, 55)
    assert result.raw_status == "OPTIMAL"
    objectives = [t.objective for t in result.trace if t.objective is not None]
    bounds = [t.bound for t in result.trace if t.bound is not None]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)


@pytest.mark.parametrize(("name", "best"), [("ft/ft10", 930), ("la/la02", 655)])
def test_classic_files_are_proven(shared_data: Path, name: str, best: int) -> None:
    path = shared_data / "scheduling" / "jsp" / "standard" / f"{name}.txt"
    result = solve(path, "cpsat", seed=1, time_limit=60)
    assert (result.status, result.objective) == ("optimal", best)


def test_a_late_start_off_the_time_unit_is_taken() -> None:
    shop = JobShop([[0, 1], [1, 0]], [[10, 20], [10, 20]])
    result = solve(shop, "cpsat", initial=Schedule([[3, 17], [1, 43]]))
    assert (result.status, result.objective) == ("optimal", 30)
    assert result.trace[0].source == "initial"
    assert result.trace[0].objective == 63


def test_all_durations_may_be_zero() -> None:
    result = solve(JobShop([[0, 1], [1, 0]], [[0, 0], [0, 0]]), "cpsat")
    assert (result.status, result.objective) == ("optimal", 0)


def test_two_threads_prove_the_same(ft06: JobShop) -> None:
    result = solve(ft06, "cpsat", threads=2)
    assert (result.status, result.objective, result.threads) == ("optimal", 55, 2)


def test_the_search_starts_from_the_initial_schedule(ft06: JobShop) -> None:
    best = solve(ft06, "cpsat").solution
    result = solve(ft06, "cpsat", initial=best)
    assert result.status == "optimal"
    assert next(t.source for t in result.trace if t.objective == 55) == "initial"


def test_target_gap_and_first_solution_end_it(ft06: JobShop) -> None:
    shop = square(12)
    target = shop.evaluate(quick(shop)) - 1
    assert solve(shop, "cpsat", target=target).reason is Reason.TARGET
    assert solve(ft06, "cpsat", gap=0.2).gap <= 0.2
    first = solve(shop, "cpsat", stop=FirstFeasible())
    assert first.reason is Reason.FIRST_FEASIBLE


def test_the_time_limit_holds_on_ten_thousand_operations() -> None:
    shop = square(100)
    result = solve(shop, "cpsat", time_limit=1.0)
    assert result.status == "feasible"
    assert result.reason is Reason.TIME
    assert result.objective <= shop.evaluate(quick(shop))
    assert result.bound <= result.objective


def test_a_listener_interrupts_and_keeps_the_incumbent() -> None:
    class Impatient(Events):
        seen = 0

        def on_incumbent(
            self, solution: Schedule, objective: float, time: float, source: str
        ) -> None:
            self.seen += source == "cpsat"

        def should_stop(self) -> bool:
            return self.seen > 0

    shop = square(12)
    result = solve(shop, "cpsat", events=Impatient(), time_limit=60)
    assert result.reason is Reason.INTERRUPTED
    assert shop.check(result.solution) == []


def test_an_error_of_a_listener_reaches_the_caller() -> None:
    class Broken(Events):
        def on_incumbent(
            self, solution: Schedule, objective: float, time: float, source: str
        ) -> None:
            if source == "cpsat":
                raise LookupError("broken listener")

    with pytest.raises(LookupError, match="broken listener"):
        solve(square(12), "cpsat", events=Broken(), time_limit=60)


def test_the_native_log_is_written(ft06: JobShop, tmp_path: Path) -> None:
    solve(ft06, "cpsat", log=tmp_path / "native.log")
    assert "CP-SAT solver" in (tmp_path / "native.log").read_text()
    with pytest.raises(UsageError, match="log"):
        solve(ft06, "cpsat", log=tmp_path / "nowhere" / "native.log")


def test_auto_dispatches_first_and_proves_then(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "jsp" / "standard" / "la"
    quick_one = solve(folder / "la06.txt")
    assert quick_one.status == "optimal"
    assert quick_one.extra["chain"] == ["dispatch"]
    result = solve(read(folder / "la01.txt"))
    assert (result.status, result.objective) == ("optimal", 666)
