"""Upper bounds of independent set: covers by cliques, and the linear relaxation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from combkit.comb.graphs.view import Adjacency

__all__ = ["clique_cover", "half_integral", "upper_bound"]


def upper_bound(
    graph: Adjacency, weights: NDArray[np.float64], *, integral: bool
) -> float:
    """Return the better of the bounds, rounded down where weights are integers."""
    bound = clique_cover(graph, weights)
    if graph.n and bool(np.all(weights == weights[0])):
        bound = min(bound, float(weights[0]) * half_integral(graph))
    return float(math.floor(bound)) if integral else bound * (1.0 + 1e-12)


def clique_cover(graph: Adjacency, weights: NDArray[np.float64]) -> float:
    """Return the weight of the heaviest vertices of cliques that cover the graph.

    No independent set has two vertices of a clique. Vertices join the largest
    clique that takes them, heavy ones first.
    """
    clique = [-1] * graph.n
    members: list[int] = []
    total = 0.0
    degrees = np.diff(graph.offsets)
    for v in np.lexsort((degrees, -weights)).tolist():
        counts: dict[int, int] = {}
        for u in graph.of(v).tolist():
            if (c := clique[u]) >= 0:
                counts[c] = counts.get(c, 0) + 1
        fitting = [c for c, count in counts.items() if count == members[c]]
        if fitting:
            best = max(fitting, key=members.__getitem__)
            members[best] += 1
        else:
            best = len(members)
            members.append(1)
            total += float(weights[v])
        clique[v] = best
    return total


def half_integral(graph: Adjacency) -> float:
    """Return the linear relaxation over the edges, for weights of 1.

    It has an optimum of halves [1]_: ``n`` less half of a largest matching
    between two copies of the vertices.

    References
    ----------
    .. [1] G. L. Nemhauser, L. E. Trotter, "Vertex packings: structural properties
       and algorithms", Mathematical Programming 8, 1975.
    """
    ones = np.ones(graph.near.size, dtype=np.int8)
    matrix = csr_array((ones, graph.near, graph.offsets), shape=(graph.n, graph.n))
    matched = maximum_bipartite_matching(matrix, perm_type="column")
    return graph.n - 0.5 * int(np.count_nonzero(matched >= 0))
