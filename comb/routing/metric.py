"""Distances in the form that the kernels take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.nearness import Routing, node_count
from combkit.instances.distances import EXPLICIT
from combkit.instances.vrptw import VRPTW

__all__ = ["metric_arrays"]

Floats = NDArray[np.float64]

#: Up to here rare, slow metrics are tabulated; the table stays below 200 MB.
_TABULATED = 5_000
#: Metrics whose distances are cheaper to look up than to compute.
_SLOW = ("GEO", "XRAY1", "XRAY2")


def metric_arrays(problem: Routing) -> tuple[int, Floats, Floats]:
    """Return the code, points and matrix of ``_kernels_tour.Space``.

    Parameters
    ----------
    problem : TSP, ATSP or CVRP
        Where the nodes are.

    Returns
    -------
    int
        Code of the metric.
    ndarray, shape (n, 2), (n, 3) or (0, 2)
        Coordinates, in radians for GEO; none where the matrix counts.
    ndarray, shape (n, n) or (0, 0)
        Distances; none where they are computed from the coordinates.
    """
    from combkit.comb.routing import _kernels_tour as codes

    code = {
        EXPLICIT: codes.MATRIX,
        "euclidean": codes.EUCLIDEAN,
        "EUC_2D": codes.EUC,
        "EUC_3D": codes.EUC,
        "CEIL_2D": codes.CEIL,
        "ATT": codes.ATT,
        "MAN_2D": codes.MAN,
        "MAN_3D": codes.MAN,
        "MAX_2D": codes.MAX,
        "MAX_3D": codes.MAX,
        "GEO": codes.GEO,
        "XRAY1": codes.XRAY1,
        "XRAY2": codes.XRAY2,
    }[problem.metric]
    points, matrix = np.zeros((0, 2)), np.zeros((0, 0))
    slow = problem.metric in _SLOW and node_count(problem) <= _TABULATED
    truncated = isinstance(problem, VRPTW) and problem.decimals is not None
    if problem.coords is None or slow or truncated:
        matrix = problem.distances().astype(np.float64)
        code = codes.MATRIX
    elif problem.metric == "GEO":
        points = _radians(problem.coords)
    else:
        points = np.array(problem.coords)
    return code, points, matrix


def _radians(coords: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert TSPLIB's degrees.minutes, with its value of pi."""
    degrees = np.trunc(coords)
    return 3.141592 * (degrees + 5.0 * (coords - degrees) / 3.0) / 180.0
