"""Compiled splitting of one tour into routes; see ``split``."""

from __future__ import annotations

import math
from typing import Any

from combkit.instances.kernels import kernel

__all__ = ["cheapest_cuts"]


@kernel
def cheapest_cuts(
    load: Any,
    service: Any,
    leg: Any,
    out: Any,
    back: Any,
    capacity: float,
    limit: float,
    cost: Any,
    begin: Any,
) -> None:
    """Find where routes along a tour of the customers begin.

    Parameters
    ----------
    load, service, out, back : ndarray of float64, shape (n,)
        Demand and service time of each customer, distances from and to the depot.
    leg : ndarray of float64, shape (n,)
        Distance of each customer from the one before.
    capacity, limit : float
        Of a route: largest load, and longest distance and service.
    cost : ndarray of float64, shape (n + 1,)
        Becomes the least cost of routes for the first customers.
    begin : ndarray of int64, shape (n + 1,)
        Becomes where the last of these routes begins.
    """
    n = load.size
    cost[0] = 0.0
    for end in range(1, n + 1):
        cost[end] = math.inf
    for first in range(n):
        full, far, time = 0.0, out[first], 0.0
        for last in range(first, n):
            full += load[last]
            time += service[last]
            if last > first:
                far += leg[last]
            whole = far + back[last]
            if last > first and (full > capacity or whole + time > limit):
                break
            if cost[first] + whole < cost[last + 1]:
                cost[last + 1] = cost[first] + whole
                begin[last + 1] = first
