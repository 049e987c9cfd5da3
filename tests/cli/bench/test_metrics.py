"""The figures against their definitions, one run and one point at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from combkit.cli.bench.metrics import (
    Traces,
    gap_to_reference,
    marginal_contribution,
    penalised_time,
    performance_profile,
    primal_gap,
    shifted_geometric_mean,
)

NAN = math.nan


def traces(*runs):
    """Traces of lists of (time, objective, bound)."""
    points = [point for run in runs for point in run]
    columns = np.array(points, dtype=float).reshape(-1, 3).T
    offsets = np.cumsum([0, *map(len, runs)])
    return Traces(offsets, *columns)


values = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
some_runs = st.lists(
    st.lists(st.tuples(st.floats(0.0, 12.0), values, values), max_size=6).map(sorted),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize(
    ("value", "reference", "gap"),
    [
        (0.0, 0.0, 0.0),
        (5.0, 5.0, 0.0),
        (5.0, 5.0 + 1e-12, 0.0),
        (10.0, 8.0, 0.2),
        (8.0, 10.0, 0.2),
        (-8.0, -10.0, 0.2),
        (1.0, -1.0, 1.0),
        (0.0, 3.0, 1.0),
        (NAN, 3.0, 1.0),
        (3.0, NAN, 1.0),
    ],
)
def test_primal_gap(value, reference, gap):
    found = primal_gap(np.array([value]), np.array([reference]))
    assert found == pytest.approx([gap])


@given(values, values)
def test_primal_gap_is_symmetric_and_a_share(a, b):
    ab, ba = primal_gap(np.array([a, b]), np.array([b, a]))
    assert ab == ba and 0.0 <= ab <= 1.0
    assert (ab == 0.0) == math.isclose(a, b, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("value", "reference", "minimise", "gap"),
    [
        (110.0, 100.0, True, 0.1),
        (90.0, 100.0, True, -0.1),
        (90.0, 100.0, False, 0.1),
        (-90.0, -100.0, True, 0.1),
        (-110.0, -100.0, False, 0.1),
        (0.0, 0.0, True, 0.0),
        (5.0, 0.0, True, NAN),
        (NAN, 4.0, True, NAN),
        (4.0, NAN, False, NAN),
    ],
)
def test_gap_to_reference(value, reference, minimise, gap):
    found = gap_to_reference(
        np.array([value]), np.array([reference]), np.array([minimise])
    )
    assert found == pytest.approx([gap], nan_ok=True)


def test_primal_integral_of_a_run_by_hand():
    # 1 for 2 s, 0.5 for 3 s, 0 for 5 s.
    run = [(2.0, 20.0, NAN), (5.0, 10.0, NAN)]
    found = traces(run, []).primal_integral(np.full(2, 10.0), np.full(2, 10.0))
    assert found == pytest.approx([(2 * 1 + 3 * 0.5) / 10, 1.0])


def test_what_happens_after_the_limit_does_not_count():
    run = [(2.0, 20.0, NAN), (15.0, 10.0, NAN)]
    found = traces(run).primal_integral(np.array([10.0]), np.array([10.0]))
    assert found == pytest.approx([(2 + 8 * 0.5) / 10])
    times = traces(run).time_to(np.array([10.0]), np.array([True]), np.array([10.0]))
    assert times == [math.inf]


def integral(points, gap, limit):
    """Integrate the step function of one run, divided by the limit."""
    area, moment, level = 0.0, 0.0, 1.0
    for time, objective, bound in points:
        now = min(time, limit)
        area += level * (now - moment)
        moment, level = now, gap(objective, bound)
    return (area + level * (limit - moment)) / limit


@given(some_runs, values)
def test_integrals_match_their_definition(runs, reference):
    limits = np.array([8.0 + k for k in range(len(runs))])
    found = traces(*runs)
    primal = found.primal_integral(np.full(len(runs), reference), limits)
    dual = found.primal_dual_integral(limits)

    def gap(a, b):
        return float(primal_gap(np.array([a]), np.array([b]))[0])

    for k, run in enumerate(runs):
        expected = integral(run, lambda o, b: gap(o, reference), limits[k])
        assert primal[k] == pytest.approx(expected)
        assert dual[k] == pytest.approx(integral(run, gap, limits[k]))


@given(some_runs, values, st.booleans())
def test_time_to_target_is_the_first_hit(runs, target, minimise):
    count = len(runs)
    limits = np.full(count, 8.0)
    found = traces(*runs).time_to(
        np.full(count, target), np.full(count, minimise), limits
    )
    for k, run in enumerate(runs):
        hits = [
            time
            for time, objective, _ in run
            if time <= 8.0
            and (objective <= target if minimise else objective >= target)
        ]
        assert found[k] == min(hits, default=math.inf)


@given(some_runs, values)
def test_gaps_at_moments_are_those_of_the_best_point_before(runs, reference):
    moments = np.array([0.0, 1.0, 4.0, 9.0])
    found = traces(*runs).gaps_at(np.full(len(runs), reference), moments)
    for k, run in enumerate(runs):
        for j, moment in enumerate(moments):
            seen = [o for time, o, _ in run if time <= moment]
            gaps = primal_gap(np.array([NAN, *seen]), np.full(len(seen) + 1, reference))
            assert found[k, j] == gaps.min()


def test_shifted_geometric_mean():
    times = np.array([0.0, 8.0, 90.0])
    expected = (1.0 * 9.0 * 91.0) ** (1 / 3) - 1.0
    assert shifted_geometric_mean(times, 1.0) == pytest.approx(expected)
    assert math.isnan(shifted_geometric_mean(np.array([]), 1.0))


@given(hnp.arrays(float, st.integers(1, 9), elements=st.floats(0, 1e4)))
def test_shifted_geometric_mean_lies_between(times):
    for shift in (1.0, 10.0, 1e9):
        mean = shifted_geometric_mean(times, shift)
        slack = 1e-6 * (1.0 + shift)
        assert times.min() - slack <= mean <= times.mean() + slack


def test_penalised_time():
    found = penalised_time(
        np.array([3.0, 12.0, 10.0]),
        np.array([True, True, False]),
        np.full(3, 10.0),
        10.0,
    )
    assert found.tolist() == [3.0, 10.0, 100.0]


def test_performance_profile_by_hand():
    inf = math.inf
    times = np.array([[1.0, 2.0], [4.0, 1.0], [3.0, inf], [inf, inf]])
    ratios, shares = performance_profile(times)
    assert ratios.tolist() == [1.0, 2.0, 4.0]
    # First: best on rows 0 and 2, four times the best on row 1.
    assert shares[:, 0].tolist() == [0.5, 0.5, 0.75]
    assert shares[:, 1].tolist() == [0.25, 0.5, 0.5]


@given(
    hnp.arrays(
        float,
        st.tuples(st.integers(1, 6), st.integers(1, 4)),
        elements=st.one_of(st.floats(0.01, 100.0), st.just(math.inf)),
    )
)
def test_performance_profile_is_its_definition(times):
    ratios, shares = performance_profile(times)
    best = times.min(axis=1)
    for k, ratio in enumerate(ratios):
        for s in range(times.shape[1]):
            solved = [
                math.isfinite(t) and t / b <= ratio
                for t, b in zip(times[:, s], best, strict=True)
            ]
            assert shares[k, s] == pytest.approx(np.mean(solved))
    assert (np.diff(shares, axis=0) >= 0).all()


def test_marginal_contribution():
    costs = np.array([[1.0, 2.0, 2.0], [3.0, 1.0, 3.0]])
    assert marginal_contribution(costs) == pytest.approx([0.5, 1.0, 0.0])
    assert marginal_contribution(costs[:, :1]).tolist() == [0.0]
