"""Tours through some of their nodes: the rest becomes edges that are kept.

What lies between two chosen nodes of a tour is one edge to a sub-problem. A better
tour of the chosen nodes that has these edges is a better tour of all nodes: pieces
need not be connected, and whatever improves inside a region of the plane can.

References
----------
.. [1] R. M. Karp, "Probabilistic analysis of partitioning algorithms for the
   traveling-salesman problem in the plane", Mathematics of Operations Research
   2(3), 1977. https://doi.org/10.1287/moor.2.3.209
.. [2] K. Helsgaun, "Solving the equality generalized traveling salesman problem
   using the Lin-Kernighan-Helsgaun algorithm" (its sub-problems), 2015.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Contraction"]

Integers = NDArray[np.int64]


class Contraction:
    """A tour, contracted to some of its nodes.

    Parameters
    ----------
    tour : ndarray of int64, shape (n,)
        A closed tour.
    chosen : ndarray of bool
        Whether to keep each node, by its number.

    Attributes
    ----------
    nodes : ndarray of int64, shape (m,)
        The chosen nodes, in the order of the tour.
    kept : ndarray of int64, shape (k, 2)
        Positions in ``nodes`` between which something was left out.
    """

    def __init__(self, tour: Integers, chosen: NDArray[np.bool_]) -> None:
        places = np.flatnonzero(chosen[tour])
        first = int(places[0]) if places.size else 0
        self._tour = np.roll(tour, -first)
        self._ends = np.append(places - first, tour.size)
        self.nodes = tour[places]
        self._open = np.diff(self._ends) > 1
        gaps = np.flatnonzero(self._open)
        self.kept = np.stack([gaps, (gaps + 1) % max(1, places.size)], axis=1)

    def expand(self, order: Integers, nodes: Integers) -> Integers:
        """Return the whole tour of an order of the chosen nodes that keeps the edges.

        Parameters
        ----------
        order : ndarray of int64
            Positions in ``nodes``.
        nodes : ndarray of int64
            The chosen nodes, then others that come into the tour.
        """
        m = self.nodes.size
        follows = np.roll(order, -1)
        known = (order < m) & (follows < m)
        forward = known & (follows == (order + 1) % m)
        forward[known] &= self._open[order[known]]
        backward = known & (order == (follows + 1) % m) & ~forward
        backward[known] &= self._open[follows[known]]
        labels = nodes[order]
        parts: list[Integers] = []
        begin = 0
        used = -1
        for k in np.flatnonzero(forward | backward).tolist():
            first = int(order[k] if forward[k] else follows[k])
            if order.size == 2 and first == used:
                continue  # of two nodes, the other way is free
            used = first
            parts.append(labels[begin : k + 1])
            inner = self._tour[self._ends[first] + 1 : self._ends[first + 1]]
            parts.append(inner if forward[k] else inner[::-1])
            begin = k + 1
        parts.append(labels[begin:])
        return np.concatenate(parts)
