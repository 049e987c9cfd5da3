"""Set cover and multidimensional knapsack: construction, judging, formats."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    UsageError,
)
from combkit.instances.formats import (
    mknap,
    read,
    read_solution,
    scp,
    write,
    write_solution,
)
from combkit.instances.generators import generate
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.set_cover import SetCover
from combkit.instances.solutions import Selection
from combkit.instances.source import Source

MKNAP = "2\n2 1 9\n5 6\n3 4\n5\n\n3 2 0\n1 2 3\n1 1 1\n2 2 2\n2 4\n"
SCP = "3 4\n2 3 1 9\n2\n1 2\n1\n2\n3 1 3\n4\n"
RAIL = "3 4\n2 2 1 3\n3 2 1 2\n1 1 3\n9 1 3\n"

amounts = st.integers(0, 1000) | st.floats(0, 1000)


@st.composite
def multi_knapsacks(draw: st.DrawFn) -> MultiKnapsack:
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    row = st.lists(amounts, min_size=n, max_size=n)
    return MultiKnapsack(
        draw(row),
        draw(st.lists(row, min_size=m, max_size=m)),
        draw(st.lists(amounts, min_size=m, max_size=m)),
    )


@st.composite
def set_covers(draw: st.DrawFn) -> SetCover:
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    members = st.sets(st.integers(0, m - 1), min_size=1)
    sets = [sorted(draw(members)) for _ in range(n)]
    sets[0] = sorted({*sets[0], *set(range(m)).difference(*sets)})
    return SetCover(draw(st.lists(amounts, min_size=n, max_size=n)), sets, m)


# -- multidimensional knapsack ------------------------------------------------


@pytest.mark.parametrize(
    ("profits", "weights", "capacities", "message"),
    [
        ([], [[]], [1], "no item"),
        ([1], np.zeros((0, 1)), [], "no resource"),
        ([1], [[1, 2]], [1], "weights: shape"),
        ([1, 2], [[1, 2], [3]], [1, 1], "weights: rows of different lengths"),
        ([1], [[1]], [1, 2], "capacities: shape"),
        ([-1], [[1]], [1], r"profits\[0\] = -1"),
        ([1], [[-1]], [1], r"weights\[0, 0\] = -1"),
        ([1], [[1]], [-1], r"capacities\[0\] = -1"),
        ([1], [[math.inf]], [1], "not finite"),
        ([1, 1], [[2**53, 2**53]], [1], "weights: their sum"),
    ],
)
def test_mkp_refuses_impossible_fields(profits, weights, capacities, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        MultiKnapsack(profits, weights, capacities)


def test_mkp_judges_selections() -> None:
    problem = MultiKnapsack([5, 6, 7], [[4, 3, 9], [1, 1, 0]], [10, 1])
    assert (problem.size, problem.sense) == ({"n": 3, "m": 2}, "max")
    assert problem.evaluate(Selection([2, 0])) == 12
    assert problem.check(Selection([2])) == []
    assert problem.check(Selection([0, 1, 1])) == [
        "item 1 is selected 2 times",
        "resource 1: total weight 2 exceeds the capacity 1",
    ]
    assert problem.check(Selection([3])) == ["item 3 does not exist: items are 0 to 2"]
    with pytest.raises(InvalidSolutionError, match="item 3"):
        problem.evaluate(Selection([3]))
    rounded = MultiKnapsack([1] * 3, [[0.1, 0.2, 0.3]], [0.6])
    assert rounded.check(Selection([0, 1, 2])) == []


@settings(max_examples=40, deadline=None)
@given(problem=multi_knapsacks())
def test_mkp_round_trips(
    problem: MultiKnapsack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("mkp")
    for name, format in (("x.mkp", "mknap"), ("x.json", None)):
        write(problem, folder / name)
        assert read(folder / name, format) == problem


def test_a_file_of_several_problems(tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_text(MKNAP)
    first, second = mknap.read_all(Source(path))
    assert (first.name, second.name) == ("two#0", "two#1")
    assert first.comment == "best known value in the file: 9"
    assert read(path) == read(f"{path}#0") == first
    assert read(f"{path}#1") == second
    with pytest.raises(InstanceFormatError, match="no problem 2: they count from 0"):
        read(f"{path}#2")
    with pytest.raises(InstanceFormatError, match="No such file"):
        read(tmp_path / "none#1")


def test_a_file_that_is_named_with_a_mark_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "lot#1"
    path.write_text(MKNAP)
    assert read(path).n == 2


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("0\n", 1, "0 is not the number of problems"),
        ("1\n2 1 0\n5 6\n3 4\n", 4, "ends after 0 of 1: capacities"),
        ("1\n2 1 0\n5 6\n3 -4\n5\n", 4, "-4 is below 0"),
        ("1\n2.5 1 0\n", 2, "2.5 is not the number of items"),
        ("1\n2 1 0\n5 6\n3 4\n5\n7\n", 6, "after the last problem"),
        ("1\n2 1 0\n5 x\n", 3, "'x' is not a number"),
        ("1\n999999999 1 0\n5\n", 3, "ends after 1 of 999999999"),
    ],
)
def test_mknap_names_the_bad_line(
    tmp_path: Path, content: str, line: int, reason: str
) -> None:
    path = tmp_path / "x.txt"
    path.write_text(content)
    with pytest.raises(InstanceFormatError) as caught:
        read(path, "mknap")
    assert (caught.value.line, reason in caught.value.reason) == (line, True)


def test_mkp_solutions_as_zeros_and_ones(tmp_path: Path) -> None:
    problem = MultiKnapsack([5, 6, 7], [[4, 3, 9]], [10])
    write_solution(problem, Selection([0, 1]), tmp_path / "x.sol")
    assert read_solution(tmp_path / "x.sol", problem) == Selection([0, 1])


# -- set cover ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("costs", "sets", "elements", "message"),
    [
        ([], [], None, "no set"),
        ([1], [[0], [1]], None, "2 sets for 1 costs"),
        ([1], [[]], None, "elements: 0 is not"),
        ([1], [[0]], 0, "elements: 0 is not"),
        ([1, 1], [[0], [2]], 2, "set 1 has the element 2: elements are 0 to 1"),
        ([1, 1], [[1], [0, 1, 0]], None, "set 1 has the element 0 twice"),
        ([1, 1], [[0], [2]], None, "element 1 is in no set: no cover exists"),
        ([-1], [[0]], None, r"costs\[0\] = -1"),
        ([1], [[-1]], None, r"sets\[0\]\[0\] = -1"),
        ([1], [[0.5]], None, "not an integer"),
        ([1], 7, None, "not a list of lists"),
    ],
)
def test_set_cover_refuses_impossible_fields(costs, sets, elements, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        SetCover(costs, sets, elements)


def test_set_cover_judges_selections() -> None:
    problem = SetCover([3, 2, 2.5], [[2, 0], [], [1, 0]])
    assert problem.size == {"n": 3, "elements": 3, "nnz": 4}
    assert [own.tolist() for own in problem.sets] == [[0, 2], [], [0, 1]]
    assert problem.evaluate(Selection([2, 0])) == 5.5
    assert problem.check(Selection([0, 2])) == []
    assert problem.check(Selection([0, 0])) == [
        "set 0 is selected 2 times",
        "element 1 is not covered",
    ]
    assert problem.check(Selection([3])) == ["set 3 does not exist: sets are 0 to 2"]
    with pytest.raises(InvalidSolutionError, match="set 3"):
        problem.evaluate(Selection([3]))


@settings(max_examples=40, deadline=None)
@given(problem=set_covers())
def test_set_cover_round_trips(
    problem: SetCover, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("setcover")
    for name, format in (("x.scp", "scp"), ("x.rail", "rail"), ("x.json", None)):
        write(problem, folder / name)
        assert read(folder / name, format) == problem
        assert name == "x.json" or getattr(scp, _SNIFFS[format])(
            Source(folder / name).head
        )


_SNIFFS = {"scp": "sniff", "rail": "sniff_rail"}


def test_both_layouts_hold_the_same_cover(tmp_path: Path) -> None:
    for name, text in (("x.txt", SCP), ("y.txt", RAIL)):
        (tmp_path / name).write_text(text)
    by_rows = SetCover([2, 3, 1, 9], [[0, 2], [0, 1], [2], [2]])
    assert read(tmp_path / "x.txt") == by_rows
    assert read(tmp_path / "y.txt") == by_rows


@pytest.mark.parametrize(
    ("format", "content", "line", "reason"),
    [
        ("scp", "3\n", 1, "ends before the number of columns"),
        ("scp", "2 3\n1 1\n", 2, "2 costs where 3 are"),
        ("scp", "1 2\n1 1\n0\n", 3, "0 is not the number of columns of row 1"),
        ("scp", "1 2\n1 1\n2 1\n", 3, "1 columns where 2 are"),
        ("scp", "1 2\n1 1\n2\n1 3\n", 4, "3 is not a column, 1 to 2"),
        ("scp", "1 2\n1 1\n1\n1\n5\n", 5, "after the last of 1 rows"),
        ("scp", "1 2\n1 -1\n1\n1\n", 2, "-1 is below 0"),
        ("rail", "3\n", 1, "numbers of rows and columns"),
        ("rail", "1 2\n1 2 1\n", 2, "'cost count rows'"),
        ("rail", "1 2\n1 1 2\n", 2, "2 is not a row, 1 to 1"),
        ("rail", "1 2\n1 1 1\n", 2, "1 columns where 2 are declared"),
        ("rail", "1 1\n1 1 1\n1 1 1\n", 3, "after the last of 1 columns"),
    ],
)
def test_set_cover_files_name_the_bad_line(
    tmp_path: Path, format: str, content: str, line: int, reason: str
) -> None:
    path = tmp_path / "x.txt"
    path.write_text(content)
    with pytest.raises(InstanceFormatError) as caught:
        read(path, format)
    assert (caught.value.line, reason in caught.value.reason) == (line, True)


def test_benchmark_files_read_as_what_they_are(shared_data: Path) -> None:
    folder = shared_data / "routing"
    sizes = {"scp41": (1000, 200), "scpa1": (3000, 300), "scpnre1": (5000, 500)}
    for name, (n, elements) in sizes.items():
        problem = read(folder / "setcover" / f"{name}.txt")
        assert (problem.kind, problem.n, problem.elements) == ("setcover", n, elements)
    for number, (n, m) in {1: (100, 5), 4: (100, 10), 7: (100, 30)}.items():
        problems = list(
            mknap.read_all(
                Source(folder / "knapsack" / "mknap" / f"mknapcb{number}.txt")
            )
        )
        assert len(problems) == 30
        assert {(p.n, p.m) for p in problems} == {(n, m)}


# -- generators ---------------------------------------------------------------


def test_generators_keep_their_definitions() -> None:
    problem = generate("mkp", 40, seed=1, m=3, tightness=0.25)
    assert problem.m == 3
    assert problem.capacities.tolist() == (problem.weights.sum(axis=1) // 4).tolist()
    above = problem.profits - problem.weights.mean(axis=0)
    assert above.min() > -1
    assert above.max() < 500
    cover = generate("setcover", 50, seed=1, elements=20, density=0.01)
    assert np.bincount(cover.members, minlength=20).min() >= 2
    assert np.diff(cover.offsets).min() >= 1


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("mkp", {"m": 0}, "m: 0"),
        ("mkp", {"tightness": 0.0}, "tightness: 0.0"),
        ("setcover", {"elements": True}, "elements: True"),
        ("setcover", {"density": 2}, "density: 2"),
        ("setcover", {"largest": 0}, "largest: 0"),
        ("mis", {"model": "re"}, "model: 're' is unknown"),
        ("mis", {"p": 1.5}, "p: 1.5"),
        ("vc", {"degree": 0}, "degree: 0"),
    ],
)
def test_generators_refuse_wrong_usage(kind, params, message) -> None:
    with pytest.raises(UsageError, match=message):
        generate(kind, 10, seed=1, **params)
