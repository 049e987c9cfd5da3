"""TSPLIB and CVRPLIB instances: quirks, damage, round trips."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from combkit.instances.cvrp import CVRP
from combkit.instances.distances import METRICS
from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError
from combkit.instances.formats import (
    read,
    read_solution,
    tsplib,
    tsplib_solutions,
    write,
)
from combkit.instances.tsp import ATSP, TSP

Save = Callable[..., Path]

TSP_TEXT = """NAME : small
TYPE : TSP
DIMENSION : 3
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
EOF
"""
CVRP_TEXT = """NAME : small
COMMENT : (made here)
TYPE : CVRP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 5
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
DEMAND_SECTION
1 0
2 2
3 3
4 1
DEPOT_SECTION
1
-1
EOF
"""


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(text: str, name: str = "file.txt") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return save


def explicit(layout: str, weights: str, n: int = 3, kind: str = "TSP") -> str:
    return (
        f"TYPE: {kind}\nDIMENSION: {n}\nEDGE_WEIGHT_TYPE: EXPLICIT\n"
        f"EDGE_WEIGHT_FORMAT: {layout}\nEDGE_WEIGHT_SECTION\n{weights}\nEOF\n"
    )


# -- what the reader accepts ---------------------------------------------------


def test_tsp(save: Save) -> None:
    problem = read(save(TSP_TEXT))
    assert isinstance(problem, TSP)
    assert problem == TSP([[0, 0], [3, 4], [6, 8]], metric="EUC_2D")
    assert problem.name == "small"


def test_cvrp(save: Save) -> None:
    coords = [[0, 0], [3, 4], [6, 8], [0, 5]]
    problem = read(save(CVRP_TEXT))
    assert problem == CVRP(coords, [0, 2, 3, 1], 5, metric="EUC_2D")
    assert problem.comment == "(made here)"


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("EOF\n", ""),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: "\ufeff" + t,
        lambda t: t.replace(" : ", ":"),
        lambda t: t.replace(" : ", "\t:\t").replace("SECTION", "SECTION\t\t"),
        lambda t: t.replace("SECTION\n", "SECTION :\n"),
        lambda t: t.replace("\n1 0 0", "\n\n  1\t0.0\t0e0 \n"),
        lambda t: t.replace("2 3 4", "2 +3.0 4.0E+00"),
        lambda t: t.replace("TYPE : TSP", "TYPE : TSP (some remark)"),
        lambda t: "COMMENT : a\nCOMMENT : b\n" + t,
        lambda t: t.replace("EOF", "EOF\nanything 1 2 3"),
        lambda t: t.replace("1 0 0\n2 3 4\n3 6 8", "3 6 8\n1 0 0\n2 3 4"),
        lambda t: t.replace("1 0 0\n2 3 4\n3 6 8", "0 0 0\n1 3 4\n2 6 8"),
        lambda t: t.replace("1 0 0\n2 3 4\n3 6 8", "10 0 0\n30 3 4\n20 6 8"),
        lambda t: "\n".join(t.split("\n")[4:8] + t.split("\n")[:4]),
        lambda t: t.replace("NODE", "EDGE_WEIGHT_FORMAT: FUNCTION\nNODE", 1),
        lambda t: t.replace("NODE", "DISPLAY_DATA_TYPE: COORD_DISPLAY\nNODE", 1),
    ],
)
def test_spellings_of_one_problem(save: Save, change: Callable[[str], str]) -> None:
    expected = TSP([[0, 0], [3, 4], [6, 8]], metric="EUC_2D")
    assert read(save(change(TSP_TEXT), "wrong_suffix.jsp")) == expected


def test_compressed_file(save: Save, tmp_path: Path) -> None:
    packed = tmp_path / "small.vrp.gz"
    packed.write_bytes(gzip.compress(CVRP_TEXT.encode()))
    assert read(packed) == read(save(CVRP_TEXT))


@pytest.mark.parametrize(
    ("layout", "weights"),
    [
        ("FULL_MATRIX", "0 1 2\n1 0 3\n2 3 0"),
        ("FULL_MATRIX", "9 1 2 1 9 3 2\n3 9"),
        ("UPPER_ROW", "1 2\n3"),
        ("LOWER_ROW", "1\n2 3"),
        ("UPPER_DIAG_ROW", "9 1 2 9 3 9"),
        ("LOWER_DIAG_ROW", "9\n1 9\n2 3\n\n9"),
        ("UPPER_COL", "1 2 3"),
        ("LOWER_COL", "1 2 3"),
        ("UPPER_DIAG_COL", "9 1 9 2 3 9"),
        ("LOWER_DIAG_COL", "9 1 2 9 3 9"),
    ],
)
def test_every_matrix_format(save: Save, layout: str, weights: str) -> None:
    """The matrix is 01:1, 02:2, 12:3 in each of them."""
    problem = read(save(explicit(layout, weights)))
    assert problem == TSP(matrix=[[0, 1, 2], [1, 0, 3], [2, 3, 0]])


def test_column_formats_are_the_transposed_row_formats(save: Save) -> None:
    """With four nodes the two orders of a triangle differ."""
    by_row = read(save(explicit("UPPER_ROW", "1 2 3 4 5 6", n=4)))
    by_column = read(save(explicit("UPPER_COL", "1 2 3 4 5 6", n=4)))
    assert by_row.distances()[0].tolist() == [0, 1, 2, 3]
    assert by_column.distances()[0].tolist() == [0, 1, 2, 4]
    assert by_row == read(save(explicit("LOWER_COL", "1 2 3 4 5 6", n=4)))
    assert by_column == read(save(explicit("LOWER_ROW", "1 2 3 4 5 6", n=4)))


def test_asymmetric_matrix(save: Save) -> None:
    text = explicit("FULL_MATRIX", "9 1 0 4 9 5 0 6 9", kind="ATSP")
    assert read(save(text)) == ATSP([[0, 1, 0], [4, 0, 5], [0, 6, 0]])


def test_fractional_weights(save: Save) -> None:
    problem = read(save(explicit("UPPER_ROW", "1.5 2 3")))
    assert problem.distances().tolist() == [[0, 1.5, 2], [1.5, 0, 3], [2, 3, 0]]
    assert not problem.integral


def test_one_city(save: Save) -> None:
    assert read(save(explicit("UPPER_ROW", "", n=1))).n == 1


def test_three_dimensions(save: Save) -> None:
    text = TSP_TEXT.replace("EUC_2D", "MAX_3D\nNODE_COORD_TYPE : THREED_COORDS")
    text = re.sub(r"(\d \d \d)\n", r"\1 9\n", text)
    assert read(save(text)).coords.shape == (3, 3)


def test_display_positions(save: Save) -> None:
    head = explicit("UPPER_ROW", "1 2 3").replace("EOF\n", "")
    shown = head + "DISPLAY_DATA_SECTION\n1 5 6\n2 7 8\n3 9 9\n"
    assert read(save(shown)).display.tolist() == [[5, 6], [7, 8], [9, 9]]
    coords = head + "NODE_COORD_SECTION\n1 5 6\n2 7 8\n3 9 9\n"
    assert read(save(coords)).display.tolist() == [[5, 6], [7, 8], [9, 9]]
    assert read(save(coords)).coords is None


def test_fixed_edges_before_the_coordinates(save: Save) -> None:
    section = "FIXED_EDGES_SECTION\n1 3\n-1\nNODE_COORD"
    problem = read(save(TSP_TEXT.replace("NODE_COORD", section)))
    assert problem.fixed_edges.tolist() == [[0, 2]]


def test_fixed_edges_use_the_numbers_of_the_file(save: Save) -> None:
    text = TSP_TEXT.replace("1 0 0\n2 3 4\n3 6 8", "10 0 0\n30 3 4\n20 6 8")
    for edges in ("EOF", "NODE_COORD"):
        fixed = text.replace(edges, f"FIXED_EDGES_SECTION\n30 20\n-1\n{edges}")
        assert read(save(fixed)).fixed_edges.tolist() == [[1, 2]]


def test_the_depot_comes_first(save: Save) -> None:
    text = CVRP_TEXT.replace("1 0\n2 2\n3 3", "1 2\n2 2\n3 0")
    problem = read(save(text.replace("SECTION\n1\n-1", "SECTION\n3\n-1")))
    assert problem.coords.tolist() == [[6, 8], [0, 0], [3, 4], [0, 5]]
    assert problem.demands.tolist() == [0, 2, 2, 1]


def test_the_depot_of_a_matrix_comes_first(save: Save) -> None:
    text = explicit("FULL_MATRIX", "0 1 2 3 0 4 5 6 0", kind="CVRP").replace("EOF", "")
    text += "CAPACITY: 2\nDEMAND_SECTION\n1 1\n2 0\n3 1\nDEPOT_SECTION\n2\n-1\n"
    problem = read(save(text))
    assert problem.distances().tolist() == [[0, 3, 4], [1, 0, 2], [6, 5, 0]]


def test_limits_of_a_cvrp(save: Save) -> None:
    limits = "DISTANCE : 99.5\nVEHICLES : 2\nSERVICE_TIME : 10\nCAPACITY"
    problem = read(save(CVRP_TEXT.replace("CAPACITY", limits)))
    assert (problem.max_distance, problem.vehicles) == (99.5, 2)
    assert problem.service_time.tolist() == [0, 10, 10, 10]
    section = "SERVICE_TIME_SECTION\n1 0\n2 1\n3 2.5\n4 3\nDEPOT_SECTION"
    problem = read(save(CVRP_TEXT.replace("DEPOT_SECTION", section)))
    assert problem.service_time.tolist() == [0, 1, 2.5, 3]


@pytest.mark.parametrize(
    ("comment", "metric"),
    [
        ("(made here)", "EUC_2D"),
        ("5623.47", "euclidean"),
        ("5623", "EUC_2D"),
        ("5623.00", "EUC_2D"),
        ("best 5623.47", "EUC_2D"),
        ("5623.47\nCOMMENT : again", "EUC_2D"),
    ],
)
def test_a_fractional_value_means_unrounded_distances(
    save: Save, comment: str, metric: str
) -> None:
    assert read(save(CVRP_TEXT.replace("(made here)", comment))).metric == metric
    tsp = TSP_TEXT.replace("TYPE", f"COMMENT : {comment}\nTYPE", 1)
    assert read(save(tsp)).metric == "EUC_2D"


def test_unrounded_distances_by_name(save: Save) -> None:
    assert read(save(TSP_TEXT.replace("EUC_2D", "EXACT_2D"))).metric == "euclidean"


# -- what it refuses -----------------------------------------------------------

BAD_CVRP = [
    ("DIMENSION : 4", "DIMENSION : 3", 11, "more than 3 rows"),
    ("DIMENSION : 4", "DIMENSION : 5", 11, "ends after 4 of 5 rows"),
    ("DIMENSION : 4", "DIMENSION : 10000000000", 11, "4 of 10000000000 rows"),
    ("DIMENSION : 4", "DIMENSION : 9" + "9" * 5000, 4, "not a positive integer"),
    ("DIMENSION : 4", "DIMENSION : -4", 4, "'-4' is not a positive integer"),
    ("DIMENSION : 4", "DIMENSION : four", 4, "'four' is not a positive integer"),
    ("DIMENSION : 4\n", "", 19, "DIMENSION is missing"),
    ("DIMENSION : 4", "DIMENSION 4", 4, "'DIMENSION 4' is no 'KEY : value'"),
    ("CAPACITY : 5", "CAPACITY : 0", 6, "CAPACITY 0 is not positive"),
    ("CAPACITY : 5", "CAPACITY : -5", 6, "CAPACITY -5 is not positive"),
    ("CAPACITY : 5", "CAPACITY : nan", 6, "'nan' is not a finite number"),
    ("CAPACITY : 5", "CAPACITY : 1e999", 6, "'1e999' is not a finite number"),
    ("CAPACITY : 5\n", "", 19, "CAPACITY is missing"),
    ("CAPACITY : 5", "CAPACITY : 5\nCAPACITY : 5", 7, "CAPACITY' is given twice"),
    ("CAPACITY : 5", "DISTANCE : -1\nCAPACITY : 5", 6, "max_distance: -1 is not pos"),
    ("CAPACITY : 5", "VEHICLES : 0\nCAPACITY : 5", 6, "not a positive integer"),
    ("CAPACITY : 5", "CAPACTY : 5", 6, "unknown keyword 'CAPACTY'; did you mean"),
    ("CAPACITY : 5", "CAPACITY : 5\n17", 7, "'17' outside of a section"),
    ("TYPE : CVRP\n", "", 19, "TYPE is missing"),
    ("TYPE : CVRP", "TYPE : FOO", 3, "unknown TYPE 'FOO'"),
    ("TYPE : CVRP", "TYPE : TOUR", 3, "this is a solution"),
    ("TYPE : CVRP", "TYPE : TSP", 6, "CAPACITY in a TSP"),
    (": EUC_2D", ": EUCLID", 5, "unknown EDGE_WEIGHT_TYPE 'EUCLID'"),
    (": EUC_2D", ": EXPLICIT", 20, "EDGE_WEIGHT_FORMAT is missing"),
    ("EDGE_WEIGHT_TYPE : EUC_2D\n", "", 19, "EDGE_WEIGHT_TYPE is missing"),
    ("CAPACITY", "NODE_COORD_TYPE : FOURD\nCAPACITY", 6, "unknown NODE_COORD_TYPE"),
    ("CAPACITY", "NODE_COORD_TYPE : NO_COORDS\nCAPACITY", 6, "does not fit"),
    ("CAPACITY", "DISPLAY_DATA_TYPE : 4D\nCAPACITY", 6, "unknown DISPLAY_DATA_TYPE"),
    ("3 6 8", "3 6 nan", 10, "'nan' in NODE_COORD_SECTION is not a finite"),
    ("3 6 8", "3 6 1e400", 10, "'1e400' in NODE_COORD_SECTION is not a finite"),
    ("3 6 8", "3 6 8x", 10, "'8x' in NODE_COORD_SECTION"),
    ("3 6 8", "3 6 1_0", 10, "'1_0' in NODE_COORD_SECTION"),
    ("3 6 8", "3 6", 10, "2 numbers in a row"),
    ("3 6 8", "3 6 8 9", 10, "4 numbers in a row"),
    ("3 6 8", "3.5 6 8", 10, "3.5 is not a node number"),
    ("3 6 8", "99999999999999999999 6 8", 10, r"1e\+20 is not a node number"),
    ("3 6 8", "2 6 8", 10, "node 2 has two rows"),
    ("3 6 8", "3 6 1e20", 7, "is too large"),
    ("3 6 8", "nan 6 8", 10, "is no 'KEY : value'"),
    ("3 3\n", "9 3\n", 15, "there is no node 9"),
    ("3 3\n", "2 3\n", 15, "node 2 has two rows"),
    ("3 3\n", "3 6\n", 15, "demand 6 exceeds the CAPACITY 5"),
    ("3 3\n", "3 -3\n", 15, "demand -3 is negative"),
    ("1 0\n2 2", "1 1\n2 2", 12, r"demands\[0\] = 1 at the depot"),
    ("\n1\n-1", "\n7\n-1", 18, "there is no node 7"),
    ("\n1\n-1", "\n1.0\n-1", 18, "'1.0' in DEPOT_SECTION is not an integer"),
    ("\n1\n-1", "\n-1", 17, "names no depot"),
    ("\n1\n-1", "\n1\n-1 4", 19, "'4' after the -1 that ends DEPOT_SECTION"),
    ("\n1\n-1\nEOF\n", "\n1", 18, "DEPOT_SECTION ends without -1"),
    ("DEPOT_SECTION\n1\n-1\n", "", 17, "DEPOT_SECTION is missing"),
    ("DEPOT_SECTION", "DEMAND_SECTION", 17, "DEMAND_SECTION' is given twice"),
    ("DEMAND_SECTION", "DEMAND_SECTION : 1 0", 12, "'1 0' on the line of 'DEMAND"),
]


@pytest.mark.parametrize(("old", "new", "line", "reason"), BAD_CVRP)
def test_bad_cvrp(save: Save, old: str, new: str, line: int, reason: str) -> None:
    assert old in CVRP_TEXT
    path = save(CVRP_TEXT.replace(old, new, 1))
    with pytest.raises(InstanceFormatError, match=reason) as caught:
        read(path, "tsplib")
    assert str(caught.value).startswith(f"{path}:{line}: ")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (explicit("UPPER_ROW", "1 2"), 6, "ends after 2 of 3 numbers"),
        (explicit("UPPER_ROW", "1 2\n3 4"), 7, "more than 3 numbers"),
        (explicit("UPPER_ROW", "1\n2\n-x"), 8, "'-x' in EDGE_WEIGHT_SECTION"),
        (explicit("UPPER_ROW", "1\n2\n1e400"), 8, "'1e400'.*not a finite"),
        (explicit("UPPER_ROW", "1\n2\n99999999999999999999"), 8, "is too large"),
        (explicit("UPPER_ROW", "1\n2\n4503599627370496"), 5, "too large for 3 nodes"),
        (explicit("UPPER_ROW", "1 2 3", n=10**10), 6, "ends after 3 of 4999"),
        (explicit("FULL_MATRIX", "0 1 2 3 0 4 5 6 0"), 5, "not symmetric"),
        (explicit("UPPER", "1 2 3"), 4, "unknown EDGE_WEIGHT_FORMAT 'UPPER'"),
        (
            explicit("UPPER_ROW", "1 2 3").replace("EDGE_WEIGHT_SECTION\n", ""),
            5,
            "'1 2 3' outside of a section",
        ),
        (
            TSP_TEXT.replace("NODE", "EDGE_WEIGHT_SECTION\n1\nNODE"),
            5,
            "with EDGE_WEIGHT_TYPE EUC_2D",
        ),
        (TSP_TEXT.replace("EOF", "FIXED_EDGES_SECTION\n1 2 3\n-1"), 11, "half an edge"),
        (TSP_TEXT.replace("EOF", "FIXED_EDGES_SECTION\n1 9\n-1"), 10, "no node 9"),
        (TSP_TEXT.replace("EOF", "FIXED_EDGES_SECTION\n1 1\n-1"), 9, "closes a cycle"),
    ],
)
def test_bad_tsp(save: Save, text: str, line: int, reason: str) -> None:
    with pytest.raises(InstanceFormatError, match=reason) as caught:
        read(save(text), "tsplib")
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ("TYPE : TSP", "TYPE : SOP", 2, "TYPE SOP"),
        ("TYPE : TSP", "TYPE : HCP", 2, "TYPE HCP"),
        ("TYPE : TSP", "TYPE : VRPPD", 2, "TYPE VRPPD"),
        ("TYPE : TSP", "TYPE : ATSP", 4, "an ATSP of EUC_2D distances"),
        ("EUC_2D", "SPECIAL", 4, "EDGE_WEIGHT_TYPE SPECIAL"),
        ("EUC_2D", "FLOOR_2D", 4, "EDGE_WEIGHT_TYPE FLOOR_2D"),
        ("EUC_2D", "EXPLICIT\nEDGE_WEIGHT_FORMAT: FUNCTION", 5, "FUNCTION"),
        ("EOF", "BACKHAUL_SECTION\n1 2", 9, "'BACKHAUL_SECTION'"),
        ("EOF", "VEHICLES_MAX_DURATION : 3", 9, "'VEHICLES_MAX_DURATION'"),
    ],
)
def test_unsupported_features_are_named(
    save: Save, old: str, new: str, line: int, named: str
) -> None:
    path = save(TSP_TEXT.replace(old, new))
    with pytest.raises(UnsupportedFeatureError, match=named) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_what_a_cvrp_does_not_support(save: Save) -> None:
    with pytest.raises(UnsupportedFeatureError, match="2 depots"):
        read(save(CVRP_TEXT.replace("\n1\n-1", "\n1\n2\n-1")))
    fixed = CVRP_TEXT.replace("EOF", "FIXED_EDGES_SECTION\n1 2\n-1\nEOF")
    with pytest.raises(UnsupportedFeatureError, match="FIXED_EDGES_SECTION"):
        read(save(fixed))


def test_truncation_anywhere_is_an_error(save: Save) -> None:
    """Only the EOF line and the blank before it can be lost without notice."""
    harmless = len(CVRP_TEXT) - len("\nEOF\n")
    for length in range(1, harmless):
        with pytest.raises((InstanceFormatError, UnsupportedFeatureError)):
            read(save(CVRP_TEXT[:length]), "tsplib")


@pytest.mark.timeout(20)
def test_long_runs_of_blanks_take_linear_time(save: Save) -> None:
    blanks = "\n" * 50_000 + " " * 1_000_000
    path = save(TSP_TEXT.replace("EOF", blanks + "\nEOF"))
    assert read(path, "tsplib").n == 3
    with pytest.raises(InstanceFormatError):
        read(save(blanks + "x"), "tsplib")
    problem = TSP([[0, 0], [1, 1]])
    for name in ("tour", "sol"):
        path = save("route" + blanks + "x\ncost" + blanks)
        with pytest.raises(InstanceFormatError):
            read_solution(path, problem, name)
    for sniff in (
        tsplib.sniff,
        tsplib_solutions.sniff_tour,
        tsplib_solutions.sniff_sol,
    ):
        assert not sniff(blanks)


# -- round trips -----------------------------------------------------------------


def finite(limit: float) -> st.SearchStrategy[float]:
    return st.floats(-limit, limit, allow_nan=False)


@st.composite
def problems(draw: st.DrawFn) -> TSP | ATSP | CVRP:
    n = draw(st.integers(2, 6))
    text = st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "Zs")))
    labels = {"name": draw(text), "comment": draw(st.just("12.5") | text)}
    kind = draw(st.sampled_from(["coords", "matrix", "atsp", "cvrp", "cvrp matrix"]))
    metric = draw(st.sampled_from(METRICS))
    solid = metric.endswith("3D") or metric.startswith("XRAY")
    shape = (n, 3 if solid else 2)
    coords = draw(arrays.arrays(np.float64, shape, elements=finite(1e9)))
    elements: st.SearchStrategy[float] = st.integers(0, 10**9)
    dtype: type[np.generic] = np.int64
    if draw(st.booleans()):
        dtype, elements = np.float64, st.floats(0, 1e9)
    matrix = draw(arrays.arrays(dtype, (n, n), elements=elements))
    display = draw(st.none() | arrays.arrays(np.float64, (n, 2), elements=finite(1e3)))
    if kind == "coords":
        fixed = draw(st.none() | st.just([[0, n - 1]]))
        return TSP(coords, metric=metric, display=display, fixed_edges=fixed, **labels)
    if kind == "matrix":
        return TSP(matrix=np.maximum(matrix, matrix.T), display=display, **labels)
    if kind == "atsp":
        fixed = draw(st.none() | st.just([[n - 1, 0]]))
        return ATSP(matrix, display=display, fixed_edges=fixed, **labels)
    demand = st.integers(0, 9) | st.floats(0, 9)
    demands = [0, *draw(st.lists(demand, min_size=n - 1, max_size=n - 1))]
    return CVRP(
        coords if kind == "cvrp" else None,
        np.array(demands),
        draw(st.integers(9, 20) | st.floats(9, 20)),
        matrix=matrix if kind == "cvrp matrix" else None,
        metric=metric if kind == "cvrp" else "euclidean",
        max_distance=draw(st.none() | st.floats(1, 1e6)),
        service_time=draw(st.none() | st.integers(0, 5) | st.floats(0, 5)),
        vehicles=draw(st.none() | st.integers(1, 9)),
        display=display,
        **labels,
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems())
def test_round_trip(tmp_path: Path, problem: TSP | ATSP | CVRP) -> None:
    path = tmp_path / f"file.{'vrp' if problem.kind == 'cvrp' else problem.kind}"
    write(problem, path)
    again = read(path)
    assert again == problem
    if problem.display is not None:
        assert np.array_equal(again.display, problem.display)


@pytest.mark.parametrize("text", ["-1\n", "\n", "1 2 3", "EOF", "x"])
def test_texts_without_any_keyword(save: Save, text: str) -> None:
    with pytest.raises(InstanceFormatError):
        read(save(text), "tsplib")
