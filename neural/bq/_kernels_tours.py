"""Numba kernels that label tours in bulk: near neighbours, a start, kicks."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.comb.routing._kernels import descend, kick
from combkit.comb.routing._kernels_tour import (
    EUCLIDEAN,
    MATRIX,
    Space,
    Walk,
    distance,
    tour_length,
)
from combkit.instances.kernels import kernel

__all__ = ["search_atsp", "search_tsp"]

#: Candidates of a city, and levels of a Lin-Kernighan step.
_DEGREE, _DEPTH = 8, 25
#: Reversals that one step may make before it is cut short.
_JOURNAL = 10_000
#: Longest segment of a perturbation.
_SEGMENT = 50


@kernel(allocates=True)
def _near(
    metric: int, points: Any, matrix: Any, rows: Any, columns: Any, degree: int
) -> Any:
    """Return the nearest of ``columns`` of each of ``rows``, nearest first."""
    near = np.zeros((rows.size, degree), np.int32)
    reach = np.full((rows.size, degree), np.inf)
    for r in range(rows.size):
        i = rows[r]
        for j in columns:
            if i == j:
                continue
            d = distance(metric, points, matrix, i, j)
            if d >= reach[r, degree - 1]:
                continue
            k = degree - 1
            while k > 0 and reach[r, k - 1] > d:
                reach[r, k] = reach[r, k - 1]
                near[r, k] = near[r, k - 1]
                k -= 1
            reach[r, k] = d
            near[r, k] = j
    return near, reach


@kernel(allocates=True)
def _nearest_neighbour(metric: int, points: Any, matrix: Any, n: int) -> Any:
    """Return the tour from city 0 that always goes to the nearest city."""
    tour = np.arange(n).astype(np.int32)
    for k in range(n - 2):
        best = k + 1
        shortest = np.inf
        for j in range(k + 1, n):
            d = distance(metric, points, matrix, tour[k], tour[j])
            if d < shortest:
                shortest = d
                best = j
        tour[k + 1], tour[best] = tour[best], tour[k + 1]
    return tour


@kernel(allocates=True)
def _improve(space: Space, tour: Any, kicks: int, seed: int) -> Any:
    """Return the best tour after a descent and kicks."""
    n = tour.size
    place = np.empty(n, np.int32)
    for k in range(n):
        place[tour[k]] = k
    walk = Walk(
        tour.copy(),
        place,
        tour.copy(),
        np.ones(n, np.uint8),
        np.zeros((_JOURNAL, 2), np.int32),
        np.array([0, n, 0], np.int64),
        np.full(3, np.inf),
        tour.copy(),
        np.full(1, seed, np.uint64),
        np.zeros((3 * _DEPTH, 2), np.int32),
    )
    walk.length[0] = tour_length(space, tour)
    while not descend(space, walk, 1000):
        pass
    # Without heat no longer tour is kept: the walk stays at its best one.
    kick(space, walk, kicks, max(1, min(_SEGMENT, (n - 2) // 3)), 0.0, 0, 1.0)
    return walk.tour


@kernel(allocates=True)
def search_tsp(points: Any, kicks: int, seed: int) -> Any:
    """Return a short tour of at least 8 points by kicked Lin-Kernighan steps.

    Parameters
    ----------
    points : ndarray, shape (n, 2), float64
        Coordinates.
    kicks : int
        Perturbations.
    seed : int
        Seed of the perturbations, not 0.

    Returns
    -------
    ndarray, shape (n,), int32
        The tour.
    """
    n = points.shape[0]
    matrix = np.zeros((0, 0))
    cities = np.arange(n)
    near, reach = _near(EUCLIDEAN, points, matrix, cities, cities, min(_DEGREE, n - 1))
    space = Space(
        EUCLIDEAN,
        points,
        matrix,
        near,
        reach,
        np.zeros((0, 2), np.int32),
        1e-9,
        _DEPTH,
    )
    tour = _nearest_neighbour(EUCLIDEAN, points, matrix, n)
    return _improve(space, tour, kicks, seed)


@kernel(allocates=True)
def search_atsp(costs: Any, kicks: int, seed: int) -> Any:
    """Return a cheap tour of at least 8 cities of an asymmetric matrix.

    Each city becomes an entry and an exit, joined by an edge that is never
    removed; the symmetric search then only has entries follow exits.

    Parameters
    ----------
    costs : ndarray, shape (n, n), float64
        Costs from row to column, at least 0.
    kicks : int
        Perturbations.
    seed : int
        Seed of the perturbations, not 0.

    Returns
    -------
    ndarray, shape (n,), int32
        The tour.
    """
    n = costs.shape[0]
    forbidden = 10.0 * n * (costs.max() + 1.0)
    # City i is entered at i and left from n + i.
    matrix = np.full((2 * n, 2 * n), forbidden)
    fixed = np.full((2 * n, 2), -1, np.int32)
    for i in range(n):
        matrix[i, n + i] = matrix[n + i, i] = 0.0
        fixed[i, 0] = n + i
        fixed[n + i, 0] = i
        for j in range(n):
            if i != j:
                matrix[n + i, j] = matrix[j, n + i] = costs[i, j]
    entries, exits = np.arange(n), np.arange(n, 2 * n)
    points = np.zeros((0, 2))
    degree = min(_DEGREE, n - 1)
    near = np.empty((2 * n, degree), np.int32)
    reach = np.empty((2 * n, degree))
    # One more than asked for: the partner is nearest and no candidate.
    wide, far = _near(MATRIX, points, matrix, entries, exits, degree + 1)
    near[:n], reach[:n] = wide[:, 1:], far[:, 1:]
    wide, far = _near(MATRIX, points, matrix, exits, entries, degree + 1)
    near[n:], reach[n:] = wide[:, 1:], far[:, 1:]
    space = Space(MATRIX, points, matrix, near, reach, fixed, 1e-9, _DEPTH)
    start = _nearest_neighbour(MATRIX, points, costs, n)
    tour = np.empty(2 * n, np.int32)
    tour[0::2] = start
    tour[1::2] = start + n
    best = _improve(space, tour, kicks, seed)
    # Entries come before or after their exits, depending on the direction.
    backwards = best[1] != best[0] + n if best[0] < n else best[1] == best[0] - n
    result = np.empty(n, np.int32)
    count = 0
    for k in range(2 * n):
        node = best[2 * n - 1 - k] if backwards else best[k]
        if node < n:
            result[count] = node
            count += 1
    return result
