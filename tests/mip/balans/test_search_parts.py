"""What the search is made of: judge, local search, the whole model in slices."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mip.balans.models import cover, independent, knapsack, lot_sizing

from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Run, execute
from combkit.instances.solutions import Values
from combkit.instances.stop import MaxRuntime, RelativeGap
from combkit.mip import highs
from combkit.mip.balans.engine import Row, minimised
from combkit.mip.balans.engine_highs import HighsEngine
from combkit.mip.balans.full import FullRun
from combkit.mip.balans.judge import Judge
from combkit.mip.balans.linear import LinearPart
from combkit.mip.balans.local import LocalSearch, compiled
from combkit.mip.balans.starts import Ground, make_starts
from combkit.mip.balans.state import Pool, Structure


def court(problem: MIP, seconds: float = 30.0) -> tuple[Run, Judge, Structure]:
    own = minimised(problem)
    run = Run(problem, stop=MaxRuntime(seconds) | RelativeGap(0.0))
    structure = Structure(own)
    judge = Judge(run, structure, LinearPart(own, run), Pool(structure))
    return run, judge, structure


def test_the_judge_takes_what_holds_and_repairs_what_nearly_does() -> None:
    problem = lot_sizing(6, 2)
    run, judge, structure = court(problem)
    x = np.zeros(problem.n)
    assert judge.take(x, "nothing") is None
    ones = np.where(structure.integer, 1.0, 0.0)
    kept = judge.polish(ones, "polished", 10.0)
    assert kept is not None
    x, value = kept
    assert value == pytest.approx(problem.evaluate(Values(x)))
    assert run.objective == value
    # Without its fourth set-up the first item must be produced earlier.
    near = x.copy()
    near[-int(structure.integer.sum()) + 3] = 0.0
    assert judge.take(near, "near") is None
    repaired = judge.repair(10.0)
    assert repaired is not None
    assert problem.violation(repaired[0]) <= 1e-6
    assert repaired[1] < value
    assert judge.repair(10.0) is None


@pytest.mark.parametrize("problem", [cover(200), knapsack(0, 40), lot_sizing(6, 2)])
def test_the_local_search_finds_feasible_points_and_better_ones(problem: MIP) -> None:
    assert compiled(120.0)
    run, _, structure = court(problem)
    local = LocalSearch(structure, run)
    local.begin(np.zeros(problem.n))
    first = local.steps(2000)
    assert first is not None
    assert problem.violation(first) <= 1e-6
    local.begin(first, minimised(problem).evaluate(Values(first)))
    better = local.steps(20_000)
    if better is not None:
        assert problem.violation(better) <= 1e-6
        assert problem.better(
            problem.evaluate(Values(better)), problem.evaluate(Values(first))
        )
    again = LocalSearch(structure, run)
    again.begin(np.zeros(problem.n))
    assert (again.steps(2000) == first).all()


def test_what_follows_goes_along_in_the_walk() -> None:
    """A node is worth its edges' prices only if these are paid in the same step."""
    problem = independent(18)
    run, _, structure = court(problem)
    assert compiled(120.0)
    local = LocalSearch(structure, run)
    local.begin(np.zeros(problem.n), 0.0)
    x = local.steps(5000)
    assert x is not None
    assert problem.violation(x) <= 1e-6
    best = execute(highs.solve, Run(problem, stop=RelativeGap(0.0)), solver="highs")
    assert problem.evaluate(Values(x)) <= 0.95 * best.objective < 0


def test_the_relaxation_with_and_without_a_row() -> None:
    problem = cover()
    run, _, structure = court(problem)
    linear = LinearPart(structure.problem, run)
    plain = linear.solve(10.0)
    assert plain is not None
    assert plain.value <= problem.evaluate(Values(np.ones(problem.n)))
    few = linear.solve(10.0, Row(np.arange(problem.n), np.ones(problem.n), upper=0.0))
    assert few is None
    held = linear.within(np.ones(problem.n), np.ones(problem.n), 10.0)
    assert held is not None
    assert held.value == pytest.approx(problem.c.sum())
    again = linear.solve(10.0)
    assert again is not None
    assert again.value == pytest.approx(plain.value)


def test_the_whole_model_goes_on_where_it_stopped() -> None:
    problem = lot_sizing(14, 4)
    run, judge, _ = court(problem, 60.0)
    full = FullRun(minimised(problem), run, judge)
    slices = 0
    while not full.ended:
        full.go(0.05)
        slices += 1
    assert slices > 1
    assert full.status is Status.OPTIMAL
    assert run.bound == pytest.approx(run.objective)
    full.stop()


def test_the_whole_model_takes_the_solutions_of_others() -> None:
    """It starts from what it was handed, and proves the optimum."""
    problem = cover(40)
    run, judge, _ = court(problem)
    assert judge.take(np.ones(problem.n), "given") is not None
    full = FullRun(minimised(problem), run, judge)
    full.go(30.0)
    full.stop()
    assert run.trace[0].source == "given"
    assert {point.source for point in run.trace} == {"given", "full"}
    assert run.objective == pytest.approx(run.bound)


def test_a_solution_found_after_a_claim_counts() -> None:
    """Threads end in any order: what a claim means is seen when it is read."""
    integers = np.ones(2, dtype=np.uint8)
    problem = MIP([-1.0, 0.0], [[1.0, -1.0]], 0.0, 0.0, 0.0, np.inf, integers)
    run, judge, _ = court(problem)
    full = FullRun(minimised(problem), run, judge)
    full.go(10.0)
    assert full.status is Status.INFEASIBLE_OR_UNBOUNDED
    assert judge.take(np.zeros(2), "late") is not None
    assert full.status is Status.UNBOUNDED
    assert judge.settle(Status.INFEASIBLE) is None
    assert judge.settle(Status.OPTIMAL) is Status.OPTIMAL


def test_the_roundings_of_the_relaxation_are_a_start() -> None:
    problem = lot_sizing(10, 3)
    run, judge, structure = court(problem)
    own, linear = structure.problem, LinearPart(structure.problem, run)
    ground = Ground(run, judge, linear, HighsEngine(own, run), 20.0, False)
    (start,) = make_starts(["rens"])
    assert start.run(ground) is None
    assert linear.optimum is not None
    assert judge.best is not None
    assert run.trace[-1].source == "rens"
    # Solved once, whatever bounds were tried in between.
    assert linear.root(0.0) is linear.optimum
    assert run.bound == pytest.approx(linear.optimum.value)
