"""Figures and tables as they are written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.cli.bench.figures import figure, markdown_table


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "", "0"),
        (0.12345, "%", "12.3 %"),
        (-0.000112, "%", "-0.0112 %"),
        (1234567.0, "", "1234567"),
        (10.0, "s", "10 s"),
        (0.1 + 0.2, "", "0.3"),
        (1.5e-12, "", "1.50e-12"),
        (math.nan, "%", "-"),
        (math.inf, "s", "inf s"),
        (-math.inf, "", "-inf"),
    ],
)
def test_figures(value, unit, text):
    assert figure(value, unit) == text


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_figures_keep_three_digits(value):
    assert float(figure(value)) == pytest.approx(value, rel=5.01e-3, abs=1e-300)


def test_tables_are_aligned_and_escaped():
    assert markdown_table(["a", "n"], [["x|y", "1"], ["z", "200000"]], right=[1]) == [
        "| a    |      n |",
        "| ---- | -----: |",
        "| x\\|y |      1 |",
        "| z    | 200000 |",
    ]
