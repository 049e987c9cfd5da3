"""Random insertion: city by city, where the tour grows least.

Cities come in random order, a tenth of those before at once. Each is put beside
one of the nearest of those before, so that a tour takes O(n log n).

References
----------
.. [1] D. J. Rosenkrantz, R. E. Stearns, P. M. Lewis, "An analysis of several
   heuristics for the traveling salesman problem", SIAM J. Computing 6(3), 1977.
   https://doi.org/10.1137/0206041
"""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.greedy_tsp import fixed_paths
from combkit.comb.routing.metric import metric_arrays
from combkit.comb.routing.nearness import embedding
from combkit.instances.tsp import ATSP, TSP

__all__ = ["insertion_tour"]

Integers = NDArray[np.int64]

#: Cities beside which a city may be put in.
_NEAR = 10
#: Cities that are put in at once, as a share of those in the tour.
_GROWTH = 0.1


def insertion_tour(problem: TSP | ATSP, rng: np.random.Generator) -> Integers:
    """Return a tour by random insertion, about 10 % above the optimum in the plane.

    Parameters
    ----------
    problem : TSP or ATSP
        The problem; what its fixed edges join is put in as a whole.
    rng : Generator
        For the order of the cities.

    Returns
    -------
    ndarray of int64, shape (n,)
        The cities in order.
    """
    from combkit.comb.routing._kernels_insertion import insert

    directed = isinstance(problem, ATSP)
    paths = None
    cities = rng.permutation(problem.n)
    if problem.fixed_edges is not None:
        paths = {path[0]: path for path in fixed_paths(problem).lists()}
        cities = cities[np.isin(cities, list(paths))]
    if isinstance(problem, ATSP):
        data = (0, np.zeros((0, 2)), problem.distances().astype(np.float64))
    else:
        data = metric_arrays(problem)
    after = np.zeros(problem.n, np.int64)
    before = np.zeros(problem.n, np.int64)
    after[cities[0]] = before[cities[0]] = cities[0]
    done = 1
    while done < cities.size:
        count = max(1, int(_GROWTH * done))
        fresh = cities[done : done + count]
        near = _nearest(problem, fresh, cities[:done])
        insert(*data, fresh, near, after, before, directed)
        done += fresh.size
    tour = [int(cities[0])]
    while len(tour) < cities.size:
        tour.append(int(after[tour[-1]]))
    if paths is not None:
        tour = list(chain.from_iterable(paths[city] for city in tour))
    return np.array(tour)


def _nearest(problem: TSP | ATSP, cities: Integers, among: Integers) -> Integers:
    """Return the nearest of some cities to others, shape (m, k)."""
    k = min(_NEAR, among.size)
    if problem.matrix is not None:
        far = problem.distance(cities[:, None], among)
        return among[np.argpartition(far, k - 1, axis=1)[:, :k]]
    from scipy.spatial import cKDTree

    points = embedding(problem)
    found = cKDTree(points[among]).query(points[cities], k)[1]
    nearest: Integers = among[found.reshape(cities.size, k)]
    return nearest
