"""Numba kernels that take from another tour what is better in it.

Where two tours differ, the edges of one and of the other alone form components
that share no city. In each of them the edges of either tour may be taken, as long
as one cycle remains: a partition crossover, which looks at every component by
itself.

References
----------
.. [1] R. Tinós, D. Whitley and G. Ochoa, "A new generalized partition crossover for
   the traveling salesman problem: tunneling between local optima", Evolutionary
   Computation 28(2), 2020. https://doi.org/10.1162/evco_a_00254
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.comb.routing._kernels_tour import distance
from combkit.instances.kernels import kernel

__all__ = ["merge"]

#: Exchanges that are tried.
_PATIENCE = 200


@kernel(inline=True)
def _beside(links: Any, a: int, b: int) -> bool:
    return links[a, 0] == b or links[a, 1] == b


@kernel(inline=True)
def _root(parent: Any, city: int) -> int:
    while parent[city] != city:
        parent[city] = parent[parent[city]]
        city = parent[city]
    return city


@kernel
def _link(tour: Any, links: Any) -> None:
    """Note the two cities beside each one in a tour."""
    n = tour.size
    for k in range(n):
        links[tour[k], 0] = tour[k - 1]
        links[tour[k], 1] = tour[k + 1 if k + 1 < n else 0]


@kernel
def _walk(links: Any, tour: Any) -> bool:
    """Write the cycle of city 0 to a tour; return whether it visits all cities."""
    n = links.shape[0]
    before, city = links[0, 0], 0
    for k in range(n):
        tour[k] = city
        after = links[city, 1] if links[city, 0] == before else links[city, 0]
        before, city = city, after
        if city == 0:
            return k == n - 1
    return False


@kernel(allocates=True)
def merge(space: Any, tour: Any, other: Any) -> float:
    """Take from another tour the components in which it is shorter.

    Parameters
    ----------
    space : Space
        Distances.
    tour : ndarray, shape (n,), int32
        The tour that is changed, of more than 3 cities.
    other : ndarray, shape (n,), int32
        The other one.

    Returns
    -------
    float
        By how much the tour is shorter now.
    """
    metric, points, matrix, _, _, _, least, _ = space
    n = tour.size
    mine, theirs = np.empty((n, 2), np.int32), np.empty((n, 2), np.int32)
    _link(tour, mine)
    _link(other, theirs)
    parent = np.arange(n)
    gain = np.zeros(n)
    for a in range(n):
        for side in range(2):
            for links, against in ((mine, theirs), (theirs, mine)):
                b = links[a, side]
                if not _beside(against, a, b):
                    parent[_root(parent, a)] = _root(parent, b)
    for a in range(n):
        b, c = mine[a, 1], theirs[a, 1]
        if not _beside(theirs, a, b):
            gain[_root(parent, a)] += distance(metric, points, matrix, a, b)
        if not _beside(mine, a, c):
            gain[_root(parent, a)] -= distance(metric, points, matrix, a, c)
    # Cities of each component, one component after the other, the best one first.
    size = np.zeros(n + 1, np.int64)
    for a in range(n):
        parent[a] = _root(parent, a)
        size[parent[a] + 1] += 1
    end = np.cumsum(size)
    members = np.argsort(parent, kind="mergesort")
    parts = np.flatnonzero(size[1:] > 1)
    parts = parts[np.argsort(-gain[parts], kind="mergesort")]
    trial = np.empty(n, np.int32)
    total = 0.0
    patience = _PATIENCE
    for i in range(parts.size):
        a = parts[i]
        # Alone, or with one before it, which may need what this one changes.
        for j in range(-1, i):
            b = parts[j] if j >= 0 else a
            worth = gain[a] if a == b else gain[a] + gain[b]
            if not worth > least:
                continue
            if patience == 0:
                return total
            patience -= 1
            _swap(mine, theirs, members, end, a, b)
            if _walk(mine, trial):
                tour[:] = trial
                total += worth
                gain[a] = gain[b] = -np.inf
                break
            _swap(mine, theirs, members, end, a, b)
    return total


@kernel
def _swap(mine: Any, theirs: Any, members: Any, end: Any, a: int, b: int) -> None:
    """Exchange the edges of one or two components for those of the other tour."""
    for part in (a, b):
        for k in range(end[part], end[part + 1]):
            city = members[k]
            for side in range(2):
                other = theirs[city, side]
                theirs[city, side], mine[city, side] = mine[city, side], other
        if a == b:
            break
