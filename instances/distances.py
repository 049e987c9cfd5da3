"""Distances between nodes: the metrics of TSPLIB 95, and plain matrices.

Distances are computed on demand from coordinates; the full matrix exists only
where somebody asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.problem import Problem, frozen_array, require

__all__ = ["EXPLICIT", "METRICS", "Distances", "Located"]

#: Metric of a problem that is given by its matrix.
EXPLICIT = "EXPLICIT"
#: The full matrix may take this much memory.
MAX_MATRIX_BYTES = 2 << 30
#: Floats hold every integer up to here: the length of a tour stays below.
_MAX_LENGTH = 2.0**53
#: Squares of unrounded distances stay finite with a wide margin.
_MAX_UNROUNDED = 1e100

#: Radius of the Earth in km and pi, as TSPLIB fixes them.
_RADIUS = 6378.388
_PI = 3.141592

Array = NDArray[Any]
Floats = NDArray[np.float64]
#: Absolute coordinate differences, one array a dimension.
Gaps = list[Floats]


def _nint(x: Floats) -> Floats:
    """Round to the nearest integer, halves up: C's ``(int)(x + 0.5)``."""
    return np.floor(x + 0.5)


def _straight(gaps: Gaps) -> Floats:
    square = gaps[0] * gaps[0]
    for gap in gaps[1:]:
        square = square + gap * gap
    return np.sqrt(square)


def _pseudo_euclidean(gaps: Gaps) -> Floats:
    root = np.sqrt((gaps[0] * gaps[0] + gaps[1] * gaps[1]) / 10.0)
    rounded = _nint(root)
    return rounded + (rounded < root)


def _manhattan(gaps: Gaps) -> Floats:
    return _nint(np.sum(np.stack(gaps), axis=0))


def _maximum(gaps: Gaps) -> Floats:
    return _nint(np.max(np.stack(gaps), axis=0))


def _diffractometer(speeds: tuple[float, float, float]) -> Callable[[Gaps], Floats]:
    """Return the time of three motors that turn at once, in hundredths.

    The first angle goes either way round the circle.
    """

    def distance(gaps: Gaps) -> Floats:
        phi, chi, theta = gaps
        phi = np.minimum(phi, np.abs(phi - 360.0))
        turns = np.stack([phi / speeds[0], chi / speeds[1], theta / speeds[2]])
        return _nint(100.0 * np.max(turns, axis=0))

    return distance


@dataclass(frozen=True, slots=True)
class _Metric:
    """How a metric turns coordinate differences into distances.

    Parameters
    ----------
    dimensions : tuple of int
        Numbers of coordinates that it takes.
    rule : callable or None
        Distance of coordinate differences; None for GEO, which needs the
        coordinates themselves.
    rounded : bool
        Whether distances are integers.
    scale : float
        A distance is at most ``scale`` times the sum of the differences, + 1.
    """

    dimensions: tuple[int, ...]
    rule: Callable[[Gaps], Floats] | None
    rounded: bool = True
    scale: float = 1.0


_RULES: dict[str, _Metric] = {
    "euclidean": _Metric((2, 3), _straight, rounded=False),
    "EUC_2D": _Metric((2,), lambda gaps: _nint(_straight(gaps))),
    "EUC_3D": _Metric((3,), lambda gaps: _nint(_straight(gaps))),
    "CEIL_2D": _Metric((2,), lambda gaps: np.ceil(_straight(gaps))),
    "ATT": _Metric((2,), _pseudo_euclidean),
    "GEO": _Metric((2,), None),
    "MAN_2D": _Metric((2,), _manhattan),
    "MAN_3D": _Metric((3,), _manhattan),
    "MAX_2D": _Metric((2,), _maximum),
    "MAX_3D": _Metric((3,), _maximum),
    "XRAY1": _Metric((3,), _diffractometer((1.0, 1.0, 1.0)), scale=100.0),
    "XRAY2": _Metric((3,), _diffractometer((1.25, 1.5, 1.15)), scale=100.0),
}

#: Metrics of coordinates: unrounded "euclidean" and TSPLIB's rounded ones.
METRICS: tuple[str, ...] = tuple(_RULES)


