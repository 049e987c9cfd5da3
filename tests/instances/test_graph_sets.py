"""Independent set, vertex cover, clique: construction, judging, networkx, files."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)
from combkit.instances.formats import (
    dimacs,
    read,
    read_solution,
    stated_objective,
    write,
    write_solution,
)
from combkit.instances.generators import generate
from combkit.instances.graph_sets import Clique, GraphSet, IndependentSet, VertexCover
from combkit.instances.solutions import Selection
from combkit.instances.source import Source

PATH = [[0, 1], [1, 2], [2, 3]]


@st.composite
def graph_sets(draw: st.DrawFn) -> GraphSet:
    n = draw(st.integers(1, 9))
    pairs = list(itertools.combinations(range(n), 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    weights = draw(
        st.none()
        | st.lists(st.integers(0, 10**9), min_size=n, max_size=n)
        | st.lists(st.floats(0, 1e6), min_size=n, max_size=n)
    )
    kind = draw(st.sampled_from([IndependentSet, VertexCover, Clique]))
    return kind(n, edges, weights)


def test_the_same_graph_is_the_same_problem() -> None:
    first = IndependentSet(4, PATH)
    assert first == IndependentSet(4, [[3, 2], [1, 0], [2, 1], [0, 1]])
    assert first == IndependentSet(4, PATH, [1.0, 1, 1, 1])
    assert first != VertexCover(4, PATH)
    assert first != IndependentSet(4, PATH, [1, 1, 1, 2])
    assert first.size == {"n": 4, "edges": 3}
    assert first.density == 0.5
    assert IndependentSet(1, []).density == 0.0
    assert (first.sense, Clique(4, PATH).sense) == ("max", "max")
    assert VertexCover(4, PATH).sense == "min"


@pytest.mark.parametrize(
    ("n", "edges", "weights", "message"),
    [
        (0, [], None, "n: 0 is not"),
        (2.5, [], None, "n: 2.5 is not"),
        (3, [[0, 3]], None, "edge 0-3: vertices are 0 to 2"),
        (3, [[1, 1]], None, "edge 1-1 is a loop"),
        (3, [[0, -1]], None, r"edges\[0, 1\] = -1 is below 0"),
        (3, [[0, 1, 2]], None, "edges: shape"),
        (3, [[0, 1]], [1, 2], "weights: shape"),
        (2, [[0, 1]], [1, -2], r"weights\[1\] = -2"),
        (2, [[0, 1]], [1, math.nan], "not finite"),
        (2, [[0, 1]], [2**53, 1], "their sum"),
    ],
)
def test_refuses_impossible_fields(n, edges, weights, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        IndependentSet(n, edges, weights)


@settings(max_examples=40, deadline=None)
@given(graph_sets(), st.sets(st.integers(0, 8)))
def test_checks_agree_with_networkx(problem: GraphSet, chosen: set[int]) -> None:
    members = sorted(v for v in chosen if v < problem.n)
    graph = problem.to_networkx()
    inside = graph.subgraph(members).number_of_edges()
    k = len(members)
    expected = {
        "mis": inside == 0,
        "clique": inside == k * (k - 1) // 2,
        "vc": graph.subgraph(set(graph) - set(members)).number_of_edges() == 0,
    }[problem.kind]
    assert (problem.check(Selection(members)) == []) == expected
    weights = [1] * problem.n if problem.weights is None else problem.weights.tolist()
    value = problem.evaluate(Selection(members))
    assert value == pytest.approx(sum(weights[v] for v in members))


def test_says_what_is_wrong() -> None:
    problem = IndependentSet(4, PATH)
    assert problem.check(Selection([1, 1, 2])) == [
        "vertex 1 is selected 2 times",
        "vertices 1 and 2 are adjacent",
    ]
    assert problem.check(Selection([4]))[0].startswith("vertex 4 does not exist")
    with pytest.raises(InvalidSolutionError, match="vertex -1"):
        problem.evaluate(Selection([-1]))
    many = VertexCover.from_networkx(nx.complete_graph(9)).check(Selection([]))
    assert len(many) == 21
    assert many[-1] == "16 more pairs like these"


@settings(max_examples=40, deadline=None)
@given(graph_sets())
def test_networkx_there_and_back(problem: GraphSet) -> None:
    weight = None if problem.weights is None else "weight"
    graph = problem.to_networkx()
    assert type(problem).from_networkx(graph, weight=weight) == problem


def test_networkx_nodes_keep_their_order_and_need_weights() -> None:
    graph = nx.Graph([("b", "a"), ("a", "c")], name="letters")
    problem = Clique.from_networkx(graph)
    assert (problem.name, problem.edges.tolist()) == ("letters", [[0, 1], [1, 2]])
    with pytest.raises(InvalidProblemError, match="node 'b' has no 'price'"):
        Clique.from_networkx(graph, weight="price")


# -- formats ------------------------------------------------------------------

_FILES = {
    "x.clq": (Clique, "dimacs"),
    "x.mis": (IndependentSet, "dimacs"),
    "x.vc": (VertexCover, "dimacs"),
    "x.clq.b": (Clique, "dimacs-binary"),
    "x.mis.b": (IndependentSet, "dimacs-binary"),
    "x.json": (None, "json"),
    "x.graph": (IndependentSet, "metis"),
}


@pytest.mark.parametrize("name", _FILES)
@settings(max_examples=40, deadline=None)
@given(problem=graph_sets())
def test_round_trips(
    name: str, problem: GraphSet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind, format = _FILES[name]
    path = tmp_path_factory.mktemp("graphs") / name
    if kind is not None:
        problem = kind(problem.n, problem.edges, problem.weights)
    try:
        write(problem, path)
    except UnsupportedFeatureError:
        assert problem.weights is not None
        assert problem.weights.dtype == np.float64
        return
    assert read(path, format) == problem
    if format != "metis" or len(problem.edges):
        assert read(path) == problem


def test_edge_lists(tmp_path: Path) -> None:
    path = tmp_path / "x.edges"
    problem = IndependentSet(4, PATH)
    write(problem, path)
    assert read(path, "edgelist") == problem
    with pytest.raises(UnsupportedFeatureError, match="isolated"):
        write(IndependentSet(5, PATH), path)


def test_the_user_says_what_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "x.col"
    write(VertexCover(4, PATH), path, "dimacs")
    for format, kind in (
        ("dimacs-mis", "mis"),
        ("dimacs-clique", "clique"),
        ("dimacs-vc", "vc"),
        (None, "mis"),
    ):
        assert read(path, format).kind == kind


def test_dialects(tmp_path: Path) -> None:
    pace = tmp_path / "x.gr"
    pace.write_text("c PACE 2019\np td 4 3\n1 2\n2 3\n3 4\n")
    assert read(pace) == VertexCover(4, PATH)
    complement = tmp_path / "x.txt"
    complement.write_text("p col 4 3\np 1 2\np 2 3\np 3 4\n")
    assert read(complement) == IndependentSet(4, PATH)
    metis = tmp_path / "y.graph"
    metis.write_text("% weighted\n3 2 11\n7 2 9\n8 1 9 3 9\n\n")
    with pytest.raises(InstanceFormatError, match="weight of the vertex is missing"):
        read(metis, "metis")
    metis.write_text("% weighted\n3 2 11\n7 2 9\n8 1 9 3 9\n5 2 9\n")
    assert read(metis) == IndependentSet(3, [[0, 1], [1, 2]], [7, 8, 5])


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("e 1 2\n", 1, "before the problem line"),
        ("c x\np edge 3\n", 2, "must read"),
        ("p edge 0 0\n", 1, "no vertex"),
        ("p edge 3 1\ne 1 4\n", 2, "4 is above 3"),
        ("p edge 3 1\ne 1\n", 2, "1 numbers"),
        ("p edge 3 1\ne 1 x\n", 2, "'x' is not an integer"),
        ("p edge 3 1\ne 2 2\n", 2, "joined to itself"),
        ("p edge 3 1\np edge 3 1\n", 2, "a second problem line"),
        ("p edge 3 1\nn 1 2\nn 1 3\n", 3, "has a weight already"),
        ("p edge 3 1\nn 1 -2\n", 2, "-2 is below 0"),
        ("p edge 3 1\nn 1\n", 2, "'n VERTEX WEIGHT'"),
    ],
)
def test_dimacs_names_the_bad_line(
    tmp_path: Path, content: str, line: int, reason: str
) -> None:
    path = tmp_path / "x.clq"
    path.write_text(content)
    with pytest.raises(InstanceFormatError) as caught:
        read(path, "dimacs")
    assert (caught.value.line, reason in caught.value.reason) == (line, True)


@settings(max_examples=40, deadline=None)
@given(tail=st.binary(max_size=60), place=st.integers(0, 80), byte=st.integers(0, 255))
def test_damaged_binary_files_are_refused(
    tail: bytes, place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Only the documented error may escape, whatever the damage."""
    whole = bytearray(dimacs.write_binary(Clique(12, [[0, 1], [3, 11], [5, 6]])))
    whole[place % len(whole)] = byte
    path = tmp_path_factory.mktemp("binary") / "x.clq.b"
    for content in (bytes(whole), bytes(whole[:place]) + tail):
        path.write_bytes(content or b"0")
        for format in (None, "dimacs-binary"):
            try:
                read(path, format)
            except InstanceFormatError as error:
                assert "\n" not in str(error)
            except UnsupportedFeatureError:
                assert format is None


