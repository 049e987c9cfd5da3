"""The canonical form, features and statistics: the same for all ways to write."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.generators.programs import FAMILIES, program
from combkit.instances.mip import MIP
from combkit.mip.modelling.extended import SOS, ExtendedMIP
from combkit.neural.forge.canonical import Canonical, canonical
from combkit.neural.forge.features import CLASSES, ROW, features
from combkit.neural.forge.signature import signature
from combkit.neural.forge.statistics import NAMES, statistics

INF = np.inf


def described(program: MIP) -> np.ndarray:
    form = canonical(program)
    return statistics(form, features(form))


def mip(A, low, up, c=None, lower=0.0, upper=1.0, integrality=1, **options) -> MIP:
    A = np.atleast_2d(np.asarray(A, dtype=float))
    c = np.ones(A.shape[1]) if c is None else c
    return MIP(c, A, low, up, lower, upper, integrality, **options)


@st.composite
def programs(draw):
    """Small programs with all kinds of rows, bounds and variables."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    m, n = draw(st.integers(0, 6)), draw(st.integers(1, 7))
    A = rng.integers(-3, 3, (m, n), endpoint=True) * (rng.random((m, n)) < 0.7)
    low = np.where(rng.random(m) < 0.5, -INF, rng.integers(-4, 2, m).astype(float))
    up = np.where(rng.random(m) < 0.4, INF, rng.integers(2, 6, m).astype(float))
    tight = rng.random(m) < 0.3
    low = np.where(tight & np.isfinite(up), up, low)
    return MIP(
        rng.integers(-3, 3, n, endpoint=True),
        A,
        low,
        up,
        np.where(rng.random(n) < 0.2, -INF, 0.0),
        np.where(rng.random(n) < 0.3, INF, 1.0),
        rng.integers(0, 1, n, endpoint=True),
        maximize=draw(st.booleans()),
    )


@st.composite
def rewritten(draw):
    """A program, and the same written differently."""
    p = draw(programs())
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows, columns = rng.permutation(p.m), rng.permutation(p.n)
    factor = rng.choice([-4.0, -1.0, -0.5, 0.25, 1.0, 3.0], p.m)
    with np.errstate(invalid="ignore"):
        ends = np.sort(np.stack([p.row_lower, p.row_upper]) * factor, axis=0)
    A, low, up = sp.diags_array(factor) @ p.A, *ends
    cost = rng.choice([0.125, 1.0, 7.0])
    turned = draw(st.booleans())
    free, double = draw(st.booleans()), draw(st.booleans())
    A, low, up = A[rows], low[rows], up[rows]
    if free:
        A = sp.vstack([A, np.ones((1, p.n))])
        low, up = np.append(low, -INF), np.append(up, INF)
    if double and p.m:
        A = sp.vstack([A, 2.0 * A[[0]]])
        low, up = np.append(low, 2.0 * low[0]), np.append(up, 2.0 * up[0])
    new = MIP(
        (-cost if turned else cost) * p.c[columns],
        sp.csr_array(A)[:, columns],
        low,
        up,
        p.lower[columns],
        p.upper[columns],
        p.integrality[columns],
        offset=5.0,
        maximize=p.maximize != turned,
    )
    return p, new


@settings(max_examples=150, deadline=None)
@given(rewritten())
def test_rewriting_changes_nothing(pair):
    first, second = pair
    np.testing.assert_allclose(described(first), described(second), atol=1e-6)
    assert signature(canonical(first)) == signature(canonical(second))


@settings(max_examples=100, deadline=None)
@given(programs(), st.integers(0, 10**6))
def test_the_canonical_form_has_the_same_solutions(program, seed):
    form = canonical(program)
    rng = np.random.default_rng(seed)
    for _ in range(30):
        x = rng.integers(0, 1, program.n, endpoint=True).astype(float)
        expected = program.violation(x) <= 1e-6
        y = x[form.column_of]
        slack = form.A @ y - form.b
        rows = np.where(form.equal, np.abs(slack), slack) <= 1e-6
        inside = (y >= form.lower - 1e-6) & (y <= form.upper + 1e-6)
        found = bool(rows.all() and inside.all())
        if form.n == program.n:
            # Empty rows that nothing satisfies are the only thing that is not told.
            empty = np.diff(program.A.indptr) == 0
            hopeless = empty & ((program.row_lower > 0) | (program.row_upper < 0))
            assert found == expected or hopeless.any()
        elif expected:
            # Slack variables are free to be what they must.
            assert found
        cost = form.scale * float(form.c @ y)
        assert cost == pytest.approx(float(program.c @ x))