class Distances:
    """Distances between ``n`` nodes, from coordinates or from a matrix.

    Parameters
    ----------
    coords : array_like of float, shape (n, 2) or (n, 3), or None
        Coordinates. GEO takes latitude and longitude as degrees.minutes.
    matrix : array_like, shape (n, n), or None
        Distances, instead of coordinates; its diagonal is ignored. Integers
        stay int64, anything else becomes float64.
    metric : str
        One of ``METRICS``; with a matrix the metric is "EXPLICIT".
    symmetric : bool
        Whether the matrix must be symmetric.
    minimum : float, optional
        Smallest allowed entry of the matrix.

    Raises
    ------
    InvalidProblemError
        If the data do not fit together, naming field and value.

    References
    ----------
    .. [1] G. Reinelt, "TSPLIB 95", Universität Heidelberg, 1995.
    """

    def __init__(
        self,
        coords: ArrayLike | None = None,
        matrix: ArrayLike | None = None,
        metric: str = "euclidean",
        *,
        symmetric: bool = False,
        minimum: float | None = None,
    ) -> None:
        require(
            (coords is None) != (matrix is None),
            "coords" if matrix is None else "matrix",
            "give coords or matrix, one of them (display holds drawing positions)",
        )
        self.coords: Floats | None = None
        self.matrix: Array | None = None
        if matrix is not None:
            require(
                metric in ("euclidean", EXPLICIT),
                "metric",
                f"{metric!r} needs coords, not a matrix",
            )
            self.metric = EXPLICIT
            self.matrix = _valid_matrix(matrix, symmetric, minimum)
            self.n = len(self.matrix)
        if coords is not None:
            require(
                metric in _RULES,
                "metric",
                f"{metric!r} is unknown{nearest(metric, METRICS)} "
                f"(known: {', '.join(METRICS)})",
            )
            self.metric = metric
            self.coords = _valid_coords(coords, _RULES[metric], metric)
            self.n = len(self.coords)
            points = _radians(self.coords) if metric == "GEO" else self.coords
            self._axes = list(np.ascontiguousarray(points.T))

    @property
    def integral(self) -> bool:
        """Whether every distance is an integer (then they are int64)."""
        if self.matrix is not None:
            return bool(self.matrix.dtype == np.int64)
        return _RULES[self.metric].rounded

    def __call__(self, i: ArrayLike, j: ArrayLike) -> Array:
        """Return the distances from nodes ``i`` to nodes ``j``, broadcast.

        Parameters
        ----------
        i, j : int or array_like of int
            0-based nodes.

        Returns
        -------
        ndarray of int64 or float64
            int64 where the metric or the matrix is integral.
        """
        i, j = np.asarray(i), np.asarray(j)
        if self.matrix is not None:
            return np.asarray(self.matrix[i, j])
        metric = _RULES[self.metric]
        if metric.rule is None:
            values = self._on_the_globe(i, j)
        else:
            values = metric.rule([np.abs(axis[i] - axis[j]) for axis in self._axes])
        return np.asarray(values).astype(np.int64 if metric.rounded else np.float64)

    def total(self, i: ArrayLike, j: ArrayLike) -> float:
        """Return the sum of the distances from ``i`` to ``j``.

        Integers are summed exactly and floats with one rounding, so the sum
        does not depend on their order.
        """
        values = np.ravel(self(i, j))
        if values.dtype == np.int64:
            return float(values.sum())
        return math.fsum(values.tolist())

    def full(self) -> Array:
        """Return the whole matrix, shape (n, n), read-only.

        Raises
        ------
        UsageError
            If it would take more than 2 GiB.
        """
        if self.matrix is not None:
            return self.matrix
        if self.n * self.n * 8 > MAX_MATRIX_BYTES:
            raise UsageError(
                f"the distance matrix of {self.n} nodes takes more than "
                f"{MAX_MATRIX_BYTES >> 30} GiB; use distance(i, j)"
            )
        result = np.empty((self.n, self.n), np.int64 if self.integral else np.float64)
        everyone = np.arange(self.n)
        # Rows by blocks, so that the temporaries stay in the cache.
        step = max(1, 65_536 // self.n)
        for start in range(0, self.n, step):
            rows = everyone[start : start + step, None]
            result[start : start + step] = self(rows, everyone)
        result.flags.writeable = False
        return result

    def _on_the_globe(self, i: Array, j: Array) -> Floats:
        latitude, longitude = self._axes
        q1 = np.cos(longitude[i] - longitude[j])
        q2 = np.cos(latitude[i] - latitude[j])
        q3 = np.cos(latitude[i] + latitude[j])
        cosine = 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)
        km = np.floor(_RADIUS * np.arccos(np.clip(cosine, -1.0, 1.0)) + 1.0)
        # The formula gives 1 km from a node to itself.
        return np.where(i == j, 0.0, km)


