"""Independent set, vertex cover and clique as one problem.

The vertices outside a cover are independent, and a clique is independent in the
complement of its graph. So the searches here know independent sets only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.graph_sets import Clique, GraphSet, VertexCover
from combkit.instances.solutions import Selection

__all__ = ["MOST_PAIRS", "Adjacency", "View", "adjacency", "unsupported", "view_of"]

Integers = NDArray[np.int64]

#: More non-edges than this are not listed: their complement takes 1 GiB.
MOST_PAIRS = 60_000_000


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Neighbours of each vertex, ascending.

    Parameters
    ----------
    offsets : ndarray, shape (n + 1,), int64
        Vertex v has the neighbours ``near[offsets[v] : offsets[v + 1]]``.
    near : ndarray, shape (2 * m,), int32
        Neighbours of all vertices.
    """

    offsets: Integers
    near: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of vertices."""
        return self.offsets.size - 1

    @property
    def m(self) -> int:
        """Number of edges."""
        return self.near.size // 2

    def of(self, vertex: int) -> NDArray[np.int32]:
        """Return the neighbours of a vertex."""
        return self.near[self.offsets[vertex] : self.offsets[vertex + 1]]

    def induced(self, kept: Integers) -> Adjacency:
        """Return the graph on some vertices, renumbered in ascending order."""
        place = np.full(self.n, -1, dtype=np.int32)
        place[kept] = np.arange(kept.size)
        owner = np.repeat(place, np.diff(self.offsets))
        other = place[self.near]
        inside = (owner >= 0) & (other >= 0)
        counts = np.bincount(owner[inside], minlength=kept.size)
        return Adjacency(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), other[inside]
        )

    def matrix(self) -> NDArray[np.bool_]:
        """Return the adjacency matrix."""
        matrix = np.zeros((self.n, self.n), dtype=np.bool_)
        matrix[np.repeat(np.arange(self.n), np.diff(self.offsets)), self.near] = True
        return matrix


@dataclass(frozen=True, slots=True)
class View:
    """A problem seen as independent set.

    Parameters
    ----------
    graph : Adjacency
        The graph whose independent sets are searched.
    weights : ndarray, shape (n,), float64
        Weight of each vertex.
    unit : bool
        Whether every weight is 1.
    integral : bool
        Whether every weight is an integer.
    covers : bool
        Whether the problem asks for the vertices that are not independent.
    """

    graph: Adjacency
    weights: NDArray[np.float64]
    unit: bool
    integral: bool
    covers: bool

    def selection(self, independent: NDArray[Any]) -> Selection:
        """Return the problem's solution of an independent set.

        Parameters
        ----------
        independent : ndarray, shape (n,), bool or 0 and 1
            Membership of each vertex.
        """
        return Selection(np.flatnonzero(np.asarray(independent) != self.covers))

    def independent(self, solution: Selection) -> NDArray[np.bool_]:
        """Return the independent set of the problem's solution."""
        chosen = np.full(self.graph.n, self.covers)
        chosen[solution.selected] = not self.covers
        return chosen

    def bound(self, weight: float) -> float:
        """Return the problem's bound of a bound on independent sets."""
        if not self.covers:
            return weight
        return max(0.0, float(self.weights.sum()) - weight)


def adjacency(n: int, edges: Integers) -> Adjacency:
    """Return the neighbours of each vertex of a graph given by its edges."""
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.argsort(both[:, 0] * n + both[:, 1])]
    counts = np.bincount(both[:, 0], minlength=n)
    return Adjacency(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        both[:, 1].astype(np.int32),
    )


def unsupported(problem: GraphSet) -> str | None:
    """Return why a problem has no view, or None if it has one."""
    if isinstance(problem, Clique):
        pairs = problem.n * (problem.n - 1) // 2 - len(problem.edges)
        if pairs > MOST_PAIRS:
            return f"{pairs} pairs of vertices are not adjacent, too many to list"
    return None


def view_of(problem: GraphSet) -> View:
    """Return a problem as independent set."""
    graph = adjacency(problem.n, problem.edges)
    if isinstance(problem, Clique):
        graph = _complement(graph)
    weights = problem.weights
    return View(
        graph,
        np.ones(problem.n) if weights is None else weights.astype(np.float64),
        unit=weights is None,
        integral=weights is None or weights.dtype == np.int64,
        covers=isinstance(problem, VertexCover),
    )


def _complement(graph: Adjacency) -> Adjacency:
    rows = []
    other = np.ones(graph.n, dtype=np.bool_)
    for vertex in range(graph.n):
        near = graph.of(vertex)
        other[near] = other[vertex] = False
        rows.append(np.flatnonzero(other).astype(np.int32))
        other[near] = other[vertex] = True
    counts = [row.size for row in rows]
    return Adjacency(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.concatenate(rows)
    )