def test_solutions_in_files(tmp_path: Path) -> None:
    problem = VertexCover(4, PATH)
    path = tmp_path / "x.sol"
    write_solution(problem, Selection([1, 2]), path)
    assert read_solution(path, problem) == Selection([1, 2])
    assert stated_objective(path, problem) == 2
    path.write_text("c PACE\ns vc 4 2\n2\n3\n")
    assert read_solution(path, problem) == Selection([1, 2])
    path.write_text("0\n")
    with pytest.raises(InstanceFormatError, match=":1: 0 is below 1"):
        read_solution(path, problem)


def test_text_and_binary_files_of_a_benchmark_agree(shared_data: Path) -> None:
    folder = shared_data / "routing" / "graphs"
    for name in ("keller4", "brock200_2", "p_hat300-1", "hamming8-4"):
        text = read(folder / "clique" / f"{name}.clq")
        assert read(folder / "clique_bin" / f"{name}.clq.b") == text
        other = (
            read(folder / "mis" / f"{name}.clq-compliment.txt")
            if (folder / "mis" / f"{name}.clq-compliment.txt").exists()
            else None
        )
        if other is not None:
            pairs = text.n * (text.n - 1) // 2
            assert other.kind == "mis"
            assert len(other.edges) + len(text.edges) == pairs
    with pytest.raises(InstanceFormatError, match="vertex 95 is joined to itself"):
        read(folder / "coloring" / "homer.col")


# -- generators ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mis", "clique", "vc"])
@pytest.mark.parametrize("model", ["er", "ba", "geometric", "rb"])
def test_models_and_weights(kind: str, model: str) -> None:
    problem = generate(kind, 60, seed=2, model=model, p=0.25, largest=5)
    assert problem.n == 60
    assert len(problem.edges) > 0
    assert set(problem.weights.tolist()) <= {1, 2, 3, 4, 5}


def test_the_planted_solution_of_rb_is_as_large_as_its_groups() -> None:
    problem = generate("mis", 60, seed=4, model="rb", p=0.25)
    size = round(60 ** (4 / 9))
    graph = problem.to_networkx()
    groups = [range(k, min(60, k + size)) for k in range(0, 60, size)]
    for group in groups:
        k = len(group)
        assert graph.subgraph(group).number_of_edges() == k * (k - 1) // 2
    complement = nx.complement(graph)
    assert len(nx.max_weight_clique(complement, None)[0]) == len(groups)


def test_a_source_without_members_is_not_a_member(tmp_path: Path) -> None:
    path = tmp_path / "x.clq"
    write(Clique(4, PATH), path)
    with pytest.raises(InstanceFormatError, match="hold one problem"):
        read(f"{path}#1")
    assert Source(path).member is None