def test_rows_say_where_they_come_from():
    p = mip(
        [[2, 0, 4], [0, 3, 0], [1, 1, 0], [-2, -2, 0], [0, 0, 0], [1, 1, 1]],
        [1, -INF, -INF, -3, -INF, -INF],
        [INF, 2, 1, INF, 0, 9],
    )
    form = canonical(p)
    # Row 0 negated; row 1 a bound; row 3 looser than row 2; row 4 empty; row 5 idle.
    assert form.row_of.tolist() == [2, 0]
    assert form.sign.tolist() == [1, -1]
    assert form.A.toarray().tolist() == [[1.0, 1.0, 0.0], [-0.5, 0.0, -1.0]]
    assert form.b.tolist() == [1.0, -0.25]
    assert form.upper.tolist() == [1.0, pytest.approx(2 / 3), 1.0]
    assert form.column_of.tolist() == [0, 1, 2]


def test_slack_variables_become_inequalities():
    plain = mip([[2, 3, 4]], -INF, 5, c=[1, 2, 3])
    slack = MIP([1, 2, 3, 0], [[2, 3, 4, 1]], 5, 5, 0, [1, 1, 1, INF], [1, 1, 1, 0])
    form = canonical(slack)
    assert form.column_of.tolist() == [0, 1, 2]
    assert not form.equal.any()
    np.testing.assert_allclose(described(plain), described(slack))
    # One that costs something, or is integral, is a variable.
    assert canonical(dataclasses.replace(slack, c=[1, 2, 3, 1])).n == 4
    assert canonical(dataclasses.replace(slack, integrality=[1, 1, 1, 1])).n == 4


@pytest.mark.parametrize(
    ("name", "p"),
    [
        ("set covering", mip([[1, 1, 1]], 1, INF)),
        ("set covering", mip([[1, 1]], 1, INF)),
        ("set packing", mip([[1, 1]], -INF, 1)),
        ("set packing", mip([[1, 1, 1]], -INF, 1)),
        ("set packing", mip([[1, -1, -1]], -INF, -1)),
        ("set partitioning", mip([[1, 1, 1]], 1, 1)),
        ("cardinality", mip([[1, 1, 1]], 2, 2)),
        ("invariant knapsack", mip([[1, 1, 1, 1]], -INF, 2)),
        ("equation knapsack", mip([[2, 4, 6]], 8, 8)),
        ("bin packing", mip([[3, 4, 5, -8]], -INF, 0)),
        ("knapsack", mip([[3, 4, 5]], -INF, 8)),
        ("integer knapsack", mip([[3, 4, 5]], -INF, 20, upper=3)),
        ("mixed binary", mip([[3, 4, 5]], -INF, 8, integrality=[1, 0, 0])),
        ("general", mip([[3, 4, 5]], -INF, 8, integrality=0)),
        ("variable bound", mip([[1, -8]], -INF, 0, upper=[9, 1], integrality=[0, 1])),
        ("precedence", mip([[1, -1]], -INF, 0, integrality=0, upper=5)),
        ("aggregation", mip([[1, 2]], 2, 2)),
    ],
)
def test_classes_of_rows(name, p):
    table = features(canonical(p)).rows
    assert len(table) == 1
    found = [c for c in CLASSES if table[0, ROW.index(c)]]
    assert found == [name]


def test_statistics_have_names_and_are_finite():
    assert len(NAMES) == len(set(NAMES))
    assert 100 <= len(NAMES) <= 160
    for family in FAMILIES:
        values = described(program(12, seed=1, family=family))
        assert values.shape == (len(NAMES),)
        assert np.isfinite(values).all()
    cover = dict(zip(NAMES, described(program(40, seed=1)), strict=True))
    assert cover["rows: set covering, mean"] == 1.0
    assert cover["columns: is binary, mean"] == 1.0


@pytest.mark.parametrize(
    "p",
    [
        MIP([1.0], np.zeros((0, 1)), [], [], 0, 1, 1),
        MIP([0.0, 0.0], [[1, 1]], 1, INF, 0, 1, 0),
        MIP([], np.zeros((0, 0)), [], [], [], [], []),
        MIP([1.0, 1.0], np.zeros((2, 2)), -1, 1, -INF, INF, 0),
    ],
)
def test_nothing_is_too_small(p):
    form = canonical(p)
    assert isinstance(form, Canonical)
    assert np.isfinite(described(p)).all()
    assert len(signature(form)) == 16


def test_what_is_not_linear_is_named():
    sets = ExtendedMIP(
        [1.0, 1.0], [[1, 1]], 0, 1, 0, 1, 0, sets=(SOS(1, np.array([0, 1])),)
    )
    with pytest.raises(UnsupportedFeatureError, match="special ordered sets"):
        canonical(sets)


def test_signatures_tell_programs_apart():
    signatures = {
        signature(canonical(program(10, seed=seed, family=family)))
        for family in FAMILIES
        for seed in range(3)
    }
    assert len(signatures) == 3 * len(FAMILIES)
