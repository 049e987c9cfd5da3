"""Route first, cluster second: one tour of all customers, cut into routes.

References
----------
.. [1] J. E. Beasley, "Route first-cluster second methods for vehicle routing",
   Omega 11(4), 1983. https://doi.org/10.1016/0305-0483(83)90033-6
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from combkit.instances.cvrp import CVRP

__all__ = ["split_tour"]

#: Relative slack of limits, for rounding noise.
_NOISE = 1e-12


def split_tour(problem: CVRP, order: NDArray[np.int64]) -> list[list[int]]:
    """Return the cheapest routes that visit the customers in a given order.

    However many they are: a limit on the vehicles is not looked at.

    Parameters
    ----------
    problem : CVRP or OVRP
        The problem.
    order : ndarray of int64, shape (n,)
        The customers.
    """
    from combkit.comb.routing._kernels_split import cheapest_cuts

    back = problem.distance(order, 0).astype(np.float64)
    if problem.open_ended:
        back[:] = 0.0
    service = np.zeros(order.size)
    if problem.service_time is not None:
        service = problem.service_time[order].astype(np.float64)
    limit = math.inf if problem.max_distance is None else problem.max_distance
    begin = np.zeros(order.size + 1, np.int64)
    cheapest_cuts(
        problem.demands[order].astype(np.float64),
        service,
        problem.distance(np.roll(order, 1), order).astype(np.float64),
        problem.distance(0, order).astype(np.float64),
        back,
        float(problem.capacity) * (1.0 + _NOISE),
        limit * (1.0 + _NOISE),
        np.empty(order.size + 1),
        begin,
    )
    routes = []
    end = order.size
    while end > 0:
        routes.append(order[begin[end] : end].tolist())
        end = int(begin[end])
    return routes[::-1]
