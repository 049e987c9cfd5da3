"""TSP and ATSP: construction, evaluation, and a checker that never raises."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.errors import (
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)
from combkit.instances.formats import read, write
from combkit.instances.graphs import tsp_from_graph
from combkit.instances.solutions import Tour
from combkit.instances.tsp import ATSP, TSP

SQUARE = [[0, 0], [0, 3], [4, 3], [4, 0]]


@pytest.fixture
def square() -> TSP:
    return TSP(SQUARE, metric="EUC_2D")


def test_fields(square: TSP) -> None:
    assert (square.kind, square.n, square.size) == ("tsp", 4, {"n": 4})
    assert square.integral
    assert square.coords is not None
    assert not square.coords.flags.writeable
    assert square.distance(0, [1, 2]).tolist() == [3, 5]
    assert TSP(matrix=square.distances()).metric == "EXPLICIT"


def test_equality_is_by_content(square: TSP) -> None:
    assert square == TSP(np.array(SQUARE, dtype=float), metric="EUC_2D", name="other")
    assert square == TSP(SQUARE, metric="EUC_2D", display=np.zeros((4, 2)))
    assert square != TSP(SQUARE)
    assert square != TSP(SQUARE, metric="EUC_2D", fixed_edges=[[0, 1]])
    assert pickle.loads(pickle.dumps(square)) == square


def test_evaluate(square: TSP) -> None:
    assert square.evaluate(Tour([0, 1, 2, 3])) == 14.0
    assert square.evaluate(Tour([3, 1, 0, 2])) == 5 + 3 + 5 + 3
    assert square.evaluate(Tour([])) == 0.0
    assert TSP([[0, 0]]).evaluate(Tour([0])) == 0.0
    with pytest.raises(InvalidSolutionError, match="unknown city 7"):
        square.evaluate(Tour([0, 7]))


def test_direction_counts_in_an_asymmetric_problem() -> None:
    problem = ATSP([[0, 1, 9], [9, 0, 1], [1, 9, 0]])
    assert (problem.kind, problem.coords, problem.metric) == ("atsp", None, "EXPLICIT")
    assert problem.evaluate(Tour([0, 1, 2])) == 3.0
    assert problem.evaluate(Tour([2, 1, 0])) == 27.0


def test_zero_and_negative_arcs_are_real() -> None:
    problem = ATSP([[0, 0, -5], [2, 0, 0], [0, 3, 0]])
    assert problem.evaluate(Tour([0, 2, 1])) == -5 + 3 + 2


def test_check_names_each_violation(square: TSP) -> None:
    assert square.check(Tour([2, 1, 0, 3])) == []
    assert square.check(Tour([0, 1, 1, 1, 8, -1])) == [
        "unknown city 8 (cities are 0..3)",
        "unknown city -1 (cities are 0..3)",
        "city 1 is visited 3 times",
        "city 2 is not visited",
        "city 3 is not visited",
    ]
    assert len(square.check(Tour([]))) == 4


def test_fixed_edges() -> None:
    problem = TSP(SQUARE, fixed_edges=[[2, 0], [0, 2], [0, 1]])
    assert problem.fixed_edges is not None
    assert problem.fixed_edges.tolist() == [[0, 1], [0, 2]]
    assert problem.check(Tour([1, 0, 2, 3])) == []
    assert problem.check(Tour([3, 2, 0, 1])) == []
    assert problem.check(Tour([0, 1, 2, 3])) == ["fixed edge 0-2 is not in the tour"]


def test_fixed_arcs_have_a_direction() -> None:
    problem = ATSP(np.ones((3, 3), dtype=int), fixed_edges=[[0, 2]])
    assert problem.check(Tour([0, 2, 1])) == []
    assert problem.check(Tour([2, 0, 1])) == ["fixed edge 0-2 is not in the tour"]


@pytest.mark.parametrize(
    ("edges", "reason"),
    [
        ([[0, 4]], "city 4 where cities are 0..3"),
        ([[0, -1]], "is below 0"),
        ([[0, 0.5]], "is not an integer"),
        ([0, 1], "shape"),
        ([[0, 1], [0, 2], [0, 3]], "no tour uses all 3 fixed edges of city 0"),
        ([[0, 1], [1, 2], [2, 0]], "closes a cycle of fixed edges"),
        ([[1, 1]], "closes a cycle of fixed edges"),
    ],
)
def test_impossible_fixed_edges(edges: list[list[int]], reason: str) -> None:
    with pytest.raises(InvalidProblemError, match=f"fixed_edges.*{reason}"):
        TSP(SQUARE, fixed_edges=edges)


def test_a_whole_fixed_tour_is_possible() -> None:
    ring = [[0, 1], [1, 2], [2, 3], [3, 0]]
    assert TSP(SQUARE, fixed_edges=ring).check(Tour([1, 2, 3, 0])) == []
    assert ATSP(np.ones((4, 4)), fixed_edges=ring).check(Tour([1, 2, 3, 0])) == []
    with pytest.raises(InvalidProblemError, match="all 2 fixed edges of city 1"):
        ATSP(np.ones((4, 4)), fixed_edges=[[0, 1], [2, 1]])


def test_an_open_path_does_not_pay_the_way_back() -> None:
    problem = TSP(SQUARE, ends=[0, 2])
    assert problem.fixed_edges is not None
    assert problem.fixed_edges.tolist() == [[0, 2]]
    for tour in ([0, 1, 3, 2], [3, 1, 0, 2], [2, 3, 1, 0]):
        assert problem.check(Tour(tour)) == []
        assert problem.evaluate(Tour(tour)) == 3 + 5 + 4 - 1
        assert problem.path(Tour(tour)).tolist() == [0, 1, 3, 2]
    assert problem.check(Tour([0, 1, 2, 3])) == ["fixed edge 0-2 is not in the tour"]
    assert TSP(SQUARE).path(Tour([2, 3, 0, 1])).tolist() == [0, 1, 2, 3]


def test_a_directed_path_ends_where_it_should() -> None:
    problem = ATSP([[0, 1, 9], [9, 0, 1], [7, 9, 0]], ends=[1, 0])
    assert problem.check(Tour([0, 1, 2])) == []
    assert problem.evaluate(Tour([0, 1, 2])) == 1 + 7
    assert problem.path(Tour([0, 1, 2])).tolist() == [1, 2, 0]
    assert problem.check(Tour([0, 2, 1])) == ["fixed edge 0-1 is not in the tour"]


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        ([0, 4], "ends: cities are 0..3"),
        ([2, 2], "ends: a path does not end at 2 as well"),
        ([0, -1], "ends.* is below 0"),
        ([0, 1, 2], "ends: shape"),
    ],
)
def test_impossible_ends(ends: list[int], reason: str) -> None:
    with pytest.raises(InvalidProblemError, match=reason):
        TSP(SQUARE, ends=ends)


def test_ends_make_another_problem_that_json_holds(tmp_path: Path) -> None:
    problem = TSP(SQUARE, metric="EUC_2D", ends=[0, 2])
    assert problem != TSP(SQUARE, metric="EUC_2D", fixed_edges=[[0, 2]])
    write(problem, tmp_path / "path.json")
    assert read(tmp_path / "path.json") == problem
    with pytest.raises(UnsupportedFeatureError, match="open path"):
        write(problem, tmp_path / "path.tsp")
    assert not (tmp_path / "path.tsp").exists()


def test_other_bad_fields() -> None:
    with pytest.raises(InvalidProblemError, match="display: shape"):
        TSP(SQUARE, display=[[0, 0]])
    with pytest.raises(InvalidProblemError, match="matrix: is missing"):
        ATSP(None)


@given(st.lists(st.integers(-2, 6), max_size=8))
def test_check_is_empty_exactly_for_permutations(cities: list[int]) -> None:
    feasible = sorted(cities) == list(range(4))
    assert (TSP(SQUARE).check(Tour(cities)) == []) is feasible


@given(st.integers(0, 2**32), st.permutations(range(7)))
def test_evaluate_does_not_depend_on_start_or_direction(
    seed: int, tour: list[int]
) -> None:
    problem = TSP(np.random.default_rng(seed).random((7, 2)))
    length = problem.evaluate(Tour(tour))
    assert problem.evaluate(Tour(tour[3:] + tour[:3])) == length
    assert problem.evaluate(Tour(tour[::-1])) == length
    legs = itertools.pairwise([*tour, tour[0]])
    assert length == pytest.approx(sum(float(problem.distance(i, j)) for i, j in legs))


def test_from_graphs() -> None:
    graph = nx.complete_graph(4)
    nx.set_edge_attributes(graph, {(i, j): i + j for i, j in graph.edges}, "weight")
    problem = tsp_from_graph(graph)
    assert isinstance(problem, TSP)
    assert problem.distances().dtype == np.int64
    assert problem.distances()[1].tolist() == [1, 0, 3, 4]
    graph[0][1]["weight"] = 0.5
    assert tsp_from_graph(graph).distances().dtype == np.float64
    ring = nx.cycle_graph(5, create_using=nx.DiGraph)
    nx.set_edge_attributes(ring, 2, "weight")
    closed = tsp_from_graph(ring, closure=True)
    assert isinstance(closed, ATSP)
    assert closed.distances()[0].tolist() == [0, 2, 4, 6, 8]


def test_zero_weights_are_edges() -> None:
    graph = nx.Graph()
    graph.add_edge("a", "b", weight=0)
    graph.add_edge("b", "c", weight=1)
    matrix = tsp_from_graph(graph, closure=True).distances()
    assert matrix.tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize(
    ("edges", "closure", "reason"),
    [
        ([("a", "b", 1), ("b", "c", 1)], False, "from 'a' to 'c' there is no edge"),
        ([("a", "b", 1), ("c", "d", 1)], True, "from 'a' to 'c' there is no path"),
        ([("a", "b", None)], False, "edge 'a'-'b': weight = None"),
        ([("a", "b", "far")], False, "edge 'a'-'b': weight = 'far'"),
        ([("a", "b", -1)], True, "a cycle of negative weight"),
        ([], False, "the graph has no node"),
    ],
)
def test_graphs_without_a_tour(
    edges: list[tuple[str, str, object]], closure: bool, reason: str
) -> None:
    graph = nx.Graph()
    graph.add_weighted_edges_from(edges)
    with pytest.raises(InvalidProblemError, match=reason):
        tsp_from_graph(graph, closure=closure)
