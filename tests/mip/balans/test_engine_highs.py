"""The HiGHS engine: parts, what is put back, and what is never believed."""

from __future__ import annotations

import highspy
import numpy as np
import pytest
from tests.mip.balans.models import knapsack, lot_sizing

from combkit.instances.mip import MIP
from combkit.instances.run import Run, execute
from combkit.instances.solutions import Values
from combkit.instances.stop import MaxRuntime, RelativeGap
from combkit.mip import highs
from combkit.mip.balans.engine import Row, SubProblem, minimised, objective_row
from combkit.mip.balans.engine_highs import HighsEngine
from combkit.mip.balans.solver import solve
from combkit.mip.highs_model import build


def optimum(problem: MIP) -> float:
    result = execute(highs.solve, Run(problem, stop=RelativeGap(0.0)), solver="highs")
    assert result.objective is not None
    return result.objective


def best(engine: HighsEngine, problem: MIP, part: SubProblem) -> float:
    """Objective of the best solution that comes out of a part."""
    found: list[np.ndarray] = []
    engine.solve(part, found.append)
    values = [float(problem.c @ x + problem.offset) for x in found]
    return min(values, default=np.inf)


def whole(problem: MIP, **rest: object) -> SubProblem:
    return SubProblem(problem.lower, problem.upper, 10.0, **rest)  # type: ignore[arg-type]


def test_objective_bound_gives_wrong_status_and_bound() -> None:
    """Why nothing but solutions is taken from a run under ``objective_bound``.

    If this fails, HiGHS has changed; the engine's caution does no harm then.
    """
    wrong_status = wrong_bound = 0
    for seed in range(6):
        problem = minimised(knapsack(seed))
        true = optimum(problem)
        native = build(problem)
        native.setOptionValue("objective_bound", true - 5.0)
        native.run()
        info = native.getInfo()
        claims = native.getModelStatus() == highspy.HighsModelStatus.kOptimal
        wrong_status += claims and info.objective_function_value > true + 1e-6
        wrong_bound += info.mip_dual_bound > true + 1e-6
    assert wrong_status
    assert wrong_bound


@pytest.mark.parametrize("seed", range(4))
def test_a_cutoff_never_leads_to_a_wrong_claim(seed: int) -> None:
    """Parts are cut off; bound and status of the whole stay right."""
    problem = knapsack(seed)
    true = optimum(problem)
    engine = HighsEngine(minimised(problem), Run(problem))
    answer = engine.solve(whole(minimised(problem), cutoff=-true - 5), lambda x: None)
    assert set(answer.__slots__) == {"exhausted", "nodes"}
    result = execute(
        solve, Run(problem, stop=MaxRuntime(20) | RelativeGap(0.0)), solver="balans"
    )
    assert result.objective == pytest.approx(true)
    assert result.bound == pytest.approx(true)


def test_a_cutoff_keeps_what_is_better() -> None:
    problem = minimised(knapsack(1))
    true = optimum(problem)
    engine = HighsEngine(problem, Run(problem))
    assert best(engine, problem, whole(problem, cutoff=true + 1)) == pytest.approx(true)


def test_parts_leave_the_model_as_it_was() -> None:
    problem = minimised(lot_sizing(6, 2))
    true = optimum(problem)
    engine = HighsEngine(problem, Run(problem))
    start: list[np.ndarray] = []
    engine.solve(whole(problem), start.append)
    x = min(start, key=lambda x: float(problem.c @ x))
    integer = problem.integrality == 1
    lower = np.where(integer, np.round(x), problem.lower)
    upper = np.where(integer, np.round(x), problem.upper)
    parts = [
        SubProblem(lower, upper, 5.0, start=x),
        whole(problem, rows=(Row(np.array([0, 1]), np.ones(2), upper=-1.0),)),
        whole(problem, objective=-problem.c, cutoff=true + 30.0),
        whole(problem, objective=np.where(integer, 1.0, 0.0), first=True),
        whole(problem, cutoff=true - 100.0),
    ]
    for part in parts:
        engine.solve(part, lambda x: None)
        assert best(engine, problem, whole(problem)) == pytest.approx(true)


def test_another_objective_keeps_the_cutoff_as_a_row() -> None:
    problem = minimised(knapsack(2))
    true = optimum(problem)
    engine = HighsEngine(problem, Run(problem))
    found: list[np.ndarray] = []
    engine.solve(whole(problem, objective=-problem.c, cutoff=true + 10.0), found.append)
    values = [float(problem.c @ x + problem.offset) for x in found]
    assert values
    assert max(values) <= true + 10.0 + 1e-6
    row = objective_row(problem, true)
    assert row.values @ np.ones(row.cols.size) == problem.c.sum()
    assert row.upper == true - problem.offset


def test_what_a_listener_raises_comes_back() -> None:
    problem = minimised(knapsack(3))
    engine = HighsEngine(problem, Run(problem))

    def angry(x: np.ndarray) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        engine.solve(whole(problem), angry)
    assert np.isfinite(best(engine, problem, whole(problem)))


def test_minimised_is_the_same_problem() -> None:
    problem = knapsack(4)
    own = minimised(problem)
    x = Values(np.ones(problem.n))
    assert not own.maximize
    assert own.evaluate(x) == -problem.evaluate(x)
    assert own.violation(x) == problem.violation(x)
