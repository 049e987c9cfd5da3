"""The wrapped solvers keep the contract."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from combkit.comb.routing.integers import IntegerData, memory_reason
from combkit.comb.routing.savings import savings_routes
from combkit.comb.solve import solve
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.result import Status
from combkit.instances.solutions import Routes, Tour
from combkit.instances.stop import MaxIterations, Reason
from combkit.instances.tsp import ATSP, TSP


def salesman(n: int) -> TSP:
    rng = np.random.default_rng(n)
    return TSP(rng.integers(0, 1_000, (n, 2)), metric="EUC_2D")


def directed(n: int) -> ATSP:
    return ATSP(np.random.default_rng(n).integers(0, 1_000, (n, n)))


def vehicles(n: int, **fields: Any) -> CVRP:
    rng = np.random.default_rng(n)
    demands = rng.integers(1, 10, n + 1)
    demands[0] = 0
    coords = rng.integers(0, 1_000, (n + 1, 2))
    return CVRP(coords, demands, 40, metric="EUC_2D", **fields)


CASES = [
    ("ortools-routing", salesman),
    ("ortools-routing", directed),
    ("ortools-routing", vehicles),
    ("cpsat", salesman),
    ("cpsat", directed),
    ("cpsat", vehicles),
    ("pyvrp", vehicles),
]
CASE_NAMES = [f"{name}-{make.__name__}" for name, make in CASES]


@pytest.fixture(params=CASES, ids=CASE_NAMES)
def case(request: pytest.FixtureRequest) -> tuple[str, Callable[..., Any]]:
    name, make = request.param
    if name == "pyvrp":
        pytest.importorskip("pyvrp")
    return name, make


def some_solution(problem: Any) -> Tour | Routes:
    if isinstance(problem, CVRP):
        return Routes([[k] for k in range(1, problem.n + 1)])
    return Tour(np.random.default_rng(0).permutation(problem.n))


def test_start_is_taken_up(case: tuple[str, Callable[..., Any]]) -> None:
    name, make = case
    problem = make(40)
    start = some_solution(problem)
    length = problem.evaluate(start)
    result = solve(problem, name, initial=start, target=length - 1, time_limit=20.0)
    assert result.trace[0].source == "initial"
    assert result.reason is Reason.TARGET
    assert result.objective < length


def test_good_start_is_not_worsened(case: tuple[str, Callable[..., Any]]) -> None:
    name, make = case
    problem = make(9)
    best = solve(problem, "cpsat")
    assert best.status is Status.OPTIMAL
    result = solve(problem, name, initial=best.solution, time_limit=0.3)
    assert result.objective == best.objective


def test_listener_ends_the_run(case: tuple[str, Callable[..., Any]]) -> None:
    class Patient(Events):
        asked = 0

        def should_stop(self) -> bool:
            self.asked += 1
            return self.asked > 8

    name, make = case
    problem = make(120)
    start = some_solution(problem)
    result = solve(problem, name, events=Patient(), initial=start, time_limit=30.0)
    assert result.reason is Reason.INTERRUPTED
    assert problem.check(result.solution) == []
    assert result.runtime < 10.0


def test_error_of_a_listener_reaches_the_caller(
    case: tuple[str, Callable[..., Any]],
) -> None:
    class Broken(Events):
        def on_incumbent(self, *args: Any) -> None:
            if args[3] == case[0]:
                raise RuntimeError("the listener broke")

    name, make = case
    problem = make(30)
    with pytest.raises(RuntimeError, match="the listener broke"):
        solve(
            problem,
            name,
            events=Broken(),
            initial=some_solution(problem),
            time_limit=20.0,
        )


def test_limit_in_time(case: tuple[str, Callable[..., Any]]) -> None:
    name, make = case
    result = solve(make(250), name, time_limit=0.5)
    assert result.reason is Reason.TIME
    assert result.runtime < 4.0


@pytest.mark.parametrize(
    ("name", "make"), [("ortools-routing", salesman), ("pyvrp", vehicles)]
)
def test_iterations_make_runs_equal(name: str, make: Callable[..., Any]) -> None:
    if name == "pyvrp":
        pytest.importorskip("pyvrp")
    problem = make(50)
    one, two = (solve(problem, name, stop=MaxIterations(30), seed=3) for _ in range(2))
    assert one.solution == two.solution
    assert one.iterations == two.iterations == 30


class TestIntegerData:
    def test_integral_data_are_untouched(self) -> None:
        problem = vehicles(5, max_distance=900.7, service_time=3.0)
        data = IntegerData(problem)
        assert data.scale == 1.0
        assert (data.matrix == problem.distances()).all()
        assert data.max_distance == 900
        assert data.capacity == 40
        assert data.service.tolist() == [0, 3, 3, 3, 3, 3]

    def test_fractions_are_rounded_to_the_safe_side(self) -> None:
        rng = np.random.default_rng(0)
        problem = CVRP(
            rng.random((6, 2)),
            [0, 0.1, 0.2, 0.3, 0.7, 0.9],
            1.0,
            max_distance=2.5,
            service_time=0.1,
        )
        data = IntegerData(problem)
        assert (data.matrix / data.scale >= problem.distances() - 1e-12).all()
        assert np.allclose(data.matrix / data.scale, problem.distances(), atol=1e-6)
        assert data.max_distance == 2_500_000
        assert data.demands[1] + data.demands[5] == data.capacity

    def test_memory_is_bounded(self) -> None:
        problem = TSP(np.random.default_rng(0).random((6_000, 2)))
        assert memory_reason(problem, 8) is None
        reason = memory_reason(problem, 48)
        assert reason is not None
        assert "at most 4729 nodes" in reason


class TestRefusals:
    def test_huge_problems(self) -> None:
        big = vehicles(7_000)
        for name in ("ortools-routing", "cpsat", "pyvrp"):
            if name == "pyvrp":
                pytest.importorskip("pyvrp")
            with pytest.raises(UnsupportedFeatureError, match="7001 nodes"):
                solve(big, name)

    def test_cpsat_takes_integers_only(self) -> None:
        with pytest.raises(UnsupportedFeatureError, match="only integers"):
            solve(TSP([[0, 0], [1, 2], [3, 1]]), "cpsat")

    def test_fixed_edges_of_ortools(self) -> None:
        problem = TSP([[0, 0], [1, 2], [3, 1]], fixed_edges=[[0, 1]])
        with pytest.raises(UnsupportedFeatureError, match="fixed edges"):
            solve(problem, "ortools-routing")

    def test_unknown_metaheuristic(self) -> None:
        with pytest.raises(UsageError, match="did you mean 'tabu_search'"):
            solve(salesman(5), "ortools-routing", metaheuristic="tabu_serch")


class TestCpsat:
    def test_impossible_fleet_is_proven(self) -> None:
        problem = CVRP(
            salesman(4).coords, [0, 6, 6, 6], 10, metric="EUC_2D", vehicles=2
        )
        result = solve(problem, "cpsat", time_limit=20.0)
        assert result.status is Status.INFEASIBLE

    def test_bounds_are_reported(self) -> None:
        result = solve(vehicles(25), "cpsat", time_limit=1.0)
        assert result.bound is not None
        assert result.bound <= result.objective

    @pytest.mark.parametrize(
        ("name", "best"),
        [
            ("tsp/gr24.tsp", 1272),
            ("tsp/bayg29.tsp", 1610),
            ("atsp/br17.atsp", 39),
            ("atsp/ftv33.atsp", 1286),
            ("vrp/eil22.vrp", 375),
        ],
    )
    def test_known_optima(self, shared_data: Path, name: str, best: int) -> None:
        path = shared_data / "routing" / "tsplib" / name
        if not path.is_file():
            pytest.skip(f"{path.name} is not in the data folder")
        result = solve(read(path), "cpsat", time_limit=60.0)
        assert result.status is Status.OPTIMAL
        assert result.objective == best


@pytest.mark.parametrize("name", ["ortools-routing", "pyvrp"])
def test_length_limits_of_golden(shared_data: Path, name: str) -> None:
    if name == "pyvrp":
        pytest.importorskip("pyvrp")
    path = shared_data / "routing" / "cvrplib" / "Golden" / "Instances" / "Golden_1.vrp"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in the data folder")
    problem = read(path)
    start = problem.evaluate(Routes(savings_routes(problem)))
    result = solve(problem, name, time_limit=1.5)
    assert problem.check(result.solution) == []
    assert result.objective < start
