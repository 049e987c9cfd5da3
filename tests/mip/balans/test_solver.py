"""Balans from end to end: what it finds, proves, refuses, and how it is told."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from tests.mip.balans.models import cover, knapsack, lot_sizing

from combkit.cli.main import run as run_command
from combkit.instances.errors import (
    InvalidProblemError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.mip import MIP, TOLERANCE
from combkit.instances.plot import plot_arms
from combkit.instances.result import Result, Status
from combkit.instances.run import Run, execute
from combkit.instances.solutions import Values
from combkit.instances.stop import MaxIterations, MaxRuntime, RelativeGap, Stop
from combkit.mip import highs
from combkit.mip.balans.bandit import POLICIES
from combkit.mip.balans.engines import ENGINES
from combkit.mip.balans.operators import OPERATORS, Mutation
from combkit.mip.balans.solver import solve
from combkit.mip.balans.state import Neighbourhood, State
from combkit.mip.modelling import ScaleWarning

INF = np.inf


def balans(problem: MIP, stop: Stop | None = None, **options: Any) -> Result:
    common = {
        key: options.pop(key)
        for key in ("threads", "seed", "events", "initial")
        if key in options
    }
    stop = MaxRuntime(30) | RelativeGap(0.0) if stop is None else stop
    return execute(
        solve, Run(problem, stop=stop, **common), solver="balans", params=options
    )


def optimum(problem: MIP) -> float:
    result = execute(highs.solve, Run(problem, stop=RelativeGap(0.0)), solver="highs")
    assert result.objective is not None
    return result.objective


def arms(result: Result) -> dict[str, dict[str, Any]]:
    return {arm["name"]: arm for arm in result.extra["arms"]}


# -- what it finds and proves --------------------------------------------------


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "problem",
    [knapsack(0, 15), knapsack(1, 15, maximize=False), lot_sizing(8, 2), cover()],
    ids=["max", "min", "mixed", "cover"],
)
def test_proves_what_highs_proves(problem: MIP, threads: int) -> None:
    result = balans(problem, threads=threads)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(optimum(problem))
    assert result.max_violation <= TOLERANCE


class Watch(Events):
    """Checks every incumbent in original space."""

    def __init__(self, problem: MIP) -> None:
        self.problem = problem
        self.objectives: list[float] = []

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        assert self.problem.violation(solution) <= TOLERANCE
        assert self.problem.evaluate(solution) == pytest.approx(objective)
        self.objectives.append(objective)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mas76", "gesa2", "vpm2", "qiu"])
def test_every_incumbent_holds_in_original_space(name: str, shared_data: Path) -> None:
    problem = read(shared_data / "mip" / "miplib3" / f"{name}.mps.gz")
    watch = Watch(problem)
    result = balans(problem, MaxRuntime(6), events=watch)
    assert watch.objectives
    assert watch.objectives == sorted(watch.objectives, reverse=True)
    assert result.objective == watch.objectives[-1]


def test_a_start_is_kept_and_improved() -> None:
    problem = knapsack(5, 30)
    first = balans(problem, MaxIterations(1), starts="fix-propagate", share=0.0)
    assert first.solution is not None
    result = balans(problem, initial=first.solution)
    assert result.trace[0].source == "initial"
    assert result.trace[0].objective == first.objective
    assert result.objective >= first.objective


@pytest.mark.parametrize("engine", ENGINES)
def test_the_search_alone_improves(engine: str) -> None:
    """No bounds, no whole model: parts alone lead to the optimum."""
    problem = cover(40, seed=2)
    result = balans(
        problem,
        MaxRuntime(20) | MaxIterations(60),
        engine=engine,
        operators="mutation,graph,rows",
        share=0.0,
        starts="bounds",
    )
    assert result.objective == pytest.approx(optimum(problem))
    assert "full" not in arms(result)
    assert sum(arm["improvements"] for arm in arms(result).values()) > 0


# -- endings -------------------------------------------------------------------


def row(coefficients: list[float], least: float, most: float, **rest: Any) -> MIP:
    n = len(coefficients)
    given: dict[str, Any] = {"c": np.ones(n), "upper": 10.0, "integrality": 1} | rest
    return MIP(
        given.pop("c"),
        np.array([coefficients]),
        [least],
        [most],
        given.pop("lower", 0.0),
        given.pop("upper"),
        given.pop("integrality"),
        **given,
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("problem", "statuses"),
    [
        (row([2.0, 2.0], 3.0, 3.0), {Status.INFEASIBLE}),
        (
            row([1.0, -1.0], 0.0, 0.0, c=np.array([-1.0, 0.0]), upper=INF),
            {Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED},
        ),
        (row([1.0, 1.0], 1.5, INF, integrality=0), {Status.OPTIMAL}),
        (row([1.0, 1.0], 3.0, 4.0, c=np.zeros(2)), {Status.OPTIMAL}),
        (row([3.0, 2.0], 7.0, 7.0, lower=-INF, upper=INF), None),
        (row([1.0, 1.0], 3.0, 4.0, lower=[0.2, 0.0], upper=[0.8, 9.0]), {"infeasible"}),
    ],
    ids=["infeasible", "unbounded", "lp", "feasibility", "free", "no integer"],
)
def test_odd_models_end_as_highs_ends_them(
    problem: MIP, statuses: set[Status] | None, threads: int
) -> None:
    """An objective that free integers drive to infinity ends either way."""
    result = balans(problem, MaxRuntime(10) | RelativeGap(0.0), threads=threads)
    if statuses is not None:
        assert result.status in statuses
    else:
        assert result.status is not Status.OPTIMAL


def test_equations_that_no_small_part_satisfies_do_not_spin() -> None:
    """All integers are equal: only a part that frees every one can be better."""
    n = 1000
    A = sp.diags_array([1.0, -1.0], offsets=[0, 1], shape=(n - 1, n))
    problem = MIP(np.ones(n), A, 0.0, 0.0, 0.5, 9.0, 1)
    result = balans(
        problem,
        MaxRuntime(30) | MaxIterations(30) | RelativeGap(0.0),
        share=0.0,
        operators="mutation,graph",
        starts="bounds",
        initial=Values(np.full(n, 9.0)),
    )
    assert result.objective == n
    first, *_, last = choices(result)
    assert first[3] < 0.5
    assert last[3] == 1.0


def test_no_time_is_no_error() -> None:
    result = balans(knapsack(0, 40), MaxRuntime(1e-4))
    assert result.status in (Status.NO_SOLUTION, Status.FEASIBLE)


def test_less_time_than_reading_takes_is_no_error(shared_data: Path) -> None:
    problem = read(shared_data / "mip" / "miplib3" / "gesa2.mps.gz")
    result = balans(problem, MaxRuntime(1e-3))
    assert result.status in (Status.NO_SOLUTION, Status.FEASIBLE)


@pytest.mark.parametrize("where", ["c", "lower", "matrix"])
def test_nan_is_refused_with_its_place(where: str) -> None:
    coefficients = [np.nan if where == "matrix" else 1.0, 1.0]
    given = {} if where == "matrix" else {where: np.array([np.nan, 1.0])}
    with pytest.raises(InvalidProblemError, match=r"0\] = nan"):
        row(coefficients, 1.0, 2.0, **given)


def test_wild_coefficients_are_named() -> None:
    problem = dataclasses.replace(
        row([1e-12, 1e12], 1.0, INF), col_names=("small", "large"), row_names=("r",)
    )
    with pytest.warns(ScaleWarning) as told:
        balans(problem, MaxRuntime(5))
    for words in ("1e-12 of small in r", "1e+12 of large in r"):
        assert any(words in str(one.message) for one in told)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        balans(row([1.0, 1e3], 1.0, INF), MaxRuntime(5))


# -- arms that fail ------------------------------------------------------------


class Broken(Mutation):
    """Raises."""

    name = "broken"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        raise ZeroDivisionError("mine")


def test_an_arm_that_raises_is_retired() -> None:
    result = balans(
        knapsack(2, 40), MaxIterations(20), operators=[Broken(), "mutation"], share=0.0
    )
    assert arms(result)["broken"]["retired"]
    assert arms(result)["broken"]["error"] == "ZeroDivisionError: mine"
    assert arms(result)["mutation"]["pulls"] >= 10
    alone = balans(knapsack(2, 40), operators=[Broken()])
    assert alone.status is Status.OPTIMAL
    assert alone.objective == optimum(knapsack(2, 40))


def test_listeners_may_raise() -> None:
    class Angry(Events):
        def on_incumbent(self, *_: Any) -> None:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        balans(cover(), events=Angry())


# -- by name, from files -------------------------------------------------------


@pytest.mark.parametrize("operator", [*OPERATORS, "walk"])
def test_every_operator_alone(operator: str) -> None:
    result = balans(
        lot_sizing(8, 2),
        MaxRuntime(20) | MaxIterations(6),
        operators=operator,
        share=0.0,
    )
    assert arms(result)[operator]["pulls"] >= 1
    assert not arms(result)[operator]["error"]


@pytest.mark.parametrize(
    "options",
    [
        *({"bandit": name} for name in POLICIES),
        {"bandit": "discounted-softmax:temperature=0.3"},
        {"accept": "record-to-record"},
        {"accept": "annealing:temperature=0.05"},
        {"reward": "8,4,2,1"},
        {"starts": "scip"},
        {"isolate": True},
    ],
    ids=str,
)
def test_every_setting(options: dict[str, Any]) -> None:
    problem = cover(30)
    stop = MaxRuntime(20) | MaxIterations(40) | RelativeGap(0.0)
    result = balans(problem, stop, **options)
    assert result.objective == pytest.approx(optimum(problem))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"operators": "mutatoin"}, "did you mean 'mutation'"),
        ({"operators": 3}, "no list of names"),
        ({"bandit": "thomson"}, "did you mean 'thompson'"),
        ({"bandit": "softmax:temprature=1"}, "did you mean 'temperature'"),
        ({"accept": "anealing"}, "did you mean 'annealing'"),
        ({"accept": "annealing:temperature=-1"}, "not at least 0"),
        ({"reward": "best"}, "unknown reward"),
        ({"engine": "cplex"}, "unknown engine"),
        ({"starts": "locl"}, "did you mean 'local'"),
        ({"share": 2}, "not between 0 and 1"),
        ({"share": "much"}, "not a number"),
        ({"isolate": "yes"}, "neither true nor false"),
        ({"config": "/nowhere.toml"}, "No such file"),
    ],
    ids=str,
)
def test_wrong_options_are_usage_errors(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        balans(cover(), **options)


def test_cpsat_for_continuous_models_is_unsupported() -> None:
    with pytest.raises(UnsupportedFeatureError, match="continuous"):
        balans(lot_sizing(4, 2), engine="cpsat")


@pytest.mark.slow
def test_settings_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'operators = ["mutation:least=0.3:most=0.3", "rins"]\n'
        'bandit = "exp3-ix"\nshare = 0.0\n'
    )
    result = balans(cover(), MaxIterations(5), config=str(path))
    assert set(arms(result)) == {"mutation", "rins"}
    assert arms(result)["mutation"]["size"] == 0.3
    # What is said beside the file comes first.
    both = balans(cover(), MaxIterations(5), config=str(path), operators="walk,graph")
    assert set(arms(both)) == {"walk", "graph"}
    path.write_text('operator = "mutation"')
    with pytest.raises(UsageError, match="did you mean 'operators'"):
        balans(cover(), config=str(path))
    path.write_text("operators = [")
    with pytest.raises(UsageError, match=r"own\.toml"):
        balans(cover(), config=str(path))


def test_from_the_command_line(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(shared_data / "mip" / "miplib3" / "p0033.mps.gz")
    solve = ["solve", file, "--solver", "balans", "--time-limit", "20", "--quiet"]
    assert run_command([*solve, "--param", "operators=rins,graph"]) == 0
    assert "3089" in capsys.readouterr().out
    assert run_command([*solve, "--param", "operators=rens,grpah"]) == 2
    assert "did you mean 'graph'" in capsys.readouterr().err


# -- repeating and looking back ------------------------------------------------


def test_deterministic_runs_repeat() -> None:
    def run(seed: int) -> tuple[list[Any], list[Any]]:
        result = balans(
            lot_sizing(8, 2), MaxIterations(12), deterministic=True, seed=seed
        )
        rows = [[arm, size, best] for _, arm, _, size, _, best in choices(result)]
        return rows, [point.objective for point in result.trace]

    first = run(3)
    assert run(3) == first
    assert run(4) != first


def choices(result: Result) -> list[Any]:
    rows: list[Any] = result.extra["choices"]["rows"]
    return rows


def test_choices_are_kept_and_drawn(tmp_path: Path) -> None:
    result = balans(lot_sizing(10, 3), MaxIterations(10), share=0.0)
    columns = result.extra["choices"]["columns"]
    assert columns == ["time", "arm", "reward", "size", "seconds", "best"]
    pulls = sum(arm["pulls"] for arm in arms(result).values())
    assert pulls >= len(choices(result)) >= 5
    times = [time for time, *_ in choices(result)]
    assert times == sorted(times)
    assert all(0 <= reward <= 1 for _, _, reward, *_ in choices(result))
    path = tmp_path / "arms.svg"
    figure = plot_arms(result, path)
    drawn = {line.get_label() for line in figure.axes[0].get_lines()}
    assert {name for _, name, *_ in choices(result)} <= drawn
    assert b"<svg" in path.read_bytes()
    with pytest.raises(UnsupportedFeatureError, match="no choices"):
        plot_arms(dataclasses.replace(result, extra={}))


def test_an_unbounded_relaxation_ends_the_search() -> None:
    """However long the walk goes on finding better solutions."""
    problem = row([1.0, -1.0], 0.0, 0.0, c=np.array([-1.0, 0.0]), upper=INF)
    result = balans(problem, MaxRuntime(60), share=0.0)
    assert result.status is Status.UNBOUNDED
    assert result.runtime < 30
