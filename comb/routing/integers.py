"""Routing data as integers, for solvers that know nothing else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.nearness import Routing, node_count
from combkit.instances.cvrp import CVRP
from combkit.instances.vrptw import VRPTW

__all__ = ["IntegerData", "is_integral", "memory_reason"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Fractional data are scaled until the largest value has this many digits.
_DIGITS = 7
#: What the tables of a solver may take.
_MAX_BYTES = 1 << 30


class IntegerData:
    """Distances, service times and demands of a problem as integers.

    Integral data are taken as they are. Fractional lengths and demands are
    each multiplied by a power of ten so that the largest has seven digits,
    then rounded: distances to the nearest integer, but up where routes have a
    length limit or time windows; service times, demands and ready times up,
    limits and due times down; the way back of an open route is 0. So whatever is
    feasible here is feasible for the problem, whose own evaluation counts.

    Attributes
    ----------
    matrix : ndarray of int64, shape (n, n)
        Distances times ``scale``.
    service : ndarray of int64, shape (n,)
        Service times times ``scale``; zeros where there are none.
    ready, due : ndarray of int64, shape (n,), or None
        Time windows times ``scale``; None without.
    max_distance : int or None
        Limit on distance and service of a route, times ``scale``.
    demands : ndarray of int64, shape (n,)
        Demands times a scale of their own; zeros for a tsp.
    capacity : int
        Capacity times the scale of the demands.
    scale : float
        Units of ``matrix`` in a unit of distance; 1 for integral data.
    """

    def __init__(self, problem: Routing) -> None:
        nodes = node_count(problem)
        full, limit, capacity = problem.distances(), None, 0.0
        service = demands = np.zeros(nodes)
        if isinstance(problem, CVRP):
            limit, capacity, demands = (
                problem.max_distance,
                problem.capacity,
                problem.demands,
            )
            if problem.service_time is not None:
                service = problem.service_time
        timed = isinstance(problem, VRPTW)
        windows = (problem.ready, problem.due) if isinstance(problem, VRPTW) else ()
        self.scale = _scale(full, service, *windows)
        nearest = np.rint if limit is None and not timed else _up
        self.matrix = _scaled(full, self.scale, nearest)
        if isinstance(problem, CVRP) and problem.open_ended:
            self.matrix = self.matrix.copy()
            self.matrix[:, 0] = 0
        self.ready = self.due = None
        if isinstance(problem, VRPTW):
            self.ready = _scaled(problem.ready, self.scale, _up)
            self.due = _scaled(problem.due, self.scale, np.floor)
        self.service = _scaled(service, self.scale, _up)
        self.max_distance = None if limit is None else math.floor(limit * self.scale)
        unit = _scale(demands)
        self.demands = _scaled(demands, unit, _up)
        self.capacity = math.floor(capacity * unit * (1 + 1e-12))


def is_integral(problem: Routing) -> bool:
    """Whether distances, service times and demands are integers as they are."""
    if not problem.integral:
        return False
    if not isinstance(problem, CVRP):
        return True
    service = problem.service_time
    return _whole(problem.demands) and (service is None or _whole(service))


def memory_reason(problem: Routing, bytes_per_arc: int) -> str | None:
    """Return why the tables of a solver are too large, or None if they are not."""
    nodes = node_count(problem)
    if nodes * nodes * bytes_per_arc <= _MAX_BYTES:
        return None
    most = math.isqrt(_MAX_BYTES // bytes_per_arc)
    return f"{nodes} nodes need more than 1 GiB (at most {most} nodes)"


def _whole(values: NDArray[Any]) -> bool:
    return values.dtype == np.int64 or bool((values == np.floor(values)).all())


def _scale(*arrays: NDArray[Any]) -> float:
    """Return 1 for integral data, else the power of ten for the digits wanted."""
    largest = max(float(np.abs(array).max()) for array in arrays)
    if largest == 0.0 or all(_whole(array) for array in arrays):
        return 1.0
    return 10.0 ** (_DIGITS - 1 - math.floor(math.log10(largest)))


def _scaled(values: NDArray[Any], scale: float, rounded: Any) -> Integers:
    if values.dtype == np.int64 and scale == 1.0:
        return values
    # Products like 0.1 * 1e7 miss an integer by noise that is not rounded up.
    product = np.round(values * scale, 4)
    result: Integers = rounded(product).astype(np.int64)
    return result


def _up(values: Floats) -> Floats:
    return np.ceil(values)
