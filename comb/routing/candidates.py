"""Which cities a tour search may join to a city, and what penalties tell besides."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.ascent import Ascent, ascend
from combkit.comb.routing.metric import metric_arrays
from combkit.comb.routing.nearness import near_nodes
from combkit.instances.run import Run
from combkit.instances.tsp import TSP

__all__ = ["Candidates", "alpha_candidates", "nearest_candidates", "tree_bound"]

Nodes = NDArray[np.int32]
Integers = NDArray[np.int64]

#: Nearest cities of each city among which the trees are.
_POOL = 16
#: Trees looked at; with fewer than the second number they tell too little.
_STEPS, _FEWEST = 100, 20
#: Share of the time that they may take.
_SHARE = 0.08
#: Above, trees take too long for what they tell.
_LARGEST = 150_000
#: Seconds that a tree on all edges takes for each pair of cities.
_PAIR = 2e-9


class Candidates(NamedTuple):
    """Where a search may go.

    Attributes
    ----------
    near : ndarray, shape (n, k), int32
        Candidates of each city, nearest first.
    ascent : Ascent or None
        What they are based on, None for the nearest cities.
    """

    near: Nodes
    ascent: Ascent | None


def nearest_candidates(problem: TSP, k: int) -> Candidates:
    """Return the k nearest cities of each.

    Parameters
    ----------
    problem : TSP
        The problem.
    k : int
        How many.
    """
    return Candidates(near_nodes(problem, k), None)


def alpha_candidates(
    problem: TSP, k: int, tour: Integers, run: Run
) -> Candidates | None:
    """Return the k candidates of each city of the least alpha.

    The alpha of an edge is by how much the minimum 1-tree grows that must
    contain it, at the penalties of a subgradient ascent.

    Parameters
    ----------
    problem : TSP
        The problem, with more than 3 cities.
    k : int
        How many.
    tour : ndarray of int64, shape (n,)
        A tour; its edges connect the graph of the trees.
    run : Run
        Its time limit shortens the ascent.

    Returns
    -------
    Candidates or None
        None where the ascent would take too long to tell anything.
    """
    if problem.n > _LARGEST:
        return None
    near = near_nodes(problem, max(k, _POOL))
    u, v = _graph(problem, near, tour)
    length = problem.distance(u, v).astype(np.float64)
    found = ascend(
        u,
        v,
        length,
        problem.n,
        _STEPS,
        _SHARE * run.remaining,
        run.should_stop,
    )
    if found.steps < _FEWEST:
        return None
    return Candidates(_least(found, length, near, k), found)


def _graph(problem: TSP, near: Nodes, tour: Integers) -> tuple[Nodes, Nodes]:
    """Return the edges to near cities, of a triangulation and of the tour."""
    n = problem.n
    pairs = [
        (np.repeat(np.arange(n), near.shape[1]), near.ravel().astype(np.int64)),
        (tour, np.roll(tour, -1)),
        *_triangles(problem),
    ]
    i = np.concatenate([a for a, _ in pairs])
    j = np.concatenate([b for _, b in pairs])
    key = np.unique(np.minimum(i, j) * n + np.maximum(i, j))
    return (key // n).astype(np.int32), (key % n).astype(np.int32)


def _triangles(problem: TSP) -> list[tuple[Integers, Integers]]:
    """Return the edges of a Delaunay triangulation: they link clusters."""
    from scipy.spatial import Delaunay, QhullError

    if problem.coords is None or problem.coords.shape[1] != 2:
        return []
    try:
        corners = Delaunay(problem.coords).simplices.astype(np.int64)
    except QhullError:  # all in one line, or in one place
        return []
    return [(corners[:, a], corners[:, b]) for a, b in ((0, 1), (1, 2), (2, 0))]


def _least(found: Ascent, length: NDArray[np.float64], near: Nodes, k: int) -> Nodes:
    """Return the k candidates of least alpha, nearest first."""
    n, k = near.shape[0], min(k, near.shape[1])
    # Every city has at least k: the graph holds its nearest ones.
    start = np.concatenate([found.u, found.v])
    end = np.concatenate([found.v, found.u])
    order = np.lexsort((np.tile(length, 2), np.tile(found.alpha, 2), start))
    rows = start[order]
    rank = np.arange(rows.size) - np.searchsorted(rows, np.arange(n))[rows]
    chosen = order[rank < k]
    chosen = chosen[np.lexsort((np.tile(length, 2)[chosen], start[chosen]))]
    least: Nodes = end[chosen].reshape(n, k)
    return least


def tree_bound(problem: TSP, found: Ascent, seconds: float) -> float | None:
    """Return a lower bound of all tours: a minimum 1-tree on all edges.

    Parameters
    ----------
    problem : TSP
        The problem.
    found : Ascent
        Penalties, and the city outside the tree.
    seconds : float
        Time there is.

    Returns
    -------
    float or None
        None where it would take too long. A tree on candidates alone would be
        no bound.
    """
    from combkit.comb.routing._kernels_trees import complete_tree

    n = problem.n
    if _PAIR * n * n > seconds:
        return None
    penalty = found.penalty
    weight = complete_tree(*metric_arrays(problem), penalty, found.leaf, np.empty(n))
    # The sums have n terms, each rounded to double precision.
    terms = abs(weight) + 4.0 * float(np.abs(penalty).sum())
    bound = weight - 2.0 * float(penalty.sum()) - n * 2.0**-52 * terms
    return float(math.ceil(bound)) if problem.integral else bound
