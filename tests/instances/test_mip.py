"""The noun: validation, evaluation, checks, exchange by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.mip import MIP
from combkit.instances.solutions import Values

INF = np.inf


def small(**changes: Any) -> MIP:
    """Max x + 2 y, x + y <= 4, x - y >= -2, x integer in 0..3, y in [0, 10]."""
    fields: dict[str, Any] = {
        "c": [1, 2],
        "A": [[1, 1], [1, -1]],
        "row_lower": [-INF, -2],
        "row_upper": [4, INF],
        "lower": 0,
        "upper": [3, 10],
        "integrality": [1, 0],
        "offset": 5.0,
        "maximize": True,
        "col_names": ["x", "y"],
        "row_names": ["cap", "gap"],
    }
    return MIP(**(fields | changes))


def test_what_it_is() -> None:
    problem = small()
    assert problem.sense == "max"
    assert problem.size == {"rows": 2, "cols": 2, "nnz": 4, "integers": 1}
    assert problem.evaluate(Values([1, 3])) == 12
    assert not problem.c.flags.writeable
    assert not problem.A.data.flags.writeable
    assert problem.A.indices.dtype == np.int32


@pytest.mark.parametrize(
    ("values", "violation", "words"),
    [
        ([1, 3], 0.0, []),
        ([0.5, 2], 0.5, ["variable x = 0.5 is not integral"]),
        ([3, 2], 0.25, ["row cap = 5 is outside [-inf, 4]"]),
        ([0, 11], 4.5, ["y = 11", "cap = 11", "gap = -11"]),
        ([-1e-7, 0], 1e-7, []),
        ([np.nan, 0], INF, ["x = nan is not finite"]),
        ([1], INF, ["1 values where 2 are needed"]),
    ],
)
def test_violations(values: list[float], violation: float, words: list[str]) -> None:
    problem = small()
    assert problem.violation(values) == pytest.approx(violation)
    found = problem.check(Values(values))
    assert len(found) == len(words)
    for word, text in zip(words, found, strict=True):
        assert word in text


def test_large_bounds_are_judged_relatively() -> None:
    problem = MIP([0.0], [[1.0]], -INF, 1e9, 0, INF, 0)
    assert problem.violation([1e9 + 10]) == pytest.approx(1e-8)
    assert problem.check(Values([1e9 + 10])) == []
    assert problem.check(Values([1e9 + 1e4])) != []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"c": [1, np.nan]}, "c[1] = nan is not finite"),
        ({"A": [[1, 1], [1, np.inf]]}, "A[1, 1] = inf is not finite"),
        ({"A": [[1, 1, 1]]}, "shape (1, 3) for 2 columns"),
        ({"A": "text"}, "A: not a matrix"),
        ({"row_lower": [0, np.nan]}, "row_lower[1] = nan is NaN"),
        ({"row_upper": [0, 1, 2]}, "row_upper: shape (3,) where (2) is needed"),
        ({"upper": [np.nan, 1]}, "upper[0] = nan is NaN"),
        ({"integrality": [2, 0]}, "integrality: only 0 and 1"),
        ({"integrality": [0.5, 0]}, "is not an integer"),
        ({"offset": np.inf}, "offset: inf"),
        ({"col_names": ["x", "x"]}, "col_names: the name 'x' occurs twice"),
        ({"row_names": ["a"]}, "row_names: 1 names where 2 are needed"),
        ({"col_names": "xy"}, "one string where a list is needed"),
        ({"col_names": [1, 2]}, "is not a string"),
    ],
)
def test_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        small(**changes)
    assert message in str(caught.value)


def test_crossed_bounds_are_an_infeasible_model_not_an_error() -> None:
    problem = small(lower=[2, 0], upper=[1, 10])
    assert problem.check(Values([1, 0])) != []
    assert problem.check(Values([2, 0])) != []
    no_row = MIP([1.0], [[1.0]], INF, INF, 0, 1, 0)
    assert no_row.violation([1.0]) == INF


def test_matrix_is_canonical() -> None:
    coo = sp.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    problem = small(A=coo)
    assert problem.A.nnz == 1
    assert problem == small(A=[[0, 3], [0, 0]])


def test_equality_looks_at_data_not_at_names() -> None:
    assert small() == small(col_names=None, row_names=None, name="other")
    assert small() != small(offset=4.0)
    assert small() != small(upper=[3, 9])


def test_without_rows_or_columns() -> None:
    assert MIP([1], [], [], [], 0, 1, 1).size["rows"] == 0
    empty = MIP([], sp.csr_array((1, 0)), 1.0, 2.0, [], [], [])
    assert empty.check(Values([])) == ["row r0 = 0 is outside [1, 2]"]


def test_encode_and_decode_by_name() -> None:
    problem = small()
    encoded = problem.encode(Values([0, 2.5]))
    assert encoded == {"values": {"y": 2.5}}
    decoded = problem.decode(encoded)
    assert decoded.values.tolist() == [0, 2.5]
    assert decoded.names == ("x", "y")
    with pytest.raises(InvalidSolutionError, match="unknown variable 'z'"):
        problem.decode({"values": {"z": 1}})
    with pytest.raises(InvalidSolutionError):
        problem.decode({"values": [1, 2]})


def test_partial_values_are_aligned_by_name() -> None:
    problem = small()
    partial = problem.values_of(Values([2], ["y"]), missing=np.nan)
    assert np.isnan(partial.values[0])
    assert partial.values[1] == 2
    with pytest.raises(InvalidSolutionError, match="3 values where 2"):
        problem.values_of(Values([1, 2, 3]), missing=0.0)


@given(
    values=st.lists(st.floats(-20, 20), min_size=2, max_size=2),
    data=st.lists(st.integers(-3, 3), min_size=4, max_size=4),
)
def test_check_agrees_with_violation(values: list[float], data: list[int]) -> None:
    problem = small(A=np.array(data, dtype=float).reshape(2, 2))
    assert (problem.violation(values) <= 1e-6) == (not problem.check(Values(values)))
