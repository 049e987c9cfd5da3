"""Core dynamic programming: published optima, limits, refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from combkit.comb.packing import integral, knapsack_dp
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.events import Events
from combkit.instances.generators import generate
from combkit.instances.knapsack import Knapsack
from combkit.instances.run import Run
from combkit.instances.solutions import Selection
from combkit.instances.stop import MaxIterations, Reason

#: Optima of Pisinger's classes, proven here and by an independent table.
KPLIB = {
    "02StronglyCorrelated/n01000/R01000": 316372,
    "04AlmostStronglyCorrelated/n01000/R01000": 316415,
    "09SpannerStronglyCorrelated/n01000/R10000": 4904034,
    "12Circle/n01000/R01000": 5182856,
}


def hard() -> Knapsack:
    """Groups of items a little heavier than a simple fraction of the capacity."""
    rng = np.random.default_rng(1)
    group = np.arange(320) % 13 + 1
    base = np.concatenate([10**8 // 2**group, np.zeros(80, dtype=np.int64)])
    weights = base + rng.integers(1, 301, 400)
    return Knapsack(base + rng.integers(1, 301, 400), weights, 10**8)


def stubborn() -> Knapsack:
    """Sums of 60 numbers of 43 bits: no bound tells them apart."""
    weights = np.random.default_rng(1).integers(10**12, 10**13, 60)
    return Knapsack(weights, weights, int(weights.sum()) // 2)


@pytest.mark.parametrize("name", KPLIB)
def test_kplib_optima(shared_data: Path, name: str) -> None:
    path = shared_data / "routing" / "knapsack" / "kplib" / name / "s000.kp"
    result = solve(path, "knapsack-dp")
    assert (result.status, result.objective) == ("optimal", KPLIB[name])


@pytest.mark.slow
def test_all_of_kplib_is_proven(shared_data: Path) -> None:
    files = sorted((shared_data / "routing" / "knapsack" / "kplib").rglob("*.kp"))
    assert len(files) == 40
    for path in files:
        assert solve(path, time_limit=20).status == "optimal", path


def test_jooken_optima(shared_data: Path) -> None:
    """Half a second for each: nearly all are proven, all have valid bounds."""
    folder = shared_data / "routing" / "knapsack" / "jooken"
    with (folder / "optima.csv").open() as table:
        optima = {row["name"]: int(row["optimum"]) for row in csv.DictReader(table)}
    proven = 0
    for path in sorted(folder.glob("*.in"))[1::3]:
        result = solve(path, time_limit=0.5)
        assert result.objective <= optima[path.stem] <= result.bound
        if result.status == "optimal":
            assert result.objective == optima[path.stem]
            proven += 1
    assert proven >= 6


def test_the_bound_tightens_and_the_incumbent_rises() -> None:
    problem = generate("kp", 1000, seed=1, instance_class="strong")
    trace = solve(problem, "knapsack-dp").trace
    bounds = [t.bound for t in trace if t.bound is not None]
    assert bounds == sorted(bounds, reverse=True)
    objectives = [t.objective for t in trace if t.objective is not None]
    assert objectives == sorted(objectives)


def test_the_time_limit_holds_and_leaves_a_valid_bound() -> None:
    result = solve(stubborn(), "knapsack-dp", time_limit=0.3)
    assert result.status == "feasible"
    assert result.reason is Reason.TIME
    assert result.objective < result.bound
    assert result.gap < 1e-4


def test_no_time_at_all_gives_greedy() -> None:
    result = solve(hard(), "knapsack-dp", time_limit=0)
    assert result.status == "feasible"
    assert {t.source for t in result.trace} <= {"greedy", "linear relaxation"}


def test_out_of_memory_is_said() -> None:
    result = solve(stubborn(), "knapsack-dp", memory=16, time_limit=60)
    assert result.status == "feasible"
    assert result.reason is Reason.MEMORY
    assert result.objective < result.bound


def test_too_little_memory_is_refused() -> None:
    with pytest.raises(UsageError, match="memory: 8"):
        solve(hard(), "knapsack-dp", memory=8)


def test_an_iteration_limit_gives_equal_runs() -> None:
    def run() -> list[tuple[float | None, float | None]]:
        result = solve(hard(), "knapsack-dp", stop=MaxIterations(500))
        assert result.reason is Reason.ITERATIONS
        return [(t.objective, t.bound) for t in result.trace]

    assert run() == run()


def test_a_listener_interrupts() -> None:
    class Impatient(Events):
        seen = 0

        def on_incumbent(
            self, solution: Selection, objective: float, time: float, source: str
        ) -> None:
            self.seen += source == "knapsack-dp"

        def should_stop(self) -> bool:
            return self.seen > 1

    result = solve(hard(), "knapsack-dp", events=Impatient())
    assert result.reason is Reason.INTERRUPTED
    assert result.status == "feasible"


def test_the_initial_selection_is_what_has_to_be_beaten() -> None:
    problem = generate("kp", 300, seed=2)
    best = solve(problem, "knapsack-dp")
    again = solve(problem, "knapsack-dp", initial=best.solution)
    assert again.status == "optimal"
    assert again.trace[0].objective == best.objective


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (Knapsack([0.5**40, 1.0], [1, 1], 1), "profits: not integers"),
        (Knapsack([1, 1], [1 / 3, 1.0], 1), "weights: not integers"),
        (Knapsack([1, 1], [1, 1], 1 / 3), "weights: not integers"),
        (Knapsack([1e18, 1.5, 4e18], [1, 1, 1], 1), "profits: "),
        (Knapsack([1e15, 0.001, 9e15], [1, 1, 1], 1), "profits: "),
    ],
)
def test_data_that_are_no_integers_are_refused(problem: Knapsack, reason: str) -> None:
    said = knapsack_dp.supports(problem)
    assert said is not None
    assert said.startswith(reason)
    with pytest.raises(UnsupportedFeatureError, match="knapsack-dp"):
        solve(problem, "knapsack-dp")
    other = solve(problem)
    assert other.status == "optimal"
    assert "knapsack-dp" not in other.extra["chain"]


def test_reduction_settles_what_needs_no_search() -> None:
    problem = Knapsack([6, 5, 4, 0, 9, 8], [4, 6, 8, 1, 0, 99], 10)
    core = integral.reduce(problem)
    assert core.items.tolist() == [0, 1, 2]
    assert core.taken.tolist() == [4]
    assert core.weights.tolist() == [2, 3, 4]
    assert (core.capacity, core.base, core.unit) == (5, 9, 1)
    assert core.value(11) == 20
    assert core.selection(np.array([0, 1])).tolist() == [0, 1, 4]


def test_profits_with_a_common_divisor_round_the_bound() -> None:
    problem = Knapsack([30, 30, 30], [2, 2, 2], 5)
    run = Run(problem)
    knapsack_dp.solve(problem, run)
    assert (run.objective, run.bound) == (60, 60)


def test_huge_numbers_do_not_overflow() -> None:
    weights = [2**60, 2**60 + 1, 2**60 + 2, 3]
    problem = Knapsack([2**51, 2**51 + 1, 2**51 + 2, 1], weights, 2**61 + 2)
    result = solve(problem, "knapsack-dp")
    assert (result.status, result.objective) == ("optimal", 2**52 + 2)
    capacity = Knapsack([1, 2], [3, 4], 2**63 - 1)
    assert solve(capacity, "knapsack-dp").objective == 3
