"""The knapsack problem: construction, judging selections, its formats."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
)
from combkit.instances.formats import knapsack as text
from combkit.instances.knapsack import Knapsack
from combkit.instances.solutions import Selection
from combkit.instances.source import Source

JOOKEN = "3\n0 5 4\n1 6 3\n2 7 9\n10\n"
KPLIB = "\n3\n10\n\n5 4\n6 3\n7 9\n"


def source(folder: Path, content: str) -> Source:
    path = folder / "items.txt"
    path.write_text(content)
    return Source(path)


@pytest.fixture
def small() -> Knapsack:
    return Knapsack([5, 6, 7], [4, 3, 9], 10)


# -- the problem --------------------------------------------------------------


def test_integers_in_any_type_are_the_same_problem(small: Knapsack) -> None:
    other = Knapsack(np.array([5.0, 6, 7]), np.array([4, 3, 9], np.int8), 10.0)
    assert other == small
    assert other.profits.dtype == other.weights.dtype == np.int64
    assert isinstance(other.capacity, int)
    assert (other.n, other.size, other.sense, other.integral) == (
        3,
        {"n": 3},
        "max",
        True,
    )
    fractional = Knapsack([5, 6.5, 7], [4, 3, 9], 10.5)
    assert fractional.profits.dtype == np.float64
    assert not fractional.integral


@pytest.mark.parametrize(
    ("profits", "weights", "capacity", "message"),
    [
        ([], [], 1, "no item"),
        ([1], [1, 2], 1, "weights: shape"),
        ([[1]], [1], 1, "profits: shape"),
        ([1], [1], 0, "0 is not positive"),
        ([1], [1], -3, "capacity = -3 is below 0"),
        ([1], [1], math.inf, "capacity = inf is not finite"),
        ([1], [1], [2], "capacity: shape"),
        ([-1], [1], 1, r"profits\[0\] = -1"),
        ([1], [-1], 1, r"weights\[0\] = -1"),
        ([math.nan], [1], 1, r"profits\[0\] = nan"),
        ([1, [2]], [1], 1, "profits: rows of different lengths"),
        (["a"], [1], 1, "not an array of numbers"),
        ([2**53], [1], 1, "profits: their sum"),
        ([1, 1], [2**61, 2**61], 1, "weights: their sum"),
        ([1e308, 1e308], [1, 1], 1, "profits: their sum"),
    ],
)
def test_refuses_impossible_fields(profits, weights, capacity, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        Knapsack(profits, weights, capacity)


def test_judges_selections(small: Knapsack) -> None:
    assert small.evaluate(Selection([1, 0])) == 11
    assert small.check(Selection([1, 0])) == []
    assert small.check(Selection([])) == []
    assert small.check(Selection([0, 2])) == ["total weight 13 exceeds the capacity 10"]
    assert small.check(Selection([1, 1])) == ["item 1 is selected 2 times"]
    assert small.check(Selection([-1, 3])) == [
        "item -1 does not exist: items are 0 to 2",
        "item 3 does not exist: items are 0 to 2",
    ]
    with pytest.raises(InvalidSolutionError, match="item 3"):
        small.evaluate(Selection([3]))


def test_float_weights_may_exceed_by_rounding_only() -> None:
    problem = Knapsack([1] * 3, [0.1, 0.2, 0.3], 0.6)
    assert problem.check(Selection([0, 1, 2])) == []
    assert Knapsack([1], [0.6000001], 0.6).check(Selection([0]))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 10**12),
    st.integers(0, 255),
)
def test_agrees_with_python_integers(items, capacity: int, mask: int) -> None:
    profits, weights = zip(*items, strict=True)
    problem = Knapsack(profits, weights, capacity)
    chosen = [i for i in range(len(items)) if mask >> i & 1]
    assert problem.evaluate(Selection(chosen)) == sum(profits[i] for i in chosen)
    fits = sum(weights[i] for i in chosen) <= capacity
    assert (problem.check(Selection(chosen)) == []) == fits


# -- formats ------------------------------------------------------------------


def test_reads_both_layouts(tmp_path: Path, small: Knapsack) -> None:
    assert text.read(source(tmp_path, JOOKEN)) == small
    one_based = "3\n1 5 4\n2 6 3\n3 7 9\n10"
    assert text.read(source(tmp_path, one_based)) == small
    assert text.read_kplib(source(tmp_path, KPLIB)) == small
    assert text.read(source(tmp_path, JOOKEN)).name == "items"


def test_layouts_are_told_apart() -> None:
    assert text.sniff(JOOKEN)
    assert not text.sniff_kplib(JOOKEN)
    assert text.sniff_kplib(KPLIB)
    assert not text.sniff(KPLIB)
    shop = "2 2\n0 3 1 4\n1 2 0 5\n"
    many = "30\n100 5 0\n504 803 667 1103\n"  # mknap: instances, then n m value
    matrix = "3\n0 1 2\n1 0 3\n2 3 0\n"  # a distance matrix: odd ids
    for other in (shop, many, "", "1\n", "x", "nan\n0 1 2\n", "inf\n0 1 2\n"):
        assert not text.sniff(other)
        assert not text.sniff_kplib(other)
    assert not text.sniff_kplib(matrix)


numbers = st.integers(0, 10**10) | st.floats(0, 1e6)


@given(
    items=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6),
    capacity=st.integers(1, 10**12) | st.floats(1e-3, 1e6),
)
def test_round_trips(items, capacity, tmp_path_factory: pytest.TempPathFactory) -> None:
    problem = Knapsack(*zip(*items, strict=True), capacity)
    folder = tmp_path_factory.mktemp("kp")
    for write, read, sniff in (
        (text.write, text.read, text.sniff),
        (text.write_kplib, text.read_kplib, text.sniff_kplib),
    ):
        content = "".join(write(problem))
        assert sniff(content)
        assert read(source(folder, content)) == problem


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("0\n5\n", 1, "1 or more"),
        ("2.5\n0 1 1\n", 1, "1 or more"),
        ("3 1\n0 1 1\n", 1, "stand alone"),
        ("2\n0 5 4\n", 2, "1 items where 2 are declared"),
        ("2\n0 5 4\n1 5 4\n", 3, "the capacity is missing"),
        ("2\n0 5 4\n0 5 4\n9\n", 3, "item id 0 where 1"),
        ("2\n0 5 4\n2 5 4\n9\n", 3, "item id 2 where 1"),
        ("2\n7 5 4\n8 5 4\n9\n", 2, "item id 7 where 0"),
        ("1\n0 5\n9\n", 2, "2 numbers"),
        ("1\n0 5 x\n9\n", 2, "'x' is not a number"),
        ("1\n0 5 nan\n9\n", 2, "not finite"),
        ("1\n0 5 1e400\n9\n", 2, "not finite"),
        ("1\n0 5 -1\n9\n", 2, "-1 is below 0"),
        ("1\n0 5 -1.5\n9\n", 2, "negative"),
        ("1\n0 5 99999999999999999999\n9\n", 2, "above"),
        ("1\n0 5 4\n0\n", 3, "above 0"),
        ("1\n0 5 4\n9 9\n", 3, "stand alone"),
        ("1\n0 5 4\n9\n7\n", 4, "after the capacity"),
        ("99999999999\n0 5 4\n9\n", 3, "1 numbers"),
        ("# nothing\n", 1, "1 or more"),
    ],
)
def test_jooken_names_the_bad_line(
    tmp_path: Path, content: str, line: int, reason: str
) -> None:
    with pytest.raises(InstanceFormatError) as caught:
        text.read(source(tmp_path, content))
    assert (caught.value.line, reason in caught.value.reason) == (line, True)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("3\n10\n5 4\n6 3\n", 4, "2 items where 3 are declared"),
        ("1\n10\n5 4\n6 3\n", 4, "after the last of 1 items"),
        ("1\n10\n5 4 3\n", 3, "3 numbers"),
        ("1\n-10\n5 4\n", 2, "below 0"),
        ("1\n0\n5 4\n", 2, "above 0"),
        ("1\n", 1, "the capacity must stand alone"),
        ("9999999999999\n10\n5 4\n", 3, "1 items where 9999999999999"),
    ],
)
def test_kplib_names_the_bad_line(
    tmp_path: Path, content: str, line: int, reason: str
) -> None:
    with pytest.raises(InstanceFormatError) as caught:
        text.read_kplib(source(tmp_path, content))
    assert (caught.value.line, reason in caught.value.reason) == (line, True)


def test_items_round_trip(tmp_path: Path, small: Knapsack) -> None:
    written = "".join(text.write_items(small, Selection([2, 0]), 12.0))
    assert text.sniff_items(written)
    file = source(tmp_path, written)
    assert text.read_items(file, small) == Selection([0, 2])
    assert text.stated_profit(file) == 12
    assert text.read_items(source(tmp_path, "1 0 1"), small) == Selection([0, 2])


@pytest.mark.parametrize(
    ("content", "reason"),
    [("1 0\n2\n", ":2: 2 is neither"), ("1 0\n", "2 values for 3 items")],
)
def test_items_refuses(
    tmp_path: Path, small: Knapsack, content: str, reason: str
) -> None:
    with pytest.raises(InstanceFormatError, match=reason):
        text.read_items(source(tmp_path, content), small)


def test_every_benchmark_file_reads_and_round_trips(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "routing" / "knapsack"
    for pattern, sniff, other, read, write in (
        ("jooken/*.in", text.sniff, text.sniff_kplib, text.read, text.write),
        (
            "kplib/**/*.kp",
            text.sniff_kplib,
            text.sniff,
            text.read_kplib,
            text.write_kplib,
        ),
    ):
        paths = sorted(folder.glob(pattern))
        assert paths
        for path in paths:
            file = Source(path)
            assert sniff(file.head), path
            assert not other(file.head), path
            problem = read(file)
            assert read(source(tmp_path, "".join(write(problem)))) == problem
