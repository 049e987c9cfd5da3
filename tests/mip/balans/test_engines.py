"""The engines behind the one interface: parts, cutoffs, rows, crashes."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tests.mip.balans.models import cover, knapsack, lot_sizing

from combkit.instances.errors import (
    SolverError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import read
from combkit.instances.mip import MIP
from combkit.instances.run import Run, execute
from combkit.instances.stop import RelativeGap
from combkit.mip import highs
from combkit.mip.balans.engine import Engine, Row, SubProblem, minimised
from combkit.mip.balans.engine_process import IsolatedEngine
from combkit.mip.balans.engines import ENGINES, make_engine


def optimum(problem: MIP) -> float:
    result = execute(highs.solve, Run(problem, stop=RelativeGap(0.0)), solver="highs")
    assert result.objective is not None
    return result.objective


def best(engine: Engine, problem: MIP, part: SubProblem) -> float:
    """Objective of the best feasible solution that comes out of a part."""
    found: list[np.ndarray] = []
    engine.solve(part, found.append)
    return min(
        (float(problem.c @ x + problem.offset) for x in found),
        default=np.inf,
    )


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize("name", ENGINES)
def test_engines_solve_parts_and_forget_them(name: str, isolate: bool) -> None:
    problem = minimised(knapsack(1))
    true, n = optimum(problem), problem.n
    engine = make_engine(name, problem, Run(problem), isolate=isolate)

    def part(**rest: object) -> SubProblem:
        given = {"lower": problem.lower, "upper": problem.upper, "seconds": 20.0}
        return SubProblem(**given | rest)  # type: ignore[arg-type]

    assert best(engine, problem, part()) == pytest.approx(true)
    held = problem.upper.copy()
    held[: n // 2] = 0.0
    few = Row(np.arange(n), np.ones(n), upper=2.0)
    for other in (
        part(upper=held),
        part(rows=(few,)),
        part(objective=np.ones(n), cutoff=true + 40.0),
        part(objective=np.linspace(-1.0, 1.0, n), first=True),
        part(start=np.zeros(n)),
    ):
        assert best(engine, problem, other) >= true - 1e-6
        # Nothing of the part is left.
        assert best(engine, problem, part(cutoff=true + 1.0)) == pytest.approx(true)


@pytest.mark.parametrize("name", ENGINES)
def test_a_cutoff_holds_with_another_objective(name: str) -> None:
    problem = minimised(knapsack(2))
    true = optimum(problem)
    engine = make_engine(name, problem, Run(problem))
    found: list[np.ndarray] = []
    engine.solve(
        SubProblem(
            problem.lower, problem.upper, 20.0, true + 10.0, objective=-problem.c
        ),
        found.append,
    )
    values = [float(problem.c @ x + problem.offset) for x in found]
    assert values
    assert max(values) <= true + 10.0 + 1e-6


@pytest.mark.parametrize("name", ["highs", "scip"])
def test_continuous_variables(name: str) -> None:
    problem = lot_sizing(6, 2)
    engine = make_engine(name, problem, Run(problem))
    part = SubProblem(problem.lower, problem.upper, 20.0)
    assert best(engine, problem, part) == pytest.approx(optimum(problem))


def test_cpsat_refuses_what_it_cannot_hold() -> None:
    problem = lot_sizing(4, 2)
    with pytest.raises(UnsupportedFeatureError, match="continuous"):
        make_engine("cpsat", problem, Run(problem))
    problem = cover()
    engine = make_engine("cpsat", problem, Run(problem))
    odd = Row(np.arange(2), np.array([1.0, np.pi]), upper=2.0)
    part = SubProblem(problem.lower, problem.upper, 5.0, rows=(odd,))
    with pytest.raises(UnsupportedFeatureError, match="not integral"):
        engine.solve(part, lambda x: None)


@pytest.mark.parametrize("name", ENGINES)
def test_what_a_listener_raises_comes_back(name: str) -> None:
    problem = minimised(knapsack(3))
    engine = make_engine(name, problem, Run(problem))

    def angry(x: np.ndarray) -> None:
        raise KeyError("mine")

    part = SubProblem(problem.lower, problem.upper, 20.0)
    with pytest.raises(KeyError, match="mine"):
        engine.solve(part, angry)
    assert np.isfinite(best(engine, problem, part))


def test_unknown_engines_are_usage_errors() -> None:
    problem = minimised(knapsack(0))
    with pytest.raises(UsageError, match="did you mean 'highs'"):
        make_engine("higs", problem, Run(problem))


def test_a_crash_is_an_error_and_no_more(shared_data: Path) -> None:
    """The child is killed by a segmentation fault; the next part has a new one."""
    problem = minimised(read(shared_data / "mip" / "hard" / "seymour.mps.gz"))
    engine = IsolatedEngine("highs", problem, Run(problem))

    def shoot() -> None:
        while engine.child is None:
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(engine.child.pid, signal.SIGSEGV)

    threading.Thread(target=shoot).start()
    part = SubProblem(problem.lower, problem.upper, 60.0)
    with pytest.raises(SolverError, match="highs crashed"):
        engine.solve(part, lambda x: None)
    found: list[np.ndarray] = []
    ones = np.ones(problem.n)
    engine.solve(SubProblem(ones, ones, 20.0), found.append)
    assert (found[-1] == 1).all()
