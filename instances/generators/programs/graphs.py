"""Programs over graphs."""

from __future__ import annotations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from combkit.instances.generators.programs.rows import Rows
from combkit.instances.mip import MIP

__all__ = ["gisp", "independent_set", "max_sat", "vertex_cover"]

Integers = NDArray[np.int64]


def independent_set(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw an independent set: a row for each clique of a greedy partition.

    Edges that no clique has get rows of their own. Graphs of mean degree 8 by
    Barabási and Albert, Erdős and Rényi, Watts and Strogatz, or a king's grid without
    a tenth of its edges.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.
    """
    edges = _graph(rng, n, structure)
    rows = Rows()
    cliques = _cliques(n, edges)
    rows.add_sets((c for c in cliques if len(c) > 1), upper=1.0)
    clique_of = np.empty(n, dtype=np.int64)
    for k, members in enumerate(cliques):
        clique_of[members] = k
    rows.add(edges[clique_of[edges[:, 0]] != clique_of[edges[:, 1]]], upper=1.0)
    return rows.program(np.ones(n), maximize=True, name=name)


def vertex_cover(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a vertex cover with weights uniform on [0, 1), a row for each edge.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``; graphs as of `independent_set`.
    """
    rows = Rows()
    rows.add(_graph(rng, n, structure), lower=1.0)
    return rows.program(rng.random(n), name=name)


def gisp(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a generalised independent set: half of the edges may be paid for.

    Edges are pairs with probability 0.6, less above 67 vertices: mean degree 40.
    ``set1``: revenues uniform on 1..100, an edge costs a hundredth of those of its
    ends; ``set2``: revenues 100, costs 1 [1]_.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] M. Colombi, R. Mansini, M. Savelsbergh, "The generalized independent set
       problem", European Journal of Operational Research 260, 2017.
    """
    edges = _random(rng, n, min(0.6, 40.0 / max(1, n)))
    free = rng.random(len(edges)) < 0.5
    removable = edges[free]
    if structure == "set1":
        revenues = rng.integers(1, 100, n, endpoint=True).astype(np.float64)
        costs = revenues[removable].sum(axis=1) / 100.0
    else:
        revenues, costs = np.full(n, 100.0), np.ones(len(removable))
    rows = Rows()
    rows.add(edges[~free], upper=1.0)
    paid = n + np.arange(len(removable))
    rows.add(np.column_stack([removable, paid]), [1.0, 1.0, -1.0], upper=1.0)
    return rows.program(np.append(revenues, -costs), maximize=True, name=name)


def max_sat(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a weighted satisfiability: ends of an edge shall differ.

    Clauses (i or j) and (not i or not j) for each edge of a graph of mean degree 12,
    weights uniform on 1..10 a clause: a random graph, or a ``bipartite`` one with
    0.3 times as many edges inside its sides.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.
    """
    edges = _random(rng, n, min(0.6, 12.0 / max(1, n)))
    if structure == "bipartite":
        side = rng.random(n) < 0.5
        inside = side[edges[:, 0]] == side[edges[:, 1]]
        edges = edges[~inside | (rng.random(len(edges)) < 0.3)]
    count = len(edges)
    either, both = n + np.arange(count), n + count + np.arange(count)
    rows = Rows()
    rows.add(np.column_stack([either, edges]), [1.0, -1.0, -1.0], upper=0.0)
    rows.add(np.column_stack([both, edges]), [1.0, 1.0, 1.0], upper=2.0)
    weights = rng.integers(1, 10, 2 * count, endpoint=True)
    c = np.append(np.zeros(n), weights)
    return rows.program(c, maximize=True, name=name)


def _graph(rng: np.random.Generator, n: int, structure: str) -> Integers:
    """Draw the edges of a graph of mean degree 8, at most 8 on a grid."""
    seed = int(rng.integers(2**31))
    if structure == "barabasi-albert":
        graph = nx.barabasi_albert_graph(n, min(4, n - 1), seed)
    elif structure == "watts-strogatz":
        graph = nx.watts_strogatz_graph(n, min(8, n), 0.1, seed)
    elif structure == "grid":
        moves = _kings_grid(n)
        return moves[rng.random(len(moves)) < 0.9] if n > 2 else moves
    else:
        return _random(rng, n, min(1.0, 8.0 / n))
    return np.array(sorted(graph.edges), dtype=np.int64).reshape(-1, 2)


def _random(rng: np.random.Generator, n: int, p: float) -> Integers:
    """Draw the edges of a graph of Erdős and Rényi, one at least."""
    graph = nx.fast_gnp_random_graph(n, p, int(rng.integers(2**31)))
    return np.array(sorted(graph.edges) or [(0, 1)], dtype=np.int64)


def _kings_grid(n: int) -> Integers:
    """Return the moves of a king on the first ``n`` squares, row by row."""
    width = int(np.ceil(np.sqrt(n)))
    at = np.arange(n)
    x, y = at % width, at // width
    parts = []
    for dx, dy in ((1, 0), (0, 1), (1, 1), (-1, 1)):
        to = (y + dy) * width + x + dx
        inside = (x + dx >= 0) & (x + dx < width) & (to < n)
        parts.append(np.stack([at[inside], to[inside]], axis=1))
    return np.concatenate(parts)


def _cliques(n: int, edges: Integers) -> list[list[int]]:
    """Partition the vertices into cliques, from those of high degree."""
    neighbours: list[set[int]] = [set() for _ in range(n)]
    for u, v in edges.tolist():
        neighbours[u].add(v)
        neighbours[v].add(u)
    degree = [len(adjacent) for adjacent in neighbours]
    left = set(range(n))
    cliques = []
    for centre in sorted(range(n), key=lambda v: (-degree[v], v)):
        if centre not in left:
            continue
        members, common = [centre], neighbours[centre] & left
        while common:
            other = max(common, key=lambda v: (degree[v], -v))
            members.append(other)
            common &= neighbours[other]
        left.difference_update(members)
        cliques.append(sorted(members))
    return cliques
