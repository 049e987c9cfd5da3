"""Compiled random insertion; see ``insertion``."""

from __future__ import annotations

from typing import Any

from combkit.comb.routing._kernels_tour import distance
from combkit.instances.kernels import kernel

__all__ = ["insert"]


@kernel
def insert(
    metric: int,
    points: Any,
    matrix: Any,
    cities: Any,
    near: Any,
    after: Any,
    before: Any,
    directed: bool,
) -> None:
    """Put cities into a tour, each beside one of some cities that are in it.

    Parameters
    ----------
    metric, points, matrix
        Distances, see ``distance``; of a directed problem in ``matrix``.
    cities : ndarray of int64, shape (m,)
        Cities to put in, in this order.
    near : ndarray of int64, shape (m, k)
        Cities in the tour beside which each may be put.
    after, before : ndarray of int64, shape (n,)
        Neighbours of each city in the tour; changed.
    directed : bool
        Whether distances depend on the direction.
    """
    for row in range(cities.size):
        city = cities[row]
        least = 1e308
        place = near[row, 0]
        for k in range(near.shape[1]):
            for side in range(2):
                a = near[row, k] if side == 0 else before[near[row, k]]
                b = after[a]
                if directed:
                    more = matrix[a, city] + matrix[city, b] - matrix[a, b]
                else:
                    more = (
                        distance(metric, points, matrix, a, city)
                        + distance(metric, points, matrix, city, b)
                        - distance(metric, points, matrix, a, b)
                    )
                if more < least:
                    least, place = more, a
        follower = after[place]
        after[place], before[city] = city, place
        after[city], before[follower] = follower, city
