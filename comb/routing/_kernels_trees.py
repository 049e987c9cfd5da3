"""Numba kernels of spanning trees with penalties, and what they tell of edges."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb.routing._kernels_tour import distance
from combkit.instances.kernels import kernel

__all__ = ["Tree", "complete_tree", "detours", "heaviest", "span"]


class Tree(NamedTuple):
    """A minimum spanning tree of a graph, and how it grew.

    Attributes
    ----------
    parent : ndarray, shape (n,), int32
        Forest of unions: the node that each node was put below, itself for roots.
    size : ndarray, shape (n,), int32
        Nodes below each node of that forest when it was put below another one.
    link : ndarray, shape (n,), float64
        Weight of the edge that put it there, infinite for roots.
    degree : ndarray, shape (n,), int32
        Degrees in the tree.
    used : ndarray, shape (m,), uint8
        Whether each edge of the graph is in the tree.
    spare : ndarray, shape (n,), float64
        Weight of the lightest other edge of each node, infinite without one.
    """

    parent: Any
    size: Any
    link: Any
    degree: Any
    used: Any
    spare: Any


@kernel
def span(u: Any, v: Any, weight: Any, order: Any, tree: Tree) -> float:
    """Find a minimum spanning tree (Kruskal); return its weight.

    Unions by size keep the paths to the roots logarithmic without shortening
    them, so that ``heaviest`` can read them.

    Parameters
    ----------
    u, v : ndarray, shape (m,), int32
        Ends of the edges.
    weight : ndarray, shape (m,), float64
        Weights.
    order : ndarray, shape (m,), int64
        The edges by increasing weight.
    tree : Tree
        Where the result goes.
    """
    for i in range(tree.parent.size):
        tree.parent[i], tree.size[i], tree.degree[i] = i, 1, 0
        tree.link[i] = tree.spare[i] = np.inf
    total = 0.0
    for e in order:
        i, j = u[e], v[e]
        while tree.parent[i] != i:
            i = tree.parent[i]
        while tree.parent[j] != j:
            j = tree.parent[j]
        if i == j:
            tree.used[e] = 0
            tree.spare[u[e]] = min(tree.spare[u[e]], weight[e])
            tree.spare[v[e]] = min(tree.spare[v[e]], weight[e])
            continue
        if tree.size[i] > tree.size[j]:
            i, j = j, i
        tree.parent[i], tree.link[i] = j, weight[e]
        tree.size[j] += tree.size[i]
        tree.used[e] = 1
        tree.degree[u[e]] += 1
        tree.degree[v[e]] += 1
        total += weight[e]
    return total


@kernel
def heaviest(tree: Tree, i: int, j: int) -> float:
    """Return the largest weight on the path between two nodes of the tree."""
    largest = -np.inf
    while i != j:
        # Links become heavier towards the root.
        if tree.link[i] > tree.link[j]:
            i, j = j, i
        largest = tree.link[i]
        i = tree.parent[i]
    return largest


@kernel
def detours(u: Any, v: Any, weight: Any, tree: Tree, alpha: Any) -> None:
    """Write by how much the tree grows if it must contain each edge."""
    for e in range(u.size):
        alpha[e] = 0.0 if tree.used[e] else weight[e] - heaviest(tree, u[e], v[e])


@kernel
def complete_tree(
    metric: int, points: Any, matrix: Any, penalty: Any, special: int, best: Any
) -> float:
    """Return the weight of a minimum 1-tree on all edges, penalties included.

    Parameters
    ----------
    metric, points, matrix
        Distances, see ``_kernels_tour.Space``.
    penalty : ndarray, shape (n,), float64
        Added to every edge of a node.
    special : int
        The node outside the tree, joined by its two lightest edges.
    best : ndarray, shape (n,), float64
        Room for the weights of the lightest edges to the tree.

    Notes
    -----
    Prim's algorithm, O(n ** 2) time and O(n) memory.
    """
    n = penalty.size
    first = second = np.inf
    for j in range(n):
        best[j] = np.inf
        if j == special:
            continue
        w = distance(metric, points, matrix, special, j) + penalty[j]
        if w < first:
            first, second = w, first
        elif w < second:
            second = w
    total = first + second + 2.0 * penalty[special]
    # Nodes in the tree, and the special one, have no weight.
    best[special] = np.nan
    node = 0 if special != 0 else 1
    best[node] = np.nan
    for _ in range(n - 2):
        least, found = np.inf, -1
        for j in range(n):
            if np.isnan(best[j]):
                continue
            w = distance(metric, points, matrix, node, j) + penalty[node] + penalty[j]
            if w < best[j]:
                best[j] = w
            if best[j] < least:
                least, found = best[j], j
        total += least
        best[found] = np.nan
        node = found
    return total
