"""Distances against scalar formulas, and how they refuse what cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.distances import METRICS, Distances
from combkit.instances.errors import InvalidProblemError, UsageError

Point = Sequence[float]


def nint(x: float) -> int:
    return int(x + 0.5)


def straight(a: Point, b: Point) -> float:
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def gaps(a: Point, b: Point) -> list[float]:
    return [abs(x - y) for x, y in zip(a, b, strict=True)]


def att(a: Point, b: Point) -> int:
    root = math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / 10.0)
    rounded = nint(root)
    return rounded + 1 if rounded < root else rounded


def geo(a: Point, b: Point) -> int:
    def radians(x: float) -> float:
        degrees = int(x)
        return 3.141592 * (degrees + 5.0 * (x - degrees) / 3.0) / 180.0

    (lat_a, lon_a), (lat_b, lon_b) = map(radians, a), map(radians, b)
    q1 = math.cos(lon_a - lon_b)
    q2 = math.cos(lat_a - lat_b)
    q3 = math.cos(lat_a + lat_b)
    cosine = 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)
    return int(6378.388 * math.acos(max(-1.0, min(1.0, cosine))) + 1.0)


def xray(a: Point, b: Point, speeds: tuple[float, float, float]) -> int:
    phi, chi, theta = gaps(a, b)
    phi = min(phi, abs(phi - 360.0))
    return nint(100 * max(phi / speeds[0], chi / speeds[1], theta / speeds[2]))


ORACLES: dict[str, Callable[[Point, Point], float]] = {
    "euclidean": straight,
    "EUC_2D": lambda a, b: nint(straight(a, b)),
    "EUC_3D": lambda a, b: nint(straight(a, b)),
    "CEIL_2D": lambda a, b: math.ceil(straight(a, b)),
    "ATT": att,
    "GEO": geo,
    "MAN_2D": lambda a, b: nint(sum(gaps(a, b))),
    "MAN_3D": lambda a, b: nint(sum(gaps(a, b))),
    "MAX_2D": lambda a, b: max(map(nint, gaps(a, b))),
    "MAX_3D": lambda a, b: max(map(nint, gaps(a, b))),
    "XRAY1": lambda a, b: xray(a, b, (1.0, 1.0, 1.0)),
    "XRAY2": lambda a, b: xray(a, b, (1.25, 1.5, 1.15)),
}
NUMBERS = st.one_of(
    st.integers(-180, 180).map(float),
    st.integers(-720, 720).map(lambda k: k / 4),
    st.floats(-180, 180, allow_nan=False),
)


def dimensions(metric: str) -> int:
    return 3 if metric.endswith("_3D") or metric.startswith("XRAY") else 2


def test_every_metric_has_an_oracle() -> None:
    assert set(METRICS) == set(ORACLES)


@pytest.mark.parametrize("metric", METRICS)
@given(data=st.data())
def test_metric_matches_the_scalar_formula(metric: str, data: st.DataObject) -> None:
    d = dimensions(metric)
    points = data.draw(st.lists(st.tuples(*[NUMBERS] * d), min_size=2, max_size=6))
    distances = Distances(points, metric=metric)
    full = distances.full()
    assert full.dtype == (np.float64 if metric == "euclidean" else np.int64)
    for i, a in enumerate(points):
        for j, b in enumerate(points):
            expected = 0 if i == j else ORACLES[metric](a, b)
            assert full[i, j] == distances(i, j)
            # Two ways to a root may differ in its last bit.
            assert full[i, j] == pytest.approx(expected, rel=1e-15, abs=0.0)


def test_halves_round_up() -> None:
    """Unlike NumPy's own rounding, which goes to the even neighbour."""
    row = Distances([[0, 0], [0.5, 0], [1.5, 0], [2.5, 0]], metric="EUC_2D")(
        0, [1, 2, 3]
    )
    assert row.tolist() == [1, 2, 3]


def test_ulysses_known_distance() -> None:
    """The first leg of the TSPLIB documentation's example, 509 km."""
    cities = [[38.24, 20.42], [39.57, 26.15]]
    assert Distances(cities, metric="GEO")(0, 1) == 509


def test_geo_of_equal_points_is_one_and_of_itself_zero() -> None:
    distances = Distances([[10.5, 3.0], [10.5, 3.0]], metric="GEO")
    assert distances.full().tolist() == [[0, 1], [1, 0]]


