"""The CVRP: construction, evaluation, and a checker that never raises."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.graphs import cvrp_from_graph
from combkit.instances.solutions import Routes

LINE = [[0, 0], [3, 4], [6, 8], [0, 5]]


@pytest.fixture
def small() -> CVRP:
    return CVRP(LINE, [0, 2, 3, 1], 5, metric="EUC_2D")


def test_fields(small: CVRP) -> None:
    assert (small.kind, small.n, small.size) == ("cvrp", 3, {"n": 3})
    assert small.demands.dtype == np.int64
    assert (small.capacity, type(small.capacity)) == (5, int)
    assert small.distances().shape == (4, 4)


def test_integral_numbers_are_the_same_problem_as_integers(small: CVRP) -> None:
    assert small == CVRP(LINE, [0.0, 2.0, 3.0, 1.0], 5.0, metric="EUC_2D", name="x")
    assert small != CVRP(LINE, [0, 2, 3, 1], 6, metric="EUC_2D")
    fractional = CVRP(LINE, [0, 0.5, 0.25, 1], 1.5)
    assert fractional.demands.dtype == np.float64
    assert fractional.capacity == 1.5


def test_one_service_time_is_that_of_every_customer(small: CVRP) -> None:
    problem = CVRP(LINE, [0, 2, 3, 1], 5, service_time=2, max_distance=30)
    assert problem.service_time is not None
    assert problem.service_time.tolist() == [0, 2, 2, 2]


def test_evaluate(small: CVRP) -> None:
    assert small.evaluate(Routes([[1, 2], [3]])) == 5 + 5 + 10 + 10
    assert small.evaluate(Routes([[], [2, 1], [], [3]])) == 30.0
    assert small.evaluate(Routes([])) == 0.0
    with pytest.raises(InvalidSolutionError, match="route 2: unknown customer 4"):
        small.evaluate(Routes([[1], [4]]))


def test_asymmetric_matrix_has_a_direction() -> None:
    matrix = [[0, 1, 5], [7, 0, 1], [1, 9, 0]]
    problem = CVRP(demands=[0, 1, 1], capacity=2, matrix=matrix)
    assert problem.evaluate(Routes([[1, 2]])) == 3.0
    assert problem.evaluate(Routes([[2, 1]])) == 5 + 9 + 7


def test_check_names_each_violation(small: CVRP) -> None:
    assert small.check(Routes([[1, 2], [3]])) == []
    assert small.check(Routes([[1, 2, 2], [0, 9]])) == [
        "unknown customer 0 (customers are 1..3)",
        "unknown customer 9 (customers are 1..3)",
        "customer 2 is visited 2 times",
        "customer 3 is not visited",
        "route 1: load 8 exceeds the capacity 5",
    ]
    assert len(small.check(Routes([]))) == 3


def test_number_of_routes() -> None:
    problem = CVRP(LINE, [0, 2, 3, 1], 5, vehicles=2)
    assert problem.check(Routes([[1, 2], [], [3]])) == []
    assert problem.check(Routes([[1], [2], [3]])) == ["3 routes where 2 are allowed"]


def test_length_limit_counts_service_but_the_objective_does_not() -> None:
    limit = {"max_distance": 24, "service_time": [0, 1, 2, 3]}
    problem = CVRP(LINE, [0, 2, 3, 1], 5, **limit)  # type: ignore[arg-type]
    routes = Routes([[1, 2], [3]])
    assert problem.evaluate(routes) == 30.0
    assert problem.check(routes) == []
    tight = CVRP(LINE, [0, 2, 3, 1], 5, **{**limit, "max_distance": 22.5})  # type: ignore[arg-type]
    assert tight.check(routes) == [
        "route 1: length 23 with service exceeds the limit 22.5"
    ]
    assert tight.check(Routes([[7, 1, 2], [3]]))[-1].startswith("route 1: length 23 ")


def test_rounding_noise_is_no_violation() -> None:
    coords = [[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]]
    third = CVRP(coords, [0, 0.1, 0.2, 0.3], 0.6, max_distance=0.6)
    assert third.check(Routes([[1, 2, 3]])) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"capacity": 0}, "capacity: 0 is not positive"),
        ({"capacity": -3.5}, "capacity: -3.5 is not positive"),
        ({"capacity": np.nan}, "capacity: capacity = nan is not finite"),
        ({"capacity": np.inf}, "capacity: capacity = inf is not finite"),
        ({"capacity": None}, "capacity"),
        ({"demands": [0, 2, 9, 1]}, r"demands\[2\] = 9 exceeds the capacity 5"),
        ({"demands": [0, -2, 1, 1]}, r"demands\[1\] = -2.* is below 0"),
        ({"demands": [1, 2, 1, 1]}, r"demands\[0\] = 1 at the depot"),
        ({"demands": [0, 2, 1]}, r"demands: shape \(3,\)"),
        ({"max_distance": 0}, "max_distance: 0 is not positive"),
        ({"service_time": [0, -1, 0, 0]}, r"service_time\[1\] = -1.* is below 0"),
        ({"service_time": [1, 0, 0, 0]}, r"service_time\[0\] = 1 at the depot"),
        ({"vehicles": 0}, "vehicles: 0 is not a positive integer"),
        ({"vehicles": 1.5}, "vehicles: 1.5 is not a positive integer"),
        ({"display": [[0, 0]]}, "display: shape"),
        ({"coords": [[0, 0]], "demands": [0]}, "there is no customer"),
        ({"coords": None, "matrix": -np.ones((4, 4))}, "is below 0"),
    ],
)
def test_bad_fields(change: dict[str, object], reason: str) -> None:
    fields = {"coords": LINE, "demands": [0, 2, 3, 1], "capacity": 5, **change}
    with pytest.raises(InvalidProblemError, match=reason):
        CVRP(**fields)  # type: ignore[arg-type]


def test_missing_fields() -> None:
    with pytest.raises(InvalidProblemError, match="demands: is missing"):
        CVRP(LINE)
    with pytest.raises(InvalidProblemError, match="capacity: is missing"):
        CVRP(LINE, [0, 1, 1, 1])


@given(
    st.lists(st.lists(st.integers(-1, 5), max_size=4), max_size=4),
    st.integers(5, 8),
    st.one_of(st.none(), st.integers(1, 3)),
)
def test_check_agrees_with_the_definition(
    routes: list[list[int]], capacity: int, vehicles: int | None
) -> None:
    demands = [0, 2, 3, 1, 5]
    coords = [*LINE, [1, 1]]
    problem = CVRP(coords, demands, capacity, vehicles=vehicles, max_distance=40)
    visits = sorted(itertools.chain.from_iterable(routes))
    feasible = visits == [1, 2, 3, 4] and (
        vehicles is None or sum(map(bool, routes)) <= vehicles
    )
    if feasible:
        full = problem.distances()
        for route in routes:
            stops = [0, *route, 0]
            length = sum(full[i, j] for i, j in itertools.pairwise(stops))
            feasible &= sum(demands[c] for c in route) <= capacity
            feasible &= bool(length <= 40)
    assert (problem.check(Routes(routes)) == []) is feasible


def test_from_graph() -> None:
    graph = nx.star_graph(3)
    nx.set_edge_attributes(graph, 2, "length")
    nx.set_node_attributes(graph, {0: 1, 1: 1, 3: 3}, "load")
    problem = cvrp_from_graph(
        graph, 2, 6, demand="load", weight="length", closure=True, vehicles=1
    )
    assert problem.demands.tolist() == [0, 1, 1, 3]
    assert problem.distances()[0].tolist() == [0, 2, 4, 4]
    with pytest.raises(InvalidProblemError, match="node 2 has no 'load'"):
        cvrp_from_graph(graph, 1, 6, demand="load", weight="length", closure=True)