class Located(Problem):
    """Base class of problems with distances between their nodes."""

    _distances: Distances

    @property
    def integral(self) -> bool:
        """Whether every distance is an integer."""
        return self._distances.integral

    def distance(self, i: ArrayLike, j: ArrayLike) -> Array:
        """Return the distances from nodes ``i`` to nodes ``j``, broadcast.

        They are int64 where the metric rounds or the matrix holds integers,
        float64 otherwise.
        """
        return self._distances(i, j)

    def distances(self) -> Array:
        """Return the whole matrix between all nodes, read-only.

        Raises
        ------
        UsageError
            If it would take more than 2 GiB.
        """
        return self._distances.full()


def _radians(coords: Floats) -> Floats:
    """Convert degrees.minutes to radians; the minutes keep the sign."""
    degrees = np.trunc(coords)
    return _PI * (degrees + 5.0 * (coords - degrees) / 3.0) / 180.0


def _valid_coords(values: ArrayLike, metric: _Metric, name: str) -> Floats:
    coords: Floats = frozen_array("coords", values, np.float64, (None, None))
    n, dimensions = coords.shape
    require(n > 0, "coords", "there is no node")
    require(
        dimensions in metric.dimensions,
        "coords",
        f"{dimensions} columns where {name} needs "
        f"{' or '.join(map(str, metric.dimensions))}",
    )
    extent = float(np.abs(coords).max())
    longest = 2 * extent * dimensions * metric.scale
    limit = _MAX_LENGTH / n if metric.rounded else _MAX_UNROUNDED
    require(longest <= limit, "coords", f"{extent:g} is too large for {n} nodes")
    return coords


def _valid_matrix(
    values: ArrayLike, symmetric: bool, minimum: float | None
) -> NDArray[Any]:
    try:
        raw = np.array(values)
    except ValueError:
        raw = np.array(0)
    require(
        raw.ndim == 2 and raw.shape[0] == raw.shape[1] and raw.size > 0,
        "matrix",
        f"shape {raw.shape} where (n, n) is needed",
    )
    np.fill_diagonal(raw, 0)
    dtype: type[np.generic] = np.int64 if raw.dtype.kind in "iub" else np.float64
    matrix = frozen_array("matrix", raw, dtype, (None, None), minimum=minimum)
    largest = float(max(matrix.max(), -float(matrix.min())))
    limit = _MAX_LENGTH / len(raw) if dtype is np.int64 else _MAX_UNROUNDED
    require(
        largest <= limit, "matrix", f"{largest:g} is too large for {len(raw)} nodes"
    )
    return _symmetrised(matrix) if symmetric else matrix


def _symmetrised(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return the matrix with rounding noise between its halves averaged out."""
    other = matrix.T
    differ = matrix != other
    if not differ.any():
        return matrix
    if matrix.dtype == np.float64:
        differ = ~np.isclose(matrix, other, rtol=1e-9, atol=0.0)
    if differ.any():
        i, j = (int(k) for k in np.argwhere(differ)[0])
        require(
            False,
            "matrix",
            f"not symmetric: matrix[{i}, {j}] = {matrix[i, j]} but "
            f"matrix[{j}, {i}] = {matrix[j, i]}",
        )
    mean: Array = 0.5 * (matrix + other)
    mean.flags.writeable = False
    return mean