def test_first_angle_of_the_diffractometer_wraps_around() -> None:
    distances = Distances([[1, 0, 0], [359, 0, 0]], metric="XRAY1")
    assert distances(0, 1) == 200


def test_broadcasting() -> None:
    points = np.random.default_rng(0).random((7, 2))
    distances = Distances(points)
    rows, columns = np.arange(3)[:, None], np.arange(7)
    assert np.array_equal(distances(rows, columns), distances.full()[:3])
    assert distances(2, columns).shape == (7,)
    assert distances(2, 5).shape == ()


def test_totals_are_exact() -> None:
    distances = Distances(matrix=[[0, 2**40 + 1], [1, 0]])
    assert distances.total([0, 1, 0], [1, 0, 1]) == 2 * (2**40 + 1) + 1
    floats = Distances(matrix=[[0, 1e16], [1.0, 0]])
    legs = np.array([[0, 1], [1, 0], [1, 0]])
    for order in ([0, 1, 2], [1, 0, 2], [1, 2, 0]):
        assert floats.total(*legs[order].T) == 1e16 + 2


def test_full_matrix_is_refused_where_it_does_not_fit() -> None:
    distances = Distances(np.zeros((20_000, 2)))
    with pytest.raises(UsageError, match="20000 nodes takes more than 2 GiB"):
        distances.full()
    assert distances([0, 1], [5, 19_999]).tolist() == [0, 0]


def test_matrix_keeps_integers_and_ignores_the_diagonal() -> None:
    assert Distances(matrix=[[9, 1], [2, 9]]).full().tolist() == [[0, 1], [2, 0]]
    assert Distances(matrix=[[9, 1], [2, 9]]).integral
    floats = Distances(matrix=[[math.inf, 1.0], [2.0, math.nan]])
    assert floats.full().tolist() == [[0.0, 1.0], [2.0, 0.0]]
    assert not floats.integral


def test_rounding_noise_between_the_halves_is_averaged() -> None:
    a, b = 0.1 + 0.2, 0.3
    full = Distances(matrix=[[0, a], [b, 0]], symmetric=True).full()
    assert full[0, 1] == full[1, 0] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "coords: give coords or matrix"),
        ({"coords": [[0, 0]], "matrix": [[0]]}, "matrix: give coords or matrix"),
        ({"coords": [[0, 0]], "metric": "EUC2D"}, "metric: 'EUC2D' is unknown; did"),
        ({"coords": [[0, 0]], "metric": "EUC_3D"}, "2 columns where EUC_3D needs 3"),
        ({"coords": [[0, 0, 0, 0]]}, "4 columns where euclidean needs 2 or 3"),
        ({"coords": np.zeros((0, 2))}, "there is no node"),
        ({"coords": [0, 1]}, r"shape \(2,\)"),
        ({"coords": [[0, math.nan]]}, r"coords\[0, 1\] = nan is not finite"),
        ({"coords": [["a", "b"]]}, "not an array of numbers"),
        ({"coords": [[0, 0], [1]]}, "not an array of numbers"),
        ({"coords": [[0, 1e200]]}, r"1e\+200 is too large"),
        ({"coords": [[0, 1e16]], "metric": "EUC_2D"}, r"1e\+16 is too large"),
        ({"matrix": [[0, 1]]}, r"matrix: shape \(1, 2\)"),
        ({"matrix": [[0, 1], [2]]}, "matrix: shape"),
        ({"matrix": [[0, math.inf], [0, 0]]}, r"matrix\[0, 1\] = inf is not finite"),
        ({"matrix": [[0, 2**60], [0, 0]]}, "too large for 2 nodes"),
        ({"matrix": [[0, 1], [2, 0]], "metric": "GEO"}, "'GEO' needs coords"),
        (
            {"matrix": [[0, 1], [2, 0]], "symmetric": True},
            r"not symmetric: matrix\[0, 1\] = 1 but matrix\[1, 0\] = 2",
        ),
        ({"matrix": [[0, -1], [2, 0]], "minimum": 0}, "= -1 is below 0"),
    ],
)
def test_bad_data(arguments: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidProblemError, match=reason):
        Distances(**arguments)  # type: ignore[arg-type]
